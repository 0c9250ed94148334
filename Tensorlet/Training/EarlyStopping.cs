using Tensorlet.Nn;

namespace Tensorlet.Training;

/// <summary>
/// Ends the training when a measured value has not improved for some epochs. At the end of the training, however it is
/// reached, the model has the weights of the best epoch.
/// </summary>
/// <param name="patience">The number of epochs.</param>
/// <param name="watch">The name of the value that is watched.</param>
/// <param name="larger">Whether larger values are better. NaN is never better.</param>
public sealed class EarlyStopping(int patience, string watch = "validation_loss", bool larger = false)
    : Plugin, IStateful
{
    const string Prefix = "weights.";
    readonly string watch = watch.Given();
    readonly int limit = patience.In(nameof(EarlyStopping), 1);
    Dictionary<string, Tensor> weights = [];
    (double Best, int Waited) now = (double.NaN, 0);
    Module? model;

    /// <inheritdoc/>
    public override void Resuming(Trainer trainer) => model = trainer.Given().Model;

    /// <inheritdoc/>
    /// <exception cref="TensorletException">The best weights that were loaded are not those of this model.</exception>
    public override void Started(Trainer trainer)
    {
        model = trainer.Given().Model;
        LoadStateDict(StateDict());
    }

    /// <inheritdoc/>
    public override void EpochEnded(Trainer trainer)
    {
        var value = trainer.Given().Watched(watch);
        // any number is better than NaN, and NaN is better than none
        if (weights.Count == 0 || (!double.IsNaN(value) && !(larger ? value <= now.Best : value >= now.Best)))
        {
            now = (value, 0);
            weights = trainer.Model.StateDict().ToDictionary(w => Prefix + w.Key, w => w.Value.Clone());
        }
        else if (++now.Waited >= limit) trainer.Stop();
    }

    /// <inheritdoc/>
    public override void Ended(Trainer trainer)
    {
        if (weights.Count > 0)
            trainer.Model.LoadStateDict(weights.ToDictionary(w => w.Key[Prefix.Length..], w => w.Value));
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() => new(weights) { ["now"] = Tensor.From([now.Best, now.Waited]) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var loaded = state.Given().Where(w => w.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary();
        var own = loaded.Count == 0 || model is null ? loaded
            : model.StateDict().ToDictionary(w => Prefix + w.Key, w => w.Value);
        Stateful.Check("EarlyStopping", new(own) { ["now"] = Tensor.Zeros(2) }, state);
        var waited = Stateful.Count(new Dictionary<string, Tensor> { ["now"] = state["now"][1] }, "now");
        (weights, now) = (loaded, (state["now"][0].Item(), waited));
    }
}
