using System.Collections;

namespace Tensorlet.Optim;

/// <summary>
/// A group of parameters with its own options. Their names are those of PyTorch, except that
/// PyTorch's pair betas is here <c>beta1</c> and <c>beta2</c>:
/// <c>group["weight_decay"] = 0</c>.
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

    /// <summary>
    /// The value of an option, such as <c>lr</c>, <c>weight_decay</c>, <c>momentum</c> or <c>beta1</c>.
    /// </summary>
    /// <exception cref="TensorletException">The optimizer has no option with this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or a beta, rho or alpha is not below
    /// 1.</exception>
    public double this[string name]
    {
        get => options.TryGetValue(name.Given(), out var value) ? value : throw Unknown(name);
        set => options[name] = Has(name) ? Checked("ParamGroup", name, value) : throw Unknown(name);
    }

    /// <summary>The learning rate.</summary>
    public double Lr { get => this["lr"]; set => this["lr"] = value; }

    /// <summary>
    /// The name of the option that is the momentum: <c>beta1</c> in optimizers that have a β₁, and otherwise
    /// <c>momentum</c>.
    /// </summary>
    internal string Momentum => Has("beta1") ? "beta1" : "momentum";

    /// <summary>The rate that the group had before its first schedule. All schedules begin with this rate.</summary>
    internal double? InitialLr { get; set; }

    /// <summary>Whether there is an option with this name.</summary>
    public bool Has(string name) => options.ContainsKey(name.Given());

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => options.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Returns the value of an option if it is valid. No option may be negative, and the factors of running means
    /// must be below 1.
    /// </summary>
    internal static double Checked(string operation, string name, double value) =>
        value.In(operation, 0, name is "beta1" or "beta2" or "rho" or "alpha" ? Ranges.Below1 : double.MaxValue, name);

    TensorletException Unknown(string name) =>
        new($"ParamGroup: there is no option '{name}'; there are {string.Join(", ", options.Keys)}.");
}
