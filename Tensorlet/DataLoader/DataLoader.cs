using System.Collections;
using System.Collections.Concurrent;

namespace Tensorlet.Data;

/// <summary>
/// Goes through a dataset in batches: <c>foreach (var (images, labels) in loader)</c>. Each loop over the loader is an
/// epoch. The order of the samples, and the random numbers that the samples need, depend only on the seed and the
/// epoch, not on the number of workers. The state of the loader contains the seed, the epoch and the position in the
/// epoch, so that an interrupted epoch can continue at the next batch.
/// </summary>
public sealed class DataLoader : IEnumerable<Tensor[]>, IStateful
{
    /// <summary>
    /// Returns functions that make the batches of an epoch, from batch number <paramref name="start"/> on. The
    /// number of each sample is passed to <paramref name="at"/> before the sample is made.
    /// </summary>
    delegate IEnumerable<Func<Tensor[]>> Making(int start, CancellationToken stop, Action<long> at);

    const int Ahead = 3;                // the number of batches per worker that are begun in advance
    readonly Func<int, Making> open;
    readonly Sampler<long[]>? indexed;  // null if the dataset is iterable
    readonly int workers, batchSize;
    readonly TimeSpan patience;
    readonly CancellationToken cancellation;
    long seed;
    int epoch, skip;                    // the next epoch, and how many of its batches are skipped
    (int Epoch, int Position) now;

    /// <param name="dataset">The dataset that contains the samples.</param>
    /// <param name="batchSize">The number of samples in a batch; the last batch may be smaller.</param>
    /// <param name="shuffle">If true, the samples are in a different random order in every epoch. If false, they are
    /// in the order of the dataset.</param>
    /// <param name="seed">The seed for the order of the samples and for the random numbers that samples need.</param>
    /// <param name="dropLast">If true, the last batch is left out if it is smaller than the others. If false, no
    /// batch is left out.</param>
    /// <param name="numWorkers">The number of threads that prepare batches in advance. There are never more threads
    /// than batches. If the number is 0, the thread of the caller prepares the batches.</param>
    /// <param name="sampler">The sampler that chooses the samples and their order; it replaces
    /// <paramref name="shuffle"/>.</param>
    /// <param name="batchSampler">The sampler that chooses the batches; it replaces <paramref name="batchSize"/>,
    /// <paramref name="shuffle"/>, <paramref name="dropLast"/> and <paramref name="sampler"/>.</param>
    /// <param name="collate">A function that makes a batch from samples; <see cref="Collate.Default"/> if not
    /// given.</param>
    /// <param name="cancellation">A token whose cancellation ends the epoch with an OperationCanceledException.</param>
    /// <param name="patience">If an epoch is left early or cancelled, the workers first finish the samples on which
    /// they are working. The patience is how long the loader waits for this; one minute if not given.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch size is not positive, or the number of workers is
    /// negative.</exception>
    /// <exception cref="ArgumentException">A sampler is given, although <paramref name="shuffle"/> is true; or a
    /// batchSampler is given together with an argument that it replaces.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, long seed = 0, bool dropLast = false,
        int numWorkers = 0, Sampler<long>? sampler = null, Sampler<long[]>? batchSampler = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default,
        TimeSpan? patience = null)
    {
        if ((sampler is not null && shuffle)
            || (batchSampler is not null && (batchSize != 1 || shuffle || dropLast || sampler is not null)))
            throw new ArgumentException("DataLoader: a sampler replaces shuffle, and a batchSampler replaces " +
                "batchSize, shuffle, dropLast and sampler. Give one of them.");
        Dataset = dataset.Given();
        this.batchSize = batchSampler is null ? batchSize : 0;
        batchSampler ??= new BatchSampler(sampler ?? (shuffle ? new RandomSampler(dataset)
            : new SequentialSampler(dataset)), batchSize, dropLast);
        (workers, this.seed, this.cancellation) = (numWorkers.In(nameof(DataLoader), 0), seed, cancellation);
        (this.patience, indexed) = (Patience(patience), batchSampler);
        open = epoch =>
        {
            var order = batchSampler.Order(new Generator(this.seed) { Position = (long)epoch << 32 });
            var (key, end) = (Key(epoch), 0L);
            return (start, stop, at) => order.Select(batch => (All: batch, From: (end += batch.Length) - batch.Length))
                .Skip(start).Select(batch => (Func<Tensor[]>)(() => dataset.Batch(batch.All, place =>
                {
                    at(batch.All[place]);
                    return new Generator((long)Philox.Bits(key, batch.From + place));
                }, collate, stop)));
        };
    }

    /// <summary>
    /// Creates a loader for an iterable dataset, whose samples come one after another. Only one thread can read the
    /// samples; therefore, a number of workers above 1 has the same effect as 1. After a state is loaded, the
    /// samples before the position in this state are read again and skipped.
    /// </summary>
    /// <inheritdoc cref="DataLoader(Dataset, int, bool, long, bool, int, Sampler{long}, Sampler{long[]},
    /// Func{Tensor[][], Tensor[]}, CancellationToken, TimeSpan?)"/>
    public DataLoader(IterableDataset dataset, int batchSize = 1, long seed = 0, bool dropLast = false,
        int numWorkers = 0, Func<Tensor[][], Tensor[]>? collate = null, CancellationToken cancellation = default,
        TimeSpan? patience = null)
    {
        dataset.Given();
        (this.batchSize, this.patience) = (batchSize.In(nameof(DataLoader), 1), Patience(patience));
        (workers, this.seed, this.cancellation) =
            (Math.Min(numWorkers.In(nameof(DataLoader), 0), 1), seed, cancellation);
        open = epoch => (start, stop, at) => dataset.Numbered(new Generator(Key(epoch)), stop, at).Chunk(batchSize)
            .Where(samples => !dropLast || samples.Length == batchSize).Skip(start)
            .Select(samples => (Func<Tensor[]>)(() => collate is null ? Collate.Default(samples) : collate(samples)));
    }

    static TimeSpan Patience(TimeSpan? given) => TimeSpan.FromMilliseconds((given ?? TimeSpan.FromMinutes(1))
        .TotalMilliseconds.In(nameof(DataLoader), 0, int.MaxValue, "patience in milliseconds"));

    /// <summary>The dataset; null if it is iterable.</summary>
    public Dataset? Dataset { get; }

    /// <summary>The number of samples in a batch; null if a sampler chooses the batches.</summary>
    public int? BatchSize => batchSize > 0 ? batchSize : null;

    /// <summary>The number of the next epoch, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public int Epoch
    {
        get => epoch;
        set => (epoch, skip, now) = (value.In(nameof(DataLoader), 0, name: nameof(Epoch)), 0, (value, 0));
    }

    /// <summary>The number of batches in an epoch.</summary>
    /// <exception cref="TensorletException">The dataset is iterable, so the number of batches is not known.</exception>
    public int Count => indexed?.Count ?? throw new TensorletException(
        "DataLoader: an iterable dataset has no Count: the number of batches is known only at its end.");

    /// <summary>
    /// Returns the batches of the next epoch. The first call after a state was loaded returns the remaining batches of
    /// the epoch that was interrupted. If an exception is thrown while a sample is made, the enumerator throws a
    /// TensorletException. Its message contains the number of the sample, and its inner exception is the original
    /// exception. If the loop is left early, the workers finish the samples on which they are working, and then end. If
    /// an enumerator is no longer reachable, its workers end too.
    /// </summary>
    /// <exception cref="OperationCanceledException">The epoch was cancelled.</exception>
    /// <exception cref="TensorletException">An exception was thrown while a sample was made; or a sample, a batch or
    /// one of their tensors is null; or the loop was left, and a worker did not end within the patience of the
    /// loader.</exception>
    public IEnumerator<Tensor[]> GetEnumerator()
    {
        var pass = Pass(epoch, skip, open(epoch));
        (epoch, skip, now) = (epoch + 1, 0, (epoch, skip));
        return pass;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Returns the seed, the epoch, the position and the batch size. The position is the number of batches of the
    /// epoch that have been taken. The batch size is 0 if a batchSampler was given. After the end of an epoch, the
    /// state has the number of the next epoch and the position 0.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() => Stateful.Of(("seed", seed), ("epoch", now.Epoch),
        ("position", now.Position), ("batch_size", batchSize));

    /// <inheritdoc/>
    /// <exception cref="TensorletException">The position in the state is not within an epoch of this loader, or it
    /// was counted in batches of a different size. In this case, the loader is unchanged.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check("DataLoader", StateDict(), state);
        int Number(string key) => Stateful.Count(state, key);
        var (at, position, size) = (Number("epoch"), Number("position"), Number("batch_size"));
        if (size != batchSize || position > indexed?.Count) throw new TensorletException(
            $"LoadStateDict: batch {position}, with {size} samples in a batch (0: set by a sampler), is not in " +
            $"an epoch of this DataLoader, with {batchSize}. Use the dataset and batch size of the saved one.");
        (seed, Epoch) = (state["seed"].ToArray<long>()[0], at);
        (skip, now) = (position, (at, position));
    }

    /// <summary>
    /// Returns the seed of the random numbers that the samples of an epoch need. The order of the samples has a
    /// different seed.
    /// </summary>
    long Key(int epoch) => (long)Philox.Bits(~seed, epoch);

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

    /// <summary>
    /// Returns the batches in the order of the epoch, whatever the order in which the workers finish them.
    /// </summary>
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

    /// <summary>
    /// Returns a thread that makes batches. The thread has no reference to the enumerator that takes the batches.
    /// </summary>
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

        // one worker at a time queues a batch, or an exception that the sampler threw; the worker makes the batch only
        // after that, so that the order of the queue is the order of the epoch
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

