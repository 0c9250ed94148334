namespace Tensorlet;

// Compositions of views, and of picking along an axis.
public sealed partial class Variable
{
    /// <summary>
    /// The whole tensor repeated along each axis, the given number of times; further numbers make new axes in front.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer numbers than axes, or one is negative.</exception>
    public Variable Repeat(params int[] times)
    {
        if (times.Given().Length < Rank || times.Any(t => t < 0))
            throw new ShapeException($"Repeat: {Layout.Show(times)} must name each axis of {Data.Layout}, from 0 on.");
        int[] shape = [.. Enumerable.Repeat(1, times.Length - Rank), .. Shape];
        int[] sizes = [.. shape.Select((size, a) => Layout.Fitting("Repeat", (long)times[a] * size))];
        var pairs = shape.SelectMany((size, a) => (int[])[times[a], size]);
        return Named(() => Reshape([.. shape.SelectMany(size => (int[])[1, size])]).Expand([.. pairs]).Reshape(sizes));
    }

    /// <summary><see cref="Repeat"/>, where leading axes that are not named are taken once.</summary>
    public Variable Tile(params int[] times) =>
        Named(() => Repeat([.. Enumerable.Repeat(1, Math.Max(0, Rank - times.Given().Length)), .. times]));

    /// <summary>Shifted along an axis; elements that leave at the end come in at the beginning.</summary>
    public Variable Roll(int shift, int axis)
    {
        var n = Data.Layout.Size("Roll", axis);
        var first = n == 0 ? 0 : (int)((n - (long)shift % n) % n);
        return first == 0 ? this : Cat([Narrow(axis, first, n - first), Narrow(axis, 0, first)], axis);
    }

    /// <summary>Shifted along several axes, each by its own number.</summary>
    /// <exception cref="ShapeException">The numbers of shifts and axes differ.</exception>
    public Variable Roll(int[] shifts, int[] axes) => shifts.Given().Length == axes.Given().Length
        ? shifts.Zip(axes).Aggregate(this, (x, each) => x.Roll(each.First, each.Second))
        : throw new ShapeException($"Roll: {Layout.Show(shifts)} are not as many as the axes {Layout.Show(axes)}.");

    /// <summary>Shifted as if all elements were in one row, and back in their shape.</summary>
    public Variable Roll(int shift) => Reshape(-1).Roll(shift, 0).Reshape(Size());

    /// <summary>Windows of a size along an axis, one at every step. They become a new last axis.</summary>
    public Variable Unfold(int axis, int size, int step) => Read(x => x.Windows(axis, size, step));

    /// <summary>An axis split into several, one size of which may be −1.</summary>
    public Variable Unflatten(int axis, params int[] sizes)
    {
        axis = Data.Layout.Axis("Unflatten", axis);
        var inner = Data.Layout[axis..(axis + 1)].Inferred("Unflatten", sizes.Given());
        return Reshape([.. Shape[..axis], .. inner, .. Shape[(axis + 1)..]]);
    }

    /// <summary>An axis moved to another position; the others keep their order.</summary>
    public Variable MoveDim(int source, int destination) => MoveDim([source], [destination]);

    /// <summary>Axes moved to other positions, each to its own; the others keep their order.</summary>
    /// <exception cref="ShapeException">There is not one position for each axis, or one is named twice.</exception>
    public Variable MoveDim(int[] source, int[] destination)
    {
        int[] from = [.. source.Given().Select(a => Data.Layout.Axis("MoveDim", a))];
        int[] to = [.. destination.Given().Select(a => Data.Layout.Axis("MoveDim", a))];
        if (from.Length != to.Length || from.Distinct().Count() + to.Distinct().Count() != 2 * from.Length)
            throw new ShapeException($"MoveDim: the axes {Layout.Show(source)} of {Data.Layout} cannot go to " +
                $"{Layout.Show(destination)}: name each once, with one position for each.");
        List<int> order = [.. Enumerable.Range(0, Rank).Except(from)];
        foreach (var (axis, place) in from.Zip(to).OrderBy(pair => pair.Second)) order.Insert(place, axis);
        return Permute([.. order]);
    }

