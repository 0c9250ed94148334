using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Tensorlet;

/// <summary>
/// A tensor on the tape. An operation on variables is recorded if at least one of these variables requires a gradient.
/// <see cref="Backward"/> goes through the record in reverse. Variables have no in-place operations. Weights are
/// updated by writing to <see cref="Data"/>.
/// </summary>
[DebuggerDisplay("{Data.DebuggerText,nq} {GradFn}")]
public partial class Variable
{
    Function? accumulate;

    /// <summary>
    /// The values of this variable. Writing to the values is not recorded. But if an operation has saved the values for
    /// its backward pass, and the values are changed before this backward pass, it throws an
    /// <see cref="AutogradException"/>.
    /// </summary>
    public Tensor Data { get; private set; }
    /// <summary>The gradient that has been accumulated for this variable, or null if there is none.</summary>
    /// <exception cref="ShapeException">The shape of the new gradient differs from that of the values.</exception>
    /// <exception cref="DTypeException">The type of the new gradient differs from that of the values.</exception>
    /// <exception cref="DeviceException">The new gradient and the values are on different devices.</exception>
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
    /// <summary>The recorded function that computed this variable; null for a leaf.</summary>
    public Function? GradFn { get; }
    /// <summary>
    /// True if gradients flow to or through this variable. Set it to false to freeze a parameter, and to true to
    /// train the parameter again. A frozen parameter gets no gradients, so optimizers do not change it. But it
    /// remains a parameter of its module, and a part of the state of the module.
    /// </summary>
    /// <exception cref="AutogradException">The property is set, although the variable is the result of an operation,
    /// and not a leaf.</exception>
    /// <exception cref="DTypeException">The property is set to true, although the variable consists of integers or
    /// Booleans.</exception>
    public bool RequiresGrad
    {
        get => requiresGrad;
        set
        {
            if (!IsLeaf) throw new AutogradException($"RequiresGrad: this variable of shape {Data.Layout} is the " +
                $"result of {GradFn}, not a leaf. Use Detach to cut it off.");
            if (value) Data.OnlyFloat("RequiresGrad");
            requiresGrad = value;
        }
    }
    bool requiresGrad;
    /// <summary>Whether this variable was created as a parameter, even if it is frozen now.</summary>
    internal bool IsParameter { get; }

    /// <summary>Creates a variable that is a leaf of the graph.</summary>
    /// <exception cref="DTypeException"><paramref name="requiresGrad"/> is true, although the data are integers or
    /// Booleans.</exception>
    public Variable(Tensor data, bool requiresGrad = false)
    {
        if (!data.Given().DType.IsFloat() && requiresGrad) throw new DTypeException(
            $"Variable: {data.DType} of shape {data.Layout} cannot have a gradient; only Float32 and Float64 can.");
        (Data, this.requiresGrad, IsParameter) = (data, requiresGrad, requiresGrad);
    }

    /// <summary>Sets <see cref="RequiresGrad"/>, and returns this variable.</summary>
    /// <inheritdoc cref="RequiresGrad"/>
    public Variable RequiresGrad_(bool on = true)
    {
        RequiresGrad = on;
        return this;
    }

    internal Variable(Tensor data, Function function) => (Data, GradFn, requiresGrad) = (data, function, true);

    /// <summary>Converts a tensor to a variable that is a constant of the graph.</summary>
    [return: NotNullIfNotNull(nameof(data))]
    public static implicit operator Variable?(Tensor? data) => data is null ? null : new(data);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(Number x) => new(x);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(long x) => new(x);
    /// <inheritdoc cref="Tensor.op_Implicit(Number)"/>
    public static implicit operator Variable(double x) => new(x);

    internal bool IsNumber => Data.IsNumber;

    /// <summary>
    /// Returns this variable. If this variable was converted from a number, the number is returned instead, as an
    /// operand for an operation with <paramref name="other"/>.
    /// </summary>
    internal Variable As(Variable other) => IsNumber ? Data.As(other.Data) : this;

