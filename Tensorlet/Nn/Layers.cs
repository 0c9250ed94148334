namespace Tensorlet.Nn;

/// <summary>y = x·Wᵀ + b: (…, in) to (…, out). Weights and bias start uniform in ±1/√in, as PyTorch's.</summary>
public sealed class Linear : Module
{
    readonly Variable weight;
    readonly Variable? bias;

    /// <param name="inFeatures">The size of the last axis of the input.</param>
    /// <param name="outFeatures">The size of the last axis of the result.</param>
    /// <param name="bias">Whether to add b.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true)
    {
        var bound = 1 / Math.Sqrt(inFeatures);
        weight = new(Tensor.Empty(outFeatures, inFeatures).Uniform_(-bound, bound), requiresGrad: true);
        if (bias) this.bias = new(Tensor.Empty(outFeatures).Uniform_(-bound, bound), requiresGrad: true);
    }

    /// <summary>W, (out, in).</summary>
    public Variable Weight => weight;
    /// <summary>b, (out), if there is one.</summary>
    public Variable? Bias => bias;
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Linear(x, weight, bias);
    /// <inheritdoc/>
    protected override string Arguments =>
        $"in_features={weight.Size(1)}, out_features={weight.Size(0)}, bias={bias is not null}";
}

/// <summary>
/// Filters over images: (N, C, H, W) to (N, O, OH, OW). Filters and bias start uniform in ±1/√(C/groups·KH·KW).
/// </summary>
public sealed class Conv2d : Module
{
    readonly Variable weight;
    readonly Variable? bias;
    readonly Pair stride, padding, dilation;
    readonly int groups;

    /// <param name="inChannels">C, the channels of the input.</param>
    /// <param name="outChannels">O, the number of filters.</param>
    /// <param name="kernelSize">(KH, KW), the size of a filter.</param>
    /// <param name="stride">How far apart neighbouring windows are; 1 if not given.</param>
    /// <param name="padding">Zeros put around the images.</param>
    /// <param name="dilation">How far apart the elements of a window are; 1 if not given.</param>
    /// <param name="groups">Channels are cut into so many groups, each with filters of its own.</param>
    /// <param name="bias">Whether to add a number to each result.</param>
    /// <exception cref="ShapeException">The channels do not divide into the groups.</exception>
    public Conv2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null, Pair padding = default,
        Pair? dilation = null, int groups = 1, bool bias = true)
    {
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ShapeException(
                $"Conv2d: {inChannels} and {outChannels} channels do not divide into {groups} groups.");
        (this.stride, this.padding, this.dilation, this.groups) = (stride ?? 1, padding, dilation ?? 1, groups);
        var bound = 1 / Math.Sqrt((double)inChannels / groups * kernelSize.H * kernelSize.W);
        var filters = Tensor.Empty(outChannels, inChannels / groups, kernelSize.H, kernelSize.W);
        weight = new(filters.Uniform_(-bound, bound), requiresGrad: true);
        if (bias) this.bias = new(Tensor.Empty(outChannels).Uniform_(-bound, bound), requiresGrad: true);
    }

    /// <summary>The filters, (O, C/groups, KH, KW).</summary>
    public Variable Weight => weight;
    /// <summary>One number for each filter, if there are any.</summary>
    public Variable? Bias => bias;
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Conv2d(x, weight, bias, stride, padding, dilation, groups);
    /// <inheritdoc/>
    protected override string Arguments => $"{weight.Size(1) * groups}, {weight.Size(0)}, " +
        $"kernel_size={new Pair(weight.Size(2), weight.Size(3))}, stride={stride}" +
        (padding == 0 ? "" : $", padding={padding}") + (dilation == 1 ? "" : $", dilation={dilation}") +
        (groups == 1 ? "" : $", groups={groups}") + (bias is null ? ", bias=False" : "");
}

/// <summary>One number for each window.</summary>
public abstract class Pool2d(
    Pair kernelSize, Pair? stride, Pair padding, Func<Variable, Pair, Pair?, Pair?, Variable> pool) : Module
{
    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => pool(x, kernelSize, stride, padding);
    /// <inheritdoc/>
    protected override string Arguments =>
        $"kernel_size={kernelSize}, stride={stride ?? kernelSize}, padding={padding}";
}

/// <summary>The largest of each window.</summary>
public sealed class MaxPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default)
    : Pool2d(kernelSize, stride, padding, (x, k, s, p) => F.MaxPool2d(x, k, s, p));

/// <summary>The mean of each window; padding counts as zeros.</summary>
public sealed class AvgPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default)
    : Pool2d(kernelSize, stride, padding, (x, k, s, p) => F.AvgPool2d(x, k, s, p));

/// <summary>Axes joined into one: (N, C, H, W) to (N, C·H·W).</summary>
public sealed class Flatten(int startDim = 1, int endDim = -1) : Module
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => x.Flatten(startDim, endDim);
    /// <inheritdoc/>
    protected override string Arguments => $"start_dim={startDim}, end_dim={endDim}";
}

/// <summary>While training, numbers set to 0 with probability p and the others divided by 1 − p.</summary>
public sealed class Dropout(double p = 0.5) : Module
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Dropout(x, p, Training);
    /// <inheritdoc/>
    protected override string Arguments => $"p={p}";
}

/// <summary>A function of each number.</summary>
public abstract class Elementwise(Func<Variable, Variable> f) : Module
{
    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => f(x);
}

/// <summary>max(x, 0)</summary>
public sealed class ReLU() : Elementwise(x => x.Relu());
/// <summary>The hyperbolic tangent.</summary>
public sealed class Tanh() : Elementwise(x => x.Tanh());
/// <summary>The logistic function.</summary>
public sealed class Sigmoid() : Elementwise(x => x.Sigmoid());

/// <summary>eˣ/Σeˣ along an axis.</summary>
public sealed class Softmax(int dim) : Module
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => x.Softmax(dim);
    /// <inheritdoc/>
    protected override string Arguments => $"dim={dim}";
}
