namespace Tutorials.Chapter07;

/// <summary>
/// Exercise 7: the steps of two optimizers, on plain arrays. Each method changes the parameters <c>p</c> in place,
/// given their gradients <c>g</c>, and updates its state. All arrays have the same length, and each element is computed
/// separately.
/// </summary>
public sealed class Mine : ISteps
{
    /// <summary>Momentum: v ← momentum·v + g; p ← p − lr·v. This is one step, for each element.</summary>
    /// <param name="p">The parameters.</param>
    /// <param name="g">Their gradients, which stay as they are.</param>
    /// <param name="v">The velocity: zeros before the first step.</param>
    /// <param name="lr">The learning rate of this step.</param>
    /// <param name="momentum">The part of the velocity that stays.</param>
    public void Momentum(double[] p, double[] g, double[] v, double lr, double momentum) =>
        throw new Todo("a step with momentum");

    /// <summary>
    /// Adam: m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; p ← p − lr·m̂/(√v̂ + ε), where m̂ = m/(1 − β₁ᵗ) and
    /// v̂ = v/(1 − β₂ᵗ), and t is the number of the step, 1 at the first.
    /// </summary>
    /// <param name="p">The parameters.</param>
    /// <param name="g">Their gradients, which stay as they are.</param>
    /// <param name="memory"><c>memory.M</c> is m and <c>memory.V</c> is v, arrays of zeros before the first step;
    /// <c>memory.Steps</c> is how many steps were made, 0 before the first, and is for you to count.</param>
    /// <param name="lr">The learning rate of this step.</param>
    /// <param name="beta1">β₁</param>
    /// <param name="beta2">β₂</param>
    /// <param name="eps">ε</param>
    public void Adam(double[] p, double[] g, Moments memory, double lr, double beta1, double beta2, double eps) =>
        throw new Todo("a step of Adam");
}
