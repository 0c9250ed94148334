namespace Tensorlet.Optim;

/// <summary>Schedules of the rate and, the other way, of the momentum (or β₁).</summary>
public abstract class Cycle : Scheduler
{
    private protected Cycle(Optimizer optimizer) : base(optimizer) { }

    /// <summary>The momentum at e, if it is scheduled.</summary>
    internal abstract double? Momentum(int epoch);

    private protected void SetMomentum(int epoch)
    {
        if (Momentum(epoch) is not { } momentum) return;
        foreach (var group in Optimizer.ParamGroups) group[group.Has("beta1") ? "beta1" : "momentum"] = momentum;
    }

    private protected void CheckMomentum()
    {
        var all = Optimizer.ParamGroups.All(group => group.Has("beta1") || group.Has("momentum"));
        if (Momentum(0) is not null && !all)
            throw new TensorletException($"{GetType().Name}: {Optimizer.GetType().Name} has no momentum to cycle; " +
                "say cycleMomentum: false.");
    }
}

/// <summary>
/// From maxLr/divFactor up to maxLr within a part of the steps, and down to that divided by finalDivFactor; momentum
/// goes the other way (Smith and Topin 2019).
/// </summary>
public sealed class OneCycleLR : Cycle
{
    readonly int totalSteps;
    readonly double maxLr, first, last, baseMomentum, maxMomentum;
    readonly bool linear, cycleMomentum;
    readonly double[] ends;             // of the phases

    /// <param name="optimizer">The optimizer.</param>
    /// <param name="maxLr">The highest rate.</param>
    /// <param name="totalSteps">The number of steps.</param>
    /// <param name="pctStart">The part of them in which the rate rises.</param>
    /// <param name="linear">Whether rates go in straight lines, and not along cosines.</param>
    /// <param name="cycleMomentum">Whether momentum, or β₁, is scheduled too.</param>
    /// <param name="baseMomentum">The lowest momentum.</param>
    /// <param name="maxMomentum">The highest momentum.</param>
    /// <param name="divFactor">How many times the first rate is in the highest.</param>
    /// <param name="finalDivFactor">How many times the last rate is in the first.</param>
    /// <param name="threePhase">Whether to go down to the first rate as fast as up, and then on.</param>
    /// <exception cref="TensorletException">The optimizer has no momentum.</exception>
    public OneCycleLR(Optimizer optimizer, double maxLr, int totalSteps, double pctStart = 0.3, bool linear = false,
        bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95, double divFactor = 25,
        double finalDivFactor = 1e4, bool threePhase = false) : base(optimizer)
    {
        (this.totalSteps, this.maxLr, first) = (Positive(totalSteps, nameof(totalSteps)), maxLr, maxLr / divFactor);
        (last, this.linear, this.cycleMomentum) = (first / finalDivFactor, linear, cycleMomentum);
        (this.baseMomentum, this.maxMomentum) = (baseMomentum, maxMomentum);
        ends = threePhase ? [pctStart * totalSteps - 1, 2 * pctStart * totalSteps - 2, totalSteps - 1]
            : [pctStart * totalSteps - 1, totalSteps - 1];
        CheckMomentum();
        Go(0);
    }

    internal override double Rate(int epoch, double rate, ParamGroup group)
    {
        if (epoch >= totalSteps + 1)
            throw new TensorletException($"OneCycleLR: step {epoch} of {totalSteps} steps.");
        SetMomentum(epoch);
        return At(epoch, ends.Length == 3 ? [first, maxLr, first, last] : [first, maxLr, last]);
    }

    internal override double? Momentum(int epoch) => !cycleMomentum ? null
        : At(epoch, [maxMomentum, baseMomentum, maxMomentum, .. ends.Length == 3 ? (double[])[maxMomentum] : []]);

    /// <summary>Between the values at the ends of the phase that e is in.</summary>
    double At(int epoch, double[] values)
    {
        var phase = 0;
        while (phase < ends.Length - 1 && epoch > ends[phase]) phase++;
        var start = phase == 0 ? 0 : ends[phase - 1];
        var part = (epoch - start) / (ends[phase] - start);
        var (from, to) = (values[phase], values[phase + 1]);
        return linear ? (to - from) * part + from : to + (from - to) / 2 * (1 + Math.Cos(Math.PI * part));
    }
}

/// <summary>How the peaks of a cyclic schedule change.</summary>
public enum CyclicMode
{
    /// <summary>Not at all.</summary>
    Triangular,
    /// <summary>Half as high in each cycle.</summary>
    Triangular2,
    /// <summary>γᵉ times as high.</summary>
    ExpRange,
}

/// <summary>Up and down between two rates in straight lines; momentum goes the other way (Smith 2017).</summary>
public sealed class CyclicLR : Cycle
{
    readonly double baseLr, maxLr, gamma, baseMomentum, maxMomentum;
    readonly double up, total;
    readonly CyclicMode mode;
    readonly bool cycleMomentum;

    /// <param name="optimizer">The optimizer.</param>
    /// <param name="baseLr">The lowest rate.</param>
    /// <param name="maxLr">The highest rate.</param>
    /// <param name="stepSizeUp">Steps in which it rises.</param>
    /// <param name="stepSizeDown">Steps in which it falls; as many if not given.</param>
    /// <param name="mode">How the peaks change.</param>
    /// <param name="gamma">γ</param>
    /// <param name="cycleMomentum">Whether momentum, or β₁, is scheduled too.</param>
    /// <param name="baseMomentum">The lowest momentum.</param>
    /// <param name="maxMomentum">The highest momentum.</param>
    /// <exception cref="TensorletException">The optimizer has no momentum.</exception>
    public CyclicLR(Optimizer optimizer, double baseLr, double maxLr, int stepSizeUp = 2000, int? stepSizeDown = null,
        CyclicMode mode = CyclicMode.Triangular, double gamma = 1, bool cycleMomentum = true,
        double baseMomentum = 0.8, double maxMomentum = 0.9) : base(optimizer)
    {
        (this.baseLr, this.maxLr, this.gamma, this.mode) = (baseLr, maxLr, gamma, mode);
        (up, total) = (Positive(stepSizeUp, nameof(stepSizeUp)), stepSizeUp + (stepSizeDown ?? stepSizeUp));
        (this.cycleMomentum, this.baseMomentum, this.maxMomentum) = (cycleMomentum, baseMomentum, maxMomentum);
        CheckMomentum();
        Go(0);
    }

    internal override double Rate(int epoch, double rate, ParamGroup group)
    {
        SetMomentum(epoch);
        return baseLr + (maxLr - baseLr) * Height(epoch);
    }

    internal override double? Momentum(int epoch) =>
        cycleMomentum ? maxMomentum - (maxMomentum - baseMomentum) * Height(epoch) : null;

    double Height(int epoch)
    {
        var cycle = Math.Floor(1 + epoch / total);
        var (x, ratio) = (1 + epoch / total - cycle, up / total);
        var height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
        return height * mode switch
        {
            CyclicMode.Triangular2 => 1 / Math.Pow(2, cycle - 1),
            CyclicMode.ExpRange => Math.Pow(gamma, epoch),
            _ => 1,
        };
    }
}
