namespace Tensorlet;

// Compositions of views, and of picking along an axis.
public sealed partial class Variable
{
    /// <summary>The whole repeated along each axis: so many times, new axes in front.</summary>
    /// <exception cref="ShapeException">Fewer numbers than axes, or a negative one.</exception>
    public Variable Repeat(params int[] times)
    {
        if (times.Length < Rank || times.Any(t => t < 0))
            throw new ShapeException($"Repeat: {Layout.Show(times)} is not a number for each axis of {Data.Layout}.");
        int[] shape = [.. Enumerable.Repeat(1, times.Length - Rank), .. Shape];
        var pairs = shape.SelectMany((size, a) => (int[])[times[a], size]);
        return Reshape([.. shape.SelectMany(size => (int[])[1, size])]).Expand([.. pairs])
            .Reshape([.. shape.Select((size, a) => times[a] * size)]);
    }

    /// <summary><see cref="Repeat"/>, where axes not named are those in front, taken once.</summary>
    public Variable Tile(params int[] times) =>
        Repeat([.. Enumerable.Repeat(1, Math.Max(0, Rank - times.Length)), .. times]);

    /// <summary>Shifted along an axis; what leaves at the end comes in at the beginning.</summary>
    public Variable Roll(int shift, int axis)
    {
        var n = Size(axis);
        var first = n == 0 ? 0 : ((-shift % n) + n) % n;
        return first == 0 ? this : Cat([Narrow(axis, first, n - first), Narrow(axis, 0, first)], axis);
    }

    /// <summary>Shifted along several axes, each by its own number.</summary>
    /// <exception cref="ShapeException">Not one axis for each shift.</exception>
    public Variable Roll(int[] shifts, int[] axes)
    {
        if (shifts.Length != axes.Length)
            throw new ShapeException($"Roll: {Layout.Show(shifts)} are not shifts for the axes {Layout.Show(axes)}.");
        return shifts.Zip(axes).Aggregate(this, (x, each) => x.Roll(each.First, each.Second));
    }

    /// <summary>All shifted, as one row, and put back into their shape.</summary>
    public Variable Roll(int shift) => Reshape(-1).Roll(shift, 0).Reshape(Size());

    /// <summary>Windows of this size along an axis, one every step; they become a new last axis.</summary>
    public Variable Unfold(int axis, int size, int step) => Windows(axis, size, step);

    /// <summary>An axis taken apart into several, one size of which may be −1.</summary>
    public Variable Unflatten(int axis, params int[] sizes)
    {
        axis = Data.Layout.Axis("Unflatten", axis);
        var inner = Tensor.Empty(Size(axis)).Inferred("Unflatten", sizes);
        return Reshape([.. Shape[..axis], .. inner, .. Shape[(axis + 1)..]]);
    }

    /// <summary>An axis brought to another place; the others keep their order.</summary>
    public Variable MoveDim(int source, int destination) => MoveDim([source], [destination]);

    /// <summary>Axes brought to other places, each to its own; the others keep their order.</summary>
    /// <exception cref="ShapeException">Not one place for each axis, or one is named twice.</exception>
    public Variable MoveDim(int[] source, int[] destination)
    {
        int[] from = [.. source.Select(a => Data.Layout.Axis("MoveDim", a))];
        int[] to = [.. destination.Select(a => Data.Layout.Axis("MoveDim", a))];
        if (from.Length != to.Length || from.Distinct().Count() + to.Distinct().Count() != 2 * from.Length)
            throw new ShapeException($"MoveDim: the axes {Layout.Show(source)} of {Data.Layout} cannot go to " +
                $"{Layout.Show(destination)}: name each once, and one place for each.");
        List<int> order = [.. Enumerable.Range(0, Rank).Except(from)];
        foreach (var (axis, place) in from.Zip(to).OrderBy(pair => pair.Second)) order.Insert(place, axis);
        return Permute([.. order]);
    }

    /// <summary>Below and on a diagonal of the last two axes as it is, 0 above.</summary>
    public Variable Tril(int diagonal = 0) => Triangle("Tril", gap => gap <= diagonal);
    /// <summary>Above and on a diagonal of the last two axes as it is, 0 below.</summary>
    public Variable Triu(int diagonal = 0) => Triangle("Triu", gap => gap >= diagonal);

    Variable Triangle(string operation, Func<Tensor, Tensor> kept)
    {
        if (Rank < 2) throw new ShapeException($"{operation}: shape {Data.Layout} is no matrix.");
        var rows = Tensor.Arange(Size(-2), DType.Int64, Device).Unsqueeze(1);
        return Where(kept(Tensor.Arange(Size(-1), DType.Int64, Device) - rows), this, Tensor.Like(Data, 0));
    }

    /// <summary>A matrix with these numbers on a diagonal; of a matrix its diagonal.</summary>
    /// <exception cref="ShapeException">Neither one axis nor two.</exception>
    public Variable Diag(int diagonal = 0)
    {
        if (Rank == 2) return Diagonal(diagonal);
        if (Rank != 1) throw new ShapeException($"Diag: shape {Data.Layout} is no vector and no matrix.");
        var n = Numel + Math.Abs(diagonal);
        return new AddView("Diagonal", y => y.Diagonal(diagonal), [n, n]).Apply(this);
    }

    /// <summary>Pieces of these sizes along an axis.</summary>
    /// <exception cref="ShapeException">They do not add up to its size.</exception>
    public Variable[] Split(int[] sizes, int axis = 0)
    {
        if (sizes.Sum() != Size(axis) || sizes.Any(size => size < 0))
            throw new ShapeException($"Split: {Layout.Show(sizes)} do not add up to axis {axis} of {Data.Layout}.");
        var at = 0;
        return Array.ConvertAll(sizes, size => Narrow(axis, (at += size) - size, size));
    }

