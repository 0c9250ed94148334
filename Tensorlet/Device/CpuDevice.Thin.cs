namespace Tensorlet;

public sealed partial class CpuDevice
{
    /// <summary>
    /// Does the same as <see cref="InPlace"/> for a single row, as each channel of a depthwise convolution has: four
    /// registers of columns at a time, because a tile would repeat the row. This pays in the
    /// benchmark <c>conv-depthwise-3x3</c>.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void Thin<T>(in Problem p, Strided<T> left, ref T c, int k, int count, int fromN, int toN, bool add)
        where T : unmanaged
    {
        int width = Vector512<T>.Count, readable = p.Right.Readable(p.AtB), reach = width;
        ref var source = ref Unsafe.Add(ref HostStorage.First<T>(p.Right.Tensor), p.AtB);
        var wide = p.Right.Wide;
        var inner = p.Right.Inner.Offsets.AsSpan(k, count);
        foreach (var at in inner) reach = Math.Max(reach, at + width);
        Span<int> from = stackalloc int[MicroKernel<T>.Thin], first = stackalloc int[MicroKernel<T>.Thin + 1];
        Span<T> sums = stackalloc T[MicroKernel<T>.Thin * width];
        for (first[0] = fromN; first[0] < toN; first[0] = first[^1])
        {
            var most = 0;
            for (var b = 0; b < from.Length; b++)
            {
                var j = first[b];
                from[b] = j < toN ? wide.Offsets[j] : from[0];
                first[b + 1] = j < toN ? j + Math.Min(Math.Min(width, wide.Runs[j]), toN - j) : j;
                most = Math.Max(most, from[b]);
            }
            if (most + reach > readable)
            {
                Packed(p, left, ref c, k, count, first[0], toN, add);
                return;
            }
            MicroKernel<T>.RunThin(left, ref source, from, inner, ref sums[0]);
            for (var b = 0; b < from.Length && first[b] < toN; b++)
            {
                var (j, length) = (first[b], first[b + 1] - first[b]);
                ref var target = ref Unsafe.Add(ref c, p.Down.Offsets[0] + p.Across.Offsets[j]);
                if (p.Across.Runs[j] >= length) Panels.Write(ref sums[b * width], ref target, length, add);
                else Panels.Unpack(ref sums[b * width], p, ref c, 0, j, length, add);
            }
        }
    }
}
