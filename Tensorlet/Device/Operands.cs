namespace Tensorlet;

/// <summary>
/// One row of an operand: where the row begins, the distance between its elements, and the type of its elements.
/// </summary>
/// <param name="Start">The address of the first element. The memory is pinned.</param>
/// <param name="Step">The distance between neighbours, in elements; 0 for a single number that is used for the
/// whole row.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Size">The size of an element in bytes.</param>
/// <param name="Ahead">Whether two registers may be read beyond the last element of the storage.</param>
unsafe record struct Line(nint Start, int Step, DType Type, int Size, bool Ahead)
{
    public static Line Of<T>(T* start) where T : unmanaged => new((nint)start, 1, DTypes.Of<T>(), sizeof(T), false);
    public readonly Line At(int element) => this with { Start = Start + (nint)element * Size };
}

/// <summary>
/// Work on operands whose memory is pinned while it is done. The work consists of numbered items, of which a call does
/// those from <c>from</c> to <c>to − 1</c>.
/// </summary>
interface IPinned { unsafe void Run(Line* lines, int from, int to); }

/// <summary>
/// Prepares the operands of a formula for a loop over registers of numbers of a type T. An operand is read in place
/// if it has this type and is contiguous; otherwise, it is copied to a buffer, piece by piece.
/// </summary>
[SkipLocalsInit]
static unsafe class Operands
{
    public const int Most = IFormula.Most + 1;      // including the result
    const int Register = 64, Bytes = 64, Half = 32, Floats = 16, Doubles = 8;       // what a register holds
    public const int Chunk = 512;                   // elements that are prepared at a time

    /// <summary>
    /// Returns true if every operand is either contiguous or a single number. All operands can then be read as one
    /// row. The <see cref="Line.Step"/> of an operand is 1 if the operand is contiguous, and 0 if it is a single
    /// number.
    /// </summary>
    public static bool Uniform(Tensor[] operands)
    {
        foreach (var x in operands) if (!x.IsContiguous && x.Layout.Strides.IndexOfAnyExcept(0) >= 0) return false;
        return true;
    }

    /// <summary>
    /// Pins the operands, and does some items of the work with one <see cref="Line"/> for each operand. Each line
    /// begins at the first element of its operand. Its step is 1 if the operand is contiguous, and otherwise 0.
    /// </summary>
    public static void Pin<B>(Tensor[] x, B work, int from, int to) where B : struct, IPinned
    {
        fixed (byte* a = &First(x, 0), b = &First(x, 1), c = &First(x, 2), d = &First(x, 3))
        {
            var lines = stackalloc Line[Most];
            (lines[0], lines[1], lines[2], lines[3]) = (Of(x, 0, a), Of(x, 1, b), Of(x, 2, c), Of(x, 3, d));
            if (x.Length <= 4) { work.Run(lines, from, to); return; }
            fixed (byte* e = &First(x, 4), f = &First(x, 5), g = &First(x, 6), h = &First(x, 7), i = &First(x, 8))
            {
                (lines[4], lines[5], lines[6]) = (Of(x, 4, e), Of(x, 5, f), Of(x, 6, g));
                (lines[7], lines[8]) = (Of(x, 7, h), Of(x, 8, i));
                work.Run(lines, from, to);
            }
        }
    }

    /// <summary>
    /// Returns how many elements to reserve for the given number of buffers of <see cref="Chunk"/> elements each. A
    /// few more are included, so that the first buffer can be aligned to a register.
    /// </summary>
    public static int Room<T>(int buffers) where T : unmanaged => buffers * Chunk + Vector512<T>.Count;

    public static T* Aligned<T>(T* room) where T : unmanaged => (T*)(((nint)room + Register - 1) & -Register);

    static HostStorage Storage(Tensor x) => Unsafe.As<HostStorage>(x.Storage); // the primitives have checked the device

    static ref byte First(Tensor[] x, int k) => ref Storage(x[k < x.Length ? k : 0]).Start;

    static Line Of(Tensor[] x, int k, byte* start)
    {
        if (k >= x.Length) return default;
        var (layout, type) = (x[k].Layout, x[k].DType);
        return new Line((nint)start, layout.IsContiguous ? 1 : 0, type, type.Size(), Storage(x[k]).Ahead)
            .At(layout.Offset);
    }

    /// <summary>Returns true if every line can be read in place, as a contiguous row or as a single number.</summary>
    public static bool AreReady<T>(Line* lines, int count) where T : unmanaged
    {
        var ready = true;
        for (var k = 0; k < count; k++)
            ready &= lines[k].Type == DTypes.Of<T>() && lines[k] is { Step: 0 or 1, Ahead: true };
        return ready;
    }

