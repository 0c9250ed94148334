namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int PartOfAll = 1 << 14, Columns = 512;
    const int Block = 1024;         // elements that are folded in their own precision; blocks are folded in double

    /// <inheritdoc/>
    public override void Reduce<R>(R r, Tensor x, Tensor y)
    {
        if (y.Numel == 0) return;
        if (x.Numel == 0) Device.Cpu.Fill(new Tensor.Line(r.Start, 0), y);
        else
            switch (x.DType)
            {
                case DType.Float32: Fold<R, float>(r, x, y); break;
                case DType.Float64: Fold<R, double>(r, x, y); break;
                default: Reference.Reduce(r, x, y); break;
            }
        KeepAlive(x, y);
    }

    void Fold<R, T>(R r, Tensor x, Tensor y) where R : struct, IReduction where T : unmanaged
    {
        var kept = new Walk(new Layout(x.Layout.shape[..y.Rank], x.Layout.strides[..y.Rank], 0), y.Layout);
        var folded = new Walk(new Layout(x.Layout.shape[y.Rank..], x.Layout.strides[y.Rank..], 0));
        if (y.Numel == 1 && x.IsContiguous && x.Numel >= 4 * PartOfAll) { FoldAll(r, x, y); return; }
        // Results side by side are folded in blocks of columns, others one after another.
        if (kept.Step(0) == 1 && folded.Step(0) != 1 && kept.Step(1) == 1)
        {
            var blocks = (kept.Length + Columns - 1) / Columns;
            Share(kept.Rows * blocks, x.Numel, p =>
            {
                var (row, block) = Math.DivRem(p, blocks);
                FoldRows<R, T>(r, kept, folded, x, y, row, row + 1, block * Columns,
                    Math.Min(Columns, kept.Length - block * Columns), true);
            });
            return;
        }
        var rows = kept.Rows == 1 ? kept.Length : kept.Rows;
        var cut = Math.Max(1, rows / 16);
        Share((rows + cut - 1) / cut, x.Numel, p =>
        {
            int from = p * cut, to = Math.Min(rows, from + cut);
            if (kept.Rows == 1) FoldRows<R, T>(r, kept, folded, x, y, 0, 1, from, to - from, false);
            else FoldRows<R, T>(r, kept, folded, x, y, from, to, 0, kept.Length, false);
        });
    }

    /// <summary>Everything into one number: parts of fixed size first, then what they gave.</summary>
    void FoldAll<R>(R r, Tensor x, Tensor y) where R : struct, IReduction
    {
        int count = x.Numel / PartOfAll, rest = x.Numel - count * PartOfAll;
        var flat = x.Reshape(-1);
        var parts = x.NewEmpty([count + 1]);
        Reduce(r, flat.Narrow(0, 0, count * PartOfAll).Reshape(count, PartOfAll), parts.Narrow(0, 0, count));
        Reduce(r, flat.Narrow(0, count * PartOfAll, rest), parts.Select(0, count));
        Reduce(r, parts, y);
    }

    static void FoldRows<R, T>(R r, Walk kept, Walk folded, Tensor x, Tensor y, int from, int to, int column,
        int count, bool columns)
        where R : struct, IReduction where T : unmanaged
    {
        ref T px = ref HostStorage.First<T>(x), py = ref HostStorage.First<T>(y);
        Span<int> place = stackalloc int[kept.Rank], at = stackalloc int[2];
        kept.Start(from, place, at);
        for (var row = from; row < to; row++, kept.Next(place, at))
        {
            ref var source = ref Unsafe.Add(ref px, at[0] + column * kept.Step(0));
            ref var target = ref Unsafe.Add(ref py, at[1] + column * kept.Step(1));
            if (columns) FoldColumns(r, folded, ref source, ref target, count);
            else
                for (var i = 0; i < count; i++)
                    Unsafe.Add(ref target, i * kept.Step(1)) = FromDouble<T>(FoldOne(r, folded,
                        ref Unsafe.Add(ref source, i * kept.Step(0))));
        }
    }

    static double FoldOne<R, T>(R r, Walk folded, ref T source) where R : struct, IReduction where T : unmanaged
    {
        var (total, rest) = (Lanes<double>.Of(r.Start), new F64(r.Start));
        if (folded.Rows == 1) FoldRun(r, ref source, folded.Step(0), folded.Length, ref total, ref rest);
        else
        {
            Span<int> place = stackalloc int[folded.Rank], at = stackalloc int[1];
            folded.Start(0, place, at);
            for (var row = 0; row < folded.Rows; row++, folded.Next(place, at))
                FoldRun(r, ref Unsafe.Add(ref source, at[0]), folded.Step(0), folded.Length, ref total, ref rest);
        }
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
    static void FoldRun<R, T>(R r, ref T p, int step, int count, ref Lanes<double> total, ref F64 rest) where R
        : struct, IReduction where T : unmanaged
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
                for (; i <= end - Lanes<T>.Count;
                    i += Lanes<T>.Count) a = r.Apply(a, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i)));
                FoldWide(r, r.Apply(r.Apply(a, b), r.Apply(c, d)), ref total);
            }
        for (; i < count; i++) rest = r.Apply(rest, new F64(ToDouble(Unsafe.Add(ref p, i * step))));
    }

    /// <summary>Folds a register into one of doubles: a float register is two of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FoldWide<R, T>(R r, Lanes<T> lanes, ref Lanes<double> total) where R : struct, IReduction where T
        : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            var (low, high) = Vector512.Widen(lanes.Value.AsSingle());
            total = r.Apply(total, r.Apply(new Lanes<double>(low), new Lanes<double>(high)));
        }
        else total = r.Apply(total, new Lanes<double>(lanes.Value.AsDouble()));
    }

    /// <summary>
    /// Results side by side: down 16 folded rows at a time in registers, which are then added up in double.
    /// </summary>
    static void FoldColumns<R, T>(R r, Walk folded, ref T source, ref T target, int count) where R : struct, IReduction
        where T : unmanaged
    {
        const int depth = 16;
        Span<int> place = stackalloc int[folded.Rank], at = stackalloc int[1], rows = stackalloc int[depth];
        Span<double> sums = stackalloc double[Columns];
        for (var from = 0; from < count; from += Columns)
        {
            var to = Math.Min(count, from + Columns);
            sums.Fill(r.Start);
            var pending = 0;
            folded.Start(0, place, at);
            for (var row = 0; row < folded.Rows; row++, folded.Next(place, at))
                for (var i = 0; i < folded.Length; i++)
                {
                    rows[pending++] = at[0] + i * folded.Step(0);
                    if (pending < depth) continue;
                    FoldDown(r, rows, ref Unsafe.Add(ref source, from), to - from, sums);
                    pending = 0;
                }
            FoldDown(r, rows[..pending], ref Unsafe.Add(ref source, from), to - from, sums);
            for (var i = from; i < to; i++) Unsafe.Add(ref target, i) = FromDouble<T>(sums[i - from]);
        }
    }

    static void FoldDown<R, T>(R r, ReadOnlySpan<int> rows, ref T source, int count, Span<double> sums) where R
        : struct, IReduction where T : unmanaged
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
                r.Apply(new Lanes<double>(Vector512.LoadUnsafe(ref low)),
                    new Lanes<double>(first)).Value.StoreUnsafe(ref low);
                r.Apply(new Lanes<double>(Vector512.LoadUnsafe(ref low, 8)),
                    new Lanes<double>(second)).Value.StoreUnsafe(ref low, 8);
                continue;
            }
            lanes.Value.StoreUnsafe(ref tail[0]);
            for (var i = 0; i < n; i++) sums[column + i] = r.Apply(new F64(sums[column + i]),
                new F64(ToDouble(tail[i]))).Value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static double ToDouble<T>(T value) => typeof(T) == typeof(float) ? (float)(object)value! : (double)(object)value!;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T FromDouble<T>(double value) => typeof(T) == typeof(float) ? (T)(object)(float)value : (T)(object)value;
}
