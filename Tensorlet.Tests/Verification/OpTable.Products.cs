namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    /// <summary>Σ over k of a[…, i, k]·b[…, k, j], leading axes broadcast.</summary>
    static double[] MatMul(double[] a, int[] aShape, double[] b, int[] bShape, int[] shape) =>
        [.. Naive.Indices(shape).Select(i =>
    {
        var sum = 0.0;
        for (var k = 0; k < aShape[^1]; k++)
            sum += a[Naive.Broadcast([.. i[..^2], i[^2], k], aShape)] * b[Naive.Broadcast([.. i[..^2], k, i[^1]],
                bShape)];
        return sum;
    })];

    static Case Product(Draw d, int[] leftBatch, int[] rightBatch, bool row = false, bool column = false)
    {
        int m = row ? 1 : d.Int(1, 4), k = d.Int(1, 5), n = column ? 1 : d.Int(1, 4);
        int[] left = [.. leftBatch, m, k], right = [.. rightBatch, k, n];
        var (a, b) = (d.Input(row ? [k] : left), d.Input(column ? [k] : right));
        int[] full = [.. Naive.BroadcastShape(leftBatch, rightBatch), m, n], shape = [.. full[..^2]];
        if (!row) shape = [.. shape, m];
        if (!column) shape = [.. shape, n];
        return new(v => v[0].MatMul(v[1]), [a, b], shape, v => MatMul(v[0], left, v[1], right, full));
    }

    static IEnumerable<Op> Products() =>
    [
        new("products", "matmul", d => Product(d, [], [])),
        new("products", "matmul, batched", d =>
            d.Shape(1, 2, 1) is var batch ? Product(d, d.Operand(batch), batch) : null!),
        new("products", "matmul, batch by matrix", d => Product(d, d.Shape(1, 2, 1), [])),
        new("products", "matrix by vector", d => Product(d, d.Shape(0, 1, 1), [], column: true)),
        new("products", "vector by matrix", d => Product(d, [], d.Shape(0, 1, 1), row: true)),
        new("products", "dot", d => Product(d, [], [], row: true, column: true)),
        new("products", "linear", d =>
        {
            int n = d.Int(1, 4), k = d.Int(1, 5), m = d.Int(1, 4);
            return new(v => F.Linear(v[0], v[1], v[2]), [d.Input([n, k]), d.Input([m, k]), d.Input([m])], [n, m],
                v => [.. Naive.Indices([n, m]).Select(i =>
                    v[2][i[1]] + Enumerable.Range(0, k).Sum(j => v[0][i[0] * k + j] * v[1][i[1] * k + j]))]);
        }),
    ];

    static IEnumerable<Op> Images() =>
    [
        new("images", "conv2d", d =>
        {
            int groups = d.Int(1, 2), n = d.Int(1, 2), c = groups * d.Int(1, 2), o = groups * d.Int(1, 2),
                kh = d.Int(1, 3), kw = d.Int(1, 3);
            Pair stride = (d.Int(1, 2), d.Int(1, 3)), padding = (d.Int(0, 2), d.Int(0, 1)),
                dilation = (d.Int(1, 2), d.Int(1, 2));
            int h = dilation.H * (kh - 1) + d.Int(1, 4), w = dilation.W * (kw - 1) + d.Int(1, 4);
            int oh = (h + 2 * padding.H - dilation.H * (kh - 1) - 1) / stride.H + 1,
                ow = (w + 2 * padding.W - dilation.W * (kw - 1) - 1) / stride.W + 1;
            int[] shape = [n, o, oh, ow], xShape = [n, c, h, w], wShape = [o, c / groups, kh, kw];
            return new(v => F.Conv2d(v[0], v[1], v[2], stride, padding, dilation, groups),
                [d.Input(xShape), d.Input(wShape), d.Input([o])], shape,
                v => [.. Naive.Indices(shape).Select(i =>
                {
                    var sum = v[2][i[1]];
                    foreach (var q in Naive.Indices([c / groups, kh, kw]))
                    {
                        int y = i[2] * stride.H - padding.H + q[1] * dilation.H,
                            x = i[3] * stride.W - padding.W + q[2] * dilation.W,
                            channel = i[1] / (o / groups) * (c / groups) + q[0];
                        if (y >= 0 && y < h && x >= 0
                            && x < w) sum += v[0][Naive.Place([i[0], channel, y, x],
                            xShape)] * v[1][Naive.Place([i[1], .. q], wShape)];
                    }
                    return sum;
                })]);
        }),
        Pool("max pool", (x, kernel, stride, padding) =>
            F.MaxPool2d(x, kernel, stride, padding), double.NegativeInfinity, window => window.Max()),
        Pool("average pool", (x, kernel, stride, padding) => F.AvgPool2d(x, kernel, stride, padding), 0, window =>
            window.Average()),
    ];

    static Op Pool(string name, Func<Variable, Pair, Pair, Pair, Variable> f, double around, Func<double[],
        double> oracle) => new("images", name, d =>
    {
        Pair kernel = (d.Int(1, 3), d.Int(1, 3)), stride = (d.Int(1, 3), d.Int(1, 2)),
            padding = (d.Int(0, kernel.H / 2), d.Int(0, kernel.W / 2));
        int[] image = [d.Int(1, 2), d.Int(1, 2), kernel.H + d.Int(0, 4), kernel.W + d.Int(0, 4)];
        int[] shape = [image[0], image[1], (image[2] + 2 * padding.H - kernel.H) / stride.H + 1,
            (image[3] + 2 * padding.W - kernel.W) / stride.W + 1];
        return new(v => f(v[0], kernel, stride, padding), [d.Input(image, Domain.Distinct)], shape, v =>
            [.. Naive.Indices(shape).Select(i =>
            oracle([.. Naive.Indices([kernel.H, kernel.W]).Select(q =>
                (Y: i[2] * stride.H - padding.H + q[0], X: i[3] * stride.W - padding.W + q[1]))
                .Select(p => p.Y < 0 || p.Y >= image[2] || p.X < 0 || p.X >= image[3] ? around
                    : v[0][Naive.Place([i[0], i[1], p.Y, p.X], image)])]))]);
    });

    static IEnumerable<Op> Losses() =>
    [
        Loss("mean squared error", d => d.Shape(1, 3, 1) is var shape ? (shape, shape) : default, (x, y, _) =>
            F.MseLoss(x, y), (x, y, _, _) => x.Zip(y, (a, b) => (a - b) * (a - b)).Average()),
        Loss("cross-entropy", d => ([d.Int(1, 4), d.Int(1, 5)], [0]), (x, _, target) => F.CrossEntropy(x, target),
            (x, _, target, classes) =>
                target.Select((t, i) => (Row: x[(i * classes)..((i + 1) * classes)], Class: (int)t))
                    .Average(sample => Math.Log(sample.Row.Sum(Math.Exp)) - sample.Row[sample.Class])),
        Loss("negative log likelihood", d => ([d.Int(1, 4), d.Int(1, 5)], [0]), (x, _, target) =>
            F.NllLoss(x, target, Reduction.Sum),
            (x, _, target, classes) => target.Select((t, i) => -x[i * classes + (int)t]).Sum()),
        new("losses", "dropout, evaluating", d =>
            d.Input(d.Shape()) is var x ? Same(v => F.Dropout(v, 0.5, training: false), x, x.Shape) : null!),
    ];

    static Op Loss(string name, Func<Draw, (int[] Input, int[] Other)> shapes, Func<Variable, Variable, Tensor,
        Variable> f, Func<double[], double[], long[], int, double> oracle) => new("losses", name, d =>
    {
        var (input, other) = shapes(d);
        long[] target = [.. Enumerable.Range(0, input[0]).Select(_ => (long)d.Int(0, input[^1] - 1))];
        return new(v => f(v[0], v[1], Tensor.From(target, device: v[0].Device)), [d.Input(input), d.Input(other)], [],
            v => [oracle(v[0], v[1], target, input[^1])]);
    });
}
