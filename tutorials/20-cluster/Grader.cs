using Tensorlet;
using Tensorlet.Cluster;

namespace Tutorials.Chapter20;

/// <summary>
/// Asks for the plan and carries it out. An answer is compiled without the collectives, so nothing needs to be
/// forbidden here.
/// </summary>
sealed class Grader : Exercise<IRing>
{
    public override string Title => "A ring all-reduce";

    public override IReadOnlyList<string> Hints =>
    [
        "Part p begins at length·p/ranks, rounded down, and ends where the next one begins. No remainder is left. " +
            "Multiply as long: millions of numbers times hundreds of ranks are more than an int can hold.",
        "First round, ranks − 1 steps: each rank sends one part to the right, and adds what comes from the left to " +
            "its own numbers of the same part. In the next step it sends on the part that it has just added to.",
        "In step s of the first round rank r sends part r − s, and adds what it receives to part r − s − 1, both " +
            "modulo ranks: (r - s + 2 * ranks) % ranks is never negative. After ranks − 1 steps its part r + 1 has " +
            "the sum of all.",
        "Second round, ranks − 1 steps again: a rank sends its whole part r + 1 first, and then, as before, what it " +
            "has received in the step before. So Sends and Receives go on by the same formula. But Adds is false: " +
            "the parts are sums already.",
    ];

    static string Numbers(int length, int ranks) => $"{Count(length, "number")}, {Count(ranks, "rank")}";
    static string Count(int n, string what) => $"{n} {what}{(n == 1 ? "" : "s")}";

