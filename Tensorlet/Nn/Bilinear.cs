namespace Tensorlet.Nn;

/// <summary>
/// Computes xᵀ·Wₒ·y + bₒ for each output feature o, where x and y are the inputs, Wₒ is a matrix of I×J weights, and b
/// is the bias. The inputs have the shapes (…, I) and (…, J), and the result has the shape (…, O). Initially, weights
/// and bias are sampled uniformly from [−1/√I, 1/√I], as in PyTorch.
/// </summary>
/// <param name="in1Features">The size I of the last axis of the first input.</param>
/// <param name="in2Features">The size J of the last axis of the second input.</param>
/// <param name="outFeatures">The size O of the last axis of the result.</param>
/// <param name="bias">Whether to add the bias b.</param>
public sealed class Bilinear(int in1Features, int in2Features, int outFeatures, bool bias = true) : Module
{
    /// <summary>The weights W, of shape (O, I, J).</summary>
    public Variable Weight { get; } = Uniform(in1Features, outFeatures, in1Features, in2Features);
    /// <summary>The bias b, of shape (O), or null.</summary>
    public Variable? Bias { get; } = bias ? Uniform(in1Features, outFeatures) : null;

    /// <summary>Computes the result for x as both inputs, as in a quadratic form.</summary>
    public override Variable Forward(Variable x) => F.Bilinear(x, x, Weight, Bias);
    /// <summary>Computes the result for the inputs <paramref name="x"/> and <paramref name="y"/>.</summary>
    public Variable Call(Variable x, Variable y) => Hooked(x, v => F.Bilinear(v, y, Weight, Bias));

    /// <inheritdoc/>
    protected override string Arguments => $"in1_features={Weight.Size(1)}, in2_features={Weight.Size(2)}, " +
        $"out_features={Weight.Size(0)}, bias={Python.Show(Bias is not null)}";
}
