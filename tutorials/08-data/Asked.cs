namespace Tutorials.Chapter08;

/// <summary>What exercise 8 asks for. All chance is taken from <c>next(n)</c>, a random integer of 0 … n−1.</summary>
public interface IShuffle
{
    /// <summary>0 … count−1, each once, all orders equally likely.</summary>
    int[] Order(int count, Func<int, int> next);

    /// <summary>Such an order in batches; the last one may be smaller.</summary>
    int[][] Epoch(int count, int batchSize, Func<int, int> next);
}
