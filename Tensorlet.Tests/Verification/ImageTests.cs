namespace Tensorlet.Tests.Verification;

/// <summary>What the rows of the table do not say about operations on images.</summary>
public class ImageTests
{
    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(1, 1, false)]
    [InlineData(1, 2, true)]
    public void The_indices_of_max_pooling_lead_to_its_values(int padding, int dilation, bool ceil)
    {
        var x = Tensor.Randn([2, 3, 7, 8], DType.Float64, generator: new Generator(2));
        var (values, indices) = F.MaxPool2dWithIndices(x, 3, 2, padding, dilation, ceil);
        Assert.Equal(values.Size(), indices.Size());
        var picked = x.Reshape(2, 3, -1).Gather(2, indices.Reshape(2, 3, -1)).Reshape(values.Size());
        Assert.Equal(values.Data.ToArray<double>(), picked.ToArray<double>());
    }

    [Fact]
    public void A_transposed_convolution_is_the_adjoint_of_a_convolution()
    {
        var generator = new Generator(3);
        var (x, w) = (Tensor.Randn([2, 4, 7, 6], DType.Float64, generator: generator),
            Tensor.Randn([6, 2, 3, 2], DType.Float64, generator: generator));
        var y = F.Conv2d(x, w, stride: 2, padding: 1, groups: 2);
        var g = Tensor.Randn(y.Size(), DType.Float64, generator: generator);
        var back = F.ConvTranspose2d(g, w, stride: 2, padding: 1, outputPadding: (0, 0), groups: 2);
        // 7 rows give 4, and these 7 again; 6 columns give 4, and these 6 again
        Assert.Equal(x.Size(), back.Size());
        Assert.Equal((y.Data * g).Sum().Item(), (x * back.Data).Sum().Item(), 1e-9);
    }

    public static TheoryData<string, Func<Variable>, string> Wrong => new()
    {
        { "rank", () => F.Conv1d(V(2, 3), V(4, 3, 2)), "Unsqueeze(0)" },
        { "channels", () => F.Conv3d(V(1, 3, 4, 4, 4), V(4, 2, 2, 2, 2)), "3 channels against 2" },
        { "transposed channels", () => F.ConvTranspose2d(V(1, 3, 4, 4), V(4, 2, 2, 2)), "3 channels against 4" },
        { "same with stride", () => F.Conv1d(V(1, 1, 4), V(1, 1, 2), stride: 2, padding: F.Same), "stride 1" },
        { "output padding", () => F.ConvTranspose1d(V(1, 1, 4), V(1, 1, 2), outputPadding: 1), "output padding (1)" },
        { "window", () => F.MaxPool1d(V(1, 1, 2), 3), "larger" },
        { "padding", () => F.AvgPool1d(V(1, 1, 4), 2, padding: 2), "half the window" },
        { "size", () => F.AdaptiveAvgPool2d(V(1, 4, 4), 0), "(0, 0)" },
        { "columns", () => F.Fold(V(1, 5, 4), 3, 2), "(1, 5, 4)" },
    };

    static Variable V(params int[] shape) => Tensor.Ones(shape, DType.Float64);

    [Theory, MemberData(nameof(Wrong))]
    public void Wrong_calls_say_what_is_wrong(string _, Func<Variable> call, string says) =>
        Assert.Contains(says, Assert.Throws<ShapeException>(() => call()).Message);
}
