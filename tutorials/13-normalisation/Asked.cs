using Tensorlet;

namespace Tutorials.Chapter13;

/// <summary>What exercise 13 asks for.</summary>
public interface IBatchNorm
{
    /// <summary>The gradient by β, (C).</summary>
    Tensor Dbeta(Tensor dy);

    /// <summary>The gradient by γ, (C).</summary>
    Tensor Dgamma(Tensor x, Tensor dy, double eps);

    /// <summary>The gradient by x, (N, C).</summary>
    Tensor Dx(Tensor x, Tensor gamma, Tensor dy, double eps);
}
