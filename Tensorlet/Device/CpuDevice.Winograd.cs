using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// Convolutions with filters of 3 × 3. For each channel and each 2 × 2 elements of the result, they need 16
/// multiplications instead of 36 (Winograd 1980; Lavin and Gray 2016). The result is cut into tiles of 2 × 2. A tile
/// depends on 4 × 4 elements of the input. First, these elements are transformed to 4 × 4 other numbers, using only
/// additions and subtractions. The filter is also transformed to 4 × 4 numbers. Then the transformed elements and the
/// transformed filter are multiplied, element by element, and the products are summed over the channels. Finally, the
/// sums are transformed to the tile. So a convolution becomes sixteen matrix products, one for each of the 4 × 4
/// positions. The gradient with respect to the filters uses the adjoints of the same transforms. In the benchmarks
/// <c>conv-3x3</c>, <c>vgg</c> and <c>cnn-bn</c>, this is faster than the plain version, <see cref="Device.Contract"/>
/// over windows.
/// </summary>
/// <remarks>
/// The transforms add and subtract neighbours. If an element is infinite or extremely large, the result of a neighbour
/// could become NaN, although the definition gives another number. Therefore, if a result is not finite, the plain
/// version computes the convolution again.
/// </remarks>
public sealed partial class CpuDevice
{
    const int FewChannels = 16, FewTiles = 64, FewAcross = 4;   // fewer are not worth the transforms
    const int LeastTiles = 64;      // in a band, even if their transforms do not stay in the second level of the cache
    const int PartialSums = 1 << 20, FewParts = 4;  // floats; parts that are computed even if they take more floats

    /// <summary>
    /// The tiles of a convolution. A row of tiles goes across one image. Some rows, a band, are computed together, so
    /// that their transforms stay in the cache. The transforms of a band have the shape (16, channels, tiles). Some
    /// floats lie between two of the 16 planes, so that the planes do not compete for the same lines of the cache.
    /// </summary>
    internal readonly record struct Tiling(int Images, int Down, int Across, int Rows)
    {
        const int Gap = HostStorage.Line / sizeof(float);

        public int Bands => (Images * Down + Rows - 1) / Rows;
        public int First(int band) => band * Rows;
        public int Last(int band) => Math.Min((band + 1) * Rows, Images * Down);
        public int Tiles(int band) => (Last(band) - First(band)) * Across;

        /// <summary>The distance from one channel to the next: the tiles of a band, in whole registers.</summary>
        public int Width => RoundUp(Rows * Across, MicroKernel<float>.Columns);

        public int Plane(int channels) => Planes(channels, Width);
        public static int Planes(int rows, int columns) => rows * columns + Gap;

        /// <summary>
        /// Returns the tiles of a convolution with the given input, filters and result; or null if they are not worth
        /// the transforms, or are not floats on the same device.
        /// </summary>
        public static Tiling? Of(Tensor x, Tensor w, int stride, int[] before, Tensor y)
        {
            int channels = w.Size(1), filters = w.Size(0), down = (y.Size(2) + 1) / 2, across = (y.Size(3) + 1) / 2;
            if (!Avx512F.IsSupported || !Vector512.IsHardwareAccelerated || !AreFloatsTogether(x, w, y)) return null;
            // a convolution in groups has other numbers of channels
            if (channels != x.Size(1) * stride * stride || filters != y.Size(1) || w.Size(2) != Winograd.Filter
                || w.Size(3) != Winograd.Filter || before.Min() < 0) return null;
            if (Math.Min(channels, filters) < FewChannels || across < FewAcross
                || (long)x.Size(0) * down * across < FewTiles) return null;
            var near = Far / (Winograd.Positions * sizeof(float) * (channels + filters));
            return new(x.Size(0), down, across, Math.Max(1, Math.Max(LeastTiles, near) / across));
        }
    }

    internal override bool Convolve(Tensor x, Tensor w, int stride, int[] before, Tensor y)
    {
        if (stride == 1 && IsDepthwise(x, w, y, before)) return ConvolveChannels(x, w, before, y);
        int channels = w.Size(1), filters = w.Size(0), height = MicroKernel<float>.Rows, n = MicroKernel<float>.Columns;
        if (Tiling.Of(x, w, stride, before, y) is not { } tiles) return false;
        var taller = RoundUp(filters, height);
        int planeU = Tiling.Planes(taller, channels), planeV = tiles.Plane(channels), planeM = tiles.Plane(taller);
        var (u, finite) = (x.NewEmpty([Winograd.Positions * planeU]), true);
        Winograd.TransformFilters(w, ref Scratch<float>(ref scratchA, height * w.Numel / filters), u, planeU);
        x = InWholeRegisters(x);
        var offsets = Multiples(channels, tiles.Width);
        Share(tiles.Bands, 1, y.Numel * (long)channels, (band, _) =>
        {
            ref var left = ref HostStorage.First<float>(u);
            ref var v = ref Scratch<float>(ref scratchB, Winograd.Positions * planeV);
            ref var m = ref Scratch<float>(ref scratchA, Winograd.Positions * planeM);
            Winograd.Transform<Winograd.OfInput>(x, stride, before, tiles, band, ref v);
            for (var t = 0; t < Winograd.Positions; t++)
                for (var i = 0; i < filters; i += height)
                    for (var q = 0; q < tiles.Tiles(band); q += n)
                    {
                        ref var right = ref Unsafe.Add(ref v, t * planeV + q);
                        MicroKernel<float>.Run(new(ref Unsafe.Add(ref left, t * planeU + i * channels), 1, height, 0),
                            Math.Min(height, filters - i), ref right, ref Unsafe.Add(ref right, n / 2), true, offsets,
                            ref Unsafe.Add(ref m, t * planeM + i * tiles.Width + q), tiles.Width, false);
                    }
            if (!Winograd.TransformBack(ref m, planeM, tiles, band, y)) finite = false;
        });
        Products += y.Numel * (long)(w.Numel / filters);
        KeepAlive(x, w, u, y);
        return finite;
    }

