using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// Packs operands of any layout into the dense panels that the micro-kernel reads, and writes the results of the
/// micro-kernel to tensors of any layout.
/// </summary>
[SkipLocalsInit]
static class Panels
{
    const int FloatBits = 32;
    const int Few = 4;              // columns two elements apart that are worth their own loop
    const int WorthRuns = 12;       // neighbours from which registers are copied; fewer if all columns are neighbours
    const int Tall = 16;            // rows that are transposed at once, four for each lane of a register
    const byte LowHalves = 0b01_00_01_00, HighHalves = 0b11_10_11_10;       // of each lane, for a shuffle

    /// <summary>
    /// Fills a panel: panel[i, q] = source[wide[j + q] + inner[k + i]], where wide and inner are the offsets of the
    /// operand along its wide axis and its summed axis. If the panel has more columns than the operand,
    /// the values in the extra columns are not defined. The micro-kernel computes with them, but these results are
    /// never written.
    /// </summary>
    /// <param name="side">The operand.</param>
    /// <param name="at">The position in the operand at which the matrix of this product begins; a batch of products
    /// has one matrix for each product.</param>
    /// <param name="j">The first column of the operand.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="k">The first row of the operand.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">The full width of the panel.</param>
    [MethodImpl(AggressiveOptimization)]
    public static void Pack<T>(CpuDevice.Side side, int at, int j, int columns, int k, int count, ref T panel,
        int width) where T : unmanaged
    {
        ref var source = ref Unsafe.Add(ref HostStorage.First<T>(side.Tensor), at);
        ReadOnlySpan<int> wide = side.Wide.Offsets.AsSpan(j, columns), runs = side.Wide.Runs.AsSpan(j);
        var inner = side.Inner.Offsets.AsSpan(k, count);
        var two = runs[0] + (columns > runs[0] ? runs[runs[0]] : 0);     // two runs together
        if (two >= Math.Min(WorthRuns, columns))
            PackRuns(ref source, wide, runs, inner, ref panel, width, side.Readable(at));
        else if (typeof(T) == typeof(float) && IsEverySecond(wide))
            PackEverySecond(ref Unsafe.As<T, float>(ref source), wide, inner, ref Unsafe.As<T, float>(ref panel), width,
                side.Readable(at));
        else if (typeof(T) == typeof(float) && Sse.IsSupported && HasRuns(side.Inner.Runs.AsSpan(k, count)))
            PackAlongInner(ref Unsafe.As<T, float>(ref source), wide, inner, side.Inner.Runs.AsSpan(k),
                ref Unsafe.As<T, float>(ref panel), width);
        else
            for (var i = 0; i < count; i++)
                for (var q = 0; q < columns; q++)
                    Unsafe.Add(ref panel, i * width + q) = Unsafe.Add(ref source, wide[q] + inner[i]);
    }

    /// <summary>Whether columns are two elements apart, as in a convolution with stride 2.</summary>
    public static bool IsEverySecond(ReadOnlySpan<int> wide) =>
        wide.Length > Few && wide[1] - wide[0] == 2 && wide[Few] - wide[0] == 2 * Few;

