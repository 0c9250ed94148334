namespace Tensorlet;

/// <summary>
/// The positions of the elements of a tensor in its storage: element (i₀, i₁, …) is at position <c>Offset + Σ
/// iₐ·Strides[a]</c>. A layout is immutable. An operation that returns a view of a tensor computes only a new layout,
/// and does not touch the data.
/// </summary>
/// <remarks>
/// The source file of this class is long, because it contains all operations on shapes that do not need the values of
/// the elements.
/// </remarks>
public sealed class Layout
{
    internal readonly int[] shape, strides;

    /// <summary>The size of each axis.</summary>
    public Shape Shape => new(shape);
    /// <summary>The distance, in elements, between neighbours along each axis.</summary>
    public ReadOnlySpan<int> Strides => strides;
    /// <summary>The position of the first element in the storage.</summary>
    public int Offset { get; }
    /// <summary>The number of elements: the product of the sizes (1 for a 0-dimensional layout).</summary>
    /// <exception cref="ShapeException">There are more elements than an int can count. This can happen in a view of
    /// overlapping windows, in which an element of the storage occurs several times.</exception>
    public int Count => LongCount <= int.MaxValue ? (int)LongCount : Product(shape);
    /// <summary>
    /// The number of elements, or 2³² if this number is larger. A view may have more elements than its storage,
    /// because several elements of the view may be at the same position.
    /// </summary>
    internal long LongCount { get; }
    /// <summary>True if the elements follow one another in row-major order without gaps.</summary>
    public bool IsContiguous { get; }
    /// <summary>The number of axes.</summary>
    public int Rank => shape.Length;

    internal Layout(int[] shape, int[] strides, int offset)
    {
        (this.shape, this.strides) = (shape, strides);
        LongCount = LongProduct(shape);
        // an empty part may seem to begin after the end of an empty storage
        Offset = LongCount == 0 ? 0 : offset;
        IsContiguous = LongCount <= int.MaxValue;
        for (int a = shape.Length - 1, expected = 1; a >= 0 && LongCount > 0; expected *= shape[a--])
            if (shape[a] != 1 && strides[a] != expected) { IsContiguous = false; break; }
    }

    /// <summary>The row-major layout of a shape, with offset 0.</summary>
    /// <exception cref="ShapeException">A size is negative, or there are more elements than an int can
    /// count.</exception>
    public static Layout Contiguous(params int[] shape)
    {
        var strides = new int[shape.Given().Length];
        for (int a = shape.Length - 1, stride = 1; a >= 0; a--)
        {
            strides[a] = stride;
            stride = unchecked(stride * Math.Max(1, shape[a]));   // Product finds an overflow
        }
        Product(shape);
        return new Layout(shape, strides, 0);
    }

    internal static int Product(ReadOnlySpan<int> shape, string operation = "Layout") =>
        LongProduct(shape, operation) is <= int.MaxValue and var product ? (int)product : throw new ShapeException(
            $"{operation}: the shape {Show(shape)} has more than {int.MaxValue:N0} elements.");

    /// <summary>The product of the sizes, or 2³² if the product is larger than 2³².</summary>
    static long LongProduct(ReadOnlySpan<int> shape, string operation = "Layout")
    {
        var product = 1L;
        foreach (var size in shape)
        {
            if (size < 0) throw new ShapeException($"{operation}: the shape {Show(shape)} has a negative size.");
            product = Math.Min(product * size, 1L << 32);
        }
        return product;
    }

    /// <summary>Converts a size that was computed as a long to an int, and refuses a size that does not fit.</summary>
    internal static int Fitting(string operation, long size) => size is >= 0 and <= int.MaxValue ? (int)size
        : throw new ShapeException($"{operation}: a size of {size:N0} is not between 0 and {int.MaxValue:N0}.");

    internal static string Show(ReadOnlySpan<int> shape) =>
        $"({string.Join(", ", shape.ToArray().Select(n => $"{n}"))})";

    /// <summary>Returns the shape as text, for example <c>(64, 1, 28, 28)</c>.</summary>
    public override string ToString() => Show(shape);

