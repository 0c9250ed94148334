namespace Tensorlet;

/// <summary>
/// A function whose Backward computes with tensors, and not with variables. Such a function is quick to write, but
/// its gradient cannot be differentiated again: an attempt throws an exception that says so.
/// </summary>
public abstract class OnceDifferentiable : Function
{
    /// <summary>
    /// Computes the gradients of the loss with respect to the inputs. This method differs from
    /// <see cref="Function.Backward"/> only in that its argument and its results are tensors.
    /// </summary>
    protected abstract Tensor?[] Backward(Tensor gradient);

    /// <inheritdoc/>
    public sealed override Variable?[] Backward(Variable gradient) => Array.ConvertAll(
        Backward(gradient.Given().Data), g => g is null ? null
            : Autograd.Enabled ? new NotAgain(Name, g).Apply(new Variable(g, true)) : new Variable(g));

    sealed class NotAgain(string name, Tensor value) : Function // y = a gradient     it cannot be differentiated
    {
        protected override Tensor Forward() => value;
        public override Variable[] Backward(Variable dy) => throw new AutogradException(
            $"Backward: {name} can be differentiated only once, because its backward is written in tensors.");
    }
}
