using System.Diagnostics;

namespace Tensorlet;

/// <summary>
/// A tensor on the tape. Operations on variables are recorded where a gradient is required, and <see cref="Backward"/>
/// walks the record back. Variables have no in-place operations; writing to <see cref="Data"/> is how weights are
/// updated.
/// </summary>
[DebuggerDisplay("{Data.DebuggerText,nq} {GradFn}")]
public sealed partial class Variable
{
    Function? accumulate;

    /// <summary>The values. Writing to them is not recorded; what the tape has saved notices.</summary>
    public Tensor Data { get; private set; }
    /// <summary>The gradient that has been accumulated here, or null.</summary>
    /// <exception cref="ShapeException">What is set has another shape than the values.</exception>
    /// <exception cref="DTypeException">What is set has another type than the values.</exception>
    /// <exception cref="DeviceException">What is set is on another device than the values.</exception>
    public Variable? Grad
    {
        get;
        set
        {
            if (value is not null)
            {
                Layout.OnlySame("Grad: values and gradient", Data.Layout, value.Data.Layout);
                value.Data.OnlyType("Grad: the gradient", DType);
                Data.SameDevice("Grad", value.Data);
            }
            field = value;
        }
    }
    /// <summary>The function that made this variable; null where the user made it.</summary>
    public Function? GradFn { get; }
    /// <summary>True if gradients flow to or through this variable.</summary>
    public bool RequiresGrad { get; }

    /// <summary>A variable of the user's own: a leaf of the graph.</summary>
    /// <exception cref="DTypeException">A gradient is required of integers or truth values.</exception>
    public Variable(Tensor data, bool requiresGrad = false)
    {
        if (!data.Given().DType.IsFloat() && requiresGrad) throw new DTypeException(
            $"Variable: {data.DType} of shape {data.Layout} has no gradient; Float32 and Float64 do.");
        (Data, RequiresGrad) = (data, requiresGrad);
    }

    internal Variable(Tensor data, Function function) => (Data, GradFn, RequiresGrad) = (data, function, true);

    /// <summary>A tensor is a constant of the graph.</summary>
    public static implicit operator Variable(Tensor data) => new(data);

    /// <summary>True if the user made it.</summary>
    public bool IsLeaf => GradFn is null;
    /// <inheritdoc cref="Tensor.Shape"/>
    public ReadOnlySpan<int> Shape => Data.Shape;
    /// <inheritdoc cref="Tensor.Rank"/>
    public int Rank => Data.Rank;
    /// <inheritdoc cref="Tensor.Numel"/>
    public int Numel => Data.Numel;
    /// <inheritdoc cref="Tensor.DType"/>
    public DType DType => Data.DType;
    /// <inheritdoc cref="Tensor.Device"/>
    public Device Device => Data.Device;
    /// <inheritdoc cref="Tensor.Size()"/>
    public int[] Size() => Data.Size();
    /// <inheritdoc cref="Tensor.Size(int)"/>
    public int Size(int axis) => Data.Size(axis);
    /// <inheritdoc cref="Tensor.Item"/>
    public double Item() => Data.Item();

    /// <summary>The same values, cut off from the graph: a constant that shares memory.</summary>
    public Variable Detach() => new(Data);

    /// <summary>
    /// Puts a copy of another type or device in the place of a parameter's values; its gradient is forgotten.
    /// </summary>
    internal void MoveTo(Tensor data) => (Data, Grad) = (data, data == Data ? Grad : null);

    /// <summary>The function that a gradient for this variable is handed to.</summary>
    internal Function? Origin => GradFn ?? (!RequiresGrad ? null
        : accumulate ?? LazyInitializer.EnsureInitialized(ref accumulate, () => new AccumulateGrad(this)));

    internal Function OriginFor(string operation) => Origin ?? throw Autograd.NoGradient(operation, this);

    /// <summary>Adds a gradient, out of place.</summary>
    internal void AddGrad(Variable gradient, bool shared)
    {
        gradient.Data.OnlyType("Backward: the gradient of a leaf", DType);
        lock (this) Grad = Grad is not null ? Grad + gradient : shared ? gradient.Copied() : gradient;
    }

    /// <summary>
    /// Calls a function with the gradient by this variable when it is known, in each Backward. What it gives, if
    /// anything, takes the gradient's place.
    /// </summary>
    /// <exception cref="AutogradException">The variable requires no gradient.</exception>
    public void RegisterHook(Func<Variable, Variable?> hook)
    {
        (OriginFor("RegisterHook").hooks ??= []).Add(hook.Given());
        AccumulateGrad.Hooked |= IsLeaf;
    }

    /// <summary>Keeps the gradient by this variable in <see cref="Grad"/> though it is no leaf.</summary>
    public void RetainGrad()
    {
        if (!IsLeaf) RegisterHook(gradient => { AddGrad(gradient, shared: true); return null; });
    }

    /// <summary>
    /// Adds to <see cref="Grad"/> of every leaf the gradient of this variable by it (chain rule, from here back to the
    /// leaves).
    /// </summary>
    /// <param name="gradient">The gradient of the loss by this variable, of its shape; 1 for a scalar if not
    /// given.</param>
    /// <param name="retainGraph">Keep what was saved, so that the graph can be gone through again.</param>
    /// <param name="createGraph">Record the walk itself, so that gradients can be differentiated; implies
    /// retainGraph.</param>
    /// <exception cref="AutogradException">Nothing here requires a gradient; a gradient is missing; the graph was
    /// freed; a saved value has changed.</exception>
    /// <exception cref="ShapeException">The gradient has another shape.</exception>
    public void Backward(Variable? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        Autograd.Backward([this], [gradient], retainGraph, createGraph);

    /// <summary>The values, and the function that made them.</summary>
    public override string ToString() =>
        GradFn is not null ? $"{Data}\n[made by {GradFn}]" : RequiresGrad ? $"{Data}\n[requires gradient]" : $"{Data}";
}