    /// <summary>
    /// True if no recorded operation computed this variable, for example because the user created it.
    /// </summary>
    public bool IsLeaf => GradFn is null;
    /// <inheritdoc cref="Tensor.Shape"/>
    public Shape Shape => Data.Shape;
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
    public int Size(int dim) => Data.Size(dim);
    /// <inheritdoc cref="Tensor.Item"/>
    public double Item() => Data.Item();
    /// <inheritdoc cref="Tensor.Item{T}"/>
    public T Item<T>() where T : unmanaged => Data.Item<T>();
    /// <inheritdoc cref="Tensor.ToArray"/>
    public T[] ToArray<T>() where T : unmanaged => Data.ToArray<T>();
    /// <inheritdoc cref="Tensor.Layout"/>
    public Layout Layout => Data.Layout;
    /// <inheritdoc cref="Tensor.ArgMax"/>
    public Tensor ArgMax(int? dim = null, bool keepdim = false) => Data.ArgMax(dim, keepdim);
    /// <inheritdoc cref="Tensor.ArgMin"/>
    public Tensor ArgMin(int? dim = null, bool keepdim = false) => Data.ArgMin(dim, keepdim);
    /// <inheritdoc cref="Tensor.IsNaN()"/>
    public Tensor IsNaN() => Data.IsNaN();
    /// <inheritdoc cref="Tensor.IsInf()"/>
    public Tensor IsInf() => Data.IsInf();
    /// <inheritdoc cref="Tensor.IsFinite()"/>
    public Tensor IsFinite() => Data.IsFinite();
    /// <inheritdoc cref="Tensor.IsClose(Tensor, double, double, bool)"/>
    public Tensor IsClose(Variable other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        Data.IsClose(other.Given().Data, rtol, atol, equalNan);
    /// <inheritdoc cref="Tensor.AllClose(Tensor, double, double, bool)"/>
    public bool AllClose(Variable other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        Data.AllClose(other.Given().Data, rtol, atol, equalNan);
    /// <inheritdoc cref="Tensor.Equal(Tensor)"/>
    public bool Equal(Variable other) => Data.Equal(other.Given().Data);
    /// <inheritdoc cref="Tensor.op_Explicit(Tensor)"/>
    public static explicit operator double(Variable x) => x.Given().Item();

    /// <summary>
    /// Returns a constant that is detached from the graph. The constant has the values of this variable, and shares
    /// the memory of these values.
    /// </summary>
    public Variable Detach() => new(Data);

    /// <summary>
    /// Replaces the values of a parameter with a copy that has another type or is on another device. The gradient
    /// of the parameter is discarded.
    /// </summary>
    internal void MoveTo(Tensor data) => (Data, Grad) = (data, ReferenceEquals(data, Data) ? Grad : null);

    /// <summary>
    /// The function that receives the gradient with respect to this variable; null if no gradient is required.
    /// </summary>
    internal Function? Origin => GradFn ?? (!RequiresGrad ? null
        : accumulate ?? LazyInitializer.EnsureInitialized(ref accumulate, () => new AccumulateGrad(this)));

    internal Function OriginFor(string operation) => Origin ?? throw Autograd.NoGradient(operation, this);

    /// <summary>
    /// Adds a gradient to <see cref="Grad"/>. The sum is a new tensor. If there is no gradient yet, the given
    /// gradient becomes <see cref="Grad"/>; if <paramref name="shared"/> is true, a copy of the given gradient is
    /// used instead.
    /// </summary>
    internal void AddGrad(Variable gradient, bool shared)
    {
        gradient.Data.OnlyType("Backward: the gradient of a leaf", DType);
        lock (this) Grad = Grad is not null ? Grad + gradient : shared ? gradient.Clone() : gradient;
    }

    /// <summary>
    /// Registers a hook, which is called in each backward pass when the gradient with respect to this variable is
    /// known. The argument of the hook is this gradient. If the hook returns another gradient, the backward pass
    /// continues with that one; if it returns null, with the original one. Dispose the returned object to remove the
    /// hook.
    /// </summary>
    /// <exception cref="AutogradException">The variable does not require a gradient.</exception>
    public IDisposable RegisterHook(Func<Variable, Variable?> hook)
    {
        var registered = new Hook<Func<Variable, Variable?>>(OriginFor("RegisterHook").hooks ??= [], hook);
        AccumulateGrad.Hooked |= IsLeaf;
        return registered;
    }

    /// <summary>
    /// Registers a hook that only observes: in each backward pass, it is called when the gradient with respect to
    /// this variable is known. Dispose the returned object to remove the hook.
    /// </summary>
    /// <exception cref="AutogradException">This variable does not require a gradient.</exception>
    public IDisposable RegisterHook(Action<Variable> hook)
    {
        hook.Given();
        return RegisterHook(gradient => { hook(gradient); return null; });
    }

    /// <summary>
    /// Keeps the gradient with respect to this variable even if this variable is not a leaf: each backward pass adds
    /// the gradient to <see cref="Grad"/>.
    /// </summary>
    public void RetainGrad()
    {
        if (!IsLeaf) RegisterHook(gradient => AddGrad(gradient, shared: true));
    }

    /// <summary>
    /// Computes the gradients of this variable with respect to all leaves, and adds each gradient to the
    /// <see cref="Grad"/> of its leaf. The chain rule is applied from this variable back to the leaves.
    /// </summary>
    /// <param name="gradient">The gradient of the loss with respect to this variable. The gradient has the shape of
    /// this variable. It may be omitted if this variable has a single element; it is then 1.</param>
    /// <param name="retainGraph">Whether to keep the values that the functions of the graph have saved for the backward
    /// pass, so that the graph can be used again.</param>
    /// <param name="createGraph">Whether to record the backward pass itself, so that the gradients can be
    /// differentiated. This implies <paramref name="retainGraph"/>.</param>
    /// <exception cref="AutogradException">This variable does not require a gradient; or no gradient is given, although
    /// this variable is not a scalar; or an earlier backward pass without <paramref name="retainGraph"/> has freed the
    /// graph; or a value has been changed after an operation saved it for the backward pass.</exception>
    /// <exception cref="ShapeException">The shape of the gradient differs from that of this variable.</exception>
    public void Backward(Variable? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        Autograd.Backward([this], [gradient], retainGraph, createGraph);

    /// <summary>Returns the values, and the function that computed them, as text.</summary>
    public override string ToString() =>
        GradFn is not null ? $"{Data}\n[made by {GradFn}]" : RequiresGrad ? $"{Data}\n[requires gradient]" : $"{Data}";
}
