using ILGPU;

namespace Tensorlet;

/// <summary>Where in memory the elements of an operand are, counted in row-major order.</summary>
interface IPlaces
{
    /// <summary>The place of element i.</summary>
    int Of(int i);
}

/// <summary>Row-major order without gaps: nothing to compute.</summary>
readonly struct Dense : IPlaces
{
    public int Of(int i) => i;
}

/// <summary>
/// Up to six axes, by value, as a kernel takes them. Axes that can be stepped through as one are joined beforehand,
/// each operand for itself: a contiguous one has a single axis and costs no division, a bias that is added to rows
/// costs one.
/// </summary>
readonly struct Axes : IPlaces
{
    public const int Most = 6;

    // n are sizes and t strides, aligned at the right; the outermost size is never needed.
    readonly int first, rank, n1, n2, n3, n4, n5, t0, t1, t2, t3, t4, t5;

    Axes(int first, ReadOnlySpan<int> sizes, ReadOnlySpan<int> strides)
    {
        (this.first, rank) = (first, sizes.Length);
        (n1, n2, n3, n4, n5) = (Size(sizes, 5), Size(sizes, 4), Size(sizes, 3), Size(sizes, 2), Size(sizes, 1));
        (t0, t1, t2) = (Stride(strides, 6), Stride(strides, 5), Stride(strides, 4));
        (t3, t4, t5) = (Stride(strides, 3), Stride(strides, 2), Stride(strides, 1));

        static int Size(ReadOnlySpan<int> sizes, int fromEnd) => fromEnd > sizes.Length ? 1 : sizes[^fromEnd];
        static int Stride(ReadOnlySpan<int> strides, int fromEnd) => fromEnd > strides.Length ? 0 : strides[^fromEnd];
    }

    /// <summary>The distance between neighbours along the innermost axis.</summary>
    public int Step => t5;

    [MethodImpl(AggressiveInlining)]
    public int Of(int i)
    {
        if (rank == 1) return first + i * t5;
        var place = first + i % n5 * t5;
        i /= n5;
        if (rank == 2) return place + i * t4;
        place += i % n4 * t4;
        i /= n4;
        if (rank == 3) return place + i * t3;
        place += i % n3 * t3;
        i /= n3;
        place += i % n2 * t2;
        i /= n2;
        return place + i % n1 * t1 + i / n1 * t0;
    }

    /// <summary>All axes of a layout, counted from the beginning of its memory.</summary>
    public static Axes Of(Layout layout) => Of(layout, 0, layout.Rank, layout.Offset);

    /// <summary>
    /// Axes <paramref name="from"/> up to <paramref name="to"/>, counted from <paramref name="first"/>.
    /// </summary>
    public static Axes Of(Layout layout, int from, int to, int first = 0)
    {
        Span<int> sizes = stackalloc int[layout.Rank + 1], strides = stackalloc int[layout.Rank + 1];
        var count = Join(layout, from, to, sizes, strides);
        return new Axes(first, sizes[..count], strides[..count]);
    }

    /// <summary>True if the axes of a layout, joined, are few enough.</summary>
    public static bool Fit(Layout layout, int from, int to)
    {
        if (to - from <= Most) return true;
        Span<int> sizes = stackalloc int[layout.Rank + 1], strides = stackalloc int[layout.Rank + 1];
        return Join(layout, from, to, sizes, strides) <= Most;
    }

    public static bool Fit(Layout layout) => Fit(layout, 0, layout.Rank);

    /// <summary>
    /// Joins neighbouring axes along which one can step as if they were one; gives how many remain, at least one.
    /// </summary>
    static int Join(Layout layout, int from, int to, Span<int> sizes, Span<int> strides)
    {
        var last = 0;
        (sizes[0], strides[0]) = (1, 0);
        for (var a = from; a < to; a++)
        {
            var (size, stride) = (layout.shape[a], layout.strides[a]);
            if (size == 1) continue;
            if (sizes[last] == 1) sizes[last] = size;
            else if (strides[last] == stride * size) sizes[last] *= size;
            else sizes[++last] = size;
            strides[last] = stride;
        }
        return last + 1;
    }
}

/// <summary>
/// An operand as a kernel sees it: <c>x[i]</c> is its element i in row-major order, wherever that lies.
/// </summary>
readonly struct View<V, P>(ArrayView<V> memory, P places) where V : unmanaged where P : struct, IPlaces
{
    readonly ArrayView<V> memory = memory;
    readonly P places = places;
    public ref V this[int i] => ref memory[places.Of(i)];
}
