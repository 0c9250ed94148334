using System.Collections;
using System.Collections.Concurrent;

namespace Tensorlet.Data;

/// <summary>
/// Goes through a dataset in batches: <c>foreach (var (images, labels) in loader)</c>. Each time it is gone through is
/// an epoch; order and chance depend on the seed and the epoch alone, and not on the number of workers. The state is
/// seed, epoch and position: the epoch that was interrupted goes on at the next batch.
/// </summary>
public sealed class DataLoader : IEnumerable<Tensor[]>, IStateful
{
    /// <summary>From batch number start, worker's share of an epoch: every workers-th batch.</summary>
    delegate IEnumerable<Tensor[]> Share(int start, int worker, int workers, CancellationToken stop);

    const int Ahead = 2;                // batches that a worker is ahead
    readonly Func<int, Share> open;
    readonly Func<int> count;
    readonly int workers;
    readonly CancellationToken cancellation;
    ulong seed;
    int epoch, skip;                    // the next epoch, and how many of its batches have been seen already
    (int Epoch, int Position) now;

    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples in a batch; the last one may be smaller.</param>
    /// <param name="shuffle">Another order in every epoch.</param>
    /// <param name="seed">What the orders and the random numbers of the samples are drawn from.</param>
    /// <param name="dropLast">Leave out a smaller last batch.</param>
    /// <param name="workers">Threads that prepare batches ahead; with 0 the caller's own does.</param>
    /// <param name="sampler">What gives the order, in place of shuffle.</param>
    /// <param name="batchSampler">What gives the batches, in place of batchSize, shuffle, dropLast and sampler.</param>
    /// <param name="collate">What makes one batch of samples; <see cref="Collate.Default"/> if not given.</param>
    /// <param name="cancellation">Ends an epoch with an OperationCanceledException.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive, or the number of workers
    /// negative.</exception>
    /// <exception cref="ArgumentException">Arguments of which one takes the other's place.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, ulong seed = 0, bool dropLast = false,
        int workers = 0, Sampler<long>? sampler = null, Sampler<long[]>? batchSampler = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default)
    {
        if ((sampler is not null && shuffle)
            || (batchSampler is not null && (batchSize != 1 || shuffle || dropLast || sampler is not null)))
            throw new ArgumentException("DataLoader: a sampler takes the place of shuffle, and a batchSampler that " +
                "of batchSize, shuffle, dropLast and sampler. Give one of them.");
        batchSampler ??= new BatchSampler(sampler ?? (shuffle ? new RandomSampler(dataset)
            : new SequentialSampler(dataset)), batchSize, dropLast);
        (this.workers, this.seed, this.cancellation) = (workers.In(nameof(DataLoader), 0), seed, cancellation);
        count = () => batchSampler.Count;
        open = epoch =>
        {
            long[][] batches = [.. batchSampler.Order(new Generator(this.seed) { Position = (long)epoch << 32 })];
            var (key, end) = (Key(epoch), 0L);
            long[] ends = [.. batches.Select(batch => end += batch.Length)];
            return (start, worker, workers, stop) => Enumerable.Range(start, Math.Max(0, batches.Length - start))
                .Where(i => (i - start) % workers == worker).Select(i => dataset.Batch(batches[i],
                    place => new Generator(Philox.Bits(key, ends[i] - batches[i].Length + place)), collate, stop));
        };
    }

    /// <summary>
    /// Goes through samples that come one after another. Only one thread can read them: with any number of workers one
    /// does, ahead. A state that is loaded reads past what has been seen.
    /// </summary>
    /// <inheritdoc cref="DataLoader(Dataset, int, bool, ulong, bool, int, Sampler{long}, Sampler{long[]},
    /// Func{Tensor[][], Tensor[]}, CancellationToken)"/>
    public DataLoader(IterableDataset dataset, int batchSize = 1, ulong seed = 0, bool dropLast = false,
        int workers = 0, Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default)
    {
        batchSize.In(nameof(DataLoader), 1);
        (this.workers, this.seed, this.cancellation) =
            (Math.Min(workers.In(nameof(DataLoader), 0), 1), seed, cancellation);
        count = () => throw new TensorletException(
            "DataLoader: an iterable dataset has no Count; how many batches there are is known at its end.");
        open = epoch => (start, _, _, stop) => dataset.Numbered(new Generator(Key(epoch)), stop).Chunk(batchSize)
            .Where(samples => !dropLast || samples.Length == batchSize).Skip(start)
            .Select(samples => collate is null ? Collate.Default(samples) : collate(samples));
    }

    /// <summary>The number of the next epoch, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Epoch
    {
        get => epoch;
        set => (epoch, skip, now) = (value.In(nameof(DataLoader), 0, name: nameof(Epoch)), 0, (value, 0));
    }

    /// <summary>The number of batches in an epoch.</summary>
    /// <exception cref="TensorletException">The dataset is iterable: nobody knows.</exception>
    public int Count => count();

    /// <summary>
    /// The batches of the next epoch, or the rest of the one in the state that was loaded. A worker's exception arrives
    /// here, with the number of its sample. Leaving early ends the workers; it waits for the samples they are at.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerator<Tensor[]> GetEnumerator()
    {
        var pass = Pass(epoch, skip, open(epoch));
        (epoch, skip, now) = (epoch + 1, 0, (epoch, skip));
        return pass;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Seed, epoch and position, the number of batches of the epoch that have been handed out. After an epoch's end
    /// the next one at 0.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() =>
        Stateful.Of(("seed", (long)seed), ("epoch", now.Epoch), ("position", now.Position));

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("DataLoader", StateDict(), state);
        var (at, position) = (state["epoch"].ToArray<long>()[0], state["position"].ToArray<long>()[0]);
        if (at is < 0 or > int.MaxValue || position is < 0 or > int.MaxValue)
            throw new TensorletException($"LoadStateDict: epoch {at}, position {position} is no place.");
        (seed, Epoch) = ((ulong)state["seed"].ToArray<long>()[0], (int)at);
        (skip, now) = ((int)position, ((int)at, (int)position));
    }

    /// <summary>What the random numbers of an epoch's samples are drawn from: another row than the order's.</summary>
    ulong Key(int epoch) => Philox.Bits(~seed, epoch);

    IEnumerator<Tensor[]> Pass(int current, int position, Share share)
    {
        foreach (var batch in workers == 0 ? share(position, 0, 1, cancellation) : Prefetched(position, share))
        {
            cancellation.ThrowIfCancellationRequested();
            now = (current, ++position);
            yield return batch;
        }
        now = (current + 1, 0);
    }

    /// <summary>The shares of all workers, a batch from each in turn; the first that has none is the end.</summary>
    IEnumerable<Tensor[]> Prefetched(int start, Share share)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var queues = Enumerable.Range(0, workers)
            .Select(_ => new BlockingCollection<Task<Tensor[]>>(Ahead)).ToArray();
        var threads = queues.Select((queue, w) => new Thread(() =>
            Work(share(start, w, workers, stop.Token), queue, stop.Token))
        { Name = $"DataLoader {w}", IsBackground = true }).ToArray();
        try
        {
            foreach (var thread in threads) thread.Start();
            for (var i = 0; queues[i % workers].TryTake(out var batch, Timeout.Infinite, cancellation); i++)
                yield return batch.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            foreach (var thread in threads) if (thread.IsAlive) thread.Join();
        }
    }

    /// <summary>What a thread does: it puts batches, or what went wrong, where they are taken in order.</summary>
    static void Work(IEnumerable<Tensor[]> batches, BlockingCollection<Task<Tensor[]>> queue, CancellationToken stop)
    {
        try
        {
            try { foreach (var batch in batches) queue.Add(Task.FromResult(batch), stop); }
            catch (Exception e) { queue.Add(Task.FromException<Tensor[]>(e), stop); }
            queue.CompleteAdding();
        }
        catch (OperationCanceledException) { }          // nobody takes any more
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
