using Tensorlet;

namespace Tutorials.Chapter13;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IBatchNorm
{
    /// <inheritdoc/>
    public Tensor Dbeta(Tensor dy) => dy.Sum([0]);

    /// <inheritdoc/>
    public Tensor Dgamma(Tensor x, Tensor dy, double eps) => (dy * Standardized(x, eps).XHat).Sum([0]);

    /// <inheritdoc/>
    public Tensor Dx(Tensor x, Tensor gamma, Tensor dy, double eps)
    {
        var (xHat, root) = Standardized(x, eps);
        return gamma / root * (dy - dy.Mean([0]) - xHat * (dy * xHat).Mean([0]));
    }

    static (Tensor XHat, Tensor Root) Standardized(Tensor x, double eps)
    {
        var deviation = x - x.Mean([0]);
        var root = new Variable((deviation * deviation).Mean([0]) + eps).Sqrt().Data;
        return (deviation / root, root);
    }
}
