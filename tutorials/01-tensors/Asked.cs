using Tensorlet;

namespace Tutorials.Chapter01;

/// <summary>What exercise 1 asks for.</summary>
public interface IStandardise
{
    /// <summary>The mean of each column of a table of shape (N, C).</summary>
    Tensor Means(Tensor table);

    /// <summary>The deviation of each column, biased.</summary>
    Tensor Deviations(Tensor table);

    /// <summary>The table with every column of mean 0 and deviation 1, or 0 where it is constant.</summary>
    Tensor Standardise(Tensor table);
}
