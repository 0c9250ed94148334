using System.Globalization;
using Tensorlet;

namespace Tutorials;

public static partial class Digits
{
    sealed record Stroke(Point[] Points, bool[] Corner);

    readonly record struct Point(double X, double Y)
    {
        public static Point operator +(Point a, Point b) => new(a.X + b.X, a.Y + b.Y);
        public static Point operator -(Point a, Point b) => new(a.X - b.X, a.Y - b.Y);
        public static Point operator *(Point a, double s) => new(a.X * s, a.Y * s);
        public double Dot(Point b) => X * b.X + Y * b.Y;
        public static Point Parse(string text) => text.TrimEnd('!').Split(',') is [var x, var y]
            ? new(Hundredths(x), Hundredths(y)) : throw new FormatException(text);

        static double Hundredths(string number) => int.Parse(number, CultureInfo.InvariantCulture) / 100.0 - 0.5;
    }

    /// <summary>The writer's hand and pen: everything that is the same for the strokes of one digit.</summary>
    sealed record Hand(Point X, Point Y, Point Bend, Point Centre, double Shake, double Pen, double Taper, double Soft,
        double Brightness, double Grain)
    {
        public static Hand Random(Generator random)
        {
            var (height, width) = (20 + 1.4 * Bell(random), 19 + 2.6 * Bell(random));
            var (t, slant) = (0.07 * Bell(random), 0.16 + 0.2 * Bell(random));
            // With t = tan(angle / 2), these are the cosine and the sine; the library functions may differ in their
            // last bits.
            var (cos, sin) = ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t));
            return new(
                X: new Point(cos, sin) * width,
                Y: new Point(-sin - slant * cos, cos - slant * sin) * height,
                Bend: new(0.25 * Bell(random), 0.15 * Bell(random)),
                Centre: new(14 + 1.1 * Bell(random), 14 + 1.1 * Bell(random)),
                Shake: 0.016 + 0.02 * random.NextDouble(),
                Pen: 0.7 + 1.1 * random.NextDouble(),
                Taper: 0.15 * Bell(random),
                Soft: 0.8 + 0.8 * random.NextDouble(),
                Brightness: 0.8 + 0.2 * random.NextDouble(),
                Grain: 0.25 * random.NextDouble());
        }

        /// <summary>From the box, whose centre is 0, to pixels: bent, slanted, rotated, scaled and moved.</summary>
        public Point Place(Point p) =>
            Centre + X * (p.X + Bend.X * (p.Y * p.Y - 0.08)) + Y * (p.Y + Bend.Y * (p.X * p.X - 0.04));

        /// <summary>Inks what lies within the pen's radius of the line, with a soft edge; darker ink stays.</summary>
        public void Press(Span<double> ink, Point from, Point to, double along)
        {
            var line = to - from;
            var reach = Pen * (1 + Taper * (2 * along - 1)) + Soft / 2;
            var (left, right) = Reached(from.X, to.X, reach);
            var (top, bottom) = Reached(from.Y, to.Y, reach);
            for (var y = top; y <= bottom; y++)
                for (var x = left; x <= right; x++)
                {
                    var p = new Point(x + 0.5, y + 0.5) - from;
                    var away = p - line * Math.Clamp(p.Dot(line) / Math.Max(line.Dot(line), 1e-9), 0, 1);
                    ref var pixel = ref ink[y * Size + x];
                    pixel = Math.Max(pixel, Math.Min(1, (reach - Math.Sqrt(away.Dot(away))) / Soft));
                }
        }

        static (int First, int Last) Reached(double a, double b, double reach) =>
            (Math.Max(0, (int)(Math.Min(a, b) - reach)), Math.Min(Size - 1, (int)(Math.Max(a, b) + reach)));
    }
}
