namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// Computes xᵀ·Wₒ·y + bₒ for each output feature o, where Wₒ is the matrix at position o of the weights W. The
    /// inputs x and y have the shapes (…, I) and (…, J), the weights W have the shape (O, I, J), and the bias b has the
    /// shape (O). Here, I and J are the numbers of features of x and y, and O is the number of output features. The
    /// result has the shape (…, O).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public static Variable Bilinear(Variable x, Variable y, Variable weight, Variable? bias = null)
    {
        if (weight.Given().Rank != 3 || x.Given().Rank == 0 || y.Given().Rank == 0 || x.Size(-1) != weight.Size(1)
            || y.Size(-1) != weight.Size(2) || x.Shape[..^1] != y.Shape[..^1])
            throw new ShapeException($"Bilinear: inputs {x.Given().Data.Layout} and {y.Given().Data.Layout} and " +
                $"weights {weight.Data.Layout} must be (…, I), (…, J) and (O, I, J).");
        FitsWeights("Bilinear", x, weight, bias);
        FitsWeights("Bilinear", y, weight, null);
        var z = Named(() => Variable.Einsum("...i,oij,...j->...o", x, weight, y));
        return bias is null ? z : z + OfShape("Bilinear", "bias", bias, weight.Size(0));
    }
}
