using System.Collections;

namespace Tensorlet.Nn;

/// <summary>A list of modules or parameters, accessed by index.</summary>
public abstract class ModuleCollection<T> : Module, IReadOnlyList<T> where T : class
{
    readonly List<T> items;

    private protected ModuleCollection(IEnumerable<T> items) => this.items = [.. items];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        items.Select((item, i) => ($"{i}", (object)item));
    /// <summary>The number of modules or parameters in the list.</summary>
    public int Count => items.Count;
    /// <summary>The module or parameter at an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no module or parameter at this index.</exception>
    public T this[int index] => items[index.In(GetType().Name, 0, Count - 1)];
    /// <summary>Appends a module or a parameter at the end.</summary>
    public void Add(T item) => items.Add(item.Given());
    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>Throws an exception, because a list computes nothing itself; loop over its items instead.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}

/// <summary>
/// A sequence of modules: the first module gets the input, and every other module gets the result of the module
/// before it.
/// </summary>
public sealed class Sequential(params IEnumerable<Module> modules) : ModuleCollection<Module>(modules.Given())
{
    /// <summary>Passes x through all modules, one after another.</summary>
    public override Variable Forward(Variable x) => this.Aggregate(x, (value, module) => module.Call(value));
}

/// <summary>
/// A list of modules. If a module has such a list in a field, the modules in the list and their parameters belong
/// to that module.
/// </summary>
public sealed class ModuleList(params IEnumerable<Module> modules) : ModuleCollection<Module>(modules.Given());

/// <summary>A list of parameters, accessed by index.</summary>
public sealed class ParameterList(params IEnumerable<Variable> parameters)
    : ModuleCollection<Variable>(parameters.Given());

/// <summary>
/// A dictionary of modules with names, for example <c>new ModuleDict { ["left"] = new Linear(2, 3) }</c>.
/// </summary>
public sealed class ModuleDict : Module, IEnumerable<KeyValuePair<string, Module>>
{
    readonly OrderedDictionary<string, Module> modules = [];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        modules.Select(m => (m.Key, (object)m.Value));
    /// <summary>Gets or sets the module with the given name.</summary>
    /// <exception cref="TensorletException">There is no module with this name.</exception>
    public Module this[string name]
    {
        get => modules.TryGetValue(name.Given(), out var module) ? module : throw new TensorletException(
            $"ModuleDict: there is no module '{name}'; there are [{string.Join(", ", modules.Keys)}].");
        set => modules[name.Given()] = value.Given();
    }
    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Module>> GetEnumerator() => modules.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>
    /// Throws an exception, because a dictionary computes nothing itself; call its modules instead.
    /// </summary>
    public override Variable Forward(Variable x) => throw NoForward();
}
