using Tensorlet;

namespace Tutorials.Chapter06;

/// <summary>What exercise 6 asks for.</summary>
public interface ICrossEntropy
{
    /// <summary>The logarithm of the softmax of each row of (N, C).</summary>
    Tensor LogSoftmax(Tensor scores);

    /// <summary>The mean over the rows of −ln softmax at the right class.</summary>
    double Loss(Tensor scores, Tensor targets);

    /// <summary>The gradient of the loss by the scores, (N, C).</summary>
    Tensor Gradient(Tensor scores, Tensor targets);
}
