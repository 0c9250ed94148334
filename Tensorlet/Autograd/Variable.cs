using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Tensorlet;

/// <summary>
/// A tensor on the tape. Operations on variables are recorded where a gradient is required, and <see cref="Backward"/>
/// goes through the record in reverse. Variables have no in-place operations; weights are updated by writing to
/// <see cref="Data"/>.
/// </summary>
[DebuggerDisplay("{Data.DebuggerText,nq} {GradFn}")]
public sealed partial class Variable
{
    Function? accumulate;

    /// <summary>The values. Writing to them is not recorded, but the tape notices if it has saved them.</summary>
    public Tensor Data { get; private set; }
    /// <summary>The gradient that has been accumulated here, or null.</summary>
    /// <exception cref="ShapeException">The new gradient has another shape than the values.</exception>
    /// <exception cref="DTypeException">The new gradient has another type than the values.</exception>
    /// <exception cref="DeviceException">The new gradient is on another device than the values.</exception>
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
    /// <summary>The function that computed this variable; null if the user created it.</summary>
    public Function? GradFn { get; }
    /// <summary>True if gradients flow to or through this variable.</summary>
    public bool RequiresGrad { get; private set; }
    /// <summary>Whether it was made as a parameter, even if it is frozen now.</summary>
    internal bool IsParameter { get; }

    /// <summary>A variable that the user creates: a leaf of the graph.</summary>
    /// <exception cref="DTypeException">The data are integers or Booleans, and a gradient is required.</exception>
    public Variable(Tensor data, bool requiresGrad = false)
    {
        if (!data.Given().DType.IsFloat() && requiresGrad) throw new DTypeException(
            $"Variable: {data.DType} of shape {data.Layout} cannot have a gradient; only Float32 and Float64 can.");
        (Data, RequiresGrad, IsParameter) = (data, requiresGrad, requiresGrad);
    }

    /// <summary>
    /// Freezes a parameter (<c>RequiresGrad_(false)</c>), or trains it again. A frozen one gets no gradients, so that
    /// optimizers leave it alone; it stays a parameter of its module, and part of the state.
    /// </summary>
    /// <exception cref="AutogradException">It is the result of an operation, not a leaf.</exception>
    /// <exception cref="DTypeException">It has integers or Booleans.</exception>
    public Variable RequiresGrad_(bool on = true)
    {
        if (!IsLeaf) throw new AutogradException($"RequiresGrad_: this variable of shape {Data.Layout} is the result " +
            $"of {GradFn}, not a leaf. Use Detach to cut it off.");
        if (on) Data.OnlyFloat("RequiresGrad_");
        RequiresGrad = on;
        return this;
    }

    internal Variable(Tensor data, Function function) => (Data, GradFn, RequiresGrad) = (data, function, true);

    /// <summary>A tensor is a constant of the graph.</summary>
    [return: NotNullIfNotNull(nameof(data))]
    public static implicit operator Variable?(Tensor? data) => data is null ? null : new(data);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(Number x) => new(x);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(long x) => new(x);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(double x) => new(x);

    internal bool IsNumber => Data.IsNumber;

    /// <summary>This variable; if it is a number, as an operand beside another variable.</summary>
    internal Variable As(Variable other) => IsNumber ? Data.As(other.Data) : this;

