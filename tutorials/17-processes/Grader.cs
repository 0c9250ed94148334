using Tensorlet;

namespace Tutorials.Chapter17;

sealed class Grader : Exercise<ITogether>
{
    public override string Title => "Shares of the samples, and one network of several";

    public override IReadOnlyList<string> Hints =>
    [
        "Deal the samples like cards: the first to process 0, the next to process 1, and so on, and around again. " +
            "Who gets sample i?",
        "Sample i goes to process i % processes. A share is all i for which that is the rank, and no division can " +
            "drop a remainder.",
        "A process with twice as many samples counts twice as much: its copy is multiplied by its count, and the sum " +
            "is divided by all samples together.",
        "copies[r] * ((double)counts[r] / counts.Sum()), summed over r. Without the cast the quotient of two " +
            "integers is 0.",
    ];

    static Action<ITogether> Shares(params (int Samples, int Processes)[] cases) => answer =>
    {
        foreach (var (samples, processes) in cases)
        {
            var what = $"{samples} sample{(samples == 1 ? "" : "s")}, {processes} process" +
                $"{(processes == 1 ? "" : "es")}";
            var owner = new int?[samples];
            var sizes = new List<int>();
            for (var rank = 0; rank < processes; rank++)
            {
                var share = answer.Share(samples, processes, rank);
                Expect.That(share is not null, $"{what}: null came back for rank {rank}.");
                var shown = share!.Length <= 20 ? $" It is ({string.Join(", ", share)})." : "";
                foreach (var (i, sample) in share.Index())
                {
                    Expect.That(sample >= 0 && sample < samples,
                        $"{what}: the share of rank {rank} has {sample}; samples are 0 … {samples - 1}.{shown}");
                    Expect.That(owner[sample] is null, $"{what}: sample {sample} is in the share of rank " +
                        $"{owner[sample]} and in that of rank {rank}. Each sample occurs once.{shown}");
                    Expect.That(i == 0 || share[i - 1] < sample,
                        $"{what}: the share of rank {rank} does not ascend.{shown}");
                    owner[sample] = rank;
                }
                sizes.Add(share.Length);
            }
            var lost = Array.FindIndex(owner, rank => rank is null);
            Expect.That(lost < 0, $"{what}: sample {lost} is in no share. Where {samples} does not divide by " +
                $"{processes}, a remainder of samples is left that somebody has to take.");
            Expect.That(sizes.Max() - sizes.Min() <= 1, $"{what}: the shares have {string.Join(", ", sizes)} " +
                "samples. They may differ by one; who has more lets the others wait.");
        }
    };

    static Tensor Drawn(long seed, params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: new(seed));

    static Action<ITogether> Means(params int[][] cases) => answer =>
    {
        foreach (var counts in cases)
            foreach (var shape in new int[][] { [1], [2, 3] })
            {
                Tensor[] copies = [.. counts.Select((_, rank) => Drawn(rank + 1, shape))];
                var expected = new double[copies[0].Numel];
                foreach (var (copy, n) in copies.Zip(counts))
                    foreach (var (i, x) in copy.ToArray<double>().Index()) expected[i] += n * x / counts.Sum();
                var before = Array.ConvertAll(copies, copy => copy.Clone());
                var what = $"counts ({string.Join(", ", counts)}), parameters of shape {copies[0].Layout}";
                Expect.Same(answer.Average(copies, counts), Tensor.From(expected, shape), what, because:
                    $"Each copy counts as much as it has samples: Σ nᵣ·wᵣ / Σ nᵣ, where Σ nᵣ is {counts.Sum()}.");
                foreach (var (rank, copy) in copies.Index())
                    Expect.Same(copy, before[rank], $"{what}: copy {rank} after your method", 0,
                        "The copies are not to be changed.");
                var narrow = answer.Average(Array.ConvertAll(copies, copy => copy.To(DType.Float32)), counts);
                Expect.Same(narrow, Tensor.From(expected, shape), $"{what}, in Float32", 1e-5);
                Expect.Type(narrow, DType.Float32, what);
            }
    };

    protected override Step<ITogether>[] Requirements =>
    [
        new("shares that divide evenly", Shares((1, 1), (4, 2), (6, 3))),
        new("a remainder", Shares((3, 2), (7, 3), (10, 4))),
        new("shares of nearly one size", Shares((11, 4), (1003, 8))),
        new("fewer samples than processes", Shares((1, 2), (2, 4), (0, 3))),
        new("a mean of one, and of equals", Means([5], [2, 2], [3, 3, 3])),
        new("a mean of processes with different counts", Means([1, 3], [4, 2, 1], [100, 101])),
        new("a process without samples", Means([2, 0], [0, 1, 1])),
    ];

    protected override Mistake<ITogether>[] WrongAnswers =>
    [
        new("drops the remainder", new Wrong { Part = (n, p, r) => (r * (n / p), (r + 1) * (n / p)) }, "in no share"),
        new("overlaps", new Wrong { Part = (n, p, r) => (r * (n / p), r * (n / p) + (n + p - 1) / p) },
            "Each sample occurs once"),
        new("leaves the remainder to the last", new Wrong
        {
            Part = (n, p, r) => (r * (n / p), r == p - 1 ? n : (r + 1) * (n / p))
        }, "They may differ by one"),
        new("counts ranks from one", new Wrong { Part = (n, p, r) => ((r - 1) * (n / p), r * (n / p)) },
            "samples are 0"),
        new("a mean in which all count alike", new Wrong
        {
            Mean = (copies, _) => copies.Aggregate((a, b) => a + b) / copies.Length
        }, "as much as it has samples"),
        new("a sum", new Wrong { Mean = (copies, _) => copies.Aggregate((a, b) => a + b) }, "ratio 2"),
        new("a quotient of integers",
            new Wrong { Mean = (copies, n) => copies.Zip(n, (w, c) => w * (c / n.Sum())).Aggregate((a, b) => a + b) },
            "as much as it has samples"),
        new("adds into the first copy", new Wrong
        {
            Mean = (copies, n) =>
            {
                copies[0].Mul_((double)n[0] / n.Sum());
                for (var r = 1; r < n.Length; r++) copies[0].Add_(copies[r], (double)n[r] / n.Sum());
                return copies[0];
            }
        }, "not to be changed"),
    ];

    sealed class Wrong : ITogether
    {
        public Func<int, int, int, (int From, int To)> Part { get; init; } =
            (n, p, r) => ((int)((long)n * r / p), (int)((long)n * (r + 1) / p));
        public Func<Tensor[], int[], Tensor> Mean { get; init; } = (copies, n) =>
            copies.Zip(n, (w, c) => w * ((double)c / n.Sum())).Aggregate((a, b) => a + b);
        public int[] Share(int samples, int processes, int rank) => Part(samples, processes, rank) is var (from, to)
            ? [.. Enumerable.Range(from, Math.Max(0, to - from))] : [];
        public Tensor Average(Tensor[] copies, int[] counts) => Mean(copies, counts);
    }
}
