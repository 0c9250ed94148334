namespace Tensorlet.Optim;

/// <summary>
/// Sets the learning rates of the parameter groups of an optimizer. Call <see cref="Step()"/> either after each epoch
/// or after each batch. In the formulas of the schedules, e is the number of calls so far, and lr is the learning rate
/// that a group had before its first schedule was created. Several schedules can share one optimizer: each schedule
/// then scales the rate that the others have set, like PyTorch's chainable schedules. The schedules
/// <see cref="LambdaLR"/>, <see cref="CyclicLR"/>, <see cref="OneCycleLR"/> and
/// <see cref="CosineAnnealingWarmRestarts"/> do so too, although they overwrite the rate in PyTorch.
/// </summary>
public abstract class Scheduler : IStateful
{
    /// <summary>
    /// Creates a schedule for an optimizer. If a group has no schedule yet, its current learning rate becomes the lr of
    /// the formulas.
    /// </summary>
    protected Scheduler(Optimizer optimizer)
    {
        Optimizer = optimizer;
        foreach (var group in optimizer.Given().ParamGroups) group.InitialLr ??= group.Lr;
    }

    /// <summary>The optimizer whose learning rates are set.</summary>
    protected Optimizer Optimizer { get; }
    /// <summary>The number of calls of <see cref="Step()"/> so far, which is e in the formulas.</summary>
    public int LastEpoch { get; private set; }
    /// <summary>The current learning rates of the groups.</summary>
    public double[] LastLr => [.. Optimizer.ParamGroups.Select(group => group.Lr)];

    /// <summary>
    /// Sets the learning rate of a group for e = <paramref name="epoch"/>. The new rate is computed from the current
    /// rate of the group.
    /// </summary>
    private protected abstract void Go(int epoch, ParamGroup group);

    /// <summary>Increases e by 1, and sets the new learning rates.</summary>
    public void Step() => Go(LastEpoch + 1);

    private protected void Go(int epoch)
    {
        foreach (var group in Optimizer.ParamGroups) Go(epoch, group);
        LastEpoch = epoch;
    }

    /// <summary>
    /// Returns the number of steps so far and two learning rates of each group: the rate that the group had before its
    /// first schedule was created, and the current rate. Loading this state also sets these rates in the optimizer. So,
    /// for these rates, it does not matter whether the state of the optimizer is loaded before this state, after it, or
    /// not at all.
    /// </summary>
    public virtual Dictionary<string, Tensor> StateDict() => new(Stateful.Of(("last_epoch", LastEpoch)))
    {
        ["base_lrs"] = Tensor.From([.. Optimizer.ParamGroups.Select(group => group.InitialLr ?? group.Lr)]),
        ["last_lr"] = Tensor.From(LastLr),
    };

    /// <inheritdoc/>
    public virtual void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check(GetType().Name, StateDict(), state);
        var (epoch, first, last) = (Stateful.Count(state, "last_epoch"), Rates("base_lrs"), Rates("last_lr"));
        var momentum = Momentum(epoch, first[0]);
        LastEpoch = epoch;
        foreach (var (i, group) in Optimizer.ParamGroups.Index())
        {
            (group.InitialLr, group.Lr) = (first[i], last[i]);
            if (momentum is { } value) group[group.Momentum] = value;
        }

        double[] Rates(string key) => [.. state[key].ToArray<double>().Select(rate =>
            Stateful.Checked(key, rate, v => ParamGroup.Checked(key, "lr", v)))];
    }

    /// <summary>
    /// Returns the momentum for e = <paramref name="epoch"/>, or null if the schedule does not change the momentum.
    /// </summary>
    /// <exception cref="TensorletException">The schedule ends before this e.</exception>
    private protected virtual double? Momentum(int epoch, double firstLr) => null;
}

/// <summary>
/// A schedule whose learning rate is given by a formula of e and lr (see <see cref="Scheduler"/>). A second formula
/// may give the momentum, which depends only on e.
/// </summary>
public abstract class ClosedForm : Scheduler
{
    readonly Func<int, double, double> rate;
    readonly Func<int, double?>? momentum;
    readonly double floor;

