namespace Tensorlet;

/// <summary>How the values of a loss are reduced to one number.</summary>
public enum Reduction
{
    /// <summary>The values are not reduced.</summary>
    None,
    /// <summary>
    /// The mean of the values. If classes have weights, the mean is weighted. Targets that are ignored are left
    /// out.
    /// </summary>
    Mean,
    /// <summary>The sum of the values.</summary>
    Sum,
    /// <summary>The sum of the values, divided by the size of the first axis, or by 1 if there are no axes.</summary>
    BatchMean,
}

public static partial class F
{
    /// <summary>
    /// Computes the loss f(x₀, x₁, …, w₀, …) from inputs x and weights w, and reduces the values in the same pass
    /// over memory. A weight that is null counts as 1 everywhere.
    /// </summary>
    /// <exception cref="ShapeException">The shapes of the inputs differ; or a weight does not broadcast to the
    /// shape of the inputs.</exception>
    static Variable Loss<F>(string operation, F f, Reduction reduction, Variable[] x, params Tensor?[] weights)
        where F : struct, IFormula => Named(() =>
    {
        var shape = OneShape(operation, x);
        foreach (var w in weights)
            if (w is not null && !Layout.Broadcast(operation, Layout.Contiguous(shape), w.Layout).SequenceEqual(shape))
                throw new ShapeException($"{operation}: weights {w.Layout} would expand {x[0].Data.Layout}.");
        Variable[] all = [.. x, .. weights.Select(w => (Variable)(w ?? Tensor.Like(x[0].Data, 1)))];
        if (reduction == Reduction.None) return Variable.Apply(f, operation, all);
        var sum = Variable.Total(f, operation, [.. Enumerable.Range(0, shape.Length)], all).Reshape();
        return reduction == Reduction.Sum ? sum
            : sum / (reduction == Reduction.Mean ? x[0].Numel : shape is [var batch, ..] ? batch : 1);
    }, operation);

    /// <summary>
    /// Returns the common shape of the operands. The shapes of the operands may differ only by leading axes of
    /// size 1. If the operands were broadcast, every input would be compared with every target, and training would
    /// silently go wrong.
    /// </summary>
    static int[] OneShape(string operation, params ReadOnlySpan<Variable> x)
    {
        var shape = Tensor.Common(operation, Array.ConvertAll(x.ToArray(), input => input.Data));
        var count = Layout.Product(shape);
        foreach (var other in x)
            if (other.Shape != x[0].Shape && (x[0].Numel != count || other.Numel != count))
                throw new ShapeException($"{operation}: shapes {x[0].Data.Layout} and {other.Data.Layout} would " +
                    "broadcast to a larger one. Reshape one to the shape of the other.");
        return shape;
    }

    static Variable Reduced(string operation, Variable losses, Reduction reduction, Tensor? weight = null) =>
        weight is null ? Loss(operation, new Of1<IdentityFormula>(), reduction, [losses])
            : Loss(operation, new Of2<WeightedFormula>(), reduction, [losses], weight);

    /// <summary>The squared error, (x − target)².</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable MseLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Loss("MSELoss", new Of2<SquaredError>(), reduction, [x.Given(), target.Given()]);

    /// <summary>The absolute error, |x − target|. Where x is equal to the target, the gradient is 0.</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable L1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean) =>
        Loss("L1Loss", new Of2<AbsoluteError>(), reduction, [x.Given(), target.Given()]);

