namespace Tensorlet.Data;

/// <summary>
/// Cuts out the middle of an image. If the image is too small, it is first padded with zeros. The result has
/// <paramref name="size"/> rows and <paramref name="width"/> columns, or <paramref name="size"/> columns if no width
/// is given.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
public sealed class CenterCrop(int size, int? width = null) : Transform
{
    readonly (int H, int W) size = Sizes(nameof(CenterCrop), size, width ?? size);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        var (h, w) = size;
        var (down, across) = (Math.Max(0, h - x.Size(-2)), Math.Max(0, w - x.Size(-1)));
        x = x.Framed([down / 2, across / 2], [(down + 1) / 2, (across + 1) / 2], 0);
        // half of an odd difference is rounded to even, as in Python
        return x.Narrow(-2, (int)Math.Round((x.Size(-2) - h) / 2.0), h)
            .Narrow(-1, (int)Math.Round((x.Size(-1) - w) / 2.0), w);
    }
}

/// <summary>
/// Cuts out a part of an image at a random position. The image is first padded with <paramref name="padding"/> zeros at
/// each of its four edges. The result has <paramref name="size"/> rows and <paramref name="width"/> columns, or
/// <paramref name="size"/> columns if no width is given.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding is negative.</exception>
public sealed class RandomCrop(int size, int? width = null, int padding = 0) : Transform
{
    readonly (int H, int W) size = Sizes(nameof(RandomCrop), size, width ?? size);
    readonly int[] frame = [padding.In(nameof(RandomCrop), 0), padding];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random) =>
        Piece(x.Framed(frame, frame, 0), size.H, size.W, random);

    /// <summary>Returns a view of h × w pixels at a random position.</summary>
    internal static Tensor Piece(Tensor x, int h, int w, Generator random) => h <= x.Size(-2) && w <= x.Size(-1)
        ? x.Narrow(-2, random.Next(x.Size(-2) - h + 1), h).Narrow(-1, random.Next(x.Size(-1) - w + 1), w)
        : throw new ShapeException($"RandomCrop: ({h}, {w}) is larger than the image of shape {x.Layout}. Pad it.");
}

/// <summary>With probability <paramref name="p"/>, reverses the axis <paramref name="dim"/> of an image.</summary>
public abstract class RandomFlip(int dim, double p) : Transform
{
    readonly double probability = p.In(nameof(RandomFlip), 0, 1);

    /// <inheritdoc/>
    protected sealed override Tensor Forward(Tensor x, Generator random) =>
        random.NextDouble() < probability ? x.Flip(dim) : x;
}

/// <summary>With probability <paramref name="p"/>, swaps left and right in an image.</summary>
public sealed class RandomHorizontalFlip(double p = 0.5) : RandomFlip(-1, p);

/// <summary>With probability <paramref name="p"/>, swaps top and bottom in an image.</summary>
public sealed class RandomVerticalFlip(double p = 0.5) : RandomFlip(-2, p);

/// <summary>
/// With probability <paramref name="p"/>, sets a rectangle at a random position to <paramref name="value"/>. The share
/// of the image that the rectangle covers is sampled uniformly from the range <paramref name="scale"/>. The logarithm
/// of height/width is sampled uniformly between the logarithms of the limits of <paramref name="ratio"/>. If the
/// rectangle is at least as high or at least as wide as the image, another rectangle is sampled. If this happens ten
/// times, the image is not changed (Zhong et al. 2017).
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">The probability is not between 0 and 1; or a limit of the scale is not
/// between 0 and 1; or a limit of the ratio is not positive; or the maximum of a range is below its
/// minimum.</exception>
public sealed class RandomErasing(double p = 0.5, (double Min, double Max)? scale = null,
    (double Min, double Max)? ratio = null, double value = 0) : Transform
{
    const string Name = nameof(RandomErasing);
    readonly (double P, double Value) with = (p.In(Name, 0, 1), value.In(Name));
    readonly (double Min, double Max) area = (scale ?? (0.02, 0.33)).In(Name, 0, 1, nameof(scale)),
        shape = (ratio ?? (0.3, 3.3)).In(Name, double.Epsilon, double.MaxValue, nameof(ratio));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        if (random.NextDouble() >= with.P) return x;
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var pixels = x.Size(-2) * x.Size(-1) * Uniform(random, area.Min, area.Max);
            var aspect = Math.Exp(Uniform(random, Math.Log(shape.Min), Math.Log(shape.Max)));
            var (h, w) = ((int)Math.Round(Math.Sqrt(pixels * aspect)), (int)Math.Round(Math.Sqrt(pixels / aspect)));
            if (h >= x.Size(-2) || w >= x.Size(-1)) continue;
            var y = x.Clone();
            RandomCrop.Piece(y, h, w, random).Fill_(with.Value);
            return y;
        }
        return x;
    }
}
