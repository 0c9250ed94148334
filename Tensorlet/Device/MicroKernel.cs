using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace Tensorlet;

/// <summary>
/// The heart of the product: a tile of the result held in registers while the summed axis is walked. a is packed as
/// [k][Rows], b as [k][Columns]. 8 rows by two 512-bit registers, or 4 by two of 256 bits, is what the register file holds.
/// </summary>
static class MicroKernel<T> where T : unmanaged
{
    public static int Rows => Vector512.IsHardwareAccelerated ? 8 : 4;
    public static int Columns => Vector512.IsHardwareAccelerated ? 2 * Vector512<T>.Count : 2 * Vector256<T>.Count;

    /// <summary>tile[i, j] = Σₖ a[k, i] · b[k, j]</summary>
    public static void Run(ref T a, ref T b, int count, ref T tile)
    {
        if (Vector512.IsHardwareAccelerated) Run512(ref a, ref b, count, ref tile);
        else Run256(ref a, ref b, count, ref tile);
    }

    static void Run512(ref T a, ref T b, int count, ref T tile)
    {
        var n = (nuint)Vector512<T>.Count;
        Vector512<T> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<T> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        for (; count > 0; count--, a = ref Unsafe.Add(ref a, 8), b = ref Unsafe.Add(ref b, (int)(2 * n)))
        {
            Vector512<T> b0 = Vector512.LoadUnsafe(ref b), b1 = Vector512.LoadUnsafe(ref b, n);
            var x = Vector512.Create(a); c00 = Fma(x, b0, c00); c01 = Fma(x, b1, c01);
            x = Vector512.Create(Unsafe.Add(ref a, 1)); c10 = Fma(x, b0, c10); c11 = Fma(x, b1, c11);
            x = Vector512.Create(Unsafe.Add(ref a, 2)); c20 = Fma(x, b0, c20); c21 = Fma(x, b1, c21);
            x = Vector512.Create(Unsafe.Add(ref a, 3)); c30 = Fma(x, b0, c30); c31 = Fma(x, b1, c31);
            x = Vector512.Create(Unsafe.Add(ref a, 4)); c40 = Fma(x, b0, c40); c41 = Fma(x, b1, c41);
            x = Vector512.Create(Unsafe.Add(ref a, 5)); c50 = Fma(x, b0, c50); c51 = Fma(x, b1, c51);
            x = Vector512.Create(Unsafe.Add(ref a, 6)); c60 = Fma(x, b0, c60); c61 = Fma(x, b1, c61);
            x = Vector512.Create(Unsafe.Add(ref a, 7)); c70 = Fma(x, b0, c70); c71 = Fma(x, b1, c71);
        }
        c00.StoreUnsafe(ref tile); c01.StoreUnsafe(ref tile, n); c10.StoreUnsafe(ref tile, 2 * n); c11.StoreUnsafe(ref tile, 3 * n);
        c20.StoreUnsafe(ref tile, 4 * n); c21.StoreUnsafe(ref tile, 5 * n); c30.StoreUnsafe(ref tile, 6 * n); c31.StoreUnsafe(ref tile, 7 * n);
        c40.StoreUnsafe(ref tile, 8 * n); c41.StoreUnsafe(ref tile, 9 * n); c50.StoreUnsafe(ref tile, 10 * n); c51.StoreUnsafe(ref tile, 11 * n);
        c60.StoreUnsafe(ref tile, 12 * n); c61.StoreUnsafe(ref tile, 13 * n); c70.StoreUnsafe(ref tile, 14 * n); c71.StoreUnsafe(ref tile, 15 * n);
    }

