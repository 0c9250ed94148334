using Tensorlet;

namespace Tutorials.Chapter09;

sealed class Grader : Exercise<IMaxPool>
{
    public override string Title => "Max pooling, and where its gradient goes";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.MaxPool2d", "MaxPool2d", "F.MaxPool1d", "MaxPool1d", "F.AdaptiveMaxPool2d", "AdaptiveMaxPool2d"],
            "Max pooling is what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Both methods need the same thing: for each window, which of its four elements is the largest. Write that " +
            "once, as a place in x.ToArray<double>().",
        "Element (i, j) of image m, where m counts samples and channels together, is at (m·H + i)·W + j. The window " +
            "of result (i, j) begins at (2·i, 2·j), and there are H/2 by W/2 of them in whole numbers.",
        "Begin with the first of the four and go on to another one only if it is larger: then the first of equal " +
            "ones stays. NaN is larger than nothing and smaller than nothing, so ask for it by double.IsNaN.",
        "Backward: an array of zeros as long as x; for each window += dy at the place that was picked. Then " +
            "Tensor.From(array, x.Size()).To(x.DType).",
    ];

    const double NaN = double.NaN, Low = double.NegativeInfinity;

    static Tensor Image(double[,] pixels) =>
        Tensor.From(pixels).Reshape(1, 1, pixels.GetLength(0), pixels.GetLength(1));

    static string Show(Tensor x) => x.Numel > 36 ? $"x {x.Layout}" : $"x {x.Layout} = [" + string.Join(" | ",
        x.ToArray<double>().Chunk(x.Size(3)).Select(row => string.Join(" ", row.Select(Expect.Text)))) + "]";

    /// <summary>The places and values that each window picks, by plain loops.</summary>
    static (double[] Values, int[] Places, int[] Shape) Definition(Tensor x)
    {
        var (pixels, h, w) = (x.ToArray<double>(), x.Size(2), x.Size(3));
        List<int> places = [];
        for (var m = 0; m < x.Size(0) * x.Size(1); m++)
            for (var i = 0; i + 1 < h; i += 2)
                for (var j = 0; j + 1 < w; j += 2)
                {
                    var at = (m * h + i) * w + j;
                    int[] four = [at, at + 1, at + w, at + w + 1];
                    var nan = four.Where(p => double.IsNaN(pixels[p])).ToArray();
                    places.Add(nan.Length > 0 ? nan[0] : four.First(p => pixels[p] == four.Max(q => pixels[q])));
                }
        return ([.. places.Select(p => pixels[p])], [.. places], [x.Size(0), x.Size(1), h / 2, w / 2]);
    }

    static Action<IMaxPool> Forward(params (Tensor X, string Because)[] cases) => answer =>
    {
        foreach (var (x, because) in cases)
        {
            var (values, _, shape) = Definition(x);
            var before = x.Clone();
            Expect.Same(answer.Forward(x), Tensor.From(values, shape), $"Forward, {Show(before)}", because: because);
            Expect.Unchanged($"Forward, {Show(before)},", ("x", x, before));
        }
    };

    static Action<IMaxPool> Backward(params (Tensor X, string Because)[] cases) => answer =>
    {
        foreach (var (x, because) in cases)
        {
            var (values, places, shape) = Definition(x);
            var dy = Tensor.Arange(1, 1 + values.Length, dtype: DType.Float64).Reshape(shape);
            var expected = new double[x.Numel];
            for (var i = 0; i < places.Length; i++) expected[places[i]] = i + 1;
            var (image, gradient) = (x.Clone(), dy.Clone());
            Expect.Same(answer.Backward(image, gradient), Tensor.From(expected, x.Size()),
                $"Backward, {Show(x)}, dy 1, 2, …", because: because);
            Expect.Unchanged($"Backward, {Show(x)},", ("x", image, x), ("dy", gradient, dy));
        }
    };

    /// <summary>Max pooling by the answer, on the tape.</summary>
    sealed class Pool(IMaxPool answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(X); return answer.Forward(X.Data); }
        protected override Tensor[] Backward(Tensor dy) => [answer.Backward(X.Data, dy)];
    }

    static void Engine(IMaxPool answer)
    {
        var random = Tensor.Randn([2, 3, 5, 4], DType.Float64, generator: new(1));
        Expect.Gradients(v => new Pool(answer).Apply(v[0]), [random], "numeric gradients, x (2, 3, 5, 4)");
        var x = new Variable(Tensor.RandInt(0, 3, [3, 2, 6, 7], generator: new(2)).To(DType.Float32)
            .Permute(1, 0, 3, 2), requiresGrad: true);
        var (before, y) = (x.Data.Clone(), F.MaxPool2d(x, 2));
        y.Sum().Backward();
        var (yours, gradient) = (answer.Forward(x.Data), answer.Backward(x.Data, Tensor.Ones(1).Expand(y.Size())));
        var what = $"x {x.Data.Layout}, a view of Float32 with many ties";
        Expect.Same(yours, y.Data, $"Forward, {what}");
        Expect.Same(gradient, x.Grad!.Data, $"Backward, {what}");
        Expect.That(yours.DType == DType.Float32 && gradient.DType == DType.Float32,
            $"{what}: yours are {yours.DType} and {gradient.DType}. Results have the type of x.");
        Expect.Same(x.Data, before, $"x afterwards, {what}", because: "x belongs to the tape: do not write to it.");
    }

    protected override Step<IMaxPool>[] Requirements =>
    [
        new("the largest of a window", Forward(
            (Image(new[,] { { 1.0, 2 }, { 4, 3 } }), "One window, and its largest is 4."),
            (Image(new[,] { { 1.0, 2, 5, 6 }, { 3, 4, 7, 8 }, { 9, 0, 1, 1 }, { 0, 0, 1, 2 } }),
                "Windows lie side by side: the second one begins two columns further."))),
        new("negative numbers", Forward(
            (Image(new[,] { { -4.0, -2 }, { -3, -5 } }), "The largest of negative numbers is negative: begin with " +
                "the first element, not with 0."),
            (Image(new[,] { { Low, Low }, { Low, Low } }), "The largest of four −∞ is −∞."))),
        new("samples and channels", Forward(
            (Tensor.Arange(24, DType.Float64).Reshape(2, 3, 2, 2),
                "Each sample and each channel has windows of its own."),
            (Tensor.Randn([2, 3, 4, 6], DType.Float64, generator: new(1)), "Each sample and channel by itself."))),
        new("odd sizes", Forward(
            (Image(new[,] { { 1.0, 2, 9 }, { 3, 4, 9 } }), "The last column is left out: sizes are rounded down."),
            (Image(new[,] { { 1.0, 2 }, { 3, 4 }, { 9, 9 } }), "The last row is left out: sizes are rounded down."),
            (Tensor.Randn([2, 2, 5, 7], DType.Float64, generator: new(2)), "Sizes are rounded down."))),
        new("NaN", Forward(
            (Image(new[,] { { NaN, 2 }, { 4, 3 } }), "A window with a NaN gives NaN, or nobody sees what broke."),
            (Image(new[,] { { 1, 2 }, { NaN, 3 } }), "A window with a NaN gives NaN, or nobody sees what broke."))),
        new("the gradient goes to the largest", Backward(
            (Image(new[,] { { 1.0, 2 }, { 4, 3 } }), "The others did not change the result: they get 0."),
            (Image(new[,] { { 1.0, 2, 5, 6 }, { 3, 4, 8, 7 } }), "Each window gives its own gradient to its largest."),
            (Tensor.Randn([2, 3, 4, 6], DType.Float64, generator: new(3)), "Each sample and channel by itself."))),
        new("ties, odd sizes and NaN", Backward(
            (Image(new[,] { { 1.0, 7 }, { 7, 0 } }), "Of equal ones the first, row by row, gets the whole gradient."),
            (Image(new[,] { { 0.0, 0 }, { 0, 0 } }), "Of equal ones the first, row by row, gets the whole gradient."),
            (Image(new[,] { { 1.0, 2, 9 }, { 3, 4, 9 }, { 9, 9, 9 } }),
                "The last row and column were in no window: they get 0."),
            (Image(new[,] { { 5, NaN }, { NaN, 6 } }), "The first NaN is what Forward took."))),
        new("as the engine, on a tape", Engine),
    ];

    protected override Mistake<IMaxPool>[] WrongAnswers =>
    [
        new("begins with 0", new Wrong { Start = _ => 0 }, "not with 0"),
        new("drops NaN", new Wrong { Larger = (a, b) => a > b || double.IsNaN(b) }, "gives NaN"),
        new("the last of equal ones", new Wrong { Larger = (a, b) => a >= b || double.IsNaN(a) },
            "the first, row by row"),
        new("the gradient to all ties", new Wrong { Share = _ => 1 }, "gets the whole gradient"),
        new("the gradient shared among ties", new Wrong { Share = ties => 1.0 / ties }, "gets the whole gradient"),
        new("keeps what is left over", new Wrong { Ceiling = true }, "rounded down"),
    ];

    /// <summary>Pooling with a mistake.</summary>
    sealed class Wrong : IMaxPool
    {
        public Func<double, double> Start { get; init; } = first => first;
        public Func<double, double, bool> Larger { get; init; } = (a, b) => a > b || double.IsNaN(a);
        public Func<int, double>? Share { get; init; }
        public bool Ceiling { get; init; }

        public Tensor Forward(Tensor x) => Ceiling ? F.MaxPool2d(x, 2, ceilMode: true).Data
            : Tensor.From([.. Windows(x).Select(w => w.Best)], [x.Size(0), x.Size(1), x.Size(2) / 2, x.Size(3) / 2]);

        public Tensor Backward(Tensor x, Tensor dy)
        {
            var (pixels, gradient, dx) = (x.ToArray<double>(), dy.ToArray<double>(), new double[x.Numel]);
            foreach (var (i, (four, best)) in Windows(x).Index())
            {
                var ties = four.Where(p => pixels[p].Equals(best)).ToArray();
                if (Share is null) dx[four.Aggregate((a, b) => Larger(pixels[b], pixels[a]) ? b : a)] += gradient[i];
                else foreach (var p in ties) dx[p] += gradient[i] * Share(ties.Length);
            }
            return Tensor.From(dx, x.Size());
        }

        IEnumerable<(int[] Four, double Best)> Windows(Tensor x)
        {
            var (pixels, h, w) = (x.ToArray<double>(), x.Size(2), x.Size(3));
            for (var m = 0; m < x.Size(0) * x.Size(1); m++)
                for (var i = 0; i < h / 2 * 2; i += 2)
                    for (var at = (m * h + i) * w; at < (m * h + i) * w + w / 2 * 2; at += 2)
                    {
                        int[] four = [at, at + 1, at + w, at + w + 1];
                        var best = Start(pixels[at]);
                        foreach (var p in four) if (Larger(pixels[p], best)) best = pixels[p];
                        yield return (four, best);
                    }
        }
    }
}
