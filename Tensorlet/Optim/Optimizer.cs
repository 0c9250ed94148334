namespace Tensorlet.Optim;

/// <summary>Updates parameters, using their gradients.</summary>
public abstract class Optimizer : IStateful
{
    readonly List<ParamGroup> groups = [];
    readonly Dictionary<Variable, Memory> memories = [];
    readonly (string Name, double Value)[] defaults;
    readonly bool maximize;

    /// <summary>Creates an optimizer for the given parameters.</summary>
    /// <param name="parameters">The parameters of the first group.</param>
    /// <param name="maximize">If true, the loss is maximized: the parameters move in the direction of the gradients. If
    /// false, the loss is minimized.</param>
    /// <param name="options">The names and default values of the options that each group has. The learning rate is the
    /// option with the name <c>lr</c>.</param>
    /// <exception cref="AutogradException">There are no parameters; or a parameter occurs twice; or a parameter was not
    /// created as a leaf with <c>requiresGrad: true</c>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is negative; or <c>beta1</c>, <c>beta2</c>, <c>rho</c>
    /// or <c>alpha</c> is not below 1.</exception>
    protected Optimizer(IEnumerable<Variable> parameters, bool maximize, params (string Name, double Value)[] options)
    {
        foreach (var (name, value) in options) ParamGroup.Checked(GetType().Name, name, value);
        (defaults, this.maximize) = (options, maximize);
        AddParamGroup(parameters);
    }

    private protected static (string, double) Beta1((double First, double)? betas) => ("beta1", betas?.First ?? 0.9);
    private protected static (string, double) Beta2((double, double Second)? betas) =>
        ("beta2", betas?.Second ?? 0.999);

    /// <summary>The groups of parameters, with their options.</summary>
    public IReadOnlyList<ParamGroup> ParamGroups => groups;

    /// <summary>
    /// Adds a group of parameters with its own options, for example
    /// <c>AddParamGroup(head.Parameters(), ("lr", 1e-4))</c>. Options that are not given have their default values.
    /// </summary>
    /// <exception cref="AutogradException">There are no parameters; or a parameter occurs twice; or a parameter was not
    /// created as a leaf with <c>requiresGrad: true</c>. Nothing has changed.</exception>
    public virtual void AddParamGroup(IEnumerable<Variable> parameters, params (string Name, double Value)[] options)
    {
        var group = new ParamGroup(parameters, defaults);
        var name = GetType().Name;
        if (group.Parameters.Count == 0) throw new AutogradException($"{name}: there are no parameters to optimise.");
        var known = memories.Keys.ToHashSet();
        foreach (var p in group.Parameters)
            if (!p.Given(nameof(parameters)).IsParameter)
                throw new AutogradException(
                    $"{name}: the variable of shape {p.Data.Layout} was not made with requiresGrad: true.");
            else if (!known.Add(p))
                throw new AutogradException($"{name}: the parameter of shape {p.Data.Layout} occurs twice.");
        foreach (var (option, value) in options.Given()) group[option] = value;
        foreach (var p in group.Parameters) memories[p] = new(p);
        groups.Add(group);
    }

    /// <summary>The learning rate of the first group. Setting it sets the learning rates of all groups.</summary>
    public double Lr
    {
        get => groups[0].Lr;
        set { foreach (var group in groups) group.Lr = value; }
    }

    /// <summary>Discards the gradients of all parameters.</summary>
    public void ZeroGrad() => Array.ForEach([.. memories.Keys], p => p.Grad = null);

    /// <summary>Makes a step: updates every parameter that has a gradient.</summary>
    /// <exception cref="AutogradException">A parameter was converted to another type or moved to another device
    /// after its state was created. Nothing has changed.</exception>
    public virtual void Step()
    {
        foreach (var p in memories.Keys) Of(p);
        foreach (var group in groups)
            foreach (var p in group.Parameters)
                if (p.Grad is { Data: var g })
                {
                    memories[p].Step++;
                    Update(p.Data, Decayed(p.Data, maximize ? -g : g, group), group, memories[p]);
                }
    }

    /// <summary>
    /// Applies weight decay. Returns g + weightDecay·p or, if weight decay is decoupled, computes
    /// p ← (1 − lr·weightDecay)·p and returns g.
    /// </summary>
    Tensor Decayed(Tensor p, Tensor g, ParamGroup group)
    {
        if (!group.Has("weight_decay") || group["weight_decay"] is not (not 0 and var decay)) return g;
        if (!Decoupled) return Tensor.Zip(new Tensor.AddScaledFormula(decay), g, p);
        p.Mul_(1 - group.Lr * decay);
        return g;
    }

    /// <summary>Whether weight decay is a step of its own, and not a term of the gradient.</summary>
    private protected virtual bool Decoupled => false;

    /// <summary>
    /// Calls a closure, and then makes a step. The closure zeroes the gradients, computes the loss, calls Backward and
    /// returns the loss.
    /// </summary>
    /// <returns>The loss before the step.</returns>
    public virtual double Step(Func<Variable> closure)
    {
        var loss = closure.Given()().Item();
        Step();
        return loss;
    }

    /// <summary>
    /// Updates a parameter p with a gradient g. The option <c>weight_decay</c> has already been applied.
    /// </summary>
    protected abstract void Update(Tensor p, Tensor g, ParamGroup group, Memory memory);

    /// <summary>
    /// What an optimizer remembers about a parameter between steps: tensors with the shape of the parameter, and
    /// numbers.
    /// </summary>
    protected sealed class Memory(Variable parameter)
    {
        internal readonly Dictionary<string, Tensor> Tensors = [];
        internal readonly Dictionary<string, double> Numbers = [];

        /// <summary>The number of the current step, counted from 1.</summary>
        public int Step { get; internal set; }

