namespace Tensorlet;

/// <summary>The computations of layers as functions, which get the parameters of the layers as arguments.</summary>
public static partial class F
{
    /// <summary>Computes x·Wᵀ + b. An input (…, in), weights (out, in) and a bias (out) give (…, out).</summary>
    /// <exception cref="ShapeException">The last axes of the input and of the weights have different sizes, or the
    /// bias is not (out).</exception>
    public static Variable Linear(Variable x, Variable weight, Variable? bias = null)
    {
        if (x.Given().Rank == 0 || weight.Given().Rank != 2 || x.Size(-1) != weight.Size(1))
            throw new ShapeException($"Linear: inputs {x.Data.Layout} and weights {weight.Data.Layout} do not fit: " +
                $"{x.Shape.ToArray().LastOrDefault()} features against {weight.Shape.ToArray().LastOrDefault()}.");
        FitsWeights("Linear", x, weight, bias);
        var y = x.MatMul(weight.T);
        return bias is null ? y : y + OfShape("Linear", "bias", bias, weight.Size(0));
    }

    /// <summary>Refuses an input whose type or device is not that of the weights and the bias.</summary>
    static void FitsWeights(string operation, Variable x, Variable weight, Variable? bias)
    {
        x.Data.SameDevice(operation, weight.Data);
        x.Data.SameDevice(operation, (bias ?? x).Data);
        if (x.DType != weight.DType)
            throw new DTypeException($"{operation}: the input is {x.DType} of shape {x.Data.Layout}, but the weights " +
                $"are {weight.DType}. Convert the input with .To(DType.{weight.DType}).");
        bias?.Data.OnlyType($"{operation}: the bias", x.DType);
    }

    /// <summary>
    /// Returns a weight, a bias or a state, after a check that its shape is the one that the operation needs.
    /// </summary>
    /// <exception cref="ShapeException">The shape is a different one.</exception>
    internal static Variable OfShape(string operation, string what, Variable given, params int[] shape) =>
        given.Shape == shape ? given : throw new ShapeException(
            $"{operation}: the {what} has shape {given.Data.Layout}, but must have {Layout.Show(shape)}.");

    /// <summary>
    /// Sets each number to 0 with probability p, and divides the other numbers by 1 − p (Srivastava et al. 2014).
    /// If <paramref name="training"/> is false, returns the input.
    /// </summary>
    public static Variable Dropout(Variable x, double p = 0.5, bool training = true, Generator? generator = null) =>
        Dropped("Dropout", x.Given(), x.Size(), p, training, generator);

    /// <summary>
    /// Sets whole channels of (N, C, …) to 0, each with probability p, and divides the other channels by 1 − p
    /// (Tompson et al. 2015). If <paramref name="training"/> is false, returns the input.
    /// </summary>
    /// <exception cref="ShapeException">There are no channels.</exception>
    public static Variable Dropout2d(Variable x, double p = 0.5, bool training = true, Generator? generator = null) =>
        x.Given().Rank < 2 ? throw new ShapeException($"Dropout2d: shape {x.Data.Layout} has no channels (N, C, …).")
            : Dropped("Dropout2d", x, [x.Size(0), x.Size(1), .. Enumerable.Repeat(1, x.Rank - 2)], p, training,
                generator);

    static Variable Dropped(string operation, Variable x, int[] together, double p, bool training, Generator? generator)
    {
        if (p.In(operation, 0, 1) == 0 || !training) return x;
        x.Data.OnlyFloat(operation);
        if (p == 1) return x * 0;
        var keep = Tensor.Rand(together, x.DType, x.Device, generator) >= p;
        return x * (keep.To(x.DType) * (1 / (1 - p)));
    }

    /// <summary>Computes x/max(‖x‖ₚ, eps), where the norm is taken along an axis.</summary>
    public static Variable Normalize(Variable x, double p = 2, int dim = 1, double eps = 1e-12) =>
        Named(() => x / x.Given().Norm(p, [dim], keepDim: true).Clamp(min: eps));

    /// <summary>
    /// The cosine of the angle between x and y, x·y/(max(‖x‖, eps)·max(‖y‖, eps)). The product and the norms are
    /// taken along an axis, which is removed from the result.
    /// </summary>
    public static Variable CosineSimilarity(Variable x, Variable y, int dim = 1, double eps = 1e-8) =>
        Named(() => (Normalize(x.Given(), 2, dim, eps) * Normalize(y.Given(), 2, dim, eps)).Sum(dim));

    /// <summary>
    /// The distance ‖x − y + eps‖ₚ along the last axis, which is removed unless <paramref name="keepDim"/> is set.
    /// </summary>
    public static Variable PairwiseDistance(Variable x, Variable y, double p = 2, double eps = 1e-6,
        bool keepDim = false) => Named(() => (x.Given() - y.Given() + eps).Norm(p, [-1], keepDim));
}
