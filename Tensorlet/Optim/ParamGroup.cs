using System.Collections;

namespace Tensorlet.Optim;

/// <summary>
/// Parameters with options of their own, which have PyTorch's names: <c>group["weight_decay"] = 0</c>.
/// </summary>
public sealed class ParamGroup : IEnumerable<KeyValuePair<string, double>>
{
    readonly OrderedDictionary<string, double> options = [];

    internal ParamGroup(IEnumerable<Variable> parameters, IEnumerable<(string Name, double Value)> options)
    {
        Parameters = [.. parameters.Given()];
        foreach (var (name, value) in options) this.options[name] = value;
    }

    /// <summary>The parameters.</summary>
    public IReadOnlyList<Variable> Parameters { get; }

    /// <summary>An option, as in <c>lr</c>, <c>weight_decay</c>, <c>momentum</c> or <c>beta1</c>.</summary>
    /// <exception cref="TensorletException">The optimizer has no such option.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or a beta, rho or alpha is not below
    /// 1.</exception>
    public double this[string name]
    {
        get => options.TryGetValue(name.Given(), out var value) ? value : throw Unknown(name);
        set => options[name] = Has(name) ? Checked("ParamGroup", name, value) : throw Unknown(name);
    }

    /// <summary>The learning rate.</summary>
    public double Lr { get => this["lr"]; set => this["lr"] = value; }

    /// <summary>The name of the momentum, which is β₁ in optimizers that have one.</summary>
    internal string Momentum => Has("beta1") ? "beta1" : "momentum";

    /// <summary>The rate before the first schedule, with which all schedules begin.</summary>
    internal double? InitialLr { get; set; }

    /// <summary>Whether there is an option with this name.</summary>
    public bool Has(string name) => options.ContainsKey(name.Given());

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => options.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The factors of running means must be below 1; no option may be negative.</summary>
    internal static double Checked(string operation, string name, double value) =>
        value.In(operation, 0, name is "beta1" or "beta2" or "rho" or "alpha" ? Ranges.Below1 : double.MaxValue, name);

    TensorletException Unknown(string name) =>
        new($"ParamGroup: there is no option '{name}'; there are {string.Join(", ", options.Keys)}.");
}
