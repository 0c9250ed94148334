namespace Tensorlet.Tests.Devices;

/// <summary>
/// The CPU's own functions of floats, compared with the same functions in double.
/// </summary>
public sealed class FloatFunctionTests
{
    const int Every = 9973;     // the distance of the floats that are tested, of all signs and sizes

    public static TheoryData<string> Functions => [.. functions.Keys];

    /// <summary>
    /// The functions, and their largest errors in units in the last place. erfinv is the same formula in double, so
    /// that here its result is only compared with the same result before rounding.
    /// </summary>
    static readonly Dictionary<string, (Func<Variable, Variable> Of, double Error)> functions = new()
    {
        ["exp"] = (x => x.Exp(), 1), ["log"] = (x => x.Log(), 1), ["erf"] = (x => x.Erf(), 1),
        ["sin"] = (x => x.Sin(), 0.505), ["cos"] = (x => x.Cos(), 0.505),
        ["log2"] = (x => x.Log2(), 0.501), ["log10"] = (x => x.Log10(), 0.501), ["erfinv"] = (x => x.Erfinv(), 0.501),
    };

    [Theory, MemberData(nameof(Functions))]
    public void A_result_is_almost_rounded_correctly(string name)
    {
        var (f, most) = functions[name];
        var x = Enumerable.Range(0, (int)((1L << 32) / Every)).Select(i => BitConverter.Int32BitsToSingle(i * Every))
            .ToArray();
        var y = f(Tensor.From(x)).Data.ToArray<float>();
        var exact = f(Tensor.From(Array.ConvertAll(x, n => (double)n))).Data.ToArray<double>();
        for (var i = 0; i < x.Length; i++)
        {
            var rounded = (float)exact[i];
            if (!float.IsFinite(rounded)) Assert.Equal(rounded, y[i]);
            else Assert.True(Math.Abs(y[i] - exact[i]) <= most * Unit(rounded),
                $"{name}({x[i]:R}) is {y[i]:R}, not {exact[i]:R}");
        }
    }

    static double Unit(float y) => (double)MathF.BitIncrement(MathF.Abs(y)) - MathF.Abs(y);

