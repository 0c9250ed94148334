using System.Diagnostics;
using Tensorlet;
using static Tensorlet.Variable;

namespace Tutorials.Chapter12;

sealed class Grader : Exercise<IConvolutionGradients>
{
    public override string Title => "Convolution backward";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.Conv1d", "F.Conv2d", "F.Conv3d", "F.ConvTranspose1d", "F.ConvTranspose2d", "Conv1d", "Conv2d", "Conv3d",
            "ConvTranspose1d", "ConvTranspose2d", "F.Unfold", "F.Fold", "Variable.Unfold"],
            "The convolutions of the engine, and how it unfolds images, are what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Start from y[n,o,i,j] = b[o] + Σ w[o,c,k,l]·x[n,c,i+k,j+l]. The gradient by one number is the sum, over all " +
            "y in which it occurs, of what it was multiplied with, times dy there. Which indices does that leave " +
            "to sum over for b, which for w?",
        "For fixed k and l the elements of x that meet w[o,c,k,l] are one slice, " +
            "x[.., .., k..(k + OH), l..(l + OW)]. So go through k and l by two loops, and do " +
            "all the rest at once by Variable.Einsum(…).Data.",
        "By filters: the slice (N, C, OH, OW) and dy (N, O, OH, OW) give (O, C) by \"ncij,noij->oc\". By input: " +
            "the same slice of dx gets what \"oc,noij->ncij\" gives for w[.., .., k, l] and dy, added to what is " +
            "there.",
        "A slice is a view, so dx[.., .., k..(k + OH), l..(l + OW)].Add_(…) writes into dx, which begins as " +
            "Tensor.Zeros([N, C, OH + KH - 1, OW + KW - 1], dy.DType).",
        "Stride and padding: put x into the middle of zeros, (N, C, H + 2·P, W + 2·P), and take every S-th row and " +
            "column: Slice(2, k, k + S·(OH − 1) + 1, S). By input, add into such zeros, and cut the padding off at " +
            "the end.",
    ];

    /// <summary>All sizes of a case.</summary>
    sealed record Sizes(int N, int C, int O, int H, int W, int KH, int KW, int S = 1, int P = 0)
    {
        public int OH => (H + 2 * P - KH) / S + 1;
        public int OW => (W + 2 * P - KW) / S + 1;
        public int[] X => [N, C, H, W];
        public int[] Filters => [O, C, KH, KW];
        public int[] Y => [N, O, OH, OW];
        public override string ToString() =>
            $"x ({string.Join(", ", X)}), w ({string.Join(", ", Filters)}), dy ({string.Join(", ", Y)})" +
            (S == 1 && P == 0 ? "" : $", stride {S}, padding {P}");
    }

    /// <summary>1, 2, 3, …, so that a small case can be followed by hand; or random numbers.</summary>
    static Tensor Numbers(int[] shape, long seed, bool counted) => counted
        ? Tensor.Arange(1, 1 + shape.Aggregate(1, (a, b) => a * b), dtype: DType.Float64).Reshape(shape)
        : Tensor.Randn(shape, DType.Float64, generator: new(seed));

    /// <summary>The definition read backward, product by product. A turned filter is w[o,c,KH−1−k,KW−1−l].</summary>
    static (Tensor Input, Tensor Filters, Tensor Bias) Definition(
        Tensor images, Tensor filters, Tensor gradient, bool turned = false, int stride = 1, int padding = 0)
    {
        var (x, w, g) = (images.ToArray<double>(), filters.ToArray<double>(), gradient.ToArray<double>());
        var s = new Sizes(images.Size(0), images.Size(1), filters.Size(0), images.Size(2), images.Size(3),
            filters.Size(2), filters.Size(3), stride, padding);
        var (dx, dw, db) = (new double[x.Length], new double[w.Length], new double[s.O]);
        var at = 0;
        for (var n = 0; n < s.N; n++)
            for (var o = 0; o < s.O; o++)
                for (var i = 0; i < s.OH; i++)
                    for (var j = 0; j < s.OW; j++, at++)
                    {
                        db[o] += g[at];
                        for (var c = 0; c < s.C; c++)
                            for (var k = 0; k < s.KH; k++)
                                for (var l = 0; l < s.KW; l++)
                                {
                                    var (y, z) = (s.S * i + k - s.P, s.S * j + l - s.P);
                                    if (y < 0 || y >= s.H || z < 0 || z >= s.W) continue;
                                    var pixel = ((n * s.C + c) * s.H + y) * s.W + z;
                                    var (row, column) = turned ? (s.KH - 1 - k, s.KW - 1 - l) : (k, l);
                                    var weight = ((o * s.C + c) * s.KH + row) * s.KW + column;
                                    dx[pixel] += w[weight] * g[at];
                                    dw[weight] += x[pixel] * g[at];
                                }
                    }
        return (Tensor.From(dx, s.X), Tensor.From(dw, s.Filters), Tensor.From(db));
    }

    static bool Alike(Tensor? a, Tensor b) => a is not null && a.Shape.SequenceEqual(b.Shape)
        && a.ToArray<double>().Zip(b.ToArray<double>(), (u, v) => Math.Abs(u - v) <= 1e-9).All(near => near);

    static Action<IConvolutionGradients> Bias(params Sizes[] cases) => answer =>
    {
        foreach (var s in cases)
        {
            var dy = Numbers(s.Y, 1, s.N == 1);
            Expect.Same(answer.ByBias(dy), dy.Sum([0, 2, 3]), $"ByBias, dy {dy.Layout}", 1e-9,
                "b[o] was added at every place of result o in every sample: a sum over N, OH and OW, not a mean, " +
                "which leaves (O).");
        }
    };

    static Action<IConvolutionGradients> Filters(string because, params Sizes[] cases) => answer =>
    {
        foreach (var s in cases)
        {
            var (x, w, dy) = (Numbers(s.X, 1, s.C * s.N == 1), Numbers(s.Filters, 2, true),
                Numbers(s.Y, 3, s.C * s.N == 1));
            var (yours, right) = (answer.ByFilters(x, dy), Definition(x, w, dy).Filters);
            var first = Definition(x[..1], w, dy[..1]).Filters;
            Expect.That(s.N == 1 || !Alike(yours, first), $"ByFilters, {s}: this is the gradient of the first sample " +
                "alone. The filters were used in every sample: the gradient is summed over the samples.");
            Expect.That(!Alike(yours, Definition(x, w, dy, turned: true).Filters) || Alike(yours, right),
                $"ByFilters, {s}: every filter's gradient is turned by 180°. w[o,c,k,l] meets x[n,c,i+k,j+l], so " +
                "there is nothing to flip here.");
            Expect.Same(yours, right, $"ByFilters, {s}", 1e-9, because);
        }
    };

    static Action<IConvolutionGradients> Input(string because, params Sizes[] cases) => answer =>
    {
        foreach (var s in cases)
        {
            var (w, dy) = (Numbers(s.Filters, 2, s.C * s.N == 1), Numbers(s.Y, 3, s.C * s.N == 1));
            var (yours, right) = (answer.ByInput(w, dy), Definition(Tensor.Zeros(s.X, DType.Float64), w, dy).Input);
            var turned = Definition(Tensor.Zeros(s.X, DType.Float64), w, dy, turned: true).Input;
            Expect.That(!Alike(yours, turned) || Alike(yours, right), $"ByInput, {s}: this is what filters turned by " +
                "180° would give. Where slices of dx are added to, the filter stays as it is; where windows of a " +
                "padded dy are contracted, it has to be flipped along both axes of space.");
            Expect.Same(yours, right, $"ByInput, {s}", 1e-9, because);
        }
    };

    static Action<IConvolutionGradients> Strided(params Sizes[] cases) => answer =>
    {
        foreach (var s in cases)
        {
            var (x, w, dy) = (Numbers(s.X, 1, false), Numbers(s.Filters, 2, false), Numbers(s.Y, 3, false));
            var (dx, dw, _) = Definition(x, w, dy, stride: s.S, padding: s.P);
            Expect.Same(answer.ByFilters(x, dy, s.S, s.P), dw, $"ByFilters, {s}", 1e-9, "w[o,c,k,l] met every S-th " +
                "pixel from (k, l) on, of the image with P rows and columns of zeros on each side.");
            var yours = answer.ByInput(w, dy, s.S, s.P);
            Expect.That(s.P == 0 || yours is not { Rank: 4 } || yours.Size(2) != s.H + 2 * s.P,
                $"ByInput, {s}: the padding is still there. It is no part of the images: cut it off.");
            Expect.Same(yours, dx, $"ByInput, {s}", 1e-9, "What dy[i, j] gives goes to pixel (S·i+k−P, S·j+l−P).");
        }
    };

    /// <summary>A convolution whose backward asks the answer.</summary>
    sealed class Convolution(IConvolutionGradients answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(A, B); return F.Conv2d(A.Data, B.Data, Input(2).Data).Data; }
        protected override Tensor[] Backward(Tensor dy) =>
            [answer.ByInput(B.Data, dy), answer.ByFilters(A.Data, dy), answer.ByBias(dy)];
    }

    static void Adjoint(IConvolutionGradients answer)
    {
        var s = new Sizes(2, 3, 4, 6, 5, 3, 2);
        var (x, w, dy) = (Numbers(s.X, 1, false), Numbers(s.Filters, 2, false), Numbers(s.Y, 3, false));
        var y = F.Conv2d(x, w).Data;
        double Dot(Tensor? a, Tensor b, string name)
        {
            Expect.That(a is not null && a.Shape.SequenceEqual(b.Shape), $"{name}, {s}: yours has shape " +
                $"{a?.Layout.ToString() ?? "(null)"}, expected {b.Layout}.");
            return (a! * b).Sum().Item();
        }
        var expected = Dot(dy, y, "conv");
        Expect.Same([Dot(answer.ByInput(w, dy), x, "ByInput")], [expected],
            $"Σ ByInput(w, dy)·x against Σ dy·conv(x, w), {s}", 1e-9,
            "A convolution is linear in x, and its gradient by x is the adjoint: both sums are the same.");
        Expect.Same([Dot(answer.ByFilters(x, dy), w, "ByFilters")], [expected],
            $"Σ ByFilters(x, dy)·w against Σ dy·conv(x, w), {s}", 1e-9,
            "A convolution is linear in w, and its gradient by w is the adjoint: both sums are the same.");
    }

    static void Numeric(IConvolutionGradients answer)
    {
        var s = new Sizes(2, 2, 3, 4, 5, 2, 3);
        Expect.Gradients(v => new Convolution(answer).Apply(v[0], v[1], v[2]),
            [Numbers(s.X, 1, false), Numbers(s.Filters, 2, false), Numbers([s.O], 3, false)],
            $"x, w and b against numeric gradients, {s}");
    }

    static void Views(IConvolutionGradients answer)
    {
        var s = new Sizes(2, 3, 4, 5, 6, 2, 3);
        var x = Numbers([s.W, s.H, s.C, s.N], 1, false).Permute(3, 2, 1, 0);
        var w = Numbers([s.KH, s.KW, s.C, s.O], 2, false).Permute(3, 2, 0, 1);
        var dy = Tensor.Ones([1, 1, 1, 1], DType.Float64).Expand(s.Y);
        var (before, (dx, dw, db)) = ((X: x.Clone(), W: w.Clone()), Definition(x, w, dy));
        const string Lies = "These operands are views: permuted ones, and a dy of which all elements are one number " +
            "in memory, as Sum().Backward() makes it.";
        Expect.Same(answer.ByBias(dy), db, $"ByBias, {s}", 1e-9, Lies);
        Expect.Same(answer.ByFilters(x, dy), dw, $"ByFilters, {s}", 1e-9, Lies);
        Expect.Same(answer.ByInput(w, dy), dx, $"ByInput, {s}", 1e-9, Lies);
        Expect.That(Alike(x, before.X) && Alike(w, before.W) && Alike(dy, Tensor.OnesLike(dy)),
            $"{s}: x, w or dy is another afterwards. They belong to the tape: write to tensors of your own only.");
    }

    const double Most = 3;              // seconds

    static string Slow(Sizes s, double seconds) => $"The second layer of LeNet, {s}: yours is right, and too slow: " +
        $"it takes about {seconds:0} s, and a training does that hundreds of times. Is an element at a time taken by " +
        "Item() or an index? Each makes a tensor. Loop over k and l only, and leave the rest to slices and Einsum.";

    static void Fast(IConvolutionGradients answer)
    {
        var all = new Sizes(64, 6, 16, 14, 14, 5, 5);
        var few = InTime(answer, all with { N = 1 });       // so that what is slow does not run for minutes
        Expect.That(few * all.N < 5 * Most, Slow(all, few * all.N));
        var seconds = InTime(answer, all);
        Expect.That(seconds < Most, Slow(all, seconds));
    }

    /// <summary>Holds the gradients in Float32 against the engine's, and says how long they took.</summary>
    static double InTime(IConvolutionGradients answer, Sizes s)
    {
        var x = new Variable(Tensor.Randn(s.X, generator: new(1)), requiresGrad: true);
        var w = new Variable(Tensor.Randn(s.Filters, generator: new(2)), requiresGrad: true);
        var (y, dy) = (F.Conv2d(x, w), Tensor.Randn(s.Y, generator: new(3)));
        y.Backward(dy);
        var watch = Stopwatch.StartNew();
        var (dx, dw) = (answer.ByInput(w.Data, dy), answer.ByFilters(x.Data, dy));
        var seconds = watch.Elapsed.TotalSeconds;
        Expect.Same(dx, x.Grad!.Data, $"ByInput in Float32, {s}", 1e-3);
        Expect.Same(dw, w.Grad!.Data, $"ByFilters in Float32, {s}", 1e-2);
        Expect.That(dx.DType == DType.Float32 && dw.DType == DType.Float32,
            $"Float32 operands: yours came back as " +
            $"{dx.DType} and {dw.DType}. Make dx and dw with the type of dy.");
        return seconds;
    }

    protected override Step<IConvolutionGradients>[] Requirements =>
    [
        new("the gradient by the bias", Bias(new(1, 1, 1, 3, 3, 2, 2), new(2, 1, 3, 3, 4, 2, 2))),
        new("by the filters, one channel and one filter", Filters(
            "w[0,0,k,l] was multiplied with the slice of x that begins at (k, l) and is as large as dy.",
            new(1, 1, 1, 2, 2, 1, 1), new(1, 1, 1, 3, 3, 2, 2), new(1, 1, 1, 3, 5, 1, 2))),
        new("by the filters, all axes", Filters(
            "Filters are (O, C, KH, KW): the axis of dy's channels first. They were used in every sample, so the " +
            "gradient is summed over the samples.",
            new(1, 2, 3, 3, 3, 2, 2), new(2, 2, 3, 3, 3, 2, 2), new(2, 3, 2, 5, 4, 3, 2))),
        new("by the input, one channel and one filter", Input(
            "Pixel (i+k, j+l) was multiplied with w[0,0,k,l] for the result at (i, j), and gets that back from each " +
            "window that it was in.",
            new(1, 1, 1, 2, 2, 1, 1), new(1, 1, 1, 3, 3, 2, 2), new(1, 1, 1, 3, 5, 1, 2))),
        new("by the input, all axes", Input(
            "Each input channel gets the sum over all filters, and each sample has its own.",
            new(1, 2, 3, 3, 3, 2, 2), new(2, 3, 2, 5, 4, 3, 2))),
        new("a stride", Strided(new(1, 1, 1, 5, 5, 3, 3, 2), new(2, 3, 2, 7, 6, 3, 2, 2), new(1, 2, 3, 7, 7, 1, 1, 3))),
        new("padding, and both", Strided(new(1, 1, 1, 3, 3, 3, 3, 1, 1), new(2, 2, 3, 4, 5, 3, 2, 1, 2),
            new(2, 3, 2, 5, 7, 3, 3, 2, 1))),
        new("gradients are adjoints", Adjoint),
        new("numeric gradients, and operands that are views", answer => { Numeric(answer); Views(answer); }),
        new("the second layer of LeNet, in time", Fast),
    ];

    protected override Mistake<IConvolutionGradients>[] WrongAnswers =>
    [
        new("a mean for the bias", new Wrong { Bias = dy => dy.Mean([0, 2, 3]) }, "not a mean"),
        new("a bias gradient that keeps the samples", new Wrong { Bias = dy => dy.Sum([2, 3]) }, "which leaves (O)"),
        new("the filters' gradient of one sample", new Wrong
        { Filters = (x, dy) => Right.Filters(x[..1], dy[..1]) }, "first sample alone"),
        new("the filters' gradient as a mean over samples", new Wrong
        { Filters = (x, dy) => Right.Filters(x, dy) / x.Size(0) }, "Every number is 0.5 times the right one"),
        new("channels and filters swapped", new Wrong
        { Filters = (x, dy) => Right.Filters(x, dy).Transpose(0, 1) }, "Filters are (O, C, KH, KW)"),
        new("the filters' gradient turned", new Wrong
        { Filters = (x, dy) => Right.Filters(x, dy).Flip(2, 3) }, "nothing to flip here"),
        new("filters turned for the input", new Wrong
        { Input = (w, dy) => Right.Input(w.Flip(2, 3), dy) }, "turned by 180°"),
        new("no stride by input", new Wrong { Strides = false }, "yours has shape"),
        new("padding that is not cut off", new Wrong { Cuts = false }, "the padding is still there"),
        new("right, and element by element", new Wrong { Filters = ElementByElement }, "yours is right, and too slow"),
        new("the gradient in its windows' first corner", new Wrong
        { Input = (w, dy) => F.Pad(Einsum("ockl,noij->ncij", w, dy), [0, w.Size(3) - 1, 0, w.Size(2) - 1]).Data },
            "each window that it was in"),
    ];

    static Tensor ElementByElement(Tensor x, Tensor dy)
    {
        var dw = Tensor.Zeros(
            [dy.Size(1), x.Size(1), x.Size(2) - dy.Size(2) + 1, x.Size(3) - dy.Size(3) + 1], dy.DType);
        for (var o = 0; o < dw.Size(0); o++)
            for (var c = 0; c < dw.Size(1); c++)
                for (var k = 0; k < dw.Size(2); k++)
                    for (var l = 0; l < dw.Size(3); l++)
                    {
                        var sum = 0.0;
                        for (var n = 0; n < dy.Size(0); n++)
                            for (var i = 0; i < dy.Size(2); i++)
                                for (var j = 0; j < dy.Size(3); j++)
                                    sum += x[n, c, k + i, l + j].Item() * dy[n, o, i, j].Item();
                        dw[o, c, k, l] = Tensor.Scalar(sum, dw.DType);
                    }
        return dw;
    }

    /// <summary>Right answers, to be made wrong: by the engine.</summary>
    static class Right
    {
        public static Tensor Filters(Tensor x, Tensor dy) =>
            F.Conv2d(x.Transpose(0, 1), dy.Transpose(0, 1)).Data.Transpose(0, 1);
        public static Tensor Strided(Tensor x, Tensor dy, int stride, int padding)
        {
            int Size(int axis) => x.Size(axis) + 2 * padding - stride * (dy.Size(axis) - 1);
            var w = new Variable(Tensor.Zeros([dy.Size(1), x.Size(1), Size(2), Size(3)], x.DType), true);
            F.Conv2d(x, w, stride: stride, padding: padding).Backward(dy);
            return w.Grad!.Data;
        }
        public static Tensor Input(Tensor w, Tensor dy) => F.ConvTranspose2d(dy, w).Data;
    }

    sealed class Wrong : IConvolutionGradients
    {
        public Func<Tensor, Tensor> Bias { get; init; } = dy => dy.Sum([0, 2, 3]);
        public Func<Tensor, Tensor, Tensor> Filters { get; init; } = Right.Filters;
        public Func<Tensor, Tensor, Tensor> Input { get; init; } = Right.Input;
        public Tensor ByBias(Tensor dy) => Bias(dy);
        public bool Strides { get; init; } = true;
        public bool Cuts { get; init; } = true;
        public Tensor ByFilters(Tensor x, Tensor dy, int stride, int padding) => (stride, padding) == (1, 0)
            ? Filters(x, dy) : Right.Strided(x, dy, stride, padding);
        public Tensor ByInput(Tensor w, Tensor dy, int stride, int padding) => (stride, padding) == (1, 0) || !Strides
            ? Input(w, dy) : F.ConvTranspose2d(dy, w, stride: stride, padding: Cuts ? padding : 0).Data;
    }
}
