using Tensorlet.Nn;

namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static IEnumerable<Op> Layers() => ((IEnumerable<Op>)[.. Activations(), .. Normalizations(),
        new("layers", "Linear", d =>
        {
            int n = d.Int(1, 3), k = d.Int(1, 4), m = d.Int(1, 4);
            return new(v => new Nn.Linear(k, m).With(v[1], v[2]).Call(v[0]), [d.Input([n, k]), d.Input([m, k]),
                d.Input([m])], [n, m], v => [.. Rows(v[0], n).SelectMany(x => Affine(x, v[1], v[2]))]);
        }),
        new("layers", "Embedding", d =>
        {
            int n = d.Int(1, 4), k = d.Int(1, 3), padding = d.Int(0, n - 1);
            long[] at = [.. Enumerable.Range(0, 5).Select(_ => (long)d.Int(0, n - 1)).Where(i => i != padding)];
            return new(v => new Embedding(n, k, padding).With(v[0]).Call(Tensor.From(at, device: v[0].Device)),
                [d.Input([n, k])], [at.Length, k], v => [.. at.SelectMany(i => Rows(v[0], n)[i])]);
        }),
        Bag("EmbeddingBag", (at, table, offsets, mode, padding) =>
            new EmbeddingBag(table.Size(0), table.Size(1), mode, padding).With(table) is var bag && offsets is null
                ? bag.Call(at) : bag.Call(at, offsets!)),
        TwoForms("Bilinear", v =>
            new Bilinear(v[0].Size(-1), v[1].Size(-1), v[2].Size(0)).With(v[2..]).Call(v[0], v[1])),
        Shaped("Flatten", (d, x) => Same(v => new Flatten().Call(v), x, [x.Shape[0], Naive.Count(x.Shape[1..])]), 2),
        Shaped("Unflatten", (d, x) =>
            Same(v => new Unflatten(0, -1, 1).Call(v), x, [x.Shape[0], 1, .. x.Shape[1..]]), 1, 1),
        Shaped("Identity", (d, x) => Same(v => new Identity().Call(v), x, x.Shape)),
        Shaped("Dropout, evaluating", (d, x) => Same(v => new Dropout().Eval().Call(v), x, x.Shape)),
        Shaped("Dropout2d, evaluating", (d, x) => Same(v => new Dropout2d().Eval().Call(v), x, x.Shape), 2),
        Shaped("Dropout1d, evaluating", (d, x) => Same(v => new Dropout1d().Eval().Call(v), x, x.Shape), 2),
        Shaped("Dropout3d, evaluating", (d, x) => Same(v => new Dropout3d().Eval().Call(v), x, x.Shape), 2),
        Convolution("Conv1d", 1, (v, p) => new Conv1d(v[0].Size(1), v[1].Size(0), p.Kernel[0], p.Stride[0],
            p.Padding[0], p.Dilation[0], p.Groups).With(v[1..]).Call(v[0])),
        Convolution("Conv2d", 2, (v, p) => new Conv2d(v[0].Size(1), v[1].Size(0), Pair(p.Kernel), Pair(p.Stride),
            Pair(p.Padding), Pair(p.Dilation), p.Groups).With(v[1..]).Call(v[0])),
        Convolution("Conv2d, same", 2, (v, p) => new Conv2d(v[0].Size(1), v[1].Size(0), Pair(p.Kernel), 1, F.Same,
            Pair(p.Dilation), p.Groups).With(v[1..]).Call(v[0]), same: true),
        Convolution("Conv3d", 3, (v, p) => new Conv3d(v[0].Size(1), v[1].Size(0), Triple(p.Kernel), Triple(p.Stride),
            Triple(p.Padding), Triple(p.Dilation), p.Groups).With(v[1..]).Call(v[0])),
        Transposed("ConvTranspose1d", 1, (v, p, more) => new ConvTranspose1d(v[0].Size(1), v[1].Size(1) * p.Groups,
            p.Kernel[0], p.Stride[0], p.Padding[0], more[0], p.Groups, true, p.Dilation[0]).With(v[1..]).Call(v[0])),
        Transposed("ConvTranspose2d", 2, (v, p, more) => new ConvTranspose2d(v[0].Size(1), v[1].Size(1) * p.Groups,
            Pair(p.Kernel), Pair(p.Stride), Pair(p.Padding), Pair(more), p.Groups, true, Pair(p.Dilation))
            .With(v[1..]).Call(v[0])),
        Transposed("ConvTranspose3d", 3, (v, p, more) => new ConvTranspose3d(v[0].Size(1), v[1].Size(1) * p.Groups,
            Triple(p.Kernel), Triple(p.Stride), Triple(p.Padding), Triple(more), p.Groups, true, Triple(p.Dilation))
            .With(v[1..]).Call(v[0])),
        new("layers", "Conv1d, circular", d =>
        {
            int[] x = [d.Int(1, 2), d.Int(1, 2), d.Int(2, 4)], w = [d.Int(1, 2), x[1], 3], shape = [x[0], w[0], x[2]];
            return new(v => new Conv1d(x[1], w[0], 3, padding: 1, paddingMode: PadMode.Circular).With(v[1..])
                .Call(v[0]), [d.Input(x), d.Input(w), d.Input([w[0]])], shape, v => [.. Naive.Indices(shape).Select(i =>
                    v[2][i[1]] + Naive.Indices(w[1..]).Sum(q => v[1][Naive.Place([i[1], .. q], w)] *
                    v[0][Naive.Place([i[0], q[0], (i[2] + q[1] - 1 + x[2]) % x[2]], x)]))]);
        }),
        Pool("MaxPool1d", 1, (x, p) => new MaxPool1d(p.Kernel[0], p.Stride[0], p.Padding[0], p.Dilation[0], p.Ceil)
            .Call(x), (inside, _) => inside.Max(), dilated: true),
        Pool("MaxPool2d", 2, (x, p) => new MaxPool2d(Pair(p.Kernel), Pair(p.Stride), Pair(p.Padding), Pair(p.Dilation),
            p.Ceil).Call(x), (inside, _) => inside.Max(), dilated: true),
        Pool("MaxPool3d", 3, (x, p) => new MaxPool3d(Triple(p.Kernel), Triple(p.Stride), Triple(p.Padding),
            Triple(p.Dilation), p.Ceil).Call(x), (inside, _) => inside.Max(), dilated: true),
        Pool("AvgPool1d", 1, (x, p) => new AvgPool1d(p.Kernel[0], p.Stride[0], p.Padding[0], p.Ceil).Call(x),
            (inside, counted) => inside.Sum() / counted),
        Pool("AvgPool2d", 2, (x, p) => new AvgPool2d(Pair(p.Kernel), Pair(p.Stride), Pair(p.Padding), p.Ceil, false)
            .Call(x), (inside, _) => inside.Average()),
        Pool("AvgPool3d", 3, (x, p) => new AvgPool3d(Triple(p.Kernel), Triple(p.Stride), Triple(p.Padding), p.Ceil,
            false).Call(x), (inside, _) => inside.Average()),
        Pixels("PixelShuffle", (x, r) => new PixelShuffle(r).Call(x), apart: false),
        Pixels("PixelUnshuffle", (x, r) => new PixelUnshuffle(r).Call(x), apart: true),
        Resized("AdaptiveAvgPool2d", (x, size) => new AdaptiveAvgPool2d(size).Call(x), (at, n, o) =>
            Part(at, n, o).ToDictionary(i => i, _ => 1.0 / Part(at, n, o).Count())),
        AdaptiveMax("AdaptiveMaxPool2d", (x, size) => new AdaptiveMaxPool2d(size).Call(x)),
        Resized("Upsample", (x, size) => new Upsample(size).Call(x), (at, n, o) => new() { [at * n / o] = 1 }),
        Resized("Upsample, bilinear", (x, size) => new Upsample(size, mode: InterpolateMode.Bilinear).Call(x),
            (at, n, o) => Between(Math.Max(0, (at + 0.5) * n / o - 0.5), n)),
        Around("ConstantPad1d", 1, p => new ConstantPad1d(p, 7), (i, n) => i < 0 || i >= n ? -1 : i),
        Around("ConstantPad2d", 2, p => new ConstantPad2d(p, 7), (i, n) => i < 0 || i >= n ? -1 : i),
        Around("ZeroPad2d", 2, p => new ZeroPad2d(p), (i, n) => i < 0 || i >= n ? -1 : i, 0),
        Around("ReflectionPad1d", 1, p => new ReflectionPad1d(p), (i, n) => i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
        Around("ReflectionPad2d", 2, p => new ReflectionPad2d(p), (i, n) => i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
        Around("ReplicationPad1d", 1, p => new ReplicationPad1d(p), (i, n) => Math.Clamp(i, 0, n - 1)),
        Around("ReplicationPad2d", 2, p => new ReplicationPad2d(p), (i, n) => Math.Clamp(i, 0, n - 1)),
        Around("CircularPad1d", 1, p => new CircularPad1d(p), (i, n) => (i + n) % n),
        Around("CircularPad2d", 2, p => new CircularPad2d(p), (i, n) => (i + n) % n),
        new("layers", "Linear, by weight norm", d =>
        {
            int n = d.Int(1, 3), k = d.Int(1, 4), m = d.Int(1, 4);
            var module = Utils.WeightNorm(new Nn.Linear(k, m, bias: false));
            return new(v => Utils.WeightNorm(new Nn.Linear(k, m, bias: false)).With(v[1].Reshape(m, 1), v[2])
                .Call(v[0]), [d.Input([n, k]), d.Input([m], Domain.Positive), d.Input([m, k])], [n, m], v =>
                [.. Rows(v[0], n).SelectMany(x => Rows(v[2], m).Select((w, i) =>
                    v[1][i] * Dot(x, w) / Math.Sqrt(Dot(w, w))))]);
        }),
    ]).Select(op => op with { Family = "layers" }).Concat(Sequences().Select(op => op with { Family = "sequences" }));

    /// <summary>Bags of one size, or one after another; with a row that does not count, or without.</summary>
    static Op Bag(string name, Func<Tensor, Variable, Tensor?, BagMode, int?, Variable> f) => new("indexing", name, d =>
    {
        int rows = d.Int(1, 5), n = d.Int(1, 3), size = d.Int(0, 3);
        var (mode, apart, x) = ((BagMode)d.Int(0, 2), d.Coin(), d.Input([rows, d.Int(1, 3)], Domain.Distinct));
        int? padding = d.Coin() ? d.Int(0, rows - 1) : null;
        var bags = Each(n, _ => apart ? d.Int(0, 3) : size).Select(length =>
            Each(length, _ => d.Int(0, rows - 1)).Select(i => (long)i).ToArray()).ToArray();
        long[] offsets = [.. bags.Select((_, i) => bags[..i].Sum(bag => (long)bag.Length))];
        return new(v => f(Tensor.From([.. bags.SelectMany(bag => bag)], apart ? [-1] : [n, size], DType.Int64,
            v[0].Device), v[0], apart ? Tensor.From(offsets, device: v[0].Device) : null, mode, padding), [x],
            [n, x.Shape[1]], v => [.. bags.SelectMany(bag => Enumerable.Range(0, x.Shape[1]).Select(column =>
            {
                double[] all = [.. bag.Where(i => i != padding).Select(i => v[0][i * x.Shape[1] + column])];
                return all.Length == 0 ? 0 : mode == BagMode.Max ? all.Max() : mode == BagMode.Sum ? all.Sum()
                    : all.Average();
            }))]);
    });

    /// <summary>Σ x·W·y + b of the rows of two inputs.</summary>
    static Op TwoForms(string name, Func<Variable[], Variable> f) => new("products", name, d =>
    {
        int[] n = [.. Each(d.Int(0, 2), _ => d.Int(1, 2))];
        int a = d.Int(1, 3), b = d.Int(1, 3), o = d.Int(1, 3);
        return new(f, [d.Input([.. n, a]), d.Input([.. n, b]), d.Input([o, a, b]), d.Input([o])], [.. n, o], v =>
            [.. Naive.Indices([.. n, o]).Select((i, at) => v[3][i[^1]] + Naive.Indices([a, b]).Sum(k =>
                v[0][at / o * a + k[0]] * v[2][Naive.Place([i[^1], .. k], [o, a, b])] * v[1][at / o * b + k[1]]))]);
    });

    static Op Around(string name, int axes, Func<int[], Module> layer, Func<int, int, int> from, double value = 7) =>
        new("layers", name, d =>
        {
            int[] x = [1, d.Int(1, 2), .. Each(axes, _ => d.Int(3, 4))];
            var p = Each(2 * axes, _ => d.Int(0, 2));
            int[] shape = [1, x[1], .. Each(axes, a => x[2 + a] + p[^(2 * a + 2)] + p[^(2 * a + 1)])];
            return new(v => layer(p).Call(v[0]), [d.Input(x)], shape, v => [.. Naive.Indices(shape).Select(i =>
                Each(axes, a => from(i[2 + a] - p[^(2 * a + 2)], x[2 + a])) is var at && at.Min() >= 0
                    ? v[0][Naive.Place([0, i[1], .. at], x)] : value)]);
        });

    static IEnumerable<Op> Activations() =>
    [
        Unary("ReLU", x => new ReLU().Call(x), x => Math.Max(x, 0)),
        Unary("ReLU6", x => new ReLU6().Call(x * 4), x => Math.Clamp(4 * x, 0, 6)),
        Unary("Tanh", x => new Nn.Tanh().Call(x), Math.Tanh),
        Unary("Sigmoid", x => new Nn.Sigmoid().Call(x), Sigma),
        Unary("LogSigmoid", x => new LogSigmoid().Call(x), x => Math.Log(Sigma(x))),
        Unary("SiLU", x => new SiLU().Call(x), x => x * Sigma(x)),
        Unary("Mish", x => new Mish().Call(x), x => x * Math.Tanh(Math.Log(1 + Math.Exp(x)))),
        Unary("Softsign", x => new Softsign().Call(x), x => x / (1 + Math.Abs(x))),
        Unary("Tanhshrink", x => new Tanhshrink().Call(x), x => x - Math.Tanh(x)),
        Unary("Hardsigmoid", x => new Hardsigmoid().Call(x * 2), x => Math.Clamp(2 * x + 3, 0, 6) / 6),
        Unary("Hardswish", x => new Hardswish().Call(x * 2), x => 2 * x * Math.Clamp(2 * x + 3, 0, 6) / 6),
        Unary("SELU", x => new SELU().Call(x), x =>
            1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1))),
        Unary("ELU", x => new ELU(1.5).Call(x), x => x > 0 ? x : 1.5 * (Math.Exp(x) - 1)),
        Unary("CELU", x => new CELU(0.5).Call(x), x => x > 0 ? x : 0.5 * (Math.Exp(2 * x) - 1)),
        Unary("GELU", x => new GELU().Call(x), x => x * Normal(x)),
        Unary("LeakyReLU", x => new LeakyReLU(0.2).Call(x), x => x > 0 ? x : 0.2 * x),
        Unary("Softplus", x => new Nn.Softplus(2).Call(x), x => Math.Log(1 + Math.Exp(2 * x)) / 2),
        Unary("Softshrink", x => new Softshrink().Call(x), x => Math.Sign(x) * Math.Max(0, Math.Abs(x) - 0.5)),
        Unary("Hardshrink", x => new Hardshrink().Call(x), x => Math.Abs(x) > 0.5 ? x : 0),
        Unary("Hardtanh", x => new Hardtanh(-0.7, 1.2).Call(x), x => Math.Clamp(x, -0.7, 1.2)),
        Unary("Threshold", x => new Threshold(0.5, -3).Call(x), x => x > 0.5 ? x : -3),
        Softmax("Softmax", (x, axis) => new Nn.Softmax(axis).Call(x), (x, group) =>
            Math.Exp(x) / group.SumOf(Math.Exp)),
        Softmax("LogSoftmax", (x, axis) => new Nn.LogSoftmax(axis).Call(x), (x, group) =>
            x - Math.Log(group.SumOf(Math.Exp))),
        Softmax("Softmin", (x, axis) => new Softmin(axis).Call(x), (x, group) =>
            Math.Exp(-x) / group.SumOf(v => Math.Exp(-v))),
        Glu("GLU", x => new GLU(1).Call(x)),
        new("layers", "PReLU", d =>
        {
            var (x, n) = (d.Input([d.Int(1, 3), d.Int(1, 3)]), d.Coin());
            return new(v => new PReLU(n ? x.Shape[1] : 1).With(v[1]).Call(v[0]), [x, d.Input([n ? x.Shape[1] : 1])],
                x.Shape, v => [.. Naive.Indices(x.Shape).Select((i, k) =>
                    v[0][k] * (v[0][k] > 0 ? 1 : v[1][n ? i[1] : 0]))]);
        }),
    ];
}
