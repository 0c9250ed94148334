namespace Tutorials.Chapter04;

/// <summary>
/// Exercise 4: the order of the backward pass, for a graph whose numbers say nothing. <c>inputs[n]</c> lists the nodes
/// from which node n is computed; a node may occur twice, as in x·x. There are no cycles.
/// </summary>
public sealed class Mine : IOrder
{
    /// <summary>
    /// The root and every node that it depends on, directly or not: each once, and after all nodes that use it. Where
    /// several orders are right, any will do. The graph may be a chain of 200,000 nodes.
    /// </summary>
    public int[] Order(int[][] inputs, int root) =>
        throw new Todo("give each node that the root needs once, after all nodes that use it");

    /// <summary>The derivative of the root with respect to each node; 0 for nodes that it does not depend on.</summary>
    /// <param name="inputs">As above.</param>
    /// <param name="slopes">
    /// <c>slopes[n][i]</c> is the derivative of node n with respect to its i-th input, which is <c>inputs[n][i]</c>.
    /// </param>
    /// <param name="root">The node that is differentiated. Its derivative with respect to itself is 1.</param>
    /// <returns>One number for each node of the graph.</returns>
    public double[] Gradients(int[][] inputs, double[][] slopes, int root) =>
        throw new Todo("walk in that order, and hand each node's gradient times a slope to its inputs");
}
