using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Tensorlet.Data;

/// <summary>
/// Goes through a dataset in batches: <c>foreach (var (images, labels) in loader)</c>. Each time it is gone through is
/// an epoch; the order depends on the seed and the epoch alone, and not on the number of workers.
/// </summary>
public sealed class DataLoader : IEnumerable<Tensor[]>
{
    const int Prefetched = 2;       // batches that a worker is ahead
    readonly Dataset dataset;
    readonly int batchSize, workers;
    readonly bool shuffle, dropLast;
    readonly ulong seed;

    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples in a batch; the last one may be smaller.</param>
    /// <param name="shuffle">Another order in every epoch.</param>
    /// <param name="seed">What the orders are drawn from.</param>
    /// <param name="dropLast">Leave out a smaller last batch.</param>
    /// <param name="workers">Threads that prepare batches ahead; with 0 the caller's own does.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive, or the number of workers
    /// negative.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, ulong seed = 0, bool dropLast = false,
        int workers = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        (this.dataset, this.batchSize, this.workers) = (dataset, batchSize, workers);
        (this.shuffle, this.seed, this.dropLast) = (shuffle, seed, dropLast);
    }

    /// <summary>The number of the next epoch, from 0.</summary>
    public int Epoch { get; set; }

    /// <summary>The number of batches in an epoch.</summary>
    public int Count => dropLast ? dataset.Count / batchSize : (dataset.Count + batchSize - 1) / batchSize;

    /// <summary>
    /// The batches of the next epoch. A worker's exception arrives here, with the number of its sample.
    /// </summary>
    public IEnumerator<Tensor[]> GetEnumerator()
    {
        var epoch = Epoch++;
        var order = shuffle ? new Generator(seed) { Position = (long)epoch << 32 }.Permutation(dataset.Count)
            : [.. Enumerable.Range(0, dataset.Count)];
        return workers == 0 ? Enumerable.Range(0, Count).Select(i => Batch(order, i)).GetEnumerator()
            : Prefetching(order);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    Tensor[] Batch(long[] order, int i) =>
        dataset.Batch(order.AsSpan(i * batchSize, Math.Min(batchSize, order.Length - i * batchSize)));

    /// <summary>
    /// Worker w prepares batches w, w + workers, …; they are taken in order. Leaving early ends the threads.
    /// </summary>
    IEnumerator<Tensor[]> Prefetching(long[] order)
    {
        using var stop = new CancellationTokenSource();
        var queues = new BlockingCollection<(Tensor[]? Batch, Exception? Error)>[workers];
        var threads = new Thread[workers];
        for (var w = 0; w < workers; w++)
        {
            var (worker, queue) = (w, queues[w] = new(Prefetched));
            threads[w] = new(() => Work(order, worker, queue, stop.Token)) { Name = $"DataLoader {w}" };
            threads[w].IsBackground = true;
            threads[w].Start();
        }
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var (batch, error) = queues[i % workers].Take();
                if (error is not null) ExceptionDispatchInfo.Throw(error);
                yield return batch!;
            }
        }
        finally
        {
            stop.Cancel();
            foreach (var thread in threads) thread.Join();
            foreach (var queue in queues) queue.Dispose();
        }
    }

    void Work(long[] order, int worker, BlockingCollection<(Tensor[]?, Exception?)> queue, CancellationToken stop)
    {
        try
        {
            for (var i = worker; i < Count; i += workers)
            {
                (Tensor[]?, Exception?) item;
                try { item = (Batch(order, i), null); }
                catch (Exception e) { item = (null, e); }
                queue.Add(item, stop);
                if (item.Item2 is not null) return;
            }
        }
        catch (OperationCanceledException) { }
    }
}

/// <summary>Takes a batch apart in a <c>foreach</c>.</summary>
public static class Batches
{
    /// <summary>A batch of two tensors, as in <c>var (images, labels) = batch</c>.</summary>
    /// <exception cref="ShapeException">There are not two.</exception>
    public static void Deconstruct(this Tensor[] batch, out Tensor first, out Tensor second) =>
        (first, second) = batch.Length == 2 ? (batch[0], batch[1])
            : throw new ShapeException($"A batch of {batch.Length} tensors is not a pair.");
}
