namespace Tensorlet.Training;

/// <summary>
/// The area under the ROC curve of scores (N) for targets (N) that are 0 or 1: the share of pairs of a 1 and a 0 in
/// which the 1 has the larger score; equal scores count as one half (Hanley and McNeil 1982). NaN if all targets are of
/// one class.
/// </summary>
public sealed class AUC() : Metric(0)
{
    /// <inheritdoc/>
    /// <exception cref="TensorletException">A target is neither 0 nor 1, or a score is NaN. Nothing has been
    /// added.</exception>
    public override void Add(Tensor output, Tensor target)
    {
        Layout.OnlySame("AUC: scores and targets", output.Given().Layout, target.Given().Layout);
        double[][] samples = [.. output.ToArray<double>().Zip(target.ToArray<double>(), (x, t) => new[] { x, t })];
        if (samples.FirstOrDefault(sample => !Sound(sample)) is [var score, var label])
            throw new TensorletException($"AUC: score {score} and target {label} must be a number, and 0 or 1.");
        Sums.AddRange(samples.SelectMany(sample => sample));
    }

    private protected override bool CanBe(double[] sums) => sums.Length % 2 == 0 && sums.Chunk(2).All(Sound);

    static bool Sound(double[] sample) => !double.IsNaN(sample[0]) && sample[1] is 0 or 1;

    /// <inheritdoc/>
    public override double Value
    {
        get
        {
            var (wins, zeros, ones) = (0.0, 0.0, 0.0);
            foreach (var tie in Sums.Chunk(2).GroupBy(sample => sample[0]).OrderBy(tie => tie.Key))
            {
                var hits = tie.Sum(sample => sample[1]);
                var misses = tie.Count() - hits;
                wins += hits * (zeros + misses / 2);
                (zeros, ones) = (zeros + misses, ones + hits);
            }
            return wins / (zeros * ones);
        }
    }
}
