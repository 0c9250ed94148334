using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int CountedInFloats = 1 << 24;        // positions up to here are exact in a register of floats
    const int WorthRegisters = 64;              // the number of neighbours from which registers are worth it

    internal override void ArgReduceCore(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        var folded = new Walk(x.Layout[y.Rank..]);
        var along = folded is { Rows: 1, Length: >= WorthRegisters } && folded.Step(0) == 1;
        if (along && x.DType == DType.Float32) PickAlong<float>(largest, x, y, folded.Length, asOffset);
        else if (along && x.DType == DType.Float64) PickAlong<double>(largest, x, y, folded.Length, asOffset);
        else if (x.DType == DType.Float32 && (long)folded.Rows * folded.Length <= CountedInFloats)
            Pick<float>(largest, x, y, asOffset);
        else if (x.DType == DType.Float64) Pick<double>(largest, x, y, asOffset);
        else if (x.DType == DType.Int64) PickIntegers(largest, x, y, folded, asOffset);
        else Reference.ArgReduceCore(largest, x, y, asOffset);
    }

    /// <summary>
    /// Searches rows whose elements are neighbours in memory. Each row is searched piece by piece. In each piece,
    /// every lane of a register has a winner of its own, and the best of these winners is found. Then the winners of
    /// the pieces are compared.
    /// </summary>
    void PickAlong<T>(bool largest, Tensor x, Tensor y, int n, bool asOffset) where T : unmanaged
    {
        var (starts, results, pieces) = (x.Layout[..y.Rank].Offsets(), y.Layout.Offsets(), (n + Piece - 1) / Piece);
        var winners = new int[starts.Length * pieces];
        Share(winners.Length, Math.Max(1, Piece / n), x.Numel, (from, to) =>
        {
            ref var first = ref HostStorage.First<T>(x);
            for (var p = from; p < to; p++)
            {
                var at = p % pieces * Piece;
                winners[p] = at + BestOf(largest, ref Unsafe.Add(ref first, starts[p / pieces] + at),
                    Math.Min(Piece, n - at));
            }
        });
        ref var source = ref HostStorage.First<T>(x);
        ref var result = ref HostStorage.First<long>(y);
        for (var i = 0; i < starts.Length; i++)
        {
            ref var row = ref Unsafe.Add(ref source, starts[i]);
            var best = winners[i * pieces];
            for (var p = 1; p < pieces; p++) best = Better(largest, ref row, winners[i * pieces + p], best);
            Unsafe.Add(ref result, results[i]) = asOffset ? starts[i] + best : best;
        }
    }

    static int BestOf<T>(bool largest, ref T row, int n) where T : unmanaged
    {
        var count = Lanes<T>.Count;
        Span<int> offsets = stackalloc int[n / count];
        for (var i = 0; i < offsets.Length; i++) offsets[i] = i * count;
        Span<T> winners = stackalloc T[count];
        var best = 0;
        if (offsets.Length > 0)
        {
            Best(largest, ref row, 1, count, offsets, readable: false).Value.StoreUnsafe(ref winners[0]);
            for (var i = 0; i < count; i++)
                best = Better(largest, ref row, (int)ToDouble(winners[i]) * count + i, best);
        }
        for (var i = offsets.Length * count; i < n; i++) best = Better(largest, ref row, i, best);
        return best;
    }

    /// <summary>
    /// Compares the elements of a row at the positions a and b. Returns the position of the better element; the
    /// smaller position if the elements are equal.
    /// </summary>
    static int Better<T>(bool largest, ref T row, int a, int b) where T : unmanaged
    {
        var better = new Tensor.BetterFormula(largest ? 1 : -1);
        F64 x = new(ToDouble(Unsafe.Add(ref row, a))), y = new(ToDouble(Unsafe.Add(ref row, b)));
        return better.Apply(x, y).Value > 0 || (a < b && better.Apply(y, x).Value == 0) ? a : b;
    }

    void PickIntegers(bool largest, Tensor x, Tensor y, Walk folded, bool asOffset)
    {
        var (kept, starts, length, step) = (new Walk(x.Layout[..y.Rank], y.Layout), folded.Starts, folded.Length,
            folded.Step(0));
        Share(y.Numel, Math.Max(1, y.Numel / Parts), x.Layout.LongCount, (from, to) =>
        {
            ref var px = ref HostStorage.First<long>(x);
            foreach (var at in kept.Each(from, to))
            {
                var (best, row, place) = (Unsafe.Add(ref px, at[0] + starts[0]), 0, 0);
                for (var s = 0; s < starts.Length; s++)
                    for (var i = 0; i < length; i++)
                    {
                        var value = Unsafe.Add(ref px, at[0] + starts[s] + i * step);
                        if (largest ? value > best : value < best) (best, row, place) = (value, s, i);
                    }
                Unsafe.Add(ref HostStorage.First<long>(y), at[1]) = asOffset
                    ? at[0] + starts[row] + place * step : row * length + place;
            }
        });
    }

    void Pick<T>(bool largest, Tensor x, Tensor y, bool asOffset) where T : unmanaged
    {
        var (kept, offsets) = (new Walk(x.Layout[..y.Rank], y.Layout), x.Layout[y.Rank..].Offsets());
        Share(kept.Rows, Math.Max(1, kept.Rows / Parts), x.Layout.LongCount, (from, to) =>
            PickRows<T>(largest, kept, offsets, x, y, asOffset, from, to));
    }

    static void PickRows<T>(bool largest, Walk kept, int[] offsets, Tensor x, Tensor y, bool asOffset, int from, int to)
        where T : unmanaged
    {
        ref var px = ref HostStorage.First<T>(x);
        ref var py = ref HostStorage.First<long>(y);
        var readable = ((HostStorage)x.Storage).Readable - x.Layout.Offset - 2 * Lanes<T>.Count - offsets[^1];
        int length = kept.Length, sx = kept.Step(0), sy = kept.Step(1);
        Span<T> winners = stackalloc T[Lanes<T>.Count];
        foreach (var at in kept.Part(from, to))
            for (var i = 0; i < length; i += Lanes<T>.Count)
            {
                int n = Math.Min(Lanes<T>.Count, length - i), first = at[0] + i * sx;
                Best(largest, ref Unsafe.Add(ref px, first), sx, n, offsets, first <= readable)
                    .Value.StoreUnsafe(ref winners[0]);
                for (var j = 0; j < n; j++)
                {
                    var winner = (int)ToDouble(winners[j]);
                    Unsafe.Add(ref py, at[1] + (i + j) * sy) = asOffset ? first + j * sx + offsets[winner] : winner;
                }
            }
    }

    /// <summary>
    /// Finds the positions of the best values for several adjacent results at once, in registers. A value replaces
    /// the best value so far if it is better, or if it is the first NaN.
    /// </summary>
    static Lanes<T> Best<T>(bool largest, ref T source, int step, int n, ReadOnlySpan<int> offsets,
        bool readable)
        where T : unmanaged
    {
        var pairs = step == 2 && readable && typeof(T) == typeof(float) && Avx512F.IsSupported;
        Lanes<T> best = Lanes<T>.Of(0), yes = Lanes<T>.Of(1);
        var better = new Tensor.BetterFormula(largest ? 1 : -1);
        var winner = pairs ? EverySecond(ref source) : Load(ref source, step, n);
        for (var j = 1; j < offsets.Length; j++)
        {
            ref var at = ref Unsafe.Add(ref source, offsets[j]);
            var value = pairs ? EverySecond(ref at) : Load(ref at, step, n);
            var taken = better.Apply(value, winner);
            winner = Lanes<T>.IfEqual(taken, yes, value, winner);
            best = Lanes<T>.IfEqual(taken, yes, Lanes<T>.Of(j), best);
        }
        return best;
    }

    /// <summary>
    /// Returns every second one of 32 floats, beginning with the first. One instruction combines the two registers
    /// of the 32 floats.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Lanes<T> EverySecond<T>(ref T p) where T : unmanaged => new(Avx512F.PermuteVar16x32x2(
        Vector512.LoadUnsafe(ref p).AsInt32(),
        Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
        Vector512.LoadUnsafe(ref p, (nuint)Lanes<T>.Count).AsInt32()).As<int, T>());

    [MethodImpl(AggressiveInlining)]
    static Lanes<T> Load<T>(ref T p, int step, int n) where T : unmanaged =>
        step == 1 && n == Lanes<T>.Count ? new(Vector512.LoadUnsafe(ref p)) : LoadPart(ref p, step, n);

    static Lanes<T> LoadPart<T>(ref T p, int step, int n) where T : unmanaged
    {
        var padded = Vector512<T>.Zero;
        ref var first = ref Unsafe.As<Vector512<T>, T>(ref padded);
        for (var i = 0; i < n; i++) Unsafe.Add(ref first, i) = Unsafe.Add(ref p, i * step);
        return new(padded);
    }
}
