namespace Tensorlet;

/// <summary>
/// One differentiable operation, recorded as it runs. To write a function of your own, derive from this class, compute
/// the result in <see cref="Forward"/> and the gradients in <see cref="Backward"/>, and call <c>new
/// Mine().Apply(x)</c>.
/// </summary>
/// <remarks>
/// Backward is written in variables, so that it is recorded itself when a gradient of the gradient is wanted.
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

    /// <summary>The name of this function in the graph: that of its class.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>
    /// The number of this function in order of creation. It is larger than the numbers of all functions that this one
    /// depends on.
    /// </summary>
    public long Id { get; private set; } = Interlocked.Increment(ref created);

    /// <summary>The functions that computed the inputs, in order; null for an input that needs no gradient.</summary>
    public IReadOnlyList<Function?> NextFunctions => next;

    internal Function?[] next = [];
    internal int[][] shapes = [];           // the shapes of the inputs, set when it is recorded
    internal List<Func<Variable, Variable?>>? hooks;
    List<Func<Variable?[], Variable, Variable?[]?>>? afterwards;
    internal bool Freed { get; private set; }
    /// <summary>The operation that the user called, if this is the last of its parts.</summary>
    internal string? Operation { get; set; }

    /// <summary>
    /// Computes the result from the <c>Data</c> of the inputs, and saves what <see cref="Backward"/> will read.
    /// </summary>
    protected abstract Tensor Forward();

    /// <summary>
    /// The gradients of the loss with respect to the inputs, given its gradient with respect to the result: the product
    /// of the transposed Jacobian with <paramref name="gradient"/>. There is one for each input, of its shape, or null
    /// where there is no gradient.
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
    /// Runs the function alone, for checks. If it has several results, they are joined into one vector.
    /// </summary>
    internal virtual Variable ApplyAlone(params ReadOnlySpan<Variable> variables) => Apply(variables);

    /// <summary>Whether it only passes on what another function has computed.</summary>
    internal virtual bool IsPart => false;

    /// <summary>Whether Forward is code of the library only, so that its errors get the name of the function.</summary>
    internal virtual bool IsOwn => GetType().Assembly == typeof(Function).Assembly;

    /// <summary>
    /// Calls a hook after each Backward of this function, with the gradients with respect to the inputs and the
    /// incoming gradient. If the hook returns gradients, they replace the former.
    /// </summary>
    public IDisposable RegisterHook(Func<Variable?[], Variable, Variable?[]?> hook) =>
        new Hook<Func<Variable?[], Variable, Variable?[]?>>(afterwards ??= [], hook);

    /// <summary>Calls Backward, with the checks before and after it.</summary>
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
    /// Keeps these inputs for <see cref="Backward"/>, or all if none are named. They must not be written to until then.
    /// </summary>
    protected void Save(params ReadOnlySpan<Variable> variables)
    {
        if (variables.IsEmpty) saved = uint.MaxValue;
        foreach (var variable in variables)
            for (var i = 0; i < inputs.Length; i++)
                if (ReferenceEquals(inputs[i], variable)) saved |= 1u << Math.Min(i, 31);
    }

    /// <summary>
    /// Keeps tensors that are not inputs, such as an index, a mask or a target, for <see cref="Backward"/>. They must
    /// not be written to until then.
    /// </summary>
    protected void Keep(params ReadOnlySpan<Tensor> tensors)
    {
        var count = kept.Length;
        Array.Resize(ref kept, count + tensors.Length);
        foreach (var tensor in tensors) kept[count++] = (tensor, tensor.Storage.Version);
    }

    bool IsSaved(int i) => (saved >> Math.Min(i, 31) & 1) != 0;

    /// <summary>In Backward: true if the gradient with respect to this input is needed.</summary>
    protected bool Needs(int i) => next[i] is not null;

    /// <summary>Keeps the result for <see cref="Backward"/>, and returns it.</summary>
    protected Tensor SaveResult(Tensor y) => result = y;

    /// <summary>An input. In Backward, it must have been saved, and must not have changed since.</summary>
    /// <exception cref="AutogradException">The input was not saved, or it has been written to since.</exception>
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

    /// <summary>The number of inputs, in Forward.</summary>
    protected int Count => inputs.Length;

    /// <summary>All inputs, each as <see cref="Input"/> returns it.</summary>
    private protected Variable[] Inputs => [.. inputs.Select((_, i) => Input(i))];

    /// <summary>The first input.</summary>
    protected Variable X => Input(0);
    /// <summary>The first of two inputs.</summary>
    protected Variable A => Input(0);
    /// <summary>The second of two inputs.</summary>
    protected Variable B => Input(1);

    /// <summary>The result, if it was saved and has not changed since.</summary>
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
    /// A copy of this function as it was before it was applied, which can be applied to something else.
    /// </summary>
    internal Function Again()
    {
        var copy = (Function)MemberwiseClone();
        (copy.inputs, copy.result, copy.saved, copy.kept, copy.Freed) = ([], null, 0, [], false);
        (copy.hooks, copy.afterwards, copy.line) = (null, null, null);
        copy.Id = Interlocked.Increment(ref created);
        return copy;
    }

    /// <summary>Forgets what was saved.</summary>
    internal virtual void Free() => (inputs, result, kept, Freed) = ([], null, [], true);

    /// <summary>The name of the function, and in anomaly mode the line that called it.</summary>
    public override string ToString() => $"<{Operation ?? Name}>{(line is null ? "" : $" in {line}")}";
}

/// <summary>The end of the backward pass at a leaf: adds the gradient to the <c>Grad</c> of the variable.</summary>
sealed class AccumulateGrad(Variable leaf) : Function
{
    /// <summary>Whether any leaf has hooks, which are called as early as can be.</summary>
    public static bool Hooked { get; set; }
    public Variable Leaf => leaf;
    protected override Tensor Forward() => leaf.Data;
    public override Variable?[] Backward(Variable gradient) => [];
    internal override void Free() { }
}

/// <summary>A hook in a list, from which disposing removes it.</summary>
sealed class Hook<F> : IDisposable where F : class
{
    readonly List<F> hooks;
    readonly F hook;
    public Hook(List<F> hooks, F hook) => ((this.hooks, this.hook) = (hooks, hook.Given())).hooks.Add(hook);
    public void Dispose() => hooks.Remove(hook);
}
