using Tensorlet;

namespace Tutorials.Chapter14;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IEmbedding
{
    /// <inheritdoc/>
    public Tensor Forward(Tensor index, Tensor table) =>
        table.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, table.Size(1)]);

    /// <inheritdoc/>
    public Tensor Backward(Tensor index, Tensor dy, int rows, int? padding)
    {
        var d = dy.Size(-1);
        var gradient = Tensor.Zeros([rows, d], dy.DType)
            .ScatterAdd_(0, index.Reshape(-1, 1).Expand(index.Numel, d), dy.Reshape(-1, d));
        if (padding is { } row) gradient.Select(0, row).Zero_();
        return gradient;
    }
}
