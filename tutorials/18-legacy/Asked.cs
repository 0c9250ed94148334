using Tensorlet;

namespace Tutorials.Chapter18;

/// <summary>What exercise 18 asks for: a linear layer and its three gradients.</summary>
public interface ILinear
{
    /// <summary>y = x·Wᵀ + b, (N, out), of (N, in), (out, in) and (out).</summary>
    Tensor Forward(Tensor x, Tensor weight, Tensor bias);
    /// <summary>dx, (N, in), of dy, (N, out), and W, (out, in).</summary>
    Tensor GradInput(Tensor dy, Tensor weight);
    /// <summary>dW, (out, in), of x, (N, in), and dy, (N, out).</summary>
    Tensor GradWeight(Tensor x, Tensor dy);
    /// <summary>db, (out), of dy, (N, out).</summary>
    Tensor GradBias(Tensor dy);
}
