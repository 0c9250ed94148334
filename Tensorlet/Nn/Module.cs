using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

namespace Tensorlet.Nn;

/// <summary>
/// A network, or a part of a network: a class with fields and a method <see cref="Forward"/>. The values of these
/// fields are the parts of the module, in the order in which the fields are declared. Variables that were created with
/// <c>requiresGrad: true</c> are the parameters of the module, tensors are its buffers, and modules are its children.
/// Buffers are saved, but not trained.
/// </summary>
[DynamicallyAccessedMembers(AllFields)] // otherwise, trimming would remove fields of a user's network
public abstract class Module : IStateful
{
    const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>
    /// Whether the module is in training mode. <see cref="ModuleExtensions.Eval"/> switches to evaluation mode, in
    /// which, for example, dropout returns its input unchanged.
    /// </summary>
    public bool Training { get; private set; } = true;

    /// <summary>
    /// Computes the result of the module for an input. Call the module through <see cref="Call"/>, which also runs
    /// the hooks.
    /// </summary>
    public abstract Variable Forward(Variable x);

    /// <summary>
    /// Runs the module: first the hooks that are called before <see cref="Forward"/>, then <see cref="Forward"/>
    /// itself, and then the hooks that are called afterwards.
    /// </summary>
    public Variable Call(Variable x) => Hooked(x, Forward);

    readonly List<Func<Module, Variable, Variable?>> before = [];
    readonly List<Func<Module, Variable, Variable, Variable?>> after = [];

