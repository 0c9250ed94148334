namespace Tensorlet;

public sealed unsafe partial class CpuDevice
{
    const int PartOfAll = 1 << 14, WorthParts = 4 * PartOfAll;      // a long sum is the sum of parts of a fixed size
    const int Few = 24, Fewest = 4; // fewer numbers for each result are not read as a row, or not even as a short row
    const int Columns = 256;                                        // the results that are computed together
    // the rows that a register of columns goes down; a buffer has room for as many registers
    const int Depth = Operands.Chunk / 16;

    internal override void ReduceCore<F, R>(F f, R r, ReadOnlySpan<Tensor> x, Tensor y)
    {
        if (x[0].Layout.LongCount == 0) FillCore(new Tensor.Line(r.Finish(new F64(r.Start)).Value, 0), y);
        else if (y.DType == DType.Int64) FoldIntegers(f, r, Alike(x), y);
        else if (y.DType == DType.Float64) Fold<F, R, double>(f, r, [.. x], y);
        else Fold<F, R, float>(f, r, [.. x], y);
    }

    /// <summary>Computes the formula with numbers of type T, and reduces its values in double.</summary>
    void Fold<F, R, T>(F f, R r, Tensor[] x, Tensor y) where F : struct, IFormula where R : struct, IReduction
        where T : unmanaged
    {
        var count = x[0].Layout.LongCount;
        if (y.Numel == 1 && Operands.Uniform(x))
        {
            FoldAll<F, R, T>(f, r, x, y);
            return;
        }
        var layouts = new Layout[x.Length + 1];
        for (var k = 0; k <= x.Length; k++) layouts[k] = (k < x.Length ? x[k] : y).Layout;
        var axes = Layout.AllAxes(x[0].Rank);
        Walk kept = new(layouts, axes[..y.Rank]), folded = new(layouts.AsSpan(..^1), axes[y.Rank..]);
        bool down = kept.Step(F.Inputs) == 1 && kept.Length > 1, along = true;
        var runs = folded.Starts;                               // where each row of the reduced numbers begins
        var few = folded.Rows * folded.Length < Few && kept.Length >= Fewest;
        for (var k = 0; k < F.Inputs; k++)
        {
            down &= few || kept.Step(k) is 0 or 1;
            along &= folded.Step(k) is 0 or 1;
        }
        var rows = along && folded.Rows == 1 && folded.Length >= Fewest
            && Array.TrueForAll(x, static operand => operand.DType == DTypes.Of<T>());
        if (down && (!along || (few && !rows)))
        {
            var blocks = kept.Rows * ((kept.Length + Columns - 1) / Columns);
            Share(blocks, Math.Max(1, blocks / Parts), count, x, new Down<F, R, T>(f, r, kept, folded, runs, y));
            return;
        }
        Share(y.Numel, Math.Max(1, y.Numel / Parts), count, x, new Along<F, R, T>(f, r, kept, folded, runs, y));
    }

    void FoldAll<F, R, T>(F f, R r, Tensor[] x, Tensor y) where F : struct, IFormula where R : struct, IReduction
        where T : unmanaged
    {
        var count = x[0].Numel;
        var part = count < WorthParts ? count : PartOfAll;
        var sums = new double[(count + part - 1) / part];
        Share(count, part, count, x, new SomeParts<F, R, T>(f, r, part, sums));
        var sum = new F64(r.Start);
        foreach (var value in sums) sum = r.Apply(sum, new F64(value));
        Store(y, 0, r.Finish(sum).Value);
    }

