namespace Tensorlet;

/// <summary>
/// A function whose backward is written in tensors. It is quick to write, and has no gradient of the gradient: asked
/// for one, it says so.
/// </summary>
public abstract class OnceDifferentiable : Function
{
    /// <summary>The gradient of the loss by each input, as in <see cref="Function.Backward"/>, in tensors.</summary>
    protected abstract Tensor?[] Backward(Tensor gradient);

    /// <inheritdoc/>
    public sealed override Variable?[] Backward(Variable gradient) => Array.ConvertAll(
        Backward(gradient.Given().Data), g => g is null ? null
            : Autograd.Enabled ? new NotAgain(Name, g).Apply(new Variable(g, true)) : new Variable(g));

    sealed class NotAgain(string name, Tensor value) : Function // y = a gradient     nobody knows how to go on
    {
        protected override Tensor Forward() => value;
        public override Variable[] Backward(Variable dy) => throw new AutogradException(
            $"Backward: {name} can be differentiated once only, because its backward is written in tensors.");
    }
}
