using MathNet.Numerics;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// A number with its first and second derivative along a direction: x + x′t + x″t²/2. An oracle that is written over it
/// provides its own slopes, to the last digits, where finite differences give nine.
/// </summary>
/// <param name="Value">x</param>
/// <param name="First">x′</param>
/// <param name="Second">x″</param>
public readonly record struct Jet(double Value, double First, double Second)
{
    public static implicit operator Jet(double constant) => new(constant, 0, 0);

    public static Jet operator +(Jet a, Jet b) => new(a.Value + b.Value, a.First + b.First, a.Second + b.Second);
    public static Jet operator -(Jet a, Jet b) => new(a.Value - b.Value, a.First - b.First, a.Second - b.Second);
    public static Jet operator -(Jet a) => new(-a.Value, -a.First, -a.Second);
    public static Jet operator *(Jet a, Jet b) => new(a.Value * b.Value, a.First * b.Value + a.Value * b.First,
        a.Second * b.Value + 2 * a.First * b.First + a.Value * b.Second);
    public static Jet operator /(Jet a, Jet b)
    {
        var r = 1 / b.Value;
        return a * b.Through(r, -r * r, 2 * r * r * r);
    }
    public static Jet operator %(Jet a, Jet b) => a - Math.Truncate(a.Value / b.Value) * b;
    public static bool operator <(Jet a, Jet b) => a.Value < b.Value;
    public static bool operator >(Jet a, Jet b) => a.Value > b.Value;

    /// <summary>
    /// f(x), from f, f′ and f″ at x: the chain rule, twice. What does not change has no slope, even where f is steep.
    /// </summary>
    public Jet Through(double f, double slope, double bend) =>
        IsConstant ? (Jet)f : new(f, slope * First, bend * First * First + slope * Second);

    public bool IsConstant => First == 0 && Second == 0;
}

static class Jets
{
    public static Jet Sum(this IEnumerable<Jet> all) => all.Aggregate((Jet)0, (sum, x) => sum + x);
    public static Jet SumOf(this IEnumerable<Jet> all, Func<Jet, Jet> f) => all.Select(f).Sum();
    public static Jet Average(this Jet[] all) => all.Sum() / all.Length;
    public static Jet Max(this IEnumerable<Jet> all) => all.MaxBy(x => x.Value);
    public static Jet Min(this IEnumerable<Jet> all) => all.MinBy(x => x.Value);
}

public static partial class OpTable
{
    /// <summary>The functions that oracles call: those of the runtime, and the same for numbers with slopes.</summary>
    static class Math
    {
        public const double PI = System.Math.PI;
        public static double Abs(double x) => System.Math.Abs(x);
        public static double Exp(double x) => System.Math.Exp(x);
        public static double Log(double x) => System.Math.Log(x);
        public static double Sqrt(double x) => System.Math.Sqrt(x);
        public static double Tanh(double x) => System.Math.Tanh(x);
        public static double Pow(double x, double y) => System.Math.Pow(x, y);
        public static double Max(double x, double y) => System.Math.Max(x, y);
        public static double Min(double x, double y) => System.Math.Min(x, y);
        public static double Round(double x, int digits) => System.Math.Round(x, digits);
        public static double Floor(double x) => System.Math.Floor(x);
        public static double Ceiling(double x) => System.Math.Ceiling(x);
        public static double Sin(double x) => System.Math.Sin(x);
        public static double Cos(double x) => System.Math.Cos(x);
        public static double Sign(double x) => System.Math.Sign(x);
        public static int Abs(int x) => System.Math.Abs(x);
        public static int Max(int x, int y) => System.Math.Max(x, y);
        public static int Min(int x, int y) => System.Math.Min(x, y);
        public static int Clamp(int x, int low, int high) => System.Math.Clamp(x, low, high);

