namespace Tensorlet;

public sealed unsafe partial class CpuDevice
{
    const int PartOfAll = 1 << 14, WorthParts = 4 * PartOfAll;      // a long sum is one of parts, of a fixed size
    const int Columns = 256;                                        // results that are worked on together

    internal override void ReduceCore<R>(R r, Tensor x, Tensor y) => ReduceCore(default(Of1<Identity>), r, [x], y);

    internal override void ReduceCore<F, R>(F f, R r, ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (x[0].Numel == 0) FillCore(new Tensor.Line(r.Finish(new F64(r.Start)).Value, 0), y);
        else if (x[0].DType == DType.Int64) Reference.ReduceCore(r, x[0], y);
        else if (y.DType == DType.Float64) Fold<F, R, double>(f, r, [.. x], y);
        else Fold<F, R, float>(f, r, [.. x], y);
    }

    /// <summary>Formulas are computed in T, and folded in double.</summary>
    void Fold<F, R, T>(F f, R r, Tensor[] x, Tensor y) where F : struct, IFormula where R : struct, IReduction
        where T : unmanaged
    {
        var count = x[0].Numel;
        if (y.Numel == 1 && count >= WorthParts && Operands.Uniform(x))
        {
            var sums = new double[(count + PartOfAll - 1) / PartOfAll];
            Share(count, PartOfAll, count, (from, to) =>
                Operands.Pin(x, new OnePart<F, R, T>(f, r, from, to, sums)));
            var sum = new F64(r.Start);
            foreach (var part in sums) sum = r.Apply(sum, new F64(part));
            Store(y, 0, r.Finish(sum).Value);
            return;
        }
        var kept = new Walk([.. x.Select(operand => operand.Layout[..y.Rank]), y.Layout]);
        var folded = new Walk([.. x.Select(operand => operand.Layout[y.Rank..])]);
        bool down = kept.Step(F.Inputs) == 1 && kept.Length > 1, along = true;
        for (var k = 0; k < F.Inputs; k++)
        {
            down &= kept.Step(k) is 0 or 1;
            along &= folded.Step(k) is 0 or 1;
        }
        if (down && !along)
        {
            var blocks = (kept.Length + Columns - 1) / Columns;
            Share(kept.Rows * blocks, 1, count, (p, _) => Operands.Pin(x, new Down<F, R, T>(f, r, kept, folded, y,
                p / blocks, p % blocks * Columns)));
            return;
        }
        var (pieces, length) = kept.Rows == 1 ? (kept.Length, 1) : (kept.Rows, kept.Length);
        Share(pieces, Math.Max(1, pieces / Parts), count, (from, to) => Operands.Pin(x, kept.Rows == 1
            ? new Along<F, R, T>(f, r, kept, folded, y, 0, 1, from, to)
            : new Along<F, R, T>(f, r, kept, folded, y, from, to, 0, length)));
    }

    static void Store(Tensor y, int offset, double value)
    {
        if (y.DType == DType.Float32) Unsafe.Add(ref HostStorage.First<float>(y), offset) = (float)value;
        else if (y.DType == DType.Float64) Unsafe.Add(ref HostStorage.First<double>(y), offset) = value;
        else Unsafe.Add(ref HostStorage.First<B8>(y), offset) = B8.Of(value);
    }

