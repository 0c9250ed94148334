using ILGPU;

namespace Tensorlet;

/// <summary>
/// y[row] = the place of the largest of sign·x[row, j]; the first of equal ones, NaN before all others. One thread
/// takes a row.
/// </summary>
readonly struct BestKernel<V>(double sign, ArrayView<V> x, Axes rows, Axes folded, int length, View<I64, Axes> y,
    int asOffset, int first) : IKernel
    where V : unmanaged, IScalar<V>
{
    public void At(int row)
    {
        var start = rows.Of(row);
        var (best, most) = (0, sign * x[start + folded.Of(0)].ToDouble());
        for (var j = 1; j < length; j++)
        {
            var value = sign * x[start + folded.Of(j)].ToDouble();
            if (value > most || (double.IsNaN(value) && !double.IsNaN(most))) (best, most) = (j, value);
        }
        y[row] = new(asOffset != 0 ? start + folded.Of(best) - first : best);
    }
}

sealed partial class IlgpuDevice
{
    public override void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        if (y.Numel == 0) return;
        var (from, to) = (Fit(x, y.Rank), Fit(y));
        if (from != x && asOffset)
            throw new ShapeException($"ArgReduce: the place in memory is not found in a view of shape {x.Layout} " +
                $"with more than {Axes.Most} axes on a side. Call Contiguous first.");
        switch (x.DType)
        {
            case DType.Bool: Best<B8>(largest, from, to, asOffset); break;
            case DType.Int64: Best<I64>(largest, from, to, asOffset); break;
            case DType.Float32: Best<F32>(largest, from, to, asOffset); break;
            default: Best<F64>(largest, from, to, asOffset); break;
        }
        GC.KeepAlive(from);
        Finish(to, y);
    }

    void Best<V>(bool largest, Tensor x, Tensor y, bool asOffset) where V : unmanaged, IScalar<V>
    {
        var length = x.Numel / y.Numel;
        Launch(y.Numel, new BestKernel<V>(largest ? 1
            : -1, Memory<V>(x), Axes.Of(x.Layout, 0, y.Rank, x.Layout.Offset), Axes.Of(x.Layout, y.Rank, x.Rank),
            length, Strided<I64>(y), asOffset ? 1 : 0, x.Layout.Offset), length);
    }
}
