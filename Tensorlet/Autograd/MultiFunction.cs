namespace Tensorlet;

/// <summary>
/// A function with several results. <see cref="Apply"/> returns all results, and <see cref="Backward(Variable[])"/>
/// gets the gradients with respect to all results in one array. The gradient with respect to a result that was not
/// used consists of zeros.
/// </summary>
public abstract class MultiFunction : Function
{
    Tensor[] results = [];
    Variable?[] arrived = [];

    /// <summary>Computes the results from the <c>Data</c> of the inputs, and saves what Backward will read.</summary>
    protected abstract Tensor[] ForwardAll();

    /// <summary>
    /// Computes the gradients of the loss with respect to the inputs. The argument contains the gradient of the
    /// loss with respect to each result.
    /// </summary>
    protected abstract Variable?[] Backward(Variable[] gradients);

    /// <summary>Runs the function, and records it if an input requires a gradient.</summary>
    public new Variable[] Apply(params ReadOnlySpan<Variable> variables)
    {
        var whole = base.Apply(variables);
        arrived = new Variable?[results.Length];
        return [.. results.Select((result, i) => new Result(this, result, i).Apply(whole))];
    }

    internal override Variable ApplyAlone(params ReadOnlySpan<Variable> variables) =>
        Variable.Cat(Array.ConvertAll(Apply(variables), y => y.Reshape(-1)));

    /// <summary>
    /// Computes the results. Returns a tensor that represents all results in the graph; the value of this tensor is
    /// not used.
    /// </summary>
    protected sealed override Tensor Forward()
    {
        results = ForwardAll();
        return Tensor.Zeros([], results.FirstOrDefault()?.DType ?? X.DType, X.Device);
    }

    /// <inheritdoc/>
    public sealed override Variable?[] Backward(Variable whole)
    {
        if (arrived.Length == 0) throw new AutogradException($"{Name}.Backward: it was not applied to anything.");
        Variable[] gradients = [.. results.Select((result, i) => arrived[i] ?? Tensor.ZerosLike(result))];
        Array.Clear(arrived);
        return Backward(gradients);
    }

    sealed class Result(MultiFunction function, Tensor result, int i) : Function // y = result i     dy waits for others
    {
        public override string Name => $"{function.Name}[{i}]";
        internal override bool IsPart => true;
        protected override Tensor Forward() => result;
        public override Variable[] Backward(Variable dy)
        {
            function.arrived[i] = dy;
            return [Tensor.Zeros([], dy.DType, dy.Device)];
        }
    }
}
