using Tensorlet.Nn;

namespace Tensorlet.Tests.Networks;

public class InitTests
{
    static Variable W(params int[] shape) => new(Tensor.Zeros(shape, DType.Float64), requiresGrad: true);
    static Generator Seeded => new(7);

    static void Uniform(Variable w, double bound)
    {
        var values = w.Data.ToArray<double>();
        Assert.InRange(values.Max(), bound * 0.98, bound);
        Assert.InRange(values.Min(), -bound, -bound * 0.98);
        Assert.InRange(Math.Abs(values.Average()), 0, bound * 0.05);
    }

    static void Normal(Variable w, double deviation)
    {
        var values = w.Data.ToArray<double>();
        Assert.InRange(Math.Sqrt(values.Average(v => v * v)), deviation * 0.95, deviation * 1.05);
        Assert.InRange(Math.Abs(values.Average()), 0, deviation * 0.1);
        Assert.Contains(values, v => Math.Abs(v) > 2.5 * deviation);
    }

    [Fact]
    public void Glorot_and_He_keep_the_scale()
    {
        Uniform(Init.XavierUniform_(W(60, 40), 2, Seeded), 2 * Math.Sqrt(6.0 / 100));
        Normal(Init.XavierNormal_(W(60, 40), 2, Seeded), 2 * Math.Sqrt(2.0 / 100));
        Uniform(Init.KaimingUniform_(W(60, 40), generator: Seeded), Math.Sqrt(6.0 / 40));
        Uniform(Init.KaimingUniform_(W(60, 40), 0.2, FanMode.FanOut, generator: Seeded), Math.Sqrt(6 / 1.04 / 60));
        Normal(Init.KaimingNormal_(W(60, 4, 3, 3), 0, FanMode.FanIn, Nonlinearity.ReLU, Seeded), Math.Sqrt(2.0 / 36));
        Assert.Contains("(5)", Assert.Throws<ShapeException>(() => Init.XavierUniform_(W(5))).Message);
    }

    [Fact]
    public void Gains_are_PyTorchs()
    {
        Assert.Equal([1, 1, 5.0 / 3, Math.Sqrt(2), Math.Sqrt(2 / 1.0001), 0.75],
            Enum.GetValues<Nonlinearity>().Select(n => Init.CalculateGain(n)));
    }

    [Fact]
    public void An_orthogonal_matrix_is_one()
    {
        foreach (var shape in (int[][])[[4, 4], [3, 5], [5, 3], [3, 2, 2]])
        {
            var w = Init.Orthogonal_(W(shape), 2, Seeded).Data.Reshape(shape[0], -1);
            var product = shape[0] <= w.Size(1) ? Tensor.MatMul(w, w.T) : Tensor.MatMul(w.T, w);
            var difference = product - Tensor.Eye(product.Size(0), dtype: DType.Float64) * 4;
            Assert.True(((Variable)difference).Abs().Max().Item() < 1e-12);
        }
    }

    [Fact]
    public void Identity_of_matrices_and_filters()
    {
        Assert.Equal([1, 0, 0, 0, 1, 0], Init.Eye_(W(2, 3)).Data.ToArray<double>());
        var x = Tensor.Randn([1, 4, 5, 5], DType.Float64, generator: Seeded);
        foreach (var groups in (int[])[1, 2])
            Assert.Equal(x.ToArray<double>(), F.Conv2d(x, Init.Dirac_(W(4, 4 / groups, 3, 3), groups), padding: 1,
                groups: groups).Data.ToArray<double>());
        Assert.Throws<ShapeException>(() => Init.Dirac_(W(2, 2)));
    }

    [Fact]
    public void A_truncated_normal_stays_within()
    {
        var values = Init.TruncNormal_(W(10_000), 1, 2, 0, 3, Seeded).Data.ToArray<double>();
        Assert.All(values, v => Assert.InRange(v, 0, 3));
        // the mean of a normal number between −½ and 1 standard deviations: μ + σ·(φ(a) − φ(b))/(Φ(b) − Φ(a))
        Assert.Equal(1 + 2 * (0.3520653 - 0.2419707) / (0.8413447 - 0.3085375), values.Average(), 0.02);
    }

    [Fact]
    public void A_sparse_matrix_has_zeros_in_each_column()
    {
        var w = Init.Sparse_(W(10, 4), 0.25, generator: Seeded).Data;
        Assert.All(w.CountNonzero([0]).ToArray<long>(), count => Assert.Equal(7, count));
    }

    [Fact]
    public void Numbers()
    {
        Assert.Equal(6, Init.Ones_(W(2, 3)).Data.Sum().Item());
        Assert.Equal(3, Init.Constant_(W(2), 1.5).Data.Sum().Item());
        Assert.Equal(0, Init.Zeros_(Init.Ones_(W(2))).Data.Sum().Item());
        Uniform(Init.Uniform_(W(1000), -2, 2, Seeded), 2);
        Normal(Init.Normal_(W(2000), 0, 3, Seeded), 3);
    }
}