        /// <summary>
        /// Returns the tensor with this name. If there is none yet, it is created, and all its elements are
        /// <paramref name="first"/>.
        /// </summary>
        public Tensor Get(string name, double first = 0) => Tensors.TryGetValue(name, out var kept) ? kept
            : Tensors[name] = Tensor.EmptyLike(parameter.Data).SetAll(first);
    }

    IEnumerable<(string Key, Variable Parameter)> Numbered =>
        groups.SelectMany(group => group.Parameters).Select((p, i) => ($"state.{i}", p));

    /// <summary>
    /// Returns the state of each parameter, with keys such as <c>state.0.exp_avg</c>, and the options of the groups,
    /// with keys such as <c>param_groups.0.lr</c>.
    /// </summary>
    public virtual Dictionary<string, Tensor> StateDict()
    {
        var state = new Dictionary<string, Tensor>();
        foreach (var (i, group) in groups.Index())
            foreach (var (name, value) in group) state[$"param_groups.{i}.{name}"] = Number(value);
        foreach (var (key, p) in Numbered)
        {
            var memory = memories[p];
            if (memory.Step == 0) continue;
            state[$"{key}.step"] = Tensor.From([(long)memory.Step], []);
            foreach (var (name, value) in memory.Numbers) state[$"{key}.{name}"] = Number(value);
            foreach (var (name, tensor) in memory.Tensors) state[$"{key}.{name}"] = tensor;
        }
        return state;

        static Tensor Number(double value) => Tensor.Scalar(value, DType.Float64, Device.Cpu);
    }

    /// <inheritdoc/>
    public virtual void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var own = StateDict().ToLookup(IsState);
        var remembers = state.Given().ToLookup(IsState);
        Stateful.Check(GetType().Name, own[false].ToDictionary(), remembers[false].ToDictionary());
        var options = groups.SelectMany((group, i) => group.Select(option => option.Key).Select(name =>
        {
            var key = $"param_groups.{i}.{name}";
            return (group, name, Stateful.Checked(key, state[key].Item(), v => ParamGroup.Checked(key, name, v)));
        })).ToList();
        var remembered = Numbered.ToDictionary(n => n.Key, n => (n.Parameter, Memory: new Memory(n.Parameter)));
        foreach (var (key, tensor) in remembers[true])
        {
            var name = key.Split('.', 3)[^1];
            var number = name == "step" || Numbers.Contains(name);
            if (!remembered.TryGetValue(key[..^(name.Length + 1)], out var of) || !(number || Names.Contains(name)))
                throw new TensorletException($"LoadStateDict: {GetType().Name} does not know '{key}'.");
            if (number ? tensor.Rank > 0 : !Fits(name, tensor, of.Parameter))
                throw new ShapeException($"LoadStateDict: '{key}' has shape {tensor.Layout} in the loaded state, for " +
                    $"the parameter of shape {of.Parameter.Data.Layout}.");
            if (tensor.DType == DType.Bool)
                throw new DTypeException($"LoadStateDict: '{key}' is Bool in the loaded state; it must be a number.");
            if (name == "step") of.Memory.Step = Stateful.Count(state, key, low: 1);
            else if (number) of.Memory.Numbers[name] = tensor.Item();
            else of.Memory.Tensors[name] = tensor.To(of.Parameter.DType).To(of.Parameter.Device).Clone();
        }
        foreach (var (key, (_, memory)) in remembered)
            if (memory.Step + memory.Tensors.Count + memory.Numbers.Count > 0 && (memory.Step == 0 || !IsWhole(memory)))
                throw new TensorletException($"LoadStateDict: {GetType().Name} lacks a part of '{key}': a step, " +
                    $"{string.Join(", ", Names.Concat(Numbers).Except(Optional))}, or what it belongs to.");
        foreach (var (group, name, value) in options) group[name] = value;
        foreach (var (p, memory) in remembered.Values) memories[p] = memory;
    }

    static bool IsState(KeyValuePair<string, Tensor> entry) => entry.Key.StartsWith("state.", StringComparison.Ordinal);

    /// <summary>Returns true if a tensor has a shape with which it can be part of the state of a parameter.</summary>
    private protected virtual bool Fits(string name, Tensor tensor, Variable parameter) =>
        tensor.Shape == parameter.Shape;

    /// <summary>Returns true if the state contains everything that it must contain after a step.</summary>
    private protected virtual bool IsWhole(Memory memory) =>
        !Names.Concat(Numbers).Except(Optional).Except(memory.Tensors.Keys).Except(memory.Numbers.Keys).Any();

    /// <summary>
    /// Returns the state of a parameter. Throws an exception if the parameter no longer has the type and the device of
    /// this state.
    /// </summary>
    private protected Memory Of(Variable parameter)
    {
        foreach (var kept in memories[parameter].Tensors.Values)
            if (kept.DType != parameter.DType || kept.Device != parameter.Device)
                throw new AutogradException($"{GetType().Name}: the parameter of shape {parameter.Data.Layout} is " +
                    $"now {parameter.DType} on {parameter.Device}, and what is remembered of it {kept.DType} on " +
                    $"{kept.Device}. Move the network before its optimizer is made, or load its state again.");
        return memories[parameter];
    }

    /// <summary>The names of the tensors in the state of a parameter.</summary>
    protected abstract string[] Names { get; }
    /// <summary>The names of the numbers in the state of a parameter, besides the step.</summary>
    protected virtual string[] Numbers => [];
    /// <summary>
    /// The names of the entries that the state of a parameter need not have, even after the first step. All of them are
    /// in <see cref="Names"/> or <see cref="Numbers"/>.
    /// </summary>
    protected virtual string[] Optional => [];
}
