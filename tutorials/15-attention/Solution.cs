using Tensorlet;

namespace Tutorials.Chapter15;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ICausal
{
    /// <inheritdoc/>
    public Tensor Mask(int n) => Tensor.Arange(n).Unsqueeze(1) >= Tensor.Arange(n);

    /// <inheritdoc/>
    public Variable Attention(Variable q, Variable k, Variable v)
    {
        var scores = q.MatMul(k.T) / Math.Sqrt(q.Size(-1));
        return scores.MaskedFill(!Mask(q.Size(1)), double.NegativeInfinity).Softmax(-1).MatMul(v);
    }

    /// <inheritdoc/>
    public Variable Heads(Variable q, Variable k, Variable v, int heads)
    {
        var size = q.Size(-1) / heads;                  // a head scales by the root of its own size, and not of E
        return Variable.Cat([.. Enumerable.Range(0, heads).Select(h => Attention(
            q.Narrow(-1, h * size, size), k.Narrow(-1, h * size, size), v.Narrow(-1, h * size, size)))], -1);
    }
}
