using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Tensorlet.Nn;

/// <summary>
/// A network, or a part of one: a class with fields and a <see cref="Forward"/>. Variables that require a gradient are
/// its parameters, tensors are its buffers (which are saved, and not trained), modules are its children; all are found
/// in the fields, in the order of their declaration.
/// </summary>
public abstract class Module : IStateful
{
    const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>True while training; <see cref="Eval"/> switches dropout and its kind off.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>What the module computes. Others call it through <see cref="Call"/>.</summary>
    public abstract Variable Forward(Variable x);

    /// <summary>Runs the module, and the hooks before and after it.</summary>
    public Variable Call(Variable x) => Hooked(x, Forward);

    readonly List<Func<Module, Variable, Variable?>> before = [];
    readonly List<Func<Module, Variable, Variable, Variable?>> after = [];

    /// <summary>
    /// Calls a function with the module and its input before each <see cref="Forward"/>; what it gives, if anything,
    /// takes the place of the input. Dispose the result to end that.
    /// </summary>
    public IDisposable RegisterForwardPreHook(Func<Module, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable?>>(before, hook);

    /// <summary>
    /// Calls a function with the module, its input and its result after each <see cref="Forward"/>; what it gives, if
    /// anything, takes the place of the result. Dispose the result to end that.
    /// </summary>
    public IDisposable RegisterForwardHook(Func<Module, Variable, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable, Variable?>>(after, hook);

    /// <summary>
    /// Calls a function with the module and the gradient by its result, each time that one is known; what it gives, if
    /// anything, takes the place of that gradient. Dispose the result to end that.
    /// </summary>
    public IDisposable RegisterBackwardHook(Func<Module, Variable, Variable?> hook)
    {
        hook.Given();
        return RegisterForwardHook((module, _, y) =>
        {
            if (y.RequiresGrad) y.RegisterHook(gradient => hook(module, gradient));
            return null;
        });
    }

    private protected Variable Hooked(Variable x, Func<Variable, Variable> forward)
    {
        x.Given();
        foreach (var hook in before.ToArray()) x = hook(this, x) ?? x;
        Variable y;
        try { y = forward(x); }
        catch (TensorletException e) when (e.In(GetType())) { throw; }
        foreach (var hook in after.ToArray()) y = hook(this, x, y) ?? y;
        return y;
    }

    sealed class Hook<F> : IDisposable where F : class
    {
        readonly List<F> hooks;
        readonly F hook;
        public Hook(List<F> hooks, F hook) => ((this.hooks, this.hook) = (hooks, hook.Given())).hooks.Add(hook);
        public void Dispose() => hooks.Remove(hook);
    }

    /// <summary>A tensor as a parameter.</summary>
    private protected static Variable Parameter(Tensor values) => new(values, requiresGrad: true);

    /// <summary>A parameter that starts uniform in ±1/√fanIn.</summary>
    private protected static Variable Uniform(int fanIn, params int[] shape)
    {
        var bound = 1 / Math.Sqrt(Math.Max(1, fanIn));
        return Parameter(Tensor.Empty(shape).Uniform_(-bound, bound));
    }

    private protected TensorletException NoForward() =>
        new($"{GetType().Name}: it only holds what it is given and computes nothing; use its parts, or Sequential.");

    /// <summary>The arguments that <see cref="ToString"/> shows, as in <c>784, 256</c>.</summary>
    protected virtual string Arguments => "";

    /// <summary>
    /// The fields of this module and their keys in PyTorch's writing: <c>inProj</c> is <c>in_proj</c>.
    /// </summary>
    /// <exception cref="TensorletException">A collection of modules that only a ModuleList would make
    /// visible.</exception>
    private protected virtual IEnumerable<(string Key, object Value)> Members()
    {
        foreach (var field in Fields(GetType()))
            if (field.GetValue(this) is { } value)
            {
                if (value is IEnumerable items and not Module && items.Cast<object?>().Any(item =>
                    item is Module or Variable { RequiresGrad: true }))
                    throw new TensorletException($"{GetType().Name}: what '{field.Name}' holds would not " +
                        "be trained. Use a ModuleList, a ModuleDict or a ParameterList.");
                yield return (Key(field.Name), value);
            }
        foreach (var part in parts) yield return part;
    }

    /// <summary>The fields of a class of modules, those of its bases first.</summary>
    static IEnumerable<FieldInfo> Fields(Type type) =>
        type == typeof(Module) ? [] : Fields(type.BaseType!).Concat(type.GetFields(OwnFields));

    readonly List<(string Key, object Value)> parts = [];

    /// <summary>
    /// Puts other parameters in the place of one, from which it is computed before every call.
    /// </summary>
    internal void Reparametrize(string name, Func<Variable, (string Key, Variable Value)[]> split,
        Func<Variable[], Variable> join)
    {
        var field = Fields(GetType()).LastOrDefault(f => Key(f.Name) == name && f.GetValue(this) is Variable)
            ?? throw new TensorletException($"{GetType().Name}: there is no parameter '{name}' here; it " +
                $"has [{string.Join(", ", Members().Select(m => m.Key))}].");
        var (first, others) = (parts.Count, split((Variable)field.GetValue(this)!));
        parts.AddRange(others.Select(other => (other.Key, (object)other.Value)));
        Join();
        RegisterForwardPreHook((_, _) => { Join(); return null; });

        void Join() => field.SetValue(this, join([.. parts.Skip(first).Take(others.Length).Select(part =>
            (Variable)part.Value)]));
    }

    /// <summary>The key of a field; that of an automatic property, or of a primary constructor's parameter, is in
    /// angle brackets.</summary>
    static string Key(string field) =>
        Regex.Replace(field.TrimStart('<', '_').Split('>')[0], @"(?<!^)(?=\p{Lu})", "_").ToLowerInvariant();

    /// <summary>The modules directly inside, with their keys.</summary>
    public IEnumerable<(string Name, Module Module)> NamedChildren() => Of<Module>(Members());

    /// <summary>The modules directly inside.</summary>
    public IEnumerable<Module> Children() => NamedChildren().Select(c => c.Module);

    /// <summary>This module and all inside it.</summary>
    public IEnumerable<Module> Modules() => NamedModules().Select(m => m.Module);

    /// <summary>This module, under the empty name, and all inside it, with keys as in <c>block.conv1</c>.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules() => NamedChildren().SelectMany(child =>
        child.Module.NamedModules().Select(m => ($"{child.Name}.{m.Name}".TrimEnd('.'), m.Module))).Prepend(("", this));

    /// <summary>
    /// The parameters with PyTorch's keys, as in <c>conv1.weight</c>; each once, though several modules may share it.
    /// </summary>
    public IEnumerable<(string Name, Variable Parameter)> NamedParameters() => Of<Variable>(Named());

    /// <summary>The tensors that are part of the state and not trained, as in <c>bn1.running_mean</c>.</summary>
    public IEnumerable<(string Name, Tensor Buffer)> NamedBuffers() => Of<Tensor>(Named());

    static IEnumerable<(string, T)> Of<T>(IEnumerable<(string Key, object Value)> members) =>
        from member in members where member.Value is T select (member.Key, (T)member.Value);

    IEnumerable<(string Key, object Value)> Named() => AllNames().DistinctBy(m => m.Value);

    IEnumerable<(string Key, object Value)> AllNames() =>
        Members().Where(m => m.Value is Tensor or Variable { RequiresGrad: true, IsLeaf: true })
            .Concat(NamedChildren().SelectMany(c => c.Module.AllNames().Select(p => ($"{c.Name}.{p.Key}", p.Value))));

    /// <summary>The parameters: what an optimizer is given.</summary>
    public IReadOnlyList<Variable> Parameters() => [.. NamedParameters().Select(p => p.Parameter)];

    /// <summary>Switches to training, or back.</summary>
    public Module Train(bool on = true) => Apply(module => module.Training = on);

    /// <summary>Does something in a mode, and puts every module back into its own.</summary>
    internal void InMode(bool training, Action action)
    {
        (Module Module, bool Training)[] modes = [.. Modules().Select(module => (module, module.Training))];
        Train(training);
        try { action(); }
        finally { foreach (var (module, on) in modes) module.Train(on); }       // those inside come after it
    }

    /// <summary>Switches to evaluation.</summary>
    public Module Eval() => Train(false);

    /// <summary>Forgets the gradients of all parameters, or sets them to zeros.</summary>
    public void ZeroGrad(bool setToNull = true) => Array.ForEach([.. Parameters()], p =>
        p.Grad = setToNull || p.Grad is null ? null : new Variable(p.Grad.Data.ZerosLike()));

    /// <summary>The tensors of all parameters and buffers by key. They share memory with the module.</summary>
    public Dictionary<string, Tensor> StateDict() =>
        Named().ToDictionary(m => m.Key, m => m.Value as Tensor ?? ((Variable)m.Value).Data);

    /// <summary>
    /// Copies tensors into the parameters and buffers of the same keys. One that several modules share may come under
    /// any of its keys, or under all.
    /// </summary>
    /// <exception cref="TensorletException">A key is missing or left over, or what is shared differs. Nothing has been
    /// copied.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has been copied.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var (own, given) = (StateDict(), state.Given().ToDictionary());
        foreach (var names in AllNames().GroupBy(m => m.Value, m => m.Key))
            foreach (var other in names.Skip(1))
                if (given.Remove(other, out var tensor) && !given.TryAdd(names.First(), tensor)
                    && !(tensor.Layout.SameShape(given[names.First()].Layout)
                        && tensor.Memory<byte>().AsSpan().SequenceEqual(given[names.First()].Memory<byte>())))
                    throw new TensorletException($"LoadStateDict: {GetType().Name} has one tensor for " +
                        $"'{names.First()}' and '{other}', which differ in what is loaded.");
        Stateful.Check(GetType().Name, own, given);
        foreach (var (key, tensor) in own) tensor.Copy_(given[key]);
    }

