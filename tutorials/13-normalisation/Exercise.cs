using Tensorlet;

namespace Tutorials.Chapter13;

/// <summary>
/// Exercise 13: the backward of batch normalisation, written in tensors. For x of shape (N, C), with mean μ and
/// variance σ² (over N, not N − 1) of each column, the forward was x̂ = (x − μ)/√(σ² + ε) and y = γ·x̂ + β. A tensor
/// has no root: make it a variable, as in <c>new Variable(v).Sqrt().Data</c>, and do not use the gradients of the tape.
/// </summary>
public sealed class Mine : IBatchNorm
{
    /// <summary>The gradient with respect to β.</summary>
    /// <param name="dy">The gradient with respect to y, (N, C).</param>
    /// <returns>(C).</returns>
    public Tensor Dbeta(Tensor dy) => throw new Todo("the gradient by beta");

    /// <summary>The gradient with respect to γ.</summary>
    /// <param name="x">What was normalised, (N, C).</param>
    /// <param name="dy">The gradient with respect to y, (N, C).</param>
    /// <param name="eps">ε, which was added to the variance.</param>
    /// <returns>(C).</returns>
    public Tensor Dgamma(Tensor x, Tensor dy, double eps) => throw new Todo("the gradient by gamma");

    /// <summary>The gradient with respect to x: directly, through the mean, and through the variance.</summary>
    /// <param name="x">What was normalised, (N, C).</param>
    /// <param name="gamma">γ, (C).</param>
    /// <param name="dy">The gradient with respect to y, (N, C).</param>
    /// <param name="eps">ε, which was added to the variance.</param>
    /// <returns>(N, C).</returns>
    public Tensor Dx(Tensor x, Tensor gamma, Tensor dy, double eps) => throw new Todo("the gradient by x");
}
