using Tensorlet;

namespace Tutorials.Chapter01;

/// <inheritdoc cref="Mine"/>
public sealed class Solution : IStandardise
{
    /// <inheritdoc/>
    public Tensor Means(Tensor table) => table.Mean([0]);

    /// <inheritdoc/>
    public Tensor Deviations(Tensor table)
    {
        var distances = table - Means(table);
        return new Variable((distances * distances).Mean([0])).Sqrt().Data;
    }

    /// <inheritdoc/>
    public Tensor Standardise(Tensor table)
    {
        var constant = table.AMax([0]).Eq(table.AMin([0]));
        return Tensor.Where(constant, Tensor.Scalar(0, table.DType), (table - Means(table)) / Deviations(table));
    }
}
