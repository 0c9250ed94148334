using Tensorlet;

namespace Tutorials.Chapter16;

/// <summary>
/// Exercise 16: the backward of two functions, in variables, so that the gradient can be differentiated once more. The
/// result y is on the tape: what is computed from it and from dy is recorded. The gradient
/// is to be written by hand: <c>Backward</c> and <c>Autograd.Grad</c> are not to be used.
/// </summary>
public sealed class Mine : ITwice
{
    /// <summary>The gradient with respect to x of y = tanh(x), whose slope is 1 − tanh²(x).</summary>
    /// <param name="y">The result of the function.</param>
    /// <param name="dy">The gradient of the loss with respect to y, of the same shape.</param>
    /// <returns>The gradient of the loss with respect to x, of the same shape.</returns>
    public Variable TanhBackward(Variable y, Variable dy) =>
        throw new Todo("the slope of tanh, by means of y, times what comes in");

    /// <summary>
    /// The gradient with respect to x of y = softmax(x), along an axis. Within a row yᵢ = exp(xᵢ)/Σ exp(xⱼ), so ∂yᵢ/∂xⱼ
    /// is −yᵢ·yⱼ where i ≠ j, and yᵢ − yᵢ² where i = j.
    /// </summary>
    /// <param name="y">The result of the function.</param>
    /// <param name="dy">The gradient of the loss with respect to y, of the same shape.</param>
    /// <param name="axis">Along which axis y adds up to 1, counted from 0.</param>
    /// <returns>The gradient of the loss with respect to x, of the same shape.</returns>
    public Variable SoftmaxBackward(Variable y, Variable dy, int axis) =>
        throw new Todo("sum ∂yᵢ/∂xⱼ · dyᵢ over i, for all j at once");
}