    /// <summary>
    /// Computes d²/(2β) if |d| is below β, and |d| − β/2 otherwise, where d is x − target and β is
    /// <paramref name="beta"/> (Girshick 2015).
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">β is negative.</exception>
    public static Variable SmoothL1Loss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double beta = 1) => beta.In("SmoothL1Loss", 0, double.PositiveInfinity) == 0
            ? Loss("SmoothL1Loss", new Of2<AbsoluteError>(), reduction, [x.Given(), target.Given()])
            : Loss("SmoothL1Loss", new Of2<HuberFormula>(new(beta, 1 / beta)), reduction, [x.Given(), target.Given()]);

    /// <summary>
    /// Computes d²/2 if |d| is at most δ, and δ·(|d| − δ/2) otherwise, where d is x − target and δ is
    /// <paramref name="delta"/> (Huber 1964).
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">δ is not positive.</exception>
    public static Variable HuberLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        double delta = 1) => Loss("HuberLoss", new Of2<HuberFormula>(
            new(delta.In("HuberLoss", double.Epsilon, double.PositiveInfinity), 1)), reduction,
            [x.Given(), target.Given()]);

    /// <summary>The negative logarithm −ln p of the probability p of the target class.</summary>
    /// <param name="x">The logarithms ln p of the probabilities of all classes, of shape (N, C, …), where N is the
    /// number of samples and C is the number of classes; or of shape (C) for a single sample.</param>
    /// <param name="target">The target classes, as Int64, of shape (N, …), or of shape () for a single
    /// sample.</param>
    /// <param name="weight">The weights of the classes, of shape (C).</param>
    /// <param name="reduction">How the losses are reduced. The mean is weighted by <paramref name="weight"/>.
    /// Targets that are ignored are left out of the mean.</param>
    /// <param name="ignoreIndex">Targets that have this value are ignored.</param>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="IndexException">A target is neither one of the classes nor ignored.</exception>
    public static Variable NllLoss(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, long ignoreIndex = -100) =>
        Likelihood("NLLLoss", x, target.Given().Data, weight, reduction, ignoreIndex, 0, false);

    /// <summary>
    /// The negative logarithm −ln p of the probability p that softmax(x) gives to the target class. If the targets
    /// are probabilities t of all classes, the loss is the sum of −t·ln p over the classes.
    /// </summary>
    /// <param name="x">The scores of all classes, also called logits. They have the shape (N, C, …), where N is the
    /// number of samples and C is the number of classes; or the shape (C) for a single sample.</param>
    /// <param name="target">Either the target classes, as Int64, of shape (N, …), or of shape () for a single
    /// sample; or the probabilities of the classes, in the same shape as <paramref name="x"/>.</param>
    /// <param name="weight">The weights of the classes, of shape (C).</param>
    /// <param name="reduction">How the losses are reduced. If the targets are classes, the mean is weighted by
    /// <paramref name="weight"/>, and targets that are ignored are left out of the mean.</param>
    /// <param name="ignoreIndex">Target classes that have this value are ignored.</param>
    /// <param name="labelSmoothing">The fraction of the target probability that is spread evenly over all classes
    /// (Szegedy et al. 2016).</param>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="IndexException">A target is neither one of the classes nor ignored.</exception>
    public static Variable CrossEntropy(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, long ignoreIndex = -100, double labelSmoothing = 0)
    {
        labelSmoothing.In("CrossEntropy", 0, 1);
        if (!target.Given().DType.IsFloat())
            return Likelihood("CrossEntropy", x, target.Data, weight, reduction, ignoreIndex, labelSmoothing, true);
        if (x.Given().Rank == 0 || target.Shape != x.Shape)
            throw new ShapeException($"CrossEntropy: probabilities {target.Data.Layout} do not have the shape of the " +
                $"scores, {x.Data.Layout}. Classes must be Int64.");
        return Named(() =>
        {
            var axis = x.Rank == 1 ? 0 : 1;
            if (labelSmoothing > 0) target = target * (1 - labelSmoothing) + labelSmoothing / x.Size(axis);
            if (weight is not null) target *= PerClass("CrossEntropy", x, axis, weight);
            return Reduced("CrossEntropy", -Weighted(x.LogSoftmax(axis), target, axis).Squeeze(axis), reduction);
        });
    }

    /// <summary>Computes Σ w·x along an axis, which is kept with size 1.</summary>
    static Variable Weighted(Variable x, Variable w, int axis) =>
        Variable.Total(new Of2<WeightedFormula>(), "Weighted", [axis], x, w);

    /// <summary>
    /// Reshapes the weights of the classes so that they broadcast along the axis of <paramref name="x"/> that holds
    /// the classes.
    /// </summary>
    static Tensor PerClass(string operation, Variable x, int axis, Tensor weight) =>
        OfShape(operation, "weight of the classes", weight, x.Size(axis)).Data
            .Reshape([-1, .. Enumerable.Repeat(1, x.Rank - axis - 1)]);

    static Variable Likelihood(string operation, Variable x, Tensor target, Tensor? weight, Reduction reduction,
        long ignoreIndex, double smoothing, bool scores) => Named(() =>
    {
        var axis = x.Given().Rank == 1 ? 0 : 1;
        if (x.Rank == 0 || target.Given().Shape != (int[])[.. x.Shape[..axis], .. x.Shape[(axis + 1)..]])
            throw new ShapeException($"{operation}: scores {x.Data.Layout} and targets {target.Layout} must be " +
                "(N, C, …) and (N, …).");
        target.OnlyType($"{operation}: the targets", DType.Int64);
        var at = target.Unsqueeze(axis);
        var ignored = target.ToArray<long>().Contains(ignoreIndex) ? at.Eq(ignoreIndex) : null;
        // scores of ignored targets are not read
        if (ignored is not null) (x, at) = (x.MaskedFill(ignored, 0), at.MaskedFill(ignored, 0));
        if (scores && smoothing > 0) (x, scores) = (x.LogSoftmax(axis), false);
        Variable losses;
        try { losses = scores ? new Surprise(axis, at).Apply(x) : -x.Gather(axis, at); }
        catch (IndexException e) when (e.By($"{operation}: a target is not a class")) { throw; }
        if (weight is null && ignored is null && smoothing == 0) return Result();

        var all = (weight is null ? Tensor.Like(x.Data, 1) : PerClass(operation, x, axis, weight)).Expand(x.Size());
        var weights = Seen(all.Gather(axis, at));
        losses = Variable.Zip(new WeightedFormula(), losses, weights);
        if (smoothing > 0)
            losses = losses * (1 - smoothing) - Seen(Weighted(x, all, axis)) * (smoothing / x.Size(axis));
        if (reduction != Reduction.Mean) return Result();
        var total = weights.Sum().Item();                       // the mean over no targets is NaN, and has no gradient
        return total == 0 ? losses.Sum() * 0 + double.NaN : losses.Sum() / total;

        Variable Seen(Variable each) => ignored is null ? each : each.MaskedFill(ignored, 0);
        Variable Result() => Reduced(operation, reduction == Reduction.None ? losses.Squeeze(axis) : losses, reduction);
    }, operation);

    /// <summary>
    /// Computes −w·(t·ln x + (1 − t)·ln(1 − x)) for probabilities x, targets t and weights w. A logarithm below
    /// −100 is replaced by −100.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="TensorletException">An input is not between 0 and 1.</exception>
    public static Variable BinaryCrossEntropy(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean)
    {
        var shape = OneShape("BCELoss", x.Given(), target.Given());
        if (!(x.Data >= 0 & x.Data <= 1).All())
            throw new TensorletException($"BCELoss: some of the inputs of shape {x.Data.Layout} are not in 0 … 1. " +
                "Apply Sigmoid() first, or use BCEWithLogitsLoss.");
        var losses = new BinaryCrossEntropy().Apply(Variable.Alike("BCELoss", [x.Expand(shape), target.Expand(shape)]));
        return Reduced("BCELoss", losses, reduction, weight);
    }

    /// <summary>
    /// Computes −w·(p·t·ln σ(x) + (1 − t)·ln(1 − σ(x))) for scores x, targets t and weights w, where σ is the
    /// logistic function and p is <paramref name="posWeight"/>, the weight of positive targets. The computation
    /// does not overflow.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable BinaryCrossEntropyWithLogits(Variable x, Variable target, Tensor? weight = null,
        Reduction reduction = Reduction.Mean, Tensor? posWeight = null) =>
        weight is null && posWeight is null
            ? Loss("BCEWithLogitsLoss", new Of2<LogitsFormula>(), reduction, [x.Given(), target.Given()])
            : Loss("BCEWithLogitsLoss", new WeightedLogits(), reduction, [x.Given(), target.Given()], posWeight,
                weight);

    /// <summary>
    /// The Kullback–Leibler divergence t·(ln t − x), where x is the logarithm of a probability and t is a target
    /// probability. If <paramref name="logTarget"/> is true, t is the logarithm of a target probability, and the
    /// divergence is e^t·(t − x).
    /// </summary>
    /// <param name="x">The logarithms of the probabilities that are compared with the targets.</param>
    /// <param name="target">The target probabilities, or their logarithms.</param>
    /// <param name="reduction">How the values are reduced. With <see cref="Reduction.BatchMean"/>, the values of each
    /// sample are summed, which gives the divergence of the sample, and the result is the mean over the
    /// samples.</param>
    /// <param name="logTarget">If true, the targets are logarithms of probabilities. If false, they are
    /// probabilities.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable KlDiv(Variable x, Variable target, Reduction reduction = Reduction.Mean,
        bool logTarget = false) => logTarget
            ? Loss("KLDivLoss", new Of2<LogDivergence>(), reduction, [x.Given(), target.Given()])
            : Loss("KLDivLoss", new Of2<Divergence>(), reduction, [x.Given(), target.Given()]);

    /// <summary>Returns x if the target is 1, and max(0, margin − x) if the target is −1.</summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable HingeEmbeddingLoss(Variable x, Variable target, double margin = 1,
        Reduction reduction = Reduction.Mean) =>
        Loss("HingeEmbeddingLoss", new Of2<HingeFormula>(new(margin)), reduction, [x.Given(), target.Given()]);

    /// <summary>
    /// Computes max(0, −t·(x − y) + margin). The target t is 1 if x should rank above y, and −1 if x should rank
    /// below y.
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable MarginRankingLoss(Variable x, Variable y, Variable target, double margin = 0,
        Reduction reduction = Reduction.Mean) =>
        Loss("MarginRankingLoss", new Of3<RankingFormula>(new(margin)), reduction,
            [x.Given(), y.Given(), target.Given()]);

    /// <summary>
    /// Computes 1 − cos(x, y) if the target is 1, and max(0, cos(x, y) − margin) if the target is −1, where
    /// cos(x, y) is the cosine of the angle between x and y. For N samples of size D, the inputs x and y have the
    /// shape (N, D), and the target has the shape (N). For a single sample, these shapes are (D) and ().
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public static Variable CosineEmbeddingLoss(Variable x, Variable y, Variable target, double margin = 0,
        Reduction reduction = Reduction.Mean)
    {
        OneShape("CosineEmbeddingLoss", x.Given(), y.Given());
        x.Data.SameDevice("CosineEmbeddingLoss", y.Data);
        if (x.Rank is < 1 or > 2 || target.Given().Shape != x.Shape[..^1])
            throw new ShapeException($"CosineEmbeddingLoss: inputs {x.Data.Layout} and targets {target.Data.Layout} " +
                "must be (N, D) and (N).");
        var cosine = (x * y).Sum(-1) / (((x * x).Sum(-1) + 1e-12) * ((y * y).Sum(-1) + 1e-12)).Sqrt();
        return Reduced("CosineEmbeddingLoss", Variable.Where(target.Eq(1), 1 - cosine,
            (cosine - margin).Clamp(min: 0)), reduction);
    }

    /// <summary>
    /// Computes max(0, ‖a − s‖ − ‖a − d‖ + margin) for an anchor a, a similar (positive) sample s and a different
    /// (negative) sample d, all of shape (N, D), where N is the number of samples and D is the size of a sample. The
    /// norms are computed by <see cref="PairwiseDistance"/>, with the order <paramref name="p"/> and the number
    /// <paramref name="eps"/>. If <paramref name="swap"/> is true, ‖a − d‖ is replaced by ‖s − d‖ wherever ‖s − d‖ is
    /// smaller (Balntas et al. 2016).
    /// </summary>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable TripletMarginLoss(Variable anchor, Variable positive, Variable negative, double margin = 1,
        double p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean)
    {
        OneShape("TripletMarginLoss", anchor.Given(), positive.Given(), negative.Given());
        return Named(() =>
        {
            var far = PairwiseDistance(anchor, negative, p, eps);
            if (swap) far = Variable.Minimum(far, PairwiseDistance(positive, negative, p, eps));
            var excess = PairwiseDistance(anchor, positive, p, eps) - far + margin;
            return Reduced("TripletMarginLoss", excess.Clamp(min: 0), reduction);
        });
    }

    /// <summary>
    /// The loss (ln v + (x − t)²/v)/2 of a target t, given a normal distribution with mean x and variance v
    /// (Nix and Weigend 1994). This is the negative logarithm of the density at t, without the constant ln(2π)/2.
    /// If a variance is below <paramref name="eps"/>, <paramref name="eps"/> is used instead.
    /// </summary>
    /// <param name="x">The means.</param>
    /// <param name="target">The targets, in the same shape as <paramref name="x"/>.</param>
    /// <param name="var">The variances: one for each element of <paramref name="x"/>, or one for each row of
    /// <paramref name="x"/>. In the first case, they have the shape of <paramref name="x"/>. In the second case, they
    /// have this shape with the last axis removed, or with 1 as the size of the last axis.</param>
    /// <param name="full">Whether to add the constant ln(2π)/2.</param>
    /// <param name="eps">The smallest variance that is used. If a variance is smaller, the gradient with respect to
    /// this variance is 0.</param>
    /// <param name="reduction">How the losses are reduced.</param>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="TensorletException">A variance is negative.</exception>
    public static Variable GaussianNllLoss(Variable x, Variable target, Variable var, bool full = false,
        double eps = 1e-6, Reduction reduction = Reduction.Mean)
    {
        var shape = OneShape("GaussianNLLLoss", x.Given(), target.Given());
        eps.In("GaussianNLLLoss", double.Epsilon);
        if (var.Given().Rank == shape.Length - 1) var = var.Unsqueeze(-1);
        if (var.Shape != shape && !(shape is [.. var front, _] && var.Shape == (int[])[.. front, 1]))
            throw new ShapeException($"GaussianNLLLoss: variances {var.Data.Layout} do not fit {x.Data.Layout}: give " +
                "one for each number, or one for each row.");
        if ((var.Data < 0).Any())
            throw new TensorletException($"GaussianNLLLoss: some of the variances of shape {var.Data.Layout} are " +
                "negative. Give Exp() or Softplus() of what a network computes.");
        return Named(() =>
        {
            var v = var.Clamp(min: eps);
            var losses = ((x - target).Square() / v + v.Log()) * 0.5;
            return Reduced("GaussianNLLLoss", full ? losses + Math.Log(2 * Math.PI) / 2 : losses, reduction);
        }, "GaussianNLLLoss");
    }

    /// <summary>
    /// The negative logarithm of the probability of a count t, given a Poisson distribution. The term ln t!, which
    /// does not depend on x, is left out. If x is the logarithm of the mean of the distribution, the loss is
    /// eˣ − t·x; if x is the mean, the loss is x − t·ln(x + eps).
    /// </summary>
    /// <param name="x">The logarithms of the means, or the means themselves; see <paramref name="logInput"/>.</param>
    /// <param name="target">The counts, in the same shape as <paramref name="x"/>.</param>
    /// <param name="logInput">If true, <paramref name="x"/> contains the logarithms of the means. If false,
    /// <paramref name="x"/> contains the means.</param>
    /// <param name="full">Whether to add the term ln t! for counts t above 1. The term is approximated by
    /// Stirling's formula, t·ln t − t + ln(2πt)/2.</param>
    /// <param name="eps">A number that keeps the logarithm finite if a mean is 0.</param>
    /// <param name="reduction">How the losses are reduced.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Variable PoissonNllLoss(Variable x, Variable target, bool logInput = true, bool full = false,
        double eps = 1e-8, Reduction reduction = Reduction.Mean)
    {
        OneShape("PoissonNLLLoss", x.Given(), target.Given());
        return Named(() =>
        {
            var losses = logInput ? x.Exp() - target * x : x - target * (x + eps).Log();
            var t = target.Clamp(min: 1);
            if (full) losses += ((t + 0.5) * t.Log() - t + Math.Log(2 * Math.PI) / 2).MaskedFill(target.Data <= 1, 0);
            return Reduced("PoissonNLLLoss", losses, reduction);
        }, "PoissonNLLLoss");
    }
}

