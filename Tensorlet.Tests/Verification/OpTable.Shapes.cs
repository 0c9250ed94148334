namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static Op Shaped(string name, Func<Draw, Input, Case> make, int leastRank = 0, int leastSize = 0) =>
        new("shapes", name, d => make(d, d.Input(d.Shape(leastRank, 4, leastSize))));

    static int[] With(int[] index, int axis, int value) => [.. index.Select((at, a) => a == axis ? value : at)];
    static int[] Without(int[] index, int axis) => [.. index.Where((_, a) => a != axis)];
    static int[] Inserted(int[] index, int axis, int value) => [.. index[..axis], value, .. index[axis..]];

    static IEnumerable<Op> Shapes() =>
    [
        Shaped("reshape", (d, x) => Same(v => v.Reshape(-1, 1), x, [Naive.Count(x.Shape), 1]), leastSize: 1),
        Shaped("view", (d, x) =>
            Same(v => (v.Data.IsContiguous ? v : v * 1).View([1, .. x.Shape]), x, [1, .. x.Shape])),
        Shaped("flatten", (d, x) => Same(v => v.Flatten(1), x, [x.Shape[0], Naive.Count(x.Shape[1..])]), 2),
        Shaped("unsqueeze", (d, x) =>
            d.Int(0, x.Shape.Length) is var axis ? Same(v => v.Unsqueeze(axis), x, Inserted(x.Shape, axis, 1)) : null!),
        Shaped("squeeze", (d, x) => Same(v => v.Unsqueeze(0).Squeeze(0), x, x.Shape)),
        Shaped("squeeze all", (d, x) => Same(v => v.Squeeze(), x, [.. x.Shape.Where(size => size != 1)])),
        Shaped("permute", (d, x) =>
        {
            var order = d.Order(x.Shape.Length);
            return Moved(v => v.Permute(order), x, [.. order.Select(a => x.Shape[a])], i =>
                [.. i.Select((_, a) => i[Array.IndexOf(order, a)])]);
        }),
        Shaped("transpose", (d, x) =>
        {
            var (a, b) = (d.Int(0, x.Shape.Length - 1), d.Int(0, x.Shape.Length - 1));
            return Moved(v => v.Transpose(a, b), x, With(With(x.Shape, a, x.Shape[b]), b, x.Shape[a]), i =>
                With(With(i, a, i[b]), b, i[a]));
        }, 1),
        Shaped("T", (d, x) => Moved(v => v.T, x, [.. x.Shape[..^2], x.Shape[^1], x.Shape[^2]], i =>
            [.. i[..^2], i[^1], i[^2]]), 2),
        new("shapes", "expand", d =>
        {
            var shape = d.Shape();
            var x = d.Input(d.Operand(shape));
            return new(v => v[0].Expand(shape), [x], shape, v =>
                [.. Naive.Indices(shape).Select(i => v[0][Naive.Broadcast(i, x.Shape)])]);
        }),
        Shaped("narrow", (d, x) =>
        {
            var axis = d.Int(0, x.Shape.Length - 1);
            var start = d.Int(0, x.Shape[axis]);
            var length = d.Int(0, x.Shape[axis] - start);
            return Moved(v => v.Narrow(axis, start, length), x, With(x.Shape, axis, length), i =>
                With(i, axis, i[axis] + start));
        }, 1),
        Shaped("select", (d, x) =>
        {
            var axis = d.Int(0, x.Shape.Length - 1);
            var at = d.Int(0, x.Shape[axis] - 1);
            return Moved(v => v.Select(axis, d.Coin() ? at : at - x.Shape[axis]), x, Without(x.Shape, axis), i =>
                Inserted(i, axis, at));
        }, 1, 1),
        Shaped("slice", (d, x) =>
        {
            var (axis, step) = (d.Int(0, x.Shape.Length - 1), d.Int(1, 3));
            var start = d.Int(0, x.Shape[axis]);
            return Moved(v => v.Slice(axis, start, step: step), x,
                With(x.Shape, axis, (x.Shape[axis] - start + step - 1) / step), i =>
                With(i, axis, start + i[axis] * step));
        }, 1),
        Shaped("windows", (d, x) =>
        {
            var (axis, stride) = (d.Int(0, x.Shape.Length - 1), d.Int(1, 3));
            var size = d.Int(1, x.Shape[axis]);
            var dilation = size == 1 ? 1 : d.Int(1, (x.Shape[axis] - 1) / (size - 1));
            var places = (x.Shape[axis] - dilation * (size - 1) - 1) / stride + 1;
            return Moved(v => v.Windows(axis, size, stride, dilation), x, [.. With(x.Shape, axis, places), size], i =>
                With(i[..^1], axis, i[axis] * stride + i[^1] * dilation));
        }, 1, 1),
        Shaped("diagonal", (d, x) =>
            Moved(v => v.Diagonal(0, -2, -1), x, [.. x.Shape[..^2], Math.Min(x.Shape[^1], x.Shape[^2])], i =>
                [.. i, i[^1]]), 2),
        Shaped("flip", (d, x) =>
        {
            var axes = d.Axes(x.Shape.Length);
            var turned = axes.Length == 0 ? [.. Enumerable.Range(0, x.Shape.Length)] : axes;
            return Moved(v => v.Flip(axes), x, x.Shape, i =>
                [.. i.Select((at, a) => turned.Contains(a) ? x.Shape[a] - 1 - at : at)]);
        }),
        Shaped("pad", (d, x) =>
        {
            var (axis, before, after) = (d.Int(0, x.Shape.Length - 1), d.Int(0, 3), d.Int(0, 3));
            var shape = With(x.Shape, axis, x.Shape[axis] + before + after);
            return new(v => v[0].Pad(axis, before, after), [x], shape, v => [.. Naive.Indices(shape).Select(i =>
                i[axis] < before || i[axis] >= before + x.Shape[axis] ? 0
                    : v[0][Naive.Place(With(i, axis, i[axis] - before), x.Shape)])]);
        }, 1),
        Shaped("cat", (d, x) =>
        {
            var axis = d.Int(0, x.Shape.Length - 1);
            var y = d.Input(With(x.Shape, axis, d.Size()));
            var shape = With(x.Shape, axis, x.Shape[axis] + y.Shape[axis]);
            return new(v => Variable.Cat([v[0], v[1]], axis), [x, y], shape, v => [.. Naive.Indices(shape).Select(i =>
                i[axis] < x.Shape[axis] ? v[0][Naive.Place(i, x.Shape)]
                    : v[1][Naive.Place(With(i, axis, i[axis] - x.Shape[axis]), y.Shape)])]);
        }, 1),
        Shaped("stack", (d, x) =>
        {
            var (axis, y) = (d.Int(0, x.Shape.Length), d.Input(x.Shape));
            var shape = Inserted(x.Shape, axis, 2);
            return new(v => Variable.Stack([v[0], v[1]], axis), [x, y], shape, v =>
                [.. Naive.Indices(shape).Select(i => v[i[axis]][Naive.Place(Without(i, axis), x.Shape)])]);
        }),
        Shaped("split", (d, x) =>
        {
            var size = d.Int(1, x.Shape[0]);
            return Moved(v => v.Split(size)[^1], x, With(x.Shape, 0, x.Shape[0] - (x.Shape[0] - 1) / size * size), i =>
                With(i, 0, i[0] + (x.Shape[0] - 1) / size * size));
        }, 1, 1),
        Shaped("chunk", (d, x) => Moved(v => v.Chunk(2)[0], x, With(x.Shape, 0, (x.Shape[0] + 1) / 2), i => i), 1, 1),
    ];

    static Case Same(Func<Variable, Variable> f, Input x, int[] shape) => new(v => f(v[0]), [x], shape, v => v[0]);

    static IEnumerable<Op> Indexing() =>
    [
        new("indexing", "gather", d =>
        {
            var x = d.Input(d.Shape(1, 4, 1));
            var axis = d.Int(0, x.Shape.Length - 1);
            var shape = With([.. x.Shape.Select(size => d.Int(0, 3) == 0 ? d.Int(0, size) : size)], axis, d.Size());
            long[] index = [.. Enumerable.Range(0, Naive.Count(shape)).Select(_ => (long)d.Int(0, x.Shape[axis] - 1))];
            return new(v => v[0].Gather(axis, Tensor.From(index, shape, device: v[0].Device)), [x], shape,
                v => [.. Naive.Indices(shape).Select((i, n) =>
                    v[0][Naive.Place(With(i, axis, (int)index[n]), x.Shape)])]);
        }),
        new("indexing", "scatter add", d =>
        {
            var x = d.Input(d.Shape(1, 4, 1));
            var (axis, size) = (d.Int(0, x.Shape.Length - 1), d.Int(1, 4));
            var shape = With(x.Shape, axis, size);
            long[] index = [.. Enumerable.Range(0, Naive.Count(x.Shape)).Select(_ => (long)d.Int(0, size - 1))];
            return new(v => v[0].ScatterAdd(axis, Tensor.From(index, x.Shape, device: v[0].Device), shape), [x], shape,
                v =>
            {
                var sums = new double[Naive.Count(shape)];
                var n = 0;
                foreach (var i in Naive.Indices(x.Shape)) sums[Naive.Place(With(i, axis, (int)index[n]),
                    shape)] += v[0][n++];
                return sums;
            });
        }),
        new("indexing", "index select", d =>
        {
            var x = d.Input(d.Shape(1, 4, 1));
            var axis = d.Int(0, x.Shape.Length - 1);
            long[] index = [.. Enumerable.Range(0, d.Size()).Select(_ => (long)d.Int(0, x.Shape[axis] - 1))];
            return Moved(v => v.IndexSelect(axis, Tensor.From(index, device: v.Device)), x,
                With(x.Shape, axis, index.Length), i => With(i, axis, (int)index[i[axis]]));
        }),
        new("indexing", "index by ranges", d =>
        {
            var x = d.Input([d.Int(1, 5), d.Int(2, 5), d.Int(1, 3)]);
            return Moved(v => v[^1, 1.., TensorIndex.NewAxis], x, [x.Shape[1] - 1, 1, x.Shape[2]], i =>
                [x.Shape[0] - 1, i[0] + 1, i[2]]);
        }),
        new("indexing", "index by integers", d =>
        {
            var x = d.Input([d.Int(1, 5), d.Int(1, 5), d.Int(1, 3)]);
            int[] rows = [.. Enumerable.Range(0, 3).Select(_ => d.Int(0, x.Shape[0] - 1))],
                columns = [.. Enumerable.Range(0, 3).Select(_ => d.Int(-x.Shape[1], x.Shape[1] - 1))];
            return Moved(v => v[rows, columns], x, [3, x.Shape[2]], i =>
                [rows[i[0]], (columns[i[0]] + x.Shape[1]) % x.Shape[1], i[1]]);
        }),
        new("indexing", "index by a mask", d =>
        {
            var x = d.Input([d.Int(1, 5), d.Int(1, 4)]);
            bool[] mask = [.. Enumerable.Range(0, x.Shape[0]).Select(_ => d.Coin())];
            int[] kept = [.. Enumerable.Range(0, mask.Length).Where(i => mask[i])];
            return Moved(v => v[mask], x, [kept.Length, x.Shape[1]], i => [kept[i[0]], i[1]]);
        }),
    ];
}
