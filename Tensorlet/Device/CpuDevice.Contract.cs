namespace Tensorlet;

/// <summary>
/// The matrix product on the CPU. The rows, the columns and the summed axes of the operands are given as tables of
/// offsets, so that a matrix, its transpose, a slice and the windows of a convolution are all read in the same way.
/// </summary>
[SkipLocalsInit]
public sealed partial class CpuDevice
{
    const int Inner = 512;          // summed elements in a block
    const int Near = 1 << 16, Far = 1 << 19;    // bytes that stay in the first and the second level of the cache
    const int Segment = 8 * Inner, WorthSegments = 2 * Segment; // a long sum with a small result is cut into segments
    const int MostInSegments = 1 << 13;                   // the size of such a result
    const int WorthThreadsInside = 1 << 19, WorthThreadsOutside = 1 << 20;     // multiply-adds in one product
    const int Registers = 16;                   // elements that a register multiplies at once
    const int ScratchBytes = 1 << 17, Beyond = 64; // the smallest scratch memory; elements read beyond its end

    [ThreadStatic] static byte[]? scratchA, scratchB;

    internal override void ContractCore(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        if (a.DType == DType.Float32) Multiply<float>(a, b, c, batch, rows);
        else if (a.DType == DType.Float64) Multiply<double>(a, b, c, batch, rows);
        else Reference.ContractCore(a, b, c, batch, rows, columns);
    }

    /// <summary>
    /// One operand as a matrix: the offsets along its wide axis (the rows of a, or the columns of b) and along its
    /// summed axis.
    /// </summary>
    internal readonly record struct Side(Tensor Tensor, OffsetTable Wide, OffsetTable Inner)
    {
        /// <summary>
        /// Returns how many elements may be read if reading starts at position <paramref name="at"/>. Positions are
        /// counted from the first element of the tensor.
        /// </summary>
        public int Readable(int at) => ((HostStorage)Tensor.Storage).Readable - Tensor.Layout.Offset - at;
    }

    void Multiply<T>(Tensor a, Tensor b, Tensor c, int batch, int rows) where T : unmanaged
    {
        int wide = batch + rows, inner = batch + a.Rank - wide;
        var left = new Side(a, OffsetTable.Of(a.Layout[batch..wide]), OffsetTable.Of(a.Layout[wide..]));
        var right = new Side(b, OffsetTable.Of(b.Layout[inner..]), OffsetTable.Of(b.Layout[batch..inner]));
        var (down, across) = (OffsetTable.Of(c.Layout[batch..wide]), OffsetTable.Of(c.Layout[wide..]));
        if (Cost<T>(right, left, down) < Cost<T>(left, right, across))      // then the transposed product is computed
            ((left, right), (down, across)) = ((right, left), (across, down));
        int[] atA = left.Tensor.Layout[..batch].Offsets(), atB = right.Tensor.Layout[..batch].Offsets();
        var atC = c.Layout[..batch].Offsets();
        var work = (long)down.Count * across.Count * left.Inner.Count;
        // one thread for each product, or several threads within each product
        var apart = atC.Length > 1 && work <= WorthThreadsOutside;
        if (apart) Share(atC.Length, Math.Max(1, atC.Length / Parts), work * atC.Length / Registers, Some);
        else Some(0, atC.Length);

        void Some(int from, int to)
        {
            for (var i = from; i < to; i++)
                Product<T>(new(left, right, c, down, across, atA[i], atB[i], atC[i]), apart);
        }
    }

    /// <summary>
    /// Estimates the cost of a product, as a number of operations on registers. Only whole tiles are multiplied. If
    /// the columns of an operand or of the result are not adjacent, this tensor is also transposed element by
    /// element.
    /// </summary>
    static long Cost<T>(Side left, Side right, OffsetTable across) where T : unmanaged
    {
        long m = left.Wide.Count, n = right.Wide.Count, k = left.Inner.Count;
        var tiles = (long)RoundUp((int)m, MicroKernel<T>.Rows) * RoundUp((int)n, MicroKernel<T>.Columns / 2);
        var slow = LieApart(right.Wide) && !(typeof(T) == typeof(float) && Panels.IsEverySecond(right.Wide.Offsets));
        return tiles * k / MicroKernel<T>.Columns + (slow ? n * k : 0) + (LieApart(across) ? m * n : 0);

        static bool LieApart(OffsetTable columns) => columns.Count > 1 && columns.Runs[0] == 1;
    }

    internal static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;

    /// <summary>
    /// One product of a batch: the two operands, the result, and the position at which this product begins in each
    /// of the three tensors.
    /// </summary>
    internal readonly record struct Problem(Side Left, Side Right, Tensor Result, OffsetTable Down, OffsetTable Across,
        int AtA, int AtB, int AtC)
    {
        public ref T ResultFirst<T>() where T : unmanaged => ref Unsafe.Add(ref HostStorage.First<T>(Result), AtC);
    }

