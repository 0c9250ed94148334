namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static double Sigma(double x) => 1 / (1 + Math.Exp(-x));
    static Jet Sigma(Jet x) => 1 / (1 + Math.Exp(-x));

    static IEnumerable<Op> MoreElementwise() =>
    [
        Unary("neg", x => -x, x => -x),
        Unary("exp2", x => x.Exp2(), x => Math.Pow(2, x)),
        Unary("expm1", x => x.Expm1(), x => Math.Exp(x) - 1),
        Unary("log2", x => x.Log2(), Math.Log2, Domain.Positive),
        Unary("log10", x => x.Log10(), Math.Log10, Domain.Positive),
        Unary("log1p", x => x.Log1p(), x => Math.Log(1 + x), Domain.Positive),
        Unary("rsqrt", x => x.Rsqrt(), x => 1 / Math.Sqrt(x), Domain.Positive),
        Unary("tan", x => x.Tan(), Math.Tan, Domain.Unit),
        Unary("asin", x => x.Asin(), Math.Asin, Domain.Unit),
        Unary("acos", x => x.Acos(), Math.Acos, Domain.Unit),
        Unary("atan", x => x.Atan(), Math.Atan),
        Unary("atan, far", x => (x * 3).Atan(), x => Math.Atan(3 * x)),
        Unary("sinh", x => x.Sinh(), Math.Sinh),
        Unary("cosh", x => x.Cosh(), Math.Cosh),
        Unary("erf", x => x.Erf(), Math.Erf),
        Unary("erfinv", x => x.Erfinv(), Math.ErfInv, Domain.Unit),
        Unary("floor", x => x.Floor(), Math.Floor),
        Unary("ceil", x => x.Ceil(), Math.Ceiling),
        Unary("round", x => x.Round(), Math.Round),
        Unary("trunc", x => x.Trunc(), Math.Truncate),
        Unary("frac", x => x.Frac(), x => x - Math.Truncate(x)),
        Unary("log sigmoid", x => x.LogSigmoid(), x => Math.Log(Sigma(x))),
        Unary("hardtanh", x => x.Hardtanh(), x => Math.Clamp(x, -1, 1)),
        Unary("relu6", x => (x * 4).Relu6(), x => Math.Clamp(4 * x, 0, 6)),
        Unary("elu", x => x.Elu(1.5), x => x > 0 ? x : 1.5 * (Math.Exp(x) - 1)),
        Unary("selu", x => x.Selu(), x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1))),
        Unary("celu", x => x.Celu(0.5), x => x > 0 ? x : 0.5 * (Math.Exp(x / 0.5) - 1)),
        Unary("gelu", x => x.Gelu(), x => x * Normal(x)),
        Unary("gelu, by tanh", x => x.Gelu(tanh: true), x =>
            x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        Unary("silu", x => x.Silu(), x => x * Sigma(x)),
        Unary("mish", x => x.Mish(), x => x * Math.Tanh(Math.Log(1 + Math.Exp(x)))),
        Unary("softsign", x => x.Softsign(), x => x / (1 + Math.Abs(x))),
        Unary("softshrink", x => x.Softshrink(), x => Math.Sign(x) * Math.Max(0, Math.Abs(x) - 0.5)),
        Unary("hardshrink", x => x.Hardshrink(), x => Math.Abs(x) > 0.5 ? x : 0),
        Unary("tanhshrink", x => x.Tanhshrink(), x => x - Math.Tanh(x)),
        Unary("hardsigmoid", x => (x * 2).Hardsigmoid(), x => Math.Clamp(2 * x + 3, 0, 6) / 6),
        Unary("hardswish", x => (x * 2).Hardswish(), x => 2 * x * Math.Clamp(2 * x + 3, 0, 6) / 6),
        Unary("threshold", x => x.Threshold(0.5, -3), x => x > 0.5 ? x : -3),
        Unary("masked fill", x => x.MaskedFill(x > 0.5, 7), x => x > 0.5 ? 7 : x),
        Unary("a number to a power", x => Variable.Pow(1.7, x), x => Math.Pow(1.7, x)),
        Binary("atan2", Variable.Atan2, Math.Atan2),
        Binary("fmod", (a, b) => Variable.Fmod(a * 3.7, b), (a, b) => a * 3.7 % b, Domain.Positive),
        Binary("remainder", (a, b) => a * 3.7 % b, (a, b) => a * 3.7 - b * Math.Floor(a * 3.7 / b),
            Domain.Positive),
        Binary("floor divide", (a, b) => Variable.FloorDivide(a * 3.7, b), (a, b) => Math.Floor(a * 3.7 / b),
            Domain.Positive),
        Binary("power of two", (a, b) => Variable.Pow(b, a), (a, b) => Math.Pow(b, a), Domain.Positive),
        Binary("lerp", (a, b) => a.Lerp(b, 0.3), (a, b) => a + 0.3 * (b - a)),
        Binary("addcmul", (a, b) => a.Addcmul(a, b, 2), (a, b) => a + 2 * a * b),
        Binary("addcdiv", (a, b) => a.Addcdiv(a, b, 2), (a, b) => a + 2 * a / b, Domain.Positive),
        Binary("clamp by tensors", (a, b) => (a * 2).Clamp(-b, b), (a, b) => Math.Clamp(2 * a, -b, b), Domain.Positive),
        new("elementwise", "prelu", d =>
        {
            var (x, w) = (d.Input([d.Int(1, 3), d.Int(1, 3), d.Int(1, 3)]), d.Coin());
            var weight = d.Input([w ? x.Shape[1] : 1]);
            return new(v => v[0].PRelu(v[1]), [x, weight], x.Shape, v => [.. Naive.Indices(x.Shape).Select((i, n) =>
                v[0][n] * (v[0][n] > 0 ? 1 : v[1][w ? i[1] : 0]))]);
        }),
        Glu("glu", x => x.Glu(1)),
    ];

    static Op Glu(string name, Func<Variable, Variable> f) => new("elementwise", name, d =>
    {
        var x = d.Input([d.Int(1, 3), 2 * d.Int(1, 3), d.Int(1, 3)]);
        int[] shape = [x.Shape[0], x.Shape[1] / 2, x.Shape[2]];
        return new(v => f(v[0]), [x], shape, v => [.. Naive.Indices(shape).Select(i =>
            v[0][Naive.Place(i, x.Shape)] * Sigma(v[0][Naive.Place([i[0], i[1] + shape[1], i[2]], x.Shape)]))]);
    });

    static Jet Normal(Jet x) => 0.5 * (1 + Math.Erf(x / Math.Sqrt(2)));
}