    /// <summary>The elements of an axis, which disappears, one by one.</summary>
    public Variable[] Unbind(int axis = 0) => [.. Enumerable.Range(0, Size(axis)).Select(i => Select(axis, i))];

    /// <summary>
    /// Vectors as the axes of a grid: result k, of all their sizes, varies along axis k alone (PyTorch's indexing ij;
    /// for xy transpose the first two axes of each).
    /// </summary>
    /// <exception cref="ShapeException">One has more than one axis.</exception>
    public static Variable[] Meshgrid(params Variable[] axes)
    {
        foreach (var x in axes)
            if (x.Rank > 1) throw new ShapeException($"Meshgrid: shape {x.Data.Layout} is no vector.");
        int[] shape = [.. axes.Select(x => x.Numel)];
        return [.. axes.Select((x, k) =>
            x.Reshape([.. shape.Select((size, a) => a == k ? size : 1)]).Expand(shape))];
    }
}

/// <summary>What padding puts around an input.</summary>
public enum PadMode
{
    /// <summary>A number.</summary>
    Constant,
    /// <summary>The input, mirrored at its edge, which is not repeated.</summary>
    Reflect,
    /// <summary>The edge.</summary>
    Replicate,
    /// <summary>The input, from its other end.</summary>
    Circular,
}

public static partial class F
{
    /// <summary>
    /// Puts something around the last axes: padding is (before, after) of the last one, then of the one before it, ….
    /// Negative numbers cut off.
    /// </summary>
    /// <exception cref="ShapeException">An odd number, more than there are axes, or more is to be continued or cut off
    /// than there is.</exception>
    public static Variable Pad(Variable x, int[] padding, PadMode mode = PadMode.Constant, double value = 0)
    {
        var axes = padding.Length / 2;
        if (padding.Length % 2 != 0 || axes > x.Rank)
            throw new ShapeException($"Pad: {Layout.Show(padding)} is not (before, after) for some of the axes of " +
                $"{x.Data.Layout}, the last ones first.");
        if (axes == 0) return x;
        for (var a = 1; a <= axes; a++)
        {
            var (n, before, after) = (x.Size(-a), padding[2 * a - 2], padding[2 * a - 1]);
            var most = mode == PadMode.Reflect ? n - 1 : mode == PadMode.Circular ? n
                : mode == PadMode.Replicate && n == 0 ? 0 : int.MaxValue;
            if (Math.Max(before, after) > most || n + (long)Math.Min(0, before) + Math.Min(0, after) < 0)
                throw new ShapeException($"Pad: {before} and {after} are too many to continue or cut off axis {-a} " +
                    $"of {x.Data.Layout} ({mode}).");
            if (mode != PadMode.Constant)
                x = x.IndexSelect(-a, Tensor.From(Continued(n, before, after, mode), device: x.Device));
            else if (before < 0 || after < 0) x = x.Slice(-a, Math.Max(0, -before), n + Math.Min(0, after));
        }
        if (mode != PadMode.Constant) return x;
        int[] around = [.. padding.Select(p => Math.Max(0, p)).Reverse()];         // the last axis last
        return new Frame([.. around.Where((_, i) => i % 2 == 1)], [.. around.Where((_, i) => i % 2 == 0)], value)
            .Apply(x);
    }

    /// <summary>The places that n elements, continued before and after, are taken from.</summary>
    static long[] Continued(int n, int before, int after, PadMode mode) =>
        [.. Enumerable.Range(-before, before + n + after).Select(i => (long)(mode switch
        {
            PadMode.Reflect => i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i,
            PadMode.Replicate => Math.Clamp(i, 0, n - 1),
            _ => (i + n) % n,
        }))];

    /// <summary>
    /// 1 at the place of each class, 0 elsewhere: Int64, of the shape of the classes, and a last axis.
    /// </summary>
    /// <param name="index">The classes, Int64.</param>
    /// <param name="classes">How many there are; −1 for as many as the largest needs.</param>
    /// <exception cref="IndexException">A class is not in 0 … classes−1.</exception>
    public static Tensor OneHot(Tensor index, int classes = -1)
    {
        index.OnlyType("OneHot", DType.Int64);
        if (classes == -1) classes = (int)index.AMax().Item() + 1;
        var zeros = Tensor.Zeros([.. index.Shape, classes], DType.Int64, index.Device);
        return zeros.ScatterAdd_(-1, index.Unsqueeze(-1), index.OnesLike().Unsqueeze(-1));
    }

    /// <summary>The rows of a table (V, D) that integers of any shape name: (…) to (…, D).</summary>
    /// <param name="index">Integers in 0 … V−1.</param>
    /// <param name="weight">The table.</param>
    /// <param name="paddingIndex">A row that gets no gradient; a negative one counts from the end.</param>
    /// <exception cref="IndexException">An index is no row of the table.</exception>
    public static Variable Embedding(Tensor index, Variable weight, int? paddingIndex = null)
    {
        if (weight.Rank != 2) throw new ShapeException($"Embedding: the table is (V, D), not {weight.Data.Layout}.");
        var rows = weight.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, weight.Size(1)]);
        if (paddingIndex is not { } padding) return rows;
        if (padding < 0) padding += weight.Size(0);
        return Variable.Where(index.Eq(Tensor.Like(index, padding)).Unsqueeze(-1), rows.Detach(), rows);
    }
}
