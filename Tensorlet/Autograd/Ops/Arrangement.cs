namespace Tensorlet;

// These operations are composed of views, and of picking elements along an axis.
public partial class Variable
{
    /// <summary>
    /// Repeats the whole tensor along each axis. <paramref name="times"/> contains the number of repetitions for
    /// each axis. If it contains more numbers than there are axes, new axes are added in front.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer numbers than axes, or a number is negative.</exception>
    public Variable Repeat(params int[] times)
    {
        if (times.Given().Length < Rank || times.Any(t => t < 0))
            throw new ShapeException($"Repeat: {Layout.Show(times)} must name each axis of {Data.Layout}, from 0 on.");
        int[] shape = [.. Enumerable.Repeat(1, times.Length - Rank), .. Shape];
        int[] sizes = [.. shape.Select((size, a) => Layout.Fitting("Repeat", (long)times[a] * size))];
        var pairs = shape.SelectMany((size, a) => (int[])[times[a], size]);
        return Named(() => Reshape([.. shape.SelectMany(size => (int[])[1, size])]).Expand([.. pairs]).Reshape(sizes));
    }

    /// <summary>
    /// Does the same as <see cref="Repeat"/>, but also accepts fewer numbers than axes. In this case, the leading
    /// axes are not repeated.
    /// </summary>
    public Variable Tile(params int[] times) =>
        Named(() => Repeat([.. Enumerable.Repeat(1, Math.Max(0, Rank - times.Given().Length)), .. times]));

    /// <summary>
    /// Repeats each element along an axis: the result contains the first element <paramref name="repeats"/> times, then
    /// the second, and so on. If no axis is given, the result has one axis, with the repeated elements of the flattened
    /// tensor.
    /// </summary>
    /// <exception cref="ShapeException">The number of repetitions is negative.</exception>
    public Variable RepeatInterleave(int repeats, int? dim = null)
    {
        if (repeats < 0) throw new ShapeException($"RepeatInterleave: {repeats} repetitions are negative.");
        var axis = Data.Layout.Axis("RepeatInterleave", dim ?? 0);
        return Named(() => dim is null ? Reshape(-1).RepeatInterleave(repeats, 0) : Unsqueeze(axis + 1)
            .Expand([.. Shape[..(axis + 1)], repeats, .. Shape[(axis + 1)..]]).Flatten(axis, axis + 1));
    }

    /// <summary>
    /// Shifts the elements along the axis <paramref name="dims"/> by <paramref name="shifts"/> positions. Elements
    /// that are shifted beyond the end reappear at the beginning.
    /// </summary>
    public Variable Roll(int shifts, int dims)
    {
        var n = Data.Layout.Size("Roll", dims);
        var first = n == 0 ? 0 : (int)((n - (long)shifts % n) % n);
        return first == 0 ? this : Cat([Narrow(dims, first, n - first), Narrow(dims, 0, first)], dims);
    }

    /// <summary>
    /// Shifts the elements along several axes: by <c>shifts[i]</c> positions along the axis <c>dims[i]</c>.
    /// </summary>
    /// <exception cref="ShapeException">The number of shifts differs from the number of axes.</exception>
    public Variable Roll(int[] shifts, int[] dims) => shifts.Given().Length == dims.Given().Length
        ? shifts.Zip(dims).Aggregate(this, (x, each) => x.Roll(each.First, each.Second))
        : throw new ShapeException($"Roll: {Layout.Show(shifts)} are not as many as the axes {Layout.Show(dims)}.");

    /// <summary>
    /// Flattens this variable, shifts the elements by <paramref name="shifts"/> positions, and restores the shape.
    /// </summary>
    public Variable Roll(int shifts) => Reshape(-1).Roll(shifts, 0).Reshape(Size());

    /// <summary>
    /// Returns windows of the given size along an axis. A window begins every <paramref name="step"/> elements. In the
    /// result, this axis has one position for each window, and a new last axis contains the elements of each window.
    /// </summary>
    public Variable Unfold(int dim, int size, int step) => Read(x => x.Windows(dim, size, step));

    /// <summary>
    /// Splits an axis into several axes of the given sizes. One of the sizes may be −1; it is then computed from the
    /// other sizes.
    /// </summary>
    public Variable Unflatten(int dim, params int[] sizes)
    {
        dim = Data.Layout.Axis("Unflatten", dim);
        var inner = Data.Layout[dim..(dim + 1)].Inferred("Unflatten", sizes.Given());
        return Reshape([.. Shape[..dim], .. inner, .. Shape[(dim + 1)..]]);
    }

    /// <summary>Moves an axis to another position. The other axes keep their order.</summary>
    public Variable MoveDim(int source, int destination) => MoveDim([source], [destination]);

    /// <summary>
    /// Moves several axes to other positions: the axis <c>source[i]</c> to the position <c>destination[i]</c>. The
    /// other axes keep their order.
    /// </summary>
    /// <exception cref="ShapeException">The number of axes differs from the number of positions; or an axis or a
    /// position is named twice.</exception>
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

