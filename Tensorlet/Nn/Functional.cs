namespace Tensorlet;

/// <summary>What layers compute, as functions with all their arguments.</summary>
public static partial class F
{
    /// <summary>x·Wᵀ + b: (…, in) with weights (out, in) and bias (out) gives (…, out).</summary>
    /// <exception cref="ShapeException">The last axes differ.</exception>
    public static Variable Linear(Variable x, Variable weight, Variable? bias = null)
    {
        if (x.Rank == 0 || weight.Rank != 2 || x.Size(-1) != weight.Size(1))
            throw new ShapeException($"Linear: inputs {x.Data.Layout} and weights {weight.Data.Layout} do not fit: " +
                $"{x.Shape.ToArray().LastOrDefault()} features against {weight.Shape.ToArray().LastOrDefault()}.");
        var y = x.MatMul(weight.T);
        return bias is null ? y : y + bias;
    }

    /// <summary>
    /// While training, sets each number to 0 with probability p and divides the others by 1 − p; else nothing
    /// (Srivastava et al. 2014).
    /// </summary>
    public static Variable Dropout(Variable x, double p = 0.5, bool training = true, Generator? generator = null) =>
        Dropped(x, x.Size(), p, training, generator);

    /// <summary>While training, sets whole channels of (N, C, …) to 0 with probability p, and divides the others by 1 −
    /// p (Tompson et al. 2015).</summary>
    /// <exception cref="ShapeException">There are no channels.</exception>
    public static Variable Dropout2d(Variable x, double p = 0.5, bool training = true, Generator? generator = null) =>
        x.Rank < 2 ? throw new ShapeException($"Dropout2d: shape {x.Data.Layout} has no channels (N, C, …).")
            : Dropped(x, [x.Size(0), x.Size(1), .. Enumerable.Repeat(1, x.Rank - 2)], p, training, generator);

    static Variable Dropped(Variable x, int[] together, double p, bool training, Generator? generator)
    {
        if (p is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: p is a probability.");
        if (!training || p == 0) return x;
        if (p == 1) return x * 0;
        var keep = Tensor.Rand(together, x.DType, x.Device, generator) >= p;
        return x * (keep.To(x.DType) * (1 / (1 - p)));
    }

    /// <summary>x/max(‖x‖ₚ, eps) along an axis.</summary>
    public static Variable Normalize(Variable x, double p = 2, int dim = 1, double eps = 1e-12) =>
        x / x.Norm(p, [dim], keepDim: true).Clamp(low: eps);

    /// <summary>x·y/(max(‖x‖, eps)·max(‖y‖, eps)) along an axis, which goes.</summary>
    public static Variable CosineSimilarity(Variable x, Variable y, int dim = 1, double eps = 1e-8) =>
        (Normalize(x, 2, dim, eps) * Normalize(y, 2, dim, eps)).Sum(dim);

    /// <summary>‖x − y + eps‖ₚ along the last axis, which goes unless keepDim is set.</summary>
    public static Variable PairwiseDistance(Variable x, Variable y, double p = 2, double eps = 1e-6,
        bool keepDim = false) => (x - y + eps).Norm(p, [-1], keepDim);
}
