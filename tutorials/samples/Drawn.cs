using Tensorlet;

namespace Tutorials;

/// <summary>What the samples are generated from, so that no files are needed.</summary>
static class Drawn
{
    /// <summary>
    /// An image (3, H, W) of a function: colours by position, x to the right and y downwards in [0, 1].
    /// </summary>
    static Tensor Image(int height, int width, Func<double, double, (double, double, double)> color)
    {
        var pixels = new float[3 * height * width];
        for (var i = 0; i < height * width; i++)
        {
            var (x, y) = ((i % width + 0.5) / width, (i / width + 0.5) / height);
            var (red, green, blue) = color(x, y);
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = ((float)red, (float)green, (float)blue);
        }
        return Tensor.From(pixels, [height, width, 3]).Permute(2, 0, 1);
    }

    /// <summary>1 inside a circle, 0 outside, with a soft edge.</summary>
    static double Disc(double x, double y, double radius) =>
        Math.Clamp((radius - Math.Sqrt(x * x + y * y)) * 80 + 0.5, 0, 1);

    /// <summary>A low sun over the sea.</summary>
    public static Tensor Sunset(int height = 160, int width = 240) => Image(height, width, (x, y) =>
    {
        if (y > 0.65)
        {
            var glitter = Math.Exp(-Math.Abs(x - 0.5) * 9) * (0.6 + 0.4 * Math.Sin(y * y * 160));
            return (0.1 + 0.8 * glitter, 0.15 + 0.45 * glitter, 0.3);
        }
        var (sky, sun) = (y / 0.65, Disc((x - 0.5) * width / height, y - 0.55, 0.17));
        double Mixed(double behind, double bright) => behind + (bright - behind) * sun;
        return (Mixed(0.25 + 0.7 * sky, 1), Mixed(0.2 + 0.3 * sky, 0.85), Mixed(0.45 - 0.2 * sky, 0.4));
    });

    /// <summary>A ball that crosses the image and bounces twice, at a time in [0, 1].</summary>
    public static Tensor Ball(double time, int size = 64) => Image(size, size, (x, y) =>
    {
        var height = Math.Abs(Math.Cos(2 * Math.PI * time));
        var ball = Disc(x - 0.12 - 0.76 * time, y - 0.8 + 0.62 * height, 0.1);
        return y > 0.9 ? (0.35, 0.3, 0.25) : (0.15 + 0.8 * ball, 0.2 + 0.3 * ball, 0.3 - 0.2 * ball);
    });

    /// <summary>
    /// A tone (1, L) that rises evenly from one frequency to another (in hertz) in a number of seconds.
    /// </summary>
    public static Tensor Chirp(double from, double to, double seconds, int rate)
    {
        var t = new Variable(Tensor.Arange(seconds * rate, DType.Float64) / rate);
        return ((t * (from + (to - from) / (2 * seconds) * t) * (2 * Math.PI)).Sin() * 0.5).Data.Unsqueeze(0);
    }

    /// <summary>Sentences from which to learn byte pairs.</summary>
    public const string Text = """
        A tensor is a box of numbers with a shape. A picture is a tensor, and so is a sound; a text is a tensor as
        soon as its words are numbers. A network takes tensors and gives tensors, and the gradient of its loss is a
        tensor for each of its parameters. The numbers flow forward, the gradients flow backward, and with every
        step the loss of the network is a little smaller.
        """;
}