    internal override bool ConvolveFilters(Tensor x, Tensor g, int stride, int[] before, Tensor w)
    {
        if (stride == 1 && IsDepthwise(x, w, g, before)) return ConvolveFiltersOfChannels(x, g, before, w);
        int channels = w.Size(1), filters = w.Size(0), height = MicroKernel<float>.Rows, n = MicroKernel<float>.Columns;
        if (Tiling.Of(x, w, stride, before, g) is not { } tiles) return false;
        (x, g) = (InWholeRegisters(x), InWholeRegisters(g));
        // the columns of the sixteen products are packed, so they are whatever there is less of
        var turned = filters < channels;
        var (rows, columns) = turned ? (channels, filters) : (filters, channels);
        int wider = RoundUp(columns, n), plane = Tiling.Planes(RoundUp(rows, height), wider);
        int planeV = tiles.Plane(channels), planeG = tiles.Plane(filters);
        // each part adds up bands of its own; the number of parts depends on the sizes alone
        var parts = Math.Clamp(PartialSums / (Winograd.Positions * plane), FewParts, Parts);
        parts = Math.Min(parts, tiles.Bands);
        var sums = x.NewEmpty([parts, Winograd.Positions * plane]);
        int[] wide = Multiples(columns, tiles.Width), inner = Multiples(tiles.Width, 1);
        int[] runs = [.. inner.Reverse().Select(i => i + 1)], offsets = Multiples(tiles.Width, n);
        Share(parts, 1, g.Numel * (long)channels, (part, _) =>
        {
            ref var v = ref Scratch<float>(ref scratchB, Winograd.Positions * planeV + tiles.Width * n);
            ref var panel = ref Unsafe.Add(ref v, Winograd.Positions * planeV);
            ref var dy = ref Scratch<float>(ref scratchA, Winograd.Positions * planeG);
            ref var sum = ref Unsafe.Add(ref HostStorage.First<float>(sums), part * Winograd.Positions * plane);
            int first = part * tiles.Bands / parts, last = (part + 1) * tiles.Bands / parts;
            for (var band = first; band < last; band++)
            {
                Winograd.Transform<Winograd.OfInput>(x, stride, before, tiles, band, ref v);
                Winograd.Transform<Winograd.OfGradient>(g, 1, [0, 0], tiles, band, ref dy);
                var count = tiles.Tiles(band);
                for (var t = 0; t < Winograd.Positions; t++)
                {
                    ref float a = ref Unsafe.Add(ref dy, t * planeG), b = ref Unsafe.Add(ref v, t * planeV);
                    ref float left = ref turned ? ref b : ref a, right = ref turned ? ref a : ref b;
                    for (var c = 0; c < columns; c += n)
                    {
                        Panels.PackAlongInner(ref right, wide.AsSpan(c, Math.Min(n, columns - c)),
                            inner.AsSpan(0, count), runs.AsSpan(^count..), ref panel, n);
                        for (var i = 0; i < rows; i += height)
                            MicroKernel<float>.Run(new(ref Unsafe.Add(ref left, i * tiles.Width), tiles.Width, 1, 0),
                                Math.Min(height, rows - i), ref panel, ref Unsafe.Add(ref panel, n / 2), true,
                                offsets.AsSpan(0, count), ref Unsafe.Add(ref sum, t * plane + i * wider + c), wider,
                                band > first);
                    }
                }
            }
        });
        Products += g.Numel * (long)(w.Numel / filters);
        KeepAlive(x, g, sums, w);
        var (down, along) = turned ? (1, wider) : (wider, 1);
        return Winograd.FinishFilters(parts == 1 ? sums : sums.Sum(0), plane, down, along, w);
    }

    static bool AreFloatsTogether(params ReadOnlySpan<Tensor> operands)
    {
        foreach (var x in operands) if (x.DType != DType.Float32 || x.Device != operands[0].Device) return false;
        return true;
    }

    static int[] Multiples(int count, int unit) => [.. Enumerable.Range(0, count).Select(i => i * unit)];

    /// <summary>
    /// Returns x, or a copy, whose rows lie one after the other, and behind whose last row a register can be read.
    /// </summary>
    static Tensor InWholeRegisters(Tensor x) => x.IsContiguous && ((HostStorage)x.Storage).Ahead ? x : x.Clone();
}