    /// <param name="optimizer">The optimizer.</param>
    /// <param name="rate">The learning rate as a function of e and lr.</param>
    /// <param name="momentum">The momentum as a function of e; null if the schedule does not change it.</param>
    /// <param name="floor">The lowest rate of the schedule. If other schedules have changed the rate, only the part
    /// of the rate above this number is scaled.</param>
    private protected ClosedForm(Optimizer optimizer, Func<int, double, double> rate,
        Func<int, double?>? momentum = null, double floor = 0) : base(optimizer)
    {
        if (momentum?.Invoke(0) is not null && !optimizer.ParamGroups.All(group => group.Has(group.Momentum)))
            throw new TensorletException($"{GetType().Name}: {optimizer.GetType().Name} has no momentum to cycle; " +
                "use cycleMomentum: false.");
        (this.rate, this.momentum, this.floor) = (rate, momentum, floor);
        Go(0);
    }

    private protected sealed override void Go(int epoch, ParamGroup group)
    {
        var isNew = group.InitialLr is null || epoch == 0;
        var first = group.InitialLr ??= group.Lr;
        var (before, now) = (isNew ? first : rate(epoch - 1, first), rate(epoch, first));
        if (momentum?.Invoke(epoch) is { } value) group[group.Momentum] = value;
        // if no other schedule has changed the rate, the new rate is exactly that of the formula
        group.Lr = group.Lr == before || before == floor ? now
            : Math.Max(0, floor + (group.Lr - floor) * (now - floor) / (before - floor));
    }

    private protected sealed override double? Momentum(int epoch, double firstLr)
    {
        rate(epoch, firstLr);
        return momentum?.Invoke(epoch);
    }

    /// <summary>Creates a schedule that consists of several schedules, one after another.</summary>
    private protected ClosedForm(Optimizer optimizer, Func<int, (ClosedForm Schedule, int Epoch)> now)
        : this(optimizer, (e, first) => now(e).Schedule.rate(now(e).Epoch, first),
            e => now(e).Schedule.momentum?.Invoke(now(e).Epoch))
    { }
}

/// <summary>
/// Sets the learning rate to lr·λ(e), where λ is <paramref name="lambda"/>. See <see cref="Scheduler"/> for lr and e.
/// </summary>
public sealed class LambdaLR(Optimizer optimizer, Func<int, double> lambda)
    : ClosedForm(optimizer, (e, lr) => lr * lambda.Given()(e));

/// <summary>
/// Sets the learning rate to lr·γ^⌊e/stepSize⌋, where γ is <paramref name="gamma"/>. See <see cref="Scheduler"/> for lr
/// and e.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="stepSize"/> is not positive, or γ is
/// negative.</exception>
public sealed class StepLR(Optimizer optimizer, int stepSize, double gamma = 0.1) : ClosedForm(optimizer,
    (e, lr) => lr * Math.Pow(gamma.In(nameof(StepLR), 0), e / stepSize.In(nameof(StepLR), 1)));

/// <summary>
/// Sets the learning rate to lr·γⁿ, where γ is <paramref name="gamma"/>, and n is the number of milestones that e has
/// reached. See <see cref="Scheduler"/> for lr and e.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A milestone or γ is negative.</exception>
public sealed class MultiStepLR(Optimizer optimizer, IReadOnlyCollection<int> milestones, double gamma = 0.1)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(gamma.In(nameof(MultiStepLR), 0),
        milestones.Given().Count(milestone => milestone.In(nameof(MultiStepLR), 0) <= e)));

/// <summary>
/// Sets the learning rate to lr·γᵉ, where γ is <paramref name="gamma"/>. See <see cref="Scheduler"/> for lr and e.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">γ is negative.</exception>
public sealed class ExponentialLR(Optimizer optimizer, double gamma)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(gamma.In(nameof(ExponentialLR), 0), e));

/// <summary>
/// Sets the learning rate to η + (lr − η)·(1 + cos(π·e/T))/2, where η is <paramref name="etaMin"/> and T is
/// <paramref name="tMax"/> (Loshchilov and Hutter 2017). See <see cref="Scheduler"/> for lr and e.
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="tMax">T, the number of calls in which the rate falls from lr to η: half the period of the
/// cosine.</param>
/// <param name="etaMin">η, the lowest rate.</param>
/// <exception cref="ArgumentOutOfRangeException">T is not positive, or η is negative.</exception>
public sealed class CosineAnnealingLR(Optimizer optimizer, int tMax, double etaMin = 0) : ClosedForm(optimizer,
    (e, lr) => etaMin + (lr - etaMin) * (1 + Math.Cos(Math.PI * e / tMax.In(nameof(CosineAnnealingLR), 1))) / 2,
    floor: etaMin.In(nameof(CosineAnnealingLR), 0));

