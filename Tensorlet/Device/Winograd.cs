using System.Runtime.Intrinsics.X86;
using Register = System.Runtime.Intrinsics.Vector512<float>;

namespace Tensorlet;

/// <summary>
/// The transforms of a convolution with filters of 3 × 3 in tiles of 2 × 2 results; see
/// <see cref="CpuDevice.Convolve"/>. Each transform is applied down the columns and then across the rows, to the
/// sixteen tiles for which a register has room. Along one axis, with inputs d, filters g and results y:
/// </summary>
/// <remarks><code>
/// v = (d₀ − d₂, d₁ + d₂, d₂ − d₁, d₁ − d₃)     u = (g₀, (g₀ + g₁ + g₂)/2, (g₀ − g₁ + g₂)/2, g₂)
/// m = u·v, element by element                  y = (m₀ + m₁ + m₂, m₁ − m₂ − m₃)
/// </code></remarks>
static class Winograd
{
    public const int Filter = 3, Tile = 4, Positions = Tile * Tile;

    /// <summary>One of the transforms to four numbers.</summary>
    public interface ITransform
    {
        static abstract (Register, Register, Register, Register) Of(Register a, Register b, Register c, Register d);
    }

    /// <summary>The transform of the input, v.</summary>
    public struct OfInput : ITransform
    {
        [MethodImpl(AggressiveInlining)]
        public static (Register, Register, Register, Register) Of(Register a, Register b, Register c, Register d) =>
            (a - c, b + c, c - b, b - d);
    }

    /// <summary>The adjoint of y, for a gradient of y with the two numbers a and b. The others are ignored.</summary>
    public struct OfGradient : ITransform
    {
        [MethodImpl(AggressiveInlining)]
        public static (Register, Register, Register, Register) Of(Register a, Register b, Register c, Register d) =>
            (a, a + b, a - b, -b);
    }

    [MethodImpl(AggressiveInlining)]
    static (Register, Register) Result(Register a, Register b, Register c, Register d) => (a + b + c, b - c - d);