    /// <summary>The size of an axis. If the axis does not exist, the exception names the operation.</summary>
    internal int Size(string operation, int axis) => shape[Axis(operation, axis)];

    internal int Axis(string operation, int axis, int extra = 0)
    {
        var rank = Rank + extra;
        if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
        throw new IndexException($"{operation}: axis {axis} does not exist in shape {this}" +
            (rank == 0 ? ", which has no axes." : $"; use {-rank} to {rank - 1}."));
    }

    /// <summary>
    /// Converts an index along an axis to an index that is counted from 0. A negative index counts from the end.
    /// </summary>
    internal int Index(string operation, int axis, long index)
    {
        var size = shape[axis];
        if (index >= -size && index < size) return (int)(index < 0 ? index + size : index);
        throw new IndexException($"{operation}: index {index} is outside of axis {axis} of shape {this}" +
            (size == 0 ? ", which is empty." : $"; use {-size} to {size - 1}."));
    }

    static readonly int[] first = [.. Enumerable.Range(0, 16)];

    /// <summary>The axes 0, 1, … of a layout with the given number of axes.</summary>
    internal static ReadOnlySpan<int> AllAxes(int rank) =>
        rank <= first.Length ? first.AsSpan(..rank) : Enumerable.Range(0, rank).ToArray();

    /// <summary>
    /// Returns the given axes, counted from 0 and sorted, or all axes if none is given. No axis may be given twice. A
    /// 0-dimensional layout accepts one axis, as if it had an axis of size 1.
    /// </summary>
    internal int[] Axes(string operation, Axes given)
    {
        var axes = given.list;
        if (axes is null || axes.Length == 0) return AllAxes(Rank).ToArray();
        int[] sorted = [.. axes.Select(a => Axis(operation, a, extra: Rank == 0 ? 1 : 0)).Order()];
        for (var i = 1; i < sorted.Length; i++)
            if (sorted[i] == sorted[i - 1])
                throw new IndexException($"{operation}: axis {sorted[i]} is named twice in {Show(axes)}.");
        return Rank == 0 ? [] : sorted;
    }

    /// <summary>Returns the axes from 0 to rank − 1. The given axes, which are sorted, come last.</summary>
    internal static int[] Last(int rank, int[] axes)
    {
        var (order, kept) = (new int[rank], 0);
        for (var a = 0; a < rank; a++)
            if (Array.BinarySearch(axes, a) < 0) order[kept++] = a;
        axes.CopyTo(order, kept);
        return order;
    }

    /// <summary>
    /// Returns a copy of <paramref name="shape"/>, in which at most one size may be −1. In the copy, the size −1 is
    /// replaced by the size that gives the shape as many elements as this layout has.
    /// </summary>
    internal int[] Inferred(string operation, int[] shape)
    {
        int[] target = [.. shape.Given()];
        if (Array.IndexOf(target, -1) is >= 0 and var open)
        {
            target[open] = 1;
            if (target.Contains(-1))
                throw new ShapeException($"{operation}: only one size of {Show(shape)} can be −1.");
            var known = Product(target, operation);
            target[open] = known > 0 ? Count / known : throw Misfit(": with a size of 0, −1 could be any number");
        }
        return Product(target, operation) == Count ? target : throw Misfit();

        ShapeException Misfit(string more = "") =>
            new($"{operation}: the {Count} elements of shape {this} do not fill the shape {Show(shape)}{more}.");
    }

    /// <summary>
    /// Returns the layout of the same elements in another shape, or null if the elements would have to be moved.
    /// </summary>
    internal Layout? Reshape(int[] target)
    {
        if (IsContiguous) return new Layout(target, Contiguous(target).strides, Offset);
        var result = new int[target.Length];
        var t = target.Length - 1;
        for (int a = Rank - 1, length = 1, last = Rank - 1; a >= 0; a--)
        {
            // the axes from a to last can be read as a single axis of this length
            length *= shape[a];
            if (a > 0 && (shape[a - 1] == 1 || strides[a - 1] == length * strides[last])) continue;
            var filled = 1;
            for (; t >= 0 && (filled < length || target[t] == 1); filled *= target[t--])
                result[t] = filled * strides[last];
            if (filled != length) return null;
            (length, last) = (1, a - 1);
        }
        return new Layout(target, result, Offset);
    }

