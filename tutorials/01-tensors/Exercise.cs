using Tensorlet;

namespace Tutorials.Chapter01;

/// <summary>
/// Exercise 1: a table with a row for each sample and a column for each quantity that was measured is standardised, so
/// that all columns count alike: each gets mean 0 and standard deviation 1. A table has shape (N, C) and type Float32
/// or Float64, and so has the result. No method may change the table that it is given.
/// </summary>
public sealed class Mine : IStandardise
{
    /// <summary>The mean of each column, of shape (C).</summary>
    public Tensor Means(Tensor table) => throw new Todo("the mean of each column");

    /// <summary>
    /// The standard deviation of each column, of shape (C): the square root of the mean (over N, not N − 1) of the
    /// squared distances from the mean of the column.
    /// </summary>
    public Tensor Deviations(Tensor table) => throw new Todo("the deviation of each column");

    /// <summary>
    /// The table, with the mean of its column subtracted from each element, and divided by the standard deviation of
    /// its column. A column whose elements are all equal becomes 0. Shape (N, C).
    /// </summary>
    public Tensor Standardise(Tensor table) => throw new Todo("every column with mean 0 and deviation 1");
}