        public static Jet Abs(Jet x) => x.Value < 0 ? -x : x;
        public static Jet Max(Jet x, Jet y) => x > y ? x : y;
        public static Jet Min(Jet x, Jet y) => x < y ? x : y;
        public static Jet Clamp(Jet x, Jet low, Jet high) => x < low ? low : x > high ? high : x;
        public static Jet Sign(Jet x) => System.Math.Sign(x.Value);
        public static Jet Floor(Jet x) => System.Math.Floor(x.Value);
        public static Jet Ceiling(Jet x) => System.Math.Ceiling(x.Value);
        public static Jet Round(Jet x) => System.Math.Round(x.Value);
        public static Jet Truncate(Jet x) => System.Math.Truncate(x.Value);
        public static Jet Exp(Jet x) => System.Math.Exp(x.Value) is var y ? x.Through(y, y, y) : default;
        public static Jet Log(Jet x) => x.Through(System.Math.Log(x.Value), 1 / x.Value, -1 / (x.Value * x.Value));
        public static Jet Log2(Jet x) => Log(x) / System.Math.Log(2);
        public static Jet Log10(Jet x) => Log(x) / System.Math.Log(10);
        public static Jet Sqrt(Jet x) =>
            System.Math.Sqrt(x.Value) is var y ? x.Through(y, 0.5 / y, -0.25 / (y * x.Value)) : default;
        public static Jet Sin(Jet x) => System.Math.SinCos(x.Value) is var (s, c) ? x.Through(s, c, -s) : default;
        public static Jet Cos(Jet x) => System.Math.SinCos(x.Value) is var (s, c) ? x.Through(c, -s, -c) : default;
        public static Jet Tan(Jet x) => Sin(x) / Cos(x);
        public static Jet Sinh(Jet x) => (Exp(x) - Exp(-x)) / 2;
        public static Jet Cosh(Jet x) => (Exp(x) + Exp(-x)) / 2;
        public static Jet Tanh(Jet x) =>
            System.Math.Tanh(x.Value) is var y ? x.Through(y, 1 - y * y, -2 * y * (1 - y * y)) : default;
        public static Jet Asin(Jet x) => 1 / System.Math.Sqrt(1 - x.Value * x.Value) is var slope
            ? x.Through(System.Math.Asin(x.Value), slope, x.Value * slope * slope * slope) : default;
        public static Jet Acos(Jet x) => PI / 2 - Asin(x);
        public static Jet Atan(Jet x) => 1 + x.Value * x.Value is var c
            ? x.Through(System.Math.Atan(x.Value), 1 / c, -2 * x.Value / (c * c)) : default;
        public static Jet Atan2(Jet y, Jet x)
        {
            double square = x.Value * x.Value + y.Value * y.Value, turn = x.Value * y.First - y.Value * x.First;
            var growth = 2 * (x.Value * x.First + y.Value * y.First);
            return new(System.Math.Atan2(y.Value, x.Value), turn / square,
                (x.Value * y.Second - y.Value * x.Second) / square - turn * growth / (square * square));
        }
        public static Jet Pow(Jet x, Jet p)
        {
            if (!p.IsConstant) return Exp(p * Log(x));
            var n = p.Value;
            return x.Through(System.Math.Pow(x.Value, n), n == 0 ? 0 : n * System.Math.Pow(x.Value, n - 1),
                n is 0 or 1 ? 0 : n * (n - 1) * System.Math.Pow(x.Value, n - 2));
        }
        public static Jet Erf(Jet x) => 2 / System.Math.Sqrt(PI) * System.Math.Exp(-x.Value * x.Value) is var slope
            ? x.Through(SpecialFunctions.Erf(x.Value), slope, -2 * x.Value * slope) : default;
        public static Jet ErfInv(Jet x)
        {
            var y = SpecialFunctions.ErfInv(x.Value);
            var slope = System.Math.Sqrt(PI) / 2 * System.Math.Exp(y * y);
            return x.Through(y, slope, 2 * y * slope * slope);
        }
    }
}
