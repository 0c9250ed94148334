using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>Between operands that lie anyhow and the dense panels that the micro-kernel reads.</summary>
[SkipLocalsInit]
static class Panels
{
    const int WorthRuns = 12;       // neighbours from which on registers are copied, where they are not all

    /// <summary>
    /// panel[k, j] = source[wide[j] + inner[k]]. Columns beyond the last keep what was there: what the micro-kernel
    /// makes of them is never written out.
    /// </summary>
    /// <param name="source">The first element of the operand.</param>
    /// <param name="wide">Where the columns of the panel are.</param>
    /// <param name="runs">For each column how many follow it side by side (<see cref="OffsetTable"/>), itself included;
    /// none if that is not known.</param>
    /// <param name="inner">Where its rows are.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">Its full width.</param>
    /// <param name="readable">How many elements from the source on may be read.</param>
    public static void Pack<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> runs, ReadOnlySpan<int> inner,
        ref T panel, int width, int readable) where T : unmanaged
    {
        var two = runs.IsEmpty ? 0 : runs[0] + (wide.Length > runs[0] ? runs[runs[0]] : 0);     // two runs together
        if (two >= Math.Min(WorthRuns, wide.Length))
            PackRuns(ref source, wide, runs, inner, ref panel, width, readable);
        else if (inner is [var k0, _, _, var k3, ..] && k3 == k0 + 3)
            PackAlongInner(ref source, wide, inner, ref panel, width);
        else
            for (var k = 0; k < inner.Length; k++)
                for (var j = 0; j < wide.Length; j++)
                    Unsafe.Add(ref panel, k * width + j) = Unsafe.Add(ref source, wide[j] + inner[k]);
    }

    /// <summary>
    /// Columns in long runs: copied in whole registers, beyond the end of a run too, which the next one is written
    /// over.
    /// </summary>
    static void PackRuns<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> runs, ReadOnlySpan<int> inner,
        ref T panel, int width, int readable) where T : unmanaged
    {
        for (var k = 0; k < inner.Length; k++)
            for (var j = 0; j < wide.Length;)
            {
                var (at, length) = (wide[j] + inner[k], Math.Min(runs[j], wide.Length - j));
                ref T from = ref Unsafe.Add(ref source, at), to = ref Unsafe.Add(ref panel, k * width + j);
                if (at + CpuDevice.RoundUp(length, Vector512<T>.Count) <= readable)
                    for (var i = 0; i < length; i += Vector512<T>.Count)
                        Vector512.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
                else CopyRun(ref from, ref to, length);
                j += length;
            }
    }

    [MethodImpl(AggressiveInlining)]
    static void CopyRun<T>(ref T from, ref T to, int count) where T : unmanaged
    {
        var i = 0;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
            Vector256.LoadUnsafe(ref from, (nuint)i).StoreUnsafe(ref to, (nuint)i);
        for (; i < count; i++) Unsafe.Add(ref to, i) = Unsafe.Add(ref from, i);
    }

    /// <summary>
    /// Where neighbours lie along the summed axis: blocks of 4 by 4 floats are transposed in registers.
    /// </summary>
    static void PackAlongInner<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> inner, ref T panel,
        int width) where T : unmanaged
    {
        var j = 0;
        if (typeof(T) == typeof(float) && Sse.IsSupported)
            for (; j < wide.Length; j += 4)
            {
                var last = wide.Length - 1;             // columns beyond it repeat it
                ref var floats = ref Unsafe.As<T, float>(ref source);
                ref float s0 = ref Unsafe.Add(ref floats, wide[j]);
                ref float s1 = ref Unsafe.Add(ref floats, wide[Math.Min(j + 1, last)]);
                ref float s2 = ref Unsafe.Add(ref floats, wide[Math.Min(j + 2, last)]);
                ref float s3 = ref Unsafe.Add(ref floats, wide[Math.Min(j + 3, last)]);
                ref var to = ref Unsafe.As<T, float>(ref Unsafe.Add(ref panel, j));
                for (var k = 0; k < inner.Length;)
                {
                    var at = inner[k];
                    if (inner[k..] is [_, var b, var c, var d, ..] && b == at + 1 && c == at + 2 && d == at + 3)
                    {
                        Transpose(Vector128.LoadUnsafe(ref s0, (nuint)at), Vector128.LoadUnsafe(ref s1, (nuint)at),
                            Vector128.LoadUnsafe(ref s2, (nuint)at), Vector128.LoadUnsafe(ref s3, (nuint)at),
                            ref Unsafe.Add(ref to, k * width), width);
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
            for (var k = 0; k < inner.Length; k++)
                Unsafe.Add(ref panel, k * width + j) = Unsafe.Add(ref source, wide[j] + inner[k]);
    }

    [MethodImpl(AggressiveInlining)]
    static void Transpose(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, ref float to,
        int width)
    {
        Vector128<float> ab0 = Sse.UnpackLow(a, b), ab1 = Sse.UnpackHigh(a, b);
        Vector128<float> cd0 = Sse.UnpackLow(c, d), cd1 = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(ab0, cd0).StoreUnsafe(ref to);
        Sse.MoveHighToLow(cd0, ab0).StoreUnsafe(ref to, (nuint)width);
        Sse.MoveLowToHigh(ab1, cd1).StoreUnsafe(ref to, (nuint)(2 * width));
        Sse.MoveHighToLow(cd1, ab1).StoreUnsafe(ref to, (nuint)(3 * width));
    }

    /// <summary>result[row + i, column + j] = tile[i, j], or += where the sum goes on, for some columns.</summary>
    public static void Unpack<T>(ref T tile, CpuDevice.Problem p, ref T c, int row, int column, int columns, bool add)
        where T : unmanaged
    {
        var down = p.Down.Offsets.AsSpan(row, Math.Min(MicroKernel<T>.Rows, p.Down.Count - row));
        for (var j = 0; j < columns;)
        {
            var run = Math.Min(p.Across.Runs[column + j], columns - j);
            ref var target = ref Unsafe.Add(ref c, p.Across.Offsets[column + j]);
            for (var i = 0; i < down.Length; i++)
                Write(ref Unsafe.Add(ref tile, i * MicroKernel<T>.Columns + j), ref Unsafe.Add(ref target, down[i]),
                    run, add);
            j += run;
        }
    }

    [MethodImpl(AggressiveInlining)]
    static void Write<T>(ref T from, ref T to, int count, bool add) where T : unmanaged
    {
        if (!add) { CopyRun(ref from, ref to, count); return; }
        var i = 0;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.LoadUnsafe(ref from, (nuint)i) + Vector256.LoadUnsafe(ref to, (nuint)i))
                .StoreUnsafe(ref to, (nuint)i);
        for (; i < count; i++) Unsafe.Add(ref to, i) = CpuDevice.Add(Unsafe.Add(ref from, i), Unsafe.Add(ref to, i));
    }
}
