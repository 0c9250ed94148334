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

    /// <summary>Broadcasting by which every input meets every target trains quietly and wrongly.</summary>
    static Variable Difference(string operation, Variable x, Variable target)
    {
        var common = Layout.Product(Layout.Broadcast(operation, x.Data.Layout, target.Data.Layout));
        return x.Numel == target.Numel && common == x.Numel ? x - target : throw new ShapeException(
            $"{operation}: inputs of shape {x.Data.Layout} and targets of shape {target.Data.Layout} would spread " +
            "over one another. Reshape one to the shape of the other.");
    }

    /// <summary>(x − target)².</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable MseLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Reduced(Difference("MSELoss", x, target).Square(), reduction);

    /// <summary>|x − target|, with a gradient of 0 where they are equal.</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable L1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Reduced(Difference("L1Loss", x, target).Abs(), reduction);

    /// <summary>With d = x − target: d²/(2β) where |d| is below β, else |d| − β/2 (Girshick 2015).</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable SmoothL1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double beta = 1)
    {
        if (beta == 0) return L1Loss(x, target, reduction);
        var d = Difference("SmoothL1Loss", x, target).Abs();
        return Reduced(Variable.Where(d < beta, d * d * (0.5 / beta), d - beta / 2), reduction);
    }

    /// <summary>With d = x − target: d²/2 where |d| is at most δ, else δ·(|d| − δ/2) (Huber 1964).</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable HuberLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double delta = 1)
    {
        var d = Difference("HuberLoss", x, target).Abs();
        return Reduced(Variable.Where(d <= delta, d * d * 0.5, (d - delta / 2) * delta), reduction);
    }

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
        Likelihood("NLLLoss", x, target, weight, reduction, ignoreIndex, 0);

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
        var logs = x.LogSoftmax(axis);
        if (!target.DType.IsFloat())
            return Likelihood("CrossEntropy", logs, target.Data, weight, reduction, ignoreIndex, labelSmoothing);
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
        long ignoreIndex, double smoothing)
    {
        var axis = x.Rank == 1 ? 0 : 1;
        if (x.Rank == 0 || !target.Shape.SequenceEqual([.. x.Shape[..axis], .. x.Shape[(axis + 1)..]]))
            throw new ShapeException($"{operation}: scores {x.Data.Layout} and targets {target.Layout} are not " +
                "(N, C, …) and (N, …).");
        target.OnlyType($"{operation}: the targets", DType.Int64);
        var some = target.ToArray<long>().Contains(ignoreIndex);
        if (weight is null && !some && smoothing == 0) return Reduced(-Picked(operation, x, axis, target), reduction);

        var ignored = target.Eq(Tensor.Like(target, ignoreIndex));
        if (some) target = Tensor.Where(ignored, Tensor.Like(target, 0), target);
        var losses = -Picked(operation, x, axis, target);
        var weights = weight is null ? losses.Data.OnesLike() : Picked(operation,
            PerClass(operation, x, axis, weight).Expand(x.Size()), axis, target).Data;
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

    static Variable Picked(string operation, Variable x, int axis, Tensor target)
    {
        try { return x.Gather(axis, target.Unsqueeze(axis)).Squeeze(axis); }
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
        var factor = posWeight is null ? null : 1 + (new Variable(posWeight) - 1) * target;
        var logs = -x.LogSigmoid();
        var losses = (1 - target) * x + (factor is null ? logs : factor * logs);
        return Reduced(weight is null ? losses : losses * weight, reduction);
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
        bool logTarget = false)
    {
        Difference("KLDivLoss", x, target);
        var nothing = target.Data.Eq(Tensor.Like(target.Data, 0));
        return Reduced(logTarget ? target.Exp() * (target - x)
            : target.MaskedFill(nothing, 1).Log() * target - target * x, reduction);
    }

    /// <summary>x where the target is 1, max(0, margin − x) where it is −1.</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable HingeEmbeddingLoss(Variable x, Variable target, double margin = 1,
        Reduction reduction = Reduction.Mean)
    {
        Difference("HingeEmbeddingLoss", x, target);
        var alike = target.Eq(Tensor.Like(target.Data, 1));
        return Reduced(Variable.Where(alike, x, (margin - x).Clamp(low: 0)), reduction);
    }

    /// <summary>max(0, −t·(x − y) + margin): t is 1 where x should rank above y, −1 below.</summary>
    public static Variable MarginRankingLoss(Variable x, Variable y, Variable target, double margin = 0,
        Reduction reduction = Reduction.Mean) => Reduced((margin - target * (x - y)).Clamp(low: 0), reduction);

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
