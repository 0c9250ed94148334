using Tensorlet;

namespace Tutorials.Chapter18;

/// <summary>
/// Exercise 18: a linear layer before the tape. y = x·Wᵀ + b for N samples at once, and the three gradients of it, each
/// from dy, the gradient of the loss by y. Tensors only: nothing is recorded. Nothing that you are given is changed,
/// and results have its type.
/// </summary>
public sealed class Mine : ILinear
{
    /// <summary>y = x·Wᵀ + b</summary>
    /// <param name="x">(N, in)</param>
    /// <param name="weight">W, (out, in)</param>
    /// <param name="bias">b, (out)</param>
    /// <returns>y, (N, out)</returns>
    public Tensor Forward(Tensor x, Tensor weight, Tensor bias) => throw new Todo("x·Wᵀ + b");

    /// <summary>The gradient with respect to the input.</summary>
    /// <param name="dy">(N, out)</param>
    /// <param name="weight">W, (out, in)</param>
    /// <returns>dx, (N, in)</returns>
    public Tensor GradInput(Tensor dy, Tensor weight) => throw new Todo("what each input did to all outputs");

    /// <summary>The gradient with respect to the weights.</summary>
    /// <param name="x">(N, in)</param>
    /// <param name="dy">(N, out)</param>
    /// <returns>dW, (out, in)</returns>
    public Tensor GradWeight(Tensor x, Tensor dy) => throw new Todo("what each weight did, added up over the samples");

    /// <summary>The gradient with respect to the bias.</summary>
    /// <param name="dy">(N, out)</param>
    /// <returns>db, (out)</returns>
    public Tensor GradBias(Tensor dy) => throw new Todo("what each bias did, added up over the samples");
}
