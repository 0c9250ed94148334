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
        "Heads: x.Narrow(-1, h * size, size) is the part of head h, where size is E / H. Attention of the parts is " +
            "what you have already, and Variable.Cat(…, -1) puts what they give side by side.",
    ];

    static Tensor Drawn(long seed, params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: new(seed));

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

    /// <summary>One head after another, each by loops; scaled for another size if one is given.</summary>
    static Tensor ByHeads(Tensor q, Tensor k, Tensor v, int heads, int? scaled = null)
    {
        var size = q.Size(2) / heads;
        q *= Math.Sqrt((double)size / (scaled ?? size));
        return Tensor.Cat([.. Enumerable.Range(0, heads).Select(h => h * size).Select(from =>
            Loops(q.Narrow(2, from, size), k.Narrow(2, from, size), v.Narrow(2, from, size)))], 2);
    }

    /// <summary>Heads whose numbers lie H apart.</summary>
    static Tensor Mixed(Tensor q, Tensor k, Tensor v, int heads)
    {
        Tensor Of(Tensor x) => Apart(x, heads).Data;
        return Apart(ByHeads(Of(q), Of(k), Of(v), heads), q.Size(2) / heads).Data;
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
        new("several heads", answer =>
        {
            foreach (var (n, l, e, heads) in new[] { (1, 3, 2, 1), (1, 3, 2, 2), (1, 4, 4, 2), (2, 4, 6, 3) })
            {
                Tensor q = Drawn(1, n, l, e), k = Drawn(2, n, l, e), v = Drawn(3, n, l, e);
                var yours = answer.Heads(q, k, v, heads)?.Data;
                var alike = yours?.Shape.SequenceEqual(q.Shape) == true ? yours : v;
                bool Is(Tensor other) => heads > 1 && (alike - other).ToArray<double>().All(x => Math.Abs(x) < 1e-9);
                Expect.Same(yours, ByHeads(q, k, v, heads), $"{Shape(n, l, e)}, {heads} heads", because:
                    Is(Loops(q, k, v)) ? "This is one head. Each head sees its own part of the last axis only."
                    : Is(ByHeads(q, k, v, heads, e)) ? "A head has E/H numbers: divide by their root."
                    : Is(Mixed(q, k, v, heads)) ? "A head's numbers lie side by side: h·E/H and those that follow."
                    : "Head h has the numbers h·E/H … (h + 1)·E/H − 1, and its part of the result is there as well.");
            }
        }),
        new("gradients of several heads", answer => Expect.Gradients(x => answer.Heads(x[0], x[1], x[2], 2),
            [Drawn(1, 1, 3, 4), Drawn(2, 1, 3, 4), Drawn(3, 1, 3, 4)], $"{Shape(1, 3, 4)}, 2 heads")),
    ];

    protected override Mistake<ICausal>[] WrongAnswers =>
    [
        new("a mask that is transposed", new Wrong { See = n => Solved(n).T.Clone() }, "rows and columns are swapped"),
        new("a mask without its diagonal", new Wrong { See = n => Solved(n) & !Tensor.Eye(n, dtype: DType.Bool) },
            "itself"),
        new("a diagonal that is hidden", new Wrong
        {
            Hide = (s, seen) => s.MaskedFill(!(seen & !Tensor.Eye(seen.Size(0), dtype: DType.Bool)),
                double.NegativeInfinity).Softmax(-1)
        }, "not a finite number"),
        new("a mask after the softmax", new Wrong { Hide = (s, seen) => s.Softmax(-1).MaskedFill(!seen, 0) },
            "applied before"),
        new("a softmax over the queries",
            new Wrong { Hide = (s, seen) => s.MaskedFill(!seen, double.NegativeInfinity).Softmax(-2) },
            "over the keys"),
        new("no mask", new Wrong { Hide = (s, _) => s.Softmax(-1) }, "may not see"),
        new("one head for all", new Wrong { Many = (a, q, k, v, _) => a.Attention(q, k, v) }, "This is one head"),
        new("heads scaled by all of E",
            new Wrong { Many = (a, q, k, v, heads) => Joined(a, q / Math.Sqrt(heads), k, v, heads) }, "E/H numbers"),
        new("heads whose numbers lie apart", new Wrong
        {
            Many = (a, q, k, v, heads) => Apart(Joined(a, Apart(q, heads), Apart(k, heads), Apart(v, heads), heads),
                q.Size(-1) / heads)
        }, "lie side by side"),
        new("no scale", new Wrong { Scale = _ => 1 }, "divided by 2"),
        new("a scale by E and not by its root", new Wrong { Scale = e => 1.0 / e }, "divided by 2"),
    ];

    static Variable Joined(Wrong answer, Variable q, Variable k, Variable v, int heads)
    {
        var size = q.Size(-1) / heads;
        Variable Part(Variable x, int h) => x.Narrow(-1, h * size, size);
        return Variable.Cat([.. Enumerable.Range(0, heads)
            .Select(h => answer.Attention(Part(q, h), Part(k, h), Part(v, h)))], -1);
    }

    /// <summary>The numbers of the last axis by what is left of their place when it is divided.</summary>
    static Variable Apart(Variable x, int by) =>
        x.Reshape(x.Size(0), x.Size(1), x.Size(2) / by, by).Transpose(2, 3).Reshape(x.Size());

    static Tensor Solved(int n) => F.Causal(n, n);

    sealed class Wrong : ICausal
    {
        public Func<int, Tensor> See { get; init; } = Solved;
        public Func<int, double> Scale { get; init; } = e => 1 / Math.Sqrt(e);
        public Func<Variable, Tensor, Variable> Hide { get; init; } =
            (scores, seen) => scores.MaskedFill(!seen, double.NegativeInfinity).Softmax(-1);
        public Func<Wrong, Variable, Variable, Variable, int, Variable> Many { get; init; } = Joined;
        public Tensor Mask(int n) => See(n);
        public Variable Heads(Variable q, Variable k, Variable v, int heads) => Many(this, q, k, v, heads);
        public Variable Attention(Variable q, Variable k, Variable v) =>
            Hide(q.MatMul(k.T) * Scale(q.Size(-1)), Solved(q.Size(1))).MatMul(v);
    }
}
