namespace Tensorlet.Tests.Tensors;

/// <summary>Floats are reduced in double precision, from the first to the last step.</summary>
public class AccumulatorTests
{
    public static TheoryData<int> Counts => [3, 100, 1000, 70_000];

    [Theory, MemberData(nameof(Counts))]
    public void A_mean_of_large_numbers_does_not_overflow(int count)
    {
        foreach (var shape in (int[][])[[count], [1, count], [count, 1], [2, count]])
        {
            var x = Tensor.Full(shape, 3e38);
            Assert.All(x.Mean().Reshape(-1).ToArray<float>(), mean => Assert.Equal(3e38f, mean));
            Assert.All(x.Mean([0]).Reshape(-1).ToArray<float>(), mean => Assert.Equal(3e38f, mean));
            Assert.All(x.Mean([-1]).Reshape(-1).ToArray<float>(), mean => Assert.Equal(3e38f, mean));
        }
    }

    [Theory]
    [InlineData(1e20, 1e19)]
    [InlineData(0, 1e-30)]
    [InlineData(0, 1e30)]
    public void A_deviation_neither_overflows_nor_vanishes(double mean, double spread)
    {
        var normal = Tensor.Randn([1000], DType.Float64, generator: new Generator(1)) * spread + mean;
        var expected = new Variable(normal).Std().Item();
        var x = new Variable(normal.To(DType.Float32), requiresGrad: true);
        Assert.Equal(1, x.Std().Item() / expected, 1e-5);
        Assert.Equal(1, x.Norm().Item() / new Variable(normal).Norm().Item(), 1e-5);
        x.Std().Backward();
        Assert.All(x.Grad!.Data.ToArray<float>(), g => Assert.True(float.IsFinite(g)));
        Assert.True(x.Grad!.Norm().Item() > 0.01);
    }

    [Fact]
    public void A_sum_of_a_million_positive_numbers_is_exact_to_the_last_digits()
    {
        var random = Tensor.Rand([1_000_000], generator: new Generator(1));
        foreach (var x in (Tensor[])[random, Tensor.Full([1_000_000], 0.1)])
        {
            var exact = (float)x.ToArray<float>().Sum(v => (double)v);
            foreach (var sum in (float[])[(float)x.Sum().Item(), x.Reshape(1, -1).Sum([1]).ToArray<float>()[0],
                x.Reshape(-1, 1).Sum([0]).ToArray<float>()[0], (float)x.Reshape(1000, 1000).T.Sum().Item()])
                Assert.InRange(sum, exact - 2 * (MathF.BitIncrement(exact) - exact),
                    exact + 2 * (MathF.BitIncrement(exact) - exact));
        }
    }
}
