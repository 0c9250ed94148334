using Tensorlet;

namespace Tutorials.Chapter10;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IHardswish
{
    /// <summary>y = 0 below −3, x above 3, x·(x + 3)/6 between; NaN is neither below nor above.</summary>
    public readonly struct Formula : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0),
            V.IfGreater(x, V.Of(3), x, x * (x + V.Of(3)) / V.Of(6)));
    }

    /// <summary>dy/dx = 0 below −3, 1 above 3, (2·x + 3)/6 between.</summary>
    public readonly struct Slope : IMap
    {
        V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0),
            V.IfGreater(x, V.Of(3), V.Of(1), (x + x + V.Of(3)) / V.Of(6)));
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor x) => x.Map(new Formula());

    /// <inheritdoc/>
    public Tensor Derivative(Tensor x) => x.Map(new Slope());

    /// <inheritdoc/>
    public Variable Recorded(Variable x) => x.Map(new Formula());
}
