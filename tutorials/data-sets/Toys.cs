using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// Small generated problems in the plane: points (N, 2), Float32, and classes (N), Int64, which take turns. Normal
/// noise is added to the points. All random numbers come from the generator, the default one if none is given. Negative
/// counts, or no classes, throw an ArgumentOutOfRangeException.
/// </summary>
static class Toys
{
    /// <summary>Two half circles that interlock (scikit-learn's make_moons).</summary>
    public static TensorDataset Moons(int count, double noise = 0.1, Generator? generator = null) =>
        Points(count, 2, noise, generator, (k, random) => Math.PI * random.NextDouble() is var a && k == 0
            ? (Math.Cos(a), Math.Sin(a)) : (1 - Math.Cos(a), 0.5 - Math.Sin(a)));

    /// <summary>A circle of radius 1 around one of radius <paramref name="factor"/> (make_circles).</summary>
    public static TensorDataset Circles(int count, double noise = 0.05, double factor = 0.5,
        Generator? generator = null) => Points(count, 2, noise, generator, (k, random) =>
            Polar(k == 0 ? 1 : factor, 2 * Math.PI * random.NextDouble()));

    /// <summary>Spirals from the middle to radius 1, once around.</summary>
    public static TensorDataset Spirals(int count, int classes = 3, double noise = 0.02, Generator? generator = null) =>
        Points(count, classes, noise, generator, (k, random) => random.NextDouble() is var r
            ? Polar(r, 2 * Math.PI * (r + (double)k / classes)) : default);

    /// <summary>The square [−1, 1]²: class 1 where x and y have different signs.</summary>
    public static TensorDataset Xor(int count, double noise = 0, Generator? generator = null) =>
        Points(count, 2, noise, generator, (k, random) =>
        {
            var (x, y) = (2 * random.NextDouble() - 1, random.NextDouble());
            return (x, y * (x < 0 ^ k == 1 ? -1 : 1));
        });

    /// <summary>Normal clouds with this standard deviation around points in [−10, 10]² (make_blobs).</summary>
    public static TensorDataset Blobs(int count, int centers = 3, double deviation = 1, Generator? generator = null)
    {
        generator ??= Generator.Default;
        var places = Enumerable.Range(0, centers).Select(_ =>
            (20 * generator.NextDouble() - 10, 20 * generator.NextDouble() - 10)).ToArray();
        return Points(count, centers, deviation, generator, (k, _) => places[k]);
    }

    /// <summary>
    /// Sine waves of random frequency (0.1 to 0.5 per step) and phase: values (N, L, 1) and those one step later.
    /// </summary>
    public static TensorDataset SineWaves(int count, int length, double noise = 0, Generator? generator = null)
    {
        var frequency = Tensor.Rand([count, 1, 1], generator: generator) * 0.4 + 0.1;
        var phase = Tensor.Rand([count, 1, 1], generator: generator) * (2 * Math.PI);
        var waves = new Variable(Tensor.Arange(length + 1).Reshape(-1, 1) * frequency + phase).Sin().Data;
        var x = waves + Tensor.Randn(waves.Size(), generator: generator) * noise;
        return new(x.Narrow(1, 0, length), x.Narrow(1, 1, length));
    }

    static (double X, double Y) Polar(double radius, double angle) =>
        (radius * Math.Cos(angle), radius * Math.Sin(angle));

    static TensorDataset Points(int count, int classes, double noise, Generator? generator,
        Func<int, Generator, (double X, double Y)> point)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        generator ??= Generator.Default;
        var values = Enumerable.Range(0, count).Select(i => point(i % classes, generator))
            .SelectMany(p => new[] { (float)p.X, (float)p.Y }).ToArray();
        return new(Tensor.From(values, [count, 2]).Add_(Tensor.Randn([count, 2], generator: generator), noise),
            Tensor.From<long>([.. Enumerable.Range(0, count).Select(i => i % classes)]));
    }
}
