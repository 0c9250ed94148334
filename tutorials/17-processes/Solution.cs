using Tensorlet;

namespace Tutorials.Chapter17;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ITogether
{
    /// <inheritdoc/>
    public int[] Share(int samples, int processes, int rank) =>
        [.. Enumerable.Range(0, samples).Where(i => i % processes == rank)];

    /// <inheritdoc/>
    public Tensor Average(Tensor[] copies, int[] counts) =>
        copies.Zip(counts, (copy, n) => copy * ((double)n / counts.Sum())).Aggregate((a, b) => a + b);
}
