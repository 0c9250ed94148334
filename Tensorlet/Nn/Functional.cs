namespace Tensorlet;

/// <summary>The functions that layers compute. Each function gets the parameters of the layer as arguments.</summary>
public static partial class F
{
    /// <summary>
    /// Computes x·Wᵀ + b. The input x has the shape (…, in), the weights W have the shape (out, in), the bias b has the
    /// shape (out), and the result has the shape (…, out). Here, in and out are the numbers of input and output
    /// features.
    /// </summary>
    /// <exception cref="ShapeException">The last axes of the input and of the weights have different sizes; or the bias
    /// does not have the shape (out).</exception>
    public static Variable Linear(Variable x, Variable weight, Variable? bias = null)
    {
        if (x.Given().Rank == 0 || weight.Given().Rank != 2 || x.Size(-1) != weight.Size(1))
            throw new ShapeException($"Linear: inputs {x.Data.Layout} and weights {weight.Data.Layout} do not fit: " +
                $"{x.Shape.ToArray().LastOrDefault()} features against {weight.Shape.ToArray().LastOrDefault()}.");
        FitsWeights("Linear", x, weight, bias);
        var y = x.MatMul(weight.T);
        return bias is null ? y : y + OfShape("Linear", "bias", bias, weight.Size(0));
    }

    /// <summary>
    /// Checks that a weight, a bias or a state has the shape that the operation needs, and returns this tensor.
    /// </summary>
    /// <exception cref="ShapeException">The tensor has a different shape.</exception>
    internal static Variable OfShape(string operation, string what, Variable given, params int[] shape) =>
        given.Shape == shape ? given : throw new ShapeException(
            $"{operation}: the {what} has shape {given.Data.Layout}, but must have {Layout.Show(shape)}.");

    /// <summary>
    /// Sets each number of the input to 0 with probability p, and divides the other numbers by 1 − p
    /// (Srivastava et al. 2014). If <paramref name="training"/> is false, returns the input.
    /// </summary>
    public static Variable Dropout(Variable x, double p = 0.5, bool training = true, Generator? generator = null) =>
        Dropped("Dropout", x.Given(), x.Size(), p, training, generator);

    /// <summary>
    /// Sets each channel of each sample to 0 with probability p, and divides the other channels by 1 − p
    /// (Tompson et al. 2015). The input has the shape (N, C, …), where N is the number of samples and C is the
    /// number of channels. If <paramref name="training"/> is false, returns the input.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes.</exception>
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

    /// <summary>
    /// Computes x/max(‖x‖ₚ, eps), where ‖x‖ₚ is the norm of order p along the axis <paramref name="dim"/>.
    /// </summary>
    public static Variable Normalize(Variable x, double p = 2, int dim = 1, double eps = 1e-12) =>
        Named(() => x / x.Given().Norm(p, [dim], keepdim: true).Clamp(min: eps));

    /// <summary>
    /// Computes the cosine of the angle between x and y: x·y/(max(‖x‖, eps)·max(‖y‖, eps)). The dot product x·y and the
    /// norms are computed along the axis <paramref name="dim"/>. The result does not have this axis.
    /// </summary>
    public static Variable CosineSimilarity(Variable x, Variable y, int dim = 1, double eps = 1e-8) =>
        Named(() => (Normalize(x.Given(), 2, dim, eps) * Normalize(y.Given(), 2, dim, eps)).Sum(dim));

    /// <summary>
    /// Computes the distance ‖x − y + eps‖ₚ between x and y. The norm has the order p, and is taken along the last
    /// axis. This axis is removed unless <paramref name="keepdim"/> is true.
    /// </summary>
    public static Variable PairwiseDistance(Variable x, Variable y, double p = 2, double eps = 1e-6,
        bool keepdim = false) => Named(() => (x.Given() - y.Given() + eps).Norm(p, [-1], keepdim));
}
