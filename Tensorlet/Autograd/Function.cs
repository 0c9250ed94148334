namespace Tensorlet;

/// <summary>
/// A differentiable operation, which is recorded when it runs. To write a function of your own, derive from this class,
/// compute the result in <see cref="Forward"/> and the gradients in <see cref="Backward"/>, and call <c>new
/// Mine().Apply(x)</c>, where <c>Mine</c> is your class.
/// </summary>
/// <remarks>
/// <see cref="Backward"/> computes with variables. So the tape can record this computation too, and the gradient can be
/// differentiated again.
/// </remarks>
public abstract class Function
{
    static long created;
    internal static long Created => Interlocked.Read(ref created);

    Variable[] inputs = [];
    int[] versions = [];
    Tensor? result;
    int resultVersion;
    uint saved;                     // one bit for each input
    (Tensor Tensor, int Version)[] kept = [];
    bool running;
    string? line;                   // the line of the user's code, in anomaly mode

    /// <summary>The name of this function in the graph. By default it is the name of the class.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>
    /// The number of this function in the order of creation. It is larger than the numbers of all functions on
    /// which this function depends.
    /// </summary>
    public long Id { get; private set; } = Interlocked.Increment(ref created);

    /// <summary>
    /// One entry for each input. The entry is the function that computed the input. For a leaf, it is a function that
    /// adds the gradient to the <c>Grad</c> of the leaf. If the input needs no gradient, it is null.
    /// </summary>
    public IReadOnlyList<Function?> NextFunctions => next;

    internal Function?[] next = [];
    internal int[][] shapes = [];           // the shapes of the inputs, set when it is recorded
    internal List<Func<Variable, Variable?>>? hooks;
    List<Func<Variable?[], Variable, Variable?[]?>>? afterwards;
    internal bool Freed { get; private set; }
    /// <summary>
    /// The name of the composed operation that the user called, if this function is the last part of that
    /// operation; otherwise null.
    /// </summary>
    internal string? Operation { get; set; }

    /// <summary>
    /// Computes the result from the <c>Data</c> of the inputs, and saves what <see cref="Backward"/> will read.
    /// </summary>
    protected abstract Tensor Forward();

    /// <summary>
    /// Computes the gradients of the loss with respect to the inputs, given <paramref name="gradient"/>, the
    /// gradient of the loss with respect to the result. The gradient with respect to an input is the product of the
    /// transposed Jacobian and <paramref name="gradient"/>. For each input, the returned array contains a gradient
    /// with the shape of that input, or null if there is no gradient.
    /// </summary>
    public abstract Variable?[] Backward(Variable gradient);

    /// <summary>Runs the function, and records it if an input requires a gradient.</summary>
    public Variable Apply(params ReadOnlySpan<Variable> variables)
    {
        inputs = variables.ToArray();
        foreach (var input in inputs) input.Given(nameof(variables));
        var mode = Autograd.Mode;
        if (mode.Anomaly) line = UserLine.Find();
        running = true;
        Tensor data;
        try
        {
            data = mode.Profile is null ? Forward()
                : mode.Profile.Measure(Name, inputs[0].Device, Forward, y => (long)y.Numel * y.DType.Size());
        }
        catch (TensorletException e) when (IsOwn && e.By(Name)) { throw; }
        running = false;
        if (!IsPart) mode.Listener?.Invoke(this, inputs);
        if (!mode.Records || !data.DType.IsFloat() || !Array.Exists(inputs, static input => input.RequiresGrad))
        {
            Free();
            return new Variable(data);
        }
        next = Array.ConvertAll(inputs, static input => input.Origin);
        Id = Interlocked.Increment(ref created);        // above those of its arguments, which may be younger than it
        shapes = Array.ConvertAll(inputs, static input => input.Data.Layout.shape);
        if (saved != 0) versions = Array.ConvertAll(inputs, static input => input.Data.Storage.Version);
        for (var i = 0; i < inputs.Length; i++)
            if (!IsSaved(i)) inputs[i] = null!;
        if (result is not null) resultVersion = result.Storage.Version;
        return new Variable(data, this);
    }

