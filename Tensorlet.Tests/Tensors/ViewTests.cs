using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class ViewTests
{
    /// <summary>A view of windows has more elements than can be counted; none of them is written.</summary>
    [Fact]
    public void Windows_may_be_more_than_memory_holds()
    {
        var x = Tensor.Ones(1, 1, 512, 512).Expand(16, 64, 512, 512);
        var windows = x.Windows(2, 3).Windows(3, 3);
        Assert.Throws<ShapeException>(() => windows.Numel);
        Assert.Equal(9, windows[7, 63, 0, 509].Sum().Item());
        Assert.Throws<ShapeException>(() => windows.Contiguous());
        Assert.Throws<ShapeException>(() => Tensor.Ones(1).Expand(1 << 16, 1 << 16));
        x = Tensor.Ones(1, 1, 64, 64).Expand(64, 64, 64, 64);
        var y = F.Conv2d(x, Tensor.Ones(1, 64, 15, 15)).Data;
        Assert.Equal((64 * 15 * 15.0, 64 * 15 * 15.0), (y.AMin().Item(), y.AMax().Item()));
    }

    static readonly Tensor x = Tensor.Arange(24).Reshape(2, 3, 4);

    /// <summary>A view of 0 … 23 in shape (2, 3, 4), its shape and its first numbers.</summary>
    public static TheoryData<Func<Tensor>, int[], long[]> Views => new()
    {
        { () => x.View(24), [24], [0, 1, 2] },
        { () => x.View(-1, 8), [3, 8], [0, 1, 2] },
        { () => x.View(4, -1, 2), [4, 3, 2], [0, 1, 2] },
        { () => x.View(2, 1, 12, 1), [2, 1, 12, 1], [0, 1, 2] },
        { () => x[.., 1..].View(2, 8), [2, 8], [4, 5, 6, 7, 8, 9, 10, 11, 16] },
        { () => x.Transpose(0, 1).View(3, 2, 2, 2), [3, 2, 2, 2], [0, 1, 2, 3, 12] },
        { () => x.Expand(5, 2, 3, 4).View(5, 6, 4), [5, 6, 4], [0, 1, 2] },
        { () => x.Permute(2, 0, 1), [4, 2, 3], [0, 4, 8, 12, 16, 20, 1] },
        { () => x.Permute(-1, 0, 1), [4, 2, 3], [0, 4, 8, 12, 16, 20, 1] },
        { () => x.Transpose(0, -1), [4, 3, 2], [0, 12, 4, 16] },
        { () => x.T, [2, 4, 3], [0, 4, 8, 1] },
        { () => x[0, 0].Unsqueeze(1).Expand(4, 2), [4, 2], [0, 0, 1, 1, 2] },
        { () => x.Unsqueeze(0).Expand(3, -1, -1, -1), [3, 2, 3, 4], [0, 1, 2] },
        { () => x.Narrow(1, 1, 2), [2, 2, 4], [4, 5, 6, 7, 8, 9, 10, 11, 16] },
        { () => x.Narrow(1, -2, 2), [2, 2, 4], [4, 5, 6, 7, 8, 9, 10, 11, 16] },
        { () => x.Diagonal(int.MinValue), [4, 0], [] },
        { () => x.Diagonal(int.MaxValue), [4, 0], [] },
        { () => x.Slice(2, int.MinValue, int.MaxValue, int.MaxValue), [2, 3, 1], [0, 4, 8] },
        { () => x.Split(int.MaxValue, dim: 1)[0], [2, 3, 4], [0, 1] },
        { () => x.Chunk(int.MaxValue, dim: 1)[2], [2, 1, 4], [8, 9] },
        { () => x[0, 0, ..1].Expand(int.MaxValue).Split(1_500_000_000)[1], [647_483_647], null! },
        { () => x.Select(1, -1), [2, 4], [8, 9, 10, 11, 20] },
        { () => x.Slice(2, 1, 4, 2), [2, 3, 2], [1, 3, 5, 7, 9, 11, 13] },
        { () => x.Slice(2, -3, -1), [2, 3, 2], [1, 2, 5, 6] },
        { () => x.Slice(2, 0, 4, 3), [2, 3, 2], [0, 3, 4, 7] },
        { () => x.Slice(2, 2, 99), [2, 3, 2], [2, 3, 6, 7] },
        { () => x.Slice(2, 1, 4, int.MaxValue), [2, 3, 1], [1, 5, 9] },
        { () => x.Slice(1, 2, 1), [2, 0, 4], [] },
        { () => x.Windows(2, 2), [2, 3, 3, 2], [0, 1, 1, 2, 2, 3, 4, 5] },
        { () => x.Windows(2, 2, stride: 2), [2, 3, 2, 2], [0, 1, 2, 3] },
        { () => x.Windows(-1, 2, dilation: 3), [2, 3, 1, 2], [0, 3, 4, 7] },
        { () => x.Windows(0, 2), [1, 3, 4, 2], [0, 12, 1, 13] },
        { () => x.Diagonal(0, -2, -1), [2, 3], [0, 5, 10, 12, 17, 22] },
        { () => x.Unsqueeze(0).Unsqueeze(-1), [1, 2, 3, 4, 1], [0, 1] },
        { () => x.Unsqueeze(1).Squeeze(1), [2, 3, 4], [0, 1] },
        { () => x.Unsqueeze(1).Unsqueeze(0).Squeeze(), [2, 3, 4], [0, 1] },
        { () => x.Squeeze(0), [2, 3, 4], [0, 1] },
        { () => x.Split(2, dim: 1)[1], [2, 1, 4], [8, 9, 10, 11, 20] },
        { () => x.Chunk(3, dim: 2)[1], [2, 3, 2], [2, 3, 6, 7] },
        { () => x[0, 0, 0].View(1, 1), [1, 1], [0] },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public void View_has_its_shape_and_numbers_and_shares_memory(Func<Tensor> view, int[] shape, long[] numbers)
    {
        var y = view();
        Assert.Equal(shape, y.Size());
        Assert.Same(x.Storage, y.Storage);
        if (numbers is null) return;                        // too many to look at
        Assert.Equal(numbers, y.ToArray<long>()[..numbers.Length]);
        Assert.Equal(y.ToArray<long>(), y.Clone().ToArray<long>());
        Assert.True(y.Clone().IsContiguous);
    }

    [Theory, Devices]
    public void Copies(string device)
    {
        var y = Tensor.Arange(6, device: Named(device)).Reshape(2, 3);
        Assert.Equal([0L, 3, 1, 4, 2, 5], y.T.Reshape(6).ToArray<long>());
        Assert.Equal([2L, 1, 0, 5, 4, 3], y.Flip(1).ToArray<long>());
        Assert.Equal([5L, 4, 3, 2, 1, 0], y.Flip().ToArray<long>());
        Assert.Equal([0L, 1, 2, 3, 4, 5, 3, 4, 5], Tensor.Cat([y, y[1..]]).ToArray<long>());
        Assert.Equal([0L, 1, 2, 2, 3, 4, 5, 5], Tensor.Cat([y, y[.., 2..]], -1).ToArray<long>());
        Assert.Equal([0L, 1, 2, 3, 4, 5], Tensor.Cat([y[..0], y]).ToArray<long>());
        Assert.Equal([2, 2, 3], Tensor.Stack([y, y]).Size());
        Assert.Equal([0L, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], Tensor.Stack([y, y], -1).ToArray<long>());
        Assert.Equal([0L, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5], Tensor.Stack([y, y], 1).ToArray<long>());
        Assert.NotSame(y.Storage, y.Flip(0).Storage);
    }

    [Theory]
    [InlineData(5, 2, new[] { 3, 2 })]
    [InlineData(6, 4, new[] { 2, 2, 2 })]
    [InlineData(2, 5, new[] { 1, 1 })]
    [InlineData(0, 2, new[] { 0 })]
    [InlineData(3, int.MaxValue, new[] { 1, 1, 1 })]
    public void Chunks(int size, int chunks, int[] expected) =>
        Assert.Equal(expected, Tensor.Zeros(size).Chunk(chunks).Select(t => t.Numel));

    [Fact]
    public void Writing_to_a_view_writes_to_its_tensor()
    {
        var y = Tensor.Zeros(2, 3);
        y.T[1].Copy_(Tensor.From(new[] { 5f, 6f }));
        y.View(6).Slice(0, 0, 6, 5).Add_(1);
        y.Diagonal().Mul_(10);
        Assert.Equal([10f, 5, 0, 0, 60, 1], y.ToArray<float>());
    }

    [Fact]
    public void Shifts_of_any_size()
    {
        Variable row = Tensor.Arange(3, DType.Float64);
        Assert.Equal([2.0, 0, 1], row.Roll(int.MinValue, 0).Data.ToArray<double>());        // −2³¹ is 1 more than 3k
        Assert.Equal([2.0, 0, 1], row.Roll(int.MaxValue, 0).Data.ToArray<double>());
    }

    [Fact]
    public void An_axis_of_a_number_is_folded_to_itself()
    {
        Variable x = Tensor.Scalar(-5, DType.Float64);
        Func<int, Variable>[] folds = [a => x.Sum(a), a => x.Mean(a), a => x.Prod(a), a => x.AMax([a], keepdim: true),
            a => x.AMin([a]), a => -x.Norm(2, [a]), a => x.LogSumExp([a]), a => x.Data.ArgMax(a).To(DType.Float64) - 5];
        foreach (var fold in folds)
            foreach (var axis in new[] { 0, -1 })
                Assert.Equal((-5, 0), (fold(axis).Item(), fold(axis).Rank));
    }

    [Fact]
    public void Nothing_and_one()
    {
        Assert.Equal([3, 0], Tensor.Zeros(0, 3).Reshape(3, -1).Size());
        Assert.Equal([0], Tensor.Zeros(0, 3).View(-1).Size());
        Assert.Equal([], Tensor.Zeros(1, 1).View([]).Size());
        Assert.Equal([1], Tensor.Scalar(5).View(-1).Size());
        Assert.Equal([], Tensor.Scalar(5).Permute().Size());
        Assert.Equal([2, 2], Tensor.Scalar(5).Expand(2, 2).Size());
        Assert.Equal([0], Tensor.Scalar(5).Expand(0).Size());
        Assert.Equal(5, Tensor.Scalar(5).Expand(2, 2)[1, 1].Item());
        Assert.Equal([0, 2], Tensor.Zeros(0, 2, 2).Diagonal(0, 1, 2).Size());
    }
}
