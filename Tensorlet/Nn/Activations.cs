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

/// <summary>Computes max(x, 0) for each element x of the input.</summary>
public sealed class ReLU() : Simple(x => x.Relu());
/// <summary>Computes min(max(x, 0), 6) for each element x of the input.</summary>
public sealed class ReLU6() : Simple(x => x.Relu6());
/// <summary>Computes tanh x for each element x of the input.</summary>
public sealed class Tanh() : Simple(x => x.Tanh());
/// <summary>Computes the logistic function, 1/(1 + e⁻ˣ), of each element x of the input.</summary>
public sealed class Sigmoid() : Simple(x => x.Sigmoid());
/// <summary>
/// Computes ln(1/(1 + e⁻ˣ)), the logarithm of the logistic function, for each element x of the input.
/// </summary>
public sealed class LogSigmoid() : Simple(x => x.LogSigmoid());
/// <summary>Computes x·σ(x) for each element x of the input, where σ is the logistic function.</summary>
public sealed class SiLU() : Simple(x => x.Silu());
/// <summary>Computes x·tanh(ln(1 + eˣ)) for each element x of the input.</summary>
public sealed class Mish() : Simple(x => x.Mish());
/// <summary>Computes x/(1 + |x|) for each element x of the input.</summary>
public sealed class Softsign() : Simple(x => x.Softsign());
/// <summary>Computes x − tanh x for each element x of the input.</summary>
public sealed class Tanhshrink() : Simple(x => x.Tanhshrink());
/// <summary>Computes min(max(x + 3, 0), 6)/6 for each element x of the input.</summary>
public sealed class Hardsigmoid() : Simple(x => x.Hardsigmoid());
/// <summary>Computes x·min(max(x + 3, 0), 6)/6 for each element x of the input.</summary>
public sealed class Hardswish() : Simple(x => x.Hardswish());
/// <summary>The scaled exponential linear unit, with the constants of Klambauer et al. 2017.</summary>
public sealed class SELU() : Simple(x => x.Selu());
/// <summary>
/// Keeps each positive element of the input, and replaces every other element x with α·(eˣ − 1), where α is
/// <paramref name="alpha"/>.
/// </summary>
public sealed class ELU(double alpha = 1) : Simple(x => x.Elu(alpha), () => $"alpha={Python.Show(alpha)}");
/// <summary>
/// Keeps each positive element of the input, and replaces every other element x with α·(e^(x/α) − 1), where α is
/// <paramref name="alpha"/>.
/// </summary>
public sealed class CELU(double alpha = 1) : Simple(x => x.Celu(alpha), () => $"alpha={Python.Show(alpha)}");
/// <summary>
/// Computes x·Φ(x) for each element x of the input, where Φ is the cumulative distribution function of the standard
/// normal distribution (Hendrycks and Gimpel 2016). If <paramref name="tanh"/> is true, Φ is approximated by a formula
/// with tanh.
/// </summary>
public sealed class GELU(bool tanh = false)
    : Simple(x => x.Gelu(tanh), () => $"approximate={Python.Show(tanh ? "tanh" : "none")}");
/// <summary>
/// Keeps each positive element of the input, and multiplies every other element by
/// <paramref name="negativeSlope"/>.
/// </summary>
public sealed class LeakyReLU(double negativeSlope = 0.01)
    : Simple(x => x.LeakyRelu(negativeSlope), () => $"negative_slope={Python.Show(negativeSlope)}");
/// <summary>
/// Computes ln(1 + e^(βx))/β for each element x of the input, where β is <paramref name="beta"/>. If β·x is above
/// <paramref name="threshold"/>, x itself is the result.
/// </summary>
public sealed class Softplus(double beta = 1, double threshold = 20) : Simple(x => x.Softplus(beta, threshold),
    () => $"beta={Python.Show(beta)}, threshold={Python.Show(threshold)}");
/// <summary>
/// Moves each element x of the input towards 0 by λ, where λ is <paramref name="lambda"/>. The result is 0 if |x|
/// is at most λ.
/// </summary>
public sealed class Softshrink(double lambda = 0.5) : Simple(x => x.Softshrink(lambda), () => Python.Show(lambda));
/// <summary>
/// Replaces each element x of the input with 0 if |x| is at most <paramref name="lambda"/>, and keeps the other
/// elements.
/// </summary>
public sealed class Hardshrink(double lambda = 0.5) : Simple(x => x.Hardshrink(lambda), () => Python.Show(lambda));
/// <summary>
/// Computes min(max(x, low), high) for each element x of the input, where low is <paramref name="minVal"/> and high
/// is <paramref name="maxVal"/>.
/// </summary>
public sealed class Hardtanh(double minVal = -1, double maxVal = 1) : Simple(x => x.Hardtanh(minVal, maxVal),
    () => $"min_val={Python.Show(minVal)}, max_val={Python.Show(maxVal)}");
/// <summary>
/// Keeps each element of the input that is above <paramref name="threshold"/>, and replaces every other element with
/// <paramref name="value"/>.
/// </summary>
public sealed class Threshold(double threshold, double value) : Simple(x => x.Threshold(threshold, value),
    () => $"threshold={Python.Show(threshold)}, value={Python.Show(value)}");
/// <summary>
/// Splits the input into two halves along the axis <paramref name="dim"/>, and multiplies the first half by the
/// logistic function of the second half.
/// </summary>
public sealed class GLU(int dim = -1) : Simple(x => x.Glu(dim), () => $"dim={dim}");
/// <summary>Computes eˣ/Σeˣ for each element x of the input, where the sum is taken along an axis.</summary>
public sealed class Softmax(int dim) : Simple(x => x.Softmax(dim), () => $"dim={dim}");
/// <summary>Computes ln(eˣ/Σeˣ) for each element x of the input, where the sum is taken along an axis.</summary>
public sealed class LogSoftmax(int dim) : Simple(x => x.LogSoftmax(dim), () => $"dim={dim}");
/// <summary>Computes e⁻ˣ/Σe⁻ˣ for each element x of the input, where the sum is taken along an axis.</summary>
public sealed class Softmin(int dim) : Simple(x => (-x).Softmax(dim), () => $"dim={dim}");

/// <summary>
/// Keeps each positive element of the input, and multiplies every other element by a slope that is learned (He et al.
/// 2015). If <paramref name="numParameters"/> is 1, all channels have the same slope. Otherwise,
/// <paramref name="numParameters"/> is the number of channels (axis 1), and each channel has a slope of its own.
/// Initially, every slope is <paramref name="init"/>.
/// </summary>
public sealed class PReLU(int numParameters = 1, double init = 0.25) : Module
{
    /// <summary>The slopes.</summary>
    public Variable Weight { get; } = new Parameter(Tensor.Full([numParameters], init));
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => x.Given().PRelu(Weight);
    /// <inheritdoc/>
    protected override string Arguments => $"num_parameters={Weight.Numel}";
}