readonly struct SquaredError : IZip
{ [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V t) => (x - t) * (x - t); }

readonly struct AbsoluteError : IZip { [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V t) => V.Abs(x - t); }

/// <summary>
/// Computes d²/2 if |d| is at most δ, and δ·(|d| − δ/2) otherwise, where d is x − t. The result is multiplied by a
/// scale.
/// </summary>
readonly struct HuberFormula(double delta, double scale) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t)
    {
        V d = x - t, far = (V.Abs(d) - V.Of(delta / 2)) * V.Of(delta);
        return V.IfGreater(V.Abs(d), V.Of(delta), far, d * d * V.Of(0.5)) * V.Of(scale);
    }
}

/// <summary>w·x. If w is 0, the result is 0, even if x is infinite.</summary>
readonly struct WeightedFormula : IZip
{
    [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V w) => At(x, w);
    [MethodImpl(AggressiveInlining)]
    internal static V At<V>(V x, V w) where V : struct, INumeric<V>
    {
        var y = w * x;
        return V.IfEqual(w, V.Of(0), V.IfEqual(V.Abs(x), V.Of(double.PositiveInfinity), V.Of(0), y), y);
    }
}

/// <summary>
/// (1 − t)·x + ln(1 + e⁻ˣ). For negative x, this is −t·x + ln(1 + eˣ), where eˣ does not overflow.
/// </summary>
readonly struct LogitsFormula : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) =>
        WeightedFormula.At(x, V.IfGreater(V.Of(0), x, -t, V.Of(1) - t)) + SoftplusFormula.Tail(x);
}

