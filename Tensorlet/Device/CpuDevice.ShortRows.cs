namespace Tensorlet;

/// <summary>
/// Formulas and reductions over many short rows. The general code prepares each row, which takes longer than to compute
/// a row of 32 numbers; here, one loop goes from row to row. The benchmark's rows <c>transformer</c>, <c>softmax</c>
/// and <c>layer-norm</c> need this.
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
        for (; rows > 0; rows--, y += next[F.Inputs])
        {
            Operands.NextRow(lines, next, F.Inputs, buffers, at, steps);
            var x = new Registers<T>(at, steps);
            for (var i = 0; i < count; i += Lanes<T>.Count)
            {
                var whole = i + Lanes<T>.Count <= count;
                x.Next(f, count - i).Value.Store(whole ? (T*)y + i : last);
                if (!whole) new Span<T>(last, count - i).CopyTo(new((T*)y + i, count - i));
            }
        }
    }

    readonly partial struct Along<F, R, T>
    {
        /// <summary>Reduces short rows that are read in place. Eight of them are finished together.</summary>
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        void ShortRows(Line* lines, Line* row, T* buffers)
        {
            var next = stackalloc nint[F.Inputs];           // bytes from a row to the next
            for (var k = 0; k < F.Inputs; k++) next[k] = (nint)kept.Step(k) * lines[k].Size;
            double* sumsRoom = stackalloc double[Operands.Room<double>(1)], sums = Operands.Aligned(sumsRoom);
            ref var first = ref HostStorage.First<T>(y);
            foreach (var (at, count) in kept.Stretches(from, to, kept.Shape.Length - 1))
            {
                for (var k = 0; k < F.Inputs; k++) row[k].Start = lines[k].Start + (nint)at[k] * lines[k].Size;
                for (int i = 0, n; i < count; i += n)
                {
                    n = Math.Min(Together, count - i);
                    FoldRows(f, r, row, next, buffers, n, folded.Length, sums);
                    FinishRows(r, sums);
                    for (var j = 0; j < n; j++)
                        Unsafe.Add(ref first, at[F.Inputs] + (i + j) * kept.Step(F.Inputs)) = FromDouble<T>(sums[j]);
                }
            }
        }
    }

    /// <summary>
    /// Reduces each of several rows, which can be read in place, to a register of doubles. Together with
    /// <see cref="FinishRows"/>, this gives the same bits as <see cref="FoldRow"/>.
    /// </summary>
    [SkipLocalsInit, MethodImpl(NoInlining | AggressiveOptimization)]
    static void FoldRows<F, R, T>(F f, R r, Line* lines, nint* next, T* buffers, int rows, int count, double* sums)
        where F : struct, IFormula where R : struct, IReduction where T : unmanaged
    {
        var at = stackalloc T*[Operands.Most];
        var steps = stackalloc nint[Operands.Most];
        for (; rows > 0; rows--, sums += Lanes<double>.Count)
        {
            Operands.NextRow(lines, next, F.Inputs, buffers, at, steps);
            var x = new Registers<T>(at, steps);
            Lanes<double> a = Lanes<double>.Of(r.Start), b = a, c = a, d = a;
            for (var left = count; left > 0; left -= Lanes<T>.Count)
            {
                var register = x.Next(f, left);
                if (left < Lanes<T>.Count)
                {
                    register = register.First(left, r.Start);
                    if (count / Lanes<T>.Count % 2 > 0) (a, b, c, d) = (c, d, a, b);    // a, b for these, as in FoldRow
                }
                var (sum, sum2) = FoldOne(r, register, a, b);
                (a, b, c, d) = (c, d, sum, sum2);           // alternately, so that no addition waits for the last
            }
            r.Apply(r.Apply(a, b), r.Apply(c, d)).Value.Store(sums);
        }
    }

    /// <summary>
    /// Reduces each of eight registers to one number, finishes these numbers, and writes them over the first register.
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void FinishRows<R>(R r, double* sums) where R : struct, IReduction
    {
        for (var count = Together; count > 1; count /= 2)
            for (var i = 0; i < count; i += 2)
            {
                var (a, b) = (Vector512.Load(sums + i * Together), Vector512.Load(sums + (i + 1) * Together));
                // in each round, a half of the numbers of a row is combined with the other half
                var (low, high) = count switch
                {
                    Together => (Pair(a, b, 0, 1, 2, 3), Pair(a, b, 4, 5, 6, 7)),
                    Together / 2 => (Pair(a, b, 0, 1, 4, 5), Pair(a, b, 2, 3, 6, 7)),
                    _ => (Pair(a, b, 0, 2, 4, 6), Pair(a, b, 1, 3, 5, 7)),
                };
                r.Apply(new Lanes<double>(low), new(high)).Value.Store(sums + i / 2 * Together);
            }
        r.Finish(new Lanes<double>(Vector512.Load(sums))).Value.Store(sums);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Pair(Vector512<double> a, Vector512<double> b, long i, long j, long k, long l)
    {
        var places = Vector512.Create(i, j, k, l, 0, 0, 0, 0);
        return Vector512.Create(Vector512.Shuffle(a, places).GetLower(), Vector512.Shuffle(b, places).GetLower());
    }
}
