using Tensorlet;

namespace Tutorials.Chapter03;

/// <summary>What exercise 3 asks for.</summary>
public interface IBroadcast
{
    /// <summary>Sums a gradient to the shape that its operand had before it was broadcast.</summary>
    Tensor Unbroadcast(Tensor gradient, int[] shape);
}
