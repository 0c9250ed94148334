namespace Tutorials.Chapter04;

/// <summary>What exercise 4 asks for.</summary>
public interface IOrder
{
    /// <summary>The nodes that a root needs, each once, after all nodes that use it.</summary>
    int[] Order(int[][] inputs, int root);

    /// <summary>The derivative of the root by each node of the graph.</summary>
    double[] Gradients(int[][] inputs, double[][] slopes, int root);
}
