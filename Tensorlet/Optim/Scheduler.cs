namespace Tensorlet.Optim;

/// <summary>
/// Sets the learning rates of an optimizer's groups. <see cref="Step()"/> is called after each epoch, or after each
/// batch, as one counts; e is the number of calls.
/// </summary>
public abstract class Scheduler : IStateful
{
    /// <summary>A schedule for an optimizer, from the rates that its groups had at their first schedule.</summary>
    protected Scheduler(Optimizer optimizer)
    {
        Optimizer = optimizer;
        foreach (var group in optimizer.ParamGroups) group.InitialLr ??= group.Lr;
    }

    /// <summary>The optimizer.</summary>
    protected Optimizer Optimizer { get; }
    /// <summary>e, the number of calls of Step.</summary>
    public int LastEpoch { get; private set; }
    /// <summary>The rates of the groups now.</summary>
    public double[] LastLr => [.. Optimizer.ParamGroups.Select(group => group.Lr)];

    /// <summary>The rate of a group at e.</summary>
    internal abstract double Rate(int epoch, ParamGroup group);

    /// <summary>The next rates.</summary>
    public void Step() => Go(LastEpoch + 1);

    private protected void Go(int epoch)
    {
        foreach (var group in Optimizer.ParamGroups)
        {
            group.InitialLr ??= group.Lr;           // it came later
            group.Lr = Rate(epoch, group);
        }
        LastEpoch = epoch;
    }

    /// <inheritdoc/>
    public virtual Dictionary<string, Tensor> StateDict() => new()
    {
        ["last_epoch"] = Tensor.From([(long)LastEpoch], []),
        ["base_lrs"] = Tensor.From([.. Optimizer.ParamGroups.Select(group => group.InitialLr ?? group.Lr)]),
    };

    /// <inheritdoc/>
    public virtual void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check(GetType().Name, StateDict(), state);
        LastEpoch = (int)state["last_epoch"].Item();
        foreach (var (group, rate) in Optimizer.ParamGroups.Zip(state["base_lrs"].ToArray<double>()))
            group.InitialLr = rate;
    }

    private protected static int Positive(int value, string name) =>
        value > 0 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive.");
}

/// <summary>A rate, and perhaps a momentum, that depend on e and the first rate alone.</summary>
public abstract class ClosedForm : Scheduler
{
    readonly Func<int, double, double> rate;
    readonly Func<int, double>? momentum;

    private protected ClosedForm(
        Optimizer optimizer, Func<int, double, double> rate, Func<int, double>? momentum = null) : base(optimizer)
    {
        if (momentum is not null && !optimizer.ParamGroups.All(group => group.Has(Momentum(group))))
            throw new TensorletException($"{GetType().Name}: {optimizer.GetType().Name} has no momentum to cycle; " +
                "say cycleMomentum: false.");
        (this.rate, this.momentum) = (rate, momentum);
        Go(0);
    }

    internal sealed override double Rate(int epoch, ParamGroup group)
    {
        if (momentum is not null) group[Momentum(group)] = momentum(epoch);
        return rate(epoch, group.InitialLr!.Value);
    }

    static string Momentum(ParamGroup group) => group.Has("beta1") ? "beta1" : "momentum";
}

/// <summary>lr·λ(e)</summary>
public sealed class LambdaLR(Optimizer optimizer, Func<int, double> lambda)
    : ClosedForm(optimizer, (e, lr) => lr * lambda(e));

/// <summary>lr·γ^⌊e/stepSize⌋</summary>
public sealed class StepLR(Optimizer optimizer, int stepSize, double gamma = 0.1)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(gamma, e / Positive(stepSize, nameof(stepSize))));

/// <summary>lr·γⁿ, where n milestones are reached.</summary>
public sealed class MultiStepLR(Optimizer optimizer, IReadOnlyCollection<int> milestones, double gamma = 0.1)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(gamma, milestones.Count(m => m <= e)));

/// <summary>lr·γᵉ</summary>
public sealed class ExponentialLR(Optimizer optimizer, double gamma)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(gamma, e));

/// <summary>η + (lr − η)·(1 + cos(π·e/T))/2 (Loshchilov and Hutter 2017).</summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="tMax">T, half a period.</param>
/// <param name="etaMin">η</param>
public sealed class CosineAnnealingLR(Optimizer optimizer, int tMax, double etaMin = 0) : ClosedForm(optimizer,
    (e, lr) => etaMin + (lr - etaMin) * (1 + Math.Cos(Math.PI * e / Positive(tMax, nameof(tMax)))) / 2);

