namespace Tensorlet.Nn;

/// <summary>
/// The base class of layers that normalize each channel to mean 0 and variance 1. The input has the shape
/// (N, C, …), where N is the number of samples and C is the number of channels.
/// </summary>
public abstract class ChannelNorm(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats,
    int least, int most, bool perSample = false) : Module
{
    /// <summary>The factors by which the channels are multiplied, of shape (C), or null.</summary>
    public Variable? Weight { get; } = affine ? new Parameter(Tensor.Ones(numFeatures)) : null;
    /// <summary>The numbers that are added to the channels, of shape (C), or null.</summary>
    public Variable? Bias { get; } = affine ? new Parameter(Tensor.Zeros(numFeatures)) : null;
    /// <summary>The running mean of each channel, of shape (C), or null.</summary>
    public Tensor? RunningMean { get; } = trackRunningStats ? Tensor.Zeros(numFeatures) : null;
    /// <summary>The running unbiased variance of each channel, of shape (C), or null.</summary>
    public Tensor? RunningVar { get; } = trackRunningStats ? Tensor.Ones(numFeatures) : null;
    readonly Tensor? numBatchesTracked = trackRunningStats ? Tensor.Zeros([], DType.Int64) : null;

    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x)
    {
        if (x.Given().Rank < least || x.Rank > most)
            throw new ShapeException($"{GetType().Name}: takes (N, C, …) with {least} to {most} axes, not " +
                $"{x.Data.Layout}. Give a single sample its batch axis with Unsqueeze(0).");
        if (!Training) return Normalized(x, RunningMean is null, 0);
        var y = Normalized(x, true, momentum ?? 1 / (1 + numBatchesTracked?.Item() ?? 1));
        if (!perSample && x.Numel > 0 && !Autograd.Mode.Again) numBatchesTracked?.Add_(1);
        return y;
    }

    Variable Normalized(Variable x, bool inputStatistics, double momentum) => perSample
        ? F.InstanceNorm(x, RunningMean, RunningVar, Weight, Bias, inputStatistics, momentum, eps)
        : F.BatchNorm(x, RunningMean, RunningVar, Weight, Bias, inputStatistics, momentum, eps);

    /// <inheritdoc/>
    protected override string Arguments => $"{numFeatures}, eps={Python.Show(eps)}, momentum=" +
        (momentum is { } m ? Python.Show(m) : "None") + $", affine={Python.Show(Weight is not null)}, " +
        $"track_running_stats={Python.Show(RunningMean is not null)}";
}

/// <summary>
/// Normalizes each channel over all samples and positions of the batch; see <see cref="F.BatchNorm"/>. The input has
/// the shape (N, C) or (N, C, L), where N is the number of samples, C is the number of channels and L is the number of
/// positions.
/// </summary>
/// <param name="numFeatures">C, the number of channels.</param>
/// <param name="eps">The number that is added to the variance.</param>
/// <param name="momentum">The weight of a new batch in the running statistics. If it is null, the running statistics
/// are the averages of the statistics of all batches so far.</param>
/// <param name="affine">Whether each channel has a weight and a bias.</param>
/// <param name="trackRunningStats">If true, running statistics are updated in training, and used in evaluation mode. If
/// false, the statistics of the input are used in both modes.</param>
public sealed class BatchNorm1d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true,
    bool trackRunningStats = true) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 2, 3);

/// <summary>
/// Normalizes each channel over all samples and positions of the batch; see <see cref="F.BatchNorm"/>. The input
/// has the shape (N, C, H, W), where N is the number of samples, C is the number of channels, H is the height and W
/// is the width.
/// </summary>
/// <inheritdoc cref="BatchNorm1d"/>
public sealed class BatchNorm2d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true,
    bool trackRunningStats = true) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 4, 4);

/// <summary>
/// Normalizes each channel over all samples and positions of the batch; see <see cref="F.BatchNorm"/>. The input
/// has the shape (N, C, D, H, W), where N is the number of samples, C is the number of channels, D is the depth, H
/// is the height and W is the width.
/// </summary>
/// <inheritdoc cref="BatchNorm1d"/>
public sealed class BatchNorm3d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true,
    bool trackRunningStats = true) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 5, 5);

/// <summary>
/// Normalizes each channel of each sample separately; see <see cref="F.InstanceNorm"/>. The input has the shape
/// (N, C, L), where N is the number of samples, C is the number of channels and L is the length.
/// </summary>
/// <inheritdoc cref="BatchNorm1d"/>
public sealed class InstanceNorm1d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false,
    bool trackRunningStats = false) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 3, 3, true);

/// <summary>
/// Normalizes each channel of each sample separately; see <see cref="F.InstanceNorm"/>. The input has the shape
/// (N, C, H, W), where N is the number of samples, C is the number of channels, H is the height and W is the width.
/// </summary>
/// <inheritdoc cref="BatchNorm1d"/>
public sealed class InstanceNorm2d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false,
    bool trackRunningStats = false) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 4, 4, true);

