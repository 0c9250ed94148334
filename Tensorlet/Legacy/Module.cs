namespace Tensorlet.Legacy;

/// <summary>
/// A tensor that is trained, and the gradient of the loss with respect to it, which accumulates until it is zeroed.
/// </summary>
/// <param name="weight">The tensor that is trained.</param>
public sealed class Parameter(Tensor weight)
{
    /// <summary>The tensor that is trained.</summary>
    public Tensor Weight { get; internal set; } = weight;
    /// <summary>The gradient with respect to it, of the same shape.</summary>
    public Tensor Gradient { get; internal set; } = weight.Given().ZerosLike();
}

/// <summary>
/// A layer as it was before the tape. It computes an output and, given the gradient of the loss with respect to that
/// output (dy), the gradients with respect to its input (dx) and its parameters, each by a formula of its own. It
/// remembers one output, so it can be used only once in a network.
/// </summary>
public abstract class Module
{
    /// <summary>The result of the last <see cref="Forward"/>; empty before.</summary>
    public Tensor Output { get; protected set; } = Tensor.Empty(0);

    /// <summary>The result of the last <see cref="Backward"/>; empty before.</summary>
    public Tensor GradInput { get; protected set; } = Tensor.Empty(0);

    /// <summary>Computes <see cref="Output"/>.</summary>
    public abstract Tensor UpdateOutput(Tensor input);

    /// <summary>Computes <see cref="GradInput"/>, dx, for the input from which the output was computed.</summary>
    public abstract Tensor UpdateGradInput(Tensor input, Tensor gradOutput);

    /// <summary>
    /// Adds scale times the gradients with respect to the parameters to the accumulated ones; call it after
    /// <see cref="UpdateGradInput"/>.
    /// </summary>
    public virtual void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1) { }

    /// <summary>The output for an input.</summary>
    public Tensor Forward(Tensor input) => UpdateOutput(input);

    /// <summary>The gradient with respect to the input; those with respect to the parameters are accumulated.</summary>
    /// <param name="input">The argument of <see cref="Forward"/>.</param>
    /// <param name="gradOutput">dy, the gradient of the loss with respect to the output, of the shape of the
    /// output.</param>
    /// <param name="scale">A factor for the gradients with respect to the parameters.</param>
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

    /// <summary>Sets the gradients to zero.</summary>
    public void ZeroGradParameters() => Array.ForEach(Parameters(), p => p.Gradient.Zero_());

    /// <summary>w ← w − lr·dw</summary>
    public void UpdateParameters(double lr) => Array.ForEach(Parameters(), p => p.Weight.Add_(p.Gradient, -lr));

    /// <summary>
    /// Moves all weights into one tensor and all gradients into another, with one axis each; those of the layers become
    /// views of these. Tensors from an earlier call are then no longer connected with the layers.
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

    /// <summary>
    /// The input, if it has the right number of axes, and the right size along axis 1 (any size if not given).
    /// </summary>
    private protected Tensor Only(Tensor input, int rank, int? size = null,
        [CallerArgumentExpression(nameof(input))] string name = "") =>
        input.Given(name).Rank == rank && input.Size(1) == (size ?? input.Size(1)) ? input : throw new ShapeException(
            $"{GetType().Name}: takes {rank} axes{(size is { } n ? $", axis 1 of {n}" : "")}, not {input.Layout}.");

    /// <summary>The name, and the shapes of the parameters.</summary>
    public override string ToString() =>
        GetType().Name + string.Concat(Parameters().Select(p => $" {p.Weight.Layout}"));
}