/// <summary>
/// Sets the learning rate to η + (lr − η)·(1 + cos(π·t/T))/2, where t counts the calls of
/// <see cref="Scheduler.Step()"/>, and η is <paramref name="etaMin"/>. When t reaches T, t restarts at 0, and T is
/// multiplied by <paramref name="tMult"/> (Loshchilov and Hutter 2017). See <see cref="Scheduler"/> for lr.
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="t0">The first value of T.</param>
/// <param name="tMult">The factor by which T is multiplied at each restart.</param>
/// <param name="etaMin">η, the lowest rate.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="t0"/> or <paramref name="tMult"/> is not positive; or
/// η is negative.</exception>
public sealed class CosineAnnealingWarmRestarts(Optimizer optimizer, int t0, int tMult = 1, double etaMin = 0)
    : ClosedForm(optimizer, (e, lr) =>
    {
        const string name = nameof(CosineAnnealingWarmRestarts);
        var (period, times, eta) = ((long)t0.In(name, 1), tMult.In(name, 1), etaMin.In(name, 0));
        for (; e >= period; period *= times) e -= (int)period;
        return eta + (lr - eta) * (1 + Math.Cos(Math.PI * e / period)) / 2;
    });

/// <summary>
/// Sets the learning rate to lr·f. The factor f changes linearly from <paramref name="startFactor"/> to
/// <paramref name="endFactor"/> in the first <paramref name="totalIters"/> calls of <see cref="Scheduler.Step()"/>, and
/// then stays the same. See <see cref="Scheduler"/> for lr.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">A factor is not between 0 and 1; or <paramref name="startFactor"/> is
/// 0; or <paramref name="totalIters"/> is not positive.</exception>
public sealed class LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1,
    int totalIters = 5) : ClosedForm(optimizer, (e, lr) => lr * (startFactor.In(nameof(LinearLR), double.Epsilon, 1)
        + (endFactor.In(nameof(LinearLR), 0, 1) - startFactor)
        * Math.Min(totalIters.In(nameof(LinearLR), 1), e) / totalIters));

/// <summary>
/// Sets the learning rate to lr·(1 − min(e, totalIters)/totalIters)^power. See <see cref="Scheduler"/> for lr and e.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="totalIters"/> is not positive, or
/// <paramref name="power"/> is negative.</exception>
public sealed class PolynomialLR(Optimizer optimizer, int totalIters = 5, double power = 1)
    : ClosedForm(optimizer, (e, lr) => lr * Math.Pow(1 - Math.Min((double)e
        / totalIters.In(nameof(PolynomialLR), 1), 1), power.In(nameof(PolynomialLR), 0)));

/// <summary>
/// Runs several schedules one after another. The first schedule begins at once, and each later schedule begins at its
/// milestone. In the formula of a schedule, e is 0 when the schedule begins.
/// </summary>
/// <param name="optimizer">The optimizer, which all schedules share.</param>
/// <param name="schedulers">The schedules.</param>
/// <param name="milestones">For the second schedule and each later one, the number of calls of
/// <see cref="Scheduler.Step()"/> after which it begins.</param>
/// <exception cref="ArgumentException">The number of milestones is not the number of schedules minus 1, or the
/// milestones do not ascend.</exception>
public sealed class SequentialLR(Optimizer optimizer, IReadOnlyList<ClosedForm> schedulers,
    IReadOnlyList<int> milestones) : ClosedForm(Begun(optimizer, schedulers, milestones), e =>
    {
        var now = milestones.Count(m => m <= e);
        return (schedulers[now], e - (now == 0 ? 0 : milestones[now - 1]));
    })
{
    /// <summary>
    /// Restores the rates that the groups had before their first schedule, because the constructor of each schedule
    /// has already set the rate with which this schedule starts.
    /// </summary>
    static Optimizer Begun(Optimizer optimizer, IReadOnlyList<ClosedForm> schedulers, IReadOnlyList<int> milestones)
    {
        if (schedulers.Given().Count != milestones.Given().Count + 1
            || !milestones.SequenceEqual(milestones.Distinct().Order()))
            throw new ArgumentException($"SequentialLR: milestones {Layout.Show([.. milestones])} for " +
                $"{schedulers.Count} schedulers: there must be one fewer, in order.");
        foreach (var group in optimizer.Given().ParamGroups) group.Lr = group.InitialLr ?? group.Lr;
        return optimizer;
    }
}