    static void Run256(ref T a, ref T b, int count, ref T tile)
    {
        var n = (nuint)Vector256<T>.Count;
        Vector256<T> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        for (; count > 0; count--, a = ref Unsafe.Add(ref a, 4), b = ref Unsafe.Add(ref b, (int)(2 * n)))
        {
            Vector256<T> b0 = Vector256.LoadUnsafe(ref b), b1 = Vector256.LoadUnsafe(ref b, n);
            var x = Vector256.Create(a); c00 = Fma(x, b0, c00); c01 = Fma(x, b1, c01);
            x = Vector256.Create(Unsafe.Add(ref a, 1)); c10 = Fma(x, b0, c10); c11 = Fma(x, b1, c11);
            x = Vector256.Create(Unsafe.Add(ref a, 2)); c20 = Fma(x, b0, c20); c21 = Fma(x, b1, c21);
            x = Vector256.Create(Unsafe.Add(ref a, 3)); c30 = Fma(x, b0, c30); c31 = Fma(x, b1, c31);
        }
        c00.StoreUnsafe(ref tile); c01.StoreUnsafe(ref tile, n); c10.StoreUnsafe(ref tile, 2 * n); c11.StoreUnsafe(ref tile, 3 * n);
        c20.StoreUnsafe(ref tile, 4 * n); c21.StoreUnsafe(ref tile, 5 * n); c30.StoreUnsafe(ref tile, 6 * n); c31.StoreUnsafe(ref tile, 7 * n);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<T> Fma(Vector512<T> x, Vector512<T> y, Vector512<T> z) => typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    static Vector256<T> Fma(Vector256<T> x, Vector256<T> y, Vector256<T> z) => typeof(T) == typeof(float)
        ? Vector256.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector256.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();
}

/// <summary>Between operands that lie anyhow and the dense panels that the micro-kernel reads.</summary>
[SkipLocalsInit]
static class Panels
{
    /// <summary>
    /// panel[k, j] = source[wide[j] + inner[k]]. Columns beyond the last keep what was there: what the micro-kernel makes of
    /// them is never written out.
    /// </summary>
    /// <param name="source">The first element of the operand.</param>
    /// <param name="wide">Where the columns of the panel are.</param>
    /// <param name="inner">Where its rows are.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">Its full width.</param>
    /// <param name="readable">How many elements from the source on may be read.</param>
    public static void Pack<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> inner, ref T panel, int width, int readable) where T : unmanaged
    {
        Span<int> runs = stackalloc int[width + 1];
        var count = Runs(wide, runs);
        // Where columns come in long runs, these are copied whole; else the runs are along the summed axis, or there are none.
        if (wide.Length >= 6 * count)
            for (var k = 0; k < inner.Length; k++)
                for (var r = 0; r < count; r++)
                {
                    var at = wide[runs[r]] + inner[k];
                    ref T from = ref Unsafe.Add(ref source, at), to = ref Unsafe.Add(ref panel, k * width + runs[r]);
                    var length = runs[r + 1] - runs[r];
                    // Whole registers, beyond the end of the run too: the next run, or the next row, is written over the excess.
                    if (at + length + Vector512<T>.Count <= readable)
                        for (var i = 0; i < length; i += Vector512<T>.Count) Vector512.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
                    else CopyRun(ref from, ref to, length);
                }
        else if (inner.Length >= 4 && inner[3] == inner[0] + 3) PackAlongInner(ref source, wide, inner, ref panel, width);
        else
            for (var k = 0; k < inner.Length; k++)
                for (var j = 0; j < wide.Length; j++) Unsafe.Add(ref panel, k * width + j) = Unsafe.Add(ref source, wide[j] + inner[k]);
    }

    /// <summary>Where runs of consecutive offsets start, and the end; their number.</summary>
    static int Runs(ReadOnlySpan<int> offsets, Span<int> starts)
    {
        var count = 0;
        for (var j = 0; j < offsets.Length; j++)
            if (j == 0 || offsets[j] != offsets[j - 1] + 1) starts[count++] = j;
        starts[count] = offsets.Length;
        return count;
    }

