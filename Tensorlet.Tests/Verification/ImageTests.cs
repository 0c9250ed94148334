namespace Tensorlet.Tests.Verification;

/// <summary>What the rows of the table do not cover about operations on images.</summary>
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
        { "padding below 0", () => F.Conv2d(V(1, 1, 4, 4), V(1, 1, 3, 3), padding: -1), "padding (-1, -1)" },
        { "padding below 0, in a layer", () => new Nn.Conv2d(1, 1, 3, padding: -1).Weight,
            "padding (-1, -1)" },
        { "padding below 0, spread", () => F.ConvTranspose1d(V(1, 1, 4), V(1, 1, 2), padding: -1), "padding (-1)" },
        { "same, spread", () => F.ConvTranspose1d(V(1, 1, 4), V(1, 1, 2), padding: F.Same), "padding" },
        { "padding below 0, in a pool", () => F.MaxPool1d(V(1, 1, 4), 2, padding: -1), "padding (-1)" },
        { "padding below 0, unfolded", () => F.Unfold(V(1, 1, 4, 4), 2, padding: -1), "padding (-1, -1)" },
        { "padding below 0, folded", () => F.Fold(V(1, 4, 4), 3, 2, padding: -1), "padding (-1, -1)" },
        { "stride 0", () => F.Conv1d(V(1, 1, 4), V(1, 1, 2), stride: 0), "stride (0)" },
        { "stride 0, spread", () => F.ConvTranspose1d(V(1, 1, 4), V(1, 1, 2), stride: 0), "stride (0)" },
        { "stride 0, in a pool", () => F.AvgPool2d(V(1, 1, 4, 4), 2, 0), "stride (0, 0)" },
        { "stride 0, unfolded", () => F.Unfold(V(1, 1, 4, 4), 2, stride: 0), "stride (0, 0)" },
        { "stride 0, folded", () => F.Fold(V(1, 4, 4), 3, 2, stride: 0), "stride (0, 0)" },
        { "dilation 0", () => F.Conv1d(V(1, 1, 4), V(1, 1, 2), dilation: 0), "dilation (0)" },
        { "dilation 0, in a pool", () => F.MaxPool1d(V(1, 1, 4), 2, dilation: 0), "dilation (0)" },
        { "window 0", () => F.Fold(V(1, 4, 4), 3, 0), "window (0, 0)" },
        { "window of nothing", () => F.Conv1d(V(1, 1, 4), V(1, 1, 0)), "window (0)" },
        { "groups", () => F.Conv1d(V(1, 2, 4), V(2, 1, 1), groups: 0), "0 groups" },
        { "no image", () => F.AdaptiveAvgPool2d(V(1, 0, 4), 2), "(1, 0, 4)" },
    };

    public static TheoryData<string> Devices => [.. Machines.All];

    const int Most = int.MaxValue;

    /// <summary>Sizes that only a long can hold: the error names each of them.</summary>
    public static TheoryData<string, Func<Variable>, string> TooLarge => new()
    {
        { "spread", () => F.ConvTranspose2d(V(1, 1, 4, 4), V(1, 1, 2, 2), stride: 1431655766), "4,294,967,300" },
        { "spread by dilation", () => F.ConvTranspose1d(V(1, 1, 4), V(1, 1, 3), dilation: Most), "4,294,967,298" },
        { "padding", () => F.Conv1d(V(1, 1, 4), V(1, 1, 2), padding: Most), "4,294,967,298" },
        { "padding 2 GiB", () => F.Conv2d(V(1, 1, 4, 4), V(1, 1, 2, 2), padding: 1 << 30), "2,147,483,652" },
        { "dilation", () => F.Conv1d(V(1, 1, 4), V(1, 1, 3), dilation: Most), "larger" },
        { "dilation, same", () => F.Conv1d(V(1, 1, 4), V(1, 1, 4), padding: F.Same, dilation: Most), "3,221,225,470" },
        { "window", () => F.MaxPool1d(V(1, 1, 4), Most, 1), "larger" },
        { "window and padding", () => F.MaxPool1d(V(1, 1, 4), Most, 1, Most / 2), "2,147,483,650" },
        { "pool's padding", () => F.MaxPool1d(V(1, 1, 4), 2, 1, 1 << 30), "half the window" },
        { "pool's dilation", () => F.MaxPool1d(V(1, 1, 4), 3, 1, dilation: 1 << 30), "larger" },
        { "unfold", () => F.Unfold(V(1, 1, 4, 4), 2, padding: Most), "4,294,967,298" },
        { "unfold, far apart", () => F.Unfold(V(1, 1, 4, 4), 3, dilation: Most), "larger" },
        { "fold", () => F.Fold(V(1, 4, 4), Most, 2, padding: 1), "2,147,483,649" },
        { "pad", () => F.Pad(V(4), [Most, Most]), "4,294,967,298" },
        { "pad by the edge", () => F.Pad(V(4), [Most, 1], PadMode.Replicate), "2,147,483,652" },
        { "resized", () => F.Interpolate(V(1, 1, 4, 4), (Most, 1)), "2,147,483,647" },
        { "resized, from one pixel", () => F.Interpolate(V(1, 1, 1, 1), (Most, 1), InterpolateMode.Bilinear), "bytes" },
        { "parts", () => F.AdaptiveAvgPool2d(V(1, 1, 4, 4), (Most, 1)), "2,147,483,647" },
        { "scaled", () => new Nn.Upsample(scaleFactor: 1e9).Call(V(1, 1, 4, 4)), "4,000,000,000" },
        { "repeated", () => V(65536, 0).Repeat(65536, 1), "4,294,967,296" },
        { "diagonal matrix", () => V(4).Diag(int.MinValue), "2,147,483,652" },
        { "joined", () => Variable.Cat([V(Most, 0), V(Most, 0)]), "4,294,967,294" },
        { "one-hot", () => F.OneHot(Tensor.From([(long)Most])), "2,147,483,648" },
    };

    [Theory, MemberData(nameof(TooLarge))]
    public void Sizes_that_do_not_fit_are_named(string _, Func<Variable> call, string says) =>
        Assert.Contains(says, Assert.Throws<ShapeException>(() => call()).Message);

    [Theory, MemberData(nameof(Devices))]
    public void Places_beyond_int_are_found(string device)
    {
        const int n = 60_000, o = 120_000;
        Variable x = Tensor.Arange(n, DType.Float64, Machines.Named(device)).Reshape(1, 1, 1, n);
        var twice = F.Interpolate(x, (1, o)).Data.ToArray<double>();
        Assert.Equal([0.0, 0, 1, 1, 35791, 35791, 35792], twice[..4].Concat(twice[71582..71585]));
        Assert.Equal([59999, 59999], twice[^2..]);
        // parts of 5/3 elements: 0 1, 1 2 3, 3 4, 5 6, …
        Variable y = Tensor.Arange(100_000, DType.Float64, Machines.Named(device)).Reshape(1, 1, 100_000, 1);
        var means = F.AdaptiveAvgPool2d(y, (n, 1)).Data.ToArray<double>();
        Assert.Equal([0.5, 2, 3.5, 5.5], means[..4]);
        Assert.Equal([99995.5, 99997, 99998.5], means[^3..]);
        Assert.Equal([1.0, 3, 4, 6], F.AdaptiveMaxPool2d(y, (n, 1)).Data.ToArray<double>()[..4]);
    }

    public static TheoryData<string, Func<Variable, Variable>, int[]> OfNoImages => new()
    {
        { "conv", x => F.Conv2d(x, V(2, 3, 3, 3), V(2)), [0, 2, 2, 3] },
        { "spread", x => F.ConvTranspose2d(x, V(3, 2, 3, 3), V(2)), [0, 2, 6, 7] },
        { "max pool", x => F.MaxPool2d(x, 2, padding: 1), [0, 3, 3, 3] },
        { "max pool, indices", x => F.MaxPool2dWithIndices(x, 2).Values, [0, 3, 2, 2] },
        { "average pool", x => F.AvgPool2d(x, 2, ceilMode: true, countIncludePad: false), [0, 3, 2, 3] },
        { "adaptive average", x => F.AdaptiveAvgPool2d(x, 3), [0, 3, 3, 3] },
        { "adaptive max", x => F.AdaptiveMaxPool2d(x, (2, 5)), [0, 3, 2, 5] },
        { "interpolate", x => F.Interpolate(x, 7), [0, 3, 7, 7] },
        { "bilinear", x => F.Interpolate(x, 7, InterpolateMode.Bilinear), [0, 3, 7, 7] },
        { "unfold", x => F.Unfold(x, 2), [0, 12, 12] },
        { "fold", x => F.Fold(x.Reshape(0, 12, 12), (4, 5), 2), [0, 3, 4, 5] },
        { "reflected", x => F.Pad(x, [1, 2], PadMode.Reflect), [0, 3, 4, 8] },
    };

    [Theory, MemberData(nameof(OfNoImages))]
    public void A_batch_of_none_gives_none(string _, Func<Variable, Variable> f, int[] shape)
    {
        var x = new Variable(Tensor.Zeros([0, 3, 4, 5], DType.Float64), requiresGrad: true);
        var y = f(x);
        Assert.Equal(shape, y.Size());
        y.Sum().Backward();
        Assert.Equal([0, 3, 4, 5], x.Grad!.Size());
    }

    [Theory, MemberData(nameof(Devices))]
    public void Windows_of_minus_infinity_point_into_the_image(string device)
    {
        var data = Tensor.Full([2, 1, 4, 4], double.NegativeInfinity, DType.Float64, Machines.Named(device));
        var x = new Variable(data, requiresGrad: true);
        var (y, at) = F.MaxPool2dWithIndices(x, 2, 2, 1);
        long[] places = [0, 1, 3, 4, 5, 7, 12, 13, 15];
        Assert.Equal([.. places, .. places], at.ToArray<long>());
        y.Sum().Backward();
        double[] slope = [1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1];
        Assert.Equal([.. slope, .. slope], x.Grad!.Data.ToArray<double>());
        // the first element of a dilated window is before the edge, and the next one after it
        var row = x[..1, .., ..1, ..3];
        Assert.Equal([1L], F.MaxPool2dWithIndices(row, (1, 3), 1, (0, 1), (1, 2)).Indices.ToArray<long>());
    }

    static Variable V(params int[] shape) => Tensor.Ones(shape, DType.Float64);

    [Theory, MemberData(nameof(Wrong))]
    public void Wrong_calls_say_what_is_wrong(string _, Func<Variable> call, string says) =>
        Assert.Contains(says, Assert.Throws<ShapeException>(() => call()).Message);
}
