namespace Tensorlet;

// Element j of a scan along an axis joins the elements 0 … j.
public sealed partial class Variable
{
    /// <summary>Along an axis the sum of the elements up to each. Truth values are counted.</summary>
    // yⱼ = Σ xᵢ over i ≤ j     dxᵢ = Σ dyⱼ over j ≥ i
    public Variable CumSum(int axis) => Linear(x => x.Scan(new Tensor.AddFormula(), axis, "CumSum"),
        (dy, _) => dy.Flip(axis).CumSum(axis).Flip(axis));

    /// <summary>
    /// Along an axis the product of the elements up to each. Each is joined with the one 1, then 2, 4, … places before
    /// it (Hillis and Steele 1986); the gradient is that of these products, and so right where elements are 0.
    /// </summary>
    public Variable CumProd(int axis)
    {
        axis = Data.Layout.Axis("CumProd", axis);
        var (y, n) = (DType == DType.Bool ? To(DType.Int64) : this, Size(axis));
        for (var step = 1; step < n; step *= 2)
            y = Cat([y.Narrow(axis, 0, step), y.Narrow(axis, 0, n - step) * y.Narrow(axis, step, n - step)], axis);
        return y;
    }

    /// <summary>
    /// Along an axis the largest of the elements up to each, and where it is: the last of equal ones, which alone gets
    /// the gradient; NaN from the first one on.
    /// </summary>
    public (Variable Values, Tensor Indices) CumMax(int axis)
    {
        var largest = Data.Scan(new Tensor.MaxFormula(), axis, "CumMax");
        var places = Data.AlongAxis("CumMax", axis, Tensor.Arange(Size(axis), DType.Int64, Device));
        var winners = Data.Eq(largest) | Data.IsNaN();
        var at = Tensor.Where(winners, places, Tensor.Like(places, 0)).Scan(new Tensor.MaxFormula(), axis);
        return (Gather(axis, at), at);
    }
}
