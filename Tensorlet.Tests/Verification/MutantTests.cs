namespace Tensorlet.Tests.Verification;

/// <summary>The checks are checked: the code that passes the right functions must reject wrong ones.</summary>
public class MutantTests
{
    /// <summary>A product whose backward is given from outside.</summary>
    sealed class Mutant(Func<Tensor, Tensor, Tensor> forward, Func<Variable, Variable, Variable, Variable?[]> backward)
        : Function
    {
        protected override Tensor Forward() { Save(A, B); return forward(A.Data, B.Data); }
        public override Variable?[] Backward(Variable dc) => backward(A, B, dc);
    }

    static GradReport Check(Func<Tensor, Tensor, Tensor> forward, Func<Variable, Variable, Variable,
        Variable?[]> backward, int[] a, int[] b, bool secondOrder = false)
    {
        var generator = new Generator(11);
        return GradCheck.Run(v => new Mutant(forward, backward).Apply(v[0], v[1]),
            [Tensor.Randn(a, DType.Float64, generator: generator),
                Tensor.Randn(b, DType.Float64, generator: generator)], secondOrder: secondOrder);
    }

    static GradReport Product(Func<Variable, Variable, Variable, Variable?[]> backward, bool secondOrder = false) =>
        Check((a, b) => a * b, backward, [3, 3], [3, 3], secondOrder);
    static GradReport Matrix(Func<Variable, Variable, Variable, Variable?[]> backward) =>
        Check(Tensor.MatMul, backward, [3, 3], [3, 3]);

    [Fact]
    public void The_right_product_passes() =>
        Assert.True(Product((a, b, dc) => [b * dc, a * dc], secondOrder: true).Passed);
    [Fact]
    public void The_right_matrix_product_passes() =>
        Assert.True(Matrix((a, b, dc) => [dc.MatMul(b.T), a.T.MatMul(dc)]).Passed);

    public static TheoryData<string> Mutants => [.. mutants.Keys];

    static readonly Dictionary<string, Func<GradReport>> mutants = new()
    {
        ["sign"] = () => Product((a, b, dc) => [-b * dc, a * dc]),
        ["factor 2"] = () => Product((a, b, dc) => [b * dc, 2 * a * dc]),
        ["inputs swapped"] = () => Product((a, b, dc) => [a * dc, b * dc]),
        ["incoming gradient ignored"] = () => Product((a, b, dc) => [b, a]),
        ["zero"] = () => Product((a, b, dc) => [b * dc * 0, a * dc]),
        ["no gradient"] = () => Product((a, b, dc) => [null, a * dc]),
        ["transposed"] = () => Matrix((a, b, dc) => [dc.MatMul(b), a.T.MatMul(dc)]),
        ["factors swapped"] = () => Matrix((a, b, dc) => [dc.MatMul(b.T), dc.MatMul(a.T)]),
        ["mean for sum"] = () =>
            Check((a, b) => a.Sum([0]) + b.Sum([0]), (a, b, dc) =>
            [dc.Expand(3, 3) / 3, dc.Expand(3, 3)], [3, 3], [3, 3]),
        ["sum over a broadcast axis missing"] = () =>
            Check((a, b) => a + b, (a, b, dc) => [dc, dc.Narrow(0, 0, 1)], [3, 3], [1, 3]),
        ["permutation not undone"] = () =>
            Check((a, b) => a.Permute(1, 0).Clone() + b, (a, b, dc) => [dc, dc], [3, 3], [3, 3]),
        ["softmax as if its gradient were 0"] = () =>
            Check((a, b) => ((Variable)a).Softmax(1).Data + b, (a, b, dc) => [dc * 0, dc], [3, 3], [3, 3]),
        ["exp forgets what comes in"] = () =>
            Check((a, b) => ((Variable)a).Exp().Data + b, (a, b, dc) => [a.Exp(), dc], [3, 3], [3, 3]),
        ["second order cut off"] = () => Product((a, b, dc) => [b.Detach() * dc, a.Detach() * dc], secondOrder: true),
        ["shape"] = () => Check((a, b) => a + b, (a, b, dc) => [dc, dc.Sum()], [3, 3], [3, 3]),
    };

    [Theory, MemberData(nameof(Mutants))]
    public void Is_rejected(string mutant)
    {
        try
        {
            var report = mutants[mutant]();
            Assert.False(report.Passed, $"{mutant} was not noticed");
            Assert.NotEmpty(report.Text);
        }
        // the backward pass itself refuses a gradient of another shape
        catch (ShapeException) when (mutant == "shape") { }
    }

    [Fact]
    public void Ignoring_the_incoming_gradient_is_diagnosed() =>
        Assert.Contains("ignores", mutants["incoming gradient ignored"]().Text);

    [Fact]
    public void A_zero_gradient_is_diagnosed() => Assert.Contains("0 everywhere", mutants["zero"]().Text);

    [Fact]
    public void The_tape_check_names_the_guilty_operation()
    {
        var (x, w) = (new Variable(Tensor.Randn([3, 3], DType.Float64), true),
            new Variable(Tensor.Randn([3, 3], DType.Float64), true));
        var reports = TapeCheck.Run(() =>
            new Mutant((a, b) => a * b, (a, b, dc) => [b * dc, 2 * a * dc]).Apply(x.MatMul(w).Tanh(), w).Sum());
        Assert.Equal(["Mutant((3, 3), (3, 3))"], reports.Where(r => !r.Report.Passed).Select(r => r.Operation));
        Assert.Contains("Mutant", TapeCheck.Text(reports));
        Assert.Contains(reports, r => r.Operation.StartsWith("MatMul") && r.Report.Passed);
    }

    [Fact]
    public void A_forward_and_backward_that_are_wrong_together_are_caught_by_the_oracle()
    {
        var c = OpTable.Named("exp").Draw(new Draw(5, 4)) with { F = v => v[0].Exp() * 1.001 };
        var y = c.F([new Variable(Tensor.From(c.Inputs[0].Values, c.Inputs[0].Shape))]).Data.ToArray<double>();
        Assert.True(GradCheck.Run(c.F, [Tensor.From(c.Inputs[0].Values, c.Inputs[0].Shape)]).Passed);
        Assert.NotEqual(c.Oracle([c.Inputs[0].Values]), y);
    }
}
