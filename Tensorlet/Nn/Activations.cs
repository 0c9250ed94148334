namespace Tensorlet.Nn;

/// <summary>Formats the arguments of modules in the same way as PyTorch does.</summary>
static class Python
{
    public static string Show(double x) =>
        double.IsInfinity(x) ? x > 0 ? "inf" : "-inf"
        : x == Math.Floor(x) && Math.Abs(x) < 1e15 ? $"{x}.0" : $"{x}".ToLowerInvariant();
    public static string Show(bool x) => x ? "True" : "False";
    public static string Show(int[] sizes) => sizes is [var one] ? $"({one},)" : Layout.Show(sizes);
    public static string Show(string text) => $"'{text.ToLowerInvariant()}'";
}

/// <summary>max(x, 0)</summary>
public sealed class ReLU() : Simple(x => x.Relu());
/// <summary>min(max(x, 0), 6)</summary>
public sealed class ReLU6() : Simple(x => x.Relu6());
/// <summary>The hyperbolic tangent.</summary>
public sealed class Tanh() : Simple(x => x.Tanh());
/// <summary>The logistic function, 1/(1 + e⁻ˣ).</summary>
public sealed class Sigmoid() : Simple(x => x.Sigmoid());
/// <summary>ln(1/(1 + e⁻ˣ)), the logarithm of the logistic function.</summary>
public sealed class LogSigmoid() : Simple(x => x.LogSigmoid());
/// <summary>x·σ(x), where σ is the logistic function.</summary>
public sealed class SiLU() : Simple(x => x.Silu());
/// <summary>x·tanh(ln(1 + eˣ))</summary>
public sealed class Mish() : Simple(x => x.Mish());
/// <summary>x/(1 + |x|)</summary>
public sealed class Softsign() : Simple(x => x.Softsign());
/// <summary>x − tanh x</summary>
public sealed class Tanhshrink() : Simple(x => x.Tanhshrink());
/// <summary>min(max(x + 3, 0), 6)/6</summary>
public sealed class Hardsigmoid() : Simple(x => x.Hardsigmoid());
/// <summary>x·min(max(x + 3, 0), 6)/6</summary>
public sealed class Hardswish() : Simple(x => x.Hardswish());
/// <summary>The scaled exponential linear unit, with the constants of Klambauer et al. 2017.</summary>
public sealed class SELU() : Simple(x => x.Selu());
/// <summary>x if x is positive, and α·(eˣ − 1) otherwise, where α is <paramref name="alpha"/>.</summary>
public sealed class ELU(double alpha = 1) : Simple(x => x.Elu(alpha), () => $"alpha={Python.Show(alpha)}");
/// <summary>x if x is positive, and α·(e^(x/α) − 1) otherwise, where α is <paramref name="alpha"/>.</summary>
public sealed class CELU(double alpha = 1) : Simple(x => x.Celu(alpha), () => $"alpha={Python.Show(alpha)}");
/// <summary>
/// x·Φ(x), where Φ is the distribution function of the standard normal distribution (Hendrycks and Gimpel 2016). If
/// <paramref name="tanh"/> is set, Φ is approximated by a formula with tanh.
/// </summary>
public sealed class GELU(bool tanh = false)
    : Simple(x => x.Gelu(tanh), () => $"approximate={Python.Show(tanh ? "tanh" : "none")}");
/// <summary>x if x is positive, and slope·x otherwise, where slope is <paramref name="negativeSlope"/>.</summary>
public sealed class LeakyReLU(double negativeSlope = 0.01)
    : Simple(x => x.LeakyRelu(negativeSlope), () => $"negative_slope={Python.Show(negativeSlope)}");
/// <summary>
/// x if β·x is above <paramref name="threshold"/>, and ln(1 + e^(βx))/β otherwise, where β is
/// <paramref name="beta"/>.
/// </summary>
public sealed class Softplus(double beta = 1, double threshold = 20) : Simple(x => x.Softplus(beta, threshold),
    () => $"beta={Python.Show(beta)}, threshold={Python.Show(threshold)}");
/// <summary>0 if |x| is at most λ; otherwise x, moved towards 0 by λ. Here, λ is <paramref name="lambda"/>.</summary>
public sealed class Softshrink(double lambda = 0.5) : Simple(x => x.Softshrink(lambda), () => Python.Show(lambda));
/// <summary>0 if |x| is at most λ, and x otherwise, where λ is <paramref name="lambda"/>.</summary>
public sealed class Hardshrink(double lambda = 0.5) : Simple(x => x.Hardshrink(lambda), () => Python.Show(lambda));
/// <summary>
/// min(max(x, low), high), where low is <paramref name="minVal"/> and high is <paramref name="maxVal"/>.
/// </summary>
public sealed class Hardtanh(double minVal = -1, double maxVal = 1) : Simple(x => x.Hardtanh(minVal, maxVal),
    () => $"min_val={Python.Show(minVal)}, max_val={Python.Show(maxVal)}");
/// <summary>x if x is above <paramref name="threshold"/>, and <paramref name="value"/> otherwise.</summary>
public sealed class Threshold(double threshold, double value) : Simple(x => x.Threshold(threshold, value),
    () => $"threshold={Python.Show(threshold)}, value={Python.Show(value)}");
/// <summary>The first half of x along an axis, multiplied by the logistic function of the second half.</summary>
public sealed class GLU(int dim = -1) : Simple(x => x.Glu(dim), () => $"dim={dim}");
/// <summary>eˣ/Σeˣ, where the sum is taken along an axis.</summary>
public sealed class Softmax(int dim) : Simple(x => x.Softmax(dim), () => $"dim={dim}");
/// <summary>ln(eˣ/Σeˣ), where the sum is taken along an axis.</summary>
public sealed class LogSoftmax(int dim) : Simple(x => x.LogSoftmax(dim), () => $"dim={dim}");
/// <summary>e⁻ˣ/Σe⁻ˣ, where the sum is taken along an axis.</summary>
public sealed class Softmin(int dim) : Simple(x => (-x).Softmax(dim), () => $"dim={dim}");

/// <summary>
/// x if x is positive, and slope·x otherwise. The slope is learned: one slope for all channels, or one for each
/// channel (He et al. 2015).
/// </summary>
public sealed class PReLU(int numParameters = 1, double init = 0.25) : Module
{
    /// <summary>The slopes.</summary>
    public Variable Weight { get; } = Parameter(Tensor.Full([numParameters], init));
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => x.Given().PRelu(Weight);
    /// <inheritdoc/>
    protected override string Arguments => $"num_parameters={Weight.Numel}";
}
