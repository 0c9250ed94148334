namespace Tensorlet.Nn;

/// <summary>
/// xᵀ·Wₒ·y + b for each of the output features o: (…, I) and (…, J) to (…, O). Weights and bias start uniform in ±1/√I,
/// as in PyTorch.
/// </summary>
/// <param name="in1Features">I, the size of the last axis of the first input.</param>
/// <param name="in2Features">J, the size of the last axis of the second input.</param>
/// <param name="outFeatures">O, the size of the last axis of the result.</param>
/// <param name="bias">Whether to add b.</param>
public sealed class Bilinear(int in1Features, int in2Features, int outFeatures, bool bias = true) : Module
{
    /// <summary>W, (O, I, J).</summary>
    public Variable Weight { get; } = Uniform(in1Features, outFeatures, in1Features, in2Features);
    /// <summary>b, (O), if there is one.</summary>
    public Variable? Bias { get; } = bias ? Uniform(in1Features, outFeatures) : null;

    /// <summary>Both inputs are x, as in a quadratic form.</summary>
    public override Variable Forward(Variable x) => F.Bilinear(x, x, Weight, Bias);
    /// <summary>The two inputs.</summary>
    public Variable Call(Variable x, Variable y) => Hooked(x, v => F.Bilinear(v, y, Weight, Bias));

    /// <inheritdoc/>
    protected override string Arguments => $"in1_features={Weight.Size(1)}, in2_features={Weight.Size(2)}, " +
        $"out_features={Weight.Size(0)}, bias={Python.Show(Bias is not null)}";
}
