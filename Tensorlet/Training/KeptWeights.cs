using Tensorlet.Nn;

namespace Tensorlet.Training;

/// <summary>
/// A plugin that keeps some numbers and a second set of weights, beside the weights that are trained.
/// </summary>
public abstract class KeptWeights : Plugin, IStateful
{
    const string Prefix = "weights.";
    readonly int count;
    Module? model;

    /// <summary>
    /// The second set of weights, with the same keys as in the state of the model. At first, there are no weights.
    /// </summary>
    private protected Dictionary<string, Tensor> Weights { get; set; } = [];

    /// <summary>The numbers that are kept.</summary>
    private protected double[] Now { get; set; }

    private protected KeptWeights(params double[] first) => (count, Now) = (first.Length, first);

    /// <summary>Returns true if these numbers are valid for this plugin.</summary>
    private protected abstract bool CanBe(double[] numbers);

    /// <summary>Returns clones of the weights of a model.</summary>
    private protected static Dictionary<string, Tensor> Clones(Module model) =>
        model.StateDict().ToDictionary(w => w.Key, w => w.Value.Clone());

    /// <inheritdoc/>
    public override void Resuming(Trainer trainer) => model = trainer.Given().Model;

    /// <inheritdoc/>
    /// <exception cref="TensorletException">The keys, shapes or types of the weights in the loaded state are not those
    /// of this model.</exception>
    public override void Started(Trainer trainer)
    {
        model = trainer.Given().Model;
        LoadStateDict(StateDict());
    }

    /// <inheritdoc/>
    public Dictionary<string, Tensor> StateDict() =>
        new(Weights.ToDictionary(w => Prefix + w.Key, w => w.Value)) { ["now"] = Tensor.From(Now) };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var loaded = state.Given().Where(w => w.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary();
        var own = loaded.Count == 0 || model is null ? loaded
            : model.StateDict().ToDictionary(w => Prefix + w.Key, w => w.Value);
        Stateful.Check(GetType().Name, new(own) { ["now"] = Tensor.Zeros(count) }, state);
        var now = new Dictionary<string, Tensor> { ["now"] = state["now"] };
        Now = Stateful.Only(GetType().Name, "now", now, count, CanBe);
        Weights = loaded.ToDictionary(w => w.Key[Prefix.Length..], w => w.Value);
    }
}
