namespace Tensorlet;

/// <summary>How a loss makes one number of many.</summary>
public enum Reduction
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>The mean; where classes have weights or are ignored, the weighted mean of those that count.</summary>
    Mean,
    /// <summary>The sum.</summary>
    Sum,
    /// <summary>The sum, divided by the size of the first axis.</summary>
    BatchMean,
}

public static partial class F
{
    static Variable Reduced(Variable x, Reduction reduction) => reduction switch
    {
        Reduction.None => x,
        Reduction.Sum => x.Sum(),
        Reduction.BatchMean => x.Sum() / x.Size(0),
        _ => x.Mean(),
    };

    /// <summary>f(x, target), reduced in the same pass.</summary>
    static Variable Loss<F>(string operation, F f, Variable x, Variable target, Reduction reduction)
        where F : struct, IZip
    {
        // broadcasting by which every input meets every target trains quietly and wrongly
        var common = Layout.Product(Layout.Broadcast(operation, x.Data.Layout, target.Data.Layout));
        return x.Numel == target.Numel && common == x.Numel
            ? Reduced(operation, new Of2<F>(f), reduction, x, target) : throw new ShapeException(
            $"{operation}: inputs of shape {x.Data.Layout} and targets of shape {target.Data.Layout} would spread " +
            "over one another. Reshape one to the shape of the other.");
    }

    static Variable Reduced<F>(string operation, F f, Reduction reduction, params ReadOnlySpan<Variable> x)
        where F : struct, IFormula
    {
        if (reduction == Reduction.None) return Variable.Apply(f, operation, x);
        int[] shape = Tensor.Common(operation, Array.ConvertAll(x.ToArray(), input => input.Data)),
            axes = [.. Enumerable.Range(0, shape.Length)];
        var sum = Variable.Total(f, operation, axes, x).Reshape();
        return reduction == Reduction.Sum ? sum
            : sum / (reduction == Reduction.Mean ? Layout.Product(shape) : shape[0]);
    }

    /// <summary>(x − target)².</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable MseLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Loss("MSELoss", new SquaredError(), x, target, reduction);

    /// <summary>|x − target|, with a gradient of 0 where they are equal.</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable L1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Loss("L1Loss", new AbsoluteError(), x, target, reduction);

    /// <summary>With d = x − target: d²/(2β) where |d| is below β, else |d| − β/2 (Girshick 2015).</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable SmoothL1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double beta = 1) => beta == 0 ? L1Loss(x, target, reduction)
            : Loss("SmoothL1Loss", new HuberFormula(beta, 1 / beta), x, target, reduction);

    /// <summary>With d = x − target: d²/2 where |d| is at most δ, else δ·(|d| − δ/2) (Huber 1964).</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable HuberLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double delta = 1) => Loss("HuberLoss", new HuberFormula(delta, 1), x, target, reduction);

    /// <summary>
    /// −ln p of the classes, of log probabilities (N, C, …) and classes (N, …) as Int64, or (C) and ().
    /// </summary>
    /// <param name="x">ln p.</param>
    /// <param name="target">Classes.</param>
    /// <param name="weight">The weight of each class, (C).</param>
    /// <param name="reduction">The mean is weighted, and leaves out what is ignored.</param>
    /// <param name="ignoreIndex">A target that does not count.</param>
    /// <exception cref="ShapeException">The shapes do not belong together.</exception>
    /// <exception cref="IndexException">A target is no class.</exception>
    public static Variable NllLoss(Variable x, Tensor target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, long ignoreIndex = -100) =>
        Likelihood("NLLLoss", x, target, weight, reduction, ignoreIndex, 0, false);

