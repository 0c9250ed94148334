namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static IEnumerable<Op> Images() =>
    [
        Convolution("conv1d", 1, (v, p) => F.Conv1d(v[0], v[1], v[2], p.Stride[0], p.Padding[0], p.Dilation[0],
            p.Groups)),
        Convolution("conv2d", 2, (v, p) => F.Conv2d(v[0], v[1], v[2], Pair(p.Stride), Pair(p.Padding), Pair(p.Dilation),
            p.Groups)),
        Convolution("conv3d", 3, (v, p) => F.Conv3d(v[0], v[1], v[2], Triple(p.Stride), Triple(p.Padding),
            Triple(p.Dilation), p.Groups)),
        Convolution("conv2d, same", 2, (v, p) => F.Conv2d(v[0], v[1], v[2], 1, F.Same, Pair(p.Dilation), p.Groups),
            same: true),
        Transposed("conv transpose 1d", 1, (v, p, more) => F.ConvTranspose1d(v[0], v[1], v[2], p.Stride[0],
            p.Padding[0], more[0], p.Dilation[0], p.Groups)),
        Transposed("conv transpose 2d", 2, (v, p, more) => F.ConvTranspose2d(v[0], v[1], v[2], Pair(p.Stride),
            Pair(p.Padding), Pair(more), Pair(p.Dilation), p.Groups)),
        Transposed("conv transpose 3d", 3, (v, p, more) => F.ConvTranspose3d(v[0], v[1], v[2], Triple(p.Stride),
            Triple(p.Padding), Triple(more), Triple(p.Dilation), p.Groups)),
        Pool("max pool 1d", 1, (x, p) => F.MaxPool1d(x, p.Kernel[0], p.Stride[0], p.Padding[0], p.Dilation[0], p.Ceil),
            (inside, _) => inside.Max(), dilated: true),
        Pool("max pool", 2, (x, p) => F.MaxPool2d(x, Pair(p.Kernel), Pair(p.Stride), Pair(p.Padding), Pair(p.Dilation),
            p.Ceil), (inside, _) => inside.Max(), dilated: true),
        Pool("max pool 3d", 3, (x, p) => F.MaxPool3d(x, Triple(p.Kernel), Triple(p.Stride), Triple(p.Padding),
            Triple(p.Dilation), p.Ceil), (inside, _) => inside.Max(), dilated: true),
        Pool("average pool 1d", 1, (x, p) => F.AvgPool1d(x, p.Kernel[0], p.Stride[0], p.Padding[0], p.Ceil),
            (inside, counted) => inside.Sum() / counted),
        Pool("average pool", 2, (x, p) => F.AvgPool2d(x, Pair(p.Kernel), Pair(p.Stride), Pair(p.Padding), p.Ceil),
            (inside, counted) => inside.Sum() / counted),
        Pool("average pool, padding not counted", 2, (x, p) => F.AvgPool2d(x, Pair(p.Kernel), Pair(p.Stride),
            Pair(p.Padding), p.Ceil, countIncludePad: false), (inside, _) => inside.Average()),
        Pool("average pool 3d", 3, (x, p) => F.AvgPool3d(x, Triple(p.Kernel), Triple(p.Stride), Triple(p.Padding),
            p.Ceil), (inside, counted) => inside.Sum() / counted),
        Resized("adaptive average pool", F.AdaptiveAvgPool2d, (at, n, o) => Part(at, n, o).ToDictionary(i => i, _ =>
            1.0 / Part(at, n, o).Count())),
        AdaptiveMax("adaptive max pool", F.AdaptiveMaxPool2d),
        Resized("interpolate, nearest", (x, size) => F.Interpolate(x, size), (at, n, o) => new() { [at * n / o] = 1 }),
        Resized("interpolate, bilinear", (x, size) => F.Interpolate(x, size, InterpolateMode.Bilinear), (at, n, o) =>
            Between(Math.Max(0, (at + 0.5) * n / o - 0.5), n)),
        Resized("interpolate, corners aligned", (x, size) => F.Interpolate(x, size, InterpolateMode.Bilinear, true),
            (at, n, o) => Between(o == 1 ? 0 : at * (n - 1.0) / (o - 1), n)),
        Columns("unfold", fold: false),
        Columns("fold", fold: true),
        Pixels("pixel shuffle", F.PixelShuffle, apart: false),
        Pixels("pixel unshuffle", F.PixelUnshuffle, apart: true),
    ];

    /// <summary>Squares of r by r pixels, from as many channels, or split into them.</summary>
    static Op Pixels(string name, Func<Variable, int, Variable> f, bool apart) => new("images", name, d =>
    {
        int r = d.Int(1, 3), c = d.Int(1, 2), h = d.Int(0, 3), w = d.Int(1, 3);
        int[] n = [.. Each(d.Int(0, 2), _ => d.Int(1, 2))];
        int[] narrow = [.. n, c * r * r, h, w], wide = [.. n, c, h * r, w * r];
        int Channel(int i, int y, int x) => i * r * r + y % r * r + x % r;
        return apart ? Moved(x => f(x, r), d.Input(wide), narrow, i =>
                [.. i[..^3], i[^3] / (r * r), i[^2] * r + i[^3] / r % r, i[^1] * r + i[^3] % r])
            : Moved(x => f(x, r), d.Input(narrow), wide, i =>
                [.. i[..^3], Channel(i[^3], i[^2], i[^1]), i[^2] / r, i[^1] / r]);
    });

    static Op AdaptiveMax(string name, Func<Variable, Pair, Variable> f) => new("images", name, d =>
    {
        var x = d.Input([d.Int(1, 2), d.Int(1, 5), d.Int(1, 5)], Domain.Distinct);
        Pair size = (d.Int(1, 4), d.Int(1, 4));
        int[] shape = [x.Shape[0], size.H, size.W];
        return new(v => f(v[0], size), [x], shape, v => [.. Naive.Indices(shape).Select(i =>
            Part(i[1], x.Shape[1], size.H).SelectMany(_ => Part(i[2], x.Shape[2], size.W), (a, b) =>
            v[0][Naive.Place([i[0], a, b], x.Shape)]).Max())]);
    });

    sealed record Plan(int[] Kernel, int[] Stride, int[] Padding, int[] Dilation, int Groups, bool Ceil);

    static Pair Pair(int[] sizes) => (sizes[0], sizes[1]);
    static Triple Triple(int[] sizes) => (sizes[0], sizes[1], sizes[2]);
    static int[] Each(int axes, Func<int, int> size) => [.. Enumerable.Range(0, axes).Select(size)];

    static Plan DrawPlan(Draw d, int axes)
    {
        var kernel = Each(axes, _ => d.Int(1, 3));
        return new(kernel, Each(axes, _ => d.Int(1, 3)), Each(axes, a => d.Int(0, kernel[a] / 2)),
            Each(axes, _ => d.Int(1, 2)), d.Int(1, 2), d.Coin());
    }

    /// <summary>The element at a position along the axes of space; nothing outside.</summary>
    static double? At(double[] x, int[] shape, int[] leading, int[] place) =>
        place.Select((p, a) => p >= 0 && p < shape[leading.Length + a]).All(inside => inside)
            ? x[Naive.Place([.. leading, .. place], shape)] : null;

    static Op Convolution(string name, int axes, Func<Variable[], Plan, Variable> f, bool same = false) =>
        new("images", name, d =>
        {
            var p = DrawPlan(d, axes);
            var reach = Each(axes, a => p.Dilation[a] * (p.Kernel[a] - 1));
            if (same) p = p with { Stride = Each(axes, _ => 1), Padding = Each(axes, a => reach[a] / 2) };
            int c = p.Groups * d.Int(1, 2), o = p.Groups * d.Int(1, 2);
            int[] x = [d.Int(1, 2), c, .. Each(axes, a => reach[a] + d.Int(1, axes == 3 ? 2 : 4))],
                w = [o, c / p.Groups, .. p.Kernel];
            int[] shape = [x[0], o, .. Each(axes, a => same ? x[2 + a]
                : (x[2 + a] + 2 * p.Padding[a] - reach[a] - 1) / p.Stride[a] + 1)];
            return new(v => f(v, p), [d.Input(x), d.Input(w), d.Input([o])], shape, v =>
                [.. Naive.Indices(shape).Select(i => v[2][i[1]] + Naive.Indices(w[1..]).Sum(q =>
                    v[1][Naive.Place([i[1], .. q], w)] * (At(v[0], x, [i[0], i[1] / (o / p.Groups) * w[1] + q[0]],
                        Each(axes, a => i[2 + a] * p.Stride[a] - p.Padding[a] + q[1 + a] * p.Dilation[a])) ?? 0)))]);
        });

    static Op Transposed(string name, int axes, Func<Variable[], Plan, int[], Variable> f) => new("images", name, d =>
    {
        var p = DrawPlan(d, axes);
        var more = Each(axes, a => d.Int(0, Math.Max(p.Stride[a], p.Dilation[a]) - 1));
        int c = p.Groups * d.Int(1, 2), o = p.Groups * d.Int(1, 2);
        int[] x = [d.Int(1, 2), c, .. Each(axes, _ => d.Int(2, axes == 3 ? 2 : 4))], w = [c, o / p.Groups, .. p.Kernel];
        int[] shape = [x[0], o, .. Each(axes, a => (x[2 + a] - 1) * p.Stride[a] - 2 * p.Padding[a]
            + p.Dilation[a] * (p.Kernel[a] - 1) + more[a] + 1)];
        return new(v => f(v, p, more), [d.Input(x), d.Input(w), d.Input([o])], shape, v =>
        {
            double[] y = [.. Naive.Indices(shape).Select(i => v[2][i[1]])];
            foreach (var i in Naive.Indices(x))                     // each element is spread over its window
                foreach (var q in Naive.Indices(w[1..]))
                {
                    var to = Each(axes, a => i[2 + a] * p.Stride[a] - p.Padding[a] + q[1 + a] * p.Dilation[a]);
                    if (to.Where((t, a) => t < 0 || t >= shape[2 + a]).Any()) continue;
                    y[Naive.Place([i[0], i[1] / (c / p.Groups) * w[1] + q[0], .. to], shape)] +=
                        v[0][Naive.Place(i, x)] * v[1][Naive.Place([i[1], .. q], w)];
                }
            return y;
        });
    });

    /// <summary>The oracle gets the elements inside a window, and the number of positions including padding.</summary>
    static Op Pool(string name, int axes, Func<Variable, Plan, Variable> f, Func<double[], int, double> oracle,
        bool dilated = false) => new("images", name, d =>
    {
        var p = DrawPlan(d, axes);
        if (!dilated) p = p with { Dilation = Each(axes, _ => 1) };
        var reach = Each(axes, a => p.Dilation[a] * (p.Kernel[a] - 1) + 1);
        int[] x = [d.Int(1, 2), d.Int(1, 2), .. Each(axes, a => reach[a] + d.Int(0, axes == 3 ? 1 : 4))];
        int[] shape = [x[0], x[1], .. Each(axes, a =>
        {
            var room = x[2 + a] + 2 * p.Padding[a] - reach[a];
            var places = (p.Ceil ? (room + p.Stride[a] - 1) / p.Stride[a] : room / p.Stride[a]) + 1;
            return (places - 1) * p.Stride[a] >= x[2 + a] + p.Padding[a] ? places - 1 : places;
        })];
        return new(v => f(v[0], p), [d.Input(x, Domain.Distinct)], shape, v => [.. Naive.Indices(shape).Select(i =>
        {
            int[][] window = [.. Naive.Indices(p.Kernel).Select(q => Each(axes, a =>
                i[2 + a] * p.Stride[a] - p.Padding[a] + q[a] * p.Dilation[a]))];
            double[] inside = [.. window.Select(at => At(v[0], x, i[..2], at)).OfType<double>()];
            return oracle(inside, window.Count(at => at.Select((t, a) => t < x[2 + a] + p.Padding[a]).All(t => t)));
        })]);
    });

    static IEnumerable<int> Part(int at, int n, int parts)
    {
        int start = at * n / parts, end = (int)Math.Ceiling((at + 1.0) * n / parts);
        return Enumerable.Range(start, end - start);
    }

    static Dictionary<int, double> Between(double at, int n)
    {
        var first = (int)at;
        return first + 1 < n ? new() { [first] = 1 - (at - first), [first + 1] = at - first } : new() { [n - 1] = 1 };
    }

    /// <summary>Each pixel of the result is a sum of pixels, with weights for each axis.</summary>
    static Op Resized(string name, Func<Variable, Pair, Variable> f,
        Func<int, int, int, Dictionary<int, double>> weights) => new("images", name, d =>
        {
            var (x, size) = (d.Input([d.Int(1, 2), d.Int(1, 5), d.Int(1, 5)]), Pair([d.Int(1, 6), d.Int(1, 6)]));
            int[] shape = [x.Shape[0], size.H, size.W];
            return new(v => f(v[0], size), [x], shape, v => [.. Naive.Indices(shape).Select(i =>
                weights(i[1], x.Shape[1], size.H).Sum(a => weights(i[2], x.Shape[2], size.W).Sum(b =>
                a.Value * b.Value * v[0][Naive.Place([i[0], a.Key, b.Key], x.Shape)])))]);
        });

    static Op Columns(string name, bool fold) => new("images", name, d =>
    {
        var p = DrawPlan(d, 2);
        int[] x = [d.Int(1, 2), d.Int(1, 2), .. Each(2, a => p.Dilation[a] * (p.Kernel[a] - 1) + d.Int(1, 3))];
        var places = Each(2, a =>
            (x[2 + a] + 2 * p.Padding[a] - p.Dilation[a] * (p.Kernel[a] - 1) - 1) / p.Stride[a] + 1);
        int[] six = [x[0], x[1], .. p.Kernel, .. places],
            columns = [x[0], x[1] * p.Kernel[0] * p.Kernel[1], places[0] * places[1]];
        var (kernel, dilation, padding, stride) = (Pair(p.Kernel), Pair(p.Dilation), Pair(p.Padding), Pair(p.Stride));
        int[] From(int[] i) => Each(2, a => i[4 + a] * p.Stride[a] - p.Padding[a] + i[2 + a] * p.Dilation[a]);
        if (!fold) return new(v => F.Unfold(v[0], kernel, dilation, padding, stride), [d.Input(x)], columns, v =>
            [.. Naive.Indices(six).Select(i => At(v[0], x, i[..2], From(i)) ?? 0)]);
        return new(v => F.Fold(v[0], (x[2], x[3]), kernel, dilation, padding, stride), [d.Input(columns)], x, v =>
        {
            var y = new double[Naive.Count(x)];
            foreach (var (i, n) in Naive.Indices(six).Select((i, n) => (i, n)))
                if (At(y, x, i[..2], From(i)) is not null) y[Naive.Place([.. i[..2], .. From(i)], x)] += v[0][n];
            return y;
        });
    });
}
