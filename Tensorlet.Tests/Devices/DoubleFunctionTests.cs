using System.Numerics;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// The CPU's own functions of doubles, compared with those of the runtime, which compute one number, and with values
/// that are computed with 240 bits after the binary point.
/// </summary>
public sealed class DoubleFunctionTests
{
    const int Count = 100_000, Bits = 240;

    /// <summary>The functions, those of the runtime, and the largest errors in units in the last place.</summary>
    static readonly Dictionary<string, (Func<Variable, Variable> Of, Func<double, double> Runtime, double Error)>
        functions = new()
        {
            ["exp"] = (x => x.Exp(), Math.Exp, 0.65), ["log"] = (x => x.Log(), Math.Log, 0.77),
            ["sin"] = (x => x.Sin(), Math.Sin, 0.77), ["cos"] = (x => x.Cos(), Math.Cos, 0.77),
        };

    static readonly double[] special =
    [
        0, -0.0, 1, -1, 0.5, 2, Math.E, Math.PI, Math.PI / 2, 2.0 / 3, Math.BitDecrement(2.0 / 3), double.Epsilon,
        2.2250738585072014e-308, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity,
        double.NaN, 709.782712893384, 709.7827128933841, -708.5, -745.1332191019411, -745.1332191019412, -746, 710,
        1 << 14, (1 << 14) - 0.5, 1e6, 1e22, 5.319372648326541e255,
    ];

    public static TheoryData<string> Functions => [.. functions.Keys];

