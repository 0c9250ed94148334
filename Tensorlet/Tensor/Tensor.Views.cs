namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>
    /// Returns the same elements in another shape: a view if that is possible, and a copy otherwise. One size of the
    /// shape may be −1; this size is computed from the number of elements.
    /// </summary>
    /// <exception cref="ShapeException">The product of the sizes is not the number of elements.</exception>
    public Tensor Reshape(params int[] shape)
    {
        var target = Layout.Inferred("Reshape", shape);
        return Layout.Reshape(target) is { } view ? With(view) : Clone().Reshape(target);
    }

    /// <summary>
    /// Returns the same elements in another shape, always as a view. One size of the shape may be −1; this size is
    /// computed from the number of elements.
    /// </summary>
    /// <exception cref="ShapeException">The product of the sizes is not the number of elements; or no view has this
    /// shape, because of the order of the elements in memory.</exception>
    public Tensor View(params int[] shape)
    {
        var target = Layout.Inferred("View", shape);
        return Layout.Reshape(target) is { } view ? With(view) : throw new ShapeException(
            $"View: shape {Layout} with strides {Layout.Show(Layout.Strides)} has no view of shape " +
            $"{Layout.Show(target)}: its elements are not in order. Use Reshape, which copies if it has to.");
    }

    /// <summary>
    /// Returns a view with the axes in another order: axis a of the result is axis <c>dims[a]</c> of this tensor.
    /// </summary>
    /// <exception cref="ShapeException">The arguments do not name each axis exactly once.</exception>
    public Tensor Permute(params int[] dims)
    {
        int[] order = [.. dims.Given().Select(a => Layout.Axis("Permute", a))];
        return order.Length == Rank && order.Distinct().Count() == Rank ? With(Layout.Permute(order))
            : throw new ShapeException(
                $"Permute: {Layout.Show(dims)} does not name each of the {Rank} axes of shape {Layout} once.");
    }

    /// <summary>Returns a view in which two axes are swapped.</summary>
    public Tensor Transpose(int dim0, int dim1) => With(Layout.Permute(Layout.Swapped("Transpose", dim0, dim1)));

    /// <summary>The transposed matrix: a view in which the last two axes are swapped.</summary>
    public Tensor T => Transpose(-2, -1);

    /// <summary>
    /// Returns a view from which axes of size 1 are removed: all axes of size 1 if no axis is given, and otherwise
    /// only the given axes that have size 1.
    /// </summary>
    public Tensor Squeeze(Axes dim = default) => With(Layout.Permute([.. Enumerable.Range(0, Rank).Except(
        Layout.Axes("Squeeze", dim).Where(a => Layout.shape[a] == 1))]));

    /// <summary>Returns a view with a new axis of size 1 at position <paramref name="dim"/>.</summary>
    public Tensor Unsqueeze(int dim) => With(Layout.Insert(Layout.Axis("Unsqueeze", dim, extra: 1), 1, 1));

    /// <summary>
    /// Returns a view of the given shape. The shape may have new axes in front. Along the new axes and along axes of
    /// size 1, the elements are repeated without being copied. A size of −1 means that the axis keeps its size.
    /// </summary>
    /// <exception cref="ShapeException">A size other than 1 would have to change.</exception>
    public Tensor Expand(params int[] shape)
    {
        var lead = shape.Given().Length - Rank;
        int[] target = [.. shape.Select((size, a) => size == -1 && a >= lead ? Layout.shape[a - lead] : size)];
        Layout.Product(target, "Expand");
        return Layout.Expand(target) is { } view ? With(view) : throw new ShapeException(
            $"Expand: shape {Layout} does not expand to {Layout.Show(shape)}: only axes of size 1 and new ones can.");
    }

    /// <summary>
    /// Returns a view of the elements start … start + length − 1 of an axis. A negative start counts from the end.
    /// </summary>
    /// <exception cref="IndexException">Not all of these elements exist.</exception>
    public Tensor Narrow(int dim, int start, int length)
    {
        dim = Layout.Axis("Narrow", dim);
        var first = start < 0 ? start + Layout.shape[dim] : start;
        return first >= 0 && length >= 0 && first + (long)length <= Layout.shape[dim]
            ? With(Layout.Slice(dim, first, length, 1)) : throw new IndexException(
                $"Narrow: elements {start} to {start + (long)length} are not all in axis {dim} of shape {Layout}.");
    }

    /// <summary>
    /// Returns a view of one element of an axis; the axis is removed. A negative index counts from the end.
    /// </summary>
    /// <exception cref="IndexException">The element does not exist.</exception>
    public Tensor Select(int dim, int index) => Selected("Select", dim, index);

    Tensor Selected(string operation, int axis, int index)
    {
        axis = Layout.Axis(operation, axis);
        return With(Layout.Slice(axis, Layout.Index(operation, axis, index), 1, 1).Remove(axis));
    }

    /// <summary>
    /// Returns a view of every step-th element of an axis, from start up to, but not including, end. Negative bounds
    /// count from the end, and bounds beyond the axis are clamped.
    /// </summary>
    /// <exception cref="IndexException">The step is not positive (use Flip to reverse an axis).</exception>
    public Tensor Slice(int dim, int start = 0, int end = int.MaxValue, int step = 1)
    {
        dim = Layout.Axis("Slice", dim);
        if (step <= 0)
            throw new IndexException($"Slice: the step is {step} and must be positive; Flip reverses an axis.");
        var size = Layout.shape[dim];
        start = Math.Clamp(start < 0 ? start + size : start, 0, size);
        end = Math.Clamp(end < 0 ? end + size : end, start, size);
        return With(Layout.Slice(dim, start, end > start ? (end - start - 1) / step + 1 : 0, step));
    }

    /// <summary>Returns a copy in which the given axes are reversed.</summary>
    public Tensor Flip(params int[] dims)
    {
        var layout = Layout;
        foreach (var a in Layout.Axes("Flip", dims.Given()))
            layout = layout.Slice(a, layout.shape[a] - 1, layout.shape[a], -1);
        return With(layout).Clone();
    }

    /// <summary>
    /// Returns a view of sliding windows along an axis. Neighbouring windows may share elements. A window consists of
    /// <paramref name="size"/> elements, and neighbouring elements of a window are <paramref name="dilation"/>
    /// positions apart. A window begins every <paramref name="stride"/> elements. In the result, the axis has one
    /// position for each window, and a new last axis has one position for each element of a window.
    /// </summary>
    /// <exception cref="ShapeException">The window is longer than the axis; or the size, the stride or the dilation is
    /// not positive.</exception>
    public Tensor Windows(int dim, int size, int stride = 1, int dilation = 1)
    {
        dim = Layout.Axis("Windows", dim);
        if (size < 1 || stride < 1 || dilation < 1)
            throw new ShapeException($"Windows: size {size}, stride {stride}, dilation {dilation} must be positive.");
        var reach = (long)dilation * (size - 1) + 1;
        return reach <= Layout.shape[dim] ? With(Layout.Windows(dim, size, stride, dilation))
            : throw new ShapeException(
                $"Windows: {size} elements, {dilation} apart, reach over {reach}, more than axis {dim} of {Layout}.");
    }

    /// <summary>
    /// Returns a view of windows along the last axes. The arrays have one number for each of these axes.
    /// </summary>
    internal Tensor Windows(int[] size, int[] stride, int[] dilation)
    {
        var result = this;
        for (var a = 0; a < size.Length; a++)
            result = result.Windows(Rank - size.Length + a, size[a], stride[a], dilation[a]);
        return result;
    }

    /// <summary>
    /// Returns a copy that is padded with a value along the last axes. For each of these axes, the arrays say how
    /// many elements are added at the beginning and at the end.
    /// </summary>
    internal Tensor Framed(int[] before, int[] after, double value)
    {
        if (before.Length > Rank) throw new ShapeException($"Pad: {Layout} does not have {before.Length} axes.");
        if (before.Max() + after.Max() == 0) return this;
        int[] shape = [.. Shape];
        for (var a = 1; a <= before.Length; a++)
            shape[^a] = Layout.Fitting("Pad", shape[^a] + (long)before[^a] + after[^a]);
        var result = NewEmpty(shape).SetAll(value);
        Device.Copy(this, result.Inside(before, Size()));
        return result;
    }

    /// <summary>
    /// Returns a part of this tensor along the last axes. For each of these axes, the arrays say how many elements
    /// are skipped, and how many elements after the skipped elements are kept.
    /// </summary>
    internal Tensor Inside(int[] before, int[] sizes) => Enumerable.Range(1, before.Length).Aggregate(this, (x, a) =>
        x.Narrow(-a, before[^a], sizes[^a]));

    /// <summary>
    /// Returns a view of a diagonal with respect to two axes. On this diagonal, the position along
    /// <paramref name="dim2"/> is the position along <paramref name="dim1"/> plus <paramref name="offset"/>; the main
    /// diagonal has the offset 0. In the view, a new last axis, which runs along the diagonal, replaces the two axes.
    /// </summary>
    /// <exception cref="ShapeException">The tensor has fewer than two axes, or the two axes are the same.</exception>
    public Tensor Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1)
    {
        if (Rank < 2) throw new ShapeException($"Diagonal: shape {Layout} is not a matrix.");
        var (a, b) = (Layout.Axis("Diagonal", dim1), Layout.Axis("Diagonal", dim2));
        if (a == b) throw new ShapeException($"Diagonal: axes {dim1} and {dim2} of shape {Layout} are the same.");
        var x = With(Layout.Permute([.. Enumerable.Range(0, Rank).Where(axis => axis != a && axis != b), a, b]));
        x = x.Slice(-2, Math.Max(0, -Math.Max(offset, -int.MaxValue))).Slice(-1, Math.Max(0, offset));
        return x.With(x.Layout.Diagonal());
    }

    /// <summary>
    /// Joins tensors one after another along an axis. The tensors may differ in size along this axis only. If the
    /// tensors have different types, the result has the type that comes last in the order Bool, Int64, Float32,
    /// Float64.
    /// </summary>
    /// <exception cref="ShapeException">No tensors were given; or the tensors differ in the size of another axis; or
    /// the tensors have different numbers of axes.</exception>
    public static Tensor Cat(IReadOnlyList<Tensor> tensors, int dim = 0)
    {
        if (tensors.Given().Count == 0) throw new ShapeException("Cat: no tensors were given.");
        var first = tensors[0].Given(nameof(tensors));
        dim = first.Layout.Axis("Cat", dim);
        foreach (var t in tensors)
        {
            first.SameDevice("Cat", t);
            if (t.Rank != first.Rank)
                throw new ShapeException($"Cat: shapes {first.Layout} and {t.Layout} have different numbers of axes.");
            for (var a = 0; a < first.Rank; a++)
                if (a != dim && t.Layout.shape[a] != first.Layout.shape[a]) throw new ShapeException(
                    $"Cat: shapes {first.Layout} and {t.Layout} may differ in axis {dim}, but differ in axis {a}.");
        }
        int[] sizes = [.. tensors.Select(t => t.Layout.shape[dim])];
        var whole = Layout.Fitting("Cat", sizes.Sum(size => (long)size));
        var result = first.NewEmpty(Layout.With(first.Layout.shape, dim, whole), tensors.Max(t => t.DType));
        foreach (var (t, part) in tensors.Zip(result.Split(sizes, dim))) first.Device.Copy(t, part);
        return result;
    }

    /// <summary>Joins tensors of the same shape along a new axis.</summary>
    public static Tensor Stack(IReadOnlyList<Tensor> tensors, int dim = 0)
    {
        Layout.OnlySame("Stack", [.. tensors.Given().Select(t => t.Given(nameof(tensors)).Layout)]);
        return Named(() => Cat([.. tensors.Select(t => t.Unsqueeze(dim))], dim));
    }

    /// <summary>
    /// Splits an axis into pieces of the given size; the last piece may be smaller. The pieces are views.
    /// </summary>
    public Tensor[] Split(int size, int dim = 0)
    {
        if (size < 1) throw new ShapeException($"Split: the size of a piece is {size} and must be positive.");
        var (whole, rest) = Math.DivRem(Layout.Size("Split", dim), size);
        return Split([.. Enumerable.Repeat(size, whole), .. rest > 0 || whole == 0 ? (int[])[rest] : []], dim);
    }

    /// <summary>Splits an axis into pieces of the given sizes. The pieces are views.</summary>
    /// <exception cref="ShapeException">The sizes do not add up to the size of the axis.</exception>
    public Tensor[] Split(int[] sizes, int dim = 0)
    {
        if (sizes.Given().Sum(size => (long)size) != Layout.Size("Split", dim) || sizes.Any(size => size < 0))
            throw new ShapeException($"Split: {Layout.Show(sizes)} do not add up to axis {dim} of {Layout}.");
        var at = 0;
        return Array.ConvertAll(sizes, size => Narrow(dim, (at += size) - size, size));
    }

    /// <summary>
    /// Splits an axis into at most <paramref name="chunks"/> pieces. All pieces have the same size, except that the
    /// last piece may be smaller. The pieces are views.
    /// </summary>
    public Tensor[] Chunk(int chunks, int dim = 0) => chunks < 1
        ? throw new ShapeException($"Chunk: {chunks} pieces were asked for; at least one is needed.")
        : Split((int)Math.Max(1, (Layout.Size("Chunk", dim) + chunks - 1L) / chunks), dim);
}
