namespace Tensorlet.Data;

/// <summary>
/// Multiplies brightness, contrast and saturation by random factors, and rotates the hue by a random angle. The four
/// changes are made in random order. Each factor is sampled from the interval [max(0, 1 − b), 1 + b], where b is
/// <paramref name="brightness"/>, <paramref name="contrast"/> or <paramref name="saturation"/>. The angle is
/// sampled from the interval [−360°·h, 360°·h], where h is <paramref name="hue"/>. Images with one channel have no
/// colour; only their brightness and contrast are changed.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">An argument is negative, or the hue is above ½.</exception>
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

    /// <summary>Computes factor·x, clamped to [0, 1].</summary>
    public static Tensor AdjustBrightness(Tensor x, double factor) => Blend(x.Given(), Tensor.ZerosLike(x), factor);

    /// <summary>
    /// Computes factor·x + (1 − factor)·m, clamped to [0, 1], where m is the mean of the grey image of x.
    /// </summary>
    public static Tensor AdjustContrast(Tensor x, double factor) =>
        Blend(x, Grey(x).Mean([-3, -2, -1], keepdim: true), factor);

    /// <summary>Computes factor·x + (1 − factor)·g, clamped to [0, 1], where g is the grey image of x.</summary>
    public static Tensor AdjustSaturation(Tensor x, double factor) => HasNoColour(x) ? x : Blend(x, Grey(x), factor);

    /// <summary>
    /// Rotates the hue by the fraction <paramref name="turn"/> of a full circle. For a pixel, v is the largest of its
    /// three channels, c is the difference between the largest and the smallest channel, and t is the hue after the
    /// rotation, in sixths of the circle, where red is 0, green is 2 and blue is 4. The new value of a channel is v −
    /// c·min(1, max(0, min(k, 4 − k))), where k = (n + t) mod 6, and n is 5 for red, 3 for green and 1 for blue.
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

    /// <summary>Computes the grey image, 0.2989·red + 0.587·green + 0.114·blue (ITU-R BT.601).</summary>
    static Tensor Grey(Tensor x) => HasNoColour(x) ? x
        : (x * Tensor.From([0.2989, 0.587, 0.114], [3, 1, 1]).To(x.DType).To(x.Device)).Sum([-3], keepdim: true);

    static bool HasNoColour(Tensor x) => x.Given().Size(-3) is 1 or 3 ? x.Size(-3) == 1
        : throw new ShapeException($"ColorJitter: shape {x.Layout} has neither 1 nor 3 channels.");
}
