namespace Tutorials.Chapter20;

/// <summary>
/// Exercise 20: an all-reduce by hand. The ranks stand in a ring, and each can send to its right neighbour and receive
/// from its left one. Nobody sees all.
/// </summary>
public sealed class Mine : IRing
{
    /// <summary>
    /// The numbers of an array are cut into as many parts as there are ranks, one after another: where a part begins,
    /// and how many numbers it has. Together the parts are the whole array, and they differ in size by at most one.
    /// </summary>
    /// <param name="length">How many numbers there are; maybe fewer than ranks.</param>
    /// <param name="ranks">How many ranks, and parts, there are.</param>
    /// <param name="part">Which part, from 0.</param>
    public (int From, int Count) Part(int length, int ranks, int part) => throw new Todo("where a part begins");

    /// <summary>
    /// What one rank does; every rank is a thread that calls this at the same time. At the end each has in
    /// <paramref name="data"/> the sum of what all had there. No rank sends more than 2·(ranks − 1) parts.
    /// </summary>
    /// <param name="data">The numbers of this rank, to be replaced by the sums.</param>
    /// <param name="rank">Which rank this is, from 0.</param>
    /// <param name="ranks">How many there are, maybe one.</param>
    /// <param name="send">Sends a copy of some numbers to the right neighbour, (rank + 1) % ranks, and does not
    /// wait.</param>
    /// <param name="receive">Waits for the next numbers of the left neighbour, (rank + ranks − 1) % ranks.</param>
    public void AllReduce(double[] data, int rank, int ranks, Action<double[]> send, Func<double[]> receive) =>
        throw new Todo("a round in which parts are added up, and one in which the sums are handed on");
}