    /// <summary>
    /// Replaces the memory of every parameter and buffer by a copy on another device or, of numbers, in another type.
    /// </summary>
    public Module To(DType? type = null, Device? device = null)
    {
        foreach (var value in Modules().SelectMany(module => module.Members()).Select(m => m.Value))
            if (value is Variable p) p.MoveTo(Moved(p.Data));
            else if (value is Tensor buffer) buffer.Become(Moved(buffer));
        return this;

        Tensor Moved(Tensor x) => (x.DType.IsFloat() ? x.To(type ?? x.DType) : x).To(device ?? x.Device);
    }

    /// <summary>Does something with this module and all inside it, those inside first.</summary>
    public Module Apply(Action<Module> action)
    {
        foreach (var child in Children()) child.Apply(action);
        action.Given()(this);
        return this;
    }

    /// <summary>The tree of modules with their arguments, as PyTorch prints it.</summary>
    public override string ToString()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;              // for Arguments that users write
        try
        {
            var children = NamedChildren().ToList();
            if (children.Count == 0) return $"{GetType().Name}({Arguments})";
            var lines = children.Select(c => $"({c.Name}): {c.Module}".ReplaceLineEndings("\n  "));
            return $"{GetType().Name}(\n  {string.Join("\n  ", lines)}\n)";
        }
        finally { CultureInfo.CurrentCulture = culture; }
    }

    /// <summary>A table of the parameters: key, shape and number of elements, with the total below.</summary>
    public string Summary()
    {
        List<(string Name, string Shape, long Count)> rows =
            [.. NamedParameters().Select(p => (p.Name, $"{p.Parameter.Data.Layout}", (long)p.Parameter.Numel))];
        rows.Add(("parameters", "", rows.Sum(row => row.Count)));
        var width = rows.Max(row => row.Name.Length);
        return string.Join('\n', rows.Select(r => $"{r.Name.PadRight(width)}  {r.Shape,-20} {r.Count,12:N0}"));
    }

    /// <summary>
    /// A table of the modules that a call goes through, in their order: key, type, the shape of the result, parameters,
    /// and the multiply-adds of its matrix products and convolutions, in which networks spend most of their time. A
    /// module's numbers are without those of the modules inside it. The call is made in evaluation mode, and changes
    /// nothing.
    /// </summary>
    /// <param name="input">What the module is called with, such as one sample.</param>
    public string Summary(Variable input)
    {
        input.Given();
        List<Row> rows = [];
        var open = new Stack<Row>();
        var hooks = NamedModules().DistinctBy(m => m.Module).SelectMany(m => (IDisposable[])[
            m.Module.RegisterForwardPreHook((module, _) => Entered(m.Name, module)),
            m.Module.RegisterForwardHook((_, _, y) => Left(y))]).ToList();
        try { using (Autograd.NoGrad()) InMode(training: false, () => Call(input)); }
        finally { hooks.ForEach(hook => hook.Dispose()); }
        rows.Add(new("all", "", Parameters().Sum(p => (long)p.Numel)) { Products = rows.Sum(row => row.Products) });
        var width = rows.Max(row => row.Name.Length);
        return string.Join('\n', rows.Prepend(null).Select(r => $"{(r?.Name ?? "module").PadRight(width)}  " +
            $"{r?.Type ?? "type",-18} {r?.Shape ?? "result",-20} " +
            (r is null ? "  parameters    multiply-adds" : $"{r.Parameters,12:N0} {r.Products,16:N0}")));

        Variable? Entered(string name, Module module)
        {
            if (open.TryPeek(out var outer)) outer.Products += Device.Products;
            var own = module.Members().Sum(m => m.Value is Variable { RequiresGrad: true } p ? (long)p.Numel : 0);
            rows.Add(new(name, module.GetType().Name, own) { Products = -Device.Products });
            open.Push(rows[^1]);
            return null;
        }

        Variable? Left(Variable y)
        {
            var row = open.Pop();
            (row.Products, row.Shape) = (row.Products + Device.Products, $"{y.Data.Layout}");
            if (open.TryPeek(out var outer)) outer.Products -= Device.Products;
            return null;
        }
    }

    sealed record Row(string Name, string Type, long Parameters)
    {
        public string Shape = "";
        public long Products;
    }
}
