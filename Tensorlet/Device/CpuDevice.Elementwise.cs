namespace Tensorlet;

public sealed unsafe partial class CpuDevice
{
    const int Piece = 1 << 15;      // elements that a thread takes at a time

    internal override void ApplyCore<F>(F f, ReadOnlySpan<Tensor> x, Tensor y)
    {
        var type = TypeOf(x);
        if (type == DType.Int64) Apply<F, long>(f, [.. Alike(x), y]);
        else if (type == DType.Float64) Apply<F, double>(f, [.. x, y]);
        else Apply<F, float>(f, [.. x, y]);
    }

    /// <summary>
    /// Computes the formula with numbers of type T: floats and doubles in whole registers, integers one by one.
    /// </summary>
    void Apply<F, T>(F f, Tensor[] operands) where F : struct, IFormula where T : unmanaged
    {
        var count = operands[^1].Numel;
        if (Operands.Uniform(operands))
        {
            Share(count, Piece, count, operands, new Part<F, T>(f, null));
            return;
        }
        var walk = new Walk([.. operands.Select(operand => operand.Layout)]);
        var (pieces, length) = walk.Rows == 1 ? (walk.Length, 1) : (walk.Rows, walk.Length);
        Share(pieces, Math.Max(1, Piece / length), count, operands, new Part<F, T>(f, walk));
    }

    /// <summary>
    /// Computes some of the rows or, if there is only one row, some of the elements of this row.
    /// </summary>
    readonly struct Part<F, T>(F f, Walk? walk) : IPinned where F : struct, IFormula where T : unmanaged
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void IPinned.Run(Line* lines, int from, int to)
        {
            T* room = stackalloc T[Operands.Room<T>(F.Inputs + 1)], buffers = Operands.Aligned(room);
            var row = stackalloc Line[F.Inputs + 1];
            for (var k = 0; k <= F.Inputs; k++) row[k] = lines[k] with { Step = walk?.Step(k) ?? lines[k].Step };
            var ready = Operands.AreReady<T>(row, F.Inputs + 1) && row[F.Inputs].Step == 1 && typeof(T) != typeof(long);
            if (walk is null || walk.Rows == 1)
            {
                for (var k = 0; k <= F.Inputs; k++) row[k] = row[k].At(from * row[k].Step);
                Row(f, row, buffers, to - from, ready);
                return;
            }
            var next = stackalloc nint[F.Inputs + 1];       // bytes from a row to the next
            for (var k = 0; k <= F.Inputs; k++) next[k] = (nint)walk.Next(k) * lines[k].Size;
            foreach (var (at, rows) in walk.Stretches(from, to, walk.Shape.Length - 2))
            {
                for (var k = 0; k <= F.Inputs; k++) row[k].Start = lines[k].Start + (nint)at[k] * lines[k].Size;
                if (ready) Rows(f, row, next, buffers, rows, walk.Length);
                else
                    for (var i = 0; i < rows; i++)
                    {
                        Row(f, row, buffers, walk.Length, false);
                        for (var k = 0; k <= F.Inputs; k++) row[k].Start += next[k];
                    }
            }
        }
    }

    /// <summary>
    /// Computes a row. If every operand can be read in place, the row is computed at once. Otherwise, it is computed
    /// chunk by chunk, where each chunk is first copied to a buffer. Results that fill whole registers are written
    /// in place. Results that do not fill a register, or that must be converted, are written through a buffer.
    /// </summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    static void Row<F, T>(F f, Line* lines, T* buffers, int count, bool ready)
        where F : struct, IFormula where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        var y = lines[F.Inputs];
        var last = buffers + F.Inputs * Operands.Chunk;
        var direct = y.Type == DTypes.Of<T>() && y.Step == 1 && typeof(T) != typeof(long);
        for (int i = 0, n, rest; i < count; i += rest)
        {
            n = ready ? count : Math.Min(count - i, Operands.Chunk);
            for (var k = 0; k < F.Inputs; k++)
                at[k] = Operands.Ready(lines[k], i, n, buffers + k * Operands.Chunk, out steps[k]);
            var whole = direct ? n / Lanes<T>.Count : 0;
            rest = n - whole * Lanes<T>.Count;
            if (whole > 0) Loop(f, at, steps, (T*)y.Start + i, whole);
            i += n - rest;
            if (rest == 0) continue;
            for (var k = 0; k < F.Inputs; k++) at[k] += steps[k] * whole;
            if (typeof(T) == typeof(long)) OneByOne(f, (I64**)at, steps, (I64*)last, rest);
            else Rest(f, at, steps, last, rest);
            if (direct) new Span<T>(last, rest).CopyTo(new((T*)y.Start + i, rest));
            else Operands.Put(last, rest, y.At(i * y.Step));
        }
    }

    // a method of its own, because the compiler inlines only a limited amount of code into one method
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void Loop<F, T>(F f, T** at, nint* steps, T* y, int registers) where F : struct, IFormula where T : unmanaged
    {
        var x = new Registers<F, T>(at, steps);
        for (; registers > 0; registers--, y += Lanes<T>.Count) x.Next(f).Value.Store(y);
    }

    /// <summary>
    /// Computes the last elements of a row in a buffer, and copies them to y, because nothing may be written beyond
    /// them.
    /// </summary>
    static void Last<F, T>(F f, T** at, nint* steps, T* y, int count, T* buffer) where F : struct, IFormula
        where T : unmanaged
    {
        Rest(f, at, steps, buffer, count);
        new Span<T>(buffer, count).CopyTo(new(y, count));
    }

    /// <summary>Does the same as <see cref="Loop"/> for elements that need not fill the last register.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void Rest<F, T>(F f, T** at, nint* steps, T* y, int count) where F : struct, IFormula where T : unmanaged
    {
        var x = new Registers<F, T>(at, steps);
        for (; count > 0; count -= Lanes<T>.Count, y += Lanes<T>.Count) x.Next(f, count).Value.Store(y);
    }

    [MethodImpl(AggressiveOptimization)]
    static void OneByOne<F>(F f, I64** at, nint* steps, I64* y, int count) where F : struct, IFormula
    {
        for (var i = 0; i < count; i++)
            y[i] = f.Apply(Of(0, i), Of(1, i), Of(2, i), Of(3, i), Of(4, i), Of(5, i), Of(6, i), Of(7, i));

        I64 Of(int k, int i) => k < F.Inputs ? at[k][steps[k] == 0 ? 0 : i] : default;
    }
}
