using Tensorlet;

namespace Tutorials.Chapter18;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ILinear // y = x·Wᵀ + b     dx = dy·W     dW = dyᵀ·x     db = Σₙ dy
{
    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Tensor bias) => Tensor.MatMul(x, weight.T) + bias;
    /// <inheritdoc/>
    public Tensor GradInput(Tensor dy, Tensor weight) => Tensor.MatMul(dy, weight);
    /// <inheritdoc/>
    public Tensor GradWeight(Tensor x, Tensor dy) => Tensor.MatMul(dy.T, x);
    /// <inheritdoc/>
    public Tensor GradBias(Tensor dy) => dy.Sum([0]);
}
