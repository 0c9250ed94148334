namespace Tensorlet;

// Element i of a scan folds the elements 0 … i. Each is joined with the one 1, then 2, 4, … places before it, so that
// log₂ n operations do (Hillis and Steele 1986); the gradient is that of these.
public sealed partial class Variable
{
    /// <summary>Along an axis the sum of the elements up to each.</summary>
    public Variable CumSum(int axis) => Scan("CumSum", axis, (a, b) => a + b);

    /// <summary>Along an axis the product of the elements up to each.</summary>
    public Variable CumProd(int axis) => Scan("CumProd", axis, (a, b) => a * b);

    /// <summary>
    /// Along an axis the largest of the elements up to each, and where it is: the last of equal ones, which alone gets
    /// the gradient.
    /// </summary>
    public (Variable Values, Tensor Indices) CumMax(int axis)
    {
        var largest = Detach().Scan("CumMax", axis, Maximum).Data;
        var places = Along(axis);
        var winners = Data.Eq(largest) | Data.IsNaN();
        var at = Tensor.Where(winners, places, Tensor.Like(places, 0)).To(DType.Float64);
        var indices = ((Variable)at).Scan("CumMax", axis, Maximum).Data.To(DType.Int64);
        return (Gather(axis, indices), indices);
    }

    Variable Scan(string operation, int axis, Func<Variable, Variable, Variable> join)
    {
        axis = Data.Layout.Axis(operation, axis);
        var (y, n) = (this, Size(axis));
        for (var step = 1; step < n; step *= 2)
            y = Cat([y.Narrow(axis, 0, step), join(y.Narrow(axis, 0, n - step), y.Narrow(axis, step, n - step))], axis);
        return y;
    }

    /// <summary>The place of each element along an axis.</summary>
    Tensor Along(int axis)
    {
        int[] single = [.. Enumerable.Repeat(1, Rank)];
        single[Data.Layout.Axis("Along", axis)] = Size(axis);
        return Tensor.Arange(Size(axis), DType.Int64, Device).Reshape(single).Expand(Size());
    }
}