    /// <summary>
    /// −ln softmax(x) of the classes: scores (N, C, …) against classes (N, …) as Int64, (C) against (), or against
    /// probabilities of the scores' shape.
    /// </summary>
    /// <param name="x">Scores, also called logits.</param>
    /// <param name="target">Classes, or probabilities.</param>
    /// <param name="weight">The weight of each class, (C).</param>
    /// <param name="reduction">The mean is weighted for classes, and leaves out what is ignored.</param>
    /// <param name="ignoreIndex">A target class that does not count.</param>
    /// <param name="labelSmoothing">What part of the probability is spread evenly (Szegedy et al. 2016).</param>
    /// <exception cref="ShapeException">The shapes do not belong together.</exception>
    /// <exception cref="IndexException">A target is no class.</exception>
    public static Variable CrossEntropy(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, long ignoreIndex = -100, double labelSmoothing = 0)
    {
        if (labelSmoothing is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing,
                "CrossEntropy: the label smoothing is between 0 and 1.");
        if (x.Rank == 0)
            throw new ShapeException("CrossEntropy: the scores have no axis of classes; they are (N, C, …) or (C).");
        var axis = x.Rank == 1 ? 0 : 1;
        if (!target.DType.IsFloat())
            return Likelihood("CrossEntropy", x, target.Data, weight, reduction, ignoreIndex, labelSmoothing, true);
        var logs = x.LogSoftmax(axis);
        if (!target.Shape.SequenceEqual(x.Shape))
            throw new ShapeException($"CrossEntropy: probabilities {target.Data.Layout} are not of the shape of the " +
                $"scores, {x.Data.Layout}. Classes are Int64.");
        if (labelSmoothing > 0) target = target * (1 - labelSmoothing) + labelSmoothing / x.Size(axis);
        if (weight is not null) target *= PerClass("CrossEntropy", logs, axis, weight);
        var losses = -(logs * target).Sum(axis);
        return reduction == Reduction.Mean ? losses.Sum() / losses.Numel : Reduced(losses, reduction);
    }

    static Tensor PerClass(string operation, Variable x, int axis, Tensor weight) =>
        weight.Rank == 1 && weight.Numel == x.Size(axis)
            ? weight.Reshape([-1, .. Enumerable.Repeat(1, x.Rank - axis - 1)]) : throw new ShapeException(
                $"{operation}: weights {weight.Layout} are not one for each of the {x.Size(axis)} classes.");

    static Variable Likelihood(string operation, Variable x, Tensor target, Tensor? weight, Reduction reduction,
        long ignoreIndex, double smoothing, bool scores)
    {
        var axis = x.Rank == 1 ? 0 : 1;
        if (x.Rank == 0 || !target.Shape.SequenceEqual([.. x.Shape[..axis], .. x.Shape[(axis + 1)..]]))
            throw new ShapeException($"{operation}: scores {x.Data.Layout} and targets {target.Layout} are not " +
                "(N, C, …) and (N, …).");
        target.OnlyType($"{operation}: the targets", DType.Int64);
        var some = target.ToArray<long>().Contains(ignoreIndex);
        if (scores && smoothing > 0) (x, scores) = (x.LogSoftmax(axis), false);
        if (weight is null && !some && smoothing == 0)
            return Reduced(Surprise(operation, x, axis, target, scores), reduction);

        var ignored = target.Eq(Tensor.Like(target, ignoreIndex));
        if (some) target = Tensor.Where(ignored, Tensor.Like(target, 0), target);
        var losses = Surprise(operation, x, axis, target, scores);
        var weights = weight is null ? losses.Data.OnesLike() : (-Surprise(operation,
            PerClass(operation, x, axis, weight).Expand(x.Size()), axis, target, false)).Data;
        if (some) weights = Tensor.Where(ignored, Tensor.Like(weights, 0), weights);
        losses *= weights;
        if (smoothing > 0)
        {
            var all = weight is null ? x : x * PerClass(operation, x, axis, weight);
            losses = losses * (1 - smoothing) - all.Sum(axis).MaskedFill(ignored, 0) * (smoothing / x.Size(axis));
        }
        if (reduction != Reduction.Mean) return Reduced(losses, reduction);
        var total = weights.Sum().Item();                       // the mean of nothing is NaN, and has no gradient
        return total == 0 ? losses.Sum() * 0 + double.NaN : losses.Sum() / total;
    }

    /// <summary>−ln p of the targets, from scores or from ln p.</summary>
    static Variable Surprise(string operation, Variable x, int axis, Tensor target, bool scores)
    {
        var at = target.Unsqueeze(axis);
        try { return (scores ? new Surprise(axis, at).Apply(x) : -x.Gather(axis, at)).Squeeze(axis); }
        catch (IndexException e) { throw new IndexException($"{operation}: a target is no class. {e.Message}"); }
    }