    /// <summary>
    /// Keeps the elements on and below a diagonal of each matrix in the last two axes, and sets the elements above
    /// this diagonal to 0. Diagonal 0 is the main diagonal, and positive numbers are diagonals above the main
    /// diagonal.
    /// </summary>
    public Variable Tril(int diagonal = 0) => Triangle("Tril", gap => gap <= diagonal);
    /// <summary>
    /// Keeps the elements on and above a diagonal of each matrix in the last two axes, and sets the elements below
    /// this diagonal to 0. Diagonal 0 is the main diagonal, and positive numbers are diagonals above the main
    /// diagonal.
    /// </summary>
    public Variable Triu(int diagonal = 0) => Triangle("Triu", gap => gap >= diagonal);

    Variable Triangle(string operation, Func<Tensor, Tensor> kept)
    {
        if (Rank < 2) throw new ShapeException($"{operation}: shape {Data.Layout} is not a matrix.");
        var rows = Tensor.Arange(Size(-2), DType.Int64, Device).Unsqueeze(1);
        return Where(kept(Tensor.Arange(Size(-1), DType.Int64, Device) - rows), this, Tensor.Like(Data, 0).To(DType));
    }

    /// <summary>
    /// If this variable is a vector, returns a matrix that contains the vector on the given diagonal, and zeros
    /// elsewhere. If this variable is a matrix, returns the given diagonal as a vector.
    /// </summary>
    /// <exception cref="ShapeException">This variable is neither a vector nor a matrix.</exception>
    public Variable Diag(int diagonal = 0)
    {
        if (Rank == 2) return Diagonal(diagonal);
        if (Rank != 1) throw new ShapeException($"Diag: shape {Data.Layout} is neither a vector nor a matrix.");
        var n = Layout.Fitting("Diag", Numel + Math.Abs((long)diagonal));
        return AddInto(y => y.Diagonal(diagonal), [n, n], "Diagonal");
    }

    /// <summary>Splits this variable into its slices along an axis. The slices do not have this axis.</summary>
    public Variable[] Unbind(int dim = 0) => new Divided("Unbind", x =>
        [.. Enumerable.Range(0, x.Size(dim)).Select(i => x.Select(dim, i))], parts => Stack(parts, dim)).Apply(this);

    /// <summary>
    /// Expands vectors to a grid. The grid has one axis for each vector, and this axis is as long as the vector. Result
    /// k contains vector k along axis k, and does not vary along the other axes. This is what PyTorch computes with
    /// <c>indexing="ij"</c>. To get the results of <c>indexing="xy"</c>, transpose the first two axes of each result.
    /// </summary>
    /// <exception cref="ShapeException">One of the variables has more than one axis.</exception>
    public static Variable[] Meshgrid(params Variable[] variables)
    {
        if (Array.Find(variables.Given(), x => x.Given(nameof(variables)).Rank > 1) is { } wide)
            throw new ShapeException($"Meshgrid: shape {wide.Data.Layout} is not a vector.");
        int[] shape = [.. variables.Select(x => x.Numel)];
        return [.. variables.Select((x, k) =>
            x.Reshape([.. shape.Select((size, a) => a == k ? size : 1)]).Expand(shape))];
    }
}

public static partial class F
{
    /// <summary>
    /// Returns an Int64 vector for each class in <paramref name="index"/>. In this vector, the element at the
    /// position of the class is 1, and all other elements are 0. The vectors run along a new last axis, after the
    /// axes of <paramref name="index"/>.
    /// </summary>
    /// <param name="index">The classes, as an Int64 tensor.</param>
    /// <param name="numClasses">The number of classes; −1 stands for the largest class plus 1.</param>
    /// <exception cref="IndexException">A class is negative, or is not smaller than the number of
    /// classes.</exception>
    public static Tensor OneHot(Tensor index, int numClasses = -1)
    {
        index.Given().OnlyType("OneHot", DType.Int64);
        return Named(() =>
        {
            if (numClasses == -1) numClasses = Layout.Fitting("OneHot", index.AMax().Item<long>() + 1);
            var zeros = Tensor.Zeros([.. index.Shape, numClasses], DType.Int64, index.Device);
            return zeros.ScatterAdd_(-1, index.Unsqueeze(-1), Tensor.OnesLike(index).Unsqueeze(-1));
        });
    }

    /// <summary>
    /// Looks up rows of a table that has the shape (V, D): V rows of D elements. If the indices have the shape (…), the
    /// result has the shape (…, D).
    /// </summary>
    /// <param name="index">The numbers of the rows to look up, as an Int64 tensor of any shape. Each number is from 0
    /// to V − 1.</param>
    /// <param name="weight">The table.</param>
    /// <param name="paddingIdx">The number of a row that gets no gradient. A negative number is counted from the end of
    /// the table.</param>
    /// <exception cref="IndexException">An index or the padding index is not the number of a row of the
    /// table.</exception>
    public static Variable Embedding(Tensor index, Variable weight, int? paddingIdx = null)
    {
        if (weight.Given().Rank != 2)
            throw new ShapeException($"Embedding: the table must have the shape (V, D), not {weight.Data.Layout}.");
        index.Given().OnlyType("Embedding: the indices", DType.Int64);
        var rows = Named(() => weight.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, weight.Size(1)]));
        if (paddingIdx is not { } row) return rows;
        var padding = weight.Data.Layout.Index("Embedding", 0, row);
        return Variable.Where(index.Eq(padding).Unsqueeze(-1), rows.Detach(), rows);
    }
}
