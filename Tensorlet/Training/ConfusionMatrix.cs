namespace Tensorlet.Training;

/// <summary>
/// Counts how often each class was predicted for each class of the targets. The targets are class numbers with the
/// shape (N, …), where N is the number of samples. The outputs are either class numbers with the same shape, or scores
/// with the shape (N, C, …).
/// </summary>
/// <param name="classes">C, the number of classes.</param>
/// <exception cref="ArgumentOutOfRangeException">The number of classes is not positive, or its square does not fit
/// into an int.</exception>
public class ConfusionMatrix(int classes) : Metric(classes.In(nameof(ConfusionMatrix), 1, 46_340) * classes)
{
    /// <summary>The class numbers from 0 to C − 1, where C is the number of classes.</summary>
    protected IEnumerable<int> All => Enumerable.Range(0, classes);

    /// <summary>
    /// The number of targets of the class <paramref name="actual"/> for which the class
    /// <paramref name="predicted"/> was predicted.
    /// </summary>
    public long this[int actual, int predicted] => (long)Sums[
        actual.In(nameof(ConfusionMatrix), 0, classes - 1) * classes
        + predicted.In(nameof(ConfusionMatrix), 0, classes - 1)];

    /// <summary>The accuracy, which is the share of the samples on the diagonal of the matrix.</summary>
    public override double Value => All.Sum(c => this[c, c]) / Sums.Sum();

    /// <inheritdoc/>
    /// <exception cref="IndexException">A target or an output is not a valid class number. Nothing has been
    /// added.</exception>
    public sealed override void Add(Tensor output, Tensor target)
    {
        var predicted = Classes(GetType().Name, output, target).ToArray<long>();
        var actual = target.ToArray<long>();
        foreach (var c in predicted.Concat(actual))
            if (c < 0 || c >= classes)
                throw new IndexException($"{GetType().Name}: {c} is not one of the classes 0 to {classes - 1}.");
        for (var i = 0; i < actual.Length; i++) Sums[(int)(actual[i] * classes + predicted[i])]++;
    }

    private protected override bool CanBe(double[] sums) => sums.All(n => n >= 0 && n == Math.Floor(n));

    /// <summary>
    /// Returns a table with a row for each class of the targets and a column for each predicted class.
    /// </summary>
    public sealed override string ToString()
    {
        var width = $"{Math.Max(Sums.Max(), classes - 1)}".Length + 1;
        string Row(string head, Func<int, string> cell) => string.Concat(All.Select(cell).Prepend(head).Select(text =>
            text.PadLeft(width)));
        return string.Join('\n', All.Select(row => Row($"{row}", c => this[row, c] > 0 ? $"{this[row, c]}" : "·"))
            .Prepend(Row("", c => $"{c}")));
    }
}

/// <summary>
/// Computes F₁ = 2·h/(2·h + f + m) for each class, the harmonic mean of precision and recall. Here, h is the number of
/// targets of the class that were predicted as this class (hits), m is the number of targets of the class that were
/// predicted as another class (misses), and f is the number of targets of other classes that were predicted as this
/// class (false positives). If a class occurs neither among the targets nor among the predictions, its F₁ is 0, and the
/// mean over the classes leaves this class out.
/// </summary>
/// <param name="classes">C, the number of classes.</param>
public sealed class F1(int classes) : ConfusionMatrix(classes)
{
    /// <summary>F₁ of each class.</summary>
    public double[] PerClass => [.. All.Zip(Seen(), (c, seen) => 2.0 * this[c, c] / Math.Max(1, seen))];
    /// <summary>The mean of F₁ over the classes that occur; the same as <see cref="Value"/>.</summary>
    public double Macro => PerClass.Sum() / Seen().Count(n => n > 0);
    /// <summary>F₁ computed from the sums of h, f and m over all classes. This is the accuracy.</summary>
    public double Micro => base.Value;
    /// <summary>The same as <see cref="Macro"/>.</summary>
    public override double Value => Macro;

    /// <summary>Returns how often each class occurs, as a target and as a prediction together.</summary>
    double[] Seen()
    {
        var (seen, i) = (new double[All.Count()], 0);
        foreach (var count in Sums)
        {
            seen[i / seen.Length] += count;
            seen[i++ % seen.Length] += count;
        }
        return seen;
    }
}
