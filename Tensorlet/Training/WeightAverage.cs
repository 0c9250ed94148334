namespace Tensorlet.Training;

/// <summary>
/// Computes an exponential moving average of the weights. With this average, the model often predicts better than with
/// its last weights (Polyak and Juditsky 1992). If wₜ are the weights after step t, the averages are a₁ = w₁ and aₜ =
/// d·aₜ₋₁ + (1 − d)·wₜ, where d is <paramref name="decay"/>. Running statistics, such as those of batch normalization,
/// are averaged too. During a training step, the model has the weights that are trained. From the end of an epoch until
/// the next batch, it has the average, so that the plugins after this one (<see cref="Validation"/>,
/// <see cref="EarlyStopping"/>) measure and keep the average. At the end of the training run, the model has the
/// average.
/// </summary>
/// <param name="decay">d, between 0 and 1.</param>
/// <exception cref="ArgumentOutOfRangeException">d is not between 0 and 1.</exception>
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

    /// <summary>
    /// Gives the model the average if <paramref name="average"/> is 1, and its own weights if
    /// <paramref name="average"/> is 0. The weights that the model had before are kept. Nothing happens if the model
    /// already has the right weights.
    /// </summary>
    void Show(Trainer trainer, double average)
    {
        if (Now[0] == average || Weights.Count == 0) return;
        var others = Clones(trainer.Model);
        trainer.Model.LoadStateDict(Weights);
        (Weights, Now) = (others, [average]);
    }
}