    [Theory]
    [InlineData("exp", 0f, 1f)]
    [InlineData("exp", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("exp", float.NegativeInfinity, 0f)]
    [InlineData("exp", 88.72284f, float.PositiveInfinity)]
    [InlineData("exp", 88.7228f, 3.4026947e38f)]
    [InlineData("exp", -103.2789f, 1.4e-45f)]
    [InlineData("exp", -104f, 0f)]
    [InlineData("exp", float.NaN, float.NaN)]
    [InlineData("log", 1f, 0f)]
    [InlineData("log", 0f, float.NegativeInfinity)]
    [InlineData("log", -1f, float.NaN)]
    [InlineData("log", 1.4e-45f, -103.27893f)]
    [InlineData("log", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("log", float.NegativeInfinity, float.NaN)]
    [InlineData("log", float.NaN, float.NaN)]
    [InlineData("erf", 0f, 0f)]
    [InlineData("erf", float.PositiveInfinity, 1f)]
    [InlineData("erf", float.NegativeInfinity, -1f)]
    [InlineData("erf", float.MaxValue, 1f)]
    [InlineData("erf", float.NaN, float.NaN)]
    [InlineData("sin", -0f, -0f)]
    [InlineData("sin", 1e-45f, 1e-45f)]
    [InlineData("sin", float.MaxValue, -0.52187651f)]
    [InlineData("sin", float.PositiveInfinity, float.NaN)]
    [InlineData("sin", float.NaN, float.NaN)]
    [InlineData("cos", -0f, 1f)]
    [InlineData("cos", 1.57079637f, -4.371139e-8f)]
    [InlineData("cos", float.MaxValue, 0.85302103f)]
    [InlineData("cos", float.NegativeInfinity, float.NaN)]
    [InlineData("cos", float.NaN, float.NaN)]
    [InlineData("log2", 1f, 0f)]
    [InlineData("log2", -0f, float.NegativeInfinity)]
    [InlineData("log2", -1f, float.NaN)]
    [InlineData("log2", 1e-45f, -149f)]
    [InlineData("log2", float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("log2", float.NegativeInfinity, float.NaN)]
    [InlineData("log2", float.NaN, float.NaN)]
    [InlineData("erfinv", -0f, -0f)]
    [InlineData("erfinv", 1f, float.PositiveInfinity)]
    [InlineData("erfinv", -1f, float.NegativeInfinity)]
    [InlineData("erfinv", 1.0000001f, float.NaN)]
    [InlineData("erfinv", float.NaN, float.NaN)]
    public void At_the_edges(string name, float x, float y)
    {
        var found = functions[name].Of(Tensor.From([x])).Data.ToArray<float>()[0];
        Assert.Equal(BitConverter.SingleToInt32Bits(y), BitConverter.SingleToInt32Bits(float.IsNaN(found) ? y : found));
        Assert.Equal(float.IsNaN(y), float.IsNaN(found));
    }

    /// <summary>
    /// All pairs of some special numbers, pairs of all signs and sizes, and pairs whose power or quotient is moderate.
    /// </summary>
    static (float[] A, float[] B) Pairs()
    {
        float[] special = [0, -0f, 1, -1, 2, -2, 3, -3, 0.5f, -0.5f, 2.5f, -2.5f, 16777215, -16777215, 1e10f, -1e10f,
            float.MaxValue, float.Epsilon, -float.Epsilon, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        var random = new Random(1);
        (float, float)[] pairs = [.. from a in special from b in special select (a, b),
            .. from _ in Enumerable.Range(0, 100_000) select (Any(), Any()),
            .. from _ in Enumerable.Range(0, 100_000) select (Around(4, 3), Around(2, 1.5)),
            .. from n in Enumerable.Range(0, 2_000) select (n % 50 - 25f, n / 50 - 20f)];
        return (Array.ConvertAll(pairs, pair => pair.Item1), Array.ConvertAll(pairs, pair => pair.Item2));

        float Any() => BitConverter.Int32BitsToSingle((int)random.NextInt64(1L << 32));
        float Around(int oneNegativeIn, double sizes) => (float)(Math.Exp((random.NextDouble() * 2 - 1) * sizes * 4)
            * (random.Next(oneNegativeIn) == 0 ? -1 : 1));
    }

    [Fact]
    public void A_power_is_rounded_correctly_or_almost()
    {
        var (a, b) = Pairs();
        var y = Variable.Pow(Tensor.From(a), Tensor.From(b)).Data.ToArray<float>();
        for (var i = 0; i < y.Length; i++)
        {
            var exact = Math.Pow(a[i], b[i]);
            var rounded = (float)exact;
            Assert.True(float.IsFinite(rounded) && rounded != 0 ? Math.Abs(y[i] - exact) <= 0.52 * Unit(rounded)
                : rounded.Equals(y[i]) && (float.IsNaN(rounded) || float.IsNegative(rounded) == float.IsNegative(y[i])),
                $"pow({a[i]:R}, {b[i]:R}) is {y[i]:R}, not {exact:R}");
        }
    }

    [Fact]
    public void A_remainder_is_exact()
    {
        var (a, b) = Pairs();
        var y = Variable.Fmod(Tensor.From(a), Tensor.From(b)).Data.ToArray<float>();
        for (var i = 0; i < y.Length; i++)
        {
            var exact = a[i] % b[i];
            Assert.True(float.IsNaN(exact) ? float.IsNaN(y[i])
                : BitConverter.SingleToInt32Bits(exact) == BitConverter.SingleToInt32Bits(y[i]),
                $"fmod({a[i]:R}, {b[i]:R}) is {y[i]:R}, not {exact:R}");
        }
    }

    [Fact]
    public void Zero_keeps_its_sign()
    {
        var zero = Tensor.From([-0f]);
        Assert.Equal(1, ((Variable)zero).Exp().Item());
        Assert.Equal(double.NegativeInfinity, ((Variable)zero).Log().Item());
        Assert.True(double.IsNegative(((Variable)zero).Erf().Item()));
    }
}
