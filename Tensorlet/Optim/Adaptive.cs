namespace Tensorlet.Optim;

/// <summary>
/// Divides the gradient g of a parameter p by the root of a running mean of g²: s ← α·s + (1 − α)·g²;
/// p ← p − lr·g/(√s + ε), where α is <paramref name="alpha"/> and ε is <paramref name="eps"/>. With momentum, the
/// quotients are first accumulated: v ← momentum·v + g/(√s + ε); p ← p − lr·v. If <paramref name="centered"/> is true,
/// the square of a running mean of g is subtracted from s before the root is taken (Hinton, lecture 6e; Graves 2013).
/// </summary>
public sealed class RMSprop(IEnumerable<Variable> parameters, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8,
    double weightDecay = 0, double momentum = 0, bool centered = false, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), ("alpha", alpha), ("eps", eps), ("weight_decay", weightDecay),
        ("momentum", momentum))
{
    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var (alpha, eps, momentum) = (group["alpha"], group["eps"], group["momentum"]);
        var s = memory.Get("square_avg").Zip_(new MeanOfSquares(alpha), g);
        if (centered) s = Tensor.Zip(new Deviation(), s, memory.Get("grad_avg").Zip_(new RunningMean(alpha), g));
        if (momentum == 0) p.Zip_(new ScaledStep(group.Lr, eps), g, s);
        else p.Add_(memory.Get("momentum_buffer").Mul_(momentum).Zip_(new ScaledStep(-1, eps), g, s), -group.Lr);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["square_avg", "grad_avg", "momentum_buffer"];
    /// <inheritdoc/>
    protected override string[] Optional => centered ? ["momentum_buffer"] : ["momentum_buffer", "grad_avg"];
}

/// <summary>
/// Divides the gradient g of a parameter p by the root of the sum of g² over all steps so far: s ← s + g²; p ← p −
/// lr/(1 + (t − 1)·lrDecay)·g/(√s + ε), where ε is <paramref name="eps"/>, and t is the number of the step, counted
/// from 1 (Duchi et al. 2011). Before the first step, s is <paramref name="initialAccumulatorValue"/>.
/// </summary>
public sealed class Adagrad(IEnumerable<Variable> parameters, double lr = 1e-2, double lrDecay = 0,
    double weightDecay = 0, double initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), ("lr_decay", lrDecay), ("eps", eps), ("weight_decay", weightDecay),
        ("initial_accumulator_value", initialAccumulatorValue))
{
    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var s = memory.Get("sum", group["initial_accumulator_value"]).Zip_(new SumOfSquares(), g);
        p.Zip_(new ScaledStep(group.Lr / (1 + (memory.Step - 1) * group["lr_decay"]), group["eps"]), g, s);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["sum"];
}

/// <summary>
/// Adadelta, which scales each step by the sizes of the previous steps (Zeiler 2012). For a parameter p with the
/// gradient g, a step computes s ← ρ·s + (1 − ρ)·g²; d = √(a + ε)/√(s + ε)·g; a ← ρ·a + (1 − ρ)·d²; p ← p − lr·d. Here,
/// s and a are running means of g² and d², which are initially 0, ρ is <paramref name="rho"/>, and ε is
/// <paramref name="eps"/>.
/// </summary>
public sealed class Adadelta(IEnumerable<Variable> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6,
    double weightDecay = 0, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), ("rho", rho), ("eps", eps), ("weight_decay", weightDecay))
{
    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var mean = new MeanOfSquares(group["rho"]);
        var (s, a) = (memory.Get("square_avg").Zip_(mean, g), memory.Get("acc_delta"));
        var d = g.Clone().Zip_(new RootQuotient(group["eps"]), a, s);
        a.Zip_(mean, d);
        p.Add_(d, -group.Lr);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["square_avg", "acc_delta"];
}

/// <summary>m ← β·m + (1 − β)·g</summary>
readonly struct RunningMean(double beta) : IZip { V IZip.Apply<V>(V m, V g) => V.Of(beta) * m + V.Of(1 - beta) * g; }

/// <summary>s ← α·s + (1 − α)·g²</summary>
readonly struct MeanOfSquares(double alpha) : IZip
{ V IZip.Apply<V>(V s, V g) => V.Of(alpha) * s + V.Of(1 - alpha) * g * g; }

/// <summary>
/// s − m², or 0 where rounding makes this difference negative, because the root of the result is taken.
/// </summary>
readonly struct Deviation : IZip
{ V IZip.Apply<V>(V s, V m) => V.IfGreater(V.Of(0), s - m * m, V.Of(0), s - m * m); }

/// <summary>s ← s + g²</summary>
readonly struct SumOfSquares : IZip { V IZip.Apply<V>(V s, V g) => s + g * g; }

/// <summary>p ← p − rate·g/(√s + ε)</summary>
readonly struct ScaledStep(double rate, double eps) : IZip3
{ V IZip3.Apply<V>(V p, V g, V s) => p - V.Of(rate) * g / (V.Sqrt(s) + V.Of(eps)); }

/// <summary>g ← g·√(a + ε)/√(s + ε)</summary>
readonly struct RootQuotient(double eps) : IZip3
{ V IZip3.Apply<V>(V g, V a, V s) => V.Sqrt(a + V.Of(eps)) / V.Sqrt(s + V.Of(eps)) * g; }

/// <summary>p ← p − rate·m/u</summary>
readonly struct QuotientStep(double rate) : IZip3 { V IZip3.Apply<V>(V p, V m, V u) => p - V.Of(rate) * m / u; }

/// <summary>u ← max(β·u, |g| + ε)</summary>
readonly struct RunningMaximum(double beta, double eps) : IZip
{
    V IZip.Apply<V>(V u, V g)
    {
        V old = V.Of(beta) * u, now = V.Abs(g) + V.Of(eps);
        return V.IfGreater(old, now, old, now);
    }
}
