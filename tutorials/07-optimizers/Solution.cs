namespace Tutorials.Chapter07;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : ISteps
{
    /// <inheritdoc/>
    public void Momentum(double[] p, double[] g, double[] v, double lr, double momentum)
    {
        for (var i = 0; i < p.Length; i++)
        {
            v[i] = momentum * v[i] + g[i];
            p[i] -= lr * v[i];
        }
    }

    /// <inheritdoc/>
    public void Adam(double[] p, double[] g, Moments memory, double lr, double beta1, double beta2, double eps)
    {
        var (m, v, t) = (memory.M, memory.V, ++memory.Steps);
        var (mScale, vScale) = (1 - Math.Pow(beta1, t), 1 - Math.Pow(beta2, t));
        for (var i = 0; i < p.Length; i++)
        {
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            p[i] -= lr * (m[i] / mScale) / (Math.Sqrt(v[i] / vScale) + eps);
        }
    }
}
