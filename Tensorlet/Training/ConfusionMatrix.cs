using System.Text;

namespace Tensorlet.Training;

/// <summary>How often each class was taken for each: targets (N, …), outputs scores (N, C, …) or classes.</summary>
/// <param name="classes">C, the number of classes.</param>
public class ConfusionMatrix(int classes) : Metric(classes * classes)
{
    /// <summary>How many targets of a class were taken for another, or for what they are.</summary>
    public long this[int actual, int predicted] => (long)Sums[actual * classes + predicted];

    /// <summary>C</summary>
    public int Count => classes;

    /// <summary>The share on the diagonal: the accuracy.</summary>
    public override double Value => Hits(0, classes) / Sums.Sum();

    /// <inheritdoc/>
    /// <exception cref="IndexException">A target or an output is no class. Nothing has been taken in.</exception>
    public sealed override void Add(Tensor output, Tensor target)
    {
        var (predicted, actual) = (Classes(output, target).ToArray<long>(), target.ToArray<long>());
        foreach (var c in predicted.Concat(actual))
            if (c < 0 || c >= classes)
                throw new IndexException($"{GetType().Name}: {c} is none of the classes 0 to {classes - 1}.");
        for (var i = 0; i < actual.Length; i++) Sums[(int)(actual[i] * classes + predicted[i])]++;
    }

    private protected double Hits(int first, int count) => Enumerable.Range(first, count).Sum(c => (double)this[c, c]);

    /// <summary>A table: a row is a class, a column what it was taken for.</summary>
    public override string ToString()
    {
        var width = Math.Max($"{Sums.Max()}".Length, $"{classes - 1}".Length) + 1;
        var text = new StringBuilder(new string(' ', width));
        for (var c = 0; c < classes; c++) text.Append($"{c}".PadLeft(width));
        for (var row = 0; row < classes; row++)
        {
            text.Append('\n').Append($"{row}".PadLeft(width));
            for (var c = 0; c < classes; c++) text.Append((this[row, c] is var n and > 0 ? $"{n}" : "·").PadLeft(width));
        }
        return text.ToString();
    }
}

/// <summary>How the numbers of several classes become one.</summary>
public enum Average
{
    /// <summary>The mean over the classes that occur among targets or outputs.</summary>
    Macro,
    /// <summary>From hits and misses of all classes together.</summary>
    Micro,
}

/// <summary>
/// F₁ = 2·hits/(2·hits + false + missed), the harmonic mean of precision and recall. A class that occurs neither among
/// the targets nor among the outputs has 0, and no part in the mean. The micro average is the accuracy.
/// </summary>
/// <param name="classes">C, the number of classes.</param>
/// <param name="average">What <see cref="Value"/> is.</param>
public sealed class F1(int classes, Average average = Average.Macro) : ConfusionMatrix(classes)
{
    /// <summary>F₁ of each class.</summary>
    public double[] PerClass => [.. Enumerable.Range(0, Count).Select(c => this[c, c] == 0 ? 0 : 2 * Hits(c, 1) / Seen(c))];

    /// <inheritdoc/>
    public override double Value =>
        average == Average.Micro ? base.Value : PerClass.Sum() / Enumerable.Range(0, Count).Count(c => Seen(c) > 0);

    /// <summary>How often a class is a target, and how often an output.</summary>
    double Seen(int c) => Enumerable.Range(0, Count).Sum(other => (double)this[c, other] + this[other, c]);
}