/// <summary>
/// w·((1 − t)·x + c·ln(1 + e⁻ˣ)) with c = 1 − t + p·t. For negative x, this is w·(−p·t·x + c·ln(1 + eˣ)). Without
/// weights, <see cref="LogitsFormula"/> is faster (the benchmark <c>bce-logits</c>).
/// </summary>
readonly struct WeightedLogits : IFormula
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V t, V p, V w, V e, V f, V g, V h)
    {
        V pt = p * t, rest = V.Of(1) - t;
        return WeightedFormula.At(x, w * V.IfGreater(V.Of(0), x, -pt, rest))
            + w * (rest + pt) * SoftplusFormula.Tail(x);
    }
}

readonly struct Divergence : IZip // t·(ln t − x)
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) => WeightedFormula.At(V.Log(t), t) - WeightedFormula.At(x, t);
}

readonly struct LogDivergence : IZip // e^t·(t − x)
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) => V.IfEqual(V.Exp(t), V.Of(0), V.IfEqual(x, x, V.Of(0), x), V.Exp(t) * (t - x));
}

readonly struct HingeFormula(double margin) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V t) => V.IfEqual(t, V.Of(1), x, V.IfGreater(x, V.Of(margin), V.Of(0), V.Of(margin) - x));
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

/// <summary>e^(x − m)·w</summary>
readonly struct ScaledExpFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V m, V w) => V.Exp(x - m) * w; }

