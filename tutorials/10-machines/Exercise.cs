using Tensorlet;

namespace Tutorials.Chapter10;

/// <summary>
/// Exercise 10: a scalar function that becomes a loop, a register and a kernel, and its derivative. The function is
/// hardswish, written in its three pieces:
/// <code>
/// y = 0                  where x ≤ −3
///     x                  where x ≥ 3
///     x·(x + 3)/6        between them
///     NaN                where x is NaN
/// </code>
/// The methods below the two structs are as they should be: no numbers are taken out of a tensor here.
/// </summary>
public sealed class Mine : IHardswish
{
    /// <summary>y = hardswish(x). The pieces join at −3 and 3, so either gives the right value there.</summary>
    public readonly struct Formula : IMap
    {
        V IMap.Apply<V>(V x) => throw new Todo("choose one of three pieces by V.IfGreater, so that NaN stays NaN");
    }

    /// <summary>
    /// The derivative of hardswish at x. At −3 and at 3 it is that of the middle piece; of NaN it is NaN.
    /// </summary>
    public readonly struct Slope : IMap
    {
        V IMap.Apply<V>(V x) => throw new Todo("the derivative of each piece, chosen in the same way");
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor x) => x.Map(new Formula());

    /// <inheritdoc/>
    public Tensor Derivative(Tensor x) => x.Map(new Slope());

    /// <inheritdoc/>
    public Variable Recorded(Variable x) => x.Map(new Formula());
}