    /// <summary>Part of everything into one number.</summary>
    readonly struct OnePart<F, R, T>(F f, R r, int from, int to, double[] sums) : IPinned
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit]
        void IPinned.Run(Line* lines)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            var sum = new Folded<R>(r);
            for (var k = 0; k < F.Inputs; k++) lines[k] = lines[k].At(from * lines[k].Step);
            FoldRow(f, r, lines, buffers, to - from, ref sum);
            sums[from / PartOfAll] = sum.Total(r).Value;
        }
    }

    /// <summary>Results one by one: what is folded into each lies side by side, or in several such runs.</summary>
    readonly struct Along<F, R, T>(F f, R r, Walk kept, Walk folded, Tensor y, int from, int to, int first, int end)
        : IPinned where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit]
        void IPinned.Run(Line* lines)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            var row = stackalloc Line[F.Inputs];
            foreach (var at in kept.Part(from, to))
                for (var i = first; i < end; i++)
                {
                    var sum = new Folded<R>(r);
                    if (folded.Rows == 1)
                    {
                        for (var k = 0; k < F.Inputs; k++)
                            row[k] = lines[k].At(at[k] + i * kept.Step(k)) with { Step = folded.Step(k) };
                        FoldRow(f, r, row, buffers, folded.Length, ref sum);
                    }
                    else
                        foreach (var run in folded.All)
                        {
                            for (var k = 0; k < F.Inputs; k++)
                                row[k] = lines[k].At(at[k] + i * kept.Step(k) + run[k]) with { Step = folded.Step(k) };
                            FoldRow(f, r, row, buffers, folded.Length, ref sum);
                        }
                    Store(y, at[F.Inputs] + i * kept.Step(F.Inputs), r.Finish(sum.Total(r)).Value);
                }
        }
    }

    /// <summary>Results side by side: a row of numbers at a time is folded into a row of doubles.</summary>
    readonly struct Down<F, R, T>(F f, R r, Walk kept, Walk folded, Tensor y, int row, int column) : IPinned
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit]
        void IPinned.Run(Line* lines)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            var sums = stackalloc double[Columns + Lanes<T>.Count];
            var start = stackalloc Line[F.Inputs];
            var at = stackalloc T*[Operands.Most];
            var steps = stackalloc nint[Operands.Most];
            var count = Math.Min(Columns, kept.Length - column);
            new Span<double>(sums, Columns + Lanes<T>.Count).Fill(r.Start);
            foreach (var place in kept.Part(row, row + 1))
            {
                for (var k = 0; k < F.Inputs; k++)
                    start[k] = lines[k].At(place[k] + column * kept.Step(k)) with { Step = kept.Step(k) };
                foreach (var run in folded.All)
                    for (var i = 0; i < folded.Length; i++)
                    {
                        for (var k = 0; k < F.Inputs; k++)
                            at[k] = Operands.Ready(start[k].At(run[k] + i * folded.Step(k)), 0, count,
                                buffers + k * Operands.Chunk, out steps[k]);
                        FoldDown(f, r, at, steps, sums, (count + Lanes<T>.Count - 1) / Lanes<T>.Count);
                    }
                for (var i = 0; i < count; i++)
                    Store(y, place[F.Inputs] + column + i, r.Finish(new F64(sums[i])).Value);
            }
        }
    }

    [MethodImpl(NoInlining)]
    static void FoldDown<F, R, T>(F f, R r, T** at, nint* steps, double* sums, int registers)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var x = new Registers<T>(at, steps);
        for (; registers > 0; registers--, sums += Lanes<T>.Count)
        {
            var (low, high) = Wide(x.Next(f));
            r.Apply(new Lanes<double>(Vector512.Load(sums)), r.Take(low)).Value.Store(sums);
            if (typeof(T) == typeof(float))
                r.Apply(new Lanes<double>(Vector512.Load(sums + Lanes<double>.Count)), r.Take(high)).Value.Store(sums + Lanes<double>.Count);
        }
    }

    /// <summary>What has been folded: in registers, which a loop takes in turn, and what did not fill one.</summary>
    struct Folded<R>(R r) where R : struct, IReduction
    {
        public Lanes<double> A = Lanes<double>.Of(r.Start), B = Lanes<double>.Of(r.Start), C = Lanes<double>.Of(r.Start),
            D = Lanes<double>.Of(r.Start);
        public F64 Rest = new(r.Start);

        public readonly F64 Total(R r)
        {
            var (lanes, sum) = (r.Apply(r.Apply(A, B), r.Apply(C, D)).Value, Rest);
            for (var i = 0; i < Vector512<double>.Count; i++) sum = r.Apply(sum, new F64(lanes[i]));
            return sum;
        }
    }

    [SkipLocalsInit]
    static void FoldRow<F, R, T>(F f, R r, Line* lines, T* buffers, int count, ref Folded<R> sum)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        var ready = true;
        for (var k = 0; k < F.Inputs; k++) ready &= lines[k].Type == DTypes.Of<T>() && lines[k].Step is 0 or 1;
        for (int i = 0, n; i < count; i += n)
        {
            n = Math.Min(count - i, ready ? Math.Max(Lanes<T>.Count, count & -Lanes<T>.Count) : Operands.Chunk);
            for (var k = 0; k < F.Inputs; k++)
                at[k] = Operands.Ready(lines[k], i, n, buffers + k * Operands.Chunk, out steps[k]);
            FoldLoop(f, r, at, steps, n, ref sum);
        }
    }

    [MethodImpl(NoInlining)]
    static void FoldLoop<F, R, T>(F f, R r, T** at, nint* steps, int count, ref Folded<R> sum)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var x = new Registers<T>(at, steps);
        Lanes<double> a = sum.A, b = sum.B, c = sum.C, d = sum.D;
        for (; count >= 2 * Lanes<T>.Count; count -= 2 * Lanes<T>.Count)
        {
            var (low, high) = Wide(x.Next(f));
            var (low2, high2) = Wide(x.Next(f));
            (a, c) = (r.Apply(a, r.Take(low)), r.Apply(c, r.Take(low2)));
            if (typeof(T) == typeof(float)) (b, d) = (r.Apply(b, r.Take(high)), r.Apply(d, r.Take(high2)));
        }
        for (; count > 0; count -= Lanes<T>.Count)
        {
            var lanes = x.Next(f);
            if (count < Lanes<T>.Count)
            {
                for (var i = 0; i < count; i++)
                    sum.Rest = r.Apply(sum.Rest, r.Take(new F64(ToDouble(lanes.Value[i]))));
                break;
            }
            var (low, high) = Wide(lanes);
            a = r.Apply(a, r.Take(low));
            if (typeof(T) == typeof(float)) b = r.Apply(b, r.Take(high));
        }
        (sum.A, sum.B, sum.C, sum.D) = (a, b, c, d);
    }

    /// <summary>A register as doubles: one of floats is two.</summary>
    [MethodImpl(AggressiveInlining)]
    static (Lanes<double>, Lanes<double>) Wide<T>(Lanes<T> x) where T : unmanaged
    {
        if (typeof(T) == typeof(double)) return (new(x.Value.AsDouble()), default);
        var (low, high) = Vector512.Widen(x.Value.AsSingle());
        return (new(low), new(high));
    }

    [MethodImpl(AggressiveInlining)]
    static double ToDouble<T>(T value) => typeof(T) == typeof(float) ? (float)(object)value! : (double)(object)value!;
    [MethodImpl(AggressiveInlining)]
    static T FromDouble<T>(double value) => typeof(T) == typeof(float) ? (T)(object)(float)value : (T)(object)value;
}
