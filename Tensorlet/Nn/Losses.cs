namespace Tensorlet.Nn;

/// <summary>A loss that is computed from two arguments, for example from a result and its target.</summary>
/// <param name="loss">The function that computes the loss.</param>
public abstract class Loss(Func<Variable, Variable, Variable> loss)
{
    /// <summary>Computes the loss of an input for the given target.</summary>
    public Variable Call(Variable input, Variable target) => Forward(input, target);
    /// <inheritdoc cref="Call"/>
    public Variable Forward(Variable input, Variable target) => loss(input.Given(), target.Given());
    /// <summary>Returns the name of the loss, in the format of PyTorch.</summary>
    public override string ToString() => $"{GetType().Name}()";
}

/// <summary>A loss that is computed from three arguments, for example from the three samples of a triplet.</summary>
/// <param name="loss">The function that computes the loss.</param>
public abstract class Loss3(Func<Variable, Variable, Variable, Variable> loss)
{
    /// <summary>Computes the loss of the three arguments.</summary>
    public Variable Call(Variable first, Variable second, Variable third) =>
        loss(first.Given(), second.Given(), third.Given());
    /// <summary>Returns the name of the loss, in the format of PyTorch.</summary>
    public override string ToString() => $"{GetType().Name}()";
}

/// <inheritdoc cref="F.MseLoss"/>
public sealed class MSELoss(Reduction reduction = Reduction.Mean) : Loss((x, t) => F.MseLoss(x, t, reduction));

/// <inheritdoc cref="F.L1Loss"/>
public sealed class L1Loss(Reduction reduction = Reduction.Mean) : Loss((x, t) => F.L1Loss(x, t, reduction));

/// <inheritdoc cref="F.SmoothL1Loss"/>
public sealed class SmoothL1Loss(Reduction reduction = Reduction.Mean, double beta = 1)
    : Loss((x, t) => F.SmoothL1Loss(x, t, reduction, beta));

/// <inheritdoc cref="F.HuberLoss"/>
public sealed class HuberLoss(Reduction reduction = Reduction.Mean, double delta = 1)
    : Loss((x, t) => F.HuberLoss(x, t, reduction, delta));

/// <inheritdoc cref="F.CrossEntropy"/>
public sealed class CrossEntropyLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean,
    long ignoreIndex = -100, double labelSmoothing = 0)
    : Loss((x, t) => F.CrossEntropy(x, t, weight, reduction, ignoreIndex, labelSmoothing));

/// <inheritdoc cref="F.NllLoss"/>
public sealed class NLLLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean, long ignoreIndex = -100)
    : Loss((x, t) => F.NllLoss(x, t.Data, weight, reduction, ignoreIndex));

/// <inheritdoc cref="F.BinaryCrossEntropy"/>
public sealed class BCELoss(Tensor? weight = null, Reduction reduction = Reduction.Mean)
    : Loss((x, t) => F.BinaryCrossEntropy(x, t, weight, reduction));

/// <inheritdoc cref="F.BinaryCrossEntropyWithLogits"/>
public sealed class BCEWithLogitsLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean,
    Tensor? posWeight = null)
    : Loss((x, t) => F.BinaryCrossEntropyWithLogits(x, t, weight, reduction, posWeight));

/// <inheritdoc cref="F.KlDiv"/>
public sealed class KLDivLoss(Reduction reduction = Reduction.Mean, bool logTarget = false)
    : Loss((x, t) => F.KlDiv(x, t, reduction, logTarget));

/// <inheritdoc cref="F.HingeEmbeddingLoss"/>
public sealed class HingeEmbeddingLoss(double margin = 1, Reduction reduction = Reduction.Mean)
    : Loss((x, t) => F.HingeEmbeddingLoss(x, t, margin, reduction));

/// <inheritdoc cref="F.MarginRankingLoss"/>
public sealed class MarginRankingLoss(double margin = 0, Reduction reduction = Reduction.Mean)
    : Loss3((x, y, t) => F.MarginRankingLoss(x, y, t, margin, reduction));

/// <inheritdoc cref="F.CosineEmbeddingLoss"/>
public sealed class CosineEmbeddingLoss(double margin = 0, Reduction reduction = Reduction.Mean)
    : Loss3((x, y, t) => F.CosineEmbeddingLoss(x, y, t, margin, reduction));

/// <inheritdoc cref="F.TripletMarginLoss"/>
public sealed class TripletMarginLoss(double margin = 1, double p = 2, double eps = 1e-6, bool swap = false,
    Reduction reduction = Reduction.Mean)
    : Loss3((a, b, c) => F.TripletMarginLoss(a, b, c, margin, p, eps, swap, reduction));

/// <inheritdoc cref="F.GaussianNllLoss"/>
public sealed class GaussianNLLLoss(bool full = false, double eps = 1e-6, Reduction reduction = Reduction.Mean)
    : Loss3((x, t, v) => F.GaussianNllLoss(x, t, v, full, eps, reduction));

/// <inheritdoc cref="F.PoissonNllLoss"/>
public sealed class PoissonNLLLoss(bool logInput = true, bool full = false, double eps = 1e-8,
    Reduction reduction = Reduction.Mean) : Loss((x, t) => F.PoissonNllLoss(x, t, logInput, full, eps, reduction));

/// <inheritdoc cref="F.CosineSimilarity"/>
public sealed class CosineSimilarity(int dim = 1, double eps = 1e-8)
    : Loss((x, y) => F.CosineSimilarity(x, y, dim, eps));

/// <inheritdoc cref="F.PairwiseDistance"/>
public sealed class PairwiseDistance(double p = 2, double eps = 1e-6, bool keepdim = false)
    : Loss((x, y) => F.PairwiseDistance(x, y, p, eps, keepdim));

/// <inheritdoc cref="F.CtcLoss"/>
public sealed class CTCLoss(int blank = 0, Reduction reduction = Reduction.Mean, bool zeroInfinity = false)
{
    /// <inheritdoc cref="F.CtcLoss"/>
    public Variable Call(Variable logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths) =>
        F.CtcLoss(logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
    /// <inheritdoc/>
    public override string ToString() => "CTCLoss()";
}
