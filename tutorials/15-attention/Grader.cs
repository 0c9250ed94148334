using Tensorlet;

namespace Tutorials.Chapter15;

sealed class Grader : Exercise<ICausal>
{
    public override string Title => "Causal attention";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.ScaledDotProductAttention", "MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer",
            "F.Causal"],
            "The attention of the engine is what is to be written."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Row i of the mask is about place i. It may see the columns 0 … i. The mask is a triangle with its diagonal.",
        "Tensor.Arange(n).Unsqueeze(1) is a column of places and Tensor.Arange(n) a row. Comparing them broadcasts.",
        "The weights of a place must add up to one over what it sees. So what it does not see must be gone before " +
            "the softmax: which score has the weight 0, whatever the others are?",
        "scores.MaskedFill(!Mask(n), double.NegativeInfinity).Softmax(-1), with scores Q·Kᵀ/√E; the last axis is " +
            "that of the keys.",
    ];

    static Tensor Drawn(ulong seed, params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: new(seed));

    static string Shape(int n, int l, int e) =>
        $"{n} text{(n == 1 ? "" : "s")} of {l} place{(l == 1 ? "" : "s")}, E = {e}";

    static readonly (int N, int L, int E)[] cases = [(1, 1, 1), (1, 2, 1), (1, 3, 4), (2, 4, 3)];

    /// <summary>By loops, one query after another.</summary>
    static Tensor Loops(Tensor q, Tensor k, Tensor v)
    {
        var (l, e) = (q.Size(1), q.Size(2));
        double[] queries = q.ToArray<double>(), keys = k.ToArray<double>(), values = v.ToArray<double>();
        var found = new double[q.Numel];
        for (var row = 0; row < q.Size(0) * l; row++)
        {
            int[] seen = [.. Enumerable.Range(row / l * l, row % l + 1)];
            double[] weights = [.. seen.Select(other => Math.Exp(Enumerable.Range(0, e)
                .Sum(i => queries[row * e + i] * keys[other * e + i]) / Math.Sqrt(e)))];
            foreach (var (other, weight) in seen.Zip(weights))
                for (var i = 0; i < e; i++) found[row * e + i] += weight / weights.Sum() * values[other * e + i];
        }
        return Tensor.From(found, q.Size());
    }

    protected override Step<ICausal>[] Requirements =>
    [
        new("the mask", answer =>
        {
            foreach (var n in new[] { 1, 2, 4 })
            {
                var expected = Tensor.Zeros([n, n], DType.Bool);
                for (var i = 0; i < n; i++) expected.Select(0, i).Narrow(0, 0, i + 1).Fill_(1);
                var yours = answer.Mask(n);
                Expect.SameMask(yours, expected, $"Mask({n})",
                    "1 stands for true. Place i (a row) sees places 0 … i (columns): itself, and what came before.");
                Expect.That(yours.DType == DType.Bool, $"Mask({n}): yours is of type {yours.DType}, expected Bool.");
            }
        }),
        new("a single place finds its own value", answer =>
        {
            var v = Drawn(3, 2, 1, 3);
            Expect.Same(answer.Attention(Drawn(1, 2, 1, 3), Drawn(2, 2, 1, 3), v)?.Data, v, Shape(2, 1, 3),
                because: "The only place sees itself, with weight 1, so the result is V.");
        }),
        new("the weights of each place add up to one", answer =>
        {
            foreach (var (n, l, e) in cases)
            {
                var ones = Tensor.Ones([n, l, e], DType.Float64);
                Expect.Same(answer.Attention(Drawn(1, n, l, e), Drawn(2, n, l, e), ones)?.Data, ones,
                    $"{Shape(n, l, e)}, all values 1", because: "A mean of ones is one. " +
                    "Is the softmax over the keys, the last axis? Is the mask applied before it?");
            }
        }),
        new("what comes later changes nothing", answer =>
        {
            foreach (var (n, l, e) in cases)
                for (var t = 0; t < l - 1; t++)
                {
                    Tensor[] given = [Drawn(1, n, l, e), Drawn(2, n, l, e), Drawn(3, n, l, e)];
                    var first = answer.Attention(given[0], given[1], given[2])?.Data;
                    foreach (var x in given) x.Narrow(1, t + 1, l - t - 1).Add_(1.5);
                    var then = answer.Attention(given[0], given[1], given[2])?.Data;
                    Expect.That(first is { Rank: 3 } && first.Size(1) == l && then is not null
                        && then.Shape.SequenceEqual(first.Shape),
                        $"{Shape(n, l, e)}: yours has shape {first?.Layout}.");
                    Expect.Same(then!.Narrow(1, 0, t + 1), first!.Narrow(1, 0, t + 1),
                        $"{Shape(n, l, e)}, places 0 … {t} after the later ones were changed",
                        because: "These places may not see what was changed.");
                }
        }),
        new("against loops", answer =>
        {
            foreach (var (n, l, e) in cases)
            {
                Tensor q = Drawn(1, n, l, e), k = Drawn(2, n, l, e), v = Drawn(3, n, l, e);
                Expect.Same(answer.Attention(q, k, v)?.Data, Loops(q, k, v), Shape(n, l, e), because:
                    $"Scores are Q·Kᵀ/√E, here divided by {Expect.Text(Math.Sqrt(e))}.");
            }
        }),
        new("gradients", answer => Expect.Gradients(x => answer.Attention(x[0], x[1], x[2]),
            [Drawn(1, 1, 3, 2), Drawn(2, 1, 3, 2), Drawn(3, 1, 3, 2)], Shape(1, 3, 2))),
    ];

    protected override Mistake<ICausal>[] WrongAnswers =>
    [
        new("a mask that is transposed", new Wrong { See = n => Solved(n).T.Clone() }, "rows and columns are swapped"),
        new("a mask without its diagonal", new Wrong { See = n => Solved(n) & !Tensor.Eye(n, type: DType.Bool) },
            "itself"),
        new("a diagonal that is hidden", new Wrong
        {
            Hide = (s, seen) => s.MaskedFill(!(seen & !Tensor.Eye(seen.Size(0), type: DType.Bool)),
                double.NegativeInfinity).Softmax(-1)
        }, "not a finite number"),
        new("a mask after the softmax", new Wrong { Hide = (s, seen) => s.Softmax(-1).MaskedFill(!seen, 0) },
            "applied before"),
        new("a softmax over the queries",
            new Wrong { Hide = (s, seen) => s.MaskedFill(!seen, double.NegativeInfinity).Softmax(-2) },
            "over the keys"),
        new("no mask", new Wrong { Hide = (s, _) => s.Softmax(-1) }, "may not see"),
        new("no scale", new Wrong { Scale = _ => 1 }, "divided by 2"),
        new("a scale by E and not by its root", new Wrong { Scale = e => 1.0 / e }, "divided by 2"),
    ];

    static Tensor Solved(int n) => F.Causal(n, n);

    sealed class Wrong : ICausal
    {
        public Func<int, Tensor> See { get; init; } = Solved;
        public Func<int, double> Scale { get; init; } = e => 1 / Math.Sqrt(e);
        public Func<Variable, Tensor, Variable> Hide { get; init; } =
            (scores, seen) => scores.MaskedFill(!seen, double.NegativeInfinity).Softmax(-1);
        public Tensor Mask(int n) => See(n);
        public Variable Attention(Variable q, Variable k, Variable v) =>
            Hide(q.MatMul(k.T) * Scale(q.Size(-1)), Solved(q.Size(1))).MatMul(v);
    }
}