    void Product<T>(in Problem p, bool alone) where T : unmanaged
    {
        int m = p.Down.Count, n = p.Across.Count, k = p.Left.Inner.Count;
        // If the result is small and the sum is long, the sum is cut into segments of fixed length, each with a
        // result of its own.
        if (m * n <= MostInSegments && k >= WorthSegments && !alone) { Segments<T>(p); return; }
        // If a is large, each part packs a for itself, so there are few parts: four for a matrix, and more for a
        // convolution, whose result has a long side.
        var width = (Math.Max(n / Parts, Math.Min(n / 4, m)) / MicroKernel<T>.Columns + 1) * MicroKernel<T>.Columns;
        var work = (long)m * n * k;
        if (alone || Threads == 1 || work < WorthThreadsInside) Blocks(p, ref p.ResultFirst<T>(), 0, k, 0, n);
        else Strips<T>(p, width, work);
    }

    // a method of its own, because its closure would be allocated for every product of a batch
    void Strips<T>(Problem p, int width, long work) where T : unmanaged => Share(p.Across.Count, width,
        work / Registers, (from, to) => Blocks(p, ref p.ResultFirst<T>(), 0, p.Left.Inner.Count, from, to));

    void Segments<T>(Problem p) where T : unmanaged
    {
        int m = p.Down.Count, n = p.Across.Count, k = p.Left.Inner.Count, count = (k + Segment - 1) / Segment;
        var partial = new T[count * m * n];
        var down = OffsetTable.Of([.. Enumerable.Range(0, m).Select(i => i * n)]);
        var inner = p with { Down = down, Across = OffsetTable.Of([.. Enumerable.Range(0, n)]) };
        Share(k, Segment, (long)m * n * k / Registers, (from, to) =>
            Blocks(inner, ref partial[from / Segment * m * n], from, to, 0, n));
        ref var result = ref p.ResultFirst<T>();
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                for (var s = 0; s < count; s++) sum += ToDouble(partial[(s * m + i) * n + j]);
                Unsafe.Add(ref result, p.Down.Offsets[i] + p.Across.Offsets[j]) = FromDouble<T>(sum);
            }
    }

    /// <summary>
    /// Computes some columns of the result, over a part of the summed axis, in blocks that stay in the cache.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void Blocks<T>(in Problem p, ref T c, int fromK, int toK, int fromN, int toN) where T : unmanaged
    {
        int height = MicroKernel<T>.Rows, m = p.Down.Count, panels = (m + height - 1) / height;
        var block = Math.Min(toK - fromK, Inner);
        ref var source = ref Unsafe.Add(ref HostStorage.First<T>(p.Left.Tensor), p.AtA);
        // If there are few rows, packing b costs as much as multiplying by b. In this case, b is read in place if
        // its columns are contiguous in runs.
        var direct = panels <= 4 && p.Right.Wide.Runs[fromN] >= Math.Min(8, toN - fromN)
            && p.Right.Wide.Runs[(fromN + toN) / 2] >= Math.Min(4, (toN - fromN) / 2);
        for (var k = fromK; k < toK; k += block)
        {
            var count = Math.Min(block, toK - k);
            Strided<T> left;
            if (p.Left.Wide.Step is { } down && p.Left.Inner.Step is { } along && !IsLarge<T>(m, block))
                left = new(ref Unsafe.Add(ref source, k * along), down, along, down);
            else
            {
                ref var packedA = ref Scratch<T>(ref scratchA, panels * height * block);
                for (var i = 0; i < m; i += height)
                    Panels.Pack(p.Left, p.AtA, i, Math.Min(height, m - i), k, count,
                        ref Unsafe.Add(ref packedA, i * count), height);
                left = new(ref packedA, 1, height, count);
            }
            if (direct && m == 1) Thin(p, left, ref c, k, count, fromN, toN, k > fromK);
            else if (direct) InPlace(p, left, ref c, k, count, fromN, toN, k > fromK);
            else Packed(p, left, ref c, k, count, fromN, toN, k > fromK);
        }
    }

    /// <summary>
    /// Returns true if a block of a is too large to stay in the cache. Such a block is packed. Much of b is then
    /// packed in advance, so that the block is read as rarely as possible.
    /// </summary>
    static bool IsLarge<T>(int rows, int count) where T : unmanaged => (long)rows * count * Unsafe.SizeOf<T>() > Far;

    /// <summary>
    /// Packs b into panels that have the width of the micro-kernel, and multiplies all rows of a by these panels.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void Packed<T>(in Problem p, Strided<T> left, ref T c, int k, int count, int fromN, int toN, bool add)
        where T : unmanaged
    {
        int width = MicroKernel<T>.Columns, height = MicroKernel<T>.Rows;
        var bytes = IsLarge<T>(p.Down.Count, count) ? Far : Near;
        var wide = Math.Max(width, bytes / Unsafe.SizeOf<T>() / count / width * width);
        ref var packedB = ref Scratch<T>(ref scratchB, RoundUp(Math.Min(wide, toN - fromN), width) * count);
        Span<int> rows = stackalloc int[Inner];
        for (var i = 0; i < count; i++) rows[i] = i * width;
        for (var j = fromN; j < toN; j += wide)
        {
            var end = Math.Min(toN, j + wide);
            for (var q = j; q < end; q += width)
                Panels.Pack(p.Right, p.AtB, q, Math.Min(width, end - q), k, count,
                    ref Unsafe.Add(ref packedB, (q - j) * count), width);
            for (var i = 0; i < p.Down.Count; i += height)
                for (var q = j; q < end; q += width)
                {
                    ref var panel = ref Unsafe.Add(ref packedB, (q - j) * count);
                    Tile(p, left, i, ref panel, ref Unsafe.Add(ref panel, width / 2), rows[..count], ref c, q,
                        Math.Min(end - q, width / 2), Math.Clamp(end - q - width / 2, 0, width / 2), add);
                }
        }
    }

    /// <summary>
    /// Computes one tile of the result. The tile is written in place if it is whole and the layout of the result
    /// allows this; otherwise, it is written through a copy.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void Tile<T>(in Problem p, Strided<T> left, int i, ref T b0, ref T b1, ReadOnlySpan<int> inner, ref T c,
        int j, int first, int second, bool add) where T : unmanaged
    {
        int height = MicroKernel<T>.Rows, width = MicroKernel<T>.Columns, rows = Math.Min(height, p.Down.Count - i);
        var whole = rows == height && first == width / 2 && (second == 0 || second == first);
        if (whole && p.Across.Runs[j] >= first + second && p.Down.Step is { } step)
        {
            MicroKernel<T>.Run(left.From(i), rows, ref b0, ref b1, second > 0, inner,
                ref Unsafe.Add(ref c, p.Down.Offsets[i] + p.Across.Offsets[j]), step, add);
            return;
        }
        Span<T> tile = stackalloc T[height * width];
        MicroKernel<T>.Run(left.From(i), rows, ref b0, ref b1, second > 0, inner, ref tile[0], width, false);
        Panels.Unpack(ref tile[0], p, ref c, i, j, first, add);
        if (second > 0) Panels.Unpack(ref tile[width / 2], p, ref c, i, j + first, second, add);
    }

    /// <summary>
    /// Multiplies by b, which is read in place, two registers of columns at a time. Each register is read from a
    /// single run of contiguous columns.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void InPlace<T>(in Problem p, Strided<T> left, ref T c, int k, int count, int fromN, int toN, bool add)
        where T : unmanaged
    {
        var half = MicroKernel<T>.Columns / 2;
        var readable = p.Right.Readable(p.AtB);
        ref var source = ref Unsafe.Add(ref HostStorage.First<T>(p.Right.Tensor), p.AtB);
        var inner = p.Right.Inner.Offsets.AsSpan(k, count);
        var reach = half;
        for (var i = 0; i < count; i++) reach = Math.Max(reach, inner[i] + half);
        for (var j = fromN; j < toN;)
        {
            var first = Math.Min(Math.Min(half, p.Right.Wide.Runs[j]), toN - j);
            var next = j + first;
            var second = next < toN ? Math.Min(Math.Min(half, p.Right.Wide.Runs[next]), toN - next) : 0;
            int at0 = p.Right.Wide.Offsets[j], at1 = second > 0 ? p.Right.Wide.Offsets[next] : at0;
            // a register would reach beyond the memory, so the last few columns are packed
            if (Math.Max(at0, at1) + reach > readable)
            {
                Packed(p, left, ref c, k, count, j, toN, add);
                return;
            }
            for (var i = 0; i < p.Down.Count; i += MicroKernel<T>.Rows)
                Tile(p, left, i, ref Unsafe.Add(ref source, at0), ref Unsafe.Add(ref source, at1), inner, ref c, j,
                    first, second, add);
            j = next + second;
        }
    }

    static ref T Scratch<T>(ref byte[]? scratch, int count) where T : unmanaged
    {
        var bytes = (count + Beyond) * Unsafe.SizeOf<T>() + HostStorage.Line;
        if (scratch is null || scratch.Length < bytes)
            scratch = GC.AllocateArray<byte>(Math.Max(bytes, ScratchBytes), pinned: true);
        return ref Unsafe.As<byte, T>(ref scratch[HostStorage.FirstLine(scratch)]);
    }
}
