namespace Tensorlet.Optim;

/// <summary>
/// Adam (adaptive moment estimation). The moments m and v are running means of the gradient and of its square; they are
/// initially 0. Step number t, counted from 1, changes a parameter p with the gradient g: m ← β₁·m + (1 − β₁)·g; v ←
/// β₂·v + (1 − β₂)·g²; p ← p − lr·m̂/(√v̂ + ε), where m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) (Kingma and Ba 2015). β₁
/// and β₂ are the pair <paramref name="betas"/>, which is (0.9, 0.999) by default, and ε is <paramref name="eps"/>. If
/// <paramref name="amsgrad"/> is true, v̂ is computed from the largest v so far (Reddi et al. 2018).
/// </summary>
public class Adam(IEnumerable<Variable> parameters, double lr = 1e-3, (double, double)? betas = null,
    double eps = 1e-8, double weightDecay = 0, bool amsgrad = false, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), Beta1(betas), Beta2(betas), ("eps", eps),
        ("weight_decay", weightDecay))
{
    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var (beta1, beta2, t) = (group["beta1"], group["beta2"], memory.Step);
        var m = memory.Get("exp_avg").Zip_(new RunningMean(beta1), g);
        var v = memory.Get("exp_avg_sq").Zip_(new MeanOfSquares(beta2), g);
        if (amsgrad) v = memory.Get("max_exp_avg_sq").Zip_(new Tensor.MaxFormula(), v);
        // m̂/(√v̂ + ε) = m/(1 − β₁ᵗ) · √(1 − β₂ᵗ)/(√v + ε·√(1 − β₂ᵗ))
        var root = Math.Sqrt(1 - Math.Pow(beta2, t));
        p.Zip_(new ScaledStep(group.Lr * root / (1 - Math.Pow(beta1, t)), group["eps"] * root), m, v);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
    /// <inheritdoc/>
    protected override string[] Optional => amsgrad ? [] : ["max_exp_avg_sq"];
}

/// <summary>
/// Adam with decoupled weight decay. Adam adds weightDecay·p to the gradient of a parameter p. AdamW instead computes
/// p ← (1 − lr·weightDecay)·p before the step (Loshchilov and Hutter 2019).
/// </summary>
public sealed class AdamW(IEnumerable<Variable> parameters, double lr = 1e-3, (double, double)? betas = null,
    double eps = 1e-8, double weightDecay = 1e-2, bool amsgrad = false, bool maximize = false)
    : Adam(parameters, lr, betas, eps, weightDecay, amsgrad, maximize)
{
    private protected override bool Decoupled => true;
}

/// <summary>
/// Adam with √v̂ + ε replaced by u, which is a running maximum of |g|: u ← max(β₂·u, |g| + ε); p ← p − lr/(1 −
/// β₁ᵗ)·m/u. All other letters have the same meaning as in <see cref="Adam"/> (Kingma and Ba 2015, section 7).
/// </summary>
public sealed class Adamax(IEnumerable<Variable> parameters, double lr = 2e-3, (double, double)? betas = null,
    double eps = 1e-8, double weightDecay = 0, bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), Beta1(betas), Beta2(betas), ("eps", eps),
        ("weight_decay", weightDecay))
{
    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var m = memory.Get("exp_avg").Zip_(new RunningMean(group["beta1"]), g);
        var u = memory.Get("exp_inf").Zip_(new RunningMaximum(group["beta2"], group["eps"]), g);
        p.Zip_(new QuotientStep(group.Lr / (1 - Math.Pow(group["beta1"], memory.Step))), m, u);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["exp_avg", "exp_inf"];
}

/// <summary>
/// Adam with Nesterov momentum: p ← p − lr·((1 − μ)/(1 − Π)·g + μ′/(1 − Π·μ′)·m)/(√v̂ + ε). In step number t, μ = β₁·(1
/// − ½·0.96^(t·ψ)), where ψ is <paramref name="momentumDecay"/>. μ′ is the μ of the next step, and Π is the product of
/// the values of μ in all steps up to and including step t. All other letters have the same meaning as in
/// <see cref="Adam"/> (Dozat 2016).
/// </summary>
public sealed class NAdam(IEnumerable<Variable> parameters, double lr = 2e-3, (double, double)? betas = null,
    double eps = 1e-8, double weightDecay = 0, double momentumDecay = 4e-3, bool decoupledWeightDecay = false,
    bool maximize = false)
    : Optimizer(parameters, maximize, ("lr", lr), Beta1(betas), Beta2(betas), ("eps", eps),
        ("weight_decay", weightDecay), ("momentum_decay", momentumDecay))
{
    private protected override bool Decoupled => decoupledWeightDecay;

    /// <inheritdoc/>
    protected override void Update(Tensor p, Tensor g, ParamGroup group, Memory memory)
    {
        var (t, beta1, beta2) = (memory.Step, group["beta1"], group["beta2"]);
        double Momentum(int step) => beta1 * (1 - 0.5 * Math.Pow(0.96, step * group["momentum_decay"]));
        var (now, next) = (Momentum(t), Momentum(t + 1));
        var product = memory.Numbers["mu_product"] = memory.Numbers.GetValueOrDefault("mu_product", 1) * now;
        var m = memory.Get("exp_avg").Zip_(new RunningMean(beta1), g);
        var v = memory.Get("exp_avg_sq").Zip_(new MeanOfSquares(beta2), g);
        var root = Math.Sqrt(1 - Math.Pow(beta2, t));
        p.Zip_(new ScaledStep(group.Lr * root * (1 - now) / (1 - product), group["eps"] * root), g, v);
        p.Zip_(new ScaledStep(group.Lr * root * next / (1 - product * next), group["eps"] * root), m, v);
    }

    /// <inheritdoc/>
    protected override string[] Names => ["exp_avg", "exp_avg_sq"];
    /// <inheritdoc/>
    protected override string[] Numbers => ["mu_product"];
}
