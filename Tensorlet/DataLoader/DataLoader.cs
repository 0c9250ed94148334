using System.Collections;
using System.Collections.Concurrent;

namespace Tensorlet.Data;

/// <summary>
/// Goes through a dataset in batches: <c>foreach (var (images, labels) in loader)</c>. Each loop is an epoch. Order and
/// random numbers depend on the seed and the epoch alone, and not on the number of workers. The state consists of seed,
/// epoch and position, so that an interrupted epoch continues at the next batch.
/// </summary>
public sealed class DataLoader : IEnumerable<Tensor[]>, IStateful
{
    /// <summary>
    /// How the batches of an epoch are made, from a start on. The number of each sample is passed to at before the
    /// sample is made.
    /// </summary>
    delegate IEnumerable<Func<Tensor[]>> Making(int start, CancellationToken stop, Action<long> at);

    const int Ahead = 3;                // batches that each worker begins before they are taken
    readonly Func<int, Making> open;
    readonly Sampler<long[]>? indexed;  // null if samples come one after another
    readonly int workers, batchSize;
    readonly TimeSpan patience;
    readonly CancellationToken cancellation;
    ulong seed;
    int epoch, skip;                    // the next epoch, and the number of its batches to skip
    (int Epoch, int Position) now;

    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">The number of samples in a batch; the last batch may be smaller.</param>
    /// <param name="shuffle">Use another order in every epoch.</param>
    /// <param name="seed">The seed of the orders and of the random numbers of the samples.</param>
    /// <param name="dropLast">Leave out a smaller last batch.</param>
    /// <param name="workers">The number of threads that prepare batches ahead, never more than there are batches; with
    /// 0, the thread of the caller prepares them.</param>
    /// <param name="sampler">The source of the order, instead of shuffle.</param>
    /// <param name="batchSampler">The source of the batches, instead of batchSize, shuffle, dropLast and
    /// sampler.</param>
    /// <param name="collate">Makes a batch from samples; <see cref="Collate.Default"/> if not given.</param>
    /// <param name="cancellation">Ends an epoch with an OperationCanceledException.</param>
    /// <param name="patience">How long leaving or cancelling an epoch waits for the samples on which the workers are
    /// working; one minute if not given.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive, or the number of workers
    /// negative.</exception>
    /// <exception cref="ArgumentException">Two arguments exclude each other.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, ulong seed = 0, bool dropLast = false,
        int workers = 0, Sampler<long>? sampler = null, Sampler<long[]>? batchSampler = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default,
        TimeSpan? patience = null)
    {
        if ((sampler is not null && shuffle)
            || (batchSampler is not null && (batchSize != 1 || shuffle || dropLast || sampler is not null)))
            throw new ArgumentException("DataLoader: a sampler replaces shuffle, and a batchSampler replaces " +
                "batchSize, shuffle, dropLast and sampler. Give one of them.");
        dataset.Given();
        this.batchSize = batchSampler is null ? batchSize : 0;
        batchSampler ??= new BatchSampler(sampler ?? (shuffle ? new RandomSampler(dataset)
            : new SequentialSampler(dataset)), batchSize, dropLast);
        (this.workers, this.seed, this.cancellation) = (workers.In(nameof(DataLoader), 0), seed, cancellation);
        (this.patience, indexed) = (Patience(patience), batchSampler);
        open = epoch =>
        {
            var order = batchSampler.Order(new Generator(this.seed) { Position = (long)epoch << 32 });
            var (key, end) = (Key(epoch), 0L);
            return (start, stop, at) => order.Select(batch => (All: batch, From: (end += batch.Length) - batch.Length))
                .Skip(start).Select(batch => (Func<Tensor[]>)(() => dataset.Batch(batch.All, place =>
                {
                    at(batch.All[place]);
                    return new Generator(Philox.Bits(key, batch.From + place));
                }, collate, stop)));
        };
    }

    /// <summary>
    /// Goes through samples that come one after another. Only one thread can read them; with any number of workers, one
    /// of them reads ahead. After a state is loaded, the samples that have been seen are read and skipped.
    /// </summary>
    /// <inheritdoc cref="DataLoader(Dataset, int, bool, ulong, bool, int, Sampler{long}, Sampler{long[]},
    /// Func{Tensor[][], Tensor[]}, CancellationToken, TimeSpan?)"/>
    public DataLoader(IterableDataset dataset, int batchSize = 1, ulong seed = 0, bool dropLast = false,
        int workers = 0, Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default,
        TimeSpan? patience = null)
    {
        dataset.Given();
        (this.batchSize, this.patience) = (batchSize.In(nameof(DataLoader), 1), Patience(patience));
        (this.workers, this.seed, this.cancellation) =
            (Math.Min(workers.In(nameof(DataLoader), 0), 1), seed, cancellation);
        open = epoch => (start, stop, at) => dataset.Numbered(new Generator(Key(epoch)), stop, at).Chunk(batchSize)
            .Where(samples => !dropLast || samples.Length == batchSize).Skip(start)
            .Select(samples => (Func<Tensor[]>)(() => collate is null ? Collate.Default(samples) : collate(samples)));
    }

    static TimeSpan Patience(TimeSpan? given) => TimeSpan.FromMilliseconds((given ?? TimeSpan.FromMinutes(1))
        .TotalMilliseconds.In(nameof(DataLoader), 0, int.MaxValue, "patience in milliseconds"));

    /// <summary>The number of the next epoch, from 0 on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Epoch
    {
        get => epoch;
        set => (epoch, skip, now) = (value.In(nameof(DataLoader), 0, name: nameof(Epoch)), 0, (value, 0));
    }

    /// <summary>The number of batches in an epoch.</summary>
    /// <exception cref="TensorletException">The dataset is iterable, so the number is not known.</exception>
    public int Count => indexed?.Count ?? throw new TensorletException(
        "DataLoader: an iterable dataset has no Count: the number of batches is known only at its end.");

    /// <summary>
    /// The batches of the next epoch, or the rest of the epoch in the state that was loaded. An exception in a worker
    /// arrives here, with the number of its sample. Leaving the loop early ends the workers, after waiting for the
    /// samples on which they are working. The workers of an enumerator that is no longer reachable end too.
    /// </summary>
    /// <exception cref="OperationCanceledException">The epoch was cancelled.</exception>
    /// <exception cref="TensorletException">A sample failed, a sample or a batch is null, or leaving waited too long
    /// for a worker.</exception>
    public IEnumerator<Tensor[]> GetEnumerator()
    {
        var pass = Pass(epoch, skip, open(epoch));
        (epoch, skip, now) = (epoch + 1, 0, (epoch, skip));
        return pass;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Seed, epoch, position (the number of batches of the epoch that have been taken) and batch size, which is 0 with
    /// a batchSampler. After the end of an epoch, the next epoch at position 0.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("seed", (long)seed), ("epoch", now.Epoch),
        ("position", now.Position), ("batch_size", batchSize));

    /// <inheritdoc/>
    /// <exception cref="TensorletException">The position is not in an epoch of this loader, or was counted in batches
    /// of another size. Nothing has changed.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("DataLoader", StateDict(), state);
        int Number(string key) => Stateful.Count(state, key);
        var (at, position, size) = (Number("epoch"), Number("position"), Number("batch_size"));
        if (size != batchSize || position > indexed?.Count) throw new TensorletException(
            $"LoadStateDict: batch {position}, with {size} samples in a batch (0: set by a sampler), is not in " +
            $"an epoch of this DataLoader, with {batchSize}. Use the dataset and batch size of the saved one.");
        (seed, Epoch) = ((ulong)state["seed"].ToArray<long>()[0], at);
        (skip, now) = (position, (at, position));
    }

    /// <summary>
    /// The source of the random numbers for the samples of an epoch: another sequence than that of the order.
    /// </summary>
    ulong Key(int epoch) => Philox.Bits(~seed, epoch);

    IEnumerator<Tensor[]> Pass(int current, int position, Making make)
    {
        using var batches = (workers == 0 ? make(position, cancellation, _ => { }).Select(batch => batch())
            : Prefetched(position, make)).GetEnumerator();
        for (; ; )
        {
            cancellation.ThrowIfCancellationRequested();
            if (!batches.MoveNext()) break;
            cancellation.ThrowIfCancellationRequested();
            if (batches.Current?.Contains(null) != false)
                throw new TensorletException($"DataLoader: batch {position} is null, or a tensor of it is.");
            now = (current, ++position);
            yield return batches.Current;
        }
        now = (current + 1, 0);
    }

    /// <summary>Returns batches in their order, in whatever order they are made.</summary>
    IEnumerable<Tensor[]> Prefetched(int start, Making make)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var at = new ConcurrentDictionary<Thread, long>();
        var most = workers == 1 ? 1 : Math.Clamp(Count - start, 1, workers);
        var queue = new BlockingCollection<Task<Tensor[]>>(most * Ahead);
        var batches = make(start, stop.Token, sample => at[Thread.CurrentThread] = sample).GetEnumerator();
        Thread[] threads = [.. Enumerable.Range(0, most).Select(w => Worker(w, batches, queue, stop.Token))];
        var lifeline = new Lifeline(stop);
        try
        {
            foreach (var thread in threads) thread.Start();
            while (queue.TryTake(out var batch, Timeout.Infinite, cancellation))
            {
                Task.WaitAny([batch], cancellation);
                yield return batch.GetAwaiter().GetResult();
            }
        }
        finally
        {
            GC.SuppressFinalize(lifeline);
            stop.Cancel();
            foreach (var thread in threads)
                if (thread.IsAlive && !thread.Join(patience)) throw new TensorletException("DataLoader: after " +
                    $"{patience}, a worker has not returned from " + (at.TryGetValue(thread, out var sample)
                    ? $"sample {sample}" : "the sampler") + ". Its thread goes on; what blocks it must end by itself.");
        }
    }

    /// <summary>Ends the workers of an enumerator that is no longer reachable.</summary>
    sealed class Lifeline(CancellationTokenSource stop)
    {
        ~Lifeline() => stop.Cancel();
    }

    /// <summary>A thread that makes batches. It has no reference to the enumerator that takes them.</summary>
    static Thread Worker(int number, IEnumerator<Func<Tensor[]>> batches, BlockingCollection<Task<Tensor[]>> queue,
        CancellationToken stop)
    {
        return new(Work) { Name = $"DataLoader {number}", IsBackground = true };

        void Work()
        {
            try { while (Next() is { } batch) batch.RunSynchronously(TaskScheduler.Default); }
            catch (OperationCanceledException) { }          // no batches are taken any more
            lock (batches)
            {
                queue.CompleteAdding();
                try { batches.Dispose(); } catch (Exception) { }        // there is nobody to report to
            }
        }

        // in turn, each worker queues a batch (or the exception of the order) where it will be taken, and then makes it
        Task<Tensor[]>? Next()
        {
            lock (batches)
            {
                var next = default(Task<Tensor[]>);
                stop.ThrowIfCancellationRequested();
                try { if (!queue.IsAddingCompleted && batches.MoveNext()) next = new(batches.Current); }
                catch (Exception e) { queue.Add(Task.FromException<Tensor[]>(e), stop); }
                if (next is null) queue.CompleteAdding();
                else queue.Add(next, stop);
                return next;
            }
        }
    }
}

/// <summary>Takes a batch apart in a <c>foreach</c>.</summary>
public static class Batches
{
    /// <summary>Takes a batch of two tensors apart, as in <c>var (images, labels) = batch</c>.</summary>
    /// <exception cref="ShapeException">There are not two tensors.</exception>
    public static void Deconstruct(this Tensor[] batch, out Tensor first, out Tensor second) =>
        (first, second) = batch.Given().Length == 2 ? (batch[0], batch[1])
            : throw new ShapeException($"A batch of {batch.Length} tensors is not a pair.");
}
