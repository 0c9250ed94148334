using ILGPU;

namespace Tensorlet;

/// <summary>
/// Up to six axes of an operand, which a kernel takes by value. Neighbouring axes that can be stepped through as if
/// they were one axis are merged beforehand, separately for each operand. So a contiguous operand has a single axis
/// and needs no division, and a bias that is added to rows needs one division.
/// </summary>
readonly struct KernelAxes
{
    public const int Most = 6;

    // n1 … n5 are sizes and t0 … t5 are strides; n5 and t5 belong to the last axis. The size of the first axis is
    // not needed.
    readonly int first, rank, n1, n2, n3, n4, n5, t0, t1, t2, t3, t4, t5;

    /// <summary>
    /// Creates the axes of a layout. The first element is at the offset of the layout plus
    /// <paramref name="offset"/>.
    /// </summary>
    public KernelAxes(Layout layout, int offset = 0)
    {
        var walk = new Walk(layout);
        ReadOnlySpan<int> sizes = walk.Shape, strides = walk.Strides(0);
        (first, rank) = (layout.Offset + offset, sizes.Length);
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

    /// <summary>
    /// Returns true if a kernel can take a layout. It can if no more than six axes are left after neighbouring axes
    /// have been merged.
    /// </summary>
    public static bool Fit(Layout layout) => layout.Rank <= Most || new Walk(layout).Shape.Length <= Most;
}

/// <summary>
/// An operand as a kernel sees it: <c>x[i]</c> is element i in row-major order, wherever this element is in memory.
/// </summary>
readonly struct View<V>(ArrayView<V> memory, KernelAxes axes) where V : unmanaged
{ public ref V this[int i] => ref memory[axes.Of(i)]; }