    /// <summary>The order of the axes after two axes have been swapped.</summary>
    internal int[] Swapped(string operation, int a, int b)
    {
        (a, b) = (Axis(operation, a), Axis(operation, b));
        return [.. Enumerable.Range(0, Rank).Select(axis => axis == a ? b : axis == b ? a : axis)];
    }

    /// <summary>
    /// The order of the axes after two neighbouring groups of axes have been swapped. The first group has
    /// <paramref name="first"/> axes, and the second group has <paramref name="second"/> axes. The
    /// <paramref name="before"/> axes before the two groups keep their positions.
    /// </summary>
    internal static int[] GroupsSwapped(int before, int first, int second) =>
        [.. Enumerable.Range(0, before), .. Enumerable.Range(before + first, second),
            .. Enumerable.Range(before, first)];

    internal Layout Permute(ReadOnlySpan<int> axes)
    {
        var (newShape, newStrides) = (new int[axes.Length], new int[axes.Length]);
        for (var a = 0; a < axes.Length; a++) (newShape[a], newStrides[a]) = (shape[axes[a]], strides[axes[a]]);
        return new Layout(newShape, newStrides, Offset);
    }

    /// <summary>
    /// Returns a layout with the target shape, or null if the shapes do not fit. An axis of size 1 is expanded to its
    /// size in the target shape, and new axes are added in front. Expanded axes and new axes have stride 0.
    /// </summary>
    internal Layout? Expand(int[] target)
    {
        var lead = target.Length - Rank;
        if (lead < 0) return null;
        var newStrides = new int[target.Length];
        for (var a = 0; a < Rank; a++)
            if (shape[a] == target[lead + a]) newStrides[lead + a] = strides[a];
            else if (shape[a] != 1) return null;
        return new Layout(target, newStrides, Offset);
    }

    internal Layout Slice(int axis, int start, int length, int step) => new(With(shape, axis, length),
        With(strides, axis, strides[axis] * step), Offset + (length > 0 ? start * strides[axis] : 0));

    /// <summary>
    /// Returns a copy of an array that has one number for each axis. In the copy, the number of one axis is replaced.
    /// </summary>
    internal static int[] With(int[] each, int axis, int number)
    {
        var copy = (int[])each.Clone();
        copy[axis] = number;
        return copy;
    }

    internal Layout Remove(int axis) =>
        new([.. shape[..axis], .. shape[(axis + 1)..]], [.. strides[..axis], .. strides[(axis + 1)..]], Offset);

    internal Layout Insert(int axis, int size, int stride) =>
        new([.. shape[..axis], size, .. shape[axis..]], [.. strides[..axis], stride, .. strides[axis..]], Offset);

    /// <summary>
    /// Returns the layout of windows along an axis. A window consists of <paramref name="size"/> elements, and
    /// neighbouring elements of a window are <paramref name="dilation"/> positions apart. A window begins every
    /// <paramref name="stride"/> elements. In the result, the axis counts the windows, and a new last axis counts the
    /// elements of a window.
    /// </summary>
    internal Layout Windows(int axis, int size, int stride, int dilation)
    {
        var places = (shape[axis] - dilation * (size - 1) - 1) / stride + 1;
        return Slice(axis, 0, places, stride).Insert(Rank, size, strides[axis] * dilation);
    }

    internal Layout Diagonal() =>
        new([.. shape[..^2], Math.Min(shape[^2], shape[^1])], [.. strides[..^2], strides[^2] + strides[^1]], Offset);

    /// <summary>The layout of a range of the axes, with offset 0.</summary>
    internal Layout this[Range axes] => new(shape[axes], strides[axes], 0);

