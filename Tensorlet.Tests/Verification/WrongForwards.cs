
namespace Tensorlet.Tests.Verification;

/// <summary>
/// Operations whose forward and backward are wrong in the same way: no gradient check can notice, but the oracles must.
/// </summary>
public class WrongForwards
{
    static readonly Dictionary<string, (string Row, Func<Variable[], Variable> Wrong)> all = new()
    {
        ["a part in a thousand too large"] = ("exp", v => v[0].Exp() * 1.001),
        ["operands exchanged"] = ("subtract", v => v[1] - v[0]),
        ["product for quotient"] = ("divide", v => v[0] * v[1]),
        ["smaller for larger"] = ("maximum", v => Variable.Minimum(v[0], v[1])),
        ["cube for square"] = ("square", v => v[0].Pow(3)),
        ["tanh for sigmoid"] = ("sigmoid", v => v[0].Tanh()),
        ["another slope"] = ("leaky relu", v => v[0].LeakyRelu(0.02)),
        ["without the 1"] = ("softplus", v => v[0].Exp().Log()),
        ["nothing cut off"] = ("relu", v => v[0] + 0),
        ["natural for absolute"] = ("abs", v => v[0] + 0),
        ["another matrix transposed"] = ("T", v => v[0] * 2 - v[0].T.T),
        ["not reversed"] = ("flip", v => v[0] + 0),
        ["squares without their root"] = ("norm", v => v[0].Square().Sum()),
        ["sum for product"] = ("prod", v => v[0].Sum()),
        ["sum for mean"] = ("mean squared error", v => (v[0] - v[1]).Square().Sum()),
        ["not halved"] = ("numbers", v => 3 - 2 * v[0]),
        ["sine for cosine"] = ("cos", v => v[0].Sin()),
        ["inverse of the inverse"] = ("reciprocal", v => v[0] + 0),
        ["first operand twice"] = ("dot", v => v[0].MatMul(v[0])),
        ["without the logarithm"] = ("log softmax", v => v[0].Softmax(0)),
        ["left and right exchanged"] = ("matmul", v => v[1].MatMul(v[0])),
    };

    public static TheoryData<string> Names => [.. all.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Is_rejected(string name)
    {
        var (row, wrong) = all[name];
        var op = OpTable.Named(row);
        var mutant = op with { Draw = d => op.Draw(d) with { F = wrong } };
        for (var seed = 0; seed < 40; seed++)
        {
            var c = op.Draw(new Draw(seed, 4));
            if (c.Inputs.Any(i => i.Values.Length < 2)) continue;
            try { OperationCheck.Run(mutant, Device.Cpu, new Spec(seed, 4), secondOrder: false); }
            catch (Exception e) when (e is Disagreement or TensorletException) { return; }
        }
        Assert.Fail($"{name}, {row}: not noticed");
    }
}