    /// <summary>−w·(t·ln x + (1 − t)·ln(1 − x)) of probabilities x, with logarithms not below −100.</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="TensorletException">A number is no probability.</exception>
    public static Variable BinaryCrossEntropy(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean)
    {
        OnlySame("BCELoss", x, target);
        if (!(x.Data >= 0 & x.Data <= 1).All().ToArray<bool>()[0])
            throw new TensorletException($"BCELoss: some of the inputs of shape {x.Data.Layout} are not in 0 … 1. " +
                "Take Sigmoid() first, or BCEWithLogitsLoss.");
        var losses = new BinaryCrossEntropy().Apply(x, target);
        return Reduced(weight is null ? losses : losses * weight, reduction);
    }

    /// <summary>
    /// −w·(p·t·ln σ(x) + (1 − t)·ln(1 − σ(x))) of scores x, without the infinities of the parts; p is the weight of
    /// what is true.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable BinaryCrossEntropyWithLogits(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, Tensor? posWeight = null)
    {
        OnlySame("BCEWithLogitsLoss", x, target);
        var one = Tensor.Like(x.Data, 1);
        return Reduced("BCEWithLogitsLoss", new LogitsFormula(), reduction, x, target, posWeight ?? one, weight ?? one);
    }

    static void OnlySame(string operation, Variable x, Variable target)
    {
        if (!x.Shape.SequenceEqual(target.Shape))
            throw new ShapeException(
                $"{operation}: inputs {x.Data.Layout} and targets {target.Data.Layout} differ in shape.");
    }

    /// <summary>
    /// t·(ln t − x) of log probabilities x and probabilities t, or e^t·(t − x) where t are logarithms too.
    /// </summary>
    /// <param name="x">ln of the probabilities that are compared.</param>
    /// <param name="target">The probabilities that they are compared with, or their logarithms.</param>
    /// <param name="reduction">BatchMean is the divergence as it is defined, for one sample.</param>
    /// <param name="logTarget">Whether the targets are logarithms.</param>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable KlDiv(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        bool logTarget = false) => logTarget ? Loss("KLDivLoss", new LogDivergence(), x, target, reduction)
            : Loss("KLDivLoss", new Divergence(), x, target, reduction);

    /// <summary>x where the target is 1, max(0, margin − x) where it is −1.</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable HingeEmbeddingLoss(Variable x, Variable target, double margin = 1,
        Reduction reduction = Reduction.Mean) =>
        Loss("HingeEmbeddingLoss", new HingeFormula(margin), x, target, reduction);

    /// <summary>max(0, −t·(x − y) + margin): t is 1 where x should rank above y, −1 below.</summary>
    public static Variable MarginRankingLoss(Variable x, Variable y, Variable target, double margin = 0,
        Reduction reduction = Reduction.Mean) =>
        Reduced("MarginRankingLoss", new Of3<RankingFormula>(new(margin)), reduction, x, y, target);

    /// <summary>1 − cos(x, y) where the target is 1, max(0, cos(x, y) − margin) where it is −1: (N, D), (N, D) and
    /// (N), or (D), (D) and ().</summary>
    /// <exception cref="ShapeException">The shapes do not belong together.</exception>
    public static Variable CosineEmbeddingLoss(Variable x, Variable y, Variable target, double margin = 0,
        Reduction reduction = Reduction.Mean)
    {
        OnlySame("CosineEmbeddingLoss", x, y);
        if (x.Rank is < 1 or > 2 || !target.Shape.SequenceEqual(x.Shape[..^1]))
            throw new ShapeException($"CosineEmbeddingLoss: inputs {x.Data.Layout} and targets {target.Data.Layout} " +
                "are not (N, D) and (N).");
        var cosine = (x * y).Sum(-1) / (((x * x).Sum(-1) + 1e-12) * ((y * y).Sum(-1) + 1e-12)).Sqrt();
        return Reduced(Variable.Where(target.Eq(Tensor.Like(target.Data, 1)), 1 - cosine,
            (cosine - margin).Clamp(low: 0)), reduction);
    }

    /// <summary>
    /// max(0, ‖a − p‖ − ‖a − n‖ + margin) of an anchor, something alike and something not, (N, D) each. With swap, n is
    /// as near as it is to the nearer of a and p (Balntas et al. 2016).
    /// </summary>
    public static Variable TripletMarginLoss(Variable anchor, Variable positive, Variable negative, double margin = 1,
        double p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean)
    {
        var far = PairwiseDistance(anchor, negative, p, eps);
        if (swap) far = Variable.Minimum(far, PairwiseDistance(positive, negative, p, eps));
        return Reduced((PairwiseDistance(anchor, positive, p, eps) - far + margin).Clamp(low: 0), reduction);
    }
}