    /// <summary>
    /// Runs the function for a check. If the function has several results, the results are joined into one vector.
    /// </summary>
    internal virtual Variable ApplyAlone(params ReadOnlySpan<Variable> variables) => Apply(variables);

    /// <summary>Whether this function only passes on a value that another function has computed.</summary>
    internal virtual bool IsPart => false;

    /// <summary>
    /// Whether all code that Forward runs belongs to the library. If so, the messages of errors in Forward begin
    /// with the name of the function.
    /// </summary>
    internal virtual bool IsOwn => GetType().Assembly == typeof(Function).Assembly;

    /// <summary>
    /// Registers a hook, which is called after each Backward of this function. The first argument of the hook contains
    /// the gradients with respect to the inputs; the second argument is the gradient with respect to the result. If the
    /// hook returns gradients, the returned gradients replace the gradients with respect to the inputs.
    /// </summary>
    public IDisposable RegisterHook(Func<Variable?[], Variable, Variable?[]?> hook) =>
        new Hook<Func<Variable?[], Variable, Variable?[]?>>(afterwards ??= [], hook);

    /// <summary>Checks the kept tensors, calls Backward and the hooks, and checks the gradients.</summary>
    internal Variable?[] Differentiate(Variable gradient)
    {
        if (Freed) throw FreedGraph();
        foreach (var (tensor, version) in kept) Unchanged("an index, a mask, a target or a state", tensor, version);
        var mode = Autograd.Mode;
        Variable?[] gradients;
        try
        {
            gradients = mode.Profile is null ? Backward(gradient)
                : mode.Profile.Measure($"{Name}.Backward", gradient.Device, () => Backward(gradient), all =>
                    all.Sum(g => g is null ? 0 : (long)g.Numel * g.DType.Size()));
        }
        catch (TensorletException e) when (IsOwn && e is not AutogradException && e.By($"{Name}.Backward")) { throw; }
        foreach (var hook in afterwards ?? []) gradients = hook(gradients, gradient) ?? gradients;
        if (gradients.Length != next.Length)
            throw new AutogradException($"{Name}.Backward gave {gradients.Length} gradients for {next.Length} inputs.");
        if (line is not null && !HasNaN(gradient) && Array.FindIndex(gradients, HasNaN) is >= 0 and var i)
            throw new AutogradException($"Backward: {this} produced the first NaN, in the gradient with respect to " +
                $"input {i} of shape {gradients[i]!.Data.Layout}.");
        return gradients;
    }

    static bool HasNaN(Variable? x) => x is not null && x.Data.ToArray<double>().Any(double.IsNaN);

    /// <summary>
    /// Keeps the given inputs for <see cref="Backward"/>, or all inputs if none is given. Inputs that are kept
    /// must not be written to before Backward has run.
    /// </summary>
    protected void Save(params ReadOnlySpan<Variable> variables)
    {
        if (variables.IsEmpty) saved = uint.MaxValue;
        foreach (var variable in variables)
            for (var i = 0; i < inputs.Length; i++)
                if (ReferenceEquals(inputs[i], variable)) saved |= 1u << Math.Min(i, 31);
    }

    /// <summary>
    /// Keeps tensors for <see cref="Backward"/>. This method is meant for tensors that are not inputs, such as an
    /// index, a mask or a target. The tensors must not be written to before Backward has run.
    /// </summary>
    protected void Keep(params ReadOnlySpan<Tensor> tensors)
    {
        var count = kept.Length;
        Array.Resize(ref kept, count + tensors.Length);
        foreach (var tensor in tensors) kept[count++] = (tensor, tensor.Storage.Version);
    }

    bool IsSaved(int i) => (saved >> Math.Min(i, 31) & 1) != 0;

    /// <summary>
    /// Returns true if the gradient with respect to input i, counted from 0, is needed. This method is meant for
    /// Backward.
    /// </summary>
    protected bool Needs(int i) => next[i] is not null;

    /// <summary>Keeps the result for <see cref="Backward"/>, and returns it.</summary>
    protected Tensor SaveResult(Tensor y) => result = y;