/// <summary>ln s − (x − m)</summary>
readonly struct SurpriseFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V s, V x, V m) => V.Log(s) - (x - m); }

// y = ln Σeˣ − xₜ along an axis, where t is the target     dx = (eˣ/Σeˣ − [1 at t, else 0])·dy
sealed class Surprise(int axis, Tensor target) : Function
{
    Tensor? largest, sum;

    public override string Name => "CrossEntropy";
    protected override Tensor Forward()
    {
        Save(X);
        (largest, sum) = Softmax.Sums(X.Data, axis);
        Keep(target, largest, sum);
        return Tensor.Apply(Name, new Of3<SurpriseFormula>(), sum, X.Data.Gather(axis, target), largest);
    }

    public override Variable[] Backward(Variable dy)
    {
        if (Autograd.Enabled) return [(X.Softmax(axis) * dy).ScatterAdd(axis, target, -dy)];
        var dx = Tensor.Apply(Name, new Of3<ScaledExpFormula>(), X.Data, largest!, dy.Data / sum!);
        return [dx.ScatterAdd_(axis, target, -dy.Data)];
    }
}

// c = −(b·ln a + (1 − b)·ln(1 − a))     da = (a − b)/(a·(1 − a))·dc     db = (ln(1 − a) − ln a)·dc
sealed class BinaryCrossEntropy : Function
{
    internal readonly struct Formula : IZip
    {
        V IZip.Apply<V>(V a, V b) => b * Cost(a) + (V.Of(1) - b) * Cost(V.Of(1) - a);
        static V Cost<V>(V p) where V : struct, INumeric<V>
        {
            var cost = -V.Log(p);
            return V.IfGreater(cost, V.Of(100), V.Of(100), cost);
        }
    }
    internal readonly struct Slope : IZip3
    {
        [MethodImpl(AggressiveInlining)]
        V IZip3.Apply<V>(V a, V b, V dc)
        {
            V variance = a * (V.Of(1) - a), least = V.Of(1e-12);
            return (a - b) / V.IfGreater(least, variance, least, variance) * dc;
        }
    }
    protected override Tensor Forward() { Save(A, B); return Tensor.Zip(new Formula(), A.Data, B.Data, Name); }
    public override Variable?[] Backward(Variable dc) =>
    [
        Needs(0) ? Variable.Apply(new Of3<Slope>(), $"{Name}′", A, B, dc) : null,
        Needs(1) ? (Logarithm(1 - A) - Logarithm(A)) * dc : null,
    ];
    static Variable Logarithm(Variable x) => x.Log().Clamp(min: -100);
}
