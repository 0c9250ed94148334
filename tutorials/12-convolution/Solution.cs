using Tensorlet;
using static Tensorlet.Variable;

namespace Tutorials.Chapter12;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IConvolutionGradients
{
    /// <inheritdoc/>
    public Tensor ByBias(Tensor dy) => dy.Sum([0, 2, 3]);

    /// <inheritdoc/>
    public Tensor ByFilters(Tensor x, Tensor dy, int stride, int padding)
    {
        // dw[o,c,k,l] = Σ dy[n,o,i,j]·x[n,c,S·i+k,S·j+l], where x has its padding
        var padded = Tensor.Zeros([x.Size(0), x.Size(1), x.Size(2) + 2 * padding, x.Size(3) + 2 * padding], x.DType);
        Inner(padded, padding).Copy_(x);
        var (kh, kw) = (padded.Size(2) - stride * (dy.Size(2) - 1), padded.Size(3) - stride * (dy.Size(3) - 1));
        var dw = Tensor.Zeros([dy.Size(1), x.Size(1), kh, kw], dy.DType);
        for (var k = 0; k < kh; k++)
            for (var l = 0; l < kw; l++)
                dw[.., .., k, l].Copy_(Einsum("ncij,noij->oc", Met(padded, dy, k, l, stride), dy).Data);
        return dw;
    }

    /// <inheritdoc/>
    public Tensor ByInput(Tensor w, Tensor dy, int stride, int padding)
    {
        // dx[n,c,S·i+k,S·j+l] += w[o,c,k,l]·dy[n,o,i,j]
        int Size(int axis) => stride * (dy.Size(axis) - 1) + w.Size(axis);
        var dx = Tensor.Zeros([dy.Size(0), w.Size(1), Size(2), Size(3)], dy.DType);
        for (var k = 0; k < w.Size(2); k++)
            for (var l = 0; l < w.Size(3); l++)
                Met(dx, dy, k, l, stride).Add_(Einsum("oc,noij->ncij", w[.., .., k, l], dy).Data);
        return Inner(dx, padding);
    }

    /// <summary>What w[o,c,k,l] meets of padded images: every S-th pixel from (k, l) on.</summary>
    static Tensor Met(Tensor x, Tensor dy, int k, int l, int stride) =>
        x.Slice(2, k, k + stride * (dy.Size(2) - 1) + 1, stride).Slice(3, l, l + stride * (dy.Size(3) - 1) + 1, stride);

    /// <summary>Images without their padding.</summary>
    static Tensor Inner(Tensor x, int padding) =>
        x.Narrow(2, padding, x.Size(2) - 2 * padding).Narrow(3, padding, x.Size(3) - 2 * padding);
}
