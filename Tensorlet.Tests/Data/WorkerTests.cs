using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Tensorlet.Data;

namespace Tensorlet.Tests.Data;

/// <summary>Threads, random numbers and state of a loader: what must be the same for any number of workers.</summary>
[Collection("threads of loaders")]
public sealed class WorkerTests : IDisposable
{
    public void Dispose() => LoaderThreads.AllEnded();

    /// <summary>Sample i by a function.</summary>
    sealed class Made(int count, Func<int, Generator, Tensor[]> make) : Dataset
    {
        public override int Count => count;
        public override Tensor[] this[int index] => make(index, Generator.Default);
        public override Tensor[] Sample(int index, Generator random) => make(index, random);
    }

    sealed class Stream(Func<Generator, IEnumerable<Tensor[]>> samples) : IterableDataset
    {
        public override IEnumerable<Tensor[]> Samples(Generator random) => samples(random);
    }

    static IEnumerable<Tensor[]> Count(int n) => Enumerable.Range(0, n).Select(i => new[] { Tensor.Scalar(i) });

    static Dataset Noisy(int count) => new Made(count, (i, _) => [Tensor.Scalar(i)])
        .Map((sample, random) => [sample[0] + random.NextDouble(), Tensor.Randn([2], generator: random)]);

    static List<double[]> Values(IEnumerable<Tensor[]> batches) =>
        [.. batches.Select(batch => batch.SelectMany(t => t.ToArray<double>()).ToArray())];

    [Fact]
    public void Random_samples_are_the_same_for_any_number_of_workers_and_differ_between_epochs()
    {
        var epochs = new[] { 0, 1, 4 }.Select(workers =>
        {
            var loader = new DataLoader(Noisy(11), 3, shuffle: true, seed: 5, numWorkers: workers);
            return (First: Values(loader), Second: Values(loader));
        }).ToList();
        Assert.All(epochs, e => Assert.Equal(epochs[0].First, e.First));
        Assert.All(epochs, e => Assert.Equal(epochs[0].Second, e.Second));
        Assert.NotEqual(epochs[0].First, epochs[0].Second);
        // and the samples of an epoch from one another
        Assert.Equal(11, epochs[0].First.SelectMany(batch => batch[(batch.Length / 3)..]).Distinct().Count() / 2);
        Assert.NotEqual(epochs[0].First, Values(new DataLoader(Noisy(11), 3, shuffle: true, seed: 6)));
    }