/// <summary>
/// Multiplies the learning rates by <paramref name="factor"/> when the metric that is passed to
/// <see cref="Step(double)"/> has not improved for more than <paramref name="patience"/> calls in a row. Let b be the
/// best value so far. A value of the metric is an improvement if it is below b − m or, if <paramref name="max"/> is
/// true, above b + m. The margin m is <paramref name="threshold"/>·|b| or, if <paramref name="absolute"/> is true,
/// <paramref name="threshold"/>.
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="max">If true, larger values are better. If false, smaller values are better.</param>
/// <param name="factor">The factor by which the rates are multiplied.</param>
/// <param name="patience">The number of calls without improvement that are tolerated.</param>
/// <param name="threshold">By how much the metric must improve, so that it counts as an improvement; see
/// <paramref name="absolute"/>.</param>
/// <param name="absolute">If true, the threshold is a difference from the best value. If false, it is a fraction of the
/// best value.</param>
/// <param name="cooldown">After each reduction of the rates, this number of calls must pass before calls without
/// improvement are counted again.</param>
/// <param name="minLr">The lower limit of the reduction: no rate is reduced to less than this number.</param>
/// <param name="eps">A rate is only reduced if the reduction is larger than this number.</param>
public sealed class ReduceLROnPlateau(Optimizer optimizer, bool max = false, double factor = 0.1, int patience = 10,
    double threshold = 1e-4, bool absolute = false, int cooldown = 0, double minLr = 0, double eps = 1e-8)
    : Scheduler(optimizer)
{
    const string Name = nameof(ReduceLROnPlateau);
    readonly (double Factor, double Threshold, double MinLr, double Eps) by =
        (factor.In(Name, 0, Ranges.Below1), threshold.In(Name, 0), minLr.In(Name, 0), eps.In(Name, 0));
    readonly (int Patience, int Cooldown) calls = (patience.In(Name, 0), cooldown.In(Name, 0));
    int bad, cooling;
    bool reduces;

    /// <summary>The best value of the metric so far.</summary>
    public double Best { get; private set; } = max ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>
    /// Takes the current value of the metric. If more than <c>patience</c> calls in a row have brought no
    /// improvement, reduces the learning rates. NaN does not count as an improvement.
    /// </summary>
    public void Step(double metric)
    {
        var margin = double.IsInfinity(Best) ? 0 : absolute ? by.Threshold : by.Threshold * Math.Abs(Best);
        if (max ? metric > Best + margin : metric < Best - margin) (Best, bad) = (metric, 0);
        else bad++;
        if (cooling > 0) (cooling, bad) = (cooling - 1, 0);
        if (reduces = bad > calls.Patience) (cooling, bad) = (calls.Cooldown, 0);
        Step();
    }

    private protected override void Go(int epoch, ParamGroup group)
    {
        var next = Math.Max(group.Lr * by.Factor, by.MinLr);
        if (reduces && group.Lr - next > by.Eps) group.Lr = next;
    }

    /// <inheritdoc/>
    public override Dictionary<string, Tensor> StateDict() =>
        new([.. base.StateDict(), .. Stateful.Of(("num_bad_epochs", bad), ("cooldown_counter", cooling))])
        { ["best"] = Tensor.Scalar(Best, DType.Float64, Device.Cpu) };

    /// <inheritdoc/>
    public override void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        Stateful.Check(GetType().Name, StateDict(), state);
        var counts = (Stateful.Count(state, "num_bad_epochs"), Stateful.Count(state, "cooldown_counter"));
        var best = state["best"].Item();
        if (double.IsNaN(best)) throw new TensorletException("LoadStateDict: 'best' is NaN; nothing could be better.");
        base.LoadStateDict(state);
        ((bad, cooling), Best) = (counts, best);
    }
}
