using Tensorlet;

namespace Tutorials.Chapter19;

/// <summary>Exercise 19: three functions of PyTorch, to be written with Tensorlet.</summary>
public sealed class Mine : IPorted
{
    /// <summary>
    /// <code>
    /// def accuracy(logits, labels):
    ///     return (logits.argmax(dim=1) == labels).float().mean().item()
    /// </code>
    /// </summary>
    /// <param name="logits">A row for each sample, a column for each class: (N, C).</param>
    /// <param name="labels">The class of each sample, Int64: (N).</param>
    public double Accuracy(Tensor logits, Tensor labels) => throw new Todo("the share of samples that are right");

    /// <summary>
    /// <code>
    /// def block(x, w1, b1, w2, b2):
    ///     h = F.layer_norm(x, (x.size(-1),))
    ///     h = F.gelu(F.linear(h, w1, b1))
    ///     return x + F.linear(h, w2, b2)
    /// </code>
    /// </summary>
    /// <param name="x">(N, D)</param>
    /// <param name="w1">(H, D)</param>
    /// <param name="b1">(H)</param>
    /// <param name="w2">(D, H)</param>
    /// <param name="b2">(D)</param>
    public Variable Block(Variable x, Variable w1, Variable b1, Variable w2, Variable b2) =>
        throw new Todo("layer norm, linear, GELU, linear, and the input added");

    /// <summary>
    /// <code>
    /// def step(params, lr, decay, max_norm):
    ///     params = [p for p in params if p.grad is not None]
    ///     norm = sum((p.grad ** 2).sum().item() for p in params) ** 0.5
    ///     scale = min(1.0, max_norm / (norm + 1e-6))
    ///     with torch.no_grad():
    ///         for p in params:
    ///             p -= lr * (scale * p.grad + decay * p)
    ///             p.grad = None
    ///     return norm
    /// </code>
    /// </summary>
    public double Step(IReadOnlyList<Variable> parameters, double lr, double decay, double maxNorm) =>
        throw new Todo("clip all gradients together, then step with weight decay");
}
