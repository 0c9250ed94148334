namespace Tensorlet.Optim;

/// <summary>Moves parameters against their gradients.</summary>
public abstract class Optimizer
{
    readonly Variable[] parameters;

    /// <summary>An optimizer of these parameters.</summary>
    /// <exception cref="AutogradException">There are none, or one is no leaf that requires a gradient.</exception>
    protected Optimizer(IEnumerable<Variable> parameters, double lr)
    {
        this.parameters = [.. parameters];
        Lr = NotNegative(lr, nameof(lr));
        if (this.parameters.Length == 0)
            throw new AutogradException($"{GetType().Name}: there are no parameters to optimise.");
        foreach (var p in this.parameters)
            if (!p.IsLeaf || !p.RequiresGrad)
                throw new AutogradException(
                    $"{GetType().Name}: the variable of shape {p.Data.Layout} is no leaf that requires a gradient.");
    }

    /// <summary>The learning rate.</summary>
    public double Lr { get; set; }

    /// <summary>Forgets the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (var p in parameters) p.Grad = null;
    }

    /// <summary>One step for every parameter that has a gradient.</summary>
    public void Step()
    {
        for (var i = 0; i < parameters.Length; i++)
            if (parameters[i].Grad is { } gradient) Update(i, parameters[i].Data, gradient.Data);
    }

    /// <summary>Moves parameter number i.</summary>
    protected abstract void Update(int i, Tensor p, Tensor g);

    /// <summary>A tensor that is remembered for parameter number i between steps; zeros at first.</summary>
    private protected static Tensor Memory(Dictionary<int, Tensor> memory, int i, Tensor like) =>
        memory.TryGetValue(i, out var kept) ? kept : memory[i] = like.ZerosLike();

    private protected static double NotNegative(double value, string name) =>
        value >= 0 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must not be negative.");
}

/// <summary>
/// Stochastic gradient descent: g ← g + weightDecay·p; v ← momentum·v + (1 − dampening)·g (v = g at first); p ← p −
/// lr·v, or with nesterov p − lr·(g + momentum·v) (Sutskever et al. 2013).
/// </summary>
public sealed class SGD(IEnumerable<Variable> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0,
    double weightDecay = 0, bool nesterov = false)
    : Optimizer(parameters, lr)
{
    readonly Dictionary<int, Tensor> velocity = [];
    readonly double momentum = nesterov && (momentum <= 0 || dampening != 0)
        ? throw new ArgumentException("SGD: nesterov needs a momentum and no dampening.")
            : NotNegative(momentum, nameof(momentum));

    /// <inheritdoc/>
    protected override void Update(int i, Tensor p, Tensor g)
    {
        if (weightDecay != 0) g = g + p * weightDecay;
        if (momentum != 0)
        {
            var v = velocity.TryGetValue(i, out var kept) ? kept.Mul_(momentum).Add_(g, 1 - dampening)
                : velocity[i] = g.Clone();
            g = nesterov ? g + v * momentum : v;
        }
        p.Add_(g, -Lr);
    }
}

/// <summary>
/// Divides by the root of a running mean of squares: s ← α·s + (1 − α)·g²; p ← p − lr·g/(√s + ε). With momentum the
/// quotient is gathered in v first; centered subtracts the square of a running mean (Hinton, lecture 6e; Graves 2013).
/// </summary>
public sealed class RMSprop(IEnumerable<Variable> parameters, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8,
    double weightDecay = 0, double momentum = 0, bool centered = false)
    : Optimizer(parameters, lr)
{
    readonly Dictionary<int, Tensor> squares = [], velocity = [], means = [];

    /// <inheritdoc/>
    protected override void Update(int i, Tensor p, Tensor g)
    {
        if (weightDecay != 0) g = g + p * weightDecay;
        var s = Memory(squares, i, p).Zip_(new MeanOfSquares(alpha), g);
        var spread = s;
        if (centered)
        {
            var mean = Memory(means, i, p).Zip_(new RunningMean(alpha), g);
            spread = s - mean * mean;
        }
        if (momentum == 0) p.Zip_(new ScaledStep(Lr, eps), g, spread);
        else p.Add_(Memory(velocity, i, p).Mul_(momentum).Zip_(new ScaledStep(-1, eps), g, spread), -Lr);
    }
}

/// <summary>
/// Adaptive moments: m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; p ← p − lr·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and
/// v̂ = v/(1 − β₂ᵗ) (Kingma and Ba 2015).
/// </summary>
public sealed class Adam(IEnumerable<Variable> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
    double eps = 1e-8, double weightDecay = 0)
    : Optimizer(parameters, lr)
{
    readonly Dictionary<int, Tensor> means = [], squares = [];
    readonly Dictionary<int, int> steps = [];

    /// <inheritdoc/>
    protected override void Update(int i, Tensor p, Tensor g)
    {
        if (weightDecay != 0) g = g + p * weightDecay;
        var t = steps[i] = steps.GetValueOrDefault(i) + 1;
        var m = Memory(means, i, p).Zip_(new RunningMean(beta1), g);
        var v = Memory(squares, i, p).Zip_(new MeanOfSquares(beta2), g);
        // m̂/(√v̂ + ε) = m/(1 − β₁ᵗ) · √(1 − β₂ᵗ)/(√v + ε·√(1 − β₂ᵗ))
        var root = Math.Sqrt(1 - Math.Pow(beta2, t));
        p.Zip_(new ScaledStep(Lr * root / (1 - Math.Pow(beta1, t)), eps * root), m, v);
    }
}

/// <summary>m ← β·m + (1 − β)·g</summary>
readonly struct RunningMean(double beta) : IZip { V IZip.Apply<V>(V m, V g) => V.Of(beta) * m + V.Of(1 - beta) * g; }

/// <summary>s ← α·s + (1 − α)·g²</summary>
readonly struct MeanOfSquares(double alpha) : IZip
{ V IZip.Apply<V>(V s, V g) => V.Of(alpha) * s + V.Of(1 - alpha) * g * g; }

/// <summary>p ← p − rate·g/(√s + ε)</summary>
readonly struct ScaledStep(double rate, double eps) : IZip3
{ V IZip3.Apply<V>(V p, V g, V s) => p - V.Of(rate) * g / (V.Sqrt(s) + V.Of(eps)); }