/// <summary>
/// Assigns the tensors of a batch, or the parts of a split dataset, to separate variables, for example in
/// <c>foreach (var (images, labels) in loader)</c>.
/// </summary>
public static class Batches
{
    /// <summary>Assigns the two tensors of a batch to two variables: <c>var (images, labels) = batch</c>.</summary>
    /// <exception cref="ShapeException">The batch does not consist of exactly two tensors.</exception>
    public static void Deconstruct(this Tensor[] batch, out Tensor first, out Tensor second) =>
        (first, second) = batch.Given().Length == 2 ? (batch[0], batch[1])
            : throw new ShapeException($"A batch of {batch.Length} tensors is not a pair of inputs and targets.");

    /// <summary>
    /// Assigns the two parts of a dataset to two variables: <c>var (train, test) = dataset.RandomSplit([0.8, 0.2])</c>.
    /// </summary>
    /// <exception cref="ShapeException">There are not exactly two parts.</exception>
    public static void Deconstruct(this Subset[] parts, out Subset first, out Subset second) =>
        (first, second) = parts.Given().Length == 2 ? (parts[0], parts[1])
            : throw new ShapeException($"{parts.Length} parts of a dataset are not two.");

    /// <summary>
    /// Assigns the three parts of a dataset to three variables, for example for training, validation and test.
    /// </summary>
    /// <exception cref="ShapeException">There are not exactly three parts.</exception>
    public static void Deconstruct(this Subset[] parts, out Subset first, out Subset second, out Subset third) =>
        (first, second, third) = parts.Given().Length == 3 ? (parts[0], parts[1], parts[2])
            : throw new ShapeException($"{parts.Length} parts of a dataset are not three.");
}
