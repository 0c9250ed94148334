using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tensorlet;

public sealed partial class CpuDevice
{
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
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    void Fold<R, T>(R r, Tensor x, Tensor y) where R : struct, IReduction where T : unmanaged
    {
        var kept = new Walk(new Layout(x.Layout.shape[..y.Rank], x.Layout.strides[..y.Rank], 0), y.Layout);
        var folded = new Walk(new Layout(x.Layout.shape[y.Rank..], x.Layout.strides[y.Rank..], 0));
        if (y.Numel == 1) { FoldAll<R, T>(r, folded, x, y); return; }
        // Each part is some rows of results; along a row, results lie side by side or one after another.
        var columns = kept.Step(0) == 1 && folded.Step(0) != 1 && kept.Step(1) == 1;
        if (columns && kept.Rows < 2 * Threads && kept.Length >= 256)
        {
            const int width = 128;
            Share((kept.Length + width - 1) / width * kept.Rows, x.Numel, p =>
            {
                var (row, column) = Math.DivRem(p, (kept.Length + width - 1) / width);
                FoldRows<R, T>(r, kept, folded, x, y, row, row + 1, column * width, Math.Min(width, kept.Length - column * width), true);
            });
            return;
        }
        var rows = kept.Rows == 1 && !columns ? kept.Length : kept.Rows;
        var cut = Math.Max(1, rows / 16);
        Share((rows + cut - 1) / cut, x.Numel, p =>
        {
            int from = p * cut, to = Math.Min(rows, from + cut);
            if (kept.Rows == 1 && !columns) FoldRows<R, T>(r, kept, folded, x, y, 0, 1, from, to - from, false);
            else FoldRows<R, T>(r, kept, folded, x, y, from, to, 0, kept.Length, columns);
        });
    }