    /// <summary>
    /// Reduces integers, for which any order gives the same result. The integers are read in the order in which they
    /// are in memory, and each of them is reduced directly into its result in y.
    /// </summary>
    void FoldIntegers<F, R>(F f, R r, Tensor[] x, Tensor y) where F : struct, IFormula where R : struct, IReduction
    {
        var made = x[0];
        if (typeof(F) != typeof(Of1<IdentityFormula>)) ApplyCore(f, x, made = Tensor.EmptyLike(made));
        FillCore(new Tensor.Line(r.Start, 0), y);
        int[] order = [.. Enumerable.Range(0, made.Rank).OrderByDescending(a => Math.Abs(made.Layout.Strides[a]))];
        var results = new Layout([.. y.Shape, .. made.Shape[y.Rank..].ToArray().Select(_ => 1)],
            [.. y.Layout.Strides, .. new int[made.Rank - y.Rank]], 0).Expand(made.Layout.shape)!;
        var walk = new Walk(made.Layout.Permute(order), results.Permute(order));
        ref I64 from = ref HostStorage.First<I64>(made), to = ref HostStorage.First<I64>(y);
        foreach (var at in walk.All)
            FoldIntegers(r, ref Unsafe.Add(ref from, at[0]), walk.Step(0), ref Unsafe.Add(ref to, at[1]), walk.Step(1),
                walk.Length);
        foreach (var at in new Walk(y.Layout).Each(0, y.Numel))
            Unsafe.Add(ref to, at[0]) = r.Finish(Unsafe.Add(ref to, at[0]));
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void FoldIntegers<R>(R r, ref I64 x, int step, ref I64 y, int stepY, int count) where R : struct, IReduction
    {
        var sum = y;
        for (var i = 0; i < count; i++)
        {
            ref var result = ref Unsafe.Add(ref y, i * stepY);
            sum = r.Apply(stepY == 0 ? sum : result, r.Take(Unsafe.Add(ref x, i * step)));
            result = sum;
        }
    }

    static void Store(Tensor y, int offset, double value)
    {
        if (y.DType == DType.Float32) Unsafe.Add(ref HostStorage.First<float>(y), offset) = (float)value;
        else if (y.DType == DType.Float64) Unsafe.Add(ref HostStorage.First<double>(y), offset) = value;
        else Unsafe.Add(ref HostStorage.First<B8>(y), offset) = B8.Of(value);
    }

    /// <summary>
    /// Reduces each part of the elements to a single number. All parts together are reduced to one result.
    /// </summary>
    readonly struct SomeParts<F, R, T>(F f, R r, int part, double[] sums) : IPinned
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void IPinned.Run(Line* lines, int from, int to)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            var ready = Operands.AreReady<T>(lines, F.Inputs);
            for (var k = 0; k < F.Inputs; k++) lines[k] = lines[k].At(from * lines[k].Step);
            for (int i = from, n; i < to; i += n)
            {
                n = Math.Min(part, to - i);
                var sum = new Folded<R>(r);
                FoldRow(f, r, lines, buffers, n, ready, ref sum);
                sums[i / part] = sum.Total(r).Value;
                for (var k = 0; k < F.Inputs; k++) lines[k] = lines[k].At(n * lines[k].Step);
            }
        }
    }

    /// <summary>
    /// Computes results one by one. The numbers that are reduced to one result are in one contiguous run or in
    /// several contiguous runs.
    /// </summary>
    readonly partial struct Along<F, R, T>(F f, R r, Walk kept, Walk folded, int[] runs, Tensor y)
        : IPinned where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void IPinned.Run(Line* lines, int from, int to)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            var row = stackalloc Line[F.Inputs];
            for (var k = 0; k < F.Inputs; k++) row[k] = lines[k] with { Step = folded.Step(k) };
            var ready = Operands.AreReady<T>(row, F.Inputs);
            if (ready && runs.Length == F.Inputs && folded.Length <= Operands.Chunk)
            {
                ShortRows(lines, row, buffers, from, to);
                return;
            }
            foreach (var at in kept.Each(from, to))
            {
                var sum = new Folded<R>(r);
                for (var run = 0; run < runs.Length; run += F.Inputs)
                {
                    for (var k = 0; k < F.Inputs; k++)
                        row[k].Start = lines[k].Start + ((nint)at[k] + runs[run + k]) * lines[k].Size;
                    FoldRow(f, r, row, buffers, folded.Length, ready, ref sum);
                }
                Store(y, at[F.Inputs], r.Finish(sum.Total(r)).Value);
            }
        }
    }

    /// <summary>
    /// Computes adjacent results together: one row of numbers at a time is reduced into a row of doubles.
    /// </summary>
    readonly struct Down<F, R, T>(F f, R r, Walk kept, Walk folded, int[] runs, Tensor y)
        : IPinned where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void IPinned.Run(Line* lines, int from, int to)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs)], buffers = Operands.Aligned(room);
            double* sumsRoom = stackalloc double[Operands.Room<double>(1)], sums = Operands.Aligned(sumsRoom);
            var start = stackalloc Line[F.Inputs];
            var at = stackalloc T*[Operands.Most];
            var steps = stackalloc nint[Operands.Most];
            for (var k = 0; k < F.Inputs; k++) start[k] = lines[k] with { Step = kept.Step(k) };
            var ready = Operands.AreReady<T>(start, F.Inputs);
            for (var k = 0; ready && k < F.Inputs; k++) steps[k] = start[k].Step == 0 ? Lanes<T>.Count : folded.Step(k);
            var (blocks, block) = ((kept.Length + Columns - 1) / Columns, from);        // of a row; the next
            var place = kept.Part(from / blocks, (to - 1) / blocks + 1);
            for (var moved = place.MoveNext(); moved; moved = ++block < to && (block % blocks > 0 || place.MoveNext()))
            {
                int column = block % blocks * Columns, count = Math.Min(Columns, kept.Length - column);
                new Span<double>(sums, count + Lanes<T>.Count).Fill(r.Start);
                for (var k = 0; k < F.Inputs; k++) start[k].Start = lines[k].At(place.Current[k]).Start;
                for (var run = 0; run < runs.Length; run += F.Inputs)
                    for (int i = 0, n; i < folded.Length; i += n)
                    {
                        n = ready ? Math.Min(Depth, folded.Length - i) : 1;
                        for (var k = 0; k < F.Inputs; k++)
                        {
                            var line = start[k].At(column * start[k].Step + runs[run + k] + i * folded.Step(k));
                            var buffer = buffers + k * Operands.Chunk;
                            at[k] = !ready ? Operands.Ready(line, 0, count, buffer, out steps[k])
                                : line.Step == 1 ? (T*)line.Start
                                : Operands.Repeated((T*)line.Start, folded.Step(k), n, buffer);
                        }
                        if (ready) FoldColumns(f, r, start, at, steps, sums, n, count);
                        else FoldDown(f, r, at, steps, sums, count);
                    }
                Finish<R, T>(r, sums, count, y, place.Current[F.Inputs] + column);
            }
        }
    }

    /// <summary>Finishes adjacent results, and writes them to y from position <paramref name="at"/> on.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void Finish<R, T>(R r, double* sums, int count, Tensor y, int at) where R : struct, IReduction
        where T : unmanaged
    {
        for (var i = 0; i < count; i += Lanes<double>.Count)
            r.Finish(new Lanes<double>(Vector512.Load(sums + i))).Value.Store(sums + i);
        fixed (byte* first = &Unsafe.As<HostStorage>(y.Storage).Start)
        {
            var to = new Line((nint)first, 1, y.DType, y.DType.Size(), false);
            Operands.Put(sums, count, to.At(y.Layout.Offset + at));
        }
    }

    /// <summary>
    /// Reduces some rows that can be read in place: one register of columns at a time goes down all of these rows.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void FoldColumns<F, R, T>(F f, R r, Line* row, T** at, nint* steps, double* sums, int rows, int columns)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        for (; columns >= Lanes<T>.Count; columns -= Lanes<T>.Count, sums += Lanes<T>.Count)
        {
            var sum = new Folded<R>(r);
            FoldLoop(f, r, at, steps, rows, ref sum);
            FoldInto(r, r.Apply(sum.A, sum.C), sums);
            if (typeof(T) == typeof(float)) FoldInto(r, r.Apply(sum.B, sum.D), sums + Lanes<double>.Count);
            for (var k = 0; k < F.Inputs; k++) at[k] += row[k].Step * Lanes<T>.Count;
        }
        for (; columns > 0 && rows > 0; rows--)
        {
            FoldDown(f, r, at, steps, sums, columns);
            for (var k = 0; k < F.Inputs; k++) at[k] += steps[k];
        }
    }

    [MethodImpl(AggressiveInlining)]
    static void FoldInto<R>(R r, Lanes<double> x, double* sums) where R : struct, IReduction =>
        r.Apply(new Lanes<double>(Vector512.Load(sums)), x).Value.Store(sums);

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void FoldDown<F, R, T>(F f, R r, T** at, nint* steps, double* sums, int count)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var x = new Registers<F, T>(at, steps);
        for (; count > 0; count -= Lanes<T>.Count, sums += Lanes<T>.Count)
        {
            var (low, high) = Wide(x.Next(f, count));
            FoldInto(r, r.Take(low), sums);
            if (typeof(T) == typeof(float)) FoldInto(r, r.Take(high), sums + Lanes<double>.Count);
        }
    }

    /// <summary>The results so far, in four registers of doubles that a loop updates.</summary>
    [method: MethodImpl(AggressiveInlining)]
    struct Folded<R>(R r) where R : struct, IReduction
    {
        public Lanes<double> A = Lanes<double>.Of(r.Start), B = Lanes<double>.Of(r.Start);
        public Lanes<double> C = Lanes<double>.Of(r.Start), D = Lanes<double>.Of(r.Start);

        [MethodImpl(AggressiveOptimization)]
        public readonly F64 Total(R r)
        {
            var all = r.Apply(r.Apply(A, B), r.Apply(C, D));
            all = r.Apply(all, new(Vector512.Shuffle(all.Value, Vector512.Create(4L, 5, 6, 7, 0, 1, 2, 3))));
            all = r.Apply(all, new(Vector512.Shuffle(all.Value, Vector512.Create(2L, 3, 0, 1, 6, 7, 4, 5))));
            all = r.Apply(all, new(Vector512.Shuffle(all.Value, Vector512.Create(1L, 0, 3, 2, 5, 4, 7, 6))));
            return new(all.Value[0]);
        }
    }

    /// <summary>
    /// Reduces a row. If every operand can be read in place, the row is reduced at once. Otherwise, it is reduced
    /// chunk by chunk, where each chunk is first copied to a buffer.
    /// </summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    static void FoldRow<F, R, T>(F f, R r, Line* lines, T* buffers, int count, bool ready, ref Folded<R> sum)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        for (int i = 0, n; i < count; i += n)
        {
            n = ready ? count : Math.Min(count - i, Operands.Chunk);
            for (var k = 0; k < F.Inputs; k++)
                at[k] = Operands.Ready(lines[k], i, n, buffers + k * Operands.Chunk, out steps[k]);
            var (whole, rest) = Math.DivRem(n, Lanes<T>.Count);
            FoldLoop(f, r, at, steps, whole, ref sum);
            if (rest == 0) continue;
            for (var k = 0; k < F.Inputs; k++) at[k] += steps[k] * whole;
            (sum.A, sum.B) = FoldPart(f, r, at, steps, rest, sum.A, sum.B);
        }
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void FoldLoop<F, R, T>(F f, R r, T** at, nint* steps, int registers, ref Folded<R> sum)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var x = new Registers<F, T>(at, steps);
        Lanes<double> a = sum.A, b = sum.B, c = sum.C, d = sum.D;
        for (; registers >= 2; registers -= 2)
        {
            var (low, high) = Wide(x.Next(f));
            var (low2, high2) = Wide(x.Next(f));
            (a, c) = (r.Apply(a, r.Take(low)), r.Apply(c, r.Take(low2)));
            if (typeof(T) == typeof(float)) (b, d) = (r.Apply(b, r.Take(high)), r.Apply(d, r.Take(high2)));
        }
        if (registers > 0) (a, b) = FoldOne(r, x.Next(f), a, b);
        (sum.A, sum.B, sum.C, sum.D) = (a, b, c, d);
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static (Lanes<double>, Lanes<double>) FoldPart<F, R, T>(F f, R r, T** at, nint* steps, int count, Lanes<double> a,
        Lanes<double> b) where F : struct, IFormula where R : struct, IReduction where T : unmanaged =>
        FoldOne(r, new Registers<F, T>(at, steps).Next(f, count).First(count, r.Start), a, b);

    [MethodImpl(AggressiveInlining)]
    static (Lanes<double>, Lanes<double>) FoldOne<R, T>(R r, Lanes<T> x, Lanes<double> a, Lanes<double> b)
        where R : struct, IReduction where T : unmanaged
    {
        var (low, high) = Wide(x);
        return (r.Apply(a, r.Take(low)), typeof(T) == typeof(float) ? r.Apply(b, r.Take(high)) : b);
    }

    [MethodImpl(AggressiveInlining)]
    static bool IsExtreme<R>() => typeof(R) == typeof(Tensor.MaxFormula) || typeof(R) == typeof(Tensor.MinFormula);

    /// <summary>
    /// Returns the numbers of a register as doubles. A register of floats becomes two registers of doubles.
    /// </summary>
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
