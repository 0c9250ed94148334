using Tensorlet;

namespace Tutorials.Chapter16;

/// <summary>What exercise 16 asks for.</summary>
public interface ITwice
{
    /// <summary>The gradient by x of y = tanh(x), from y and the gradient by y.</summary>
    Variable TanhBackward(Variable y, Variable dy);

    /// <summary>The gradient by x of y = softmax(x) along an axis, from y and the gradient by y.</summary>
    Variable SoftmaxBackward(Variable y, Variable dy, int axis);
}
