using System.Collections;

namespace Tensorlet.Nn;

/// <summary>Modules in a row, found by their places.</summary>
public abstract class ModuleCollection : Module, IReadOnlyList<Module>
{
    readonly Module[] modules;

    private protected ModuleCollection(IEnumerable<Module> modules) => this.modules = [.. modules];

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Module Module)> NamedChildren() =>
        modules.Select((module, i) => ($"{i}", module));
    /// <summary>The number of modules.</summary>
    public int Count => modules.Length;
    /// <summary>A module by its place.</summary>
    public Module this[int index] => modules[index];
    /// <inheritdoc/>
    public IEnumerator<Module> GetEnumerator() => ((IEnumerable<Module>)modules).GetEnumerator();
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
    public override Variable Forward(Variable x) =>
        throw new TensorletException("ModuleList: a list computes nothing; call its modules, or use Sequential.");
}
