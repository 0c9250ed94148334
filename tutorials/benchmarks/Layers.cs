using Tensorlet;
using TorchSharp;
using static Benchmarks.Differentiable;
using Functional = TorchSharp.torch.nn.functional;

namespace Benchmarks;

/// <summary>The computations of layers.</summary>
static class Layers
{
    const int Channels = 32, Width = 256; // of images, and of rows
    static readonly int[] image = [16, Channels, 32, 32], channel = [Channels], row = [Width];

    public static IEnumerable<Row> Rows =>
    [
        .. Convolution("1x1", 1),
        .. Convolution("3x3", 3),
        .. Convolution("5x5-stride-2", 5, stride: 2),
        .. Convolution("depthwise-3x3", 3, groups: Channels),
        .. Rows("batch-norm", "", [image, channel, channel], BatchNorm),
        .. Rows("group-norm", "", [image, channel, channel], v => F.GroupNorm(v[0], 8, v[1], v[2]),
            v => Functional.group_norm(v[0], 8, v[1], v[2])),
        .. from size in Sizes
           from made in Rows("layer-norm", size.Name, [size.Shape, row, row],
               v => F.LayerNorm(v[0], row, v[1], v[2]), v => Functional.layer_norm(v[0], [Width], v[1], v[2]))
           select made,
        .. from size in Sizes
           from made in Rows("rms-norm", size.Name, [size.Shape, row], v => F.RmsNorm(v[0], row, v[1], Epsilon),
               RmsNorm)
           select made,
        .. Rows("max-pool", "", [image], v => F.MaxPool2d(v[0], 2), v => Functional.max_pool2d(v[0], 2)),
        .. Rows("avg-pool", "", [image], v => F.AvgPool2d(v[0], 2), v => Functional.avg_pool2d(v[0], 2)),
        .. Rows("embedding", "", [[1000, 128]], Embedding),
    ];

    /// <summary>Matrices of rows of 256 numbers.</summary>
    public static IEnumerable<(string Name, int[] Shape)> Sizes => from size in Operands.Sizes
        where size.Name != "16"
        select (size.Name, (int[])[size.Count / Width, Width]);

    static IEnumerable<Row> Convolution(string name, int kernel, int stride = 1, int groups = 1) => Rows("conv", name,
        [image, [Channels, Channels / groups, kernel, kernel], channel],
        v => F.Conv2d(v[0], v[1], v[2], stride, padding: kernel / 2, groups: groups),
        v => Functional.conv2d(v[0], v[1], v[2], [stride, stride], [kernel / 2, kernel / 2], groups: groups));

    static Definition BatchNorm()
    {
        var (mean, variance) = (Tensor.Zeros(channel), Tensor.Ones(channel));
        var (torchMean, torchVariance) = (torch.zeros(Channels), torch.ones(Channels));
        return new(v => F.BatchNorm(v[0], mean, variance, v[1], v[2], training: true),
            v => Functional.batch_norm(v[0], torchMean, torchVariance, v[1], v[2], training: true));
    }

    const double Epsilon = 1e-5;
    static readonly Scalar epsilon = Epsilon;

    /// <summary>TorchSharp has no name for libtorch's own, so this is composed as a user would.</summary>
    static torch.Tensor RmsNorm(torch.Tensor[] v)
    {
        using var squares = v[0] * v[0];
        using var mean = squares.mean([-1], keepdim: true);
        using var shifted = mean + epsilon;
        using var factors = shifted.rsqrt();
        using var scaled = v[0] * factors;
        return scaled * v[1];
    }

    static Definition Embedding()
    {
        var (places, torchPlaces) = Operands.Labels(3, 4096, 1000);
        return new(v => F.Embedding(places, v[0]), v => v[0].index_select(0, torchPlaces));
    }
}
