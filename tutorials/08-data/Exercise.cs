namespace Tutorials.Chapter08;

/// <summary>
/// Exercise 8: a fair shuffle, and the batches of an epoch. All chance comes from a source that is given:
/// <c>next(n)</c> gives a random integer of 0 … n−1, each equally likely, for n from 1 on. There is no
/// other chance: <c>Random</c> and its kind are not to be used.
/// </summary>
public sealed class Mine : IShuffle
{
    /// <summary>The numbers 0 … count−1, each once, in an order that is as likely as any other.</summary>
    /// <param name="count">The number of them, which may be 0.</param>
    /// <param name="next">Returns a random integer in 0 … n − 1 for n.</param>
    public int[] Order(int count, Func<int, int> next) => throw new Todo("0 … count−1 in a fair random order");

    /// <summary>The batches of one epoch: all numbers of a random order, cut into pieces.</summary>
    /// <param name="count">The number of samples.</param>
    /// <param name="batchSize">The number of samples in a batch, at least 1; the last batch has what is left.</param>
    /// <param name="next">Returns a random integer in 0 … n − 1 for n.</param>
    public int[][] Epoch(int count, int batchSize, Func<int, int> next) =>
        throw new Todo("the order in batches of batchSize, the last one smaller if need be");
}
