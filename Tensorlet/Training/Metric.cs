namespace Tensorlet.Training;

/// <summary>A number about the outputs and targets of many batches. It remembers nothing but some sums.</summary>
/// <param name="count">The number of sums; with 0, a metric appends as many as it needs.</param>
public abstract class Metric(int count) : IStateful
{
    /// <summary>The sums, which are zeros at first.</summary>
    protected List<double> Sums { get; private set; } = [.. new double[count]];

    /// <summary>Adds a batch.</summary>
    /// <exception cref="ShapeException">Outputs and targets do not fit together. Nothing has been added.</exception>
    public abstract void Add(Tensor output, Tensor target);

    /// <summary>The number for everything that was added; NaN if there was nothing.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets everything.</summary>
    public void Reset() => Sums = [.. new double[count]];

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["sums"] = Tensor.From<double>([.. Sums]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state) =>
        Sums = [.. Stateful.Only(GetType().Name, "sums", state, count == 0 ? null : count, CanBe)];

    /// <summary>Whether these sums can be those of this metric.</summary>
    private protected virtual bool CanBe(double[] sums) => true;

    /// <summary>
    /// The classes that outputs predict: with scores (N, C, …), those with the largest score, the first of equal ones;
    /// with Int64 (N, …), the outputs themselves.
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
