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
/// A network, or a part of one: a class with fields and a <see cref="Forward"/>. Variables that require a gradient are
/// its parameters, tensors are its buffers (which are saved, but not trained), and modules are its children; all of
/// them are found in the fields, in the order of their declaration.
/// </summary>
[DynamicallyAccessedMembers(AllFields)] // which trimming would take from a network of the user's
public abstract class Module : IStateful
{
    const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>
    /// True in training mode. <see cref="ModuleExtensions.Eval"/> switches off dropout and similar modules.
    /// </summary>
    public bool Training { get; private set; } = true;

    /// <summary>What the module computes. Call it through <see cref="Call"/>.</summary>
    public abstract Variable Forward(Variable x);

    /// <summary>Runs the module, with the hooks before and after it.</summary>
    public Variable Call(Variable x) => Hooked(x, Forward);

    readonly List<Func<Module, Variable, Variable?>> before = [];
    readonly List<Func<Module, Variable, Variable, Variable?>> after = [];

    /// <summary>
    /// Calls a hook with the module and its input before each <see cref="Forward"/>. If it returns a value, that
    /// replaces the input. Dispose the result to remove the hook.
    /// </summary>
    public IDisposable RegisterForwardPreHook(Func<Module, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable?>>(before, hook);

    /// <summary>
    /// Calls a hook with the module, its input and its result after each <see cref="Forward"/>. If it returns a value,
    /// that replaces the result. Dispose the result of this method to remove the hook.
    /// </summary>
    public IDisposable RegisterForwardHook(Func<Module, Variable, Variable, Variable?> hook) => new Hook<
        Func<Module, Variable, Variable, Variable?>>(after, hook);

    /// <summary>
    /// Calls a hook with the module and the gradient with respect to its result, each time that gradient is known. If
    /// it returns a gradient, that replaces the other one. Dispose the result to remove the hook.
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

    /// <summary>Makes a parameter of a tensor.</summary>
    private protected static Variable Parameter(Tensor values) => new(values, requiresGrad: true);

    /// <summary>Makes a parameter that starts uniform in ±1/√fanIn.</summary>
    private protected static Variable Uniform(int fanIn, params int[] shape)
    {
        var bound = 1 / Math.Sqrt(Math.Max(1, fanIn));
        return Parameter(Tensor.Empty(shape).Uniform_(-bound, bound));
    }

    private protected TensorletException NoForward() =>
        new($"{GetType().Name}: it only holds its modules and computes nothing; call these, or use Sequential.");

    /// <summary>The arguments that <see cref="ToString"/> shows, as in <c>784, 256</c>.</summary>
    protected virtual string Arguments => "";

    /// <summary>
    /// The fields of this module and their keys in PyTorch's spelling: <c>inProj</c> is <c>in_proj</c>.
    /// </summary>
    /// <exception cref="TensorletException">A field is a collection of modules, which only a ModuleList would make
    /// visible.</exception>
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

    /// <summary>The fields of a class of modules with their keys, those of its base classes first.</summary>
    static (FieldInfo Field, string Key)[] Fields([DynamicallyAccessedMembers(AllFields)] Type type) =>
        type == typeof(Module) ? []
        : fields.TryGetValue(type, out var known) ? known : fields[type] =
            [.. Fields(type.BaseType!), .. type.GetFields(OwnFields).Select(field => (field, Key(field.Name)))];

    readonly List<(string Key, object Value)> parts = [];

    /// <summary>Replaces a parameter by others, from which it is computed before every call.</summary>
    internal void Reparametrize(string name, Func<Variable, (string Key, Variable Value)[]> split,
        Func<Variable[], Variable> join)
    {
        var field = Fields(GetType()).LastOrDefault(f => f.Key == name && f.Field.GetValue(this) is Variable).Field
            ?? throw new TensorletException($"{GetType().Name}: there is no parameter '{name}'; it " +
                $"has [{string.Join(", ", Members().Select(m => m.Key))}].");
        var (first, others) = (parts.Count, split((Variable)field.GetValue(this)!));
        parts.AddRange(others.Select(other => (other.Key, (object)other.Value)));
        Join();
        RegisterForwardPreHook((_, _) => { Join(); return null; });

        void Join() => field.SetValue(this, join([.. parts.Skip(first).Take(others.Length).Select(part =>
            (Variable)part.Value)]));
    }

    /// <summary>
    /// The key of a field. In an automatic property or a primary constructor's parameter, it is in angle brackets.
    /// </summary>
    static string Key(string field) =>
        Regex.Replace(field.TrimStart('<', '_').Split('>')[0], @"(?<!^)(?=\p{Lu})", "_").ToLowerInvariant();

    /// <summary>The direct child modules, with their keys.</summary>
    public IEnumerable<(string Name, Module Module)> NamedChildren() => Of<Module>(Members());

    /// <summary>The direct child modules.</summary>
    public IEnumerable<Module> Children() => NamedChildren().Select(c => c.Module);

    /// <summary>This module and all modules inside it.</summary>
    public IEnumerable<Module> Modules() => NamedModules().Select(m => m.Module);

    /// <summary>
    /// This module, under the empty name, and all modules inside it, with keys as in <c>block.conv1</c>.
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
    /// The parameters with PyTorch's keys, as in <c>conv1.weight</c>. Each occurs once, even if several modules share
    /// it.
    /// </summary>
    public IEnumerable<(string Name, Variable Parameter)> NamedParameters() => Of<Variable>(Named());

    /// <summary>The tensors that are part of the state but not trained, as in <c>bn1.running_mean</c>.</summary>
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

    /// <summary>The parameters: what an optimizer is given.</summary>
    public IReadOnlyList<Variable> Parameters() => [.. Modules().SelectMany(module => module.Members())
        .Select(m => m.Value).Where(IsState).OfType<Variable>().Distinct()];

    internal void Switch(bool training) => Training = training;

    /// <summary>Runs an action in a mode, and returns every module to its own mode.</summary>
    internal void InMode(bool training, Action action)
    {
        (Module Module, bool Training)[] modes = [.. Modules().Select(module => (module, module.Training))];
        this.Train(training);
        try { action(); }
        finally { foreach (var (module, on) in modes) module.Train(on); }       // modules inside come after it
    }

    /// <summary>Discards the gradients of all parameters, or sets them to zero.</summary>
    public void ZeroGrad(bool setToNull = true) => Array.ForEach([.. Parameters()], p =>
        p.Grad = setToNull || p.Grad is null ? null : new Variable(p.Grad.Data.ZerosLike()));

    /// <summary>The tensors of all parameters and buffers by key. They share memory with the module.</summary>
    public Dictionary<string, Tensor> StateDict() =>
        Named().ToDictionary(m => m.Key, m => m.Value as Tensor ?? ((Variable)m.Value).Data);

    /// <summary>
    /// Copies tensors into the parameters and buffers with the same keys. A tensor that several modules share may be
    /// given under any of its keys, or under all of them.
    /// </summary>
    /// <exception cref="TensorletException">A key is missing or unknown, or the values of a shared tensor differ.
    /// Nothing has been copied.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has been copied.</exception>
    /// <param name="state">The tensors by key.</param>
    /// <param name="strict">Whether every key must be there; otherwise, only what both have is loaded.</param>
    /// <returns>The keys of this module that the state lacks, and those of the state that this module does not
    /// have.</returns>
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
        Stateful.Check(GetType().Name, own, given);
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

    /// <summary>The tree of modules with their arguments, as PyTorch prints it.</summary>
    public override string ToString()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;              // for Arguments that users override
        try
        {
            return Print(new StringBuilder(), "\n").ToString();
        }
        finally { CultureInfo.CurrentCulture = culture; }
    }

    /// <summary>Writes the tree, with a line's end before each line but the first.</summary>
    StringBuilder Print(StringBuilder text, string end)
    {
        var (children, inner) = (NamedChildren().ToList(), end + "  ");
        text.Append(GetType().Name).Append('(').Append(children.Count == 0 ? Arguments.ReplaceLineEndings(end) : "");
        foreach (var (name, child) in children)
        {
            text.Append(inner).Append('(').Append(name).Append("): ");
            if (((Func<string?>)child.ToString).Method.DeclaringType == typeof(Module)) child.Print(text, inner);
            else text.Append($"{child}".ReplaceLineEndings(inner));         // a class that prints itself otherwise
        }
        return text.Append(children.Count == 0 ? "" : end).Append(')');
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
