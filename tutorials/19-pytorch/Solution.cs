using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials.Chapter19;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IPorted
{
    /// <inheritdoc/>
    public double Accuracy(Tensor logits, Tensor labels) =>
        logits.ArgMax(1).Eq(labels).To(DType.Float32).Mean().Item();

    /// <inheritdoc/>
    public Variable Block(Variable x, Variable w1, Variable b1, Variable w2, Variable b2)
    {
        var h = F.LayerNorm(x, [x.Size(-1)]);
        h = F.Linear(h, w1, b1).Gelu();
        return x + F.Linear(h, w2, b2);
    }

    /// <inheritdoc/>
    public double Step(IReadOnlyList<Variable> parameters, double lr, double decay, double maxNorm)
    {
        var norm = Utils.ClipGradNorm_(parameters, maxNorm);
        foreach (var p in parameters)
            if (p.Grad is { } gradient)
            {
                p.Data.Sub_(lr * (gradient.Data + decay * p.Data));
                p.Grad = null;
            }
        return norm;
    }
}
