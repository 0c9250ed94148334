namespace Tensorlet;

// Element j of a scan along an axis combines the elements 0 to j.
public partial class Variable
{
    /// <summary>The cumulative sum along an axis. If the elements are Booleans, the true ones are counted.</summary>
    // yⱼ = Σ xᵢ over i ≤ j     dxᵢ = Σ dyⱼ over j ≥ i
    public Variable CumSum(int dim) => Linear(x => x.Scan(new Tensor.AddFormula(), dim, "CumSum"),
        (dy, _) => dy.Flip(dim).CumSum(dim).Flip(dim));

    /// <summary>
    /// The cumulative product along an axis. It is computed in steps (Hillis and Steele 1986). In step k = 0, 1, 2, …,
    /// each element is multiplied by the element that is 2ᵏ positions before it. The gradient is computed through these
    /// multiplications, without a division, so it is also right where elements are 0.
    /// </summary>
    public Variable CumProd(int dim)
    {
        dim = Data.Layout.Axis("CumProd", dim);
        var (y, n) = (DType == DType.Bool ? To(DType.Int64) : this, Size(dim));
        for (var step = 1; step < n; step *= 2)
            y = Cat([y.Narrow(dim, 0, step), y.Narrow(dim, 0, n - step) * y.Narrow(dim, step, n - step)], dim);
        return y;
    }

    /// <summary>
    /// The cumulative maximum along an axis, and its position. If the maximum has occurred several times, the
    /// position is that of the last occurrence, and only that element gets the gradient. From the first NaN on, the
    /// maximum is NaN.
    /// </summary>
    public (Variable Values, Tensor Indices) CumMax(int dim)
    {
        var largest = Data.Scan(new Tensor.MaxFormula(), dim, "CumMax");
        var places = Data.AlongAxis("CumMax", dim, Tensor.Arange(Size(dim), DType.Int64, Device));
        var winners = Data.Eq(largest) | Data.IsNaN();
        var at = Tensor.Where(winners, places, 0).Scan(new Tensor.MaxFormula(), dim);
        return (Gather(dim, at), at);
    }
}
