namespace Tensorlet.Tests.Devices;

/// <summary>
/// The CPU's functions of floats, which compute in float, compared with the same functions in double.
/// </summary>
public sealed class FloatFunctionTests
{
    const int Every = 9973;     // the distance of the floats that are tested, of all signs and sizes

    public static TheoryData<string> Functions => [.. functions.Keys];

    static readonly Dictionary<string, Func<Variable, Variable>> functions = new()
    {
        ["exp"] = x => x.Exp(), ["log"] = x => x.Log(), ["erf"] = x => x.Erf(),
    };

    [Theory, MemberData(nameof(Functions))]
    public void A_result_is_within_a_unit_in_the_last_place(string name)
    {
        var x = Enumerable.Range(0, (int)((1L << 32) / Every)).Select(i => BitConverter.Int32BitsToSingle(i * Every))
            .ToArray();
        var y = functions[name](Tensor.From(x)).Data.ToArray<float>();
        var exact = functions[name](Tensor.From(Array.ConvertAll(x, n => (double)n))).Data.ToArray<double>();
        for (var i = 0; i < x.Length; i++)
        {
            var rounded = (float)exact[i];
            if (!float.IsFinite(rounded)) Assert.Equal(rounded, y[i]);
            else Assert.True(Math.Abs(y[i] - exact[i]) <= Unit(rounded),
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
    public void At_the_edges(string name, float x, float y)
    {
        var found = functions[name](Tensor.From([x])).Data.ToArray<float>()[0];
        Assert.Equal(BitConverter.SingleToInt32Bits(y), BitConverter.SingleToInt32Bits(float.IsNaN(found) ? y : found));
        Assert.Equal(float.IsNaN(y), float.IsNaN(found));
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
