using Tensorlet;
using static Tensorlet.Variable;

namespace Tutorials.Chapter12;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IConvolutionGradients
{
    /// <inheritdoc/>
    public Tensor ByBias(Tensor dy) => dy.Sum([0, 2, 3]);

    /// <inheritdoc/>
    public Tensor ByFilters(Tensor x, Tensor dy) // dw[o,c,k,l] = Σ dy[n,o,i,j]·x[n,c,k+i,l+j]
    {
        var windows = x.Windows(2, dy.Size(2)).Windows(3, dy.Size(3));
        return Einsum("ncklij,noij->ockl", windows, dy).Data;
    }

    /// <inheritdoc/>
    public Tensor ByInput(Tensor w, Tensor dy) // dx[n,c,i+k,j+l] += w[o,c,k,l]·dy[n,o,i,j]
    {
        var (height, width) = (dy.Size(2), dy.Size(3));
        var dx = Tensor.Zeros([dy.Size(0), w.Size(1), height + w.Size(2) - 1, width + w.Size(3) - 1], dy.DType);
        for (var k = 0; k < w.Size(2); k++)
            for (var l = 0; l < w.Size(3); l++)
                dx[.., .., k..(k + height), l..(l + width)].Add_(Einsum("oc,noij->ncij", w[.., .., k, l], dy).Data);
        return dx;
    }
}
