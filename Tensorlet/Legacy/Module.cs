namespace Tensorlet.Legacy;

/// <summary>A tensor that is learned, and the gradient of the loss by it, which adds up until it is zeroed.</summary>
/// <param name="weight">What is learned.</param>
public sealed class Parameter(Tensor weight)
{
    /// <summary>What is learned.</summary>
    public Tensor Weight { get; internal set; } = weight;
    /// <summary>The gradient by it, of its shape.</summary>
    public Tensor Gradient { get; internal set; } = weight.Given().ZerosLike();
}

/// <summary>
/// A layer as it was before the tape: it computes an output, and, told the gradient of the loss by that output (dy),
/// the gradients by its input (dx) and by its parameters, each by a formula of its own. It remembers one output, so it
/// stands in a network once.
/// </summary>
public abstract class Module
{
    /// <summary>What the last <see cref="Forward"/> gave; empty before.</summary>
    public Tensor Output { get; protected set; } = Tensor.Empty(0);

    /// <summary>What the last <see cref="Backward"/> gave; empty before.</summary>
    public Tensor GradInput { get; protected set; } = Tensor.Empty(0);

    /// <summary>Computes <see cref="Output"/>.</summary>
    public abstract Tensor UpdateOutput(Tensor input);

    /// <summary>Computes <see cref="GradInput"/>, dx, of the input that the output was computed from.</summary>
    public abstract Tensor UpdateGradInput(Tensor input, Tensor gradOutput);

    /// <summary>
    /// Adds scale times the gradients by the parameters to those that are there; after <see cref="UpdateGradInput"/>.
    /// </summary>
    public virtual void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1) { }

    /// <summary>The output of an input.</summary>
    public Tensor Forward(Tensor input) => UpdateOutput(input);

    /// <summary>The gradient by the input; those by the parameters are added up.</summary>
    /// <param name="input">What <see cref="Forward"/> was given.</param>
    /// <param name="gradOutput">dy, the gradient of the loss by the output, of its shape.</param>
    /// <param name="scale">A factor of the gradients by the parameters.</param>
    /// <exception cref="ShapeException">The gradient has another shape than the output.</exception>
    public Tensor Backward(Tensor input, Tensor gradOutput, double scale = 1)
    {
        Layout.OnlySame($"{GetType().Name}.Backward: output and gradient", Output.Layout, gradOutput.Given().Layout);
        UpdateGradInput(input.Given(), gradOutput);
        AccGradParameters(input, gradOutput, scale);
        return GradInput;
    }

    /// <summary>The weights and their gradients, in order.</summary>
    public virtual Parameter[] Parameters() => [];

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradParameters() => Array.ForEach(Parameters(), p => p.Gradient.Zero_());

    /// <summary>w ← w − lr·dw</summary>
    public void UpdateParameters(double lr) => Array.ForEach(Parameters(), p => p.Weight.Add_(p.Gradient, -lr));

    /// <summary>
    /// Moves all weights into one tensor, and all gradients into another, of one axis each; the layers' own become
    /// views of these. An earlier pair is then no longer theirs.
    /// </summary>
    /// <exception cref="ShapeException">There are no parameters.</exception>
    public (Tensor Weights, Tensor Gradients) GetParameters()
    {
        var parameters = Parameters();
        var weights = Tensor.Cat([.. parameters.Select(p => p.Weight.View(-1))]);
        var gradients = Tensor.Cat([.. parameters.Select(p => p.Gradient.View(-1))]);
        var at = 0;
        foreach (var p in parameters)
        {
            p.Weight = weights.Narrow(0, at, p.Weight.Numel).View(p.Weight.Size());
            p.Gradient = gradients.Narrow(0, at, p.Weight.Numel).View(p.Weight.Size());
            at += p.Weight.Numel;
        }
        return (weights, gradients);
    }

    /// <summary>The input, if it has so many axes, and so many numbers along axis 1 (any if not given).</summary>
    private protected Tensor Only(Tensor input, int rank, int? size = null,
        [CallerArgumentExpression(nameof(input))] string name = "") =>
        input.Given(name).Rank == rank && input.Size(1) == (size ?? input.Size(1)) ? input : throw new ShapeException(
            $"{GetType().Name}: takes {rank} axes{(size is { } n ? $", axis 1 of {n}" : "")}, not {input.Layout}.");

    /// <summary>The name, and the shapes of the parameters.</summary>
    public override string ToString() =>
        GetType().Name + string.Concat(Parameters().Select(p => $" {p.Weight.Layout}"));
}