    /// <summary>
    /// Transforms the tiles of a band. v[4·k + l, c, tile] is the element in row k and column l of a transformed tile
    /// of channel c. If there is a stride, c counts parts of channels instead; see <see cref="Device.Convolve"/>.
    /// Elements outside of the images count as 0.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void Transform<F>(Tensor x, int stride, ReadOnlySpan<int> before, in CpuDevice.Tiling tiles,
        int band, ref float v) where F : ITransform
    {
        int parts = stride * stride, channels = x.Size(1) * parts, n = Register.Count, plane = tiles.Plane(channels);
        var length = CpuDevice.RoundUp(Math.Max(before[1] + x.Size(3), 2 * tiles.Across) + 3 * n, n);
        Span<float> padded = new float[2 * (Math.Min(tiles.Rows, tiles.Down) + 1) * length];
        for (var c = 0; c < channels; c++)
        {
            ref var to = ref Unsafe.Add(ref v, c * tiles.Width);
            for (int r = tiles.First(band), last; r < tiles.Last(band); r = last)
            {
                var (image, down) = Math.DivRem(r, tiles.Down);
                last = Math.Min(tiles.Last(band), r - down + tiles.Down);       // the rows of one image
                var (top, left) = (2 * down * stride + c / stride % stride - before[0], c % stride - before[1]);
                Panels.Pad(x, image * x.Size(1) + c / parts, stride, top, left, 2 * (last - r + 1), padded, length);
                for (var i = 0; i < last - r; i++, to = ref Unsafe.Add(ref to, tiles.Across))
                    for (var j = 0; j < tiles.Across; j += n)
                    {
                        ref var d = ref padded[2 * i * length + 2 * j];
                        var (a0, a1, a2, a3) = Down(ref d, length);
                        var (b0, b1, b2, b3) = Down(ref Unsafe.Add(ref d, n), length);
                        var (c0, c1, c2, c3) = Down(ref Unsafe.Add(ref d, 2), length);
                        var (e0, e1, e2, e3) = Down(ref Unsafe.Add(ref d, 2 + n), length);
                        ref var target = ref Unsafe.Add(ref to, j);
                        Across(a0, b0, c0, e0, ref target, plane);
                        Across(a1, b1, c1, e1, ref Unsafe.Add(ref target, Tile * plane), plane);
                        Across(a2, b2, c2, e2, ref Unsafe.Add(ref target, 2 * Tile * plane), plane);
                        Across(a3, b3, c3, e3, ref Unsafe.Add(ref target, 3 * Tile * plane), plane);
                    }
            }
        }

        [MethodImpl(AggressiveInlining)]
        static (Register, Register, Register, Register) Down(ref float d, int length) =>
            F.Of(Vector512.LoadUnsafe(ref d), Vector512.LoadUnsafe(ref d, (nuint)length),
                Vector512.LoadUnsafe(ref d, (nuint)(2 * length)), Vector512.LoadUnsafe(ref d, (nuint)(3 * length)));

        // a and b contain columns 0 and 1 of sixteen tiles in turn, c and e contain columns 2 and 3
        [MethodImpl(AggressiveInlining)]
        static void Across(Register a, Register b, Register c, Register e, ref float to, int plane) =>
            Store(F.Of(Even(a, b), Odd(a, b), Even(c, e), Odd(c, e)), ref to, plane);
    }

    [MethodImpl(AggressiveInlining)]
    static void Store((Register, Register, Register, Register) x, ref float to, int plane)
    {
        x.Item1.StoreUnsafe(ref to);
        x.Item2.StoreUnsafe(ref to, (nuint)plane);
        x.Item3.StoreUnsafe(ref to, (nuint)(2 * plane));
        x.Item4.StoreUnsafe(ref to, (nuint)(3 * plane));
    }

    /// <summary>
    /// Transforms the products m of a band back to tiles of 2 × 2 results. Returns false if one of them is not finite.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static bool TransformBack(ref float m, int plane, in CpuDevice.Tiling tiles, int band, Tensor y)
    {
        int filters = y.Size(1), height = y.Size(2), width = y.Size(3), n = Register.Count;
        Span<float> upper = new float[2 * CpuDevice.RoundUp(tiles.Across, n)], lower = new float[upper.Length];
        ref var target = ref HostStorage.First<float>(y);
        var finite = true;
        for (var o = 0; o < filters; o++)
        {
            ref var from = ref Unsafe.Add(ref m, o * tiles.Width);
            for (var r = tiles.First(band); r < tiles.Last(band); r++, from = ref Unsafe.Add(ref from, tiles.Across))
            {
                var (image, down) = Math.DivRem(r, tiles.Down);
                ref var row = ref Unsafe.Add(ref target, ((image * filters + o) * height + 2 * down) * width);
                for (var j = 0; j < 2 * width; j += n) Panels.Fetch(ref Unsafe.Add(ref row, height * width + j));
                for (var j = 0; j < tiles.Across; j += n)
                {
                    var (p0, q0) = Down(ref Unsafe.Add(ref from, j), plane);
                    var (p1, q1) = Down(ref Unsafe.Add(ref from, j + plane), plane);
                    var (p2, q2) = Down(ref Unsafe.Add(ref from, j + 2 * plane), plane);
                    var (p3, q3) = Down(ref Unsafe.Add(ref from, j + 3 * plane), plane);
                    StoreInTurn(Result(p0, p1, p2, p3), ref upper[2 * j]);
                    StoreInTurn(Result(q0, q1, q2, q3), ref lower[2 * j]);
                }
                finite &= CopyFinite(upper[..width], ref row);
                if (2 * down + 1 < height) finite &= CopyFinite(lower[..width], ref Unsafe.Add(ref row, width));
            }
        }
        return finite;

        [MethodImpl(AggressiveInlining)]
        static (Register, Register) Down(ref float m, int plane) => Result(Vector512.LoadUnsafe(ref m),
            Vector512.LoadUnsafe(ref m, (nuint)(Tile * plane)), Vector512.LoadUnsafe(ref m, (nuint)(2 * Tile * plane)),
            Vector512.LoadUnsafe(ref m, (nuint)(3 * Tile * plane)));
    }

    /// <summary>Copies a row. Returns false if one of its elements is not finite.</summary>
    [MethodImpl(AggressiveInlining)]
    static bool CopyFinite(ReadOnlySpan<float> row, ref float to)
    {
        var (zeros, zero, i) = (Vector256<float>.Zero, 0f, 0);      // x − x is 0, or NaN if x is not finite
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var x = Vector256.LoadUnsafe(in row[i]);
            x.StoreUnsafe(ref to, (nuint)i);
            zeros += x - x;
        }
        for (; i < row.Length; i++)
        {
            Unsafe.Add(ref to, i) = row[i];
            zero += row[i] - row[i];
        }
        return Vector256.Sum(zeros) + zero == 0;
    }

    /// <summary>
    /// Transforms filters: u[4·k + l] contains number (k, l) of every filter and channel, packed for the micro-kernel.
    /// </summary>
    /// <param name="w">The filters, in the shape (O, C, 3, 3).</param>
    /// <param name="panel">Memory for as many filters as the micro-kernel has rows.</param>
    /// <param name="u">The transforms.</param>
    /// <param name="plane">The distance between two of the 4 × 4 numbers.</param>
    [MethodImpl(AggressiveOptimization)]
    public static void TransformFilters(Tensor w, ref float panel, Tensor u, int plane)
    {
        int filters = w.Size(0), channels = w.Size(1), rows = MicroKernel<float>.Rows, size = Filter * Filter * rows;
        ref var to = ref HostStorage.First<float>(u);
        var side = new CpuDevice.Side(w, OffsetTable.Of(w.Layout[..1]), OffsetTable.Of(w.Layout[1..]));
        for (var o = 0; o < filters; o += rows)
        {
            Panels.Pack(side, 0, o, Math.Min(rows, filters - o), 0, channels * Filter * Filter, ref panel, rows);
            for (var c = 0; c < channels; c++, to = ref Unsafe.Add(ref to, rows))
            {
                ref var g = ref Unsafe.Add(ref panel, c * size);
                var (a0, a1, a2, a3) = Down(ref g, rows);
                var (b0, b1, b2, b3) = Down(ref Unsafe.Add(ref g, rows), rows);
                var (c0, c1, c2, c3) = Down(ref Unsafe.Add(ref g, 2 * rows), rows);
                Across(a0, b0, c0, ref to, plane);
                Across(a1, b1, c1, ref Unsafe.Add(ref to, Tile * plane), plane);
                Across(a2, b2, c2, ref Unsafe.Add(ref to, 2 * Tile * plane), plane);
                Across(a3, b3, c3, ref Unsafe.Add(ref to, 3 * Tile * plane), plane);
            }
        }

        [MethodImpl(AggressiveInlining)]
        static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Lift(Vector256<float> a,
            Vector256<float> b, Vector256<float> c) => (a, (a + b + c) * 0.5f, (a - b + c) * 0.5f, c);

        [MethodImpl(AggressiveInlining)]
        static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Down(ref float g, int rows) =>
            Lift(Vector256.LoadUnsafe(ref g), Vector256.LoadUnsafe(ref g, (nuint)(Filter * rows)),
                Vector256.LoadUnsafe(ref g, (nuint)(2 * Filter * rows)));

        [MethodImpl(AggressiveInlining)]
        static void Across(Vector256<float> a, Vector256<float> b, Vector256<float> c, ref float to, int plane)
        {
            var (p, q, r, s) = Lift(a, b, c);
            p.StoreUnsafe(ref to);
            q.StoreUnsafe(ref to, (nuint)plane);
            r.StoreUnsafe(ref to, (nuint)(2 * plane));
            s.StoreUnsafe(ref to, (nuint)(3 * plane));
        }
    }

    /// <summary>
    /// Writes the gradient w of the filters: applies the adjoint of the transform of filters to
    /// <paramref name="sums"/>. Returns false if a result is not finite. For filter o and channel c, the sums contain
    /// the numbers t = 0, 1, … of a transformed filter; number t is at position t·plane + o·down + c·along.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static bool FinishFilters(Tensor sums, int plane, int down, int along, Tensor w)
    {
        ref float u = ref HostStorage.First<float>(sums), to = ref HostStorage.First<float>(w);
        Span<float> half = stackalloc float[Filter * Tile];
        var finite = true;
        for (var o = 0; o < w.Size(0); o++)
            for (var c = 0; c < w.Size(1); c++)
            {
                for (var l = 0; l < Tile; l++)
                {
                    ref var from = ref Unsafe.Add(ref u, l * plane + o * down + c * along);
                    (half[l], half[Tile + l], half[2 * Tile + l]) = Lower(from, Unsafe.Add(ref from, Tile * plane),
                        Unsafe.Add(ref from, 2 * Tile * plane), Unsafe.Add(ref from, 3 * Tile * plane));
                }
                for (var k = 0; k < Filter; k++, to = ref Unsafe.Add(ref to, Filter))
                {
                    var row = half[(Tile * k)..];
                    (to, Unsafe.Add(ref to, 1), Unsafe.Add(ref to, 2)) = Lower(row[0], row[1], row[2], row[3]);
                    finite &= float.IsFinite(to + Unsafe.Add(ref to, 1) + Unsafe.Add(ref to, 2));
                }
            }
        GC.KeepAlive(sums);
        GC.KeepAlive(w);
        return finite;

        [MethodImpl(AggressiveInlining)]
        static (float, float, float) Lower(float p, float q, float r, float s) =>
            (p + (q + r) / 2, (q - r) / 2, (q + r) / 2 + s);
    }

    [MethodImpl(AggressiveInlining)]
    static Register Even(Register low, Register high) =>
        Avx512F.PermuteVar16x32x2(low, Vector512<int>.Indices * 2, high);

    [MethodImpl(AggressiveInlining)]
    static Register Odd(Register low, Register high) =>
        Avx512F.PermuteVar16x32x2(low, Vector512<int>.Indices * 2 + Vector512<int>.One, high);

    /// <summary>Writes elements of two registers in turn.</summary>
    [MethodImpl(AggressiveInlining)]
    static void StoreInTurn((Register Even, Register Odd) x, ref float to)
    {
        var low = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        Avx512F.PermuteVar16x32x2(x.Even, low, x.Odd).StoreUnsafe(ref to);
        Avx512F.PermuteVar16x32x2(x.Even, low + Vector512.Create(8), x.Odd).StoreUnsafe(ref to, (nuint)Register.Count);
    }
}
