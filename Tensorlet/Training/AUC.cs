namespace Tensorlet.Training;

/// <summary>
/// The area under the ROC curve. The output contains a score for each of N samples, and the target contains 0 or 1
/// for each sample; both have the shape (N). Take all pairs that consist of one sample with target 1 and one sample
/// with target 0. The area is the fraction of these pairs in which the sample with target 1 has the larger score. A
/// pair with equal scores counts as one half (Hanley and McNeil 1982). The area is NaN if all targets are equal.
/// </summary>
public sealed class AUC() : Metric(0)
{
    /// <inheritdoc/>
    /// <exception cref="TensorletException">A target is neither 0 nor 1; or a score is NaN. Nothing has been
    /// added.</exception>
    public override void Add(Tensor output, Tensor target)
    {
        Layout.OnlySame("AUC: scores and targets", output.Given().Layout, target.Given().Layout);
        double[][] added = [.. output.ToArray<double>().Zip(target.ToArray<double>(), (x, t) => new[] { x, t })];
        if (added.FirstOrDefault(sample => !Sound(sample)) is [var score, var label])
            throw new TensorletException($"AUC: score {score} and target {label} must be a number, and 0 or 1.");
        Sums.AddRange(added.SelectMany(sample => sample));
    }

    private protected override bool CanBe(double[] sums) => sums.Length % 2 == 0 && sums.Chunk(2).All(Sound);

    static bool Sound(double[] sample) => !double.IsNaN(sample[0]) && sample[1] is 0 or 1;

    // The samples that have been counted, in several parts. A part has the sorted scores of the samples with target 0
    // and those of the samples with target 1. Each part is larger than the next part, so that a sample moves to a
    // larger part only a few times (Bentley and Saxe 1980).
    readonly List<(double[] Zeros, double[] Ones)> parts = [];
    List<double>? counted;
    int samples;
    double wins;

    /// <inheritdoc/>
    public override double Value
    {
        get
        {
            if (counted != Sums)
            {
                parts.Clear();
                (counted, samples, wins) = (Sums, 0, 0);
            }
            double[] New(double target) => [.. Enumerable.Range(samples, Sums.Count / 2 - samples)
                .Where(i => Sums[2 * i + 1] == target).Select(i => Sums[2 * i]).Order()];
            var (zeros, ones) = (New(0), New(1));
            samples = Sums.Count / 2;
            wins += Wins(zeros, ones) + parts.Sum(part => Wins(zeros, part.Ones) + Wins(part.Zeros, ones));
            while (parts is [.., var last] && Size(last) <= zeros.Length + ones.Length)
            {
                (zeros, ones) = ([.. zeros.Concat(last.Zeros).Order()], [.. ones.Concat(last.Ones).Order()]);
                parts.RemoveAt(parts.Count - 1);
            }
            parts.Add((zeros, ones));
            return wins / (parts.Sum(part => (double)part.Zeros.Length) * parts.Sum(part => part.Ones.Length));

            static int Size((double[] Zeros, double[] Ones) part) => part.Zeros.Length + part.Ones.Length;
        }
    }

    /// <summary>
    /// Returns the number of pairs in which the sample with target 1 has a larger score than the sample with target 0.
    /// A pair with equal scores counts as one half. Each score of the smaller set is looked up in the larger set.
    /// </summary>
    static double Wins(double[] zeros, double[] ones) => zeros.Length <= ones.Length
        ? zeros.Sum(zero => ones.Length - (Below(ones, zero) + UpTo(ones, zero)) / 2.0)
        : ones.Sum(one => (Below(zeros, one) + UpTo(zeros, one)) / 2.0);

    static readonly Comparer<double> below = Comparer<double>.Create((a, x) => a < x ? -1 : 1),
        upTo = Comparer<double>.Create((a, x) => a <= x ? -1 : 1);

    static int Below(double[] sorted, double x) => ~Array.BinarySearch(sorted, x, below);
    static int UpTo(double[] sorted, double x) => ~Array.BinarySearch(sorted, x, upTo);
}
