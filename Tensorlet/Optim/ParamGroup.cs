using System.Collections;

namespace Tensorlet.Optim;

/// <summary>
/// A group of parameters with its own options, which are read and set by name: <c>group["weight_decay"] = 0</c>. The
/// names are PyTorch's, except that the pair <c>betas</c> is split into <c>beta1</c> and <c>beta2</c>.
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
    /// <exception cref="ArgumentOutOfRangeException">The value is negative; or the option is <c>beta1</c>,
    /// <c>beta2</c>, <c>rho</c> or <c>alpha</c>, and the value is not below 1.</exception>
    public double this[string name]
    {
        get => options.TryGetValue(name.Given(), out var value) ? value : throw Unknown(name);
        set => options[name] = Has(name) ? Checked("ParamGroup", name, value) : throw Unknown(name);
    }

    /// <summary>The learning rate of the group.</summary>
    public double Lr { get => this["lr"]; set => this["lr"] = value; }

    /// <summary>
    /// The name of the option that is the momentum: <c>beta1</c> in optimizers that have a β₁, and otherwise
    /// <c>momentum</c>.
    /// </summary>
    internal string Momentum => Has("beta1") ? "beta1" : "momentum";

    /// <summary>
    /// The learning rate that the group had before its first schedule was created, or null if there is no schedule. All
    /// schedules begin with this rate.
    /// </summary>
    internal double? InitialLr { get; set; }

    /// <summary>Returns true if the group has an option with this name.</summary>
    public bool Has(string name) => options.ContainsKey(name.Given());

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => options.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Returns the value of an option, or throws an exception if the value is not valid. No option may be negative,
    /// and the factors of running means (beta1, beta2, rho and alpha) must be below 1.
    /// </summary>
    internal static double Checked(string operation, string name, double value) =>
        value.In(operation, 0, name is "beta1" or "beta2" or "rho" or "alpha" ? Ranges.Below1 : double.MaxValue, name);

    TensorletException Unknown(string name) =>
        new($"ParamGroup: there is no option '{name}'; there are {string.Join(", ", options.Keys)}.");
}
