using Tensorlet.Nn;

namespace Tensorlet.Data;

/// <summary>
/// A function that transforms an image with values between 0 and 1. The shape of the image is (C, H, W), where C, H and
/// W are the numbers of channels, rows and columns. N images can be transformed together, as a tensor of shape (N, C,
/// H, W); then all of them are transformed in the same way. Random numbers come from the generator that is passed to
/// <see cref="Apply"/>. The given image itself is not changed.
/// </summary>
public abstract class Transform
{
    /// <summary>Returns the transformed image.</summary>
    /// <param name="x">One image of shape (C, H, W), or N images as a tensor of shape (N, C, H, W).</param>
    /// <param name="random">The generator of random numbers; the default generator if not given.</param>
    /// <exception cref="ShapeException">The tensor does not have 3 or 4 axes; or the transform does not accept the
    /// number of channels; or the image is too small.</exception>
    /// <exception cref="DTypeException">The elements of the image are integers or Booleans.</exception>
    public Tensor Apply(Tensor x, Generator? random = null)
    {
        x.Given().OnlyFloat(GetType().Name);
        if (x.Rank is not (3 or 4)) throw new ShapeException(
            $"{GetType().Name}: takes images (C, H, W) or (N, C, H, W), not shape {x.Layout}. Reshape it first.");
        return Forward(x, random ?? Generator.Default);
    }

    /// <summary>Transforms the first tensor of a sample, which is the image, and returns the changed sample.</summary>
    internal Tensor[] OfSample(Tensor[] sample, Generator random) => [Apply(sample[0], random), .. sample[1..]];

    /// <summary>
    /// Computes the transformed image. <see cref="Apply"/> checks its arguments and then calls this method.
    /// </summary>
    protected abstract Tensor Forward(Tensor x, Generator random);

    /// <summary>
    /// Converts the bytes of an image to a Float32 tensor of shape (C, H, W) with values between 0 and 1, where C, H
    /// and W are the numbers of channels, rows and columns. The bytes are in the order (H, W, C), in which decoders
    /// return them.
    /// </summary>
    /// <exception cref="ShapeException">The number of bytes is not H·W·C.</exception>
    public static Tensor ToTensor(ReadOnlySpan<byte> pixels, int height, int width, int channels = 3)
    {
        var values = new float[pixels.Length];
        for (var i = 0; i < values.Length; i++) values[i] = pixels[i] / 255f;
        return Tensor.From(values, [height, width, channels]).Permute(2, 0, 1).Contiguous();
    }

    private protected static double Uniform(Generator random, double low, double high) =>
        low + (high - low) * random.NextDouble();

    private protected static (int, int) Sizes(string operation, int size, int width) =>
        (size.In(operation, 1), width.In(operation, 1));
}

/// <summary>Applies several transforms, one after another.</summary>
public sealed class Compose(params Transform[] transforms) : Transform
{
    readonly Transform[] transforms = transforms.Given();

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random) =>
        transforms.Aggregate(x, (image, transform) => transform.Apply(image, random));
}

/// <summary>
/// Computes (x − mean)/std for each channel of an image x. <paramref name="mean"/> and <paramref name="std"/> have
/// either one number for each channel or a single number for all channels.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A mean is not finite, or a standard deviation is not
/// positive.</exception>
public sealed class Normalize(double[] mean, double[] std) : Transform
{
    readonly double[] middle = [.. mean.Given().Select(m => m.In(nameof(Normalize), name: nameof(mean)))],
        deviation = [.. std.Given().Select(s => s.In(nameof(Normalize), double.Epsilon, name: nameof(std)))];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        return (x - Channels(middle)) / Channels(deviation);

        Tensor Channels(double[] values) => values.Length == 1 || values.Length == x.Size(-3)
            ? Tensor.From(values, [values.Length, 1, 1]).To(x.DType).To(x.Device) : throw new ShapeException(
                $"Normalize: shape {x.Layout} has {x.Size(-3)} channels, but {values.Length} numbers were given.");
    }
}

/// <summary>
/// Resizes images by bilinear interpolation, without a low-pass filter (like torchvision with antialias=False). If
/// <paramref name="width"/> is given, <paramref name="size"/> is the height. Otherwise, <paramref name="size"/> is the
/// length of the shorter edge. The length of the longer edge is then computed so that the ratio of the edges stays the
/// same; this length is rounded down.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
public sealed class Resize(int size, int? width = null) : Transform
{
    readonly (int H, int W) size = Sizes(nameof(Resize), size, width ?? size);
    readonly bool keepsRatio = width is null;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        var (h, w) = (x.Size(-2), x.Size(-1));
        var target = !keepsRatio ? size
            : h <= w ? (size.H, (int)((long)size.H * w / h)) : ((int)((long)size.H * h / w), size.H);
        return target == (h, w) ? x : F.Interpolate(new(x), target, InterpolateMode.Bilinear).Data;
    }
}