    /// <summary>
    /// Returns input i, counted from 0. Backward can only read an input that Forward has saved and that has not
    /// been changed since.
    /// </summary>
    /// <exception cref="AutogradException">The function has no input i; or the input was not saved; or the input
    /// was written to after it was saved; or the graph has been freed.</exception>
    protected Variable Input(int i)
    {
        if (running) return i < inputs.Length ? inputs[i]
            : throw new AutogradException($"{Name}: it was applied to {inputs.Length} inputs, but reads input {i}.");
        if (Freed) throw FreedGraph();
        if (!IsSaved(i))
            throw new AutogradException($"{Name}.Backward reads input {i}, but Forward has not called Save for it.");
        Unchanged($"input {i}", inputs[i].Data, versions[i]);
        return inputs[i];
    }

    /// <summary>Adds inputs that Forward has found. This method is meant for Forward.</summary>
    private protected void AddInputs(IEnumerable<Variable> more) => inputs = [.. inputs, .. more];

    /// <summary>The number of inputs. This property is meant for Forward.</summary>
    protected int Count => inputs.Length;

    /// <summary>All inputs, read with <see cref="Input"/>.</summary>
    private protected Variable[] Inputs => [.. inputs.Select((_, i) => Input(i))];

    /// <summary>The first input.</summary>
    protected Variable X => Input(0);
    /// <summary>The first of two inputs.</summary>
    protected Variable A => Input(0);
    /// <summary>The second of two inputs.</summary>
    protected Variable B => Input(1);

    /// <summary>
    /// The result. This property is meant for Backward. Forward must have saved the result with
    /// <see cref="SaveResult"/>, and the result must not have been changed since.
    /// </summary>
    protected Variable Y => Freed ? throw FreedGraph()
        : result is { } y ? new(Unchanged("its result", y, resultVersion), this)
        : throw new AutogradException($"{Name}.Backward reads its result, but Forward has not called SaveResult.");

    Tensor Unchanged(string what, Tensor tensor, int version) => tensor.Storage.Version == version ? tensor
        : throw new AutogradException($"Backward: {this} saved {what}, of shape {tensor.Layout}, and " +
            $"{tensor.Storage.LastWriter} has written to that memory since. Write to a Clone, or after Backward.");

    internal AutogradException FreedGraph() =>
        new($"Backward: an earlier call freed the graph through {this}. Call that one with retainGraph: true, or " +
            "with createGraph: true if you differentiate its gradients here.");

    /// <summary>
    /// Returns a copy of this function as it was before it was applied. The copy can be applied to other inputs.
    /// </summary>
    internal Function Again()
    {
        var copy = (Function)MemberwiseClone();
        (copy.inputs, copy.result, copy.saved, copy.kept, copy.Freed) = ([], null, 0, [], false);
        (copy.hooks, copy.afterwards, copy.line) = (null, null, null);
        copy.Id = Interlocked.Increment(ref created);
        return copy;
    }

    /// <summary>Releases everything that was saved for Backward.</summary>
    internal virtual void Free() => (inputs, result, kept, Freed) = ([], null, [], true);

    /// <summary>
    /// Returns the name of the function and, in anomaly mode, the line of the user's code that called the
    /// function.
    /// </summary>
    public override string ToString() => $"<{Operation ?? Name}>{(line is null ? "" : $" in {line}")}";
}

/// <summary>
/// The function of a leaf, at which the backward pass ends. The gradient is added to the <c>Grad</c> of the leaf.
/// </summary>
sealed class AccumulateGrad(Variable leaf) : Function
{
    /// <summary>
    /// True once a hook has been registered for any leaf. The backward pass then calls the hooks of leaves as early
    /// as possible.
    /// </summary>
    public static bool Hooked { get; set; }
    public Variable Leaf => leaf;
    protected override Tensor Forward() => leaf.Data;
    public override Variable?[] Backward(Variable gradient) => [];
    internal override void Free() { }
}

/// <summary>A hook in a list. When this object is disposed, the hook is removed from the list.</summary>
sealed class Hook<F> : IDisposable where F : class
{
    readonly List<F> hooks;
    readonly F hook;
    public Hook(List<F> hooks, F hook) => ((this.hooks, this.hook) = (hooks, hook.Given())).hooks.Add(hook);
    public void Dispose() => hooks.Remove(hook);
}
