using Tensorlet.Nn;

namespace Tensorlet.Training;

/// <summary>
/// Scales all gradients before each step, so that the norm of all gradients together is at most
/// <paramref name="maxNorm"/>; see <see cref="Utils.ClipGradNorm_"/>. <c>trainer.Stats["grad_norm"]</c> is the mean
/// norm before scaling, over all batches of the epoch so far. If <paramref name="maxNorm"/> is infinite, the norm is
/// only measured.
/// </summary>
/// <param name="maxNorm">The largest norm that is allowed.</param>
/// <param name="normType">The p of the p-norm: 2 for the Euclidean norm, infinity for the largest absolute
/// value.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is negative or NaN; or
/// <paramref name="normType"/> is NaN.</exception>
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
