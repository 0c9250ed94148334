using ILGPU;

namespace Tensorlet;

/// <summary>Which places of a row take part.</summary>
interface ICandidates
{
    int Of(int row, int j);
}

/// <summary>All of them.</summary>
readonly struct Everything : ICandidates
{
    public int Of(int row, int j) => j;
}

/// <summary>Those that parts of the row have brought forward.</summary>
readonly struct Winners(ArrayView<long> places, int length) : ICandidates
{
    public int Of(int row, int j) => (int)places[row * length + j];
}

/// <summary>
/// y[row, part] = the place of the largest of sign·x[row, j] over the candidates part, part + parts, …; the first of equal
/// ones, NaN before all others. If there is an origin, the place is one in memory, counted from there.
/// </summary>
readonly struct BestKernel<C, V>(C candidates, double sign, ArrayView<V> x, Axes rows, Axes folded, int length, int parts, View<I64, Axes> y, int origin)
    : IKernel where C : struct, ICandidates where V : unmanaged, IScalar<V>
{
    public void At(int i)
    {
        var row = i / parts;
        var start = rows.Of(row);
        var best = candidates.Of(row, i % parts);
        var most = sign * x[start + folded.Of(best)].ToDouble();
        for (var j = i % parts + parts; j < length; j += parts)
        {
            var place = candidates.Of(row, j);
            var value = sign * x[start + folded.Of(place)].ToDouble();
            var same = value == most || (double.IsNaN(value) && double.IsNaN(most));
            var better = value > most || (double.IsNaN(value) && !double.IsNaN(most));
            if (better || (same && place < best)) (best, most) = (place, value);
        }
        y[i] = new(origin >= 0 ? start + folded.Of(best) - origin : best);
    }
}

sealed partial class IlgpuDevice
{
    const int Counted = -1;                     // no origin: the place is counted along the row

    public override void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        if (y.Numel == 0) return;
        var (from, to) = (Fit(x, y.Rank), Fit(y));
        if (from != x && asOffset)
            throw new ShapeException($"ArgReduce: the place in memory is not found in a view of shape {x.Layout} with more than {Axes.Most} axes on a side. Call Contiguous first.");
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
        int rank = y.Rank, count = y.Numel, length = x.Numel / count, origin = asOffset ? x.Layout.Offset : Counted;
        var sign = largest ? 1.0 : -1.0;
        Axes rows = Axes.Of(x.Layout, 0, rank, x.Layout.Offset), folded = Axes.Of(x.Layout, rank, x.Rank);
        if (length <= LongestPart)
        {
            Launch(count, new BestKernel<Everything, V>(default, sign, Memory<V>(x), rows, folded, length, 1, Strided<I64>(y), origin), length);
            return;
        }
        var parts = (length + Part - 1) / Part;
        var winners = Tensor.Empty([count, parts], DType.Int64, this);
        Launch(count * parts, new BestKernel<Everything, V>(default, sign, Memory<V>(x), rows, folded, length, parts, Strided<I64>(winners), Counted), Part);
        while (parts > LongestPart)
        {
            var (before, next) = (winners, (parts + Part - 1) / Part);
            winners = Tensor.Empty([count, next], DType.Int64, this);
            Launch(count * next, new BestKernel<Winners, V>(new(Memory<long>(before), parts), sign, Memory<V>(x), rows, folded, parts, next, Strided<I64>(winners), Counted), Part);
            GC.KeepAlive(before);
            parts = next;
        }
        Launch(count, new BestKernel<Winners, V>(new(Memory<long>(winners), parts), sign, Memory<V>(x), rows, folded, parts, 1, Strided<I64>(y), origin), parts);
        GC.KeepAlive(winners);
    }
}
