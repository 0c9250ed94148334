namespace Tensorlet.Training;

/// <summary>A number about the outputs and targets of many batches. All that it remembers are some sums.</summary>
/// <param name="count">How many sums there are; with none, a metric appends as many as it likes.</param>
public abstract class Metric(int count) : IStateful
{
    /// <summary>What is remembered, zeros at first.</summary>
    protected List<double> Sums { get; private set; } = [.. new double[count]];

    /// <summary>Takes a batch in.</summary>
    /// <exception cref="ShapeException">Outputs and targets do not fit. Nothing has been taken in.</exception>
    public abstract void Add(Tensor output, Tensor target);

    /// <summary>The number for all that was taken in; NaN for nothing.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets all.</summary>
    public void Reset() => Sums = [.. new double[count]];

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["sums"] = Tensor.From<double>([.. Sums]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        Sums = [.. Stateful.Only(GetType().Name, "sums", state, count == 0 ? null : count, CanBe)];

    /// <summary>Whether sums can be what this metric remembers.</summary>
    private protected virtual bool CanBe(double[] sums) => true;

    /// <summary>
    /// The classes that outputs say: of scores (N, C, …) the largest's, the first of equal ones; of Int64 (N, …) they
    /// themselves.
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
