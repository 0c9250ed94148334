using System.Collections;

namespace Tensorlet.Nn;

/// <summary>Modules in a row, found by their places.</summary>
public abstract class ModuleCollection : Module, IReadOnlyList<Module>
{
    readonly List<Module> modules;

    private protected ModuleCollection(IEnumerable<Module> modules) => this.modules = [.. modules];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        modules.Select((module, i) => ($"{i}", (object)module));
    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;
    /// <summary>A module by its place.</summary>
    public Module this[int index] => modules[index];
    /// <summary>Adds a module at the end.</summary>
    public void Add(Module module) => modules.Add(module);
    /// <inheritdoc/>
    public IEnumerator<Module> GetEnumerator() => modules.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Modules one after another: each gets what the one before it gave.</summary>
public sealed class Sequential(params IEnumerable<Module> modules) : ModuleCollection(modules)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => this.Aggregate(x, (value, module) => module.Call(value));
}

/// <summary>A list of modules whose parameters are found.</summary>
public sealed class ModuleList(params IEnumerable<Module> modules) : ModuleCollection(modules)
{
    /// <summary>A list computes nothing; loop over it.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}

/// <summary>Modules by name: <c>new ModuleDict { ["left"] = new Linear(2, 3) }</c>.</summary>
public sealed class ModuleDict : Module, IEnumerable<KeyValuePair<string, Module>>
{
    readonly OrderedDictionary<string, Module> modules = [];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        modules.Select(m => (m.Key, (object)m.Value));
    /// <summary>A module by its name.</summary>
    public Module this[string name] { get => modules[name]; set => modules[name] = value; }
    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Module>> GetEnumerator() => modules.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>A dictionary computes nothing; call its modules.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}

/// <summary>Parameters in a row, found by their places.</summary>
public sealed class ParameterList(params IEnumerable<Variable> parameters) : Module, IReadOnlyList<Variable>
{
    readonly Variable[] parameters = [.. parameters];

    private protected override IEnumerable<(string Key, object Value)> Members() =>
        parameters.Select((p, i) => ($"{i}", (object)p));
    /// <summary>The number of parameters.</summary>
    public int Count => parameters.Length;
    /// <summary>A parameter by its place.</summary>
    public Variable this[int index] => parameters[index];
    /// <inheritdoc/>
    public IEnumerator<Variable> GetEnumerator() => ((IEnumerable<Variable>)parameters).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    /// <summary>A list computes nothing.</summary>
    public override Variable Forward(Variable x) => throw NoForward();
}
