using MathNet.Numerics;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Functions that are approximated or composed of others, compared to the last digits with those of MathNet and of
/// .NET.
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
        for (var i = 0; i < x.Length; i++)
        {
            Near(x[i], wide[i], right(x[i]), 1e-14);
            Near(x[i], single[i], right((float)x[i]), 2.4e-7);
        }

        void Near(double x, double y, double expected, double tolerance) => Assert.True(
            Math.Abs(y - expected) <= tolerance * Math.Abs(expected), $"{name}({x:R}) is {y:R}, not {expected:R}");
    }

    [Theory, InlineData(DType.Float32), InlineData(DType.Float64)]
    public void A_logarithm_of_a_power_of_its_base_is_exact(DType type)
    {
        var single = type == DType.Float32;
        double[] twos = Powers(2, single ? -149 : -1074, single ? 127 : 1023), tens = Powers(10, 0, single ? 10 : 22);
        Assert.Equal(Array.ConvertAll(twos, Math.Log2), Of(twos, x => x.Log2()));
        Assert.Equal(Array.ConvertAll(tens, x => Math.Round(Math.Log10(x))), Of(tens, x => x.Log10()));
        double below = single ? MathF.BitDecrement(2) : Math.BitDecrement(2);      // a neighbour of a power is not one
        Assert.True(Of([below], x => x.Log2())[0] < 1);

        double[] Of(double[] x, Func<Variable, Variable> f) => f(Tensor.From(x).To(type)).Data.ToArray<double>();

        static double[] Powers(double b, int from, int to) =>
            [.. Enumerable.Range(from, to - from + 1).Select(n => Math.Pow(b, n))];
    }

    public static TheoryData<string, Func<Variable, Variable>> Odd => new()
    {
        { "asin", x => x.Asin() }, { "atan", x => x.Atan() }, { "erf", x => x.Erf() }, { "erfinv", x => x.Erfinv() },
        { "expm1", x => x.Expm1() }, { "log1p", x => x.Log1p() }, { "sin", x => x.Sin() }, { "sinh", x => x.Sinh() },
        { "tan", x => x.Tan() }, { "tanh", x => x.Tanh() },
    };

    [Theory, MemberData(nameof(Odd))]
    public void Zero_keeps_its_sign(string name, Func<Variable, Variable> f)
    {
        foreach (var type in (DType[])[DType.Float32, DType.Float64])
        {
            var y = f(Tensor.From([-0.0, 0.0]).To(type)).Data.ToArray<double>();
            Assert.Equal((name, 0, 0), (name, y[0], y[1]));
            Assert.Equal((name, true, false), (name, double.IsNegative(y[0]), double.IsNegative(y[1])));
        }
    }
}
