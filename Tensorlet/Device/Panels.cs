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
    [MethodImpl(AggressiveOptimization)]
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
    [MethodImpl(AggressiveOptimization)]
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
    [MethodImpl(AggressiveOptimization)]
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
                        Transpose(ref Unsafe.Add(ref s0, at), ref Unsafe.Add(ref s1, at),
                            ref Unsafe.Add(ref s2, at), ref Unsafe.Add(ref s3, at),
                            ref Unsafe.Add(ref to, k * width), 0, width, 2 * width, 3 * width, false);
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

    /// <summary>Four rows of four become four columns.</summary>
    [MethodImpl(AggressiveInlining)]
    static void Transpose(ref float a, ref float b, ref float c, ref float d, ref float to, int at0, int at1, int at2,
        int at3, bool add)
    {
        Vector128<float> x = Vector128.LoadUnsafe(ref a), y = Vector128.LoadUnsafe(ref b),
            z = Vector128.LoadUnsafe(ref c), w = Vector128.LoadUnsafe(ref d);
        Vector128<float> xy0 = Sse.UnpackLow(x, y), xy1 = Sse.UnpackHigh(x, y);
        Vector128<float> zw0 = Sse.UnpackLow(z, w), zw1 = Sse.UnpackHigh(z, w);
        Put(Sse.MoveLowToHigh(xy0, zw0), ref Unsafe.Add(ref to, at0), add);
        Put(Sse.MoveHighToLow(zw0, xy0), ref Unsafe.Add(ref to, at1), add);
        Put(Sse.MoveLowToHigh(xy1, zw1), ref Unsafe.Add(ref to, at2), add);
        Put(Sse.MoveHighToLow(zw1, xy1), ref Unsafe.Add(ref to, at3), add);
    }

    [MethodImpl(AggressiveInlining)]
    static void Put(Vector128<float> sum, ref float to, bool add) =>
        (add ? sum + Vector128.LoadUnsafe(ref to) : sum).StoreUnsafe(ref to);

    /// <summary>result[row + i, column + j] = tile[i, j], or += where the sum goes on, for some columns.</summary>
    [MethodImpl(AggressiveOptimization)]
    public static void Unpack<T>(ref T tile, in CpuDevice.Problem p, ref T c, int row, int column, int columns,
        bool add) where T : unmanaged
    {
        var down = p.Down.Offsets.AsSpan(row, Math.Min(MicroKernel<T>.Rows, p.Down.Count - row));
        if (p.Down.Step == 1 && p.Across.Runs[column] == 1)
        {
            UnpackTransposed(ref tile, p.Across.Offsets.AsSpan(column, columns), ref Unsafe.Add(ref c, down[0]),
                down.Length, add);
            return;
        }
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

    /// <summary>The same where the rows of the result lie side by side, and not its columns.</summary>
    [MethodImpl(AggressiveOptimization)]
    static void UnpackTransposed<T>(ref T tile, ReadOnlySpan<int> across, ref T c, int rows, bool add)
        where T : unmanaged
    {
        var width = MicroKernel<T>.Columns;
        for (var i = 0; i < rows; i += 4)
            for (var j = 0; j < across.Length; j += 4)
            {
                ref T from = ref Unsafe.Add(ref tile, i * width + j), to = ref Unsafe.Add(ref c, i);
                if (typeof(T) == typeof(float) && Sse.IsSupported && i + 4 <= rows && j + 4 <= across.Length)
                    Transpose(ref Unsafe.As<T, float>(ref from),
                        ref Unsafe.As<T, float>(ref Unsafe.Add(ref from, width)),
                        ref Unsafe.As<T, float>(ref Unsafe.Add(ref from, 2 * width)),
                        ref Unsafe.As<T, float>(ref Unsafe.Add(ref from, 3 * width)),
                        ref Unsafe.As<T, float>(ref to), across[j], across[j + 1], across[j + 2], across[j + 3], add);
                else
                    for (var q = 0; q < Math.Min(4, across.Length - j); q++)
                        for (var r = 0; r < Math.Min(4, rows - i); r++)
                            Write(ref Unsafe.Add(ref from, r * width + q), ref Unsafe.Add(ref to, across[j + q] + r),
                                1, add);
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
