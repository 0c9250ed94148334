namespace Tensorlet.Training;

/// <summary>
/// Ends the training run when a measured value has not improved for <paramref name="patience"/> epochs. At the end of
/// the run, the model gets the weights of the best epoch, even if the run was not ended by this plugin.
/// </summary>
/// <param name="patience">The number of epochs without improvement after which the run ends.</param>
/// <param name="watch">The name of the value in <see cref="Trainer.Stats"/>.</param>
/// <param name="larger">If true, larger values are better. If false, smaller values are better. NaN is never
/// better.</param>
public sealed class EarlyStopping(int patience, string watch = "validation_loss", bool larger = false)
    : KeptWeights(double.NaN, 0)        // the best value, and the number of epochs since then
{
    readonly string watch = watch.Given();
    readonly int limit = patience.In(nameof(EarlyStopping), 1);

    private protected override bool CanBe(double[] numbers) =>
        numbers is [_, >= 0 and <= int.MaxValue and var waited] && waited == Math.Floor(waited);

    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer)
    {
        var value = trainer.Given().Watched(watch);
        // the first value is always taken, even if it is NaN; later, every number is better than NaN
        if (Weights.Count == 0 || (!double.IsNaN(value) && !(larger ? value <= Now[0] : value >= Now[0])))
            (Now, Weights) = ([value, 0], Clones(trainer.Model));
        else if (++Now[1] >= limit) trainer.Stop();
    }

    /// <inheritdoc/>
    public override void Ended(Trainer trainer)
    {
        if (Weights.Count > 0) trainer.Model.LoadStateDict(Weights);
    }
}
