namespace Tensorlet.Legacy;

/// <summary>
/// Layers that are applied one after another: the output of each layer is the input of the next layer.
/// <see cref="Add"/> appends a layer.
/// </summary>
public sealed class Sequential : Module // y = fₙ(…f₁(x))     dx = df₁(…dfₙ(dy))
{
    readonly List<Module> modules = [];

    /// <summary>The layers, in the order in which they are applied.</summary>
    public IReadOnlyList<Module> Modules => modules;

    /// <summary>Appends a layer, and returns this container.</summary>
    /// <exception cref="TensorletException">This container already contains the layer.</exception>
    public Sequential Add(Module module)
    {
        if (modules.Contains(module.Given()))
            throw new TensorletException($"Sequential: {module} is already in it; a layer remembers one output.");
        modules.Add(module);
        return this;
    }

    /// <inheritdoc/>
    public override Tensor UpdateOutput(Tensor input) =>
        Output = modules.Aggregate(input, (x, module) => module.UpdateOutput(x));

    /// <inheritdoc/>
    public override Tensor UpdateGradInput(Tensor input, Tensor gradOutput)
    {
        for (var i = modules.Count - 1; i >= 0; i--)
            gradOutput = modules[i].UpdateGradInput(InputOf(i, input), gradOutput);
        return GradInput = gradOutput;
    }

    /// <inheritdoc/>
    public override void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1)
    {
        for (var i = modules.Count - 1; i >= 0; i--)
        {
            modules[i].AccGradParameters(InputOf(i, input), gradOutput, scale);
            gradOutput = modules[i].GradInput;
        }
    }

    Tensor InputOf(int i, Tensor input) => i == 0 ? input : modules[i - 1].Output;

    /// <inheritdoc/>
    public override Parameter[] Parameters() => [.. modules.SelectMany(module => module.Parameters())];

    /// <inheritdoc/>
    public override string ToString() =>
        $"Sequential {{\n{string.Concat(modules.Select((m, i) => $"  ({i}): {m}".Replace("\n", "\n  ") + "\n"))}}}";
}
