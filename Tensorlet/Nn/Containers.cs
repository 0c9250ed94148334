using System.Collections;

namespace Tensorlet.Nn;

/// <summary>Modules one after another: each gets what the one before it gave.</summary>
public sealed class Sequential(params Module[] modules) : Module, IReadOnlyList<Module>
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => modules.Aggregate(x, (value, module) => module.Call(value));
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

/// <summary>A list of modules whose parameters are found.</summary>
public sealed class ModuleList(params IEnumerable<Module> modules) : Module, IReadOnlyList<Module>
{
    readonly Module[] items = [.. modules];

    /// <summary>A list computes nothing; loop over it.</summary>
    public override Variable Forward(Variable x) => throw new TensorletException("ModuleList: a list of modules " +
        "computes nothing by itself; call its modules, or use Sequential.");
    /// <inheritdoc/>
    public override IEnumerable<(string Name, Module Module)> NamedChildren() =>
        items.Select((module, i) => ($"{i}", module));
    /// <summary>The number of modules.</summary>
    public int Count => items.Length;
    /// <summary>A module by its place.</summary>
    public Module this[int index] => items[index];
    /// <inheritdoc/>
    public IEnumerator<Module> GetEnumerator() => ((IEnumerable<Module>)items).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
