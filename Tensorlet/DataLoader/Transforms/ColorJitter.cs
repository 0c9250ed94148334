namespace Tensorlet.Data;

/// <summary>
/// Multiplies brightness, contrast and saturation by factors in [max(0, 1 − b), 1 + b], and rotates the hue by up to a
/// part of the circle, in random order. Images of one channel, which have no colour, keep saturation and hue.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">One of them is negative, or the hue is above ½.</exception>
public sealed class ColorJitter(double brightness = 0, double contrast = 0, double saturation = 0, double hue = 0)
    : Transform
{
    readonly double[] reach = [brightness.In(nameof(ColorJitter), 0), contrast.In(nameof(ColorJitter), 0),
        saturation.In(nameof(ColorJitter), 0), hue.In(nameof(ColorJitter), 0, 0.5)];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x, Generator random)
    {
        Func<Tensor, double, Tensor>[] adjust = [AdjustBrightness, AdjustContrast, AdjustSaturation, AdjustHue];
        foreach (var kind in random.Permutation(4))
            if (reach[kind] is > 0 and var by)
                x = adjust[kind](x, kind == 3 ? Uniform(random, -by, by)
                    : Uniform(random, Math.Max(0, 1 - by), 1 + by));
        return x;
    }

    /// <summary>factor·x, clamped to [0, 1].</summary>
    public static Tensor AdjustBrightness(Tensor x, double factor) => Blend(x.Given(), x.ZerosLike(), factor);

    /// <summary>factor·x + (1 − factor)·(mean grey of the image), clamped to [0, 1].</summary>
    public static Tensor AdjustContrast(Tensor x, double factor) =>
        Blend(x, Grey(x).Mean([-3, -2, -1], keepDim: true), factor);

    /// <summary>factor·x + (1 − factor)·grey, clamped to [0, 1].</summary>
    public static Tensor AdjustSaturation(Tensor x, double factor) => HasNoColour(x) ? x : Blend(x, Grey(x), factor);

    /// <summary>
    /// The hue rotated by a part of the circle. With value v = max, chroma c = max − min and hue t in sixths of the
    /// circle, a channel is v − c·min(1, max(0, min(k, 4 − k))) with k = (n + t) mod 6, where n = 5, 3, 1 for red,
    /// green and blue.
    /// </summary>
    public static Tensor AdjustHue(Tensor x, double turn)
    {
        if (HasNoColour(x)) return x;
        var (values, area) = (x.ToArray<double>(), x.Size(-2) * x.Size(-1));
        for (var i = 0; i < values.Length / 3; i++)
        {
            var at = i / area * 3 * area + i % area;
            var (r, g, b) = (values[at], values[at + area], values[at + 2 * area]);
            var v = Math.Max(r, Math.Max(g, b));
            var c = v - Math.Min(r, Math.Min(g, b));
            var t = 6 * turn + (c == 0 ? 0 : v == r ? (g - b) / c : v == g ? 2 + (b - r) / c : 4 + (r - g) / c);
            for (var n = 5; n > 0; n -= 2)
            {
                var k = n + t - 6 * Math.Floor((n + t) / 6);
                values[at + (5 - n) / 2 * area] = v - c * Math.Clamp(Math.Min(k, 4 - k), 0, 1);
            }
        }
        return Tensor.From(values, x.Size()).To(x.DType).To(x.Device);
    }

    static Tensor Blend(Tensor x, Tensor other, double factor) =>
        new Variable(x * factor + other * (1 - factor)).Clamp(0, 1).Data;

    /// <summary>0.2989·red + 0.587·green + 0.114·blue (ITU-R BT.601).</summary>
    static Tensor Grey(Tensor x) => HasNoColour(x) ? x
        : (x * Tensor.From([0.2989, 0.587, 0.114], [3, 1, 1]).To(x.DType).To(x.Device)).Sum([-3], keepDim: true);

    static bool HasNoColour(Tensor x) => x.Given().Size(-3) is 1 or 3 ? x.Size(-3) == 1
        : throw new ShapeException($"ColorJitter: shape {x.Layout} has neither 1 nor 3 channels.");
}