    static void FoldRows<R, T>(R r, Walk kept, Walk folded, Tensor x, Tensor y, int from, int to, int column, int count, bool columns)
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
                    Unsafe.Add(ref target, i * kept.Step(1)) = FromDouble<T>(FoldOne(r, folded, ref Unsafe.Add(ref source, i * kept.Step(0)), 0, folded.Rows));
        }
    }

    /// <summary>Everything into one number: in parts of fixed size, whose results are folded in order.</summary>
    void FoldAll<R, T>(R r, Walk folded, Tensor x, Tensor y) where R : struct, IReduction where T : unmanaged
    {
        double[] parts;
        if (folded.Rows == 1)
        {
            int length = folded.Length, step = folded.Step(0), cut = 16 * Block;
            parts = new double[(length + cut - 1) / cut];
            Share(parts.Length, length, p => parts[p] = FoldRun(r, ref Unsafe.Add(ref HostStorage.First<T>(x), p * cut * step), step, Math.Min(cut, length - p * cut)));
        }
        else
        {
            var cut = Math.Max(1, 16 * Block / folded.Length);
            parts = new double[(folded.Rows + cut - 1) / cut];
            Share(parts.Length, x.Numel, p => parts[p] = FoldOne(r, folded, ref HostStorage.First<T>(x), p * cut, Math.Min(folded.Rows, (p + 1) * cut)));
        }
        var result = new F64(r.Start);
        foreach (var part in parts) result = r.Apply(result, new F64(part));
        HostStorage.First<T>(y) = FromDouble<T>(result.Value);
    }

    static double FoldOne<R, T>(R r, Walk folded, ref T source, int from, int to) where R : struct, IReduction where T : unmanaged
    {
        if (folded.Rows == 1) return FoldRun(r, ref source, folded.Step(0), folded.Length);
        Span<int> place = stackalloc int[folded.Rank], at = stackalloc int[1];
        folded.Start(from, place, at);
        var result = new F64(r.Start);
        for (var row = from; row < to; row++, folded.Next(place, at))
            result = r.Apply(result, new F64(FoldRun(r, ref Unsafe.Add(ref source, at[0]), folded.Step(0), folded.Length)));
        return result.Value;
    }

    /// <summary>A run of numbers: whole registers in blocks, the blocks and the rest in double.</summary>
    static double FoldRun<R, T>(R r, ref T p, int step, int count) where R : struct, IReduction where T : unmanaged
    {
        var result = new F64(r.Start);
        var i = 0;
        for (var width = 4 * Lanes<T>.Count; step == 1 && i <= count - width;)
        {
            var end = Math.Min(count, i + Block);
            Lanes<T> a = new(Vector512.LoadUnsafe(ref p, (nuint)i)), b = new(Vector512.LoadUnsafe(ref p, (nuint)(i + Lanes<T>.Count)));
            Lanes<T> c = new(Vector512.LoadUnsafe(ref p, (nuint)(i + 2 * Lanes<T>.Count))), d = new(Vector512.LoadUnsafe(ref p, (nuint)(i + 3 * Lanes<T>.Count)));
            for (i += width; i <= end - width; i += width)
            {
                a = r.Apply(a, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)i)));
                b = r.Apply(b, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)(i + Lanes<T>.Count))));
                c = r.Apply(c, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)(i + 2 * Lanes<T>.Count))));
                d = r.Apply(d, new Lanes<T>(Vector512.LoadUnsafe(ref p, (nuint)(i + 3 * Lanes<T>.Count))));
            }
            var lanes = r.Apply(r.Apply(a, b), r.Apply(c, d)).Value;
            for (var lane = 0; lane < Lanes<T>.Count; lane++) result = r.Apply(result, new F64(ToDouble(lanes[lane])));
        }
        for (; i < count; i++) result = r.Apply(result, new F64(ToDouble(Unsafe.Add(ref p, i * step))));
        return result.Value;
    }

    /// <summary>Results side by side: a register of them at a time, going down the folded rows.</summary>
    static void FoldColumns<R, T>(R r, Walk folded, ref T source, ref T target, int count) where R : struct, IReduction where T : unmanaged
    {
        Span<int> place = stackalloc int[folded.Rank], at = stackalloc int[1];
        Span<double> sums = stackalloc double[Lanes<T>.Count];
        for (var column = 0; column < count; column += Lanes<T>.Count)
        {
            var n = Math.Min(Lanes<T>.Count, count - column);
            sums.Fill(r.Start);
            var (lanes, pending) = (Lanes<T>.Of(r.Start), 0);
            folded.Start(0, place, at);
            for (var row = 0; row < folded.Rows; row++, folded.Next(place, at))
                for (var i = 0; i < folded.Length; i++)
                {
                    lanes = r.Apply(lanes, Load(ref Unsafe.Add(ref source, column + at[0] + i * folded.Step(0)), 1, n));
                    if (++pending < 16) continue;
                    Flush(lanes, sums);
                    (lanes, pending) = (Lanes<T>.Of(r.Start), 0);
                }
            if (pending > 0) Flush(lanes, sums);
            for (var i = 0; i < n; i++) Unsafe.Add(ref target, column + i) = FromDouble<T>(sums[i]);
        }

        void Flush(Lanes<T> lanes, Span<double> into)
        {
            for (var i = 0; i < into.Length; i++) into[i] = r.Apply(new F64(into[i]), new F64(ToDouble(lanes.Value[i]))).Value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static double ToDouble<T>(T value) => typeof(T) == typeof(float) ? (float)(object)value! : (double)(object)value!;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T FromDouble<T>(double value) => typeof(T) == typeof(float) ? (T)(object)(float)value : (T)(object)value;

    /// <inheritdoc/>
    public override void ArgReduce(bool largest, Tensor x, Tensor y)
    {
        switch (x.DType)
        {
            case DType.Float32: Pick<F32>(largest, x, y); break;
            case DType.Float64: Pick<F64>(largest, x, y); break;
            default: Reference.ArgReduce(largest, x, y); break;
        }
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    void Pick<V>(bool largest, Tensor x, Tensor y) where V : unmanaged, IScalar<V>
    {
        if (y.Numel == 0) return;
        var kept = new Walk(new Layout(x.Layout.shape[..y.Rank], x.Layout.strides[..y.Rank], 0), y.Layout);
        var offsets = x.Layout.Offsets(y.Rank);
        var cut = Math.Max(1, kept.Rows / 16);
        Share((kept.Rows + cut - 1) / cut, x.Numel, p =>
        {
            ref var px = ref HostStorage.First<V>(x);
            ref var py = ref HostStorage.First<long>(y);
            Span<int> place = stackalloc int[kept.Rank], at = stackalloc int[2];
            kept.Start(p * cut, place, at);
            for (var row = p * cut; row < Math.Min(kept.Rows, (p + 1) * cut); row++, kept.Next(place, at))
                for (var i = 0; i < kept.Length; i++)
                {
                    ref var source = ref Unsafe.Add(ref px, at[0] + i * kept.Step(0));
                    var (best, bestValue) = (0, source.ToDouble());
                    for (var j = 1; j < offsets.Length; j++)
                    {
                        var value = Unsafe.Add(ref source, offsets[j]).ToDouble();
                        if (largest ? value <= bestValue : value >= bestValue) continue;
                        if (double.IsNaN(bestValue)) break;
                        (best, bestValue) = (j, value);
                    }
                    Unsafe.Add(ref py, at[1] + i * kept.Step(1)) = best;
                }
        });
    }
}
