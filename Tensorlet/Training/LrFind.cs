namespace Tensorlet.Training;

/// <summary>The course of a learning-rate range test.</summary>
/// <param name="Rates">The learning rates.</param>
/// <param name="Losses">The loss of each step before it, smoothed.</param>
public sealed record LrRange(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses)
{
    /// <summary>The rate at which the loss falls fastest, a good one to begin with; NaN where it never falls.</summary>
    public double Suggestion => Losses.Skip(1).Zip(Losses, (next, loss) => next - loss).Zip(Rates)
        .Where(step => step.First < 0).DefaultIfEmpty((0, double.NaN)).Min().Second;

    /// <summary>Writes a picture of the losses over the rates, as SVG.</summary>
    public void Save(string path) =>
        Chart.Write(path, "learning rate", logX: true, new Curve("loss, smoothed", Rates, Losses));
}

public sealed partial class Trainer
{
    /// <summary>
    /// Steps with learning rates that grow from one to another by equal factors, until the loss is four times the best
    /// or no number (the range test of Smith 2017, as fastai stops and smooths it). Plugins are not told, and
    /// the model, the optimizer, random numbers and the loader are afterwards as they were.
    /// </summary>
    /// <param name="low">The first rate.</param>
    /// <param name="high">The last one.</param>
    /// <param name="steps">How many steps at most.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rates are not positive and growing, or there are fewer than
    /// two steps.</exception>
    public LrRange LrFind(double low = 1e-6, double high = 1, int steps = 100)
    {
        var sweep = new Sweep(low.In(nameof(LrFind), double.Epsilon), high.In(nameof(LrFind), low),
            steps.In(nameof(LrFind), 2));
        IStateful[] parts = [Model, Optimizer, Generator.Default, .. ((object[])[batches]).OfType<IStateful>()];
        var before = Array.ConvertAll(parts, p => p.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone()));
        var trainer = new Trainer(Model, loss, Optimizer, batches, sweep) { AccumulationSteps = AccumulationSteps };
        try { trainer.Run(steps); }
        catch (DivergenceException) { }                 // the rate is too large: this is what is looked for
        finally { foreach (var (part, state) in parts.Zip(before)) part.LoadStateDict(state); }
        return new(sweep.Rates, sweep.Losses);
    }

    sealed class Sweep(double low, double high, int steps) : Plugin
    {
        const double Keep = 0.98;
        double mean;
        public List<double> Rates { get; } = [];
        public List<double> Losses { get; } = [];

        public override void BatchStarted(Trainer trainer) =>
            trainer.Optimizer.Lr = low * Math.Pow(high / low, (double)Rates.Count / (steps - 1));

        public override void BatchEnded(Trainer trainer)
        {
            mean = Keep * mean + (1 - Keep) * trainer.Loss;
            Rates.Add(trainer.Optimizer.Lr);
            Losses.Add(mean / (1 - Math.Pow(Keep, Rates.Count)));
            if (Rates.Count == steps || Losses[^1] > Losses.Min() + 3 * Math.Abs(Losses.Min())) trainer.Stop();
        }
    }
}