    /// <summary>The position of each element, relative to <see cref="Offset"/>, in row-major order.</summary>
    internal int[] Offsets()
    {
        var result = new int[Count];
        var filled = Math.Min(1, Count);
        // along the next outer axis, the offsets that are already filled in are repeated
        for (var a = Rank - 1; a >= 0 && filled > 0; a--)
        {
            for (var i = 1; i < shape[a]; i++)
                for (var j = 0; j < filled; j++) result[i * filled + j] = result[j] + i * strides[a];
            filled *= shape[a];
        }
        return result;
    }

    /// <summary>
    /// Returns the layout with which a tensor is read by an index along an axis. The layout has the shape of the
    /// index. The stride along the axis is 0, because only the index decides on the position along this axis. The
    /// offset is 0, too.
    /// </summary>
    internal Layout Rows(int axis, Layout index) => new(index.shape, With(strides, axis, 0), 0);

    /// <summary>Throws an exception if the shapes differ.</summary>
    internal static void OnlySame(string operation, params ReadOnlySpan<Layout> layouts)
    {
        foreach (var x in layouts)
            if (!x.SameShape(layouts[0])) throw new ShapeException($"{operation}: shapes {layouts[0]} and {x} differ.");
    }

    /// <summary>True if every element is within a storage of <paramref name="count"/> elements.</summary>
    internal bool IsWithin(int count)
    {
        if (IsContiguous) return Count == 0 || (Offset >= 0 && Offset + (long)Count <= count);
        long first = Offset, last = Offset;
        for (var a = 0; a < Rank; a++)
            if (strides[a] < 0) first += (shape[a] - 1L) * strides[a];
            else last += (shape[a] - 1L) * strides[a];
        return first >= 0 && last < count;
    }

    internal bool SameShape(Layout other) => shape.AsSpan().SequenceEqual(other.shape);

    /// <summary>True if every index leads to the same position of the storage in both layouts.</summary>
    internal bool SamePlaces(Layout other) => SameShape(other) && Offset == other.Offset &&
        (strides.AsSpan().SequenceEqual(other.strides) || (IsContiguous && other.IsContiguous));

    /// <summary>
    /// True if two indices may lead to the same position of the storage, for example in an expanded layout or in
    /// overlapping windows.
    /// </summary>
    internal bool Overlaps
    {
        get
        {
            if (IsContiguous || LongCount <= 1) return false;
            var reach = 0;                                  // how far the smaller strides reach
            foreach (var a in Enumerable.Range(0, Rank).Where(a => shape[a] > 1).OrderBy(a => Math.Abs(strides[a])))
            {
                if (Math.Abs(strides[a]) <= reach) return true;
                reach += Math.Abs(strides[a]) * (shape[a] - 1);
            }
            return false;
        }
    }

    /// <summary>
    /// The shape to which two shapes broadcast. The axes are compared from the right: the two sizes of an axis must
    /// be equal, or one of the two must be 1.
    /// </summary>
    /// <exception cref="ShapeException">The two sizes of an axis differ, and neither of the two is 1.</exception>
    internal static int[] Broadcast(string operation, Layout a, Layout b)
    {
        if (a.SameShape(b)) return a.shape;
        var result = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= result.Length; i++)
        {
            var (x, y) = (i <= a.Rank ? a.shape[^i] : 1, i <= b.Rank ? b.shape[^i] : 1);
            if (x != y && x != 1 && y != 1) throw new ShapeException(
                $"{operation}: the shapes {a} and {b} do not broadcast: axis {-i} is {x} against {y}. Sizes must " +
                "be equal or 1, counted from the right; Unsqueeze or Reshape one of them.");
            result[^i] = x == 1 ? y : x;
        }
        Product(result, operation);
        return result;
    }

    /// <summary>
    /// The axes of the shape <paramref name="whole"/> along which <paramref name="shape"/> is repeated when
    /// <paramref name="shape"/> is broadcast to <paramref name="whole"/>.
    /// </summary>
    internal static int[] Repeated(int[] shape, int[] whole)
    {
        var lead = whole.Length - shape.Length;
        return [.. Enumerable.Range(0, whole.Length).Where(a => a < lead || (shape[a - lead] == 1 && whole[a] != 1))];
    }
}
