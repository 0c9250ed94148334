namespace Tensorlet.Training;

/// <summary>
/// The mean of many numbers. The numbers are either added one by one, such as losses, or they are the elements of
/// f(output, target), such as squared differences.
/// </summary>
/// <param name="f">The function whose results are averaged. If no function is given, the elements of the outputs are
/// averaged.</param>
public class Mean(Func<Tensor, Tensor, Tensor>? f = null) : Metric(2)
{
    /// <summary>Adds a number that counts <paramref name="weight"/> times.</summary>
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
/// The share of the targets that the outputs predict correctly. The targets are class numbers with the shape (N, …),
/// where N is the number of samples. The outputs are either class numbers with the same shape, or scores with the shape
/// (N, C, …), where C is the number of classes.
/// </summary>
public sealed class Accuracy() : Mean((output, target) => Classes("Accuracy", output, target).Eq(target));

/// <summary>
/// The share of the targets that are among the k classes with the largest scores. For N samples and C classes, the
/// targets have the shape (N), and the scores have the shape (N, C). A target whose score is NaN is never counted as
/// one of these k classes. If there are at most k classes, all targets whose score is not NaN are counted. If scores
/// are equal, the class with the lower number comes first, so that k = 1 gives the same as <see cref="Accuracy"/>.
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
        // the classes that come before the target are those whose scores are not smaller, except the target itself and
        // the later classes with the same score
        var from = Tensor.Arange(output.Size(1), device: output.Device) >= place;
        return ((!(output < score | (output.Eq(score) & from))).Sum(1) < k) & !score.Squeeze(1).IsNaN();
    };
}
