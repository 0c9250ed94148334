namespace Tensorlet.Training;

/// <summary>
/// An exponential moving average of the weights, which is often better than the last of them (Polyak and Juditsky
/// 1992): a₁ = w₁ and aₜ = d·aₜ₋₁ + (1 − d)·wₜ after step t, running statistics included. The model has the average
/// from the end of an epoch to the next batch, for the plugins after this one (<see cref="Validation"/>,
/// <see cref="EarlyStopping"/>), and when the training has ended; while it learns, it has its own weights.
/// </summary>
/// <param name="decay">d, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is none.</exception>
public sealed class WeightAverage(double decay = 0.999) : KeptWeights(0)    // 1 while the model has the average
{
    readonly double decay = decay.In(nameof(WeightAverage), 0, 1);

    private protected override bool CanBe(double[] numbers) => numbers is [0 or 1];

    /// <inheritdoc/>
    public override void BatchStarted(Trainer trainer) => Show(trainer.Given(), 0);

    /// <inheritdoc/>
    public override void BatchEnded(Trainer trainer)
    {
        if (Weights.Count == 0) Weights = Clones(trainer.Given().Model);
        else
            foreach (var (key, w) in trainer.Given().Model.StateDict())
                if (w.DType.IsFloat()) Weights[key].Mul_(decay).Add_(w, 1 - decay);
                else Weights[key].Copy_(w);
    }

    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer) => Show(trainer.Given(), 1);

    /// <inheritdoc/>
    public override void Ended(Trainer trainer) => Show(trainer.Given(), 1);

    /// <summary>Exchanges the weights that are kept and those of the model, if it has the others.</summary>
    void Show(Trainer trainer, double average)
    {
        if (Now[0] == average || Weights.Count == 0) return;
        var others = Clones(trainer.Model);
        trainer.Model.LoadStateDict(Weights);
        (Weights, Now) = (others, [average]);
    }
}
