using Tensorlet;

namespace Tutorials.Chapter06;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ICrossEntropy
{
    /// <inheritdoc/>
    public Tensor LogSoftmax(Tensor scores)
    {
        Variable shifted = scores - scores.AMax([1], keepdim: true);
        return (shifted - shifted.Exp().Sum(1, keepdim: true).Log()).Data;
    }

    /// <inheritdoc/>
    public double Loss(Tensor scores, Tensor targets) =>
        -LogSoftmax(scores).Gather(1, targets.Unsqueeze(1)).Mean().Item();

    /// <inheritdoc/>
    public Tensor Gradient(Tensor scores, Tensor targets)
    {
        var probabilities = new Variable(LogSoftmax(scores)).Exp().Data;
        var right = F.OneHot(targets, scores.Size(1)).To(scores.DType);
        return (probabilities - right) / scores.Size(0);
    }
}
