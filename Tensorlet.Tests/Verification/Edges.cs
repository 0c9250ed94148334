using System.Globalization;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// A function at its edges: values y, gradients g of their sum, and those of the sum of the gradients, h.
/// </summary>
public sealed record Edge(string Name, Func<Variable, Variable> F, double[] X, double[] Y, double[] G,
    double[]? H = null);

/// <summary>Where mathematics leaves a choice: the conventions at edges and kinks.</summary>
public static class Edges
{
    static Tensor Like(Variable x, params double[] values) => Tensor.From(values).To(x.DType).To(x.Device);

    const double NaN = double.NaN, Inf = double.PositiveInfinity, Tiny = 1.522997974471263e-8,      // e⁻¹⁸
        Share = 0.2689414213699951;             // 1/(1 + e)

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Edge> All { get; } =
    [
        new("relu", x => x.Relu(), [-1, -0.0, 0, 1, NaN, Inf, -Inf], [0, -0.0, 0, 1, NaN, Inf, 0],
            [0, 0, 0, 1, 1, 1, 0]),
        new("leaky relu", x => x.LeakyRelu(), [-1, -0.0, 0, 1, NaN], [-0.01, -0.0, 0, 1, NaN],
            [0.01, 0.01, 0.01, 1, 0.01]),
        new("abs", x => x.Abs(), [-1, -0.0, 0, 1, NaN], [1, 0, 0, 1, NaN], [-1, 0, 0, 1, 0]),
        new("sign", x => x.Sign(), [-1, 0, 1, NaN], [-1, 0, 1, 0], [0, 0, 0, 0]),
        new("sqrt", x => x.Sqrt(), [0, -1, 4], [0, NaN, 2], [Inf, NaN, 0.25]),
        new("2-norm of zeros", x => x.Norm(), [0, 0], [0], [0, 0]),
        new("2-norm", x => x.Norm(), [0, 1], [1], [0, 1]),
        new("norm ½ with a zero", x => x.Norm(0.5), [0, 1, 4], [9], [0, 3, 1.5]),
        new("norm 1.5 of zeros", x => x.Norm(1.5), [0, 0], [0], [0, 0]),
        new("norm 0", x => x.Norm(0), [0, -3, NaN], [2], [0, 0, 0]),
        new("norm −1 with a zero", x => x.Norm(-1), [0, 1], [0], [0, 0]),
        new("norm ∞: tie", x => x.Norm(Inf), [-3, 1, 3], [3], [-0.5, 0, 0.5]),
        new("cumprod with a zero", x => x.CumProd(0), [2, 0, 3], [2, 0, 0], [1, 8, 0]),
        new("cumsum: NaN", x => x.CumSum(0), [1, NaN, 2], [1, NaN, NaN], [3, 2, 1]),
        new("cummax: tie and NaN", x => x.CumMax(0).Values, [1, 3, 3, 2, NaN, 4], [1, 3, 3, 3, NaN, NaN],
            [1, 1, 2, 0, 2, 0]),
        new("sort: tie and NaN", x => x.Sort().Values * Tensor.From([1.0, 2, 3, 4]).To(x.DType).To(x.Device),
            [3, NaN, 1, 3], [1, 6, 9, NaN], [2, 4, 1, 3]),
        new("median of all: tie", x => x.Median(), [1, 2, 2, 3], [2], [0, 0.5, 0.5, 0]),
        new("masked scatter over a broadcast mask",
            x => x.MaskedScatter(Tensor.From(new[,] { { true, false }, { false, true } }, device: x.Device),
                Tensor.From([5.0, 6]).To(x.DType).To(x.Device)), [1, 2], [5, 2, 1, 6], [1, 1]),
        new("median: NaN", x => x.Median(), [1, NaN, 3], [NaN], [0, 1, 0]),
        new("quantile of all", x => x.Quantile(0.4), [5, 1, 2, 8], [2.6], [0.2, 0, 0.8, 0]),
        new("quantile: at an element", x => x.Quantile(0.5), [5, 1, 2], [2], [0, 0, 1]),
        new("quantile: NaN", x => x.Quantile(0.5), [1, NaN, 3], [NaN], [0, 0, 0]),
        new("repeat interleave of all", x => x.RepeatInterleave(2), [1, 2], [1, 1, 2, 2], [2, 2]),
        new("median of nothing", x => x.Median(), [], [NaN], []),
        new("max over all: tie", x => x.Max(), [1, 3, 3, 2], [3], [0, 0.5, 0.5, 0]),
        new("amax: tie", x => x.AMax([0]), [1, 3, 3, 2], [3], [0, 0.5, 0.5, 0]),
        new("amax: NaN", x => x.AMax([0]), [1, NaN, 3], [NaN], [NaN, NaN, NaN]),
        new("max along an axis: tie", x => x.Max(0).Values, [1, 3, 3, 2], [3], [0, 1, 0, 0]),
        new("max along an axis: NaN", x => x.Max(0).Values, [1, NaN, 3], [NaN], [0, 1, 0]),
        new("maximum: tie", x => Variable.Maximum(x, x.Detach()), [2, 3], [2, 3], [0.5, 0.5]),
        new("maximum: tie of infinite numbers", x => Variable.Maximum(x, x.Detach()), [Inf, -Inf], [Inf, -Inf],
            [0.5, 0.5]),
        new("minimum: tie of infinite numbers", x => Variable.Minimum(x, x.Detach()), [Inf, -Inf], [Inf, -Inf],
            [0.5, 0.5]),
        new("adaptive max pooling: tie", x => F.AdaptiveMaxPool2d(x.Reshape(1, 1, 2, 2), 1), [0, 1, 1, 0], [1],
            [0, 1, 0, 0]),
        new("KL divergence of one number, by the batch", x => F.KlDiv(x.Reshape(), Like(x, 1).Reshape(),
            Reduction.BatchMean), [-2], [2], [-1]),
        new("clamp", x => x.Clamp(-1, 1), [-1, 1, -2, 2, NaN], [-1, 1, -1, 1, NaN], [1, 1, 0, 0, 0]),
        new("x² at 0", x => x.Pow(2), [0], [0], [0]),
        new("x¹ at 0", x => x.Pow(1), [0], [0], [1]),
        new("x⁰ at 0", x => x.Pow(0), [0], [1], [0]),
        new("√x as a power at 0", x => x.Pow(0.5), [0], [0], [Inf]),
        new("1/x as a power at 0", x => x.Pow(-1), [0], [Inf], [-Inf]),
        new("prod with one zero", x => x.Prod(), [2, 0, 3], [0], [0, 6, 0]),
        new("prod with two zeros", x => x.Prod(), [2, 0, 0], [0], [0, 0, 0]),
        new("log", x => x.Log(), [0, -1], [-Inf, NaN], [Inf, -1]),
        new("binary cross-entropy, wrong for certain", x => F.BinaryCrossEntropy(x, Like(x, 1, 0),
            reduction: Reduction.None), [0, 1], [100, 100], [-1e12, 1e12]),
        new("binary cross-entropy, right for certain", x => F.BinaryCrossEntropy(x, Like(x, 0, 1),
            reduction: Reduction.None), [0, 1], [0, 0], [0, 0]),
        new("binary cross-entropy of large logits", x => F.BinaryCrossEntropyWithLogits(x, Like(x, 0, 1),
            reduction: Reduction.None), [1000, -1000], [1000, 1000], [1, -1]),
        new("smooth L1 at the join", x => F.SmoothL1Loss(x, Like(x, 0, 0), Reduction.None), [1, -1], [0.5, 0.5],
            [1, -1]),
        new("L1 at 0", x => F.L1Loss(x, Like(x, 2), Reduction.None), [2], [0], [0]),
        new("cross-entropy of ignored targets", x => F.CrossEntropy(x.Reshape(1, 2), Tensor.From([-100L],
            device: x.Device)), [1, 2], [NaN], [0, 0]),
        new("cross-entropy, some ignored", x => F.CrossEntropy(x.Reshape(2, 2), Tensor.From([-100L, 0],
            device: x.Device)), [5, 9, 0, 0], [Math.Log(2)], [0, 0, -0.5, 0.5]),
        new("batch norm of two", x => F.BatchNorm(x.Reshape(2, 1), null, null, training: true, eps: 0), [1, 3], [-1, 1],
            [0, 0]),
        new("attention to nothing", x => F.ScaledDotProductAttention(x.Reshape(1, 1), x.Reshape(1, 1), x.Reshape(1, 1),
            Tensor.From(new[,] { { false } }, device: x.Device)), [3], [0], [0]),
        new("where keeps the trap", x => Variable.Where(x > 0, x.Log(), x * 0), [0], [0], [NaN]),
        new("logsumexp, large", x => x.LogSumExp(), [1000, 1000], [1000.6931471805599], [0.5, 0.5]),
        new("logsumexp, −∞", x => x.LogSumExp(), [-Inf, -Inf], [-Inf], [NaN, NaN]),
        new("softmax, large", x => x.Softmax(0), [1000, 0, -1000], [1, 0, 0], [0, 0, 0]),
        new("softmax, −∞", x => x.Softmax(0), [-Inf, -Inf], [NaN, NaN], [NaN, NaN]),
        new("softmax, ∞", x => x.Softmax(0), [Inf, 0], [NaN, NaN], [NaN, NaN]),
        new("log softmax", x => x.LogSoftmax(0), [1000, 0], [0, -1000], [-1, 1]),
        new("softplus", x => x.Softplus(), [100, -100, 20], [100, 3.720075976020836e-44, 20.00000000206115],
            [1, 3.720075976020836e-44, 0.9999999979388463]),
        new("unbiased variance of one", x => x.Var(), [5], [NaN], [NaN]),
        new("deviation of constants", x => x.Std(), [2, 2, 2], [0], [0, 0, 0]),
        new("division by 0", x => x / 0, [1, -1, 0], [Inf, -Inf, NaN], [Inf, Inf, Inf]),
        new("max pooling: NaN", x =>
            F.MaxPool2d(x.Reshape(1, 1, 1, 4), (1, 2)), [1, NaN, 3, 2], [NaN, 3], [0, 1, 1, 0]),
        new("max pooling: tie", x => F.MaxPool2d(x.Reshape(1, 1, 1, 4), (1, 4)), [1, 3, 3, 2], [3], [0, 1, 0, 0]),
        new("tanh", x => x.Tanh(), [1000, -1000, 1e-12, NaN], [1, -1, 1e-12, NaN], [0, 0, 1, NaN]),
        new("round at halves", x => x.Round(), [0.5, 1.5, 2.5, -0.5], [0, 2, 2, -0.0], [0, 0, 0, 0]),
        new("round, large", x => x.Round(), [8388609, -8388609, 1e18, Inf, NaN], [8388609, -8388609, 1e18, Inf, NaN],
            [0, 0, 0, 0, 0]),
        new("fmod by ∞ and 0", x => Variable.Fmod(x, Like(x, Inf, -Inf, Inf, 0, 0.5)), [5, 5, -5, 5, Inf],
            [5, 5, -5, NaN, NaN], [1, 1, 1, 1, 1]),
        new("remainder by ∞", x => Variable.Remainder(x, Like(x, Inf, Inf, -Inf, -Inf)), [5, -5, 5, -5],
            [5, Inf, -Inf, -5], [1, 1, 1, 1]),
        new("remainders of 0", x => Variable.Remainder(x, Like(x, 3, 3, -3, -3)), [6, -6, 6, -6], [0, 0, -0.0, -0.0],
            [1, 1, 1, 1]),
        new("floor divide by 0 and ∞", x => Variable.FloorDivide(x, Like(x, 0, 0, -0.0, 0, Inf, Inf, 3, 3)),
            [1, -1, 1, 0, 5, -5, -0.0, 0], [Inf, -Inf, -Inf, NaN, 0, -1, -0.0, 0], [0, 0, 0, 0, 0, 0, 0, 0]),
        new("a quotient by 0, along b", x => Variable.FloorDivide(Like(x, 1, 0), x), [0, 0], [Inf, NaN], [0, 0]),
        new("remainder along b", x => Variable.Remainder(Like(x, 7, -7, 7), x), [3, 3, -3], [1, 2, -2], [-2, 3, 3]),
        new("fmod along b", x => Variable.Fmod(Like(x, 7, -7, 7), x), [3, 3, -3], [1, -1, 1], [-2, 2, 2]),
        new("clamp, low > high", x => x.Clamp(2, 1), [0, 1.5, 5, NaN], [1, 1, 1, NaN], [0, 0, 0, 0]),
        new("clamp by tensors, low > high", x => x.Clamp(Like(x, 2, 2, 2), Like(x, 1, 1, 1)), [0, 1.5, 5], [1, 1, 1],
            [0, 0, 0]),
        new("maximum: NaN", x => Variable.Maximum(x, Like(x, NaN, 1, 3)), [1, NaN, 2], [NaN, NaN, 3], [1, 1, 0]),
        new("minimum: NaN", x => Variable.Minimum(Like(x, NaN, 1, 3), x), [1, NaN, 2], [NaN, NaN, 2], [1, 1, 1]),
        new("minimum: tie", x => Variable.Minimum(x, x.Detach()), [2, 3], [2, 3], [0.5, 0.5]),
        new("max over all: NaN", x => x.Max(), [1, NaN, 3, NaN], [NaN], [0, 0.5, 0, 0.5]),
        new("min over all: NaN", x => x.Min(), [1, NaN, 3], [NaN], [0, 1, 0]),
        new("deviation of one", x => x.Std(), [5], [NaN], [NaN]),
        new("x + 0.0", x => x + 0.0, [-0.0, 0], [0, 0], [1, 1]),
        new("x + 0", x => 0 + x, [-0.0, 0], [0, 0], [1, 1]),
        new("x − 0", x => x - 0.0, [-0.0, 0], [-0.0, 0], [1, 1]),
        new("x − 0 of a whole number", x => x - 0, [-0.0, 0], [-0.0, 0], [1, 1]),
        new("0 − x", x => 0 - x, [-0.0, 0], [0, 0], [-1, -1]),
        new("−x and x·a", x => -x * 2, [-0.0, 0], [0, -0.0], [-2, -2]),
        new("remainder", x => Variable.Remainder(x, Tensor.Like(x.Data, 3)), [-7, 7], [2, 1], [1, 1]),
        new("hardtanh at its edges", x => x.Hardtanh(), [-1, 1, NaN], [-1, 1, NaN], [0, 0, 1]),
        new("relu6 at its edges", x => x.Relu6(), [0, 6, 3], [0, 6, 3], [0, 0, 1]),
        new("hardswish at its edges", x => x.Hardswish(), [-3, 3], [-0.0, 3], [0, 1], [0, 0]),
        new("expm1", x => x.Expm1(), [1e-10, 10, -1000, 1000, NaN], [1e-10, 22025.465794806718, -1, Inf, NaN],
            [1.0000000001, 22026.465794806718, 0, Inf, NaN]),
        new("log1p", x => x.Log1p(), [1e-10, -1, -2, Inf], [1e-10, -Inf, NaN, Inf], [0.9999999999, Inf, -1, 0]),
        new("elu", x => x.Elu(), [1000, -1000, 0, NaN], [1000, -1, 0, NaN], [1, 0, 1, NaN]),
        new("atan", x => x.Atan(), [Inf, -Inf, 0, NaN], [Math.PI / 2, -Math.PI / 2, 0, NaN], [0, 0, 1, NaN]),
        new("asin", x => x.Asin(), [1, -1, 2], [Math.PI / 2, -Math.PI / 2, NaN], [Inf, Inf, NaN]),
        new("acos", x => x.Acos(), [1, -1, 0], [0, Math.PI, Math.PI / 2], [-Inf, -Inf, -1]),
        new("erf", x => x.Erf(), [10, -10, 0, NaN], [1, -1, 0, NaN], [0, 0, 1.1283791670955126, NaN]),
        new("erfinv", x => x.Erfinv(), [1, -1, 0, 2], [Inf, -Inf, 0, NaN], [Inf, Inf, 0.886226925452758, NaN]),
        new("0 to a power", x => Variable.Pow(0.0, x), [0, 1, -1], [1, 0, Inf], [0, 0, -Inf]),
        new("cosh and sinh, large", x => x.Cosh() - x.Sinh(), [80, -1], [0, Math.E], [0, -Math.E]),
        new("log sigmoid", x => x.LogSigmoid(), [1000, -1000, NaN], [0, -1000, NaN], [0, 1, NaN]),
        new("threshold and shrinking keep NaN", x => x.Threshold(0, 1) + x.Softshrink() + x.Hardshrink(), [NaN], [NaN],
            [1]),
        // at −∞ and ∞, where ∞·0 and ∞/∞ occur on the way
        new("gelu at infinity", x => x.Gelu(), [-Inf, Inf], [-0.0, Inf], [0, 1], [0, 0]),
        new("gelu by tanh at infinity", x => x.Gelu(tanh: true), [-Inf, Inf], [-0.0, Inf], [0, 1], [0, 0]),
        new("silu at infinity", x => x.Silu(), [-Inf, Inf], [-0.0, Inf], [0, 1], [0, 0]),
        new("mish at infinity", x => x.Mish(), [-Inf, Inf], [-0.0, Inf], [0, 1], [0, 0]),
        new("hardswish at infinity", x => x.Hardswish(), [-Inf, Inf], [-0.0, Inf], [0, 1], [0, 0]),
        new("softsign at infinity", x => x.Softsign(), [-Inf, Inf], [-1, 1], [0, 0], [0, 0]),
        new("log sigmoid at infinity", x => x.LogSigmoid(), [-Inf, Inf, 800], [-Inf, 0, 0], [1, 0, 0], [0, 0, 0]),
        new("softplus at infinity", x => x.Softplus(), [-Inf, Inf], [0, Inf], [0, 1], [0, 0]),
        new("softplus at infinity, β = 3", x => x.Softplus(3), [-Inf, Inf], [0, Inf], [0, 1], [0, 0]),
        new("sigmoid at infinity", x => x.Sigmoid(), [-Inf, Inf], [0, 1], [0, 0], [0, 0]),
        new("tanh at infinity", x => x.Tanh(), [-Inf, Inf], [-1, 1], [0, 0], [0, 0]),
        new("tanhshrink at infinity", x => x.Tanhshrink(), [-Inf, Inf], [-Inf, Inf], [1, 1], [0, 0]),
        new("softshrink at infinity", x => x.Softshrink(), [-Inf, Inf], [-Inf, Inf], [1, 1], [0, 0]),
        new("hardshrink at infinity", x => x.Hardshrink(), [-Inf, Inf], [-Inf, Inf], [1, 1], [0, 0]),
        new("hardsigmoid at infinity", x => x.Hardsigmoid(), [-Inf, Inf], [0, 1], [0, 0], [0, 0]),
        new("hardtanh at infinity", x => x.Hardtanh(), [-Inf, Inf], [-1, 1], [0, 0], [0, 0]),
        new("threshold at infinity", x => x.Threshold(0, 7), [-Inf, Inf], [7, Inf], [0, 1], [0, 0]),
        new("leaky relu at infinity", x => x.LeakyRelu(), [-Inf, Inf], [-Inf, Inf], [0.01, 1], [0, 0]),
        new("elu at infinity", x => x.Elu(1.5), [-Inf, Inf], [-1.5, Inf], [0, 1], [0, 0]),
        new("selu at infinity", x => x.Selu(), [-Inf, Inf], [-1.7580993408473766, Inf], [0, 1.0507009873554805],
            [0, 0]),
        new("celu at infinity", x => x.Celu(0.5), [-Inf, Inf], [-0.5, Inf], [0, 1], [0, 0]),
        new("prelu at infinity, by its weight", w => Like(w, Inf, -2, -3).Reshape(1, 3) is var x
            ? new Variable(x).PRelu(w) : w, [0.1, 0.2, 0.3], [Inf, -0.4, -0.9], [0, -2, -3], [0, 0, 0]),
        new("erf at infinity", x => x.Erf(), [-Inf, Inf], [-1, 1], [0, 0], [0, 0]),
        new("atan at infinity", x => x.Atan(), [-Inf, Inf], [-Math.PI / 2, Math.PI / 2], [0, 0], [0, 0]),
        new("exp and expm1 at −∞", x => x.Exp() + x.Expm1(), [-Inf], [-1], [0], [0]),
        // where y + 1 has lost the digits of the slope
        new("expm1, elu, selu and celu, saturated", x => x.Select(0, 0).Expm1() + x.Select(0, 1).Elu()
            + x.Select(0, 2).Selu() / 1.7580993408473766 + x.Select(0, 3).Celu(2) / 2, [-18, -18, -18, -36],
            [4 * Tiny - 4], [Tiny, Tiny, Tiny, Tiny / 2]),
        new("atan2 of signed zeros", y => Variable.Atan2(y, Like(y, 0, -0.0, 0, -0.0, -1, -1, 1, 1)),
            [0, 0, -0.0, -0.0, 0, -0.0, 0, -0.0],
            [0, Math.PI, -0.0, -Math.PI, Math.PI, -Math.PI, 0, -0.0], [0, 0, 0, 0, -1, -1, 1, 1]),
        new("atan2 of infinities", y => Variable.Atan2(y, Like(y, Inf, -Inf, Inf, -Inf)), [Inf, Inf, -Inf, -Inf],
            [Math.PI / 4, 3 * Math.PI / 4, -Math.PI / 4, -3 * Math.PI / 4], [NaN, NaN, NaN, NaN]),
        new("atan2 of one infinity", y => Variable.Atan2(y, Like(y, 1, -1, Inf, -Inf, -Inf, 0)),
            [Inf, -Inf, -1, 1, -1, Inf],
            [Math.PI / 2, -Math.PI / 2, -0.0, Math.PI, -Math.PI, Math.PI / 2], [0, 0, 0, 0, 0, 0]),
        new("atan2 of NaN", y => Variable.Atan2(y, Like(y, 1, 0, -1, Inf)), [NaN, NaN, NaN, NaN], [NaN, NaN, NaN, NaN],
            [NaN, NaN, NaN, NaN]),
        new("atan2, large and small", y => Variable.Atan2(y, Like(y, 3e25, 3e-25)), [4e25, 4e-25],
            [0.9272952180016122, 0.9272952180016122], [1.2e-26, 1.2e24]),
        new("smooth L1 and Huber at infinity", x => F.SmoothL1Loss(x, Like(x, 0, 0), Reduction.None, 0.5)
            + F.HuberLoss(x, Like(x, 1, 1), Reduction.None, 0.5), [-Inf, Inf], [Inf, Inf], [-1.5, 1.5], [0, 0]),
        // what does not count is multiplied by an infinite logarithm: 0·∞ is 0
        new("cross-entropy, an ignored row with −∞", x => F.CrossEntropy(x.Reshape(2, 2), Tensor.From([-100L, 1],
            device: x.Device)), [-Inf, 0, 0, 1], [0.31326168751822286], [0, 0, Share, -Share],
            [0, 0, 0, 0]),
        new("cross-entropy, an ignored row with NaN", x => F.CrossEntropy(x.Reshape(2, 2), Tensor.From([-100L, 1],
            device: x.Device), labelSmoothing: 0.5), [NaN, Inf, 0, 1], [0.31326168751822286 + 0.25],
            [0, 0, Share - 0.25, 0.25 - Share], [0, 0, 0, 0]),
        new("cross-entropy, a class of weight 0 with −∞", x => F.CrossEntropy(x.Reshape(2, 3), Tensor.From([0L, 2],
            device: x.Device), Like(x, 0, 1, 1)), [-Inf, 0, 0, -Inf, 0, 1], [0.31326168751822286],
            [0, 0, 0, 0, Share, -Share], [0, 0, 0, 0, 0, 0]),
        new("cross-entropy, smoothed, a class of weight 0 with −∞", x => F.CrossEntropy(x.Reshape(1, 3),
            Tensor.From([2L], device: x.Device), Like(x, 0, 1, 1), labelSmoothing: 0.75), [-Inf, 0, 0],
            [Math.Log(2) * 0.75], [0, 0.125, -0.125]),
        new("cross-entropy, a class of probability 0 with −∞", x => F.CrossEntropy(x.Reshape(1, 3),
            Like(x, 0, 0.5, 0.5).Reshape(1, 3)), [-Inf, 0, 0], [Math.Log(2)], [0, 0, 0], [0, 0, 0]),
        new("cross-entropy, by the probability of a class with −∞", t => F.CrossEntropy(Like(t, -Inf, 0, 0)
            .Reshape(1, 3), t.Reshape(1, 3)), [0, 0.5, 0.5], [Math.Log(2)], [0, Math.Log(2), Math.Log(2)]),
        new("negative log likelihood, an ignored row with −∞", x => F.NllLoss(x.Reshape(2, 2), Tensor.From([-100L, 1],
            device: x.Device)), [-Inf, -Inf, -2, -0.5], [0.5], [0, 0, 0, -1], [0, 0, 0, 0]),
        new("negative log likelihood, a class of weight 0 with −∞", x => F.NllLoss(x.Reshape(2, 2),
            Tensor.From([0L, 1], device: x.Device), Like(x, 0, 1)), [-Inf, -1, -2, -0.5], [0.5], [0, 0, 0, -1],
            [0, 0, 0, 0]),
        new("KL divergence of probabilities 0", x => F.KlDiv(x, Like(x, 0, 0, 1), Reduction.None), [-Inf, -1, -Inf],
            [0, 0, Inf], [0, 0, -1], [0, 0, 0]),
        new("KL divergence by probabilities 0", t => F.KlDiv(Like(t, -Inf, -Inf), t, Reduction.None), [0, 1],
            [0, Inf], [0, Inf]),
        new("KL divergence of logarithms −∞", x => F.KlDiv(x, Like(x, -Inf, -Inf, 0, -Inf), Reduction.None,
            logTarget: true), [-Inf, -1, -Inf, NaN], [0, 0, Inf, NaN], [0, 0, -1, 1], [0, 0, 0, 0]),
        new("binary cross-entropy, weight 0", x => F.BinaryCrossEntropy(x, Like(x, 1, 0), Like(x, 0, 1),
            Reduction.None), [0, 0], [0, 0], [0, 0]),
        new("binary cross-entropy of infinite logits that are right", x => F.BinaryCrossEntropyWithLogits(x,
            Like(x, 1, 0), reduction: Reduction.None), [Inf, -Inf], [0, 0], [0, 0], [0, 0]),
        new("binary cross-entropy of infinite logits that are wrong", x => F.BinaryCrossEntropyWithLogits(x,
            Like(x, 0, 1), reduction: Reduction.None, posWeight: Like(x, 1, 3)), [Inf, -Inf], [Inf, Inf], [1, -3]),
        new("binary cross-entropy of infinite logits, weight 0", x => F.BinaryCrossEntropyWithLogits(x,
            Like(x, 0, 1), Like(x, 0, 0), Reduction.None), [Inf, -Inf], [0, 0], [0, 0]),
        new("attention to nothing but padding", x => F.ScaledDotProductAttention(x.Reshape(1, 2), x.Reshape(1, 2),
            Like(x, 5, 7).Reshape(1, 2), Tensor.From(new[,] { { false } }, device: x.Device)), [3, Inf], [0, 0],
            [0, 0]),
        new("attention, a key that is masked is NaN", x => F.ScaledDotProductAttention(Like(x, 1, 2).Reshape(2, 1),
            x.Reshape(2, 1), Like(x, 5, NaN).Reshape(2, 1), Tensor.From([true, false], device: x.Device)), [3, NaN],
            [5, 5], [0, 0], [0, 0]),
        new("attention, a value that is masked by −∞ is NaN", x => F.ScaledDotProductAttention(
            Like(x, 1, 2).Reshape(2, 1), Like(x, 3, NaN).Reshape(2, 1), x.Reshape(2, 1), Like(x, 0, -Inf)), [5, NaN],
            [5, 5], [2, 0], [0, 0]),
        new("attention, a key that no query comes to is NaN", x => F.ScaledDotProductAttention(
            Like(x, 1).Reshape(1, 1), x.Reshape(2, 1), x.Reshape(2, 1), isCausal: true), [3, NaN], [3], [1, 0]),
        new("attention to no keys", x => F.ScaledDotProductAttention(x.Reshape(2, 1), x.Reshape(2, 1).Narrow(0, 0, 0),
            x.Reshape(2, 1).Narrow(0, 0, 0)), [3, 4], [0, 0], [0, 0], [0, 0]),
        new("attention of no queries", x => F.ScaledDotProductAttention(x.Reshape(2, 1).Narrow(0, 0, 0),
            x.Reshape(2, 1), x.Reshape(2, 1), isCausal: true).Sum(), [3, 4], [0], [0, 0]),
        new("softmax of nothing", x => Variable.Cat([x.Unsqueeze(1).Narrow(1, 0, 0).Softmax(1),
            x.Unsqueeze(1).Narrow(1, 0, 0).LogSoftmax(1)], 1).Sum(1), [3, 4], [0, 0], [0, 0]),
        new("sigmoid", x => x.Sigmoid(), [1000, -1000, NaN], [1, 0, NaN], [0, 0, NaN]),
    ];

