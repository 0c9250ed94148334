using Tensorlet;

namespace Benchmarks;

/// <summary>
/// The errors of functions of floats compared with the same functions in double, in units in the last place of the
/// result. Results below the smallest normal float are not compared.
/// </summary>
static class Errors
{
    const int Piece = 1 << 20, MostEvery = 1 << 16;
    const float SmallestNormal = 1.17549435e-38f;

    public static readonly (string Name, Func<Variable, Variable> Of)[] Functions =
    [
        ("exp", x => x.Exp()), ("log", x => x.Log()), ("erf", x => x.Erf()), ("sin", x => x.Sin()),
        ("cos", x => x.Cos()), ("tanh", x => x.Tanh()), ("sigmoid", x => x.Sigmoid()), ("expm1", x => x.Expm1()),
        ("log1p", x => x.Log1p()), ("sqrt", x => x.Sqrt()),
        ("tan", x => x.Tan()), ("asin", x => x.Asin()), ("acos", x => x.Acos()), ("atan", x => x.Atan()),
        ("sinh", x => x.Sinh()), ("cosh", x => x.Cosh()), ("log2", x => x.Log2()), ("log10", x => x.Log10()),
        ("exp2", x => x.Exp2()), ("rsqrt", x => x.Rsqrt()), ("erfinv", x => x.Erfinv()),
        ("softplus", x => x.Softplus()), ("logsigmoid", x => x.LogSigmoid()), ("elu", x => x.Elu()),
    ];

    /// <summary>Prints a row for each function, for a part of all floats at equal distances.</summary>
    public static void Measure(string? every)
    {
        var step = every is null ? 101 : int.TryParse(every, out var n) && n is >= 1 and <= MostEvery ? n
            : throw new UsageException($"--every takes a number from 1 to {MostEvery}, not {every}.");
        Console.WriteLine(step == 1 ? "all floats" : $"one in {step} of all floats");
        Console.WriteLine($"{"function",-10} {"floats",14} {"worst",8} {"at",16} {"above 1",10}");
        foreach (var (name, f) in Functions)
        {
            var (worst, at, above, count) = (0.0, 0f, 0L, 0L);
            for (var first = 0L; first < 1L << 32; first += (long)Piece * step)
            {
                var x = Enumerable.Range(0, Piece).Select(i => first + (long)i * step)
                    .TakeWhile(bits => bits < 1L << 32).Select(bits => BitConverter.UInt32BitsToSingle((uint)bits))
                    .Where(float.IsFinite).ToArray();
                if (x.Length == 0) continue;
                var y = f(Tensor.From(x)).Data.ToArray<float>();
                var exact = f(Tensor.From(Array.ConvertAll(x, number => (double)number))).Data.ToArray<double>();
                for (var i = 0; i < x.Length; i++)
                {
                    if (!(Math.Abs(exact[i]) is >= SmallestNormal and <= float.MaxValue)) continue;
                    var error = Math.Abs(y[i] - exact[i]) / UnitInTheLastPlace(exact[i]);
                    count++;
                    if (error > 1) above++;
                    if (!(error <= worst)) (worst, at) = (error, x[i]);
                }
            }
            var share = (double)above / count;
            Console.WriteLine($"{name,-10} {count,14:N0} {worst,8:0.000} {at,16:R} {share,10:0.0000 %}");
        }
    }

    static double UnitInTheLastPlace(double y)
    {
        var near = MathF.Abs((float)y);
        if (near > Math.Abs(y)) near = MathF.BitDecrement(near);
        return (double)MathF.BitIncrement(near) - near;
    }
}