    /// <summary>True if the user created it.</summary>
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
    /// <inheritdoc cref="Tensor.Item{T}"/>
    public T Item<T>() where T : unmanaged => Data.Item<T>();
    /// <inheritdoc cref="Tensor.ToArray"/>
    public T[] ToArray<T>() where T : unmanaged => Data.ToArray<T>();
    /// <inheritdoc cref="Tensor.Layout"/>
    public Layout Layout => Data.Layout;
    /// <inheritdoc cref="Tensor.ArgMax"/>
    public Tensor ArgMax(int? axis = null, bool keepDim = false) => Data.ArgMax(axis, keepDim);
    /// <inheritdoc cref="Tensor.ArgMin"/>
    public Tensor ArgMin(int? axis = null, bool keepDim = false) => Data.ArgMin(axis, keepDim);
    /// <inheritdoc cref="Tensor.IsNaN"/>
    public Tensor IsNaN() => Data.IsNaN();
    /// <inheritdoc cref="Tensor.IsInf"/>
    public Tensor IsInf() => Data.IsInf();
    /// <inheritdoc cref="Tensor.IsFinite"/>
    public Tensor IsFinite() => Data.IsFinite();
    /// <inheritdoc cref="Tensor.IsClose"/>
    public Tensor IsClose(Variable other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        Data.IsClose(other.Given().Data, rtol, atol, equalNan);
    /// <inheritdoc cref="Tensor.AllClose"/>
    public bool AllClose(Variable other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        Data.AllClose(other.Given().Data, rtol, atol, equalNan);
    /// <inheritdoc cref="Tensor.Equal"/>
    public bool Equal(Variable other) => Data.Equal(other.Given().Data);
    /// <inheritdoc cref="Tensor.op_Explicit(Tensor)"/>
    public static explicit operator double(Variable x) => x.Given().Item();

    /// <summary>The same values, detached from the graph: a constant that shares memory.</summary>
    public Variable Detach() => new(Data);

    /// <summary>
    /// Replaces the values of a parameter by a copy of another type or on another device. Its gradient is discarded.
    /// </summary>
    internal void MoveTo(Tensor data) => (Data, Grad) = (data, ReferenceEquals(data, Data) ? Grad : null);

    /// <summary>The function that receives a gradient for this variable.</summary>
    internal Function? Origin => GradFn ?? (!RequiresGrad ? null
        : accumulate ?? LazyInitializer.EnsureInitialized(ref accumulate, () => new AccumulateGrad(this)));

    internal Function OriginFor(string operation) => Origin ?? throw Autograd.NoGradient(operation, this);

    /// <summary>Adds a gradient, out of place.</summary>
    internal void AddGrad(Variable gradient, bool shared)
    {
        gradient.Data.OnlyType("Backward: the gradient of a leaf", DType);
        lock (this) Grad = Grad is not null ? Grad + gradient : shared ? gradient.Clone() : gradient;
    }

    /// <summary>
    /// Calls a hook in each Backward, when the gradient with respect to this variable is known. If the hook returns a
    /// gradient, it replaces the one it was given.
    /// </summary>
    /// <exception cref="AutogradException">The variable does not require a gradient.</exception>
    public IDisposable RegisterHook(Func<Variable, Variable?> hook)
    {
        var registered = new Hook<Func<Variable, Variable?>>(OriginFor("RegisterHook").hooks ??= [], hook);
        AccumulateGrad.Hooked |= IsLeaf;
        return registered;
    }

    /// <summary>
    /// Keeps the gradient with respect to this variable in <see cref="Grad"/>, although it is not a leaf.
    /// </summary>
    public void RetainGrad()
    {
        if (!IsLeaf) RegisterHook(gradient => { AddGrad(gradient, shared: true); return null; });
    }

    /// <summary>
    /// Adds to <see cref="Grad"/> of every leaf the gradient of this variable with respect to it (the chain rule, from
    /// here back to the leaves).
    /// </summary>
    /// <param name="gradient">The gradient of the loss with respect to this variable, of its shape; for a scalar, 1 if
    /// not given.</param>
    /// <param name="retainGraph">Keep what was saved, so that the graph can be used again.</param>
    /// <param name="createGraph">Record the backward pass itself, so that the gradients can be differentiated. It
    /// implies retainGraph.</param>
    /// <exception cref="AutogradException">Nothing here requires a gradient, a gradient is missing, the graph was
    /// freed, or a saved value has changed.</exception>
    /// <exception cref="ShapeException">The gradient has another shape.</exception>
    public void Backward(Variable? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        Autograd.Backward([this], [gradient], retainGraph, createGraph);

    /// <summary>The values, and the function that computed them.</summary>
    public override string ToString() =>
        GradFn is not null ? $"{Data}\n[made by {GradFn}]" : RequiresGrad ? $"{Data}\n[requires gradient]" : $"{Data}";
}
