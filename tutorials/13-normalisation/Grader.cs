using Tensorlet;

namespace Tutorials.Chapter13;

sealed class Grader : Exercise<IBatchNorm>
{
    public override string Title => "The backward of batch normalisation";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "F.InstanceNorm", "InstanceNorm1d",
            "InstanceNorm2d", "F.LayerNorm", "LayerNorm", "F.GroupNorm", "GroupNorm"],
            "The normalisations of the engine are what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "y = γ·x̂ + β, and β and γ were used once for each sample. What happens to the gradient of what is used " +
            "several times? Mind the axis: the samples are axis 0.",
        "Write a method of your own that gives x̂ and √(σ² + ε). Dgamma and Dx both need it.",
        "μ and σ² depend on every x of the column. If all of a column grow alike, y stays, so the gradient of a " +
            "column adds up to 0. What has to be taken off dy so that it does?",
        "The same holds along x̂: if a column is stretched, y stays (but for ε). So dx = γ/√(σ² + ε) times " +
            "(dy − mean of dy − x̂ · mean of dy·x̂), both means over axis 0.",
    ];

    /// <summary>Plain loops over columns, with a switch for each thing that may be wrong.</summary>
    sealed record Written(bool Mean = true, bool Variance = true, bool Unbiased = false, bool Gamma = true,
        bool ByRows = false, bool Epsilon = true, bool Averages = false, bool Sums = false, bool OneMean = false,
        bool Raw = false, bool Centred = false, bool EpsilonOutside = false, bool Root = true, bool Sign = false)
        : IBatchNorm
    {
        (double[] XHat, double Root) Column(double[] x, double eps)
        {
            var mean = x.Average();
            var variance = x.Sum(a => (a - mean) * (a - mean)) / (Unbiased ? x.Length - 1 : x.Length);
            var root = EpsilonOutside ? Math.Sqrt(variance) + eps : variance + (Epsilon ? eps : 0);
            if (Root && !EpsilonOutside) root = Math.Sqrt(root);
            return ([.. x.Select(a => (a - mean) / root)], root);
        }

        static double[] Of(Tensor x, int column) => x.Select(1, column).ToArray<double>();

        Tensor Joined(IEnumerable<double[]> columns) =>
            Tensor.Stack([.. columns.Select(column => Tensor.From(column))], 1);

        double Fold(IEnumerable<double> x) => Averages ? x.Average() : x.Sum();

        public Tensor Dbeta(Tensor dy) =>
            Tensor.From([.. Enumerable.Range(0, dy.Size(1)).Select(c => Fold(Of(dy, c)))]);

        public Tensor Dgamma(Tensor x, Tensor dy, double eps) => Tensor.From([.. Enumerable.Range(0, dy.Size(1)).Select(
            c => Fold((Raw ? Of(x, c) : Centred ? Of(x - x.Mean([0]), c) : Column(Of(x, c), eps).XHat)
                .Zip(Of(dy, c), (a, b) => a * b)))]);

        public Tensor Dx(Tensor x, Tensor gamma, Tensor dy, double eps)
        {
            if (ByRows) return new Written().Dx(x.T, Tensor.Ones([x.Size(0)], DType.Float64), dy.T, eps).T * gamma;
            return Joined(Enumerable.Range(0, x.Size(1)).Select(c =>
            {
                var ((xHat, root), d, factor) = (Column(Of(x, c), eps), Of(dy, c), Gamma ? gamma[c].Item() : 1);
                var scale = Sums ? d.Length : 1;
                var first = !Mean ? 0 : OneMean ? dy.Mean().Item() : d.Average();
                var second = !Variance ? 0 : OneMean ? (dy * Forward(x, Tensor.OnesLike(gamma), eps)).Mean().Item()
                    : d.Zip(xHat, (a, b) => a * b).Average();
                return d.Zip(xHat, (a, b) => factor / root * (a - scale * first - (Sign ? -1 : 1) * b * scale * second))
                    .ToArray();
            }));
        }

        /// <summary>The forward, γ·x̂.</summary>
        public Tensor Forward(Tensor x, Tensor gamma, double eps) =>
            Joined(Enumerable.Range(0, x.Size(1)).Select(c => Column(Of(x, c), eps).XHat)) * gamma;
    }

    /// <summary>The gradient by x from differences of the forward, in plain loops.</summary>
    static Tensor Numeric(Tensor x, Tensor gamma, Tensor dy, double eps)
    {
        double Value(double[] at) =>
            (new Written().Forward(Tensor.From(at, x.Size()), gamma, eps) * dy).Sum().Item();
        var (at, h) = (x.ToArray<double>(), 1e-5);
        return Tensor.From([.. at.Select((a, i) =>
        {
            double Moved(double by) => Value([.. at.Select((b, j) => i == j ? b + by : b)]);
            return (Moved(h) - Moved(-h)) / (2 * h);
        })], x.Size());
    }

    static Tensor Drawn(long seed, params int[] shape) =>
        Tensor.Randn(shape, DType.Float64, generator: new(seed)) * 2 + 1;

    static readonly (Written Wrong, string Words)[] known =
    [
        (new(Mean: false, Variance: false), "Mean and variance depend on x as well, so x reaches y by three ways."),
        (new(Variance: false), "The way by the variance is missing."),
        (new(Mean: false), "The way by the mean is missing."),
        (new(Unbiased: true), "The variance in the output is the sum of squares over N, not over N − 1."),
        (new(Gamma: false), "γ is missing: y = γ·x̂ + β, so each column of dx has γ as a factor."),
        (new(ByRows: true), "A channel is a column: mean and variance are taken over axis 0, the samples."),
        (new(Epsilon: false), "ε is missing below the root."),
        (new(Averages: true), "It is a sum over the samples, and not their mean."),
        (new(Sums: true), "Of dy, and of dy·x̂, the means are taken off, and not the sums."),
        (new(OneMean: true), "Each column has means of its own: Mean([0]), and not Mean()."),
        (new(Raw: true), "This is Σ dy·x. What γ was multiplied with is x̂, which is centred and divided by the root."),
        (new(Centred: true), "This is Σ dy·(x − μ): x̂ is divided by √(σ² + ε) as well."),
        (new(EpsilonOutside: true), "ε belongs below the root: √(σ² + ε), and not √σ² + ε."),
        (new(Root: false), "The root is missing: x̂ = (x − μ)/√(σ² + ε)."),
        (new(Sign: true), "The way by the variance has the wrong sign: x̂ · mean of dy·x̂ goes off."),
    ];

    static void Compare(Tensor? yours, Tensor expected, string what, Func<IBatchNorm, Tensor> compute)
    {
        var comparable = yours?.Shape.SequenceEqual(expected.Shape) == true;
        bool Near(Tensor a, Tensor b) => a.ToArray<double>().Zip(b.ToArray<double>()).All(pair =>
            Math.Abs(pair.First - pair.Second) < 1e-9);
        var because = comparable ? known.FirstOrDefault(k => Near(compute(k.Wrong), yours!)
            && !Near(compute(k.Wrong), compute(new Written()))).Words ?? "" : "";
        Expect.Same(yours, expected, what, tolerance: 1e-6, because: because);
    }

    static Action<IBatchNorm> Inputs(string what, int n, int c, bool scaled = false, double eps = 1e-5) => answer =>
    {
        var (x, dy) = (Drawn(1, n, c), Drawn(2, n, c));
        var gamma = scaled ? Drawn(3, c) : Tensor.Ones([c], DType.Float64);
        Tensor[] given = [x.Clone(), gamma.Clone(), dy.Clone()];
        Compare(answer.Dx(given[0], given[1], given[2], eps), Numeric(x, gamma, dy, eps),
            $"dx of x {x.Layout}, {what}", other => other.Dx(x, gamma, dy, eps));
        Expect.Unchanged($"dx of x {x.Layout}", ("x", given[0], x), ("gamma", given[1], gamma), ("dy", given[2], dy));
    };

    static Action<IBatchNorm> Scales(int n, int c, double eps = 1e-5) => answer =>
    {
        var (x, dy) = (Drawn(1, n, c), Drawn(2, n, c));
        var (given, gradient) = (x.Clone(), dy.Clone());
        Compare(answer.Dgamma(given, gradient, eps), new Written().Dgamma(x, dy, eps),
            $"dgamma of x {x.Layout}, ε = {Expect.Text(eps)}", other => other.Dgamma(x, dy, eps));
        Expect.Unchanged($"dgamma of x {x.Layout}", ("x", given, x), ("dy", gradient, dy));
    };

    static Action<IBatchNorm> Shifts(int n, int c) => answer =>
    {
        var dy = Drawn(2, n, c);
        Compare(answer.Dbeta(dy.Clone()), new Written().Dbeta(dy), $"dbeta of dy {dy.Layout}",
            other => other.Dbeta(dy));
    };

    /// <summary>Batch normalisation with the answer's backward.</summary>
    sealed class Normalised(IBatchNorm answer, double eps) : OnceDifferentiable
    {
        protected override Tensor Forward()
        {
            Save(X, Input(1));
            return F.BatchNorm(X.Data, null, null, Input(1).Data, Input(2).Data, training: true, eps: eps).Data;
        }

        protected override Tensor[] Backward(Tensor dy) =>
            [answer.Dx(X.Data, Input(1).Data, dy, eps), answer.Dgamma(X.Data, dy, eps), answer.Dbeta(dy)];
    }

    protected override Step<IBatchNorm>[] Requirements =>
    [
        new("the gradient by beta", Shifts(2, 1) + Shifts(4, 3)),
        new("the gradient by gamma", Scales(3, 1) + Scales(4, 4) + Scales(4, 3, eps: 0.5)),
        new("the gradient by x: one column, gamma is 1", Inputs("γ = 1", 3, 1)),
        new("several columns, each by itself", Inputs("γ = 1", 4, 4) + Inputs("γ = 1", 5, 3)),
        new("gamma as a factor", Inputs("γ of its own for each column", 4, 3, scaled: true)),
        new("an epsilon that counts", Inputs("ε = 0.5", 4, 3, scaled: true, eps: 0.5)),
        new("all three in the engine's gradient check", answer => Expect.Gradients(
            inputs => new Normalised(answer, 1e-5).Apply(inputs), [Drawn(1, 6, 2), Drawn(3, 2), Drawn(4, 2)],
            "BatchNorm of (6, 2)")),
        new("Float32 stays Float32", answer =>
        {
            Tensor x = Drawn(1, 6, 2), gamma = Drawn(3, 2), dy = Drawn(2, 6, 2);
            Tensor Narrow(Tensor y) => y.To(DType.Float32);
            foreach (var (name, yours, right) in new (string, Tensor?, Tensor)[]
            {
                ("dbeta", answer.Dbeta(Narrow(dy)), new Written().Dbeta(dy)),
                ("dgamma", answer.Dgamma(Narrow(x), Narrow(dy), 1e-5), new Written().Dgamma(x, dy, 1e-5)),
                ("dx", answer.Dx(Narrow(x), Narrow(gamma), Narrow(dy), 1e-5), new Written().Dx(x, gamma, dy, 1e-5)),
            })
            {
                Expect.Same(yours, right, $"{name} in Float32", 1e-3);
                Expect.Type(yours!, DType.Float32, name);
            }
        }),
    ];

    protected override Mistake<IBatchNorm>[] WrongAnswers =>
    [
        new("mean and variance as constants", new Written(Mean: false, Variance: false), "by three ways"),
        new("the variance as a constant", new Written(Variance: false), "by the variance is missing"),
        new("the unbiased variance", new Written(Unbiased: true), "not over N − 1"),
        new("no gamma", new Written(Gamma: false), "γ is missing"),
        new("means over the wrong axis", new Written(ByRows: true), "over axis 0"),
        new("no epsilon", new Written(Epsilon: false), "ε is missing"),
        new("means for sums", new Written(Averages: true), "not their mean"),
        new("sums for means", new Written(Sums: true), "and not the sums"),
        new("one mean for all columns", new Written(OneMean: true), "means of its own"),
        new("dgamma of x itself", new Written(Raw: true), "This is Σ dy·x."),
        new("dgamma of x that is only centred", new Written(Centred: true), "divided by √(σ² + ε) as well"),
        new("an epsilon outside of the root", new Written(EpsilonOutside: true), "below the root"),
    ];
}
