namespace Tensorlet.Training;

/// <summary>
/// A number that is computed from the outputs and targets of many batches. A metric does not keep the batches, but only
/// a list of numbers, most often sums.
/// </summary>
/// <param name="count">The length of this list. If it is 0, the metric appends as many numbers as it needs.</param>
public abstract class Metric(int count) : IStateful
{
    /// <summary>The sums, which are zeros at first.</summary>
    protected List<double> Sums { get; private set; } = [.. new double[count]];

    /// <summary>Includes one more batch in the metric, given its outputs and its targets.</summary>
    /// <exception cref="ShapeException">The shapes of the outputs and the targets do not fit together. Nothing has been
    /// added.</exception>
    public abstract void Add(Tensor output, Tensor target);

    /// <summary>The value of the metric for all batches that were added; NaN if no batch was added.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets all batches.</summary>
    public void Reset() => Sums = [.. new double[count]];

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["sums"] = Tensor.From<double>([.. Sums]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        Sums = [.. Stateful.Only(GetType().Name, "sums", state, count == 0 ? null : count, CanBe)];

    /// <summary>Returns true if these sums are valid for this metric.</summary>
    private protected virtual bool CanBe(double[] sums) => true;

    /// <summary>
    /// Returns the class numbers that the outputs predict, with the shape (N, …) of the targets. If the outputs are
    /// scores with the shape (N, C, …), the class with the largest score is predicted; if several classes have the
    /// largest score, the first of these classes. If the outputs have the shape (N, …), they are themselves the class
    /// numbers, and must be Int64.
    /// </summary>
    private protected static Tensor Classes(string metric, Tensor output, Tensor target)
    {
        var classes = output.Given().Rank == target.Given().Rank + 1 ? output.ArgMax(1) : output;
        Layout.OnlySame($"{metric}: classes, scores (N, C, …) or (N, …), and targets", classes.Layout, target.Layout);
        classes.OnlyType($"{metric}: the classes", DType.Int64);
        target.OnlyType($"{metric}: the targets", DType.Int64);
        return classes;
    }
}