/// <summary>
/// η + (lr − η)·(1 + cos(π·t/T))/2, where t begins again after T, which grows tMult times each time (Loshchilov and
/// Hutter 2017).
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="t0">The first T.</param>
/// <param name="tMult">How many times as long the next one is.</param>
/// <param name="etaMin">η</param>
public sealed class CosineAnnealingWarmRestarts(Optimizer optimizer, int t0, int tMult = 1, double etaMin = 0)
    : ClosedForm(optimizer, (e, lr) =>
    {
        var period = Positive(t0, nameof(t0));
        Positive(tMult, nameof(tMult));
        for (; e >= period; period *= tMult) e -= period;
        return etaMin + (lr - etaMin) * (1 + Math.Cos(Math.PI * e / period)) / 2;
    });

/// <summary>lr·f, where f goes in a straight line from startFactor to endFactor within totalIters.</summary>
public sealed class LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1,
    int totalIters = 5) : ClosedForm(optimizer, (e, lr) => lr * (startFactor + (endFactor - startFactor)
        * Math.Min(Positive(totalIters, nameof(totalIters)), e) / totalIters));

/// <summary>lr·(1 − min(e, totalIters)/totalIters)^power</summary>
public sealed class PolynomialLR(Optimizer optimizer, int totalIters = 5, double power = 1)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(1 - Math.Min((double)e
        / Positive(totalIters, nameof(totalIters)), 1), power));

/// <summary>Schedules one after another; each begins with e = 0 at its milestone.</summary>
public sealed class SequentialLR : Scheduler
{
    readonly Scheduler[] schedulers;
    readonly int[] milestones;

    /// <summary>Schedules for one optimizer, and where all but the first begin.</summary>
    /// <exception cref="ArgumentException">The milestones are not one fewer, in order.</exception>
    public SequentialLR(Optimizer optimizer, IReadOnlyList<Scheduler> schedulers, IReadOnlyList<int> milestones)
        : base(optimizer)
    {
        (this.schedulers, this.milestones) = ([.. schedulers], [.. milestones]);
        if (schedulers.Count != milestones.Count + 1 || !milestones.SequenceEqual(milestones.Distinct().Order()))
            throw new ArgumentException($"SequentialLR: milestones [{string.Join(", ", milestones)}] for " +
                $"{schedulers.Count} schedulers: they are one fewer, in order.");
        Go(0);
    }

    internal override double Rate(int epoch, ParamGroup group)
    {
        var now = milestones.Count(m => m <= epoch);
        return schedulers[now].Rate(epoch - (now == 0 ? 0 : milestones[now - 1]), group);
    }
}

/// <summary>
/// lr·factor when a metric has not become better for more than patience calls; better is below best·(1 − threshold), or
/// above best·(1 + threshold).
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="max">Whether more is better.</param>
/// <param name="factor">What the rates are multiplied by.</param>
/// <param name="patience">How many calls without progress are borne.</param>
/// <param name="threshold">What counts as better.</param>
/// <param name="absolute">Whether the threshold is a difference, and not a part of the best.</param>
/// <param name="cooldown">Calls after a change that do not count.</param>
/// <param name="minLr">The least rate.</param>
/// <param name="eps">Smaller changes are not made.</param>
public sealed class ReduceLROnPlateau(Optimizer optimizer, bool max = false, double factor = 0.1, int patience = 10,
    double threshold = 1e-4, bool absolute = false, int cooldown = 0, double minLr = 0, double eps = 1e-8)
    : Scheduler(optimizer)
{
    readonly double factor = factor < 1 ? factor
        : throw new ArgumentOutOfRangeException(nameof(factor), factor, "factor must be below 1.");
    double best = max ? double.NegativeInfinity : double.PositiveInfinity;
    int bad, cooling;
    bool reduces;

    /// <summary>The best metric so far.</summary>
    public double Best => best;

    /// <summary>Tells the metric, and reduces the rates if it is time.</summary>
    public void Step(double metric)
    {
        var margin = absolute ? threshold : threshold * Math.Abs(best);
        if (double.IsInfinity(best)) margin = 0;
        if (max ? metric > best + margin : metric < best - margin) (best, bad) = (metric, 0);
        else bad++;
        if (cooling > 0) (cooling, bad) = (cooling - 1, 0);
        if (reduces = bad > patience) (cooling, bad) = (cooldown, 0);
        Step();
    }

    internal override double Rate(int epoch, ParamGroup group)
    {
        var next = Math.Max(group.Lr * factor, minLr);
        return reduces && group.Lr - next > eps ? next : group.Lr;
    }

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> StateDict() => new(base.StateDict())
    {
        ["best"] = Tensor.Scalar(best, DType.Float64, Device.Cpu),
        ["num_bad_epochs"] = Tensor.From([(long)bad], []),
        ["cooldown_counter"] = Tensor.From([(long)cooling], []),
    };

    /// <inheritdoc/>
    public override void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        base.LoadStateDict(state);
        best = state["best"].Item();
        (bad, cooling) = ((int)state["num_bad_epochs"].Item(), (int)state["cooldown_counter"].Item());
    }
}