    /// <summary>The elements on and below a diagonal of the last two axes, and 0 above.</summary>
    public Variable Tril(int diagonal = 0) => Triangle("Tril", gap => gap <= diagonal);
    /// <summary>The elements on and above a diagonal of the last two axes, and 0 below.</summary>
    public Variable Triu(int diagonal = 0) => Triangle("Triu", gap => gap >= diagonal);

    Variable Triangle(string operation, Func<Tensor, Tensor> kept)
    {
        if (Rank < 2) throw new ShapeException($"{operation}: shape {Data.Layout} is not a matrix.");
        var rows = Tensor.Arange(Size(-2), DType.Int64, Device).Unsqueeze(1);
        return Where(kept(Tensor.Arange(Size(-1), DType.Int64, Device) - rows), this, Tensor.Like(Data, 0).To(DType));
    }

    /// <summary>A matrix with these numbers on a diagonal; or, of a matrix, its diagonal.</summary>
    /// <exception cref="ShapeException">There is neither one axis nor two.</exception>
    public Variable Diag(int diagonal = 0)
    {
        if (Rank == 2) return Diagonal(diagonal);
        if (Rank != 1) throw new ShapeException($"Diag: shape {Data.Layout} is neither a vector nor a matrix.");
        var n = Layout.Fitting("Diag", Numel + Math.Abs((long)diagonal));
        return AddInto(y => y.Diagonal(diagonal), [n, n], "Diagonal");
    }

    /// <summary>The slices along an axis, which disappears, one by one.</summary>
    public Variable[] Unbind(int axis = 0) => new Divided("Unbind", x =>
        [.. Enumerable.Range(0, x.Size(axis)).Select(i => x.Select(axis, i))], parts => Stack(parts, axis)).Apply(this);

    /// <summary>
    /// Expands vectors to the axes of a grid: result k has all their sizes, and varies along axis k only (PyTorch's
    /// indexing "ij"; for "xy", transpose the first two axes of each).
    /// </summary>
    /// <exception cref="ShapeException">One of them has more than one axis.</exception>
    public static Variable[] Meshgrid(params Variable[] axes)
    {
        if (Array.Find(axes.Given(), x => x.Given(nameof(axes)).Rank > 1) is { } wide)
            throw new ShapeException($"Meshgrid: shape {wide.Data.Layout} is not a vector.");
        int[] shape = [.. axes.Select(x => x.Numel)];
        return [.. axes.Select((x, k) => x.Reshape([.. shape.Select((size, a) => a == k ? size : 1)]).Expand(shape))];
    }
}

public static partial class F
{
    /// <summary>
    /// 1 at the position of each class, 0 elsewhere: Int64, of the shape of the classes, with a new last axis.
    /// </summary>
    /// <param name="index">The classes, Int64.</param>
    /// <param name="classes">The number of classes; −1 for as many as the largest one needs.</param>
    /// <exception cref="IndexException">A class is not in 0 … classes − 1.</exception>
    public static Tensor OneHot(Tensor index, int classes = -1)
    {
        index.Given().OnlyType("OneHot", DType.Int64);
        return Named(() =>
        {
            if (classes == -1) classes = Layout.Fitting("OneHot", index.AMax().Item<long>() + 1);
            var zeros = Tensor.Zeros([.. index.Shape, classes], DType.Int64, index.Device);
            return zeros.ScatterAdd_(-1, index.Unsqueeze(-1), index.OnesLike().Unsqueeze(-1));
        });
    }

    /// <summary>Looks up rows of a table (V, D) by integers of any shape: (…) to (…, D).</summary>
    /// <param name="index">Integers in 0 … V−1.</param>
    /// <param name="weight">The table.</param>
    /// <param name="paddingIndex">A row that gets no gradient; a negative number counts from the end.</param>
    /// <exception cref="IndexException">An index, or the padding index, is not a row of the table.</exception>
    public static Variable Embedding(Tensor index, Variable weight, int? paddingIndex = null)
    {
        if (weight.Given().Rank != 2)
            throw new ShapeException($"Embedding: the table must have the shape (V, D), not {weight.Data.Layout}.");
        index.Given().OnlyType("Embedding: the indices", DType.Int64);
        var rows = Named(() => weight.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, weight.Size(1)]));
        if (paddingIndex is not { } row) return rows;
        var padding = weight.Data.Layout.Index("Embedding", 0, row);
        return Variable.Where(index.Eq(padding).Unsqueeze(-1), rows.Detach(), rows);
    }
}