    /// <summary>The parts, after they have been looked at.</summary>
    static (int From, int Count)[] Parts(IRing answer, int length, int ranks)
    {
        var (what, next) = (Numbers(length, ranks), 0);
        var large = (long)length * ranks <= int.MaxValue ? ""
            : $"\n{length} times a part's number can be more than an int holds: compute with long.";
        var parts = new (int From, int Count)[ranks];
        for (var part = 0; part < ranks; part++)
        {
            var (from, count) = parts[part] = answer.Part(length, ranks, part);
            Expect.That(count >= 0, $"{what}: part {part} has {Count(count, "number")}.{large}");
            Expect.That(from == next, $"{what}: part {part} begins at {from}, and {(part == 0 ? "the array begins at 0"
                : $"the one before it ends at {next}")}. The parts follow one another without gaps.{large}");
            next = from + count;
        }
        Expect.That(next == length, $"{what}: the last part ends at {next}. Where {length} does not divide by " +
            $"{ranks}, a remainder is left that some parts have to take.{large}");
        var (least, most) = (parts.Min(p => p.Count), parts.Max(p => p.Count));
        Expect.That(most - least <= 1, $"{what}: the smallest part has {least}, the largest {most}. They may differ " +
            "by one: the largest decides how long a step takes.");
        return parts;
    }

    static Action<IRing> Cut(params (int Length, int Ranks)[] cases) => answer =>
    {
        foreach (var (length, ranks) in cases) Parts(answer, length, ranks);
    };

    /// <summary>The number of steps, after it has been looked at. Whether it is enough, the sums tell.</summary>
    static int StepsOf(IRing answer, int ranks)
    {
        var (steps, most) = (answer.Steps(ranks), 2 * (ranks - 1));
        Expect.That(steps >= 0, $"{Count(ranks, "rank")}: yours has {steps} steps.");
        Expect.That(steps <= most, $"{Count(ranks, "rank")}: yours has {Count(steps, "step")}. In each a rank sends " +
            $"a part, and no rank has to send more than 2·(ranks − 1) = {most}.");
        return steps;
    }

    /// <summary>What each rank does in a step, after it has been looked at: what is sent is what is received.</summary>
    static Move[] Moves(IRing answer, int step, int ranks)
    {
        Move[] moves = [.. Enumerable.Range(0, ranks).Select(rank => answer.Step(step, rank, ranks))];
        var what = $"{Count(ranks, "rank")}, step {step}";
        foreach (var (rank, move) in moves.Index())
        {
            Expect.That(move is not null, $"{what}: null came back for rank {rank}.");
            foreach (var (does, part) in new[] { ("sends", move!.Sends), ("receives", move.Receives) })
                Expect.That(part >= 0 && part < ranks, $"{what}: rank {rank} {does} part {part}, and there are parts " +
                    $"0 … {ranks - 1}. They go around as the ranks do: compute modulo ranks.{(part >= 0 ? ""
                    : $" In C#, -1 % {ranks} is -1; add a multiple of ranks before.")}");
        }
        var mirrored = moves.Index().All(m => m.Item.Receives == moves[(m.Index + 1) % ranks].Sends);
        foreach (var (rank, move) in moves.Index())
        {
            var left = (rank + ranks - 1) % ranks;
            Expect.That(move.Receives == moves[left].Sends, $"{what}: rank {rank} receives part {move.Receives}, but " +
                $"its left neighbour, rank {left}, sends part {moves[left].Sends}.\n" + (mirrored
                ? "In your plan each rank receives what its right neighbour sends. It is the other way around: parts " +
                "travel from rank to rank + 1."
                : "What a rank receives is what rank − 1 sends in the same step."));
        }
        return moves;
    }

    static double[][] Drawn(int length, int ranks) => [.. Enumerable.Range(0, ranks).Select(rank =>
        Tensor.Randn([length], DType.Float64, generator: new(rank + 1)).ToArray<double>())];

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

    /// <summary>Carries out the plan for all ranks in lock-step, and compares what each has at the end.</summary>
    static Action<IRing> Sums(params (int Length, int Ranks)[] cases) => answer =>
    {
        foreach (var (length, ranks) in cases)
        {
            var (parts, steps, data) = (Parts(answer, length, ranks), StepsOf(answer, ranks), Drawn(length, ranks));
            var expected = Library(data);
            var trace = new Trace(ranks);
            for (var step = 0; step < steps; step++)
            {
                var moves = Moves(answer, step, ranks);
                double[][] sent = [.. moves.Zip(data, (move, own) =>
                    own.AsSpan(parts[move.Sends].From, parts[move.Sends].Count).ToArray())];
                foreach (var (rank, move) in moves.Index())
                {
                    var (from, arrived) = (parts[move.Receives].From, sent[(rank + ranks - 1) % ranks]);
                    for (var i = 0; i < arrived.Length; i++)
                        data[rank][from + i] = arrived[i] + (move.Adds ? data[rank][from + i] : 0);
                }
                trace.Carry(moves, step);
            }
            foreach (var (rank, own) in data.Index())
                Expect.Same(own, expected, $"{Numbers(length, ranks)}: what rank {rank} has at the end", 1e-12,
                    trace.Reason(rank, steps));
        }
    };

    /// <summary>
    /// Whose numbers are in each part of each rank, and where they are first counted twice or lost. It explains wrong
    /// sums; it does not say which sums are wrong.
    /// </summary>
    sealed class Trace(int ranks)
    {
        readonly HashSet<int>[][] has = [.. Enumerable.Range(0, ranks).Select(rank =>
            Enumerable.Range(0, ranks).Select(_ => new HashSet<int> { rank }).ToArray())];
        string? fault;

        public void Carry(Move[] moves, int step)
        {
            HashSet<int>[] sent = [.. moves.Select((move, rank) => has[rank][move.Sends].ToHashSet())];
            foreach (var (rank, (_, part, adds)) in moves.Index())
            {
                var (own, arrived) = (has[rank][part], sent[(rank + ranks - 1) % ranks]);
                int[] wrong = [.. own.Where(source => arrived.Contains(source) == adds).Order()];
                if (wrong.Length > 0) fault ??= $"In step {step} rank {rank} " + (adds
                    ? $"adds to its part {part} what comes from {Ranks(wrong)}, which is there already. "
                    : $"replaces its part {part}, and what came from {Ranks(wrong)} is lost. ") + Advice(step, adds);
                if (!adds) own.Clear();
                own.UnionWith(arrived);
            }
        }

        string Advice(int step, bool adds) => (step < ranks - 1, adds) switch
        {
            (true, true) => "In the first round a rank sends on the part that it has just added to.",
            (true, false) => "In the first round, of ranks − 1 steps, what arrives is added to what is there.",
            (false, true) => "In the second round the parts that travel are whole sums, and take the place of what " +
                "is there.",
            (false, false) => "In the second round a rank sends a whole sum first: the part that it added to last.",
        };

        public string Reason(int rank, int steps)
        {
            if (fault is not null) return fault;
            var part = Array.FindIndex(has[rank], sources => sources.Count < ranks);
            return part < 0 ? "" : $"Its part {part} has only what came from {Ranks(has[rank][part].Order())}. " +
                (steps >= 2 * (ranks - 1) ? "In each step of a round a rank sends another part."
                : $"{Count(steps, "step")} cannot be enough: it takes ranks − 1 to sum a part, and as many to hand " +
                "the sum on to all others.");
        }

        static string Ranks(IEnumerable<int> ranks) => $"rank {string.Join(" and ", ranks)}";
    }

    protected override Step<IRing>[] Requirements =>
    [
        new("parts that divide evenly", Cut((4, 2), (6, 3), (8, 1))),
        new("parts with a remainder", Cut((7, 2), (10, 4), (1003, 8))),
        new("fewer numbers than ranks", Cut((2, 4), (0, 3))),
        new("as many numbers as a large network has", Cut((12_609_546, 256))),
        new("no more is sent than has to be", answer =>
        {
            for (var ranks = 1; ranks <= 8; ranks++) StepsOf(answer, ranks);
        }),
        new("one rank", Sums((5, 1))),
        new("two ranks", Sums((2, 2), (6, 2))),
        new("more ranks", Sums((3, 3), (12, 4), (20, 5))),
        new("any number of numbers", Sums((7, 3), (2, 4), (1003, 6), (0, 2))),
    ];

    protected override Mistake<IRing>[] WrongAnswers =>
    [
        new("drops the remainder", new Wrong { Cut = (n, p, i) => (i * (n / p), n / p) }, "a remainder is left"),
        new("leaves the remainder to the last part",
            new Wrong { Cut = (n, p, i) => (i * (n / p), i == p - 1 ? n - i * (n / p) : n / p) }, "may differ by one"),
        new("overflows", new Wrong { Cut = (n, p, i) => (n * i / p, n * (i + 1) / p - n * i / p) }, "with long"),
        new("a step too many", new Wrong { Count = ranks => 2 * ranks - 1 }, "no rank has to send more"),
        new("a step too few", new Wrong { Count = ranks => Math.Max(0, 2 * ranks - 3) }, "1 step cannot be enough"),
        new("replaces in the first round", new Wrong { Adds = (_, _) => false },
            "what came from rank 0 is lost. In the first round, of ranks − 1 steps, what arrives is added"),
        new("adds in the second round", new Wrong { Adds = (_, _) => true },
            "which is there already. In the second round the parts that travel are whole sums"),
        new("sends the same part all round", new Wrong { Sent = (step, rank, ranks) => rank - step / (ranks - 1) },
            "In the first round a rank sends on the part that it has just added to"),
        new("begins the second round as the first",
            new Wrong { Sent = (step, rank, ranks) => rank - step % (ranks - 1) },
            "In the second round a rank sends a whole sum first"),
        new("in the wrong direction", new Wrong { Sent = (step, rank, _) => rank + step, Source = 1 },
            "the other way around"),
        new("receives the part that it sends", new Wrong { Source = 0 }, "is what rank − 1 sends"),
        new("not modulo ranks", new Wrong { Around = false }, "In C#, -1 % 2 is -1"),
    ];

    sealed class Wrong : IRing
    {
        public Func<int, int, int, (int, int)> Cut { get; init; } =
            (n, p, i) => ((int)((long)n * i / p), (int)((long)n * (i + 1) / p) - (int)((long)n * i / p));
        public Func<int, int> Count { get; init; } = ranks => 2 * (ranks - 1);
        public Func<int, int, int, int> Sent { get; init; } = (step, rank, _) => rank - step;
        public int Source { get; init; } = -1;                      // from here to the rank whose part is received
        public Func<int, int, bool> Adds { get; init; } = (step, ranks) => step < ranks - 1;
        public bool Around { get; init; } = true;

        public (int From, int Count) Part(int length, int ranks, int part) => Cut(length, ranks, part);
        public int Steps(int ranks) => Count(ranks);

        public Move Step(int step, int rank, int ranks)
        {
            int Of(int rank) => Around ? (Sent(step, rank, ranks) + 2 * ranks) % ranks : Sent(step, rank, ranks);
            return new(Of(rank), Of(rank + Source), Adds(step, ranks));
        }
    }
}