    /// <summary>
    /// Special numbers, numbers of all signs and sizes, moderate ones, and multiples of π/2, where sines and cosines
    /// are near 0. The special numbers stand together, and their results must not depend on each other.
    /// </summary>
    static double[] Numbers()
    {
        var random = new Random(1);
        return [.. special
            .Concat(Many(() => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))))
            .Concat(Many(() => (random.NextDouble() - 0.5) * 1500)).Concat(Many(() => random.NextDouble() * 2))
            .Concat(Many(() => 1 + (random.NextDouble() - 0.5) * Math.Exp(-30 * random.NextDouble())))
            .Concat(Many(() => random.Next(-660_000, 660_000) * (Math.PI / 2))).Concat(special)];

        static IEnumerable<double> Many(Func<double> number) => Enumerable.Range(0, Count).Select(_ => number());
    }

    [Theory, MemberData(nameof(Functions))]
    public void A_result_is_that_of_the_runtime_or_a_neighbour(string name)
    {
        var (f, runtime, _) = functions[name];
        var x = Numbers();
        var y = f(Tensor.From(x)).Data.ToArray<double>();
        for (var i = 0; i < x.Length; i++)
        {
            var expected = runtime(x[i]);
            Assert.True(double.IsNaN(expected) ? double.IsNaN(y[i])
                : expected == 0 ? y[i] == 0 && double.IsNegative(y[i]) == double.IsNegative(expected)
                : y[i] == expected || double.IsFinite(y[i] - expected)
                    && (y[i] == Math.BitIncrement(expected) || y[i] == Math.BitDecrement(expected)),
                $"{name}({x[i]:R}) is {y[i]:R}, not {expected:R}");
        }
    }

    [Theory, MemberData(nameof(Functions))]
    public void A_result_does_not_depend_on_the_neighbours(string name)
    {
        var f = functions[name].Of;
        foreach (var x in (double[])[0.7, 3, 100])
        {
            var alone = f(Tensor.From([x])).Item();
            foreach (var other in special)
            {
                var y = f(Tensor.From([other, x, other])).Data.ToArray<double>()[1];
                Assert.Equal(BitConverter.DoubleToInt64Bits(alone), BitConverter.DoubleToInt64Bits(y));
            }
        }
    }

    [Theory, MemberData(nameof(Functions))]
    public void The_error_is_below_a_unit_in_the_last_place(string name)
    {
        var (f, _, most) = functions[name];
        var random = new Random(2);
        var quarters = Enumerable.Range(1, 11_000).Select(n => n * (Math.PI / 2));      // their sines are near 0, or 1
        double[] x = name switch
        {
            "exp" => [.. Between(-1, 1), .. Between(-20, 20), .. Between(-100, 700)],
            "log" => [.. Between(0, 2), .. Between(0, 30), .. Between(0, 1e6)],
            _ => [.. Between(-1, 1), .. Between(-10, 10), .. Between(-1e6, 1e6), .. quarters],
        };
        var y = f(Tensor.From(x)).Data.ToArray<double>();
        for (var i = 0; i < x.Length; i++)
        {
            var error = BigInteger.Abs(Fixed(y[i]) - Exact(Fixed(x[i]), y[i]));
            var unit = Fixed(Math.BitIncrement(Math.Abs(y[i])) - Math.Abs(y[i]));
            Assert.True(100 * error <= (int)(100 * most) * unit, $"{name}({x[i]:R})");
        }

        IEnumerable<double> Between(double low, double high) =>
            Enumerable.Range(0, 4000).Select(_ => low + random.NextDouble() * (high - low));

        BigInteger Exact(BigInteger x, double y)
        {
            if (name == "exp") return Exp(x);
            if (name == "log")
            {
                var wrong = Times(x, Exp(-Fixed(y))) - One;             // x/e^y − 1, whose logarithm is ln x − y
                return Fixed(y) + wrong - Times(wrong, wrong) / 2;
            }
            var quarter = 2 * (4 * ArcCotangent(5) - ArcCotangent(239));                // Machin's formula for π/4
            var n = BigInteger.Divide(x, quarter);
            var r = x - n * quarter;
            if (name == "cos") n++;
            var turned = n.IsEven ? Series(r, r, 2) : Series(One, r, 1);
            return ((int)(n % 4) + 4) % 4 < 2 ? turned : -turned;
        }
    }

    static BigInteger One => BigInteger.One << Bits;
    static BigInteger Times(BigInteger a, BigInteger b) => (a * b) >> Bits;

    static BigInteger Fixed(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var shift = (int)(bits >> 52 & 0x7FF) - 1075 + Bits;
        var size = new BigInteger(bits & 0xFFFFFFFFFFFFF | 1L << 52);
        size = shift < 0 ? size >> -shift : size << shift;
        return x < 0 ? -size : size;
    }

    static BigInteger Exp(BigInteger x)
    {
        const int Halvings = 10;
        var (sum, term) = (One, One);
        for (var i = 1; !term.IsZero; i++) sum += term = Times(term, x >> Halvings) / i;
        for (var i = 0; i < Halvings; i++) sum = Times(sum, sum);
        return sum;
    }

    /// <summary>The series of the sine if it begins with r and n is 2, and of the cosine for 1 and 1.</summary>
    static BigInteger Series(BigInteger first, BigInteger r, int n)
    {
        var (sum, term) = (first, first);
        for (; !term.IsZero; n += 2) sum += term = -Times(term, Times(r, r)) / (n * (n + 1));
        return sum;
    }

    /// <summary>The angle whose tangent is 1/x.</summary>
    static BigInteger ArcCotangent(int x)
    {
        var (sum, term) = (BigInteger.Zero, One / x);
        for (var i = 1; !term.IsZero; i += 2, term /= -x * x) sum += term / i;
        return sum;
    }

    [Fact]
    public void Where_the_result_is_known_it_is_exact()
    {
        Assert.Equal([1, 1], ((Variable)Tensor.From([0.0, -0.0])).Exp().Data.ToArray<double>());
        Assert.Equal(Math.E, ((Variable)Tensor.From([1.0])).Exp().Item());
        Assert.Equal(0, ((Variable)Tensor.From([1.0])).Log().Item());
        Assert.Equal([1, 1], ((Variable)Tensor.From([0.0, -0.0])).Cos().Data.ToArray<double>());
    }
}
