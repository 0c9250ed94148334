using Register = System.Runtime.Intrinsics.Vector512<float>;

namespace Tensorlet;

/// <summary>
/// Convolutions in which each channel has a filter of its own (depthwise). As a matrix product, such a convolution has
/// a single row, and packing the windows takes longer than multiplying them. Here, each channel of an image is padded
/// once, and the filter is applied to it without packing. This is faster in the benchmark <c>conv-depthwise-3x3</c>
/// than the plain version, <see cref="Device.Contract"/> over windows.
/// </summary>
public sealed partial class CpuDevice
{
    const int RowsAtOnce = 4, ImagesAtOnce = 8;     // of the results of a depthwise convolution

    /// <summary>Whether x has one filter of w for each channel, and whether this is worth a way of its own.</summary>
    static bool IsDepthwise(Tensor x, Tensor w, Tensor y, int[] before) => Vector512.IsHardwareAccelerated
        && w.Size(1) == 1 && w.Size(0) == x.Size(1) && before.Min() >= 0 && y.Size(3) >= Register.Count / 2
        && AreFloatsTogether(x, w, y);

    bool ConvolveChannels(Tensor x, Tensor w, int[] before, Tensor y)
    {
        (x, w) = (InWholeRegisters(x), w.Contiguous());
        int channels = x.Size(1), rows = y.Size(2) + w.Size(2) - 1, length = PaddedLength(x, w, before, y);
        Share(y.Size(0) * channels, ImagesAtOnce, y.Numel * (long)w.Numel / channels, (from, to) =>
        {
            var padded = Zeros(ref scratchA, rows + RowsAtOnce, length);
            for (var i = from; i < to; i++)
            {
                Panels.Pad(x, i, 1, -before[0], -before[1], rows, padded, length);
                SlideFilter(padded, length, w, i % channels, y, i);
            }
        });
        Products += y.Numel * (long)w.Numel / channels;
        KeepAlive(x, w, y);
        return true;
    }

    /// <summary>Slides a filter over one channel of an image, four rows of results at a time.</summary>
    [MethodImpl(AggressiveOptimization)]
    static void SlideFilter(ReadOnlySpan<float> padded, int length, Tensor w, int channel, Tensor y, int image)
    {
        int height = y.Size(2), width = y.Size(3), down = w.Size(2), across = w.Size(3);
        ref var filter = ref Unsafe.Add(ref HostStorage.First<float>(w), channel * down * across);
        ref var to = ref Unsafe.Add(ref HostStorage.First<float>(y), image * height * width);
        for (var i = 0; i < height; i += RowsAtOnce)
            for (var j = 0; j < width; j += Register.Count)
            {
                Register a = default, b = default, c = default, d = default;
                for (var k = 0; k < down; k++)
                {
                    ref var row = ref Unsafe.AsRef(in padded[(i + k) * length + j]);
                    for (var l = 0; l < across; l++, row = ref Unsafe.Add(ref row, 1))
                    {
                        var factor = Vector512.Create(Unsafe.Add(ref filter, k * across + l));
                        a = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref row), a);
                        b = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref row, (nuint)length), b);
                        c = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref row, (nuint)(2 * length)), c);
                        d = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref row, (nuint)(3 * length)), d);
                    }
                }
                ref var target = ref Unsafe.Add(ref to, i * width + j);
                var (rows, columns) = (height - i, Math.Min(width - j, Register.Count));
                Store(a, ref target, columns);
                if (rows > 1) Store(b, ref Unsafe.Add(ref target, width), columns);
                if (rows > 2) Store(c, ref Unsafe.Add(ref target, 2 * width), columns);
                if (rows > 3) Store(d, ref Unsafe.Add(ref target, 3 * width), columns);
            }
    }

    /// <summary>Writes the first elements of a register.</summary>
    [MethodImpl(AggressiveInlining)]
    static void Store(Register x, ref float to, int count)
    {
        if (count == Register.Count) x.StoreUnsafe(ref to);
        else for (var i = 0; i < count; i++) Unsafe.Add(ref to, i) = x[i];
    }

    bool ConvolveFiltersOfChannels(Tensor x, Tensor g, int[] before, Tensor w)
    {
        (x, g) = (InWholeRegisters(x), InWholeRegisters(g));
        int channels = x.Size(1), height = g.Size(2), rows = height + w.Size(2) - 1;
        var (length, finite) = (PaddedLength(x, w, before, g), true);
        Share(channels, 1, g.Numel * (long)w.Numel / channels, (channel, _) =>
        {
            Span<float> padded = Zeros(ref scratchA, rows, length), dy = Zeros(ref scratchB, height, length);
            Span<double> sums = new double[w.Size(2) * w.Size(3)];
            for (var i = channel; i < x.Size(0) * channels; i += channels)
            {
                Panels.Pad(x, i, 1, -before[0], -before[1], rows, padded, length);
                Panels.Pad(g, i, 1, 0, 0, height, dy, length);
                for (var t = 0; t < sums.Length; t++)
                    sums[t] += Dot(dy, padded[(t / w.Size(3) * length + t % w.Size(3))..], length, height, g.Size(3));
            }
            ref var to = ref Unsafe.Add(ref HostStorage.First<float>(w), channel * sums.Length);
            for (var t = 0; t < sums.Length; t++)
            {
                Unsafe.Add(ref to, t) = (float)sums[t];
                if (!double.IsFinite(sums[t])) finite = false;      // perhaps 0 · ∞, behind the last window of a row
            }
        });
        Products += g.Numel * (long)w.Numel / channels;
        KeepAlive(x, g, w);
        return finite;
    }

    /// <summary>
    /// Returns Σ g[i, j] · x[i, j]. In g, the elements behind a row are 0 up to the next whole register.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static float Dot(ReadOnlySpan<float> g, ReadOnlySpan<float> x, int length, int rows, int columns)
    {
        Register even = default, odd = default;
        for (var j = 0; j < columns; j += Register.Count)
            for (var i = 0; i < rows; i += 2)
            {
                even = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(in g[i * length + j]),
                    Vector512.LoadUnsafe(in x[i * length + j]), even);
                if (i + 1 < rows)
                    odd = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(in g[(i + 1) * length + j]),
                        Vector512.LoadUnsafe(in x[(i + 1) * length + j]), odd);
            }
        return Vector512.Sum(even + odd);
    }

    static Span<float> Zeros(ref byte[]? scratch, int rows, int length)
    {
        var zeros = MemoryMarshal.CreateSpan(ref Scratch<float>(ref scratch, rows * length), rows * length);
        zeros.Clear();
        return zeros;
    }

    /// <summary>The length of a padded row, so that registers may be read from its last elements on.</summary>
    static int PaddedLength(Tensor x, Tensor w, int[] before, Tensor y) => 2 * Register.Count + RoundUp(
        Math.Max(before[1] + x.Size(3), y.Size(3) + w.Size(3)), Register.Count);
}
