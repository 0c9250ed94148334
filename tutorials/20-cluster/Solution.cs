namespace Tutorials.Chapter20;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IRing
{
    /// <inheritdoc/>
    public (int From, int Count) Part(int length, int ranks, int part)
    {
        var from = (int)((long)length * part / ranks);
        return (from, (int)((long)length * (part + 1) / ranks) - from);
    }

    /// <inheritdoc/>
    public int Steps(int ranks) => 2 * (ranks - 1);

    /// <inheritdoc/>
    public Move Step(int step, int rank, int ranks)
    {
        int Around(int part) => (part + 2 * ranks) % ranks;         // part is more than −2·ranks

        // A rank sends on what it received in the step before. After ranks − 1 steps that is a whole sum.
        return new(Sends: Around(rank - step), Receives: Around(rank - step - 1), Adds: step < ranks - 1);
    }
}
