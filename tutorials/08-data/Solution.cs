namespace Tutorials.Chapter08;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IShuffle
{
    /// <inheritdoc/>
    public int[] Order(int count, Func<int, int> next)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (var last = count - 1; last > 0; last--)
        {
            var drawn = next(last + 1);             // of those that have no place yet, this one included
            (order[last], order[drawn]) = (order[drawn], order[last]);
        }
        return order;
    }

    /// <inheritdoc/>
    public int[][] Epoch(int count, int batchSize, Func<int, int> next) => [.. Order(count, next).Chunk(batchSize)];
}
