using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Tensorlet;
using Tensorlet.Cluster;

namespace Tutorials.Chapter20;

/// <summary>What exercise 20 asks for: an all-reduce among ranks that stand in a ring.</summary>
public interface IRing
{
    /// <summary>Where a part of an array begins, and how many numbers it has.</summary>
    (int From, int Count) Part(int length, int ranks, int part);
    /// <summary>What one rank does.</summary>
    void AllReduce(double[] data, int rank, int ranks, Action<double[]> send, Func<double[]> receive);
}

sealed class Grader : Exercise<IRing>
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(2);

    public override string Title => "A ring all-reduce";

    public override IReadOnlyList<string> Hints =>
    [
        "Part p begins at length·p/ranks, rounded down, and ends where the next one begins. No remainder is left.",
        "First round, ranks − 1 steps: each rank sends one part to the right, and adds what comes from the left to " +
            "its own numbers of the same part. In the next step it sends on the part that it has just added to.",
        "In step s of the first round rank r sends part r − s, and adds what it receives to part r − s − 1, both " +
            "modulo ranks. After ranks − 1 steps its part r + 1 has the sum of all.",
        "Second round, ranks − 1 steps again: rank r sends part r + 1 − s, and puts what it receives in the place of " +
            "its part r − s. The parts are sums already, so nothing is added.",
    ];

    static Action<IRing> Parts(params (int Length, int Ranks)[] cases) => answer =>
    {
        foreach (var (length, ranks) in cases)
        {
            var what = $"{length} numbers, {ranks} ranks";
            var (next, sizes) = (0, new List<int>());
            for (var part = 0; part < ranks; part++)
            {
                var (from, count) = answer.Part(length, ranks, part);
                Expect.That(count >= 0, $"{what}: part {part} has {count} numbers.");
                Expect.That(from == next, $"{what}: part {part} begins at {from}, and the one before it ends at " +
                    $"{next}. The parts follow one another without gaps.");
                next = from + count;
                sizes.Add(count);
            }
            Expect.That(next == length, $"{what}: the last part ends at {next}. Where {length} does not divide by " +
                $"{ranks}, a remainder is left that some parts have to take.");
            Expect.That(sizes.Max() - sizes.Min() <= 1, $"{what}: the parts have {string.Join(", ", sizes)} numbers. " +
                "They may differ by one: the largest decides how long a step takes.");
        }
    };

    /// <summary>What the ranks have at the end, and how many numbers each has sent.</summary>
    static (double[][] Results, int[] Sent) Ring(IRing answer, double[][] data)
    {
        var ranks = data.Length;
        double[][] results = [.. data.Select(numbers => numbers.ToArray())];
        var sent = new int[ranks];
        var thrown = new ConcurrentQueue<Exception>();
        var edges = Array.ConvertAll(data, _ => new BlockingCollection<double[]>());        // to the right of each
        Thread[] threads = [.. Enumerable.Range(0, ranks).Select(rank => new Thread(() =>
        {
            var received = 0;
            try
            {
                answer.AllReduce(results[rank], rank, ranks, numbers =>
                {
                    sent[rank] += numbers.Length;
                    edges[rank].Add([.. numbers]);
                }, () =>
                {
                    var left = (rank + ranks - 1) % ranks;
                    Expect.That(edges[left].TryTake(out var numbers, patience), $"{ranks} ranks: rank {rank} waits " +
                        $"for message {received + 1} of rank {left}, which does not come. Does every rank send " +
                        "before it receives, and as often as its neighbour receives?");
                    received++;
                    return numbers!;
                });
            }
            catch (Exception e) { thrown.Enqueue(e); }
        })
        { IsBackground = true })];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (thrown.OrderBy(e => e is Rejected).FirstOrDefault() is { } first) ExceptionDispatchInfo.Throw(first);
        return (results, sent);
    }

    static double[][] Drawn(int length, int ranks) => [.. Enumerable.Range(0, ranks).Select(rank =>
        Tensor.Randn([length], DType.Float64, generator: new((ulong)rank + 1)).ToArray<double>())];

    /// <summary>What the library's all-reduce gives.</summary>
    static double[] Library(double[][] data)
    {
        double[] sums = [];
        Distributed.RunThreads(data.Length, group =>
        {
            var x = Tensor.From(data[group.Rank]);
            group.AllReduce(x);
            if (group.Rank == 0) sums = x.ToArray<double>();
        });
        return sums;
    }

    static Action<IRing> Sums(params (int Length, int Ranks)[] cases) => answer =>
    {
        foreach (var (length, ranks) in cases)
        {
            var data = Drawn(length, ranks);
            var (expected, (results, _)) = (Library(data), Ring(answer, data));
            foreach (var (rank, yours) in results.Index())
                Expect.Same(yours, expected, $"{length} numbers, {ranks} ranks: what rank {rank} has at the end",
                    1e-12, Reason(answer, yours, data, rank, expected));
        }
    };

    static string Reason(IRing answer, double[] yours, double[][] data, int rank, double[] expected)
    {
        if (yours.SequenceEqual(data[rank])) return "These are its own numbers, unchanged.";
        var (right, own) = (0, 0);
        for (var part = 0; part < data.Length; part++)
        {
            var (from, count) = answer.Part(yours.Length, data.Length, part);
            if (Enumerable.Range(from, count).All(i => Math.Abs(yours[i] - expected[i]) < 1e-12)) right++;
            if (Enumerable.Range(from, count).All(i => Array.Exists(data, d => d[i] == yours[i]))) own++;
        }
        return own > 0 ? "There are numbers of a single rank in it: what arrives in the first round is added to what " +
                "is there."
            : $"{right} of {data.Length} parts are right. In the first round each part is summed on its way around " +
                "the ring; in the second the sums go around, and take the places of what was there.";
    }

    protected override Step<IRing>[] Requirements =>
    [
        new("parts that divide evenly", Parts((4, 2), (6, 3), (8, 1))),
        new("parts with a remainder", Parts((7, 2), (10, 4), (1003, 8))),
        new("fewer numbers than ranks", Parts((2, 4), (0, 3))),
        new("one rank", Sums((5, 1))),
        new("two ranks", Sums((2, 2), (6, 2))),
        new("more ranks", Sums((3, 3), (12, 4), (20, 5))),
        new("any number of numbers", Sums((7, 3), (2, 4), (1003, 6), (0, 2))),
        new("no more is sent than has to be", answer =>
        {
            foreach (var (length, ranks) in new[] { (12, 4), (1000, 8), (5, 1) })
            {
                var (_, sent) = Ring(answer, Drawn(length, ranks));
                var most = 2 * (ranks - 1) * (length / ranks);
                var rank = Array.FindIndex(sent, n => n > most);
                Expect.That(rank < 0, $"{length} numbers, {ranks} ranks: rank {Math.Max(0, rank)} sent " +
                    $"{sent.Max()} numbers, and 2·(ranks − 1) parts have {most}. A part at a time is enough.");
            }
        }),
    ];

    protected override Mistake<IRing>[] WrongAnswers =>
    [
        new("drops the remainder", new Wrong { Cut = (n, p, i) => (i * (n / p), n / p) }, "a remainder is left"),
        new("leaves the remainder to the last part",
            new Wrong { Cut = (n, p, i) => (i * (n / p), i == p - 1 ? n - i * (n / p) : n / p) }, "may differ by one"),
        new("does nothing", new Wrong { Rounds = [] }, "its own numbers, unchanged"),
        new("forgets the second round", new Wrong { Rounds = ["add"] }, "has at the end"),
        new("one step too few", new Wrong { Short = 1 }, "its own numbers, unchanged"),
        new("replaces in the first round", new Wrong { Rounds = ["put", "put"] }, "numbers of a single rank"),
        new("adds in the second round", new Wrong { Rounds = ["add", "add"] }, "take the places"),
        new("receives before it sends", new Wrong { ReceivesFirst = true }, "which does not come"),
        new("sends everything around", new Everything(), "A part at a time is enough"),
        new("a mean", new Wrong { Scale = true }, "0.5 times the right one"),
    ];

    sealed class Wrong : IRing
    {
        public Func<int, int, int, (int, int)> Cut { get; init; } = Right;
        public string[] Rounds { get; init; } = ["add", "put"];
        public int Short { get; init; }
        public bool ReceivesFirst { get; init; }
        public bool Scale { get; init; }
        public (int From, int Count) Part(int length, int ranks, int part) => Cut(length, ranks, part);

        public void AllReduce(double[] data, int rank, int ranks, Action<double[]> send, Func<double[]> receive)
        {
            foreach (var (round, how) in Rounds.Index())
                for (var step = 0; step < ranks - 1 - Short; step++)
                {
                    var (at, count) = Part(data.Length, ranks, (rank + round - step + ranks) % ranks);
                    var (to, size) = Part(data.Length, ranks, (rank + round - step - 1 + 2 * ranks) % ranks);
                    var arrived = ReceivesFirst ? receive() : [];
                    send(data[at..(at + count)]);
                    if (!ReceivesFirst) arrived = receive();
                    for (var i = 0; i < size; i++) data[to + i] = arrived[i] + (how == "add" ? data[to + i] : 0);
                }
            if (Scale) for (var i = 0; i < data.Length; i++) data[i] /= ranks;
        }
    }

    static (int From, int Count) Right(int n, int p, int i) => (n * i / p, n * (i + 1) / p - n * i / p);

    /// <summary>Each rank's whole array goes around.</summary>
    sealed class Everything : IRing
    {
        public (int From, int Count) Part(int length, int ranks, int part) => Right(length, ranks, part);

        public void AllReduce(double[] data, int rank, int ranks, Action<double[]> send, Func<double[]> receive)
        {
            var all = new double[ranks][];
            all[rank] = [.. data];
            for (var step = 0; step < ranks - 1; step++)
            {
                send(all[(rank - step + ranks) % ranks]);
                all[(rank - step - 1 + ranks) % ranks] = receive();
            }
            Array.Clear(data);
            foreach (var numbers in all)
                for (var i = 0; i < data.Length; i++) data[i] += numbers[i];
        }
    }
}
