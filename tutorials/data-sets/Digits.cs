using Tensorlet;

namespace Tutorials;

/// <summary>
/// Handwriting-like digits, generated for machines without MNIST: white strokes on black, 28 × 28 pixels of 0 to 255.
/// Only + − × ÷, square roots and the counter-based <see cref="Generator"/> are used, whose bits are the same
/// everywhere: the same seed draws the same digits on every machine.
/// </summary>
public static partial class Digits
{
    /// <summary>Height and width of an image, in pixels.</summary>
    public const int Size = 28;
    const int Steps = 6;

    // The ways in which people write each digit. A stroke is a smooth curve through its points (x,y in percent of the
    // box, y downwards), a point with ! is a corner, and | lifts the pen.
    static readonly string[][] Written =
    [
        ["56,6 30,16 20,48 27,82 48,95 70,84 80,50 71,17 50,6",
            "64,14 42,6 24,28 20,62 36,92 62,90 79,60 74,24 58,8 46,13"],
        ["51,5 50,50 49,95", "32,26 53,6! 52,50 50,95", "34,24 52,6! 51,50 51,94 | 30,95 52,94 74,94"],
        ["23,27 34,9 55,5 73,19 68,44 46,70 20,93! 50,91 82,92",
            "24,24 44,5 70,15 70,42 50,70 28,90 17,82 30,74 52,86 68,94 86,85"],
        ["24,15 48,5 70,19 62,39 42,46! 68,54 76,74 56,94 21,87",
            "23,8 50,8 74,8! 46,41! 69,51 76,73 54,94 20,85",
            "25,14 52,5 71,20 60,40 42,47 39,42 52,44 74,58 72,84 46,95 20,84"],
        ["30,7 25,34 22,57! 52,57 82,53 | 66,12 63,52 60,95", "62,6! 40,36 17,65! 50,65 85,63 | 62,6 61,50 60,95",
            "24,10 25,38 42,54 64,44 70,9! 66,50 62,95"],
        ["36,8 30,44! 54,38 75,55 70,84 44,95 20,86 | 35,8 56,8 77,6",
            "76,7 56,9 36,9! 31,44! 57,40 75,60 64,89 40,95 20,83",
            "38,18 34,44! 56,46 66,66 52,90 24,93 | 38,16 60,12 90,6"],
        ["66,6 42,22 25,54 29,86 52,95 74,80 66,58 45,54 28,71", "54,5 35,38 24,72 44,95 68,86 68,63 48,56 27,74",
            "74,5 40,26 20,66 32,93 62,86 66,66 44,62 24,80"],
        ["20,11 50,9 79,8! 57,50 42,95", "20,11 50,9 79,8! 57,50 42,95 | 34,51 53,50 72,48",
            "21,25 23,9! 50,10 79,8! 62,42 52,95", "16,22 46,12 70,10 76,22 64,52 54,95"],
        ["71,15 49,5 29,20 42,41 65,57 74,78 51,95 27,80 37,57 60,40 70,20 64,9",
            "50,6 29,24 48,46 71,26 52,6 | 49,46 25,70 49,95 75,72 51,46",
            "72,17 54,5 31,18 44,40 68,60 66,88 40,94 26,74 44,52 74,10"],
        ["72,18 48,5 28,26 40,48 64,40 73,16! 70,55 62,95",
            "70,24 50,6 28,25 40,47 64,40 72,17 73,50 64,84 42,95 25,86",
            "68,14 42,8 26,30 46,46 68,26 70,10! 66,50 65,95",
            "66,12 44,6 26,24 36,42 58,32 68,14! 58,54 44,95"],
    ];

    static readonly Stroke[][][] Ways = [.. Written.Select(ways => ways.Select(Parse).ToArray())];

    /// <summary>
    /// Draws <paramref name="count"/> digits: every ten are 0 to 9, once each, in random order. Image i is the same for
    /// any count: a larger set begins with the smaller one.
    /// </summary>
    /// <returns>Images (count × 28 × 28, row by row) and labels (count).</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public static (byte[] Images, byte[] Labels) Generate(int count, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var (images, labels) = (new byte[checked(count * Size * Size)], new byte[count]);
        var (order, shuffle) = (Array.Empty<long>(), new Generator(~seed));
        for (var i = 0; i < count; i++)
        {
            if (i % 10 == 0)
                order = shuffle.Permutation(10);
            labels[i] = (byte)order[i % 10];
            // 4,096 random numbers are reserved for each image, which uses fewer than 1,000.
            Draw(images.AsSpan(i * Size * Size, Size * Size), labels[i], new Generator(seed) { Position = i * 4096L });
        }
        return (images, labels);
    }

    static void Draw(Span<byte> image, int digit, Generator random)
    {
        var hand = Hand.Random(random);
        Span<double> ink = stackalloc double[Size * Size];
        foreach (var (points, corner) in Ways[digit][random.Next(Ways[digit].Length)])
        {
            var p = points.Select(q => hand.Place(q + new Point(Bell(random), Bell(random)) * hand.Shake)).ToArray();
            for (var i = 0; i + 1 < p.Length; i++)
            {
                // Catmull and Rom's spline from b to c: it leaves b along c − a and reaches c along d − b, where a and
                // d are the points before and after; at a corner or an end there is none, and b or c stands in.
                var (b, c, from) = (p[i], p[i + 1], p[i]);
                var leave = (c - (i == 0 || corner[i] ? b : p[i - 1])) * 0.5;
                var reach = ((i + 2 == p.Length || corner[i + 1] ? c : p[i + 2]) - b) * 0.5;
                for (var step = 1; step <= Steps; step++)
                {
                    var t = step / (double)Steps;
                    var s = 1 - t;
                    var to = b * (s * s * (s + 3 * t)) + c * (t * t * (t + 3 * s)) + (leave * s - reach * t) * (s * t);
                    hand.Press(ink, from, to, (i + t) / (p.Length - 1));
                    from = to;
                }
            }
        }
        for (var i = 0; i < image.Length; i++)
            if (ink[i] > 0)
                image[i] = (byte)(255 * hand.Brightness * ink[i] * (1 - hand.Grain * random.NextDouble()) + 0.5);
    }

    /// <summary>
    /// Nearly normal, with standard deviation 1 and never beyond 3: the sum of three uniform numbers.
    /// </summary>
    static double Bell(Generator random) => 2 * (random.NextDouble() + random.NextDouble() + random.NextDouble()) - 3;

    static Stroke[] Parse(string way) => [.. way.Split(" | ").Select(stroke => stroke.Split(' ')).Select(points =>
        new Stroke([.. points.Select(Point.Parse)], [.. points.Select(p => p.EndsWith('!'))]))];
}
