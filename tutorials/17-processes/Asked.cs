using Tensorlet;

namespace Tutorials.Chapter17;

/// <summary>What exercise 17 asks for: shares of the samples, and a mean of parameters.</summary>
public interface ITogether
{
    /// <summary>The samples of one process, ascending.</summary>
    int[] Share(int samples, int processes, int rank);
    /// <summary>The mean of the copies, weighted by the counts.</summary>
    Tensor Average(Tensor[] copies, int[] counts);
}
