using System.Collections;
using System.Reflection;
using System.Text;

namespace Tensorlet.Nn;

/// <summary>
/// A network, or a part of one: a class with fields and a <see cref="Forward"/>. Variables that require a gradient are
/// its parameters, modules are its children; both are found in the fields, in the order of their declaration.
/// </summary>
public abstract class Module : IStateful
{
    const BindingFlags OwnFields =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>True while training; <see cref="Eval"/> switches dropout and its kind off.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>What the module computes. Others call it through <see cref="Call"/>.</summary>
    public abstract Variable Forward(Variable x);

    /// <summary>Runs the module.</summary>
    public Variable Call(Variable x) => Forward(x);

    /// <summary>The arguments that <see cref="ToString"/> shows, as in <c>784, 256</c>.</summary>
    protected virtual string Arguments => "";

    /// <summary>
    /// The fields of this module and their keys in PyTorch's writing: <c>inProj</c> is <c>in_proj</c>.
    /// </summary>
    /// <exception cref="TensorletException">A collection of modules that only a ModuleList would make
    /// visible.</exception>
    IEnumerable<(string Key, object Value)> Members()
    {
        for (var (type, levels) = (GetType(), new Stack<Type>()); ; type = type.BaseType!)
        {
            if (type != typeof(Module)) { levels.Push(type); continue; }
            foreach (var level in levels)
                foreach (var field in level.GetFields(OwnFields))
                    if (field.GetValue(this) is { } value)
                    {
                        if (this is not IEnumerable<Module> && value is IEnumerable items and not Module
                            && items.Cast<object?>().Any(item => item is Module))
                            throw new TensorletException(
                                $"{GetType().Name}: modules in '{field.Name}' would not be trained. Use a ModuleList.");
                        yield return (Key(field.Name), value);
                    }
            yield break;
        }
    }

    static string Key(string field)
    {
        // an automatic property, or a primary constructor's parameter
        if (field.StartsWith('<')) field = field[1..field.IndexOf('>')];
        var text = new StringBuilder();
        foreach (var c in field.TrimStart('_'))
            if (char.IsUpper(c)) text.Append(text.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(c));
            else text.Append(c);
        return text.ToString();
    }

    /// <summary>The modules directly inside, with their keys.</summary>
    public virtual IEnumerable<(string Name, Module Module)> NamedChildren() =>
        Members().Where(m => m.Value is Module).Select(m => (m.Key, (Module)m.Value));

    /// <summary>The modules directly inside.</summary>
    public IEnumerable<Module> Children() => NamedChildren().Select(c => c.Module);

    /// <summary>This module and all inside it.</summary>
    public IEnumerable<Module> Modules() => Children().SelectMany(c => c.Modules()).Prepend(this);

    /// <summary>
    /// The parameters with PyTorch's keys, as in <c>conv1.weight</c>; each once, though several modules may share it.
    /// </summary>
    public IEnumerable<(string Name, Variable Parameter)> NamedParameters() => Named().DistinctBy(p => p.Parameter);

    IEnumerable<(string Name, Variable Parameter)> Named() =>
        Members().Where(m => m.Value is Variable { RequiresGrad: true }).Select(m => (m.Key, (Variable)m.Value))
            .Concat(NamedChildren().SelectMany(c => c.Module.Named().Select(p => ($"{c.Name}.{p.Name}", p.Parameter))));

    /// <summary>The parameters: what an optimizer is given.</summary>
    public IReadOnlyList<Variable> Parameters() => [.. NamedParameters().Select(p => p.Parameter)];

    /// <summary>Switches to training, or back.</summary>
    public Module Train(bool on = true)
    {
        foreach (var module in Modules()) module.Training = on;
        return this;
    }

    /// <summary>Switches to evaluation.</summary>
    public Module Eval() => Train(false);

    /// <summary>Forgets the gradients of all parameters, or sets them to zeros.</summary>
    public void ZeroGrad(bool setToNull = true)
    {
        foreach (var p in Parameters())
            p.Grad = setToNull || p.Grad is null ? null : new Variable(p.Grad.Data.ZerosLike());
    }

    /// <summary>The tensors of all parameters by key. They share memory with the module.</summary>
    public Dictionary<string, Tensor> StateDict() => NamedParameters().ToDictionary(p => p.Name, p => p.Parameter.Data);

    /// <summary>Copies tensors into the parameters of the same keys.</summary>
    /// <exception cref="TensorletException">A key is missing or left over. Nothing has been copied.</exception>
    /// <exception cref="ShapeException">Two shapes differ. Nothing has been copied.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var own = StateDict();
        Stateful.Check(GetType().Name, own, state);
        foreach (var (key, tensor) in own) tensor.Copy_(state[key]);
    }

    /// <summary>Replaces every parameter's memory by a copy in another type or on another device.</summary>
    public Module To(DType? type = null, Device? device = null)
    {
        foreach (var module in Modules())
            foreach (var p in module.Members().Select(m => m.Value).OfType<Variable>())
                p.MoveTo(p.Data.To(type ?? p.DType).To(device ?? p.Device));
        return this;
    }

    /// <summary>The tree of modules with their arguments, as PyTorch prints it.</summary>
    public override string ToString()
    {
        var children = NamedChildren().ToList();
        if (children.Count == 0) return $"{GetType().Name}({Arguments})";
        var lines = children.Select(c => $"({c.Name}): {c.Module}".ReplaceLineEndings("\n  "));
        return $"{GetType().Name}(\n  {string.Join("\n  ", lines)}\n)";
    }

    /// <summary>A table of the parameters: key, shape and number of elements, with the total below.</summary>
    public string Summary()
    {
        var rows = NamedParameters().Select(p =>
            (p.Name, Shape: p.Parameter.Data.Layout.ToString(), p.Parameter.Numel)).ToList();
        var width = rows.Select(r => r.Name.Length).Append(10).Max();
        var text = new StringBuilder();
        foreach (var (name, shape, count) in rows) text.Append($"{name.PadRight(width)}  {shape,-20} {count,12:N0}\n");
        return text.Append($"{"parameters".PadRight(width)}  {"",-20} {rows.Sum(r => (long)r.Numel),12:N0}").ToString();
    }
}
