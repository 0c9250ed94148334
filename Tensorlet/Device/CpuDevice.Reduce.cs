namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int PartOfAll = 1 << 14, WorthParts = 4 * PartOfAll, Columns = 512, Depth = 16;
    const int Block = 1024;         // elements that are folded in their own precision; blocks are folded in double

    internal override void ReduceCore<R>(R r, Tensor x, Tensor y)
    {
        if (x.Numel == 0) FillCore(new Tensor.Line(r.Start, 0), y);
        else if (x.DType == DType.Float32) Fold<R, float>(r, x, y);
        else if (x.DType == DType.Float64) Fold<R, double>(r, x, y);
        else Reference.ReduceCore(r, x, y);
    }

    void Fold<R, T>(R r, Tensor x, Tensor y) where R : struct, IReduction where T : unmanaged
    {
        var (kept, folded) = (new Walk(x.Layout[..y.Rank], y.Layout), new Walk(x.Layout[y.Rank..]));
        if (y.Numel == 1 && x.IsContiguous && x.Numel >= WorthParts) FoldAll(r, x, y.Reshape());
        else if (kept.Step(0) == 1 && folded.Step(0) != 1 && kept.Step(1) == 1)     // results side by side
        {
            var (blocks, offsets) = ((kept.Length + Columns - 1) / Columns, OffsetTable.Of(x.Layout[y.Rank..]).Offsets);
            Share(kept.Rows * blocks, 1, x.Numel, (p, _) => FoldBlock<R, T>(r, kept, offsets, x, y, p / blocks,
                p % blocks * Columns));
        }
        else if (kept.Rows == 1)
            Share(kept.Length, Math.Max(1, kept.Length / Parts), x.Numel, (from, to) =>
                FoldRows<R, T>(r, kept, folded, x, y, 0, 1, from, to));
        else
            Share(kept.Rows, Math.Max(1, kept.Rows / Parts), x.Numel, (from, to) =>
                FoldRows<R, T>(r, kept, folded, x, y, from, to, 0, kept.Length));
    }

    /// <summary>Everything into one number, of rank 0: parts of fixed size first, then what they gave.</summary>
    void FoldAll<R>(R r, Tensor x, Tensor y) where R : struct, IReduction
    {
        int count = x.Numel / PartOfAll, rest = x.Numel - count * PartOfAll;
        var flat = x.Reshape(-1);
        var parts = x.NewEmpty([count + 1]);
        Reduce(r, flat.Narrow(0, 0, count * PartOfAll).Reshape(count, PartOfAll), parts.Narrow(0, 0, count));
        Reduce(r, flat.Narrow(0, count * PartOfAll, rest), parts.Select(0, count));
        Reduce(r, parts, y);
    }

    static void FoldRows<R, T>(R r, Walk kept, Walk folded, Tensor x, Tensor y, int from, int to, int first, int end)
        where R : struct, IReduction where T : unmanaged
    {
        ref T px = ref HostStorage.First<T>(x), py = ref HostStorage.First<T>(y);
        foreach (var at in kept.Part(from, to))
            for (var i = first; i < end; i++)
                Unsafe.Add(ref py, at[1] + i * kept.Step(1)) =
                    FromDouble<T>(FoldOne(r, folded, ref Unsafe.Add(ref px, at[0] + i * kept.Step(0))));
    }

    static double FoldOne<R, T>(R r, Walk folded, ref T source) where R : struct, IReduction where T : unmanaged
    {
        var (total, rest) = (Lanes<double>.Of(r.Start), new F64(r.Start));
        if (folded.Rows == 1) FoldRun(r, ref source, folded.Step(0), folded.Length, ref total, ref rest);
        else
            foreach (var at in folded.All)
                FoldRun(r, ref Unsafe.Add(ref source, at[0]), folded.Step(0), folded.Length, ref total, ref rest);
        return Finish(r, total, rest);
    }

    static double Finish<R>(R r, Lanes<double> total, F64 rest) where R : struct, IReduction
    {
        Span<double> lanes = stackalloc double[Lanes<double>.Count];
        total.Value.CopyTo(lanes);
        foreach (var lane in lanes) rest = r.Apply(rest, new F64(lane));
        return rest.Value;
    }

    /// <summary>A run of numbers: whole registers in blocks, the blocks and what does not fill one in double.</summary>
    static void FoldRun<R, T>(R r, ref T p, int step, int count, ref Lanes<double> total, ref F64 rest)
        where R : struct, IReduction where T : unmanaged
    {
        var i = 0;
        var n = (nuint)Lanes<T>.Count;
        if (step == 1)
            while (i <= count - Lanes<T>.Count)
            {
                Lanes<T> a = new(Vector512.LoadUnsafe(ref p, (nuint)i)), b = Lanes<T>.Of(r.Start), c = b, d = b;
                var end = Math.Min(count, i + Block);
                for (i += Lanes<T>.Count; i <= end - 4 * Lanes<T>.Count; i += 4 * Lanes<T>.Count)
                {
                    a = r.Apply(a, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i)));
                    b = r.Apply(b, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i + n)));
                    c = r.Apply(c, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i + 2 * n)));
                    d = r.Apply(d, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i + 3 * n)));
                }
                for (; i <= end - Lanes<T>.Count; i += Lanes<T>.Count)
                    a = r.Apply(a, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i)));
                FoldWide(r, r.Apply(r.Apply(a, b), r.Apply(c, d)), ref total);
            }
        for (; i < count; i++) rest = r.Apply(rest, new F64(ToDouble(Unsafe.Add(ref p, i * step))));
    }

    /// <summary>Folds a register into one of doubles: a float register is two of them.</summary>
    [MethodImpl(AggressiveInlining)]
    static void FoldWide<R, T>(R r, Lanes<T> lanes, ref Lanes<double> total)
        where R : struct, IReduction where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            var (low, high) = Vector512.Widen(lanes.Value.AsSingle());
            total = r.Apply(total, r.Apply(new Lanes<double>(low), new Lanes<double>(high)));
        }
        else total = r.Apply(total, new Lanes<double>(lanes.Value.AsDouble()));
    }

    /// <summary>Results side by side: down 16 folded rows at a time in registers, and these in double.</summary>
    static void FoldBlock<R, T>(R r, Walk kept, int[] offsets, Tensor x, Tensor y, int row, int column)
        where R : struct, IReduction where T : unmanaged
    {
        var count = Math.Min(Columns, kept.Length - column);
        Span<double> sums = stackalloc double[Columns];
        sums.Fill(r.Start);
        foreach (var at in kept.Part(row, row + 1))
        {
            ref var source = ref Unsafe.Add(ref HostStorage.First<T>(x), at[0] + column);
            ref var target = ref Unsafe.Add(ref HostStorage.First<T>(y), at[1] + column);
            for (var i = 0; i < offsets.Length; i += Depth)
                FoldDown(r, offsets.AsSpan(i, Math.Min(Depth, offsets.Length - i)), ref source, count, sums);
            for (var i = 0; i < count; i++) Unsafe.Add(ref target, i) = FromDouble<T>(sums[i]);
        }
    }

    static void FoldDown<R, T>(R r, ReadOnlySpan<int> rows, ref T source, int count, Span<double> sums)
        where R : struct, IReduction where T : unmanaged
    {
        Span<T> tail = stackalloc T[Lanes<T>.Count];
        for (var column = 0; column < count; column += Lanes<T>.Count)
        {
            var n = Math.Min(Lanes<T>.Count, count - column);
            var lanes = Lanes<T>.Of(r.Start);
            foreach (var row in rows) lanes = r.Apply(lanes, Load(ref Unsafe.Add(ref source, column + row), 1, n));
            if (typeof(T) == typeof(float) && n == Lanes<T>.Count)
            {
                var (first, second) = Vector512.Widen(lanes.Value.AsSingle());
                ref var low = ref sums[column];
                r.Apply(new Lanes<double>(Vector512.LoadUnsafe(ref low)), new(first)).Value.StoreUnsafe(ref low);
                r.Apply(new Lanes<double>(Vector512.LoadUnsafe(ref low, 8)), new(second)).Value.StoreUnsafe(ref low, 8);
                continue;
            }
            lanes.Value.StoreUnsafe(ref tail[0]);
            for (var i = 0; i < n; i++)
                sums[column + i] = r.Apply(new F64(sums[column + i]), new F64(ToDouble(tail[i]))).Value;
        }
    }

    [MethodImpl(AggressiveInlining)]
    static double ToDouble<T>(T value) => typeof(T) == typeof(float) ? (float)(object)value! : (double)(object)value!;
    [MethodImpl(AggressiveInlining)]
    static T FromDouble<T>(double value) => typeof(T) == typeof(float) ? (T)(object)(float)value : (T)(object)value;
}
