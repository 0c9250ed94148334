using System.Runtime.CompilerServices;

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
    interface IOrder { static abstract bool Stays(double value, double best); static abstract bool Stays(float value, float best); }

    readonly struct Larger : IOrder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(double value, double best) => value <= best;
        [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool Stays(float value, float best) => value <= best;
    }

    readonly struct Smaller : IOrder
    {
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
        kept.Start(from, place, at);
        for (var row = from; row < to; row++, kept.Next(place, at))
            for (var i = 0; i < length; i++)
            {
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

    static bool IsNaN<T>(T value) => typeof(T) == typeof(float) ? float.IsNaN((float)(object)value!) : double.IsNaN((double)(object)value!);
}
