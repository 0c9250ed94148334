namespace Tensorlet.Training;

/// <summary>A number about the outputs and targets of many batches. All that it remembers are some sums.</summary>
/// <param name="count">How many sums there are at first; a metric may append to them.</param>
public abstract class Metric(int count) : IStateful
{
    /// <summary>What is remembered, zeros at first.</summary>
    protected List<double> Sums { get; } = [.. new double[count]];

    /// <summary>Takes a batch in.</summary>
    /// <exception cref="ShapeException">Outputs and targets do not fit. Nothing has been taken in.</exception>
    public abstract void Add(Tensor output, Tensor target);

    /// <summary>The number for all that was taken in; NaN for nothing.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets all.</summary>
    public void Reset() => Remember(new double[count]);

    void Remember(double[] sums)
    {
        Sums.Clear();
        Sums.AddRange(sums);
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new() { ["sums"] = Tensor.From<double>([.. Sums]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var own = StateDict();
        if (count == 0 && state.TryGetValue("sums", out var sums)) own["sums"] = sums;
        Stateful.Check(GetType().Name, own, state);
        Remember(state["sums"].ToArray<double>());
    }

    /// <summary>
    /// The classes that outputs say: of scores (N, C, …) the largest's, the first of equal ones; of Int64 (N, …) they
    /// themselves.
    /// </summary>
    private protected Tensor Classes(Tensor output, Tensor target)
    {
        var classes = output.Rank == target.Rank + 1 ? output.ArgMax(1) : output;
        Layout.OnlySame($"{GetType().Name}: outputs {output.Layout} are not scores (N, C, …) or classes (N, …) for " +
            $"targets {target.Layout}", classes.Layout, target.Layout);
        target.OnlyType($"{GetType().Name}: the targets", DType.Int64);
        classes.OnlyType($"{GetType().Name}: the classes", DType.Int64);
        return classes;
    }
}

/// <summary>The mean of numbers, as of losses; or of f(output, target), as of squared differences.</summary>
/// <param name="f">What is averaged; the outputs themselves if not given.</param>
public sealed class Mean(Func<Tensor, Tensor, Tensor>? f = null) : Metric(2)
{
    /// <summary>Takes a number in that stands for so many.</summary>
    public void Add(double value, double weight = 1) => (Sums[0], Sums[1]) = (Sums[0] + value * weight, Sums[1] + weight);

    /// <inheritdoc/>
    public override void Add(Tensor output, Tensor target)
    {
        var terms = f is null ? output : f(output, target);
        (Sums[0], Sums[1]) = (Sums[0] + terms.Sum().Item(), Sums[1] + terms.Numel);
    }

    /// <inheritdoc/>
    public override double Value => Sums[0] / Sums[1];
}