    /// <summary>Checks one on a device.</summary>
    /// <exception cref="Disagreement">A value or a gradient does not follow the convention.</exception>
    public static void Check(Edge edge, Device device, DType type)
    {
        var x = new Variable(Tensor.From(edge.X).To(type).To(device), requiresGrad: true);
        var y = edge.F(x);
        y.Sum().Backward(createGraph: edge.H is not null);
        var gradient = x.Grad!;
        Agree("value", edge.Y, y.Data.ToArray<double>(), type);
        Agree("gradient", edge.G, gradient.Data.ToArray<double>(), type);
        if (edge.H is null) return;
        var second = gradient.RequiresGrad ? Autograd.Grad(gradient.Sum(), x) : null;
        Agree("second gradient", edge.H, second?.Data.ToArray<double>() ?? new double[edge.X.Length], type);
    }

    static void Agree(string what, double[] expected, double[] actual, DType type)
    {
        if (expected.Length != actual.Length)
            throw new Disagreement($"{what}: {actual.Length} numbers in place of {expected.Length}");
        for (var i = 0; i < expected.Length; i++)
        {
            // small slopes are compared relative to their own size
            var size = what != "value" && Math.Abs(expected[i]) is > 1e-30 and < 1e-6 ? Math.Abs(expected[i])
                : Math.Max(1, Math.Abs(expected[i]));
            var tolerance = (type == DType.Float64 ? 1e-12 : 1e-6) * size;
            var same = double.IsNaN(expected[i]) ? double.IsNaN(actual[i])
                : double.IsInfinity(expected[i]) ? actual[i] == expected[i]
                : Math.Abs(actual[i] - expected[i]) <= tolerance
                    && (actual[i] != 0 || expected[i] != 0
                    || double.IsNegative(expected[i]) == double.IsNegative(actual[i]) || what != "value");
            if (!same) throw new Disagreement(string.Create(CultureInfo.InvariantCulture,
                $"{what} {i} is {actual[i]:r}, and should be {expected[i]:r}"));
        }
    }
}
