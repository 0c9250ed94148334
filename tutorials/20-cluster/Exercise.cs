namespace Tutorials.Chapter20;

/// <summary>
/// Exercise 20: a ring all-reduce by hand. Each rank has an array of the same length, and at the end each has the sum
/// of all arrays. The ranks stand in a ring: in every step each rank sends one part of its array to its right
/// neighbour, rank + 1, and receives one from its left neighbour, rank − 1; right of the last rank is rank 0. You write
/// the plan, and the grader moves the numbers.
/// </summary>
public sealed class Mine : IRing
{
    /// <summary>
    /// The numbers of an array are cut into as many parts as there are ranks, one after another: where a part begins,
    /// and how many numbers it has. Together the parts are the whole array, and they differ in size by at most one.
    /// </summary>
    /// <param name="length">How many numbers there are; maybe fewer than ranks, maybe millions.</param>
    /// <param name="ranks">How many ranks, and parts, there are.</param>
    /// <param name="part">Which part, from 0.</param>
    public (int From, int Count) Part(int length, int ranks, int part) => throw new Todo("where a part begins");

    /// <summary>In how many steps all ranks have all sums: at most 2·(ranks − 1).</summary>
    /// <param name="ranks">How many ranks there are, maybe one.</param>
    public int Steps(int ranks) => throw new Todo("the steps of two rounds");

    /// <summary>
    /// What a rank does in a step: which part it sends, which part it receives, and whether it adds what arrives.
    /// </summary>
    /// <param name="step">Which step, from 0 to Steps(ranks) − 1.</param>
    /// <param name="rank">Which rank, from 0.</param>
    /// <param name="ranks">How many ranks there are.</param>
    public Move Step(int step, int rank, int ranks) =>
        throw new Todo("a round in which parts are added up, and one in which the sums are handed on");
}
