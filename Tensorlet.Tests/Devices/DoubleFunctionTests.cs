namespace Tensorlet.Tests.Devices;

/// <summary>The CPU's own functions of doubles, compared with those of the runtime, which compute one number.</summary>
public sealed class DoubleFunctionTests
{
    const int Count = 100_000;

    static readonly Dictionary<string, (Func<Variable, Variable> Of, Func<double, double> Runtime)> functions = new()
    {
        ["exp"] = (x => x.Exp(), Math.Exp), ["log"] = (x => x.Log(), Math.Log),
        ["sin"] = (x => x.Sin(), Math.Sin), ["cos"] = (x => x.Cos(), Math.Cos),
    };

    static readonly double[] special =
    [
        0, -0.0, 1, -1, 0.5, 2, Math.E, Math.PI, Math.PI / 2, 2.0 / 3, Math.BitDecrement(2.0 / 3), double.Epsilon,
        2.2250738585072014e-308, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity,
        double.NaN, 709.782712893384, 709.7827128933841, -708.5, -745.1332191019411, -745.1332191019412, -746, 710,
        1 << 20, (1 << 20) - 0.5, 1e22, 5.319372648326541e255,
    ];

    public static TheoryData<string> Functions => [.. functions.Keys];

    /// <summary>
    /// Special numbers, numbers of all signs and sizes, moderate ones, and multiples of π/2, where sines and cosines are
    /// near 0. The special numbers stand together, and their results must not depend on each other.
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
    public void A_result_is_within_a_unit_in_the_last_place(string name)
    {
        var (f, runtime) = functions[name];
        var x = Numbers();
        var y = f(Tensor.From(x)).Data.ToArray<double>();
        for (var i = 0; i < x.Length; i++)
        {
            var expected = runtime(x[i]);
            Assert.True(double.IsNaN(expected) ? double.IsNaN(y[i])
                : expected == 0 ? y[i] == 0 && double.IsNegative(y[i]) == double.IsNegative(expected)
                : y[i] == expected || y[i] == Math.BitIncrement(expected) || y[i] == Math.BitDecrement(expected),
                $"{name}({x[i]:R}) is {y[i]:R}, not {expected:R}");
        }
    }

    [Fact]
    public void Where_the_result_is_known_it_is_exact()
    {
        Assert.Equal([1, 1], ((Variable)Tensor.From([0.0, -0.0])).Exp().Data.ToArray<double>());
        Assert.Equal(0, ((Variable)Tensor.From([1.0])).Log().Item());
        Assert.Equal([1, 1], ((Variable)Tensor.From([0.0, -0.0])).Cos().Data.ToArray<double>());
    }
}