    /// <summary>
    /// Packs columns that form runs of elements that are two apart: two registers are read, and every second element is
    /// kept. What is written beyond the end of a run is overwritten by the next run.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void PackEverySecond(ref float source, ReadOnlySpan<int> wide, ReadOnlySpan<int> inner, ref float panel,
        int width, int readable)
    {
        Span<int> runs = stackalloc int[wide.Length];
        for (var j = wide.Length - 1; j >= 0; j--)
            runs[j] = j + 1 < wide.Length && wide[j + 1] - wide[j] == 2 ? runs[j + 1] + 1 : 1;
        for (var k = 0; k < inner.Length; k++)
            for (int j = 0, length; j < wide.Length; j += length)
            {
                length = runs[j];
                ref float from = ref Unsafe.Add(ref source, wide[j] + inner[k]), to = ref Unsafe.Add(ref panel,
                    k * width + j);
                if (wide[j] + inner[k] + 2 * CpuDevice.RoundUp(length, Vector512<float>.Count) <= readable)
                    CopyEverySecond(ref from, ref to, length, beyond: true);
                else
                    for (var i = 0; i < length; i++) Unsafe.Add(ref to, i) = Unsafe.Add(ref from, 2 * i);
            }
    }

    /// <summary>
    /// Copies floats that are two elements apart, in whole registers, and returns how many. There are n floats to copy.
    /// If <paramref name="beyond"/> is true, the last register may reach beyond them.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static int CopyEverySecond(ref float from, ref float to, int n, bool beyond)
    {
        var i = 0;
        for (; i < (beyond ? n : n - Vector512<float>.Count + 1); i += Vector512<float>.Count)
            EverySecond(ref Unsafe.Add(ref from, 2 * i)).StoreUnsafe(ref to, (nuint)i);
        return i;
    }

    /// <summary>
    /// Returns sixteen floats, each of which is two elements after the one before. Nothing behind the last one is read.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<float> EverySecond(ref float from)
    {
        var low = Vector512.LoadUnsafe(ref from).AsUInt64();
        var high = Vector512.LoadUnsafe(ref from, (nuint)Vector512<float>.Count - 1).AsUInt64();
        return Vector512.Narrow(low, high >> FloatBits).AsSingle();
    }

    /// <summary>Whether the first run, which may be the rest of a run, or the next one has four elements.</summary>
    static bool HasRuns(ReadOnlySpan<int> runs) => runs[0] > 3 || (runs[0] < runs.Length && runs[runs[0]] > 3);

    /// <summary>
    /// Copies columns that form long runs. Whole registers are copied, even beyond the end of a run. The next run
    /// overwrites what has been written beyond the end.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void PackRuns<T>(ref T source, ReadOnlySpan<int> wide, ReadOnlySpan<int> runs, ReadOnlySpan<int> inner,
        ref T panel, int width, int readable) where T : unmanaged
    {
        if (runs[0] >= wide.Length && wide.Length % Vector256<T>.Count == 0)
        {
            source = ref Unsafe.Add(ref source, wide[0]);
            foreach (var at in inner)
            {
                for (var j = 0; j < wide.Length; j += Vector256<T>.Count)
                    Vector256.LoadUnsafe(ref source, (nuint)(at + j)).StoreUnsafe(ref panel, (nuint)j);
                panel = ref Unsafe.Add(ref panel, width);
            }
            return;
        }
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
    /// Packs an operand whose elements are neighbours in memory along the summed axis. Blocks of 16 by 4 and of 4
    /// by 4 floats are transposed in registers.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void PackAlongInner(ref float source, ReadOnlySpan<int> wide, ReadOnlySpan<int> inner,
        ReadOnlySpan<int> runs, ref float panel, int width)
    {
        var j = 0;
        if (Avx512F.IsSupported)
            for (; j + Tall <= wide.Length; j += Tall)
                for (var k = 0; k < inner.Length;)
                {
                    // the end of a run is transposed together with the elements before it
                    var back = 4 - Math.Min(runs[k], inner.Length - k);
                    if (back > 0 && back <= k && runs[k - back] > 3) k -= back;
                    ref var from = ref Unsafe.Add(ref source, inner[k]);
                    ref var to = ref Unsafe.Add(ref panel, k * width + j);
                    if (runs[k] > 3 && k + 4 <= inner.Length)
                    {
                        Transpose(ref from, wide[j..], ref to, width);
                        k += 4;
                        continue;
                    }
                    for (var q = 0; q < Tall; q++) Unsafe.Add(ref to, q) = Unsafe.Add(ref from, wide[j + q]);
                    k++;
                }
        for (; j < wide.Length; j += 4)
        {
            var last = wide.Length - 1;             // columns beyond the last one repeat it
            ref float s0 = ref Unsafe.Add(ref source, wide[j]);
            ref float s1 = ref Unsafe.Add(ref source, wide[Math.Min(j + 1, last)]);
            ref float s2 = ref Unsafe.Add(ref source, wide[Math.Min(j + 2, last)]);
            ref float s3 = ref Unsafe.Add(ref source, wide[Math.Min(j + 3, last)]);
            for (var k = 0; k < inner.Length;)
            {
                var at = inner[k];
                ref var to = ref Unsafe.Add(ref panel, k * width + j);
                if (runs[k] > 3 && k + 4 <= inner.Length)
                {
                    Transpose(ref Unsafe.Add(ref s0, at), ref Unsafe.Add(ref s1, at), ref Unsafe.Add(ref s2, at),
                        ref Unsafe.Add(ref s3, at), ref to, 0, width, 2 * width, 3 * width, false);
                    k += 4;
                    continue;
                }
                to = Unsafe.Add(ref s0, at);
                Unsafe.Add(ref to, 1) = Unsafe.Add(ref s1, at);
                Unsafe.Add(ref to, 2) = Unsafe.Add(ref s2, at);
                Unsafe.Add(ref to, 3) = Unsafe.Add(ref s3, at);
                k++;
            }
        }
    }

    /// <summary>
    /// Transposes sixteen rows of four floats: each of the four columns becomes a row of sixteen floats. In each
    /// lane, the four registers together contain four of the sixteen rows.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static void Transpose(ref float from, ReadOnlySpan<int> rows, ref float to, int width)
    {
        Vector512<float> x = Lanes(ref from, rows), y = Lanes(ref from, rows[1..]), z = Lanes(ref from, rows[2..]),
            w = Lanes(ref from, rows[3..]);
        Vector512<float> xy0 = Avx512F.UnpackLow(x, y), xy1 = Avx512F.UnpackHigh(x, y);
        Vector512<float> zw0 = Avx512F.UnpackLow(z, w), zw1 = Avx512F.UnpackHigh(z, w);
        Avx512F.Shuffle(xy0, zw0, LowHalves).StoreUnsafe(ref to);
        Avx512F.Shuffle(xy0, zw0, HighHalves).StoreUnsafe(ref to, (nuint)width);
        Avx512F.Shuffle(xy1, zw1, LowHalves).StoreUnsafe(ref to, (nuint)(2 * width));
        Avx512F.Shuffle(xy1, zw1, HighHalves).StoreUnsafe(ref to, (nuint)(3 * width));

        static Vector512<float> Lanes(ref float from, ReadOnlySpan<int> rows) => Vector512.Create(
            Vector256.Create(Lane(ref from, rows[0]), Lane(ref from, rows[4])),
            Vector256.Create(Lane(ref from, rows[8]), Lane(ref from, rows[Tall - 4])));

        static Vector128<float> Lane(ref float from, int row) => Vector128.LoadUnsafe(ref Unsafe.Add(ref from, row));
    }

    /// <summary>
    /// Transposes four rows of four floats: each of the four columns is written to one of the given positions. If
    /// <paramref name="add"/> is true, the column is added to what is at this position instead.
    /// </summary>
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

    /// <summary>
    /// Copies a part of one channel of an image: padded[i, j] = x[top + i·stride, left + j·stride]. Elements outside of
    /// the image are zeros. These zeros are not written: before the first call, <paramref name="padded"/> must contain
    /// zeros, and all calls must have images of the same width. Meanwhile, the next channel is loaded into the cache.
    /// Otherwise, the computation would wait for it.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void Pad(Tensor x, int image, int stride, int top, int left, int rows, Span<float> padded, int length)
    {
        int height = x.Size(2), width = x.Size(3), n = Vector512<float>.Count;
        var before = left < 0 ? (stride - 1 - left) / stride : 0;       // columns before the image
        left += before * stride;
        var columns = (width - left + stride - 1) / stride;
        ref var source = ref Unsafe.Add(ref HostStorage.First<float>(x), image * height * width);
        for (var i = 0; i < rows; i++)
        {
            var row = padded.Slice(i * length, length);
            var at = top + i * stride;
            if ((uint)at >= (uint)height) { row.Clear(); continue; }
            ref float from = ref Unsafe.Add(ref source, at * width + left), to = ref row[before];
            for (var j = 0; j < before; j += n) Vector512<float>.Zero.StoreUnsafe(ref row[j]);
            for (var j = 0; j < columns; j += n)
            {
                Fetch(ref Unsafe.Add(ref from, height * width + j * stride));
                (stride == 1 ? Vector512.LoadUnsafe(ref from, (nuint)j) : EverySecond(ref Unsafe.Add(ref from, 2 * j)))
                    .StoreUnsafe(ref to, (nuint)j);
            }
            Vector512<float>.Zero.StoreUnsafe(ref to, (nuint)columns);  // the last register may read too much
        }
    }

    /// <summary>Asks for a line of memory to be brought into the cache.</summary>
    [MethodImpl(AggressiveInlining)]
    public static unsafe void Fetch(ref float x)
    {
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref x));
    }

    /// <summary>
    /// Writes some columns of a tile to the result: result[row + i, column + j] = tile[i, j]. If
    /// <paramref name="add"/> is true, adds the columns to the result instead.
    /// </summary>
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

    /// <summary>
    /// Does the same as <see cref="Unpack{T}"/>, for a result whose neighbouring rows are adjacent in memory and
    /// whose neighbouring columns are not.
    /// </summary>
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
    public static void Write<T>(ref T from, ref T to, int count, bool add) where T : unmanaged
    {
        if (!add) { CopyRun(ref from, ref to, count); return; }
        var i = 0;
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
            (Vector256.LoadUnsafe(ref from, (nuint)i) + Vector256.LoadUnsafe(ref to, (nuint)i))
                .StoreUnsafe(ref to, (nuint)i);
        for (; i < count; i++) Unsafe.Add(ref to, i) = CpuDevice.Add(Unsafe.Add(ref from, i), Unsafe.Add(ref to, i));
    }
}
