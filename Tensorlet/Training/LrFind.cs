namespace Tensorlet.Training;

/// <summary>The result of a learning-rate range test.</summary>
/// <param name="Rates">The learning rates of the steps.</param>
/// <param name="Losses">For each step, the smoothed loss before the step.</param>
public sealed record LrRange(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses)
{
    /// <summary>
    /// The learning rate at which the loss falls fastest. This is a good rate for the beginning of a training run. It
    /// is NaN if the loss never falls.
    /// </summary>
    public double Suggestion => Losses.Skip(1).Zip(Losses, (next, loss) => next - loss).Zip(Rates)
        .Where(step => step.First < 0).DefaultIfEmpty((0, double.NaN)).Min().Second;

    /// <summary>Writes a picture of the losses over the learning rates as an SVG file.</summary>
    public void Save(string path) =>
        Chart.Write(path, "learning rate", logX: true, new Curve("loss, smoothed", Rates, Losses));
}

public sealed partial class Trainer
{
    /// <summary>
    /// Runs a learning-rate range test: makes steps while the learning rate grows from <paramref name="low"/> to
    /// <paramref name="high"/>. From each step to the next, the rate is multiplied by the same factor. The test ends
    /// early if the smoothed loss is more than four times its smallest value so far, or if a loss is not finite. This
    /// is the range test of Smith 2017, with the smoothing and the stopping rule of fastai. Plugins are not called.
    /// Afterwards, the model, the optimizer, the default generator of random numbers and the batches are in the same
    /// state as before.
    /// </summary>
    /// <param name="low">The learning rate of the first step.</param>
    /// <param name="high">The learning rate of the last step, if the test does not end early.</param>
    /// <param name="steps">The largest number of steps.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="low"/> is not positive; or <paramref name="high"/>
    /// is below <paramref name="low"/>; or <paramref name="steps"/> is less than 2.</exception>
    public LrRange LrFind(double low = 1e-6, double high = 1, int steps = 100)
    {
        low.In(nameof(LrFind), double.Epsilon);
        high.In(nameof(LrFind), low);
        steps.In(nameof(LrFind), 2);
        IStateful[] parts = [Model, Optimizer, Generator.Default, .. ((object[])[batches]).OfType<IStateful>()];
        var before = Array.ConvertAll(parts, p => p.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone()));
        var trainer = new Trainer(Model, loss, Optimizer, batches) { AccumulationSteps = AccumulationSteps };
        List<double> rates = [], losses = [];
        try { Model.InMode(training: true, Sweep); }
        catch (DivergenceException) { }                 // the rate is too large, which ends the test
        finally { foreach (var (part, state) in parts.Zip(before)) part.LoadStateDict(state); }
        return new(rates, losses);

        void Sweep()
        {
            const double keep = 0.98;
            var mean = 0.0;
            foreach (var tensors in Enumerable.Repeat(batches, steps).SelectMany(epoch => epoch).Take(steps))
            {
                var rate = Optimizer.Lr = low * Math.Pow(high / low, rates.Count / (steps - 1.0));
                trainer.Learn(tensors);
                mean = keep * mean + (1 - keep) * trainer.Loss;
                rates.Add(rate);
                losses.Add(mean / (1 - Math.Pow(keep, rates.Count)));
                if (losses[^1] > losses.Min() + 3 * Math.Abs(losses.Min())) return;
            }
        }
    }
}
