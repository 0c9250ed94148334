using Tensorlet.Nn;

namespace Tensorlet.Training;

/// <summary>
/// Scales the gradients before each step so that their norm is at most <paramref name="maxNorm"/>; see
/// <see cref="Utils.ClipGradNorm_"/>. <c>Stats["grad_norm"]</c> is the mean of the norms before scaling, over the
/// epoch so far. If <paramref name="maxNorm"/> is infinite, the norms are only measured.
/// </summary>
/// <param name="maxNorm">The largest norm.</param>
/// <param name="normType">The kind of norm.</param>
/// <exception cref="ArgumentOutOfRangeException">The largest norm is negative or NaN, or the kind of norm is
/// NaN.</exception>
public sealed class ClipGradNorm(double maxNorm, double normType = 2) : Meter("grad_norm", new Mean())
{
    readonly double maxNorm = maxNorm.In(nameof(ClipGradNorm), 0, double.PositiveInfinity);
    readonly double normType = normType.In(nameof(ClipGradNorm), double.NegativeInfinity, double.PositiveInfinity);

    /// <inheritdoc/>
    public override void Stepping(Trainer trainer) =>
        ((Mean)Metric).Add(Utils.ClipGradNorm_(trainer.Given().Model.Parameters(), maxNorm, normType));

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer) => EpochEnded(trainer);
}

/// <summary>
/// Clamps every element of the gradients to [−c, c] before each step, where c is <paramref name="clipValue"/>.
/// </summary>
/// <param name="clipValue">c, the largest absolute value.</param>
/// <exception cref="ArgumentOutOfRangeException">c is negative or NaN.</exception>
public sealed class ClipGradValue(double clipValue) : Plugin
{
    readonly double clipValue = clipValue.In(nameof(ClipGradValue), 0, double.PositiveInfinity);

    /// <inheritdoc/>
    public override void Stepping(Trainer trainer) =>
        Utils.ClipGradValue_(trainer.Given().Model.Parameters(), clipValue);
}