    [Fact]
    public void A_sample_that_is_drawn_twice_in_an_epoch_has_other_random_numbers_the_second_time()
    {
        var dataset = new Made(1, (_, random) => [Tensor.Scalar(random.NextDouble())]);
        var sampler = new RandomSampler(dataset, replacement: true, numSamples: 50);
        var loader = new DataLoader(dataset, 50, sampler: sampler);
        Assert.Equal(50, Values(loader)[0].Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_state_continues_an_interrupted_epoch_with_the_same_bits(int workers)
    {
        DataLoader New(long seed) => new(Noisy(17), 3, shuffle: true, seed: seed, numWorkers: workers);
        var whole = New(9);
        var expected = Values(whole).Concat(Values(whole)).ToList();
        var loader = New(9);
        var seen = Values(loader);
        Dictionary<string, Tensor>? within = null;
        foreach (var batch in loader)
        {
            seen.AddRange(Values([batch]));
            within = loader.StateDict();
            if (seen.Count == 8) break;
        }
        foreach (var state in new[] { within!, loader.StateDict() })
        {
            var resumed = New(1);
            resumed.LoadStateDict(state);
            Assert.Equal(1, resumed.Epoch);
            Assert.Equal(state["position"].Item(), resumed.StateDict()["position"].Item());
            Assert.Equal(expected, seen.Concat(Values(resumed)));
            Assert.Equal((2, 0), (resumed.Epoch, (int)resumed.StateDict()["position"].Item()));
            Assert.Equal(6, Values(resumed).Count);
        }
        Assert.Equal(6, Values(loader).Count);      // without loading, another pass is another epoch
    }

    [Fact]
    public void A_state_of_an_iterable_dataset_continues_too_and_one_at_an_end_is_the_next_beginning()
    {
        DataLoader New() => new(new Stream(random => Count(10).Select(s => new[] { s[0] + random.NextDouble() })), 3,
            seed: 2);
        var (whole, loader) = (New(), New());
        var expected = Values(whole);
        foreach (var _ in loader.Take(2)) { }
        var resumed = New();
        resumed.LoadStateDict(loader.StateDict());
        Assert.Equal(expected[2..], Values(resumed));
        Assert.Equal((1.0, 0.0), (resumed.StateDict()["epoch"].Item(), resumed.StateDict()["position"].Item()));
        Assert.Equal(Values(whole), Values(resumed));
    }

    [Fact]
    public void A_state_that_is_none_is_refused_and_changes_nothing()
    {
        var loader = new DataLoader(Noisy(3)) { Epoch = 4 };
        var state = loader.StateDict();
        var bad = new Dictionary<string, Tensor>(state) { ["position"] = Tensor.From([-1L], []) };
        Assert.Throws<TensorletException>(() => loader.LoadStateDict(bad));
        bad = new(state) { ["epoch"] = Tensor.From([1L << 40], []) };
        Assert.Throws<TensorletException>(() => loader.LoadStateDict(bad));
        Assert.Throws<TensorletException>(() => loader.LoadStateDict(new Dictionary<string, Tensor>()));
        Assert.Equal(4, loader.Epoch);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Iterable_datasets_are_read_in_order_by_one_thread(int workers)
    {
        var threads = new HashSet<string?>();
        IEnumerable<Tensor[]> Samples()
        {
            foreach (var sample in Count(7))
            {
                threads.Add(Thread.CurrentThread.Name);
                yield return sample;
            }
        }
        var loader = new DataLoader(new Stream(_ => Samples()).Map(s => [s[0] * 2]), 3, numWorkers: workers);
        Assert.Equal([[0, 2, 4], [6, 8, 10], [12]], Values(loader));
        Assert.Equal(workers > 0, threads.SetEquals(["DataLoader 0"]));
        Assert.Equal(2, new DataLoader(new Stream(_ => Count(7)), 3, dropLast: true, numWorkers: workers).Count());
        Assert.Contains("iterable", Assert.Throws<TensorletException>(() => loader.Count).Message);
    }

    static IEnumerable<Tensor[]> Torn()
    {
        foreach (var sample in Count(5)) yield return sample;
        throw new FormatException("torn");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void An_exception_arrives_after_the_batches_before_it_with_its_number_and_stack(int workers)
    {
        var dataset = new Made(20, (i, _) => i == 5 ? Torn().Skip(9).ToArray()[0] : [Tensor.Scalar(i)]);
        DataLoader[] loaders = [new(dataset, 2, numWorkers: workers),
            new(new Stream(_ => Torn()), 2, numWorkers: workers)];
        foreach (var loader in loaders)
        {
            var seen = 0;
            var error = Assert.Throws<TensorletException>(() => { foreach (var _ in loader) seen++; });
            Assert.Equal(2, seen);
            Assert.Contains("sample 5", error.Message);
            Assert.Contains(nameof(Torn), Assert.IsType<FormatException>(error.InnerException).StackTrace);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Empty_datasets_have_no_batches_and_a_batch_may_be_larger_than_the_dataset(int workers)
    {
        var none = new Made(0, (_, _) => []);
        Assert.Empty(new DataLoader(none, 4, shuffle: true, numWorkers: workers));
        Assert.Empty(new DataLoader(new Stream(_ => Count(0)), 4, numWorkers: workers));
        Assert.Empty(new DataLoader(new TensorDataset(Tensor.Zeros(0, 2)), 4, numWorkers: workers));
        Assert.Equal(3, Assert.Single(new DataLoader(Noisy(3), 100, numWorkers: workers))[0].Size(0));
        Assert.Empty(new DataLoader(Noisy(3), 100, dropLast: true, numWorkers: workers));
    }

    /// <summary>The worker waits in sample 2 for something that only cancelling brings about.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Cancelling_ends_an_epoch_that_waits_for_a_sample(int workers)
    {
        using var cancellation = new CancellationTokenSource();
        using var reached = new ManualResetEventSlim();
        var dataset = new Made(6, (i, _) =>
        {
            if (i == 2)
            {
                reached.Set();
                cancellation.Token.WaitHandle.WaitOne();
            }
            return [Tensor.Scalar(i)];
        });
        var loader = new DataLoader(dataset, 2, numWorkers: workers, cancellation: cancellation.Token);
        var canceller = new Thread(() =>
        {
            reached.Wait();
            cancellation.Cancel();
        });
        canceller.Start();
        var seen = 0;
        Assert.Throws<OperationCanceledException>(() => { foreach (var _ in loader) seen++; });
        Assert.InRange(seen, 0, 1);
        canceller.Join();
        Assert.Throws<OperationCanceledException>(() => new DataLoader(new TensorDataset(Tensor.Zeros(4)), 2,
            numWorkers: workers, cancellation: cancellation.Token).First());
    }

    /// <summary>
    /// Both workers hold finished batches that are not taken, and a batch that has not been begun is never begun.
    /// </summary>
    [Fact]
    public void Leaving_while_the_workers_queues_are_full_ends_them()
    {
        using var full = new CountdownEvent(7); // one taken, 2 ahead of each of 2 workers, and 1 in progress each
        var begun = 0;
        var dataset = new Made(1000, (i, _) =>
        {
            Interlocked.Increment(ref begun);
            if (!full.IsSet) full.Signal();
            return [Tensor.Scalar(i)];
        });
        using (var batches = new DataLoader(dataset, 1, numWorkers: 2).GetEnumerator())
        {
            Assert.True(batches.MoveNext());
            full.Wait();
        }
        LoaderThreads.AllEnded();
        Assert.Equal(7, begun);
        using var closed = new ManualResetEventSlim();
        IEnumerable<Tensor[]> Endless()
        {
            try { for (; ; ) yield return [Tensor.Scalar(1)]; }
            finally { closed.Set(); }
        }
        Assert.Single(new DataLoader(new Stream(_ => Endless()), 1, numWorkers: 1).Take(1));
        Assert.True(closed.IsSet);
    }

    /// <summary>
    /// The batch of the first worker is ready long after that of the second, which has to wait for its turn.
    /// </summary>
    [Fact]
    public void A_slow_worker_does_not_change_the_order()
    {
        using var late = new ManualResetEventSlim();
        var dataset = new Made(6, (i, _) =>
        {
            if (i == 0) late.Wait();
            if (i == 5) late.Set();
            return [Tensor.Scalar(i)];
        });
        Assert.Equal([[0], [1], [2], [3], [4], [5]], Values(new DataLoader(dataset, numWorkers: 2)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Abandon(int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(new DataLoader(Noisy(1000), numWorkers: 2).GetEnumerator().MoveNext());
    }

    [Fact]
    public void An_enumerator_that_nobody_can_reach_ends_its_workers()
    {
        Abandon(20);
        Assert.True(SpinWait.SpinUntil(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return LoaderThreads.Alive() == 0;
        }, 20_000), "a worker is still alive");
        // and one that was left has nothing else to end
        foreach (var _ in new DataLoader(Noisy(9), numWorkers: 2)) break;
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Fact]
    public void There_are_no_more_threads_than_batches()
    {
        var threads = new ConcurrentDictionary<string, bool>();
        var dataset = new Made(10, (i, _) =>
        {
            threads[Thread.CurrentThread.Name!] = true;
            return [Tensor.Scalar(i)];
        });
        Assert.Equal(5, new DataLoader(dataset, 2, numWorkers: 5000).Count());
        Assert.All(threads.Keys, name => Assert.InRange(int.Parse(name["DataLoader ".Length..]), 0, 4));
    }

    /// <summary>A sample, or the source of the samples, that does not return when the epoch is cancelled.</summary>
    [Theory]
    [InlineData(true, "sample 2"), InlineData(false, "sample 2")]
    public void A_sample_that_blocks_is_named_after_a_time(bool indexed, string named)
    {
        using var cancellation = new CancellationTokenSource();
        using var end = new ManualResetEventSlim();
        Tensor[] Sample(int i)
        {
            if (i == 2)
            {
                cancellation.Cancel();
                end.Wait();
            }
            return [Tensor.Scalar(i)];
        }
        var patience = TimeSpan.FromMilliseconds(50);
        var loader = indexed
            ? new DataLoader(new Made(6, (i, _) => Sample(i)), 2, numWorkers: 2, cancellation: cancellation.Token,
                patience: patience)
            : new DataLoader(new Stream(_ => Enumerable.Range(0, 6).Select(Sample)), 2, numWorkers: 2,
                cancellation: cancellation.Token, patience: patience);
        try
        {
            var error = Assert.Throws<TensorletException>(() => { foreach (var _ in loader) { } });
            Assert.Contains(named, error.Message);
        }
        finally { end.Set(); }
        LoaderThreads.AllEnded();
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(Noisy(3), patience: -patience));
    }

    sealed class Counted(int count) : Sampler<long>
    {
        public int Asked;
        public override int Count => count;
        public override IEnumerable<long> Order(Generator random) =>
            Enumerable.Range(0, count).Select(i => (long)Interlocked.Increment(ref Asked) - 1);
    }

    /// <summary>The order is read as it is needed, and is the same for any number of workers.</summary>
    [Theory]
    [InlineData(0), InlineData(1), InlineData(3)]
    public void The_order_is_not_made_before_it_is_needed(int workers)
    {
        var sampler = new Counted(int.MaxValue);
        var loader = new DataLoader(Noisy(1000), 2, sampler: sampler, numWorkers: workers);
        Assert.Equal([[0, 1], [2, 3]], loader.Take(2).Select(batch => batch[0].ToArray<double>().Select(Math.Floor)));
        Assert.InRange(sampler.Asked, 4, 4 + 2 * 4 * workers);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(4)]
    public void What_is_null_is_told_with_its_number(int workers)
    {
        Tensor[] sound = [Tensor.Scalar(1)];
        foreach (var nothing in new Tensor[]?[] { null, [null!], [Tensor.Scalar(1), null!] })
        {
            Tensor[] At5(int i) => i == 5 ? nothing! : sound;
            (DataLoader Loader, string Named)[] loaders =
            [
                (new(new Made(9, (i, _) => At5(i)), 2, numWorkers: workers), "sample 5 is null, or a tensor of it is"),
                (new(new Made(9, (_, _) => sound).Map(_ => nothing!), 2, numWorkers: workers), "sample 0 is null"),
                (new(new Stream(_ => Enumerable.Range(0, 9).Select(At5)), 2, numWorkers: workers), "sample 5 is null"),
                (new(new Made(9, (_, _) => sound), 2, numWorkers: workers, collate: _ => nothing!), "batch 0 is null"),
                (new(new Stream(_ => Count(9)), 2, numWorkers: workers, collate: _ => nothing!), "batch 0 is null"),
                (new(new Stream(_ => null!), 2, numWorkers: workers), "Samples returns null"),
            ];
            foreach (var (loader, named) in loaders)
                Assert.Contains(named, Assert.Throws<TensorletException>(() => loader.ToList()).Message);
        }
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(3)]
    public void A_cancelled_epoch_has_no_batches_and_says_so(int workers)
    {
        var cancelled = new CancellationToken(true);
        foreach (var count in (int[])[0, 4])
        {
            Assert.ThrowsAny<OperationCanceledException>(() =>
                new DataLoader(Noisy(count), numWorkers: workers, cancellation: cancelled).ToList());
            Assert.ThrowsAny<OperationCanceledException>(() =>
                new DataLoader(new Stream(_ => Count(count)), numWorkers: workers, cancellation: cancelled).ToList());
        }
    }

    [Fact]
    public void A_place_in_other_batches_is_refused()
    {
        var loader = new DataLoader(Noisy(9), 3);
        loader.First();
        var state = loader.StateDict();
        foreach (var other in new DataLoader[] { new(Noisy(9), 2), new(new Stream(_ => Count(9)), 2), new(Noisy(0), 3),
            new(Noisy(9), batchSampler: new BatchSampler(new SequentialSampler(Noisy(9)), 3)) })
        {
            Assert.Throws<TensorletException>(() => other.LoadStateDict(state));
            Assert.Equal(0, other.StateDict()["position"].Item());
        }
        loader.LoadStateDict(state);
        Assert.Equal(2, loader.Count());
    }

    [Fact]
    public void An_enumerator_that_is_never_moved_starts_no_thread()
    {
        new DataLoader(Noisy(1000), numWorkers: 3).GetEnumerator();
        LoaderThreads.AllEnded();                       // threads would wait for a taker
    }
}
