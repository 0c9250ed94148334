using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        switch (x.DType)
        {
            case DType.Float32 when largest: Pick<float, Larger>(x, y, asOffset); break;
            case DType.Float32: Pick<float, Smaller>(x, y, asOffset); break;
            case DType.Float64 when largest: Pick<double, Larger>(x, y, asOffset); break;
            case DType.Float64: Pick<double, Smaller>(x, y, asOffset); break;
            default: Reference.ArgReduce(largest, x, y, asOffset); break;
        }
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    /// <summary>Whether the best so far stays: false too where either is NaN.</summary>
    interface IOrder { static abstract bool Largest { get; } static abstract bool Stays(double value, double best); static abstract bool Stays(float value, float best); }

    readonly struct Larger : IOrder
    {
        public static bool Largest => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(double value, double best) => value <= best;
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(float value, float best) => value <= best;
    }

    readonly struct Smaller : IOrder
    {
        public static bool Largest => false;
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(double value, double best) => value >= best;
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(float value, float best) => value >= best;
    }

    void Pick<T, O>(Tensor x, Tensor y, bool asOffset) where T : unmanaged where O : struct, IOrder
    {
        if (y.Numel == 0) return;
        var kept = new Walk(new Layout(x.Layout.shape[..y.Rank], x.Layout.strides[..y.Rank], 0), y.Layout);
        var offsets = x.Layout.Offsets(y.Rank);
        var cut = Math.Max(1, kept.Rows / 16);
        Share((kept.Rows + cut - 1) / cut, x.Numel, p => PickRows<T, O>(kept, offsets, x, y, asOffset, p * cut, Math.Min(kept.Rows, (p + 1) * cut)));
    }

    static void PickRows<T, O>(Walk kept, int[] offsets, Tensor x, Tensor y, bool asOffset, int from, int to) where T : unmanaged where O : struct, IOrder
    {
        ref var px = ref HostStorage.First<T>(x);
        ref var py = ref HostStorage.First<long>(y);
        Span<int> place = stackalloc int[kept.Rank], at = stackalloc int[2];
        int length = kept.Length, sx = kept.Step(0), sy = kept.Step(1);
        Span<T> winners = stackalloc T[Lanes<T>.Count];
        var readable = ((HostStorage)x.Storage).Readable - x.Layout.Offset - 2 * Lanes<T>.Count - offsets[^1];
        kept.Start(from, place, at);
        for (var row = from; row < to; row++, kept.Next(place, at))
            for (var i = 0; i < length; i++)
            {
                if (length >= 4 && offsets.Length <= 64)     // pooling: a register of windows at a time
                {
                    var n = Math.Min(Lanes<T>.Count, length - i);
                    Best<T, O>(ref Unsafe.Add(ref px, at[0] + i * sx), sx, n, offsets, at[0] + i * sx <= readable).Value.StoreUnsafe(ref winners[0]);
                    for (var j = 0; j < n; j++)
                    {
                        var winner = (int)ToDouble(winners[j]);
                        Unsafe.Add(ref py, at[1] + (i + j) * sy) = asOffset ? at[0] + (i + j) * sx + offsets[winner] : winner;
                    }
                    i += n - 1;
                    continue;
                }
                var best = Best<T, O>(ref Unsafe.Add(ref px, at[0] + i * sx), offsets);
                Unsafe.Add(ref py, at[1] + i * sy) = asOffset ? at[0] + i * sx + offsets[best] : best;
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Best<T, O>(ref T source, int[] offsets) where T : unmanaged where O : struct, IOrder
    {
        var best = 0;
        var winner = source;
        for (var j = 1; j < offsets.Length; j++)
        {
            var value = Unsafe.Add(ref source, offsets[j]);
            var stays = typeof(T) == typeof(float) ? O.Stays((float)(object)value, (float)(object)winner) : O.Stays((double)(object)value, (double)(object)winner);
            if (stays) continue;
            if (IsNaN(winner)) break;
            (best, winner) = (j, value);
        }
        return best;
    }

    /// <summary>The same for windows side by side, in registers: a value is taken if it is better, or the first NaN.</summary>
    static Lanes<T> Best<T, O>(ref T source, int step, int n, int[] offsets, bool readable) where T : unmanaged where O : struct, IOrder
    {
        var best = Lanes<T>.Of(0);
        var pairs = step == 2 && readable && typeof(T) == typeof(float) && Avx512F.IsSupported;
        var winner = pairs ? EverySecond(ref source) : Load(ref source, step, n);
        Lanes<T> yes = Lanes<T>.Of(1), no = Lanes<T>.Of(0);
        for (var j = 1; j < offsets.Length; j++)
        {
            ref var at = ref Unsafe.Add(ref source, offsets[j]);
            var value = pairs ? EverySecond(ref at) : Load(ref at, step, n);
            var firstNaN = Lanes<T>.IfEqual(value, value, no, Lanes<T>.IfEqual(winner, winner, yes, no));
            var taken = O.Largest ? Lanes<T>.IfGreater(value, winner, yes, firstNaN) : Lanes<T>.IfGreater(winner, value, yes, firstNaN);
            winner = Lanes<T>.IfEqual(taken, yes, value, winner);
            best = Lanes<T>.IfEqual(taken, yes, Lanes<T>.Of(j), best);
        }
        return best;
    }

    /// <summary>Every second of 32 floats: two registers, sorted by one instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Lanes<T> EverySecond<T>(ref T p) where T : unmanaged => new(Avx512F.PermuteVar16x32x2(Vector512.LoadUnsafe(ref p).AsInt32(),
        Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), Vector512.LoadUnsafe(ref p, (nuint)Lanes<T>.Count).AsInt32()).As<int, T>());

    static bool IsNaN<T>(T value) => typeof(T) == typeof(float) ? float.IsNaN((float)(object)value!) : double.IsNaN((double)(object)value!);
}
