namespace Tensorlet.Tests.Tensors;

/// <summary>Sorting, counting, picking and writing by index, without gradients.</summary>
public class SortingTests
{
    const double NaN = double.NaN;

    [Fact]
    public void Sorting_keeps_the_order_of_equal_ones_and_puts_NaN_last()
    {
        var x = Tensor.From([3.0, NaN, 1, 3, 1, -1]);
        Assert.Equal([5, 2, 4, 0, 3, 1], x.ArgSort().ToArray<long>());
        Assert.Equal([1, 0, 3, 2, 4, 5], x.ArgSort(descending: true).ToArray<long>());
        var (values, indices) = ((Variable)x).Sort();
        Assert.Equal([-1, 1, 1, 3, 3, NaN], values.Data.ToArray<double>());
        Assert.Equal([5, 2, 4, 0, 3, 1], indices.ToArray<long>());
    }

    [Fact]
    public void Large_integers_are_sorted_exactly() => Assert.Equal([1, 0, 2],
        Tensor.From([(1L << 60) + 1, 1L << 60, (1L << 60) + 2]).ArgSort().ToArray<long>());

    /// <summary>Rows around the sizes at which the way changes, of numbers that are far apart or often equal.</summary>
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Bool)]
    public void Sorting_and_selecting_agree_with_comparing(DType type)
    {
        var generator = new Generator(1);
        foreach (var n in (int[])[1, 2, 31, 32, 33, 100, 1000])
            foreach (var spread in (long[])[2, 20, long.MaxValue])
            {
                var whole = Tensor.RandInt(-spread, spread, [3, n], generator: generator);
                var x = type == DType.Int64 ? whole : (whole.To(DType.Float64) * 1e-3).To(type);
                if (type.IsFloat())
                    for (var i = 0; i < n; i += 7)
                        x[1, i].Fill_(((double[])[NaN, 0, -0.0, double.NegativeInfinity, 1e-40, -1e-40])[i % 6]);
                for (var row = 0; row < 3; row++)
                {
                    var places = Enumerable.Range(0, n).Select(i => (long)i);
                    var values = x[row].ToArray<double>();
                    var exact = type == DType.Int64 ? x[row].ToArray<long>() : null;
                    long[] Sorted(bool down) => exact is null ? down
                        ? [.. places.OrderByDescending(i => double.IsNaN(values[i])).ThenByDescending(i => values[i])]
                        : [.. places.OrderBy(i => double.IsNaN(values[i])).ThenBy(i => values[i])]
                        : down ? [.. places.OrderByDescending(i => exact[i])] : [.. places.OrderBy(i => exact[i])];
                    foreach (var down in (bool[])[false, true])
                    {
                        Assert.Equal(Sorted(down), x.ArgSort(1, down)[row].ToArray<long>());
                        foreach (var k in (int[])[1, 2, 7, n / 4, n / 2, n])
                            if (k <= n) Assert.Equal(Sorted(down)[..k],
                                ((Variable)x).TopK(k, 1, largest: down).Indices[row].ToArray<long>());
                    }
                    if (!values.Any(double.IsNaN)) Assert.Equal(Sorted(false)[(n - 1) / 2],
                        ((Variable)x).Median(1).Indices[row].Item());
                }
            }
    }

    [Fact]
    public void Sorting_goes_along_any_axis_of_any_view()
    {
        var x = Tensor.From([4.0, 1, 3, 2, 6, 5], [2, 3]).T;
        Assert.Equal([1, 2, 0, 0, 2, 1], x.ArgSort(0).T.ToArray<long>());
        Assert.Equal([0, 2], Tensor.Zeros(0, 2).ArgSort(0).Size());
    }

    [Fact]
    public void The_median_is_the_lower_of_two_and_NaN_where_there_is_one()
    {
        Variable x = Tensor.From([4.0, 1, 3, 2, 1, NaN, 5, 7], [2, 4]);
        var (values, indices) = x.Median(1);
        Assert.Equal([2, NaN], values.Data.ToArray<double>());
        Assert.Equal([3, 1], indices.ToArray<long>());
        Assert.Equal(2, ((Variable)Tensor.From([3.0, 1, 2])).Median().Item());
    }

    [Fact]
    public void The_largest_k_come_first()
    {
        Variable x = Tensor.From([4.0, 1, 3, 2]);
        Assert.Equal([4, 3], x.TopK(2).Values.Data.ToArray<double>());
        Assert.Equal([1, 3], x.TopK(2, largest: false).Indices.ToArray<long>());
        Assert.Contains("5 elements", Assert.Throws<ShapeException>(() => x.TopK(5)).Message);
    }

    [Fact]
    public void Unique_elements_with_their_places_and_counts()
    {
        var (values, inverse, counts) = Tensor.From([3L, 1, 3, 2, 1, 3], [2, 3]).Unique();
        Assert.Equal([1, 2, 3], values.ToArray<long>());
        Assert.Equal([2, 3], inverse.Size());
        Assert.Equal([2, 0, 2, 1, 0, 2], inverse.ToArray<long>());
        Assert.Equal([2, 1, 3], counts.ToArray<long>());
        Assert.Equal(0, Tensor.Zeros(0).Unique().Values.Numel);
    }

    [Fact]
    public void The_running_maximum_is_where_it_was_met_last()
    {
        var (values, indices) = ((Variable)Tensor.From([1.0, 3, 2, 3, NaN, 4])).CumMax(0);
        Assert.Equal([1, 3, 3, 3, NaN, NaN], values.Data.ToArray<double>());
        Assert.Equal([0, 1, 1, 3, 4, 4], indices.ToArray<long>());
    }

    [Fact]
    public void Running_sums_of_masks_are_counted_and_of_integers_exact()
    {
        Variable mask = Tensor.From([true, false, true]);
        Assert.Equal([1, 1, 2], mask.CumSum(0).Data.ToArray<long>());
        Assert.Equal([1, 0, 0], mask.CumProd(0).Data.ToArray<long>());
        Assert.Equal((DType.Int64, DType.Int64), (mask.CumSum(0).DType, mask.CumProd(0).DType));
        Assert.Equal([(1L << 53) + 1, (1L << 53) + 3],
            ((Variable)Tensor.From([(1L << 53) + 1, 2])).CumSum(0).Data.ToArray<long>());
    }

    [Fact]
    public void Counting_any_and_all()
    {
        var x = Tensor.From([0.0, 1, NaN, 0, 0, 0], [2, 3]);
        Assert.Equal(2, x.CountNonzero().Item());
        Assert.Equal([true, false], x.Any([1]).ToArray<bool>());
        Assert.Equal([false, false], x.All([1]).ToArray<bool>());
        Assert.True(Tensor.Ones(2, 2).All() && Tensor.Zeros(0).All());
        Assert.Equal([0, 1, 0, 2], x.Nonzero().ToArray<long>());
        Assert.Equal([1, 0], Tensor.Scalar(5).Nonzero().Size());
        Assert.Equal([0, 0], Tensor.Scalar(0).Nonzero().Size());
    }

    [Fact]
    public void Masks_combine()
    {
        var (a, b) = (Tensor.From([true, true, false, false]), Tensor.From([true, false, true, false]));
        Assert.Equal([true, false, false, false], (a & b).ToArray<bool>());
        Assert.Equal([true, true, true, false], (a | b).ToArray<bool>());
        Assert.Equal([false, true, true, false], (a ^ b).ToArray<bool>());
        Assert.Equal([false, false, true, true], (!a).ToArray<bool>());
        Assert.Contains("a ^ b", Assert.Throws<DTypeException>(() => a - b).Message);
        var x = Tensor.From([1.0, NaN, double.PositiveInfinity, double.NegativeInfinity]);
        Assert.Equal([false, true, false, false], x.IsNaN().ToArray<bool>());
        Assert.Equal([false, false, true, true], x.IsInf().ToArray<bool>());
        Assert.Equal([true, false, false, false], x.IsFinite().ToArray<bool>());
    }

    [Fact]
    public void Classes_become_vectors()
    {
        Assert.Equal([0, 1, 0, 0, 0, 1], F.OneHot(Tensor.From([1L, 2]), 3).ToArray<long>());
        Assert.Equal([1, 0, 0, 0, 0, 1], F.OneHot(Tensor.From([0L, 2])).ToArray<long>());
        Assert.Equal([0, 3], F.OneHot(Tensor.From(Array.Empty<long>()), 3).Size());
        Assert.Throws<IndexException>(() => F.OneHot(Tensor.From([3L]), 3));
    }

    [Fact]
    public void A_padding_row_of_an_embedding_gets_no_gradient()
    {
        var weight = new Variable(Tensor.Ones([3, 2], DType.Float64), requiresGrad: true);
        F.Embedding(Tensor.From([0L, 1, 1, 2]), weight, paddingIdx: 1).Sum().Backward();
        Assert.Equal([1, 1, 0, 0, 1, 1], weight.Grad!.Data.ToArray<double>());
        weight.Grad = null;
        F.Embedding(Tensor.From([0L, 2]), weight, paddingIdx: -1).Sum().Backward();
        Assert.Equal([1, 1, 0, 0, 0, 0], weight.Grad!.Data.ToArray<double>());
    }

    public static TheoryData<string> Devices => [.. Verification.Machines.All];

    [Theory, MemberData(nameof(Devices))]
    public void Masks_and_lists_of_integers_can_be_written_to(string device)
    {
        var x = Tensor.Arange(12, DType.Float64, Verification.Machines.Named(device)).Reshape(3, 4);
        x[x > 8] = Tensor.Scalar(-1);
        Assert.Equal([8, -1, -1, -1], x[2].ToArray<double>());
        x[new[] { 0, 2 }, 1] = Tensor.From([20.0, 30]);
        Assert.Equal([20, 5, 30], x[.., 1].ToArray<double>());
        x[new[] { 1, 1 }] = Tensor.From([1.0, 2, 3, 4, 5, 6, 7, 8], [2, 4]); // of two rows, the last one is kept
        Assert.Equal([5, 6, 7, 8], x[1].ToArray<double>());
        x[2, new[] { 3, 0 }] = Tensor.From([6.0, 7]);
        Assert.Equal([7, 30, -1, 6], x[2].ToArray<double>());
        var whole = Tensor.Zeros([2], DType.Int64, x.Device);
        whole[new[] { 1 }] = Tensor.From([(1L << 53) + 1]);
        Assert.Equal([0, (1L << 53) + 1], whole.ToArray<long>());
        var view = x.T;
        view[new[] { 0, 3 }, 0] = Tensor.Scalar(9);
        Assert.Equal([9, 20, 2, 9], x[0].ToArray<double>());
        Assert.Contains("(3)", Assert.Throws<ShapeException>(() => x[new[] { 0, 1 }] = Tensor.Zeros(3)).Message);
    }
}
