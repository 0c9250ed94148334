using Tensorlet;

namespace Tutorials.Chapter03;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IBroadcast
{
    /// <inheritdoc/>
    public Tensor Unbroadcast(Tensor gradient, int[] shape)
    {
        var missing = gradient.Rank - shape.Length;
        for (var axis = 0; axis < gradient.Rank; axis++)
            if (axis < missing || shape[axis - missing] == 1) gradient = gradient.Sum([axis], keepdim: true);
        return gradient.Reshape(shape);
    }
}
