using Tensorlet.Nn;

namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static double[] Affine(double[] x, double[] w, double[]? b) =>
        [.. Rows(w, w.Length / x.Length).Select((row, i) => Dot(x, row) + (b?[i] ?? 0))];

    static double[] Standard(IReadOnlyCollection<double> x, double eps = 1e-5)
    {
        var (mean, spread) = (x.Average(), Math.Sqrt(x.Average(v => v * v) - x.Average() * x.Average() + eps));
        return [.. x.Select(v => (v - mean) / spread)];
    }

    /// <summary>Normalized over the elements that share a key; times weights, plus a bias.</summary>
    static double[] GroupedBy(double[] x, int[] shape, Func<int[], int> key, Func<int[], int> place, double[] w,
        double[] b)
    {
        var indices = Naive.Indices(shape).ToArray();
        var y = new double[x.Length];
        foreach (var group in Enumerable.Range(0, x.Length).GroupBy(i => key(indices[i])))
            foreach (var (value, i) in Standard([.. group.Select(i => x[i])]).Zip(group))
                y[i] = value * w[place(indices[i])] + b[place(indices[i])];
        return y;
    }

    static Op Norm(string name, Func<int[], Module> layer, Func<int[], int[], int> key, int rank = 4) =>
        new("layers", name, d =>
        {
            int[] x = [d.Int(2, 3), 2 * d.Int(1, 2), .. Each(rank - 2, _ => rank == 3 ? d.Int(4, 5) : 2)];
            return new(v => layer(x).With(v[1..]).Call(v[0]), [d.Input(x), d.Input([x[1]]), d.Input([x[1]])], x, v =>
                GroupedBy(v[0], x, i => key(i, x), i => i[1], v[1], v[2]));
        });

    static IEnumerable<Op> Normalizations() =>
    [
        Norm("BatchNorm1d", x => new BatchNorm1d(x[1]), (i, _) => i[1], 3),
        Norm("BatchNorm2d", x => new BatchNorm2d(x[1]), (i, _) => i[1]),
        Norm("BatchNorm3d", x => new BatchNorm3d(x[1]), (i, _) => i[1], 5),
        Norm("InstanceNorm1d", x => new InstanceNorm1d(x[1], affine: true), (i, x) => i[0] * x[1] + i[1], 3),
        Norm("InstanceNorm2d", x => new InstanceNorm2d(x[1], affine: true), (i, x) => i[0] * x[1] + i[1]),
        Norm("InstanceNorm3d", x => new InstanceNorm3d(x[1], affine: true), (i, x) => i[0] * x[1] + i[1], 5),
        Norm("GroupNorm", x => new GroupNorm(2, x[1]), (i, x) => i[0] * 2 + i[1] / (x[1] / 2)),
        new("layers", "BatchNorm2d, evaluating", d =>
        {
            int[] x = [d.Int(1, 2), d.Int(1, 3), d.Int(1, 2), d.Int(1, 2)];
            var (mean, variance) = (d.Values(x[1]), d.Values(x[1], Domain.Positive));
            return new(v =>
            {
                var layer = new BatchNorm2d(x[1]);
                layer.To(DType.Float64).Eval();
                layer.RunningMean!.Copy_(Tensor.From(mean));
                layer.RunningVar!.Copy_(Tensor.From(variance));
                return layer.With(v[1..]).Call(v[0]);
            }, [d.Input(x), d.Input([x[1]]), d.Input([x[1]])], x, v => [.. Naive.Indices(x).Select((i, n) =>
                (v[0][n] - mean[i[1]]) / Math.Sqrt(variance[i[1]] + 1e-5) * v[1][i[1]] + v[2][i[1]])]);
        }),
        new("layers", "LayerNorm", d =>
        {
            int[] x = [d.Int(1, 3), d.Int(1, 3), d.Int(4, 5)], last = d.Coin() ? x[1..] : x[2..];
            return new(v => new LayerNorm(last).With(v[1..]).Call(v[0]), [d.Input(x), d.Input(last), d.Input(last)], x,
                v => GroupedBy(v[0], x, i => last.Length == 2 ? i[0] : i[0] * x[1] + i[1], i =>
                    Naive.Place(i[^last.Length..], last), v[1], v[2]));
        }),
        new("layers", "RMSNorm", d =>
        {
            int[] x = [d.Int(1, 3), d.Int(1, 4)];
            return new(v => new RMSNorm(x[1], eps: 0.01).With(v[1]).Call(v[0]), [d.Input(x), d.Input([x[1]])], x, v =>
                [.. Rows(v[0], x[0]).SelectMany(r => r.Select((value, i) =>
                    value * v[1][i] / Math.Sqrt(Dot(r, r) / r.Length + 0.01)))]);
        }),
    ];

    /// <summary>One step of a cell, state by state: relu or tanh of a sum, or the gates of an LSTM or a GRU.</summary>
    static double[][] Step(string kind, double[] x, double[][] state, Span<double[]> p)
    {
        var h = state[0];
        var n = h.Length;
        double[] input = Affine(x, p[0], p[2]), own = Affine(h, p[1], p[3]);
        double Gate(int k, int i) => input[k * n + i] + own[k * n + i];
        var units = Enumerable.Range(0, n);
        switch (kind)
        {
            case "LSTM":
                double[] c = [.. units.Select(i => Sigma(Gate(1, i)) * state[1][i]
                    + Sigma(Gate(0, i)) * Math.Tanh(Gate(2, i)))];
                return [[.. units.Select(i => Sigma(Gate(3, i)) * Math.Tanh(c[i]))], c];
            case "GRU":
                return [[.. units.Select(i => Sigma(Gate(1, i)) is var z
                    ? (1 - z) * Math.Tanh(input[2 * n + i] + Sigma(Gate(0, i)) * own[2 * n + i]) + z * h[i] : 0)]];
            default: return [[.. units.Select(i => kind == "RNN" ? Math.Tanh(Gate(0, i)) : Math.Max(0, Gate(0, i)))]];
        }
    }

    static int Gates(string kind) => kind switch { "LSTM" => 4, "GRU" => 3, _ => 1 };

    static Op Cell(string kind) => new("layers", $"{kind}Cell", d =>
    {
        int n = d.Int(1, 2), k = d.Int(1, 3), h = d.Int(1, 3), g = Gates(kind), states = kind == "LSTM" ? 2 : 1;
        Input[] inputs = [d.Input([n, k]), .. Each(states, s => s).Select(_ => d.Input([n, h])), d.Input([g * h, k]),
            d.Input([g * h, h]), d.Input([g * h]), d.Input([g * h])];
        return new(v => kind switch
        {
            "LSTM" => new LSTMCell(k, h).With(v[3..]).Call(v[0], (v[1], v[2])) is var (next, c)
                ? Variable.Cat([next, c], 1) : null!,
            "GRU" => new GRUCell(k, h).With(v[2..]).Call(v[0], v[1]),
            _ => new RNNCell(k, h).With(v[2..]).Call(v[0], v[1]),
        }, inputs, [n, states * h], v => [.. Enumerable.Range(0, n).SelectMany(i => Step(kind, Rows(v[0], n)[i],
            [.. v[1..(1 + states)].Select(s => Rows(s, n)[i])], v.AsSpan(1 + states)).SelectMany(s => s))]);
    });

    /// <summary>
    /// Layers of cells in both directions, with sequences of several lengths: outputs and final states.
    /// </summary>
    static Op Network(string kind, int layers, int ways, bool batchFirst) => new("layers",
        $"{kind}, {layers} layers, {(ways == 2 ? "both ways" : "one way")}", d =>
    {
        int steps = d.Int(1, 3), n = d.Int(1, 2), k = d.Int(1, 2), h = d.Int(1, 2), g = Gates(kind),
            states = kind == "LSTM" ? 2 : 1;
        long[] lengths = [.. Enumerable.Range(0, n).Select(_ => (long)d.Int(1, steps))];
        Input[] inputs = [d.Input(batchFirst ? [n, steps, k] : [steps, n, k]),
            .. Each(states, s => s).Select(_ => d.Input([layers * ways, n, h])),
            .. Enumerable.Range(0, layers * ways).SelectMany(i => (Input[])[d.Input([g * h, i < ways ? k : ways * h]),
                d.Input([g * h, h]), d.Input([g * h]), d.Input([g * h])])];
        return new(v =>
        {
            var (p, at) = (v[(1 + states)..], Tensor.From(lengths, device: v[0].Device));
            var (y, last) = kind switch
            {
                "LSTM" => new LSTM(k, h, layers, batchFirst: batchFirst, bidirectional: ways == 2).With(p)
                    .Call(v[0], (v[1], v[2]), at) is var (output, (a, b)) ? (output, Variable.Cat([a, b])) : default,
                "GRU" => new GRU(k, h, layers, batchFirst: batchFirst, bidirectional: ways == 2).With(p)
                    .Call(v[0], v[1], at),
                _ => new RNN(k, h, layers, kind == "RNN, relu", batchFirst: batchFirst, bidirectional: ways == 2)
                    .With(p).Call(v[0], v[1], at),
            };
            return Variable.Cat([y.Reshape(-1), last.Reshape(-1)]);
        }, inputs, [steps * n * ways * h + states * layers * ways * n * h], v =>
        {
            int Place(int t, int i) => batchFirst ? i * steps + t : t * n + i;
            var (x, last) = (Rows(v[0], n * steps), new double[states][]);
            for (var s = 0; s < states; s++) last[s] = new double[layers * ways * n * h];
            for (var layer = 0; layer < layers; layer++)
            {
                var y = Enumerable.Range(0, n * steps).Select(_ => new double[ways * h]).ToArray();
                for (var cell = layer * ways; cell < (layer + 1) * ways; cell++)
                    for (var i = 0; i < n; i++)
                    {
                        double[][] state = [.. v[1..(1 + states)].Select(s =>
                            Rows(s, layers * ways * n)[cell * n + i])];
                        for (var step = 0; step < lengths[i]; step++)
                        {
                            var t = cell % ways == 1 ? (int)lengths[i] - 1 - step : step;
                            state = Step(kind, x[Place(t, i)], state, v.AsSpan(1 + states + 4 * cell, 4));
                            state[0].CopyTo(y[Place(t, i)], cell % ways * h);
                        }
                        for (var s = 0; s < states; s++) state[s].CopyTo(last[s], (cell * n + i) * h);
                    }
                x = y;
            }
            return [.. x.SelectMany(row => row), .. last.SelectMany(s => s)];
        });
    });

    /// <summary>softmax(q·k·scale + mask)·v of rows.</summary>
    static double[][] Attended(double[][] q, double[][] k, double[][] v, Func<int, int, double> mask) =>
        [.. q.Select((row, i) =>
        {
            double[] e = [.. k.Select((key, j) => Math.Exp(Dot(row, key) / Math.Sqrt(row.Length) + mask(i, j)))];
            return v[0].Select((_, c) => v.Select((value, j) => value[c] * e[j]).Sum() / e.Sum()).ToArray();
        })];

    /// <summary>Attention in heads with projections, of the rows of one sample.</summary>
    static double[][] Multihead(double[][] q, double[][] kv, int heads, Span<double[]> p, Func<int, int, double> mask)
    {
        var (e, w, b) = (q[0].Length, p[0], p[1]);
        var third = Enumerable.Range(0, 3).Select(t => (t == 0 ? q : kv).Select(row =>
            Affine(row, w[(t * e * e)..((t + 1) * e * e)], b[(t * e)..((t + 1) * e)])).ToArray()).ToArray();
        var parts = Enumerable.Range(0, heads).Select(h => Part(h)).ToArray();
        double[] ow = p[2], ob = p[3];
        return [.. q.Select((_, i) => Affine([.. parts.SelectMany(part => part[i])], ow, ob))];

        double[][] Part(int h) => Attended(Cut(third[0], h), Cut(third[1], h), Cut(third[2], h), mask);
        double[][] Cut(double[][] rows, int h) => [.. rows.Select(row => row[(h * e / heads)..((h + 1) * e / heads)])];
    }

    /// <summary>The shapes of the parameters of a layer of an encoder, or of a decoder.</summary>
    static int[][] LayerShapes(int e, int f, bool hasMemory) => [.. Enumerable.Repeat<int[][]>([[3 * e, e], [3 * e],
        [e, e], [e]], hasMemory ? 2 : 1).SelectMany(s => s), [f, e], [f], [e, f], [e],
        .. Enumerable.Repeat<int[]>([e], hasMemory ? 6 : 4)];

    /// <summary>
    /// Added to the variances of a transformer. With 1e-5 a norm of nearly equal numbers, which occur inside, would
    /// magnify the rounding of what came before it.
    /// </summary>
    const double Epsilon = 0.1;

    static double[][] Normed(double[][] x, double[] w, double[] b) =>
        [.. x.Select(row => (double[])[.. Standard(row, Epsilon).Select((t, i) => t * w[i] + b[i])])];

    /// <summary>One sample in a layer of a transformer; of a decoder, if there is a memory.</summary>
    static double[][] Layered(double[][] x, double[][]? memory, double[][] p, bool normFirst, bool gelu,
        Func<int, int, double> mask, Func<int, int, double>? memoryMask = null)
    {
        var linear = memory is null ? 4 : 8;
        x = Added(x, 0, rows => Multihead(rows, rows, 2, p, mask));
        if (memory is not null) x = Added(x, 1, rows => Multihead(rows, memory, 2, p.AsSpan(4), memoryMask!));
        return Added(x, memory is null ? 1 : 2, rows => [.. rows.Select(Forward)]);

        double[][] Added(double[][] x, int k, Func<double[][], double[][]> part) =>
            normFirst ? Sum(x, part(Norm(x, k))) : Norm(Sum(x, part(x)), k);
        double[][] Norm(double[][] x, int k) => Normed(x, p[linear + 4 + 2 * k], p[linear + 5 + 2 * k]);
        double[][] Sum(double[][] a, double[][] b) =>
            [.. a.Zip(b, (x, y) => (double[])[.. x.Zip(y, (s, t) => s + t)])];
        double[] Forward(double[] x) => Affine([.. Affine(x, p[linear], p[linear + 1]).Select(t =>
            gelu ? t * Normal(t).Value : Math.Max(0, t))], p[linear + 2], p[linear + 3]);
    }

    /// <summary>A layer of an encoder, or a stack of two, whose first input is batch, steps, features.</summary>
    static Op Encoder(string name, bool normFirst, bool gelu, bool stack = false) => new("layers", name, d =>
    {
        int n = d.Int(1, 2), l = d.Int(1, 2), e = 4, f = d.Int(1, 2), layers = stack ? 2 : 1;
        var p = LayerShapes(e, f, hasMemory: false);
        Input[] parameters = [.. Enumerable.Repeat(p, layers).SelectMany(shapes => shapes).Select(s => d.Input(s))];
        return new(v => stack ? new TransformerEncoder(Layer, 2).With(v[1..]).Call(v[0], isCausal: true)
            : Layer().With(v[1..]).Call(v[0], isCausal: true), [d.Input([n, l, e]), .. parameters], [n, l, e], v =>
            [.. v[0].Chunk(l * e).SelectMany(sample =>
            {
                var x = Rows(sample, l);
                for (var layer = 0; layer < layers; layer++)
                    x = Layered(x, null, v[(1 + layer * p.Length)..], normFirst, gelu, Past);
                return x.SelectMany(row => row);
            })]);

        TransformerEncoderLayer Layer() => new(e, 2, f, 0, gelu, Epsilon, batchFirst: true, normFirst);
    });

    static double Past(int i, int j) => j > i ? double.NegativeInfinity : 0;

    /// <summary>
    /// A layer of a decoder, a stack of two, or the decoder of a transformer, whose inputs are the target and the
    /// memory, or the source. All masks are random.
    /// </summary>
    static Op Decoder(string name, bool normFirst, bool stack = false, bool encoded = false) => new("layers", name, d =>
    {
        int n = d.Int(1, 2), l = d.Int(1, 2), s = d.Int(1, 2), e = 4, f = d.Int(1, 2), layers = stack ? 2 : 1;
        int[][] norm = encoded ? [[e], [e]] : [], encoder = encoded ? [.. LayerShapes(e, f, false), .. norm] : [],
            layer = LayerShapes(e, f, true),
            all = [.. encoder, .. Enumerable.Repeat(layer, layers).SelectMany(p => p), .. norm];
        var (ownMask, memoryMask, sourceMask) = (d.Values(l * l), d.Values(l * s), d.Values(s * s));
        // the first is seen by all
        bool[] Padding(int length) => [.. Naive.Indices([n, length]).Select(i => i[1] > 0 && d.Coin())];
        var (own, theirs, sources) = (Padding(l), Padding(s), Padding(s));
        return new(v =>
        {
            Tensor Numbers(double[] mask, int rows) =>
                Tensor.From(mask, [rows, -1]).To(v[0].DType).To(v[0].Device);
            Tensor Absent(bool[] padding) => Tensor.From(padding, [n, -1], device: v[0].Device);
            var (a, b, c) = (Numbers(ownMask, l), Numbers(memoryMask, l), Numbers(sourceMask, s));
            return encoded ? new Transformer(e, 2, 1, 1, f, 0, true, Epsilon, true, normFirst).With(v[2..]).Call(v[1],
                    v[0], c, a, b, Absent(sources), Absent(own), Absent(theirs), srcIsCausal: true, tgtIsCausal: true)
                : stack ? new TransformerDecoder(Layer, 2).With(v[2..]).Call(v[0], v[1], a, b, Absent(own),
                    Absent(theirs), tgtIsCausal: true)
                : Layer().With(v[2..]).Call(v[0], v[1], a, b, Absent(own), Absent(theirs), tgtIsCausal: true);
        }, [d.Input([n, l, e]), d.Input([n, s, e]), .. all.Select(shape => d.Input(shape))], [n, l, e], v =>
            [.. Enumerable.Range(0, n).SelectMany(k =>
            {
                var x = Rows(v[0], n * l)[(k * l)..(k * l + l)];
                var memory = Rows(v[1], n * s)[(k * s)..(k * s + s)];
                var p = v[2..];
                if (encoded)
                {
                    memory = Layered(memory, null, p, normFirst, true, (i, j) => Past(i, j)
                        + Hidden(sources[k * s + j]) + sourceMask[i * s + j]);
                    memory = Normed(memory, p[encoder.Length - 2], p[encoder.Length - 1]);
                }
                for (var at = 0; at < layers; at++)
                    x = Layered(x, memory, p[(encoder.Length + at * layer.Length)..], normFirst, true, (i, j) =>
                        Past(i, j) + Hidden(own[k * l + j]) + ownMask[i * l + j], (i, j) =>
                        Hidden(theirs[k * s + j]) + memoryMask[i * s + j]);
                return (encoded ? Normed(x, p[^2], p[^1]) : x).SelectMany(row => row);
            })]);

        TransformerDecoderLayer Layer() => new(e, 2, f, 0, gelu: true, Epsilon, batchFirst: true, normFirst);
        static double Hidden(bool absent) => absent ? double.NegativeInfinity : 0;
    });

    static IEnumerable<Op> Sequences() =>
    [
        Cell("RNN"), Cell("LSTM"), Cell("GRU"),
        Network("RNN", 1, 1, false), Network("RNN", 2, 2, true), Network("LSTM", 1, 1, true),
        Network("LSTM", 2, 2, false), Network("GRU", 1, 1, false), Network("GRU", 2, 2, true),
        new("layers", "scaled dot-product attention", d =>
        {
            int n = d.Int(1, 2), l = d.Int(1, 3), s = d.Int(1, 3), e = d.Int(1, 3), c = d.Int(1, 2);
            bool[] seen = [.. Naive.Indices([l, s]).Select(i => i[1] == 0 || d.Coin())];
            return new(
                v => F.ScaledDotProductAttention(v[0], v[1], v[2], Tensor.From(seen, [l, s], device: v[0].Device)),
                [d.Input([n, l, e]), d.Input([n, s, e]), d.Input([n, s, c])], [n, l, c], v => [.. Enumerable.Range(0, n)
                    .SelectMany(b => Attended(Rows(v[0], n * l)[(b * l)..(b * l + l)],
                        Rows(v[1], n * s)[(b * s)..(b * s + s)], Rows(v[2], n * s)[(b * s)..(b * s + s)], (i, j) =>
                        seen[i * s + j] ? 0 : double.NegativeInfinity)).SelectMany(row => row)]);
        }),
        new("layers", "MultiheadAttention", d =>
        {
            int n = d.Int(1, 2), l = d.Int(1, 3), s = d.Int(1, 3), heads = d.Int(1, 2), e = heads * d.Int(1, 2);
            bool[] padding = [.. Naive.Indices([n, s]).Select(i => i[1] > 0 && d.Coin())];
            var added = d.Values(l * s);
            return new(v => new MultiheadAttention(e, heads, batchFirst: true).With(v[2..]).Call(v[0], v[1], v[1],
                Tensor.From(padding, [n, s], device: v[0].Device),
                Tensor.From(added, [l, s]).To(v[0].DType).To(v[0].Device)).Output,
                [d.Input([n, l, e]), d.Input([n, s, e]), d.Input([3 * e, e]), d.Input([3 * e]), d.Input([e, e]),
                    d.Input([e])], [n, l, e], v => [.. Enumerable.Range(0, n).SelectMany(b =>
                        Multihead(Rows(v[0], n * l)[(b * l)..(b * l + l)], Rows(v[1], n * s)[(b * s)..(b * s + s)],
                        heads, v.AsSpan(2), (i, j) => padding[b * s + j] ? double.NegativeInfinity : added[i * s + j]))
                        .SelectMany(row => row)]);
        }),
        Encoder("TransformerEncoderLayer", normFirst: false, gelu: false),
        Encoder("TransformerEncoderLayer, pre-norm", normFirst: true, gelu: true),
        Encoder("TransformerEncoder", normFirst: true, gelu: true, stack: true),
        Decoder("TransformerDecoderLayer", normFirst: false),
        Decoder("TransformerDecoderLayer, pre-norm", normFirst: true),
        Decoder("TransformerDecoder", normFirst: false, stack: true),
        Decoder("Transformer", normFirst: true, encoded: true),
        new("layers", "SinusoidalPositions", d =>
        {
            int l = d.Int(1, 4), n = d.Int(1, 2), e = d.Int(1, 5);
            return new(v => new SinusoidalPositions(e).Call(v[0]), [d.Input([l, n, e])], [l, n, e], v =>
                [.. Naive.Indices([l, n, e]).Select((i, k) => (i[2] / 2 * 2.0 / e, i[0]) is var (power, p)
                    && p / Math.Pow(10000, power) is var angle ? v[0][k] + (i[2] % 2 == 0 ? Math.Sin(angle)
                        : Math.Cos(angle)) : 0)]);
        }),
    ];
}
