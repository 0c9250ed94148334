using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// Formulas and reductions over many short rows. In the general code, the preparation for a row takes longer than the
/// computation itself if the row has only 32 numbers. Here, one loop computes many rows after a single preparation.
/// This is faster in the benchmarks <c>transformer</c>, <c>softmax</c> and <c>layer-norm</c>.
/// </summary>
public sealed unsafe partial class CpuDevice
{
    const int Together = 8;                                         // rows whose reductions are finished together

    /// <summary>Computes rows that can be read in place. The last register of a row may be written in part.</summary>
    [SkipLocalsInit, MethodImpl(NoInlining | AggressiveOptimization)]
    static void Rows<F, T>(F f, Line* lines, nint* next, T* buffers, int rows, int count)
        where F : struct, IFormula where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        var y = lines[F.Inputs].Start;
        var last = buffers + F.Inputs * Operands.Chunk;
        var whole = count / Lanes<T>.Count * Lanes<T>.Count;
        Operands.BeginRows(lines, F.Inputs, buffers, at, steps);
        for (; rows > 0; rows--, y += next[F.Inputs])
        {
            Operands.NextRow(lines, next, F.Inputs, at, steps);
            var x = new Registers<F, T>(at, steps);
            for (var i = 0; i < whole; i += Lanes<T>.Count) x.Next(f).Value.Store((T*)y + i);
            if (whole == count) continue;
            for (var k = 0; k < F.Inputs; k++) at[k] += steps[k] * (whole / Lanes<T>.Count);
            Last(f, at, steps, (T*)y + whole, count - whole, last);
        }
    }

    readonly partial struct Along<F, R, T>
    {
        /// <summary>Reduces short rows that are read in place. Eight of them are finished together.</summary>
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void ShortRows(Line* lines, Line* row, T* buffers, int from, int to)
        {
            var next = stackalloc nint[F.Inputs];           // bytes from a row to the next
            for (var k = 0; k < F.Inputs; k++) next[k] = (nint)kept.Step(k) * lines[k].Size;
            double* sumsRoom = stackalloc double[Operands.Room<double>(1)], sums = Operands.Aligned(sumsRoom);
            fixed (byte* memory = &Unsafe.As<HostStorage>(y.Storage).Start)
                foreach (var (at, count) in kept.Stretches(from, to, kept.Shape.Length - 1))
                {
                    for (var k = 0; k < F.Inputs; k++) row[k].Start = lines[k].Start + (nint)at[k] * lines[k].Size;
                    for (int i = 0, n; i < count; i += n)
                    {
                        n = Math.Min(Together, count - i);
                        FoldRows(f, r, row, next, buffers, n, folded.Length, sums);
                        var step = kept.Step(F.Inputs);
                        Store(FinishRows(r, sums), (T*)memory + y.Layout.Offset + at[F.Inputs] + i * step, step, n);
                    }
                }
        }
    }

    /// <summary>
    /// Reduces each of several rows, which can be read in place, to a register of doubles. Together with
    /// <see cref="FinishRows"/>, this gives the same bits as <see cref="FoldRow"/>. If <paramref name="keep"/> is not
    /// null, the values of the formula are also written there. <paramref name="nextKept"/> is the distance in bytes
    /// from one row to the next.
    /// </summary>
    [SkipLocalsInit, MethodImpl(NoInlining | AggressiveOptimization)]
    static void FoldRows<F, R, T>(F f, R r, Line* lines, nint* next, T* buffers, int rows, int count, double* sums,
        T* keep = null, nint nextKept = 0)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        var last = buffers + F.Inputs * Operands.Chunk;
        var (whole, rest) = Math.DivRem(count, Lanes<T>.Count);
        Operands.BeginRows(lines, F.Inputs, buffers, at, steps);
        for (; rows > 0; rows--, sums += Lanes<double>.Count)
        {
            Operands.NextRow(lines, next, F.Inputs, at, steps);
            var x = new Registers<F, T>(at, steps);
            Lanes<double> a = Lanes<double>.Of(r.Start), b = a, c = a, d = a;
            if (IsExtreme<R>())                             // no rounding, so nothing has to be computed in double
            {
                Lanes<T> extreme = Lanes<T>.Of(r.Start), other = extreme;
                for (var i = 0; i < whole; i++) (extreme, other) = (other, r.Apply(extreme, x.Next(f)));
                (a, b) = FoldOne(r, r.Apply(extreme, other), a, b);
            }
            else
            {
                var i = 0;
                for (; i <= whole - 2; i += 2)              // two sums, so that no addition waits for the last
                {
                    (a, b) = FoldOne(r, Keep(x.Next(f), keep, i), a, b);
                    (c, d) = FoldOne(r, Keep(x.Next(f), keep, i + 1), c, d);
                }
                if (i < whole) (a, b) = FoldOne(r, Keep(x.Next(f), keep, i), a, b);
            }
            r.Apply(c, d).Value.Store(sums);                // so that nothing in a register has to survive the calls
            if (rest > 0)
            {
                for (var k = 0; k < F.Inputs; k++) at[k] += steps[k] * whole;
                (a, b) = FoldPart(f, r, at, steps, rest, a, b);
            }
            r.Apply(r.Apply(a, b), new(Vector512.Load(sums))).Value.Store(sums);
            if (keep == null) continue;
            if (rest > 0) Last(f, at, steps, keep + whole * Lanes<T>.Count, rest, last);
            keep = (T*)((byte*)keep + nextKept);
        }
    }

    [MethodImpl(AggressiveInlining)]
    static Lanes<T> Keep<T>(Lanes<T> y, T* keep, int i) where T : unmanaged
    {
        if (keep != null) y.Value.Store(keep + i * Lanes<T>.Count);
        return y;
    }

    /// <summary>Reduces each of eight registers to one number, and finishes these numbers.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static Lanes<double> FinishRows<R>(R r, double* sums) where R : struct, IReduction
    {
        // in each round, a half of the numbers of a row is combined with the other half
        Lanes<double> a = Quarters(0), b = Quarters(2), c = Quarters(4), d = Quarters(6);
        (a, b) = (Eighths(a, b), Eighths(c, d));
        return r.Finish(r.Apply(Pair(a, b, 0, 2, 4, 6), Pair(a, b, 1, 3, 5, 7)));

        [MethodImpl(AggressiveInlining)]
        Lanes<double> Quarters(int row) => r.Apply(Pair(Row(row), Row(row + 1), 0, 1, 2, 3),
            Pair(Row(row), Row(row + 1), 4, 5, 6, 7));

        [MethodImpl(AggressiveInlining)]
        Lanes<double> Eighths(Lanes<double> x, Lanes<double> y) =>
            r.Apply(Pair(x, y, 0, 1, 4, 5), Pair(x, y, 2, 3, 6, 7));

        [MethodImpl(AggressiveInlining)]
        Lanes<double> Row(int row) => new(Vector512.Load(sums + row * Together));
    }

    [MethodImpl(AggressiveInlining)]
    static Lanes<double> Pair(Lanes<double> a, Lanes<double> b, long i, long j, long k, long l)
    {
        var places = Vector512.Create(i, j, k, l, i + 8, j + 8, k + 8, l + 8);
        if (Avx512F.IsSupported) return new(Avx512F.PermuteVar8x64x2(a.Value, places, b.Value));
        places = Vector512.Create(i, j, k, l, 0, 0, 0, 0);
        return new(Vector512.Create(Vector512.Shuffle(a.Value, places).GetLower(),
            Vector512.Shuffle(b.Value, places).GetLower()));
    }

    /// <summary>Writes the first n of eight numbers to every <paramref name="step"/>-th element of y.</summary>
    [MethodImpl(AggressiveInlining)]
    static void Store<T>(Lanes<double> x, T* y, nint step, int n) where T : unmanaged
    {
        if (n == Together && step == 1 && typeof(T) == typeof(float))
            Vector512.Narrow(x.Value, x.Value).GetLower().Store((float*)y);
        else if (n == Together && step == 1) x.Value.Store((double*)y);
        else for (var i = 0; i < n; i++) y[i * step] = FromDouble<T>(x.Value[i]);
    }
}
