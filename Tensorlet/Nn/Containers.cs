using System.Collections;

namespace Tensorlet.Nn;

/// <summary>A list of modules or parameters, accessed by index.</summary>
public abstract class ModuleCollection<T> : Module, IReadOnlyList<T> where T : class
{
    readonly List<T> items;

    private protected ModuleCollection(IEnumerable<T> items) => this.items = [.. items];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        items.Select((item, i) => ($"{i}", (object)item));
    /// <summary>The number of them.</summary>
    public int Count => items.Count;
    /// <summary>The module or parameter at an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none at this index.</exception>
    public T this[int index] => items[index.In(GetType().Name, 0, Count - 1)];
    /// <summary>Appends one at the end.</summary>
    public void Add(T item) => items.Add(item.Given());
    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>A list computes nothing itself; loop over it.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}

/// <summary>Modules one after another: each gets the result of the one before it.</summary>
public sealed class Sequential(params IEnumerable<Module> modules) : ModuleCollection<Module>(modules.Given())
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => this.Aggregate(x, (value, module) => module.Call(value));
}

/// <summary>A list of modules whose parameters are found.</summary>
public sealed class ModuleList(params IEnumerable<Module> modules) : ModuleCollection<Module>(modules.Given());

/// <summary>A list of parameters, accessed by index.</summary>
public sealed class ParameterList(params IEnumerable<Variable> parameters)
    : ModuleCollection<Variable>(parameters.Given());

/// <summary>Modules by name: <c>new ModuleDict { ["left"] = new Linear(2, 3) }</c>.</summary>
public sealed class ModuleDict : Module, IEnumerable<KeyValuePair<string, Module>>
{
    readonly OrderedDictionary<string, Module> modules = [];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        modules.Select(m => (m.Key, (object)m.Value));
    /// <summary>A module by its name.</summary>
    /// <exception cref="TensorletException">There is no module of this name.</exception>
    public Module this[string name]
    {
        get => modules.TryGetValue(name.Given(), out var module) ? module : throw new TensorletException(
            $"ModuleDict: there is no module '{name}'; there are [{string.Join(", ", modules.Keys)}].");
        set => modules[name.Given()] = value.Given();
    }
    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Module>> GetEnumerator() => modules.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>A dictionary computes nothing itself; call its modules.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}
