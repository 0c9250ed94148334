namespace Tensorlet.Training;

/// <summary>The share of targets (N, …) that the outputs hit: scores (N, C, …) or classes (N, …).</summary>
public sealed class Accuracy() : Metric(2)
{
    /// <inheritdoc/>
    public override void Add(Tensor output, Tensor target)
    {
        Sums[0] += Classes(output, target).Eq(target).Sum().Item();
        Sums[1] += target.Numel;
    }

    /// <inheritdoc/>
    public override double Value => Sums[0] / Sums[1];
}

/// <summary>
/// The share of targets (N) that are among the k classes of largest scores (N, C). Of equal scores the first class
/// counts as the larger, so that 1 gives <see cref="Accuracy"/>; a target whose score is NaN is missed.
/// </summary>
public sealed class TopKAccuracy : Metric
{
    readonly int k;

    /// <param name="k">How many classes; with as many as there are, or more, every target is hit.</param>
    /// <exception cref="ArgumentOutOfRangeException">k is not positive.</exception>
    public TopKAccuracy(int k) : base(2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        this.k = k;
    }

    /// <inheritdoc/>
    /// <exception cref="IndexException">A target is no class.</exception>
    public override void Add(Tensor output, Tensor target)
    {
        if (output.Rank != 2 || target.Rank != 1 || output.Size(0) != target.Size(0))
            throw new ShapeException(
                $"TopKAccuracy: scores {output.Layout} and targets {target.Layout} are not (N, C) and (N).");
        var place = target.Unsqueeze(1);
        var score = output.Gather(1, place);
        // what is not smaller, and no later equal one, is before the target
        var later = Tensor.Arange(output.Size(1), device: output.Device) >= place;
        var before = !(output < score | (output.Eq(score) & later));
        Sums[0] += (before.Sum([1]) < k).Sum().Item();
        Sums[1] += target.Numel;
    }

    /// <inheritdoc/>
    public override double Value => Sums[0] / Sums[1];
}
