using Tensorlet.Nn;

namespace Tensorlet.Training;

/// <summary>
/// Measures the results and the gradients of each layer in some of the batches, and keeps the statistics of the last
/// batch that was measured. The statistics show whether gradients vanish or explode, and how many results are 0. A
/// layer is a module without modules inside it. To measure gradients before they are clipped, give the trainer this
/// plugin before <see cref="ClipGradNorm"/> or <see cref="ClipGradValue"/>.
/// </summary>
/// <param name="every">The number of batches from one measured batch to the next. The first batch of each epoch is
/// measured.</param>
/// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
public sealed class LayerStatistics(int every = 1) : Plugin
{
    readonly int every = every.In(nameof(LayerStatistics), 1);
    readonly OrderedDictionary<string, Layer> layers = [];
    readonly List<IDisposable> hooks = [];

    /// <summary>The statistics of a layer.</summary>
    /// <param name="Name">The key of the layer, for example <c>conv1</c>.</param>
    /// <param name="Mean">The mean of the elements of the layer's result.</param>
    /// <param name="Std">The standard deviation of the elements of the layer's result.</param>
    /// <param name="Zeros">The share of the elements of the layer's result that are 0.</param>
    /// <param name="Gradient">The norm of the gradient with respect to the layer's result; NaN if there was no
    /// gradient.</param>
    /// <param name="ParameterGradient">The norm of the gradient with respect to the layer's parameters; 0 if the layer
    /// has no parameters.</param>
    public sealed record Layer(
        string Name, double Mean, double Std, double Zeros, double Gradient, double ParameterGradient);

    /// <summary>The layers, in the order in which they were called.</summary>
    public IReadOnlyList<Layer> Layers => [.. layers.Values];

    /// <inheritdoc/>
    public override void BatchStarted(Trainer trainer)
    {
        Unhook();
        if ((trainer.Given().Batch - 1) % every != 0) return;
        layers.Clear();
        foreach (var (name, layer) in trainer.Model.NamedModules().Where(m => !m.Module.Children().Any()))
        {
            hooks.Add(layer.RegisterForwardHook((_, _, y) =>
            {
                var x = y.Data.To(DType.Float64);
                layers[name] = new(name, x.Mean().Item(), new Variable(x).Std(correction: 0).Item(),
                    1 - x.CountNonzero().Item() / x.Numel, double.NaN, 0);
                return null;
            }));
            hooks.Add(layer.RegisterBackwardHook((_, gradient) =>
            {
                layers[name] = layers[name] with { Gradient = Norm([gradient]) };
                return null;
            }));
        }
    }

    /// <inheritdoc/>
    public override void Stepping(Trainer trainer)
    {
        if (hooks.Count == 0) return;
        foreach (var (name, layer) in trainer.Given().Model.NamedModules())
            if (layers.TryGetValue(name, out var row))
                layers[name] = row with { ParameterGradient = Norm(layer.Parameters().Select(p => p.Grad)) };
        Unhook();
    }

    static double Norm(IEnumerable<Variable?> all) =>
        Math.Sqrt(all.OfType<Variable>().Sum(g => (g.Data.To(DType.Float64) is var x ? x * x : x).Sum().Item()));

    void Unhook()
    {
        hooks.ForEach(hook => hook.Dispose());
        hooks.Clear();
    }

    /// <summary>Returns a table of the layers.</summary>
    public override string ToString() => $"{"layer",-20}{"mean",12}{"std",12}{"zeros",9}{"|dy|",12}{"|dw|",12}\n" +
        string.Concat(layers.Values.Select(l => $"{l.Name,-20}{l.Mean,12:G4}{l.Std,12:G4}{l.Zeros,9:0.0 %}" +
            $"{l.Gradient,12:G4}{l.ParameterGradient,12:G4}\n"));
}
