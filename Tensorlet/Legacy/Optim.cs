namespace Tensorlet.Legacy;

/// <summary>
/// Optimizers, written as functions. Their argument x is a 1-dimensional tensor of all parameters;
/// <see cref="Module.GetParameters"/> returns such a tensor. Each optimizer first calls <c>feval</c>, a function
/// that computes the loss at x and the gradient of the loss with respect to x. Then the optimizer updates x in
/// place. Everything else that the optimizer has to remember is kept in <c>state</c>, a dictionary that is empty at
/// first.
/// </summary>
public static class Optim
{
    /// <summary>
    /// Performs one step of stochastic gradient descent, where g is the gradient. First, g ← g + weightDecay·x. Then
    /// the velocity v is updated: v ← momentum·v + (1 − dampening)·g. In the first step, v = g instead; without
    /// momentum, v = g in every step. Finally, x ← x − lr·v; if Nesterov is set, x ← x − lr·(g + momentum·v) instead.
    /// In step t, counted from 0, lr = learningRate/(1 + t·learningRateDecay).
    /// </summary>
    /// <returns>x, and the loss before the step.</returns>
    /// <exception cref="ArgumentException">Nesterov is set, although the momentum is not positive or the dampening is
    /// not 0.</exception>
    public static (Tensor X, double Loss) Sgd(Func<Tensor, (double Loss, Tensor Gradient)> feval, Tensor x,
        SgdConfig config, Dictionary<string, Tensor> state)
    {
        var (lr, decay, momentum) = (config.Given().LearningRate, config.WeightDecay, config.Momentum);
        if (config.Nesterov && (momentum <= 0 || config.Dampening != 0))
            throw new ArgumentException("Sgd: nesterov needs a momentum and no dampening.");
        var (loss, g) = feval.Given()(x.Given());
        if (decay != 0) g = g + x * decay;
        if (momentum != 0)
        {
            var v = state.Given().TryGetValue("v", out var kept) ? kept.Mul_(momentum).Add_(g, 1 - config.Dampening)
                : state["v"] = g.Clone();
            g = config.Nesterov ? g + v * momentum : v;
        }
        var t = Kept(state, "t", counter).Add_(1).Item() - 1;
        x.Add_(g, -lr / (1 + t * config.LearningRateDecay));
        return (x, loss);
    }

    /// <summary>
    /// Performs one step with adaptive moments (Kingma and Ba 2015), where g is the gradient plus weightDecay·x, and lr
    /// is the learning rate. First, the moments m and v, which are 0 before the first step, are updated: m ← β₁·m + (1
    /// − β₁)·g and v ← β₂·v + (1 − β₂)·g². Then x ← x − lr·m̂/(√v̂ + ε), where m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), and
    /// t is the number of the step, counted from 1.
    /// </summary>
    /// <returns>x, and the loss before the step.</returns>
    public static (Tensor X, double Loss) Adam(Func<Tensor, (double Loss, Tensor Gradient)> feval, Tensor x,
        AdamConfig config, Dictionary<string, Tensor> state)
    {
        var (lr, beta1, beta2, epsilon, decay) = config.Given();
        var (loss, g) = feval.Given()(x.Given());
        if (decay != 0) g = g + x * decay;
        var t = Kept(state, "t", counter).Add_(1).Item();
        var m = Kept(state, "m", x).Mul_(beta1).Add_(g, 1 - beta1);
        var v = Kept(state, "v", x).Mul_(beta2).Add_(g * g, 1 - beta2);
        var root = (v * (1 / (1 - Math.Pow(beta2, t)))).Map(new SqrtFormula());
        x.Add_(m / (root + epsilon), -lr / (1 - Math.Pow(beta1, t)));
        return (x, loss);
    }

    static readonly Tensor counter = Tensor.Scalar(0, DType.Int64, Device.Cpu);

    /// <summary>
    /// Returns the tensor that the state contains under a key. If the state does not contain the key yet, a tensor
    /// of zeros is added under this key, and is returned.
    /// </summary>
    static Tensor Kept(Dictionary<string, Tensor> state, string key, Tensor like) =>
        state.Given().TryGetValue(key, out var kept) ? kept : state[key] = Tensor.ZerosLike(like);
}

/// <summary>
/// The options of <see cref="Optim.Sgd"/>. In <c>torch.legacy.optim.sgd</c>, the default dampening was equal to the
/// momentum; here, the default is 0.
/// </summary>
public sealed record SgdConfig(double LearningRate = 1e-3, double LearningRateDecay = 0, double WeightDecay = 0,
    double Momentum = 0, double Dampening = 0, bool Nesterov = false);

/// <summary>The options of <see cref="Optim.Adam"/>.</summary>
public sealed record AdamConfig(double LearningRate = 1e-3, double Beta1 = 0.9, double Beta2 = 0.999,
    double Epsilon = 1e-8, double WeightDecay = 0);
