using Tensorlet.Tests.Verification;

namespace Tensorlet.Tests.Networks;

/// <summary>
/// Functions at their edges compared with libtorch 2.10: at kinks, where they saturate and at infinity, they have the
/// same values and the same slopes, of first and second order, in float64 on every device. Where libtorch gives NaN,
/// mathematics decides, and <see cref="Edges"/> says how.
/// </summary>
public class LibtorchEdgeTests
{
    static readonly Dictionary<string, Func<Variable[], Variable>> functions = new()
    {
        ["relu"] = x => x[0].Relu(),
        ["relu6"] = x => x[0].Relu6(),
        ["leaky relu"] = x => x[0].LeakyRelu(0.2),
        ["hardsigmoid"] = x => x[0].Hardsigmoid(),
        ["hardswish"] = x => x[0].Hardswish(),
        ["hardshrink"] = x => x[0].Hardshrink(),
        ["softshrink"] = x => x[0].Softshrink(),
        ["tanhshrink"] = x => x[0].Tanhshrink(),
        ["threshold"] = x => x[0].Threshold(1, -2),
        ["elu"] = x => x[0].Elu(1.5),
        ["selu"] = x => x[0].Selu(),
        ["gelu"] = x => x[0].Gelu(),
        ["silu"] = x => x[0].Silu(),
        ["mish"] = x => x[0].Mish(),
        ["softsign"] = x => x[0].Softsign(),
        ["softplus"] = x => x[0].Softplus(),
        ["log sigmoid"] = x => x[0].LogSigmoid(),
        ["sigmoid"] = x => x[0].Sigmoid(),
        ["tanh"] = x => x[0].Tanh(),
        ["exp"] = x => x[0].Exp(),
        ["expm1"] = x => x[0].Expm1(),
        ["sinh"] = x => x[0].Sinh(),
        ["cosh"] = x => x[0].Cosh(),
        ["atan"] = x => x[0].Atan(),
        ["erf"] = x => x[0].Erf(),
        ["asin"] = x => x[0].Asin(),
        ["acos"] = x => x[0].Acos(),
        ["erfinv"] = x => x[0].Erfinv(),
        ["log"] = x => x[0].Log(),
        ["log1p"] = x => x[0].Log1p(),
        ["sqrt"] = x => x[0].Sqrt(),
        ["rsqrt"] = x => x[0].Rsqrt(),
        ["atan2"] = x => Variable.Atan2(x[0], x[1]),
        ["mean squared error"] = x => F.MseLoss(x[0], x[1], Reduction.None),
        ["L1"] = x => F.L1Loss(x[0], x[1], Reduction.None),
        ["smooth L1"] = x => F.SmoothL1Loss(x[0], x[1], Reduction.None, 0.5),
        ["Huber"] = x => F.HuberLoss(x[0], x[1], Reduction.None, 0.5),
        ["binary cross-entropy"] = x => F.BinaryCrossEntropy(x[0], x[1], reduction: Reduction.None),
        ["binary cross-entropy of logits"] = x =>
            F.BinaryCrossEntropyWithLogits(x[0], x[1], reduction: Reduction.None),
        ["KL divergence"] = x => F.KlDiv(x[0], x[1], Reduction.None),
        ["KL divergence of logarithms"] = x => F.KlDiv(x[0], x[1], Reduction.None, logTarget: true),
    };

    /// <summary>
    /// Where the slope itself has a kink, and no slope of its own: there, libtorch takes another side. The same holds
    /// where 0·∞ was taken as 0.
    /// </summary>
    static readonly Dictionary<string, Func<double[], bool>> kinks = new()
    {
        ["elu"] = x => x[0] == 0,
        ["selu"] = x => x[0] == 0,
        ["softplus"] = x => x[0] == 20,
        ["smooth L1"] = x => Math.Abs(x[0] - x[1]) == 0.5,
        ["Huber"] = x => Math.Abs(x[0] - x[1]) == 0.5,
        ["binary cross-entropy"] = x => x[0] is 0 or 1,
        ["binary cross-entropy of logits"] = x => double.IsInfinity(x[0]),
        ["KL divergence"] = x => double.IsInfinity(x[0]) && x[1] == 0,
    };

    public static TheoryData<string> Names => [.. functions.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Agrees(string name)
    {
        // libtorch has a sixth, or the least denominator, in float, though the numbers are double
        var tolerance = name is "hardsigmoid" or "binary cross-entropy" ? 1e-7 : 1e-9;
        foreach (var device in Machines.All.Select(Machines.Named))
        {
            var parts = LibtorchTests.Under($"edges/{name}/");
            Variable[] x = [.. parts.Where(p => p.Key.StartsWith("input/")).OrderBy(p => p.Key)
                .Select(p => new Variable(p.Value.To(device), requiresGrad: true))];
            var y = functions[name](x);
            Same("value", y);
            var slopes = Slopes(y);
            for (var i = 0; i < x.Length; i++)
            {
                Same($"slope/{i}", slopes[i]);
                if (!parts.ContainsKey($"second/{i}/0")) continue;
                var second = Slopes(slopes[i]);
                for (var k = 0; k < x.Length; k++) Same($"second/{i}/{k}", second[k]);
            }

            Variable[] Slopes(Variable of) => !of.RequiresGrad ? [.. x.Select(v => Tensor.ZerosLike(v.Data))]
                : [.. Autograd.Grad([of.Sum()], x, createGraph: true).Select((slope, i) =>
                    slope ?? Tensor.ZerosLike(x[i].Data))];

            void Same(string what, Variable actual)
            {
                double[] all = actual.Data.ToArray<double>(), expected = parts[what].ToArray<double>();
                Assert.Equal(expected.Length, all.Length);
                for (var i = 0; i < all.Length; i++)
                {
                    double[] at = [.. x.Select(v => v.Data.ToArray<double>()[i])];
                    if (double.IsNaN(expected[i]) || (what[..2] == "se" && kinks.GetValueOrDefault(name)?.Invoke(at)
                        == true)) continue;
                    Assert.True(all[i] == expected[i]
                        || Math.Abs(all[i] - expected[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])),
                        $"{device}: {what} of ({string.Join(", ", at)}) is {all[i]} in place of {expected[i]}");
                }
            }
        }
    }

    [Fact]
    public void Every_function_of_ours_has_its_numbers() => Assert.Equal(functions.Keys.Order(), LibtorchTests
        .Under("edges/").Keys.Where(key => key.EndsWith("/value")).Select(key => key[..^"/value".Length]).Order());
}
