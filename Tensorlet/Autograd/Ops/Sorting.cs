namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>
    /// Sorts the elements along an axis in ascending order, or in descending order if <paramref name="descending"/> is
    /// true. Returns the original position of each sorted element, as Int64. Equal elements keep their order. NaN
    /// counts as the largest number. The elements are sorted on the CPU, even if this tensor is on another device.
    /// </summary>
    public Tensor ArgSort(int dim = -1, bool descending = false) =>
        Ranked("ArgSort", dim, descending, 0, Layout.Size("ArgSort", dim));

    /// <summary>
    /// Sorts the elements along an axis in ascending order, or in descending order if <paramref name="descending"/>
    /// is true. Takes <paramref name="count"/> of the sorted elements, beginning at index <paramref name="from"/>,
    /// and returns the original positions of these elements.
    /// </summary>
    internal Tensor Ranked(string operation, int axis, bool descending, int from, int count)
    {
        axis = Layout.Axis(operation, axis);
        return Ranking.Places(Transpose(axis, -1), descending, from, count).To(Device).Transpose(axis, -1).Contiguous();
    }

    /// <summary>
    /// Returns the distinct elements of this tensor. <c>Values</c> contains the distinct elements in ascending
    /// order. <c>Inverse</c> has the shape of this tensor, and contains the position of each element among the
    /// distinct elements. <c>Counts</c> says how often each distinct element occurs.
    /// </summary>
    public (Tensor Values, Tensor Inverse, Tensor Counts) Unique()
    {
        var flat = Reshape(-1);
        var places = flat.ArgSort();
        var sorted = flat.IndexSelect(0, places);
        var isNew = Ones([Numel], DType.Bool, Device);
        if (Numel > 1) isNew[1..] = sorted[1..].Ne(sorted[..^1]);
        Tensor host = places.OnHost(DType.Int64), news = isNew.OnHost(DType.Bool), inverse = EmptyLike(host);
        Span<long> order = host.HostSpan<long>(), number = inverse.HostSpan<long>();
        var starts = news.HostSpan<bool>();
        var which = -1L;
        for (var i = 0; i < order.Length; i++) number[(int)order[i]] = which += starts[i] ? 1 : 0;
        GC.KeepAlive((host, news));
        var back = inverse.To(Device);
        var counts = Zeros([(int)which + 1], DType.Int64, Device);
        counts.ScatterAdd_(0, back, Ones([Numel], DType.Int64, Device));
        return (sorted[isNew], back.Reshape(Size()), counts);
    }
}

public partial class Variable
{
    /// <summary>
    /// Sorts the elements along an axis in ascending order, or in descending order if <paramref name="descending"/>
    /// is true. Returns the sorted elements and their original positions; see <see cref="Tensor.ArgSort"/>.
    /// </summary>
    public (Variable Values, Tensor Indices) Sort(int dim = -1, bool descending = false) => Named(() =>
    {
        var order = Data.ArgSort(dim, descending);
        return (Gather(dim, order), order);
    });

    /// <summary>
    /// Returns the k largest elements along an axis in descending order, and their positions. If
    /// <paramref name="largest"/> is false, returns the k smallest elements in ascending order, and their
    /// positions.
    /// </summary>
    /// <exception cref="ShapeException">k is negative, or the axis has fewer than k elements.</exception>
    public (Variable Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true)
    {
        if (k < 0 || k > Data.Layout.Size("TopK", dim))
            throw new ShapeException($"TopK: axis {dim} of shape {Data.Layout} does not have {k} elements.");
        var order = Data.Ranked("TopK", dim, largest, 0, k);
        return (Gather(dim, order), order);
    }

    /// <summary>
    /// The median along an axis, and its position. If the number of elements is even, the median is the smaller of
    /// the two middle elements. If an element is NaN, the median is NaN.
    /// </summary>
    /// <exception cref="ShapeException">The axis is empty.</exception>
    public (Variable Values, Tensor Indices) Median(int dim, bool keepdim = false)
    {
        if (Data.Layout.Size("Median", dim) == 0)
            throw new ShapeException($"Median: axis {dim} of shape {Data.Layout} is empty.");
        var middle = Data.Ranked("Median", dim, false, (Size(dim) - 1) / 2, 1);
        var hasNaN = Data.IsNaN().Any([dim], keepdim: true);
        return Picked(dim, Tensor.Where(hasNaN, Data.ArgMax(dim, keepdim: true), middle), keepdim);
    }

    /// <summary>
    /// The median of all elements. If the number of elements is even, the median is the smaller of the two middle
    /// elements. Elements that are equal to the median share the gradient evenly. If there are no elements, or if an
    /// element is NaN, the median is NaN.
    /// </summary>
    public Variable Median()
    {
        if (Numel == 0) return Sum() / 0;
        var middle = Reshape(-1).Median(0).Values;
        return double.IsNaN(middle.Item()) ? middle : MaskedSelect(Data.Eq(middle.Data)).AMax();
    }

    /// <summary>
    /// The q-quantile along an axis, or of all elements if no axis is given. If x₀ ≤ … ≤ xₙ₋₁ are the sorted elements,
    /// the q-quantile is the element at position q·(n − 1). Between two positions, it is interpolated linearly. If an
    /// element is NaN, the quantile is NaN.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">q is not between 0 and 1.</exception>
    /// <exception cref="ShapeException">There are no elements.</exception>
    public Variable Quantile(double q, int? dim = null, bool keepdim = false)
    {
        Data.OnlyFloat("Quantile");
        q.In("Quantile", 0, 1);
        int[] shape = keepdim ? [.. Size().Select(_ => 1)] : [];
        if (dim is null) return Named(() => Reshape(-1).Quantile(q, 0).Reshape(shape));
        var n = Data.Layout.Size("Quantile", dim.Value);
        if (n == 0) throw new ShapeException($"Quantile: axis {dim} of shape {Data.Layout} is empty.");
        var (low, part) = ((int)(q * (n - 1)), q * (n - 1) % 1);
        var near = Gather(dim.Value, Data.Ranked("Quantile", dim.Value, false, low, part > 0 ? 2 : 1));
        var y = near.Narrow(dim.Value, 0, 1);
        if (part > 0) y = y.Lerp(near.Narrow(dim.Value, 1, 1), part);
        y = y.MaskedFill(Data.IsNaN().Any([dim.Value], keepdim: true), double.NaN);
        return keepdim ? y : y.Squeeze(dim.Value);
    }
}