    /// <summary>
    /// Returns the address at which the elements i, …, i + n − 1 of a line can be read as contiguous numbers of type
    /// T. The address is in the line itself, or in <paramref name="buffer"/>, to which the elements have been
    /// copied. The caller fills one register after another from there, and advances by <paramref name="step"/>
    /// elements each time.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static T* Ready<T>(in Line line, int i, int n, T* buffer, out nint step) where T : unmanaged
    {
        step = line.Step == 0 ? 0 : Lanes<T>.Count;
        if (line.Type != DTypes.Of<T>()) return Buffered(line, i, n, buffer);
        if (line.Step == 0) Vector512.Create(*(T*)line.Start).Store(buffer);
        else if (line.Step == 1 && (line.Ahead || n % Lanes<T>.Count == 0)) return (T*)line.Start + i;
        else Gather((T*)line.Start + (nint)i * line.Step, line.Step, buffer, n, line.Ahead);
        return buffer;
    }

    /// <summary>
    /// Prepares operands whose rows are read in place: finds the distances from one register to the next, and a buffer
    /// of one register for each operand with a single number in each row.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static void BeginRows<T>(Line* lines, int count, T* buffers, T** at, nint* steps) where T : unmanaged
    {
        for (var k = 0; k < count; k++)
        {
            at[k] = buffers + k * Chunk;
            steps[k] = lines[k].Step == 0 ? 0 : Lanes<T>.Count;
        }
    }

    /// <summary>
    /// Writes the address of the current row of each operand to <paramref name="at"/>, and moves the operand's line on
    /// to its next row. If an operand is a single number for the whole row, the number is repeated in a buffer.
    /// <paramref name="next"/> contains, for each operand, the distance in bytes from one row to the next.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static void NextRow<T>(Line* lines, nint* next, int count, T** at, nint* steps) where T : unmanaged
    {
        for (var k = 0; k < count; k++)
        {
            var start = lines[k].Start;
            if (steps[k] == 0) Vector512.Create(*(T*)start).Store(at[k]);
            else at[k] = (T*)start;
            lines[k].Start = start + next[k];
        }
    }

    /// <summary>
    /// Fills a register of the buffer with each of n numbers that are <paramref name="step"/> elements apart, and
    /// returns the buffer.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static T* Repeated<T>(T* numbers, int step, int n, T* buffer) where T : unmanaged
    {
        for (var i = 0; i < n; i++) Vector512.Create(numbers[(nint)i * step]).Store(buffer + i * Lanes<T>.Count);
        return buffer;
    }

    [MethodImpl(AggressiveOptimization)]
    static T* Buffered<T>(in Line line, int i, int n, T* buffer) where T : unmanaged
    {
        Convert(line.At(i * line.Step), Line.Of(buffer), line.Step == 0 ? 1 : n);
        if (line.Step == 0) Vector512.Create(*buffer).Store(buffer);
        return buffer;
    }

    /// <summary>Writes n contiguous numbers of type T to a line, and converts them to the type of the line.</summary>
    public static void Put<T>(T* from, int n, in Line line) where T : unmanaged =>
        Convert(Line.Of(from), line, n);

    /// <summary>Copies n elements, and converts each of them to the type of the destination.</summary>
    public static void Convert(in Line from, in Line to, int n) => from.Type.Run(new ConvertFrom(from, to, n));

    readonly struct ConvertFrom(Line from, Line to, int n) : IForType
    { void IForType.Run<V>() => to.Type.Run(new ConvertTo<V>(from, to, n)); }

    readonly struct ConvertTo<V>(Line from, Line to, int n) : IForType where V : unmanaged, IScalar<V>
    { void IForType.Run<W>() => Convert((V*)from.Start, from.Step, (W*)to.Start, to.Step, n); }

    [MethodImpl(AggressiveOptimization)]
    static void Convert<V, W>(V* from, int fromStep, W* to, int toStep, int n)
        where V : unmanaged, IScalar<V> where W : unmanaged, IScalar<W>
    {
        var i = fromStep == 1 && toStep == 1 ? ConvertRegisters(from, to, n) : 0;
        for (; i < n; i++)
            to[(nint)i * toStep] = typeof(V) == typeof(W) ? Unsafe.BitCast<V, W>(from[(nint)i * fromStep])
                : W.Of(from[(nint)i * fromStep].ToDouble());
    }

    /// <summary>
    /// Copies n elements that are <paramref name="step"/> elements apart to a buffer. Every second float, which is what
    /// a window of stride 2 needs, is copied in whole registers.
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void Gather<T>(T* from, int step, T* buffer, int n, bool ahead) where T : unmanaged
    {
        if (step == 1) new ReadOnlySpan<T>(from, n).CopyTo(new(buffer, n));
        var i = step == 1 ? n : step == 2 && typeof(T) == typeof(float)
            ? Panels.CopyEverySecond(ref *(float*)from, ref *(float*)buffer, n, ahead) : 0;
        for (; i < n; i++) buffer[i] = from[(nint)i * step];
    }