/// <summary>
/// Normalizes each channel of each sample separately; see <see cref="F.InstanceNorm"/>. The input has the shape
/// (N, C, D, H, W), where N is the number of samples, C is the number of channels, D is the depth, H is the height
/// and W is the width.
/// </summary>
/// <inheritdoc cref="BatchNorm1d"/>
public sealed class InstanceNorm3d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false,
    bool trackRunningStats = false) : ChannelNorm(numFeatures, eps, momentum, affine, trackRunningStats, 5, 5, true);

/// <summary>
/// Normalizes the input to mean 0 and variance 1 over its last k axes together, where k is the number of sizes in
/// <paramref name="normalizedShape"/>. Each position in these axes has its own weight, by which the normalized number
/// is multiplied, and its own bias, which is added.
/// </summary>
/// <param name="normalizedShape">The sizes of the last axes.</param>
/// <param name="eps">The number that is added to the variance.</param>
/// <param name="elementwiseAffine">Whether the layer has a weight. A layer with a weight also has a bias, unless
/// <paramref name="bias"/> is false.</param>
/// <param name="bias">Whether the layer has a bias. The argument matters only if <paramref name="elementwiseAffine"/>
/// is true.</param>
public sealed class LayerNorm(int[] normalizedShape, double eps = 1e-5, bool elementwiseAffine = true,
    bool bias = true) : Module
{
    readonly int[] normalizedShape = normalizedShape.Given();
    readonly Variable? weight = elementwiseAffine ? new Parameter(Tensor.Ones(normalizedShape)) : null;
    readonly Variable? bias = elementwiseAffine && bias ? new Parameter(Tensor.Zeros(normalizedShape)) : null;

    /// <summary>Creates a layer that normalizes over the last axis only.</summary>
    public LayerNorm(int normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true)
        : this([normalizedShape], eps, elementwiseAffine, bias) { }

    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.LayerNorm(x, normalizedShape, weight, bias, eps);
    /// <inheritdoc/>
    protected override string Arguments => $"{Python.Show(normalizedShape)}, eps={Python.Show(eps)}, " +
        $"elementwise_affine={Python.Show(weight is not null)}";
}

/// <summary>
/// Computes x/√(m + eps) for an input x. If <paramref name="normalizedShape"/> has k sizes, m is the mean of x² over
/// the last k axes together. If <paramref name="elementwiseAffine"/> is true, the quotient is multiplied by weights of
/// shape <paramref name="normalizedShape"/>. If <paramref name="eps"/> is not given, it is the distance from 1 to the
/// next larger number that the type of the input can represent.
/// </summary>
public sealed class RMSNorm(int[] normalizedShape, double? eps = null, bool elementwiseAffine = true) : Module
{
    readonly int[] normalizedShape = normalizedShape.Given();
    readonly Variable? weight = elementwiseAffine ? new Parameter(Tensor.Ones(normalizedShape)) : null;

    /// <summary>Creates a layer that normalizes over the last axis only.</summary>
    public RMSNorm(int normalizedShape, double? eps = null, bool elementwiseAffine = true)
        : this([normalizedShape], eps, elementwiseAffine) { }

    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.RmsNorm(x, normalizedShape, weight, eps);
    /// <inheritdoc/>
    protected override string Arguments => $"{Python.Show(normalizedShape)}, eps=" +
        (eps is { } e ? Python.Show(e) : "None") + $", elementwise_affine={Python.Show(weight is not null)}";
}

/// <summary>
/// Divides the channels of each sample into groups, and normalizes the channels of each group together. Each
/// channel is then multiplied by its own weight, and its own bias is added.
/// </summary>
/// <param name="numGroups">The number of groups.</param>
/// <param name="numChannels">C, the number of channels.</param>
/// <param name="eps">The number that is added to the variance.</param>
/// <param name="affine">Whether each channel has a weight and a bias.</param>
/// <exception cref="ShapeException">The number of channels is not divisible by the number of groups.</exception>
public sealed class GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true) : Module
{
    readonly int groups = numGroups >= 1 && numChannels % numGroups == 0 ? numGroups
        : throw new ShapeException($"GroupNorm: {numChannels} channels are not divisible by {numGroups} groups.");
    readonly Variable? weight = affine ? new Parameter(Tensor.Ones(numChannels)) : null;
    readonly Variable? bias = affine ? new Parameter(Tensor.Zeros(numChannels)) : null;

    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.GroupNorm(x, groups, weight, bias, eps);
    /// <inheritdoc/>
    protected override string Arguments =>
        $"{groups}, {numChannels}, eps={Python.Show(eps)}, affine={Python.Show(weight is not null)}";
}
