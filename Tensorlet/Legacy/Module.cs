namespace Tensorlet.Legacy;

/// <summary>
/// A tensor that is trained, and the gradient of the loss with respect to this tensor. The gradient accumulates
/// until it is set to zero.
/// </summary>
/// <param name="weight">The tensor that is trained.</param>
public sealed class Parameter(Tensor weight)
{
    /// <summary>The tensor that is trained.</summary>
    public Tensor Weight { get; internal set; } = weight;
    /// <summary>The gradient of the loss with respect to <see cref="Weight"/>, in a tensor of the same shape.</summary>
    public Tensor Gradient { get; internal set; } = Tensor.ZerosLike(weight.Given());
}

/// <summary>
/// A layer that computes its own gradients, without the tape (see <see cref="Autograd"/>). The layer computes an
/// output. From the gradient dy of the loss with respect to this output, the layer also computes the gradient dx with
/// respect to the input and the gradients with respect to the parameters. Each layer has its own formulas for these
/// gradients. A layer remembers one output, so the same layer can be used only once in a network.
/// </summary>
public abstract class Module
{
    /// <summary>The result of the last <see cref="Forward"/>; an empty tensor before the first call.</summary>
    public Tensor Output { get; protected set; } = Tensor.Empty(0);

    /// <summary>The result of the last <see cref="Backward"/>; an empty tensor before the first call.</summary>
    public Tensor GradInput { get; protected set; } = Tensor.Empty(0);

    /// <summary>Computes <see cref="Output"/> from the input, and returns it.</summary>
    public abstract Tensor UpdateOutput(Tensor input);

    /// <summary>
    /// Computes <see cref="GradInput"/>, the gradient of the loss with respect to the input, and returns it.
    /// <paramref name="input"/> must be the input from which the output was computed. <paramref name="gradOutput"/>
    /// is the gradient of the loss with respect to the output.
    /// </summary>
    public abstract Tensor UpdateGradInput(Tensor input, Tensor gradOutput);

    /// <summary>
    /// Computes the gradients with respect to the parameters, multiplies them by <paramref name="scale"/>, and adds
    /// the products to the accumulated gradients. Call this method after <see cref="UpdateGradInput"/>.
    /// </summary>
    public virtual void AccGradParameters(Tensor input, Tensor gradOutput, double scale = 1) { }

    /// <summary>Computes and returns the output for an input.</summary>
    public Tensor Forward(Tensor input) => UpdateOutput(input);

    /// <summary>
    /// Computes the gradients of the loss with respect to the input and to the parameters. The gradient with respect to
    /// the input is returned. The other gradients are multiplied by <paramref name="scale"/> and added to the
    /// accumulated gradients.
    /// </summary>
    /// <param name="input">The argument of <see cref="Forward"/>.</param>
    /// <param name="gradOutput">The gradient dy of the loss with respect to the output. It has the shape of the
    /// output.</param>
    /// <param name="scale">The factor by which the gradients with respect to the parameters are multiplied.</param>
    /// <exception cref="ShapeException">The shape of <paramref name="gradOutput"/> differs from the shape of the
    /// output.</exception>
    public Tensor Backward(Tensor input, Tensor gradOutput, double scale = 1)
    {
        Layout.OnlySame($"{GetType().Name}.Backward: output and gradient", Output.Layout, gradOutput.Given().Layout);
        UpdateGradInput(input.Given(), gradOutput);
        AccGradParameters(input, gradOutput, scale);
        return GradInput;
    }

    /// <summary>Returns the weights with their gradients, always in the same order.</summary>
    public virtual Parameter[] Parameters() => [];

    /// <summary>Sets the gradients with respect to all parameters to zero.</summary>
    public void ZeroGradParameters() => Array.ForEach(Parameters(), p => p.Gradient.Zero_());

    /// <summary>
    /// Computes w ← w − lr·dw for each weight w, where dw is the accumulated gradient with respect to w.
    /// </summary>
    public void UpdateParameters(double lr) => Array.ForEach(Parameters(), p => p.Weight.Add_(p.Gradient, -lr));

    /// <summary>
    /// Moves all weights into one 1-dimensional tensor and all gradients into another, and returns these two tensors.
    /// The weights and the gradients of the layers become views of these two tensors. The tensors that an earlier call
    /// returned are then no longer connected with the layers.
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
    /// Returns the input if it has <paramref name="rank"/> axes and, along axis 1, the given size. If no size is
    /// given, any size is accepted. In all other cases, an exception is thrown.
    /// </summary>
    private protected Tensor Only(Tensor input, int rank, int? size = null,
        [CallerArgumentExpression(nameof(input))] string name = "") =>
        input.Given(name).Rank == rank && input.Size(1) == (size ?? input.Size(1)) ? input : throw new ShapeException(
            $"{GetType().Name}: takes {rank} axes{(size is { } n ? $", axis 1 of {n}" : "")}, not {input.Layout}.");

    /// <summary>Returns the name of the layer and the shapes of its parameters.</summary>
    public override string ToString() =>
        GetType().Name + string.Concat(Parameters().Select(p => $" {p.Weight.Layout}"));
}
