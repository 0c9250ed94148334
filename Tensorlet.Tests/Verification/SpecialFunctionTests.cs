using MathNet.Numerics;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Functions that are computed by polynomials, compared to the last digits with those of MathNet and of .NET.
/// </summary>
public class SpecialFunctionTests
{
    public static TheoryData<string, Func<Variable, Variable>, Func<double, double>, double> Functions => new()
    {
        { "erf", x => x.Erf(), SpecialFunctions.Erf, 7 },
        { "erfinv", x => x.Erfinv(), SpecialFunctions.ErfInv, 0.9999999 },
        { "atan", x => x.Atan(), Math.Atan, 50 },
        { "asin", x => x.Asin(), Math.Asin, 1 },
        { "acos", x => x.Acos(), Math.Acos, 1 },
        { "sinh", x => x.Sinh(), Math.Sinh, 80 },
        { "cosh", x => x.Cosh(), Math.Cosh, 80 },
        { "expm1", x => x.Expm1(), x => 2 * Math.Sinh(x / 2) * Math.Exp(x / 2), 30 },
        { "log1p", x => x.Log1p(), x => 2 * Math.Atanh(x / (2 + x)), 0.9 },
        { "sigmoid", x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x)), 25 },
        { "tanh", x => x.Tanh(), Math.Tanh, 25 },
    };

    [Theory, MemberData(nameof(Functions))]
    public void Is_right_to_the_last_digits(string name, Func<Variable, Variable> f, Func<double, double> right,
        double end)
    {
        double[] x = [.. Enumerable.Range(-5000, 10001).Select(i => Math.Pow(i / 5000.0, 3) * end)];
        var wide = f(Tensor.From(x)).Data.ToArray<double>();
        var single = f(Tensor.From(x).To(DType.Float32)).Data.ToArray<double>();
        var steep = name is "sinh" or "cosh" ? end : 1;         // the rounding of the argument moves these by this much
        for (var i = 0; i < x.Length; i++)
        {
            Near(x[i], wide[i], right(x[i]), 1e-14 * steep);
            Near(x[i], single[i], right((float)x[i]), 2.4e-7);
        }

        void Near(double x, double y, double expected, double tolerance) => Assert.True(
            Math.Abs(y - expected) <= tolerance * Math.Abs(expected), $"{name}({x:R}) is {y:R}, not {expected:R}");
    }
}
