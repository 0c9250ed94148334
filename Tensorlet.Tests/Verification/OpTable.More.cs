namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    /// <summary>The rows along an axis, each with the positions of its elements.</summary>
    static IEnumerable<int[]> Lines(int[] shape, int axis) => Naive.Indices(With(shape, axis, 1)).Select(i =>
        Enumerable.Range(0, shape[axis]).Select(at => Naive.Place(With(i, axis, at), shape)).ToArray());

    /// <summary>A function of each row along an axis, which returns a row of some size.</summary>
    static Op Rows(string name, Func<Variable, int, Variable> f, Func<double[], double[]> oracle, Func<int, int> size,
        Domain domain = Domain.Any, int least = 0) => new("reductions", name, d =>
    {
        var x = d.Input(d.Shape(1, 4, least), domain);
        var axis = d.Int(0, x.Shape.Length - 1);
        var shape = With(x.Shape, axis, size(x.Shape[axis]));
        return new(v => f(v[0], axis), [x], shape, v =>
        {
            var y = new double[Naive.Count(shape)];
            foreach (var (from, to) in Lines(x.Shape, axis).Zip(Lines(shape, axis)))
                foreach (var (value, at) in oracle([.. from.Select(i => v[0][i])]).Zip(to)) y[at] = value;
            return y;
        });
    });

    static double[] Running(double[] row, Func<double, double, double> join)
    {
        var y = (double[])row.Clone();
        for (var i = 1; i < y.Length; i++) y[i] = join(y[i - 1], y[i]);
        return y;
    }

    static double Quantile(double[] row, double q)
    {
        var (sorted, place) = (row.Order().ToArray(), q * (row.Length - 1));
        double below = sorted[(int)Math.Floor(place)], above = sorted[(int)Math.Ceiling(place)];
        return below * (1 - (place - Math.Floor(place))) + above * (place - Math.Floor(place));
    }

    static IEnumerable<Op> MoreReductions() =>
    [
        Rows("cumsum", (x, axis) => x.CumSum(axis), row => Running(row, (a, b) => a + b), n => n),
        Rows("cumprod", (x, axis) => x.CumProd(axis), row => Running(row, (a, b) => a * b), n => n),
        Rows("cummax", (x, axis) => x.CumMax(axis).Values, row => Running(row, Math.Max), n => n, Domain.Distinct),
        Rows("sort", (x, axis) => x.Sort(axis).Values, row => [.. row.Order()], n => n, Domain.Distinct),
        Rows("sort, descending", (x, axis) => x.Sort(axis, descending: true).Values, row => [.. row.OrderDescending()],
            n => n, Domain.Distinct),
        Rows("top k", (x, axis) => x.TopK((x.Size(axis) + 1) / 2, axis).Values, row =>
            [.. row.OrderDescending().Take((row.Length + 1) / 2)], n => (n + 1) / 2, Domain.Distinct),
        Rows("median", (x, axis) => x.Median(axis, keepdim: true).Values, row =>
            [row.Order().ElementAt((row.Length - 1) / 2)], _ => 1, Domain.Distinct, 1),
        Rows("quantile", (x, axis) => x.Quantile(0.3, axis, keepdim: true), row => [Quantile(row, 0.3)], _ => 1,
            Domain.Distinct, 1),
        Rows("quantile, largest", (x, axis) => x.Quantile(1, axis, keepdim: true), row => [row.Max()], _ => 1,
            Domain.Distinct, 1),
        Fold("prod over axes", (x, axes, keep) => x.Prod(axes, keep), values =>
            values.Aggregate((Jet)1, (a, b) => a * b)),
        Fold("norm 1", (x, axes, keep) => x.Norm(1, axes, keep), values => values.SumOf(Math.Abs)),
        Fold("norm 3", (x, axes, keep) => x.Norm(3, axes, keep), values =>
            Math.Pow(values.SumOf(x => Math.Pow(Math.Abs(x), 3)), 1.0 / 3)),
        Fold("norm ½", (x, axes, keep) => x.Norm(0.5, axes, keep), values =>
            Math.Pow(values.SumOf(x => Math.Sqrt(Math.Abs(x))), 2)),
        Fold("norm −1", (x, axes, keep) => x.Norm(-1, axes, keep), values =>
            1 / values.SumOf(x => 1 / Math.Abs(x)), leastSize: 1),
        Fold("norm 0", (x, axes, keep) => x.Norm(0, axes, keep), values => values.Length),
        Fold("norm inf", (x, axes, keep) => x.Norm(double.PositiveInfinity, axes, keep), values =>
            values.Select(Math.Abs).Max(), Domain.Distinct, 1),
        Fold("norm −inf", (x, axes, keep) => x.Norm(double.NegativeInfinity, axes, keep), values =>
            values.Select(Math.Abs).Min(), Domain.Distinct, 1),
    ];

    static IEnumerable<Op> MoreShapes() =>
    [
        Shaped("repeat", (d, x) =>
        {
            var times = Each(x.Shape.Length + d.Int(0, 1), _ => d.Int(0, 2));
            var more = times.Length - x.Shape.Length;
            int[] shape = [.. times[..more], .. x.Shape.Select((n, a) => n * times[more + a])];
            return Moved(v => v.Repeat(times), x, shape, i => [.. x.Shape.Select((n, a) => i[more + a] % n)]);
        }),
        Shaped("tile", (d, x) => d.Int(1, 2) is var t ? Moved(v => v.Tile(t), x, With(x.Shape, x.Shape.Length - 1,
            x.Shape[^1] * t), i => [.. i[..^1], i[^1] % x.Shape[^1]]) : null!, 1),
        Shaped("repeat interleave", (d, x) => (d.Int(0, x.Shape.Length - 1), d.Int(0, 3)) is var (axis, times)
            ? Moved(v => v.RepeatInterleave(times, axis), x, With(x.Shape, axis, x.Shape[axis] * times), i =>
                With(i, axis, i[axis] / times)) : null!, 1),
        Shaped("roll", (d, x) => (d.Int(0, x.Shape.Length - 1), d.Int(-7, 7)) is var (axis, shift)
            ? Moved(v => v.Roll(shift, axis), x, x.Shape, i =>
                With(i, axis, ((i[axis] - shift) % x.Shape[axis] + x.Shape[axis]) % x.Shape[axis])) : null!, 1),
        Shaped("roll axes", (d, x) => Moved(v => v.Roll([1, -2], [0, -1]), x, x.Shape, i =>
            [(i[0] - 1 + x.Shape[0]) % x.Shape[0], .. i[1..^1], (i[^1] + 2) % x.Shape[^1]]), 2, 1),
        Shaped("unfold an axis", (d, x) => Moved(v => v.Unfold(0, 1, 2), x, [(x.Shape[0] + 1) / 2, .. x.Shape[1..], 1],
            i => [2 * i[0], .. i[1..^1]]), 1, 1),
        Shaped("unflatten", (d, x) => Moved(v => v.Unflatten(0, 1, -1), x, [1, .. x.Shape], i => i[1..]), 1, 1),
        Shaped("move an axis", (d, x) => Moved(v => v.MoveDim(0, -1), x, [.. x.Shape[1..], x.Shape[0]], i =>
            [i[^1], .. i[..^1]]), 1),
        Shaped("move axes", (d, x) => Moved(v => v.MoveDim([0, -1], [-1, 1]), x,
            [x.Shape[1], x.Shape[^1], .. x.Shape[2..^1], x.Shape[0]], i => [i[^1], i[0], .. i[2..^1], i[1]]), 3),
        Masked("tril", (x, k) => x.Tril(k), (i, k) => i[^1] - i[^2] <= k),
        Masked("triu", (x, k) => x.Triu(k), (i, k) => i[^1] - i[^2] >= k),
        new("shapes", "diag", d =>
        {
            var (x, k) = (d.Input([d.Size()]), d.Int(-2, 2));
            var n = x.Shape[0] + Math.Abs(k);
            return new(v => v[0].Diag(k), [x], [n, n], v => [.. Naive.Indices([n, n]).Select(i =>
                i[1] - i[0] == k ? v[0][Math.Min(i[0], i[1])] : 0)]);
        }),
        new("shapes", "diagonal beside", d =>
        {
            var (x, k) = (d.Input([d.Int(1, 4), d.Int(1, 3), d.Int(1, 4)]), d.Int(-3, 3));
            var n = Math.Max(0, Math.Min(x.Shape[0] + Math.Min(0, k), x.Shape[2] - Math.Max(0, k)));
            return Moved(v => v.Diagonal(k, 0, 2), x, [x.Shape[1], n], i =>
                [i[1] + Math.Max(0, -k), i[0], i[1] + Math.Max(0, k)]);
        }),
        new("shapes", "meshgrid", d =>
        {
            Input a = d.Input([d.Size()]), b = d.Input([d.Size()]);
            int[] shape = [a.Shape[0], b.Shape[0]];
            return new(v => Variable.Meshgrid(v[0], v[1]) is var g ? g[0] * 2 + g[1] : null!, [a, b], shape, v =>
                [.. Naive.Indices(shape).Select(i => 2 * v[0][i[0]] + v[1][i[1]])]);
        }),
        Shaped("split by sizes", (d, x) => d.Int(0, x.Shape[0]) is var n
            ? Moved(v => v.Split([n, x.Shape[0] - n])[1], x, With(x.Shape, 0, x.Shape[0] - n), i =>
                With(i, 0, i[0] + n)) : null!, 1),
        Shaped("unbind", (d, x) => Moved(v => v.Unbind() is [.., var last] ? last : v, x, x.Shape[1..], i =>
            [x.Shape[0] - 1, .. i]), 1, 1),
        Padded("pad by a number", PadMode.Constant, (i, n) => i < 0 || i >= n ? -1 : i),
        Padded("pad, reflect", PadMode.Reflect, (i, n) => i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
        Padded("pad, replicate", PadMode.Replicate, (i, n) => Math.Clamp(i, 0, n - 1)),
        Padded("pad, circular", PadMode.Circular, (i, n) => (i + n) % n),
    ];

    static Op Masked(string name, Func<Variable, int, Variable> f, Func<int[], int, bool> kept) =>
        Shaped(name, (d, x) => d.Int(-2, 2) is var k ? new(v => f(v[0], k), [x], x.Shape, v =>
            [.. Naive.Indices(x.Shape).Select((i, n) => kept(i, k) ? v[0][n] : 0)]) : null!, 2);

    static Op Padded(string name, PadMode mode, Func<int, int, int> from) => new("shapes", name, d =>
    {
        var x = d.Input([d.Int(1, 2), d.Int(3, 4), d.Int(3, 4)]);
        var p = Each(4, _ => d.Int(-1, 2));
        int[] shape = [x.Shape[0], x.Shape[1] + p[2] + p[3], x.Shape[2] + p[0] + p[1]];
        return new(v => F.Pad(v[0], p, mode, 7), [x], shape, v => [.. Naive.Indices(shape).Select(i =>
            (from(i[1] - p[2], x.Shape[1]), from(i[2] - p[0], x.Shape[2])) is var (a, b) && a >= 0 && b >= 0
                ? v[0][Naive.Place([i[0], a, b], x.Shape)] : 7)]);
    });

    /// <summary>Rows of a source at indices along an axis that do not repeat.</summary>
    static Op Put(string name, Func<Variable, int, Tensor, Variable, Variable> f, Func<double, double, double> put) =>
        new("indexing", name, d =>
        {
            var x = d.Input(d.Shape(1, 3, 1));
            var axis = d.Int(0, x.Shape.Length - 1);
            int[] order = [.. d.Order(x.Shape[axis]).Take(d.Int(0, x.Shape[axis]))];
            var source = d.Input(With(x.Shape, axis, order.Length));
            return new(v => f(v[0], axis, Tensor.From<long>([.. order], device: v[0].Device), v[1]), [x, source],
                x.Shape, v => [.. Naive.Indices(x.Shape).Select((i, n) =>
                    Array.IndexOf(order, i[axis]) is var at && at < 0 ? v[0][n]
                        : put(v[0][n], v[1][Naive.Place(With(i, axis, at), source.Shape)]))]);
        });

    static Tensor Along(int axis, Tensor index, Variable source) =>
        index.Reshape([.. source.Size().Select((_, a) => a == axis ? -1 : 1)]).Expand(source.Size());

    static IEnumerable<Op> MoreIndexing() =>
    [
        Put("index add", (x, axis, index, y) => x.IndexAdd(axis, index, y, 3), (a, b) => a + 3 * b),
        Put("index copy", (x, axis, index, y) => x.IndexCopy(axis, index, y), (_, b) => b),
        Put("index fill", (x, axis, index, y) => x.IndexFill(axis, index, 5) + y.Sum() * 0, (_, _) => 5),
        Put("scatter", (x, axis, index, y) => x.Scatter(axis, Along(axis, index, y), y), (_, b) => b),
        Put("scatter a number", (x, axis, index, y) => x.Scatter(axis, Along(axis, index, y), 5) + y.Sum() * 0,
            (_, _) => 5),
        new("indexing", "scatter, repeated", d =>
        {
            var x = d.Input([d.Int(1, 4), d.Int(1, 3)]);
            var source = d.Input([d.Int(0, 6), x.Shape[1]]);
            long[] at = [.. source.Values.Select(_ => (long)d.Int(0, x.Shape[0] - 1))];
            return new(v => v[0].Scatter(0, Tensor.From(at, source.Shape, device: v[0].Device), v[1]), [x, source],
                x.Shape, v => [.. Naive.Indices(x.Shape).Select((i, n) =>
                    Enumerable.Range(0, source.Shape[0]).LastOrDefault(j =>
                        at[Naive.Place([j, i[1]], source.Shape)] == i[0], -1) is var j && j < 0 ? v[0][n]
                            : v[1][Naive.Place([j, i[1]], source.Shape)])]);
        }),
        Put("scatter add to", (x, axis, index, y) => x.ScatterAdd(axis, Along(axis, index, y), y), (a, b) => a + b),
        new("indexing", "take", d =>
        {
            var x = d.Input(d.Shape(1, 3, 1));
            var n = x.Values.Length;
            long[] at = [.. Enumerable.Range(0, 6).Select(_ => (long)d.Int(-n, n - 1))];
            return new(v => v[0].Take(Tensor.From(at, [2, 3], device: v[0].Device)), [x], [2, 3], v =>
                [.. at.Select(i => v[0][(i + n) % n])]);
        }),
        new("indexing", "masked scatter", d =>
        {
            var x = d.Input(d.Shape(1, 3));
            bool[] mask = [.. x.Values.Select(_ => d.Coin())];
            var source = d.Input([mask.Count(m => m) + d.Int(0, 2)]);
            return new(v => v[0].MaskedScatter(Tensor.From(mask, x.Shape, device: v[0].Device), v[1]), [x, source],
                x.Shape, v => [.. v[0].Select((value, i) => mask[i] ? v[1][mask[..i].Count(m => m)] : value)]);
        }),
        new("indexing", "masked select", d =>
        {
            var x = d.Input(d.Shape(1, 3, 1));
            bool[] mask = [.. x.Values.Select(_ => d.Coin())];
            return new(v => v[0].MaskedSelect(Tensor.From(mask, x.Shape, device: v[0].Device)), [x],
                [mask.Count(m => m)], v => [.. v[0].Where((_, i) => mask[i])]);
        }),
        new("indexing", "embedding", d =>
        {
            var x = d.Input([d.Int(1, 5), d.Int(1, 3)]);
            long[] at = [.. Enumerable.Range(0, 6).Select(_ => (long)d.Int(0, x.Shape[0] - 1))];
            int[] shape = [3, 2, x.Shape[1]];
            return new(v => F.Embedding(Tensor.From(at, [3, 2], device: v[0].Device), v[0]), [x], shape, v =>
                [.. at.SelectMany(row => Enumerable.Range(0, x.Shape[1]).Select(c => v[0][row * x.Shape[1] + c]))]);
        }),
    ];
}
