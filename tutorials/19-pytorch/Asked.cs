using Tensorlet;

namespace Tutorials.Chapter19;

/// <summary>What exercise 19 asks for.</summary>
public interface IPorted
{
    /// <summary>The share of samples whose largest logit is that of their label.</summary>
    double Accuracy(Tensor logits, Tensor labels);

    /// <summary>x + linear(gelu(linear(layer norm(x))))</summary>
    Variable Block(Variable x, Variable w1, Variable b1, Variable w2, Variable b2);

    /// <summary>A step of gradient descent with clipped gradients and weight decay; the norm before.</summary>
    double Step(IReadOnlyList<Variable> parameters, double lr, double decay, double maxNorm);
}
