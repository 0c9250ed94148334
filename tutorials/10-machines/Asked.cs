using Tensorlet;

namespace Tutorials.Chapter10;

/// <summary>What exercise 10 asks for.</summary>
public interface IHardswish
{
    /// <summary>Hardswish of each element, by <see cref="Tensor.Map"/> of a public struct.</summary>
    Tensor Forward(Tensor x);

    /// <summary>The derivative of hardswish at each element, by another.</summary>
    Tensor Derivative(Tensor x);

    /// <summary>Hardswish of each element on the tape, by the struct that <see cref="Forward"/> maps.</summary>
    Variable Recorded(Variable x);
}
