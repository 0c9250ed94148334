namespace Tensorlet.Tests.Verification;

/// <summary>Float32 compared with Float64 in long sums, at sizes from a thousand to ten million.</summary>
public class AccuracyTests
{
    public static TheoryData<int> Sizes => [1_000, 30_000, 1_000_000, 10_000_000];

    static (Tensor Narrow, Tensor Wide) Numbers(int n, double low = 0)
    {
        var x = Tensor.Rand([n], DType.Float32, generator: new Generator(n)) + low;
        return (x, x.To(DType.Float64));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_sum_is_right_to_a_millionth_of_all_that_is_added(int n)
    {
        var (x, wide) = Numbers(n, -0.5);
        var (error, size) = (x.Sum().Item() - wide.Sum().Item(), ((Variable)wide).Abs().Sum().Item());
        Assert.True(Math.Abs(error) <= 1e-6 * size, $"{error / size}");
        Assert.Equal(wide.Mean().Item(), x.Mean().Item(), 1e-6);
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_sum_along_either_axis_too(int n)
    {
        var (x, wide) = Numbers(n / 100 * 100);
        foreach (var axis in (int[])[0, 1])
        {
            double[] a = x.Reshape(-1, 100).Sum([axis]).ToArray<double>(),
                b = wide.Reshape(-1, 100).Sum([axis]).ToArray<double>();
            Assert.All(a.Zip(b), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-6 * p.Second));
        }
    }

    [Fact]
    public void A_tenth_added_2_to_the_24_times() =>
        Assert.Equal((1 << 24) * (double)0.1f, Tensor.Full([1 << 24], 0.1).Sum().Item(), 2.0);

    public static TheoryData<string> Devices => [.. Machines.All];

    [Theory, MemberData(nameof(Devices))]
    public void The_exponential_of_0_is_1_at_every_place(string device)
    {
        foreach (var type in (DType[])[DType.Float32, DType.Float64])
        {
            Variable zero = Tensor.Zeros([37], type, Machines.Named(device));
            Assert.All(zero.Exp().Data.ToArray<double>(), y => Assert.Equal(1, y));
            Assert.All(zero.Sigmoid().Data.ToArray<double>(), y => Assert.Equal(0.5, y));
        }
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_variance_far_from_0_keeps_its_digits(int n)
    {
        var (x, wide) = Numbers(n, 100);
        Assert.Equal(((Variable)wide).Var().Item(), ((Variable)x).Var().Item(), 1e-6);
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_product_of_matrices_with_a_long_sum(int n)
    {
        var (x, wide) = Numbers(n);
        var (y, wideY) = (x.Flip(0), wide.Flip(0));
        double[] sizes = [Tensor.MatMul(x, y).Item(), Tensor.MatMul(wide, wideY).Item()];
        Assert.True(Math.Abs(sizes[0] - sizes[1]) <= 1e-6 * sizes[1], $"{sizes[0]} {sizes[1]}");
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_softmax(int n)
    {
        var (x, wide) = Numbers(n);
        double[] y = ((Variable)(x * 10)).Softmax(0).Data.ToArray<double>(),
            right = ((Variable)(wide * 10)).Softmax(0).Data.ToArray<double>();
        Assert.Equal(1, y.Sum(), 1e-6);
        for (var i = 0; i < n; i += Math.Max(1, n / 1000))
            Assert.True(Math.Abs(y[i] - right[i]) <= 3e-6 * right[i], $"{i}: {y[i]} {right[i]}");
    }
}
