namespace Tutorials.Chapter20;

/// <summary>What a rank does in one step: it sends a part to the right, and receives one from the left.</summary>
/// <param name="Sends">The part that it sends, as it is before the step.</param>
/// <param name="Receives">The part that arrives: the one that its left neighbour sends in the same step.</param>
/// <param name="Adds">Whether what arrives is added to what the rank has there; otherwise it takes its place.</param>
public sealed record Move(int Sends, int Receives, bool Adds);

/// <summary>What exercise 20 asks for: the plan of an all-reduce among ranks that stand in a ring.</summary>
public interface IRing
{
    /// <summary>Where a part of an array begins, and how many numbers it has.</summary>
    (int From, int Count) Part(int length, int ranks, int part);
    /// <summary>How many steps there are.</summary>
    int Steps(int ranks);
    /// <summary>What a rank does in a step.</summary>
    Move Step(int step, int rank, int ranks);
}
