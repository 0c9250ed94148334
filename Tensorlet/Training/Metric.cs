namespace Tensorlet.Training;

/// <summary>
/// A number that is computed from the outputs and targets of many batches. A metric keeps only some sums, not the
/// batches.
/// </summary>
/// <param name="count">The number of sums. If it is 0, the metric appends as many sums as it needs.</param>
public abstract class Metric(int count) : IStateful
{
    /// <summary>The sums, which are zeros at first.</summary>
    protected List<double> Sums { get; private set; } = [.. new double[count]];

    /// <summary>Adds a batch.</summary>
    /// <exception cref="ShapeException">Outputs and targets do not fit together. Nothing has been added.</exception>
    public abstract void Add(Tensor output, Tensor target);

    /// <summary>The number for all batches that were added; NaN if there was none.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets all batches.</summary>
    public void Reset() => Sums = [.. new double[count]];

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["sums"] = Tensor.From<double>([.. Sums]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        Sums = [.. Stateful.Only(GetType().Name, "sums", state, count == 0 ? null : count, CanBe)];

    /// <summary>Whether this metric can have these sums.</summary>
    private protected virtual bool CanBe(double[] sums) => true;

    /// <summary>
    /// Returns the classes that the outputs predict. If the outputs are scores (N, C, …), these are the classes
    /// with the largest scores; if several classes have the largest score, the first is taken. If the outputs are
    /// Int64 (N, …), they are the classes themselves.
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
