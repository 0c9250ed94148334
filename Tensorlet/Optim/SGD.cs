namespace Tensorlet.Optim;

/// <summary>
/// Stochastic gradient descent. A step changes a parameter p with the gradient g: g ← g + weightDecay·p; v ← momentum·v
/// + (1 − dampening)·g; p ← p − lr·v. In the first step, v is g. If momentum is 0, v is g in every step. If
/// <paramref name="nesterov"/> is true, the last formula is p ← p − lr·(g + momentum·v) (Sutskever et al. 2013).
/// </summary>
public sealed class SGD(IEnumerable<Variable> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0,
    double weightDecay = 0, bool nesterov = false, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), ("momentum", momentum), ("dampening", dampening),
        ("weight_decay", weightDecay))
{
    readonly bool nesterov = nesterov && (momentum <= 0 || dampening != 0)
        ? throw new ArgumentException("SGD: nesterov needs a momentum and no dampening.") : nesterov;

    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        if (group["momentum"] is not 0 and var momentum)
        {
            var share = memory.Tensors.ContainsKey("momentum_buffer") ? 1 - group["dampening"] : 1;
            var v = memory.Get("momentum_buffer").Mul_(momentum).Add_(g, share);
            g = nesterov ? Tensor.Zip(new Tensor.AddScaledFormula(momentum), g, v) : v;
        }
        p.Add_(g, -group.Lr);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["momentum_buffer"];
    /// <inheritdoc/>
    protected override string[] Optional => Names;      // a momentum may be set later
}