    /// <summary>
    /// Registers a hook: before each call of <see cref="Forward"/>, the hook is called with the module and the input.
    /// If the hook returns a value other than null, this value replaces the input. Dispose the returned object to
    /// remove the hook.
    /// </summary>
    public IDisposable RegisterForwardPreHook(Func<Module, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable?>>(before, hook);
    /// <summary>
    /// Registers a hook that only observes: before each call of <see cref="Forward"/>, the hook is called with the
    /// module and the input. Dispose the returned object to remove the hook.
    /// </summary>
    public IDisposable RegisterForwardPreHook(Action<Module, Variable> hook)
    {
        hook.Given();
        return RegisterForwardPreHook((module, x) => { hook(module, x); return null; });
    }

    /// <summary>
    /// Registers a hook: after each call of <see cref="Forward"/>, the hook is called with the module, the input and
    /// the result. If the hook returns a value other than null, this value replaces the result. Dispose the returned
    /// object to remove the hook.
    /// </summary>
    public IDisposable RegisterForwardHook(Func<Module, Variable, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable, Variable?>>(after, hook);
    /// <summary>
    /// Registers a hook that only observes: after each call of <see cref="Forward"/>, the hook is called with the
    /// module, the input and the result. Dispose the returned object to remove the hook.
    /// </summary>
    public IDisposable RegisterForwardHook(Action<Module, Variable, Variable> hook)
    {
        hook.Given();
        return RegisterForwardHook((module, x, y) => { hook(module, x, y); return null; });
    }

    /// <summary>
    /// Registers a hook: each time that a backward pass has computed the gradient with respect to the result of the
    /// module, the hook is called with the module and this gradient. If the hook returns a value other than null, this
    /// value replaces the gradient. Dispose the returned object to remove the hook.
    /// </summary>
    public IDisposable RegisterBackwardHook(Func<Module, Variable, Variable?> hook)
    {
        hook.Given();
        return RegisterForwardHook((module, _, y) =>
        {
            if (y.RequiresGrad) y.RegisterHook(gradient => hook(module, gradient));
        });
    }
    /// <summary>
    /// Registers a hook that only observes: each time that a backward pass has computed the gradient with respect to
    /// the result of the module, the hook is called with the module and this gradient. Dispose the returned object to
    /// remove the hook.
    /// </summary>
    public IDisposable RegisterBackwardHook(Action<Module, Variable> hook)
    {
        hook.Given();
        return RegisterBackwardHook((module, gradient) => { hook(module, gradient); return null; });
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

    /// <summary>
    /// Creates a parameter whose values are initially sampled uniformly from [−1/√fanIn, 1/√fanIn].
    /// </summary>
    private protected static Variable Uniform(int fanIn, params int[] shape)
    {
        var bound = 1 / Math.Sqrt(Math.Max(1, fanIn));
        return new Parameter(Tensor.Empty(shape).Uniform_(-bound, bound));
    }

    private protected TensorletException NoForward() =>
        new($"{GetType().Name}: it only holds its modules and computes nothing; call these, or use Sequential.");

    /// <summary>The arguments that <see cref="ToString"/> shows, such as <c>784, 256</c>.</summary>
    protected virtual string Arguments => "";

    /// <summary>
    /// The values of the fields of this module, with keys in PyTorch's spelling: the key of the field <c>inProj</c>
    /// is <c>in_proj</c>.
    /// </summary>
    /// <exception cref="TensorletException">A field is an ordinary collection that contains modules or parameters,
    /// which would not be trained. Use a <see cref="ModuleList"/> instead, for example.</exception>
    private protected virtual IEnumerable<(string Key, object Value)> Members()
    {
        foreach (var (field, key) in Fields(GetType()))
            if (field.GetValue(this) is { } value)
            {
                if (value is IEnumerable items and not Module && items.Cast<object?>().Any(item =>
                    item is Module or Variable { IsParameter: true }))
                    throw new TensorletException($"{GetType().Name}: the modules in '{field.Name}' would not " +
                        "be trained. Use a ModuleList, a ModuleDict or a ParameterList.");
                yield return (key, value);
            }
        foreach (var part in parts) yield return part;
    }

    static readonly ConcurrentDictionary<Type, (FieldInfo Field, string Key)[]> fields = [];

    /// <summary>The fields of a module class, with their keys. The fields of the base classes come first.</summary>
    static (FieldInfo Field, string Key)[] Fields([DynamicallyAccessedMembers(AllFields)] Type type) =>
        type == typeof(Module) ? []
        : fields.TryGetValue(type, out var known) ? known : fields[type] =
            [.. Fields(type.BaseType!), .. type.GetFields(OwnFields).Select(field => (field, Key(field.Name)))];

    readonly List<(string Key, object Value)> parts = [];

    /// <summary>
    /// Replaces a parameter with several other parameters. Before every call of the module, the value of the replaced
    /// parameter is computed from the other parameters.
    /// </summary>
    internal void Reparametrize(string name, Func<Variable, (string Key, Variable Value)[]> split,
        Func<Variable[], Variable> join)
    {
        var field = Fields(GetType()).LastOrDefault(f => f.Key == name && f.Field.GetValue(this) is Variable).Field
            ?? throw new TensorletException($"{GetType().Name}: there is no parameter '{name}'; it " +
                $"has [{string.Join(", ", Members().Select(m => m.Key))}].");
        var (first, others) = (parts.Count, split((Variable)field.GetValue(this)!));
        parts.AddRange(others.Select(other => (other.Key, (object)other.Value)));
        Join();
        RegisterForwardPreHook((_, _) => Join());

        void Join() => field.SetValue(this, join([.. parts.Skip(first).Take(others.Length).Select(part =>
            (Variable)part.Value)]));
    }

    /// <summary>
    /// Returns the key of a field. If the field belongs to an automatic property, or to a parameter of a primary
    /// constructor, the name of the field contains the name of the property or parameter in angle brackets.
    /// </summary>
    static string Key(string field) =>
        Regex.Replace(field.TrimStart('<', '_').Split('>')[0], @"(?<!^)(?=\p{Lu})", "_").ToLowerInvariant();

    /// <summary>The direct child modules, with their keys.</summary>
    public IEnumerable<(string Name, Module Module)> NamedChildren() => Of<Module>(Members());

    /// <summary>The direct child modules.</summary>
    public IEnumerable<Module> Children() => NamedChildren().Select(c => c.Module);

    /// <summary>This module and all modules inside it.</summary>
    public IEnumerable<Module> Modules()
    {
        List<Module> found = [];
        Find(this);
        return found;

        void Find(Module module)        // without names: those of n nested modules have n² letters in all
        {
            found.Add(module);
            foreach (var child in module.Children()) Find(child);
        }
    }

    /// <summary>
    /// This module and all modules inside it, with their names. The name of this module is empty. The other names are
    /// paths, such as <c>block.conv1</c>.
    /// </summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        List<(string, Module)> found = [];
        Find(this, "");
        return found;

        void Find(Module module, string path)
        {
            found.Add((path.TrimEnd('.'), module));
            foreach (var (name, child) in module.NamedChildren()) Find(child, $"{path}{name}.");
        }
    }

    /// <summary>
    /// The parameters of this module and of all modules inside it, with PyTorch's keys, such as
    /// <c>conv1.weight</c>. A parameter that several modules share occurs only once.
    /// </summary>
    public IEnumerable<(string Name, Variable Parameter)> NamedParameters() => Of<Variable>(Named());

    /// <summary>
    /// The buffers of this module and of all modules inside it, with keys such as <c>bn1.running_mean</c>. A buffer
    /// is a tensor that is saved, but not trained.
    /// </summary>
    public IEnumerable<(string Name, Tensor Buffer)> NamedBuffers() => Of<Tensor>(Named());

    static IEnumerable<(string, T)> Of<T>(IEnumerable<(string Key, object Value)> members) =>
        from member in members where member.Value is T select (member.Key, (T)member.Value);

    IEnumerable<(string Key, object Value)> Named() => AllNames().DistinctBy(m => m.Value);

    List<(string Key, object Value)> AllNames()
    {
        List<(string, object)> found = [];
        Find(this, "");
        return found;

        void Find(Module module, string path)
        {
            var members = module.Members().ToList();
            found.AddRange(members.Where(m => IsState(m.Value)).Select(m => (path + m.Key, m.Value)));
            foreach (var (name, child) in Of<Module>(members)) Find(child, $"{path}{name}.");
        }
    }

    static bool IsState(object value) => value is Tensor or Variable { IsParameter: true };

    /// <summary>The parameters of this module and of all modules inside it, for an optimizer.</summary>
    public IReadOnlyList<Variable> Parameters() => [.. Modules().SelectMany(module => module.Members())
        .Select(m => m.Value).Where(IsState).OfType<Variable>().Distinct()];

    internal void Switch(bool training) => Training = training;

    /// <summary>
    /// Runs an action while this module and all modules inside it are in the given mode, and then switches each
    /// module back to its previous mode.
    /// </summary>
    internal void InMode(bool training, Action action)
    {
        (Module Module, bool Training)[] modes = [.. Modules().Select(module => (module, module.Training))];
        this.Train(training);
        try { action(); }
        finally { foreach (var (module, on) in modes) module.Train(on); }       // a module comes before those inside it
    }

    /// <summary>
    /// Sets the gradients of all parameters to null, or to zeros if <paramref name="setToNull"/> is false.
    /// </summary>
    public void ZeroGrad(bool setToNull = true) => Array.ForEach([.. Parameters()], p =>
        p.Grad = setToNull || p.Grad is null ? null : new Variable(Tensor.ZerosLike(p.Grad.Data)));

    /// <summary>
    /// Returns a dictionary that contains the tensor of each parameter and buffer under its key. The tensors share
    /// memory with the module.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() =>
        Named().ToDictionary(m => m.Key, m => m.Value as Tensor ?? ((Variable)m.Value).Data);

    /// <summary>
    /// Copies each tensor into the parameter or buffer that has the same key. A parameter or buffer that several
    /// modules share may be given under any of its keys, or under all of them.
    /// </summary>
    /// <exception cref="TensorletException"><paramref name="strict"/> is true, but the state does not have exactly
    /// the keys of this module; or different tensors are given for one shared parameter or buffer. In these cases,
    /// nothing has been copied.</exception>
    /// <exception cref="ShapeException">A tensor does not have the shape of its parameter or buffer. In this case,
    /// nothing has been copied.</exception>
    /// <param name="state">The tensors, each under its key.</param>
    /// <param name="strict">If true, the state must have exactly the keys of this module. If false, only the tensors
    /// whose keys are both in the state and in this module are loaded.</param>
    /// <returns>The keys of this module that the state does not have, and the keys of the state that this module
    /// does not have.</returns>
    public (string[] MissingKeys, string[] UnexpectedKeys) LoadStateDict(
        IReadOnlyDictionary<string, Tensor> state, bool strict = true)
    {
        var (own, given) = (StateDict(), state.Given().ToDictionary());
        foreach (var names in AllNames().GroupBy(m => m.Value, m => m.Key))
            foreach (var other in names.Skip(1))
                if (given.Remove(other, out var tensor) && !given.TryAdd(names.First(), tensor)
                    && !(tensor.Layout.SameShape(given[names.First()].Layout)
                        && tensor.Memory<byte>().AsSpan().SequenceEqual(given[names.First()].Memory<byte>())))
                    throw new TensorletException($"LoadStateDict: {GetType().Name} has one tensor for " +
                        $"'{names.First()}' and '{other}', which differ in the loaded state.");
        string[] missing = [.. own.Keys.Except(given.Keys)], unexpected = [.. given.Keys.Except(own.Keys)];
        foreach (var key in strict ? [] : missing) own.Remove(key);
        foreach (var key in strict ? [] : unexpected) given.Remove(key);
        Stateful.Check(GetType().Name, own, given,
            " With strict: false, only the tensors that both have are loaded.");
        foreach (var (key, tensor) in own) tensor.Copy_(given[key]);
        return (missing, unexpected);
    }

    void IStateful.LoadStateDict(IReadOnlyDictionary<string, Tensor> state) => LoadStateDict(state);

    internal void Move(DType? type, Device? device)
    {
        foreach (var value in Modules().SelectMany(module => module.Members()).Select(m => m.Value))
            if (value is Variable p) p.MoveTo(Moved(p.Data));
            else if (value is Tensor buffer) buffer.Become(Moved(buffer));

        Tensor Moved(Tensor x) => (x.DType.IsFloat() ? x.To(type ?? x.DType) : x).To(device ?? x.Device);
    }

    /// <summary>Returns the tree of modules with their arguments, in the format of PyTorch.</summary>
    public override string ToString()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;              // because users override Arguments
        try
        {
            return Print(new StringBuilder(), "\n").ToString();
        }
        finally { CultureInfo.CurrentCulture = culture; }
    }

    /// <summary>
    /// Appends the tree of modules to a text, with <paramref name="end"/> before each line except the first.
    /// </summary>
    StringBuilder Print(StringBuilder text, string end)
    {
        var (children, inner) = (NamedChildren().ToList(), end + "  ");
        text.Append(GetType().Name).Append('(').Append(children.Count == 0 ? Arguments.ReplaceLineEndings(end) : "");
        foreach (var (name, child) in children)
        {
            text.Append(inner).Append('(').Append(name).Append("): ");
            if (((Func<string?>)child.ToString).Method.DeclaringType == typeof(Module)) child.Print(text, inner);
            else text.Append($"{child}".ReplaceLineEndings(inner));         // a class with a ToString of its own
        }
        return text.Append(children.Count == 0 ? "" : end).Append(')');
    }

    /// <summary>
    /// Returns a table of the parameters. Each line shows the key, the shape and the number of elements of one
    /// parameter. The last line shows the total number of elements.
    /// </summary>
    public string Summary()
    {
        List<(string Name, string Shape, long Count)> rows =
            [.. NamedParameters().Select(p => (p.Name, $"{p.Parameter.Data.Layout}", (long)p.Parameter.Numel))];
        rows.Add(("parameters", "", rows.Sum(row => row.Count)));
        var width = rows.Max(row => row.Name.Length);
        return string.Join('\n', rows.Select(r => $"{r.Name.PadRight(width)}  {r.Shape,-20} {r.Count,12:N0}"));
    }

    /// <summary>
    /// Calls the module in evaluation mode, and returns a table of the modules that are called, in the order of the
    /// calls. For each module, the table shows the key, the type, the shape of the result, the number of elements of
    /// the parameters, and the number of multiply-adds in matrix products and convolutions. Networks spend most of
    /// their time in these two operations. The elements and multiply-adds of a module do not include those of the
    /// modules inside it. This method does not change the module.
    /// </summary>
    /// <param name="input">The input with which the module is called, such as one sample.</param>
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