    [MethodImpl(AggressiveInlining)]
    static void CopyRun<T>(ref T from, ref T to, int count) where T : unmanaged
    {
        var i = 0;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count) Vector256.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
        if (i <= count - Vector128<T>.Count)
        {
            Vector128.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
            i += Vector128<T>.Count;
        }
        for (; i < count; i++) Unsafe.Add(ref to, i) = Unsafe.Add(ref from, i);
    }

    /// <summary>Where neighbours lie along the summed axis: blocks of 4 by 4 floats are transposed in registers.</summary>
    static void PackAlongInner<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> inner, ref T panel, int width) where T : unmanaged
    {
        var j = 0;
        if (typeof(T) == typeof(float) && Sse.IsSupported)
            for (; j < wide.Length; j += 4)
            {
                var last = wide.Length - 1;             // columns beyond it repeat it
                ref float s0 = ref Unsafe.As<T, float>(ref Unsafe.Add(ref source, wide[j])), s1 = ref Unsafe.As<T, float>(ref Unsafe.Add(ref source, wide[Math.Min(j + 1, last)]));
                ref float s2 = ref Unsafe.As<T, float>(ref Unsafe.Add(ref source, wide[Math.Min(j + 2, last)])), s3 = ref Unsafe.As<T, float>(ref Unsafe.Add(ref source, wide[Math.Min(j + 3, last)]));
                ref var to = ref Unsafe.As<T, float>(ref Unsafe.Add(ref panel, j));
                for (var k = 0; k < inner.Length;)
                {
                    var at = inner[k];
                    if (k + 4 <= inner.Length && inner[k + 1] == at + 1 && inner[k + 2] == at + 2 && inner[k + 3] == at + 3)
                    {
                        Transpose(Vector128.LoadUnsafe(ref s0, (nuint)at), Vector128.LoadUnsafe(ref s1, (nuint)at), Vector128.LoadUnsafe(ref s2, (nuint)at),
                            Vector128.LoadUnsafe(ref s3, (nuint)at), ref Unsafe.Add(ref to, k * width), width);
                        k += 4;
                        continue;
                    }
                    ref var row = ref Unsafe.Add(ref to, k++ * width);
                    row = Unsafe.Add(ref s0, at);
                    Unsafe.Add(ref row, 1) = Unsafe.Add(ref s1, at);
                    Unsafe.Add(ref row, 2) = Unsafe.Add(ref s2, at);
                    Unsafe.Add(ref row, 3) = Unsafe.Add(ref s3, at);
                }
            }
        for (; j < wide.Length; j++)
            for (var k = 0; k < inner.Length; k++) Unsafe.Add(ref panel, k * width + j) = Unsafe.Add(ref source, wide[j] + inner[k]);
    }

    [MethodImpl(AggressiveInlining)]
    static void Transpose(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, ref float to, int width)
    {
        Vector128<float> ab0 = Sse.UnpackLow(a, b), ab1 = Sse.UnpackHigh(a, b);
        Vector128<float> cd0 = Sse.UnpackLow(c, d), cd1 = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(ab0, cd0).StoreUnsafe(ref to);
        Sse.MoveHighToLow(cd0, ab0).StoreUnsafe(ref to, (nuint)width);
        Sse.MoveLowToHigh(ab1, cd1).StoreUnsafe(ref to, (nuint)(2 * width));
        Sse.MoveHighToLow(cd1, ab1).StoreUnsafe(ref to, (nuint)(3 * width));
    }

    /// <summary>c[down[i] + across[j]] = tile[i, j], or += where the sum goes on.</summary>
    public static void Unpack<T>(ref T tile, int width, ref T c, ReadOnlySpan<int> down, ReadOnlySpan<int> across, bool add) where T : unmanaged
    {
        Span<int> runs = stackalloc int[width + 1];
        var count = Runs(across, runs);
        for (var i = 0; i < down.Length; i++)
            for (var r = 0; r < count; r++)
                Write(ref Unsafe.Add(ref tile, i * width + runs[r]), ref Unsafe.Add(ref c, down[i] + across[runs[r]]), runs[r + 1] - runs[r], add);
    }

    [MethodImpl(AggressiveInlining)]
    static void Write<T>(ref T from, ref T to, int count, bool add) where T : unmanaged
    {
        if (!add) { CopyRun(ref from, ref to, count); return; }
        var i = 0;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.LoadUnsafe(ref from, (nuint)i) + Vector256.LoadUnsafe(ref to, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        for (; i < count; i++)
            Unsafe.Add(ref to, i) = typeof(T) == typeof(float)
                ? (T)(object)((float)(object)Unsafe.Add(ref from, i) + (float)(object)Unsafe.Add(ref to, i))
                : (T)(object)((double)(object)Unsafe.Add(ref from, i) + (double)(object)Unsafe.Add(ref to, i));
    }
}
