using ILGPU;

namespace Tensorlet;

/// <summary>
/// Searches rows, one thread for each row: y[row] is the position j of the best (largest or smallest) element x[row,
/// j] of the row. If several elements are the best, y[row] is the position of the first of them.
/// </summary>
readonly struct BestKernel<V>(Tensor.BetterFormula better, ArrayView<V> x, KernelAxes rows, KernelAxes folded,
    int length, View<I64> y, int asOffset, int first) : IKernel where V : unmanaged, IScalar<V>
{
    public void At(int row)
    {
        var start = rows.Of(row);
        var (best, winner) = (0, x[start + folded.Of(0)]);
        for (var j = 1; j < length; j++)
        {
            var value = x[start + folded.Of(j)];
            if (better.Apply(value, winner).ToDouble() != 0) (best, winner) = (j, value);
        }
        y[row] = new(asOffset != 0 ? start + folded.Of(best) - first : best);
    }
}

sealed partial class IlgpuDevice
{
    internal override void ArgReduceCore(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        var (from, to) = (Fit(x, y.Rank), Fit(y));
        if (!ReferenceEquals(from, x) && asOffset)
            throw new ShapeException(
                $"ArgReduce: the view of shape {x.Layout} has too many axes to find positions. Call Contiguous first.");
        x.DType.Run(new Searching(this, largest, from, to, asOffset));
        GC.KeepAlive(from);
        Finish(to, y);
    }

    readonly struct Searching(IlgpuDevice device, bool largest, Tensor x, Tensor y, bool asOffset) : IForType
    {
        void IForType.Run<V>() => device.Launch(y.Numel, new BestKernel<V>(new(largest ? 1 : -1), MemoryOf<V>(x),
            new KernelAxes(x.Layout[..y.Rank], x.Layout.Offset), new KernelAxes(x.Layout[y.Rank..]),
            x.Numel / y.Numel, Of<I64>(y), asOffset ? 1 : 0, x.Layout.Offset), x.Numel / y.Numel);
    }
}
