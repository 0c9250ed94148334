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
    /// <summary>How the batches of an epoch are made, from number start on; the number of each sample is told to at
    /// before it is made.</summary>
    delegate IEnumerable<Func<Tensor[]>> Making(int start, CancellationToken stop, Action<long> at);

    const int Ahead = 3;                // batches for each worker that are begun before they are taken
    readonly Func<int, Making> open;
    readonly Sampler<long[]>? indexed;  // null where samples come one after another
    readonly int workers, batchSize;
    readonly TimeSpan patience;
    readonly CancellationToken cancellation;
    ulong seed;
    int epoch, skip;                    // the next epoch, and how many of its batches have been seen already
    (int Epoch, int Position) now;

    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples in a batch; the last one may be smaller.</param>
    /// <param name="shuffle">Another order in every epoch.</param>
    /// <param name="seed">What the orders and the random numbers of the samples are drawn from.</param>
    /// <param name="dropLast">Leave out a smaller last batch.</param>
    /// <param name="workers">Threads that prepare batches ahead, no more than there are batches; with 0 the caller's
    /// own does.</param>
    /// <param name="sampler">What gives the order, in place of shuffle.</param>
    /// <param name="batchSampler">What gives the batches, in place of batchSize, shuffle, dropLast and sampler.</param>
    /// <param name="collate">What makes one batch of samples; <see cref="Collate.Default"/> if not given.</param>
    /// <param name="cancellation">Ends an epoch with an OperationCanceledException.</param>
    /// <param name="patience">How long leaving or cancelling an epoch waits for the samples that the workers are at; a
    /// minute if not given.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive, or the number of workers
    /// negative.</exception>
    /// <exception cref="ArgumentException">Arguments of which one takes the other's place.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, ulong seed = 0, bool dropLast = false,
        int workers = 0, Sampler<long>? sampler = null, Sampler<long[]>? batchSampler = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default,
        TimeSpan? patience = null)
    {
        if ((sampler is not null && shuffle)
            || (batchSampler is not null && (batchSize != 1 || shuffle || dropLast || sampler is not null)))
            throw new ArgumentException("DataLoader: a sampler takes the place of shuffle, and a batchSampler that " +
                "of batchSize, shuffle, dropLast and sampler. Give one of them.");
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
    /// Goes through samples that come one after another. Only one thread can read them: with any number of workers one
    /// does, ahead. A state that is loaded reads past what has been seen.
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

    /// <summary>The number of the next epoch, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Epoch
    {
        get => epoch;
        set => (epoch, skip, now) = (value.In(nameof(DataLoader), 0, name: nameof(Epoch)), 0, (value, 0));
    }

    /// <summary>The number of batches in an epoch.</summary>
    /// <exception cref="TensorletException">The dataset is iterable: nobody knows.</exception>
    public int Count => indexed?.Count ?? throw new TensorletException(
        "DataLoader: an iterable dataset has no Count; how many batches there are is known at its end.");

    /// <summary>
    /// The batches of the next epoch, or the rest of the one in the state that was loaded. A worker's exception arrives
    /// here, with the number of its sample. Leaving early ends the workers; it waits for the samples they are at. Those
    /// of an enumerator that nobody can reach any more end, too.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TensorletException">A sample failed, a sample or a batch is null, or a worker was at a sample
    /// longer than leaving waits.</exception>
    public IEnumerator<Tensor[]> GetEnumerator()
    {
        var pass = Pass(epoch, skip, open(epoch));
        (epoch, skip, now) = (epoch + 1, 0, (epoch, skip));
        return pass;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Seed, epoch and position, the number of batches of the epoch that have been handed out, and their size, 0 with a
    /// batchSampler. After an epoch's end the next one at 0.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("seed", (long)seed), ("epoch", now.Epoch),
        ("position", now.Position), ("batch_size", batchSize));

    /// <inheritdoc/>
    /// <exception cref="TensorletException">The place is not in an epoch of this loader, or was counted in batches of
    /// another size. Nothing has changed.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("DataLoader", StateDict(), state);
        int Number(string key) => Stateful.Count(state, key);
        var (at, position, size) = (Number("epoch"), Number("position"), Number("batch_size"));
        if (size != batchSize || position > indexed?.Count) throw new TensorletException(
            $"LoadStateDict: batch {position} of those of {size} samples (0: as a sampler gives them) is no place in " +
            $"an epoch of this DataLoader, whose batches have {batchSize}. Give it the dataset and size of the saved.");
        (seed, Epoch) = ((ulong)state["seed"].ToArray<long>()[0], at);
        (skip, now) = (position, (at, position));
    }

    /// <summary>What the random numbers of an epoch's samples are drawn from: another row than the order's.</summary>
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

    /// <summary>Batches that are made in any order, in theirs.</summary>
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
                    $"{patience}, a worker has not come back from " + (at.TryGetValue(thread, out var sample)
                    ? $"sample {sample}" : "the sampler") + ". Its thread goes on; what blocks it must end by itself.");
        }
    }

    /// <summary>Ends the workers of an enumerator that nobody can reach any more.</summary>
    sealed class Lifeline(CancellationTokenSource stop)
    {
        ~Lifeline() => stop.Cancel();
    }

    /// <summary>A thread that makes batches. It knows nothing of who takes them.</summary>
    static Thread Worker(int number, IEnumerator<Func<Tensor[]>> batches, BlockingCollection<Task<Tensor[]>> queue,
        CancellationToken stop)
    {
        return new(Work) { Name = $"DataLoader {number}", IsBackground = true };

        void Work()
        {
            try { while (Next() is { } batch) batch.RunSynchronously(TaskScheduler.Default); }
            catch (OperationCanceledException) { }          // nobody takes any more
            lock (batches)
            {
                queue.CompleteAdding();
                try { batches.Dispose(); } catch (Exception) { }        // there is nobody to be told
            }
        }

        // one worker after another puts a batch, or what went wrong with the order, where it is taken; then makes it
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
    /// <summary>A batch of two tensors, as in <c>var (images, labels) = batch</c>.</summary>
    /// <exception cref="ShapeException">There are not two.</exception>
    public static void Deconstruct(this Tensor[] batch, out Tensor first, out Tensor second) =>
        (first, second) = batch.Given().Length == 2 ? (batch[0], batch[1])
            : throw new ShapeException($"A batch of {batch.Length} tensors is not a pair.");
}
