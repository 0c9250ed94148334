namespace Tensorlet.Optim;

/// <summary>
/// Raises the learning rate from maxLr/divFactor to maxLr in the first pctStart·totalSteps steps, and then lowers it to
/// maxLr/(divFactor·finalDivFactor). While the rate rises, the momentum falls from <paramref name="maxMomentum"/> to
/// <paramref name="baseMomentum"/>. While the rate falls, the momentum rises to <paramref name="maxMomentum"/> again
/// (Smith and Topin 2019).
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="maxLr">The highest rate.</param>
/// <param name="totalSteps">The number of steps. Every further step throws an exception.</param>
/// <param name="pctStart">The fraction of the steps in which the rate rises. It is between 0 and 1 or, if
/// <paramref name="threePhase"/> is true, between 0 and ½.</param>
/// <param name="linear">If true, the rate and the momentum change linearly. If false, they follow half a period of a
/// cosine in each phase.</param>
/// <param name="cycleMomentum">Whether the momentum, or β₁ in optimizers that have a β₁, is scheduled too.</param>
/// <param name="baseMomentum">The lowest momentum.</param>
/// <param name="maxMomentum">The highest momentum.</param>
/// <param name="divFactor">The ratio of the highest rate to the first rate.</param>
/// <param name="finalDivFactor">The ratio of the first rate to the last rate.</param>
/// <param name="threePhase">If true, there are three phases. The rate rises to the highest rate, falls to the first
/// rate again in the same number of steps, and then falls to the last rate; in the third phase, the momentum does not
/// change. If false, the rate rises and then falls to the last rate in a single phase.</param>
/// <exception cref="TensorletException"><paramref name="cycleMomentum"/> is true, but the optimizer has neither a
/// momentum nor a β₁.</exception>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLr"/> or a momentum is negative;
/// <paramref name="totalSteps"/>, <paramref name="divFactor"/> or <paramref name="finalDivFactor"/> is not positive; or
/// <paramref name="pctStart"/> is outside its range.</exception>
public sealed class OneCycleLR(Optimizer optimizer, double maxLr, int totalSteps, double pctStart = 0.3,
    bool linear = false, bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95,
    double divFactor = 25, double finalDivFactor = 1e4, bool threePhase = false)
    : ClosedForm(optimizer,
        (e, _) => At(e, linear, Points(totalSteps, pctStart, threePhase,
            maxLr.In(nameof(OneCycleLR), 0) / divFactor.In(nameof(OneCycleLR), double.Epsilon), maxLr,
            maxLr / divFactor / finalDivFactor.In(nameof(OneCycleLR), double.Epsilon))),
        cycleMomentum ? e => At(e, linear, Points(totalSteps, pctStart, threePhase,
            maxMomentum.In(nameof(OneCycleLR), 0), baseMomentum.In(nameof(OneCycleLR), 0), maxMomentum)) : null)
{
    /// <summary>
    /// Returns the points between which the schedule interpolates: the beginning, and the end of each phase.
    /// </summary>
    static (double E, double Value)[] Points(
        int totalSteps, double pctStart, bool threePhase, double first, double most, double last)
    {
        var top = pctStart.In(nameof(OneCycleLR), 0, threePhase ? 0.5 : 1) * totalSteps.In(nameof(OneCycleLR), 1) - 1;
        return [(0, first), (top, most), .. threePhase ? [(2 * top, first)] : Array.Empty<(double, double)>(),
            (totalSteps - 1, last)];
    }

    /// <summary>Interpolates between the values at the beginning and the end of the phase that contains e.</summary>
    static double At(int e, bool linear, (double E, double Value)[] points)
    {
        if (e > points[^1].E + 1) throw new TensorletException($"OneCycleLR: step {e} of {points[^1].E + 1} steps.");
        var phase = points[1..^1].Count(point => e > point.E);
        var ((start, from), (end, to)) = (points[phase], points[phase + 1]);
        if (end <= start) return to;                                    // a phase without steps
        var part = (e - start) / (end - start);
        return linear ? (to - from) * part + from : to + (from - to) / 2 * (1 + Math.Cos(Math.PI * part));
    }
}

/// <summary>
/// How the heights of the peaks of a <see cref="CyclicLR"/> change during training. A height is measured from the
/// lowest rate.
/// </summary>
public enum CyclicMode
{
    /// <summary>All peaks have the same height.</summary>
    Triangular,
    /// <summary>Each peak is half as high as the one before.</summary>
    Triangular2,
    /// <summary>
    /// The distance between the learning rate and the lowest rate is multiplied by γᵉ, where γ is the argument
    /// <c>gamma</c> of <see cref="CyclicLR"/>, and e is the number of steps so far.
    /// </summary>
    ExpRange,
}

/// <summary>
/// Moves the learning rate linearly up and down between <paramref name="baseLr"/> and <paramref name="maxLr"/>. The
/// momentum falls while the rate rises, and rises while the rate falls (Smith 2017).
/// </summary>
/// <param name="optimizer">The optimizer.</param>
/// <param name="baseLr">The lowest rate.</param>
/// <param name="maxLr">The highest rate.</param>
/// <param name="stepSizeUp">The number of steps in which the rate rises.</param>
/// <param name="stepSizeDown">The number of steps in which the rate falls. If it is not given, it is equal to
/// <paramref name="stepSizeUp"/>.</param>
/// <param name="mode">How the heights of the peaks change.</param>
/// <param name="gamma">γ, which only <see cref="CyclicMode.ExpRange"/> uses.</param>
/// <param name="cycleMomentum">Whether the momentum, or β₁ in optimizers that have a β₁, is scheduled too.</param>
/// <param name="baseMomentum">The lowest momentum.</param>
/// <param name="maxMomentum">The highest momentum.</param>
/// <exception cref="TensorletException"><paramref name="cycleMomentum"/> is true, but the optimizer has neither a
/// momentum nor a β₁.</exception>
/// <exception cref="ArgumentOutOfRangeException">A rate, a momentum or γ is negative; or a number of steps is not
/// positive.</exception>
public sealed class CyclicLR(Optimizer optimizer, double baseLr, double maxLr, int stepSizeUp = 2000,
    int? stepSizeDown = null, CyclicMode mode = CyclicMode.Triangular, double gamma = 1, bool cycleMomentum = true,
    double baseMomentum = 0.8, double maxMomentum = 0.9)
    : ClosedForm(optimizer,
        (e, _) => baseLr.In(nameof(CyclicLR), 0) + (maxLr.In(nameof(CyclicLR), 0) - baseLr)
            * Height(e, stepSizeUp, stepSizeDown ?? stepSizeUp, mode, gamma),
        cycleMomentum ? e => maxMomentum.In(nameof(CyclicLR), 0) - (maxMomentum - baseMomentum.In(nameof(CyclicLR), 0))
            * Height(e, stepSizeUp, stepSizeDown ?? stepSizeUp, mode, gamma) : null)
{
    static double Height(int e, int stepSizeUp, int stepSizeDown, CyclicMode mode, double gamma)
    {
        var total = (double)stepSizeUp.In(nameof(CyclicLR), 1) + stepSizeDown.In(nameof(CyclicLR), 1);
        var cycle = Math.Floor(1 + e / total);
        var (x, ratio) = (1 + e / total - cycle, stepSizeUp / total);
        var decay = Math.Pow(gamma.In(nameof(CyclicLR), 0), e);
        return (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * mode switch
        {
            CyclicMode.Triangular2 => 1 / Math.Pow(2, cycle - 1),
            CyclicMode.ExpRange => decay,
            _ => 1,
        };
    }
}
