namespace Tensorlet.Training;

/// <summary>The mean of numbers, such as losses; or of f(output, target), such as squared differences.</summary>
/// <param name="f">What is averaged; the outputs themselves if not given.</param>
public class Mean(Func<Tensor, Tensor, Tensor>? f = null) : Metric(2)
{
    /// <summary>Adds a number that is the mean of several.</summary>
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

/// <summary>The share of targets (N, …) that the outputs predict: scores (N, C, …) or classes (N, …).</summary>
public sealed class Accuracy() : Mean((output, target) => Classes("Accuracy", output, target).Eq(target));

/// <summary>
/// The share of targets (N) that are among the k classes with the largest scores (N, C); 1 if there are no more than k
/// classes. Of equal scores, the first class counts as the larger, so that k = 1 gives <see cref="Accuracy"/>. NaN
/// counts as missed.
/// </summary>
/// <param name="k">The number of classes.</param>
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
        // above the target are all that are not smaller, except equal ones from the target on
        var from = Tensor.Arange(output.Size(1), device: output.Device) >= place;
        return (!(output < score | (output.Eq(score) & from))).Sum([1]) < k;
    };
}