    /// <summary>
    /// Converts elements in whole registers, as far as this is possible for the two types, and returns the number
    /// of elements that have been converted.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static int ConvertRegisters<V, W>(V* from, W* to, int n)
        where V : unmanaged, IScalar<V> where W : unmanaged, IScalar<W>
    {
        var i = 0;
        if (typeof(V) == typeof(W))
        {
            new ReadOnlySpan<V>(from, n).CopyTo(new Span<V>(to, n));
            return n;
        }
        if (typeof(V) == typeof(B8) && typeof(W) == typeof(F32))
            for (; i <= n - Bytes; i += Bytes)
            {
                var (low, high) = Vector512.Widen(Vector512.Load((byte*)from + i));
                Spread(low, (float*)to + i);
                Spread(high, (float*)to + i + Half);
            }
        if (typeof(V) == typeof(F32) && typeof(W) == typeof(B8))
            for (; i <= n - Bytes; i += Bytes)
            {
                var p = (float*)from + i;
                Vector512.Narrow(Vector512.Narrow(NotZero(p), NotZero(p + Floats)), Vector512.Narrow(NotZero(p + Half),
                    NotZero(p + Half + Floats))).Store((byte*)to + i);
            }
        if (typeof(V) == typeof(F32) && typeof(W) == typeof(F64))
            for (; i <= n - Floats; i += Floats)
            {
                var (low, high) = Vector512.Widen(Vector512.Load((float*)from + i));
                low.Store((double*)to + i);
                high.Store((double*)to + i + Doubles);
            }
        if (typeof(V) == typeof(F64) && typeof(W) == typeof(F32))
            for (; i <= n - Floats; i += Floats)
            {
                var p = (double*)from + i;
                Vector512.Narrow(Vector512.Load(p), Vector512.Load(p + Doubles)).Store((float*)to + i);
            }
        return i;

        static void Spread(Vector512<ushort> x, float* to)
        {
            var (low, high) = Vector512.Widen(x);
            Vector512.ConvertToSingle(low.AsInt32()).Store(to);
            Vector512.ConvertToSingle(high.AsInt32()).Store(to + Floats);
        }

        static Vector512<uint> NotZero(float* p) => Vector512.AndNot(Vector512<uint>.One,
            Vector512.Equals(Vector512.Load(p), Vector512<float>.Zero).AsUInt32());
    }
}

/// <summary>
/// The addresses at which the operands of a formula are read next. One register of each operand is read at a time. The
/// operands <see cref="IFormula.Fixed"/> are read only once.
/// </summary>
[method: MethodImpl(AggressiveInlining)]
unsafe ref struct Registers<F, T>(T** at, nint* steps) where F : struct, IFormula where T : unmanaged
{
    T* a = at[0], b = at[1], c = at[2], d = at[3], e = at[4], f = at[5], g = at[6], h = at[7];
    readonly nint sa = steps[0], sb = steps[1], sc = steps[2], sd = steps[3];
    readonly nint se = steps[4], sf = steps[5], sg = steps[6], sh = steps[7];
    readonly Lanes<T> va = First(at, 0), vb = First(at, 1), vc = First(at, 2), vd = First(at, 3);
    readonly Lanes<T> ve = First(at, 4), vf = First(at, 5), vg = First(at, 6), vh = First(at, 7);

    /// <summary>
    /// Computes the formula of the next register. If only <paramref name="left"/> elements are left and do not fill the
    /// register, the others count as 0: some functions take another path for the whole register if one element is
    /// extreme, so that the result must not depend on what lies behind the last element.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public Lanes<T> Next(F formula, int left = int.MaxValue) => formula.Apply(Load(0, ref a, sa, va, left),
        Load(1, ref b, sb, vb, left), Load(2, ref c, sc, vc, left), Load(3, ref d, sd, vd, left),
        Load(4, ref e, se, ve, left), Load(5, ref f, sf, vf, left), Load(6, ref g, sg, vg, left),
        Load(7, ref h, sh, vh, left));

    [MethodImpl(AggressiveInlining)]
    static bool IsFixed(int k) => (F.Fixed >> k & 1) == 1;

    [MethodImpl(AggressiveInlining)]
    static Lanes<T> First(T** at, int k) => k < F.Inputs && IsFixed(k) ? new(Vector512.Load(at[k])) : default;

    [MethodImpl(AggressiveInlining)]
    static Lanes<T> Load(int k, ref T* p, nint step, Lanes<T> first, int left)
    {
        if (k >= F.Inputs) return default;
        var x = IsFixed(k) ? first : new Lanes<T>(Vector512.Load(p));
        if (!IsFixed(k)) p += step;
        return left < Lanes<T>.Count ? x.First(left, 0) : x;
    }
}
