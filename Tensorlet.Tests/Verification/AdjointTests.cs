namespace Tensorlet.Tests.Verification;

/// <summary>
/// For a linear operation A: ⟨A·x, y⟩ = ⟨x, Aᵀ·y⟩, up to rounding and without differences; and the adjoint of the
/// adjoint is A.
/// </summary>
public class AdjointTests
{
    public static TheoryData<string> Linear =>
        ["expand", "sum", "narrow", "pad", "select", "slice", "windows", "diagonal", "permute", "transpose", "flip",
            "reshape", "gather", "scatter add", "index select", "index by a mask", "mean", "cast"];

    [Theory, MemberData(nameof(Linear))]
    public void Backward_is_the_adjoint(string name)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var draw = new Draw(seed, 5);
            var c = OpTable.Named(name).Draw(draw);
            var x = new Variable(draw.Lay(c.Inputs[0], Device.Cpu), requiresGrad: true);
            var ax = c.F([x]);
            var y = new Variable(Tensor.Randn(ax.Size(), DType.Float64, generator: new Generator(seed)),
                requiresGrad: true);
            ax.Backward(y, createGraph: true);
            var aty = x.Grad!;
            Assert.Equal((ax.Data * y.Data).Sum().Item(), (x.Data * aty.Data).Sum().Item(), 9);
            y.Grad = null;
            (aty * x.Detach()).Sum().Backward(); // the gradient of ⟨x, Aᵀ·y⟩ with respect to y is A·x again
            Assert.Equal(ax.Data.ToArray<double>(), y.Grad!.Data.ToArray<double>(), (a, b) => Math.Abs(a - b) < 1e-9);
        }
    }
}
