namespace Tensorlet.Training;

/// <summary>
/// The mean of numbers, such as losses, or of the elements of f(output, target), such as squared differences.
/// </summary>
/// <param name="f">The function whose results are averaged. If no function is given, the outputs themselves are
/// averaged.</param>
public class Mean(Func<Tensor, Tensor, Tensor>? f = null) : Metric(2)
{
    /// <summary>Adds a number that is the mean of <paramref name="weight"/> numbers.</summary>
    public void Add(double value, double weight = 1) => AddSum(value * weight, weight);

    /// <inheritdoc/>
    public sealed override void Add(Tensor output, Tensor target)
    {
        var terms = f is null ? output.Given() : f(output.Given(), target.Given());
        AddSum(terms.Sum().Item(), terms.Numel);
    }

    void AddSum(double sum, double count) => (Sums[0], Sums[1]) = (Sums[0] + sum, Sums[1] + count);

    /// <inheritdoc/>
    public sealed override double Value => Sums[0] / Sums[1];
}

/// <summary>
/// The share of the targets (N, …) that the outputs predict. The outputs are scores (N, C, …) or classes (N, …).
/// </summary>
public sealed class Accuracy() : Mean((output, target) => Classes("Accuracy", output, target).Eq(target));

/// <summary>
/// The share of the targets (N) that are among the k classes with the largest scores; the scores are (N, C). It is
/// 1 if there are at most k classes. Of classes with equal scores, the first class counts as the one with the
/// largest score, so that k = 1 gives <see cref="Accuracy"/>. A target whose score is NaN counts as missed.
/// </summary>
/// <param name="k">The number of classes among which the target must be.</param>
/// <exception cref="ArgumentOutOfRangeException">k is not positive.</exception>
public sealed class TopKAccuracy(int k) : Mean(Hits(k.In(nameof(TopKAccuracy), 1)))
{
    static Func<Tensor, Tensor, Tensor> Hits(int k) => (output, target) =>
    {
        if (output.Rank != 2 || target.Rank != 1 || output.Size(0) != target.Size(0))
            throw new ShapeException(
                $"TopKAccuracy: scores {output.Layout} and targets {target.Layout} are not (N, C) and (N).");
        var place = target.Unsqueeze(1);
        var score = output.Gather(1, place);
        // above the target are all classes whose scores are not smaller, except equal scores from the target on
        var from = Tensor.Arange(output.Size(1), device: output.Device) >= place;
        return (!(output < score | (output.Eq(score) & from))).Sum([1]) < k;
    };
}