readonly struct SquaredError : IZip
{ [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V t) => (x - t) * (x - t); }

readonly struct AbsoluteError : IZip { [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V t) => V.Abs(x - t); }

/// <summary>With d = x − t: d²/2 where |d| is at most δ, else δ·(|d| − δ/2); all times a scale.</summary>
readonly struct HuberFormula(double delta, double scale) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t)
    {
        V d = x - t, far = (V.Abs(d) - V.Of(delta / 2)) * V.Of(delta);
        return V.IfGreater(V.Abs(d), V.Of(delta), far, d * d * V.Of(0.5)) * V.Of(scale);
    }
}

/// <summary>w·((1 − t)·x + (1 + (p − 1)·t)·ln(1 + e⁻ˣ))</summary>
readonly struct LogitsFormula : IFormula
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V t, V p, V w, V e, V f, V g, V h) => w * ((V.Of(1) - t) * x +
        (V.Of(1) + (p - V.Of(1)) * t) * V.Call(new SoftplusFormula(40), -x));
}

readonly struct Divergence : IZip // t·(ln t − x)
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) => V.IfEqual(t, V.Of(0), V.Of(0), t * V.Log(t)) - t * x;
}

readonly struct LogDivergence : IZip // e^t·(t − x)
{ [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V t) => V.Exp(t) * (t - x); }

readonly struct HingeFormula(double margin) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) => V.IfEqual(t, V.Of(1), x,
        V.IfGreater(x, V.Of(margin), V.Of(0), V.Of(margin) - x));
}

readonly struct RankingFormula(double margin) : IZip3
{
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V y, V t)
    {
        var loss = V.Of(margin) - t * (x - y);
        return V.IfGreater(V.Of(0), loss, V.Of(0), loss);
    }
}

/// <summary>ln Σ − (x − m)</summary>
readonly struct SurpriseFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V m, V sum) => V.Log(sum) - (x - m); }

/// <summary>e^(x − m)/Σ·dy</summary>
readonly struct SurpriseSlope : IFormula
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V m, V sum, V dy, V e, V f, V g, V h) => V.Exp(x - m) / sum * dy;
}

// y = ln Σeˣ − xₜ along an axis, t where the target is     dx = (eˣ/Σeˣ − [t])·dy
sealed class Surprise(int axis, Tensor target) : Function
{
    Tensor? largest, sum;

    public override string Name => "CrossEntropy";
    protected override Tensor Forward()
    {
        Save(X);
        var picked = X.Data.Gather(axis, target);
        (largest, sum) = Softmax.Sums(X.Data, axis);
        Keep(target, largest, sum);
        return Tensor.Apply(Name, new Of3<SurpriseFormula>(), picked, largest, sum);
    }

    public override Variable[] Backward(Variable dy)
    {
        if (Autograd.Enabled) return [(X.Softmax(axis) * dy).ScatterAdd(axis, target, -dy)];
        var dx = Tensor.Apply(Name, new SurpriseSlope(), X.Data, largest!, sum!, dy.Data);
        return [dx.ScatterAdd_(axis, target, -dy.Data)];
    }
}

// c = −(b·ln a + (1 − b)·ln(1 − a))     da = (a − b)/(a·(1 − a))·dc     db = (ln(1 − a) − ln a)·dc
sealed class BinaryCrossEntropy : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (a, b) = (A.Data, B.Data);
        return b * -Logarithm(a).Data + (1 - b) * -Logarithm(1 - a).Data;
    }
    public override Variable?[] Backward(Variable dc) =>
    [
        Needs(0) ? (A - B) / (A * (1 - A)).Clamp(low: 1e-12) * dc : null,
        Needs(1) ? (Logarithm(1 - A) - Logarithm(A)) * dc : null,
    ];
    static Variable Logarithm(Variable x) => x.Log().Clamp(low: -100);
}
