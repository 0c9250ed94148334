using Tensorlet;

namespace Tutorials.Chapter14;

/// <summary>What exercise 14 asks for: an embedding.</summary>
public interface IEmbedding
{
    /// <summary>The rows of a table (V, D) at an index of any shape: that shape, and behind it D.</summary>
    Tensor Forward(Tensor index, Tensor table);
    /// <summary>The gradient by the table, (rows, D); the row of padding, if given, gets none.</summary>
    Tensor Backward(Tensor index, Tensor dy, int rows, int? padding);
}
