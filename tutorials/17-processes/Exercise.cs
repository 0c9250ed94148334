using Tensorlet;

namespace Tutorials.Chapter17;

/// <summary>
/// Exercise 17: what several processes need to train one network together: which samples each of them takes, and one
/// network made of theirs, where each trained a copy of its own.
/// </summary>
public sealed class Mine : ITogether
{
    /// <summary>
    /// The samples on which one process trains. Over all ranks each sample occurs exactly once, and the shares differ
    /// in size by at most one. Use blocks or turns, as you like; the numbers of a share ascend.
    /// </summary>
    /// <param name="samples">How many samples there are, numbered from 0; maybe fewer than processes.</param>
    /// <param name="processes">How many processes there are, at least one.</param>
    /// <param name="rank">The rank of the process, from 0.</param>
    public int[] Share(int samples, int processes, int rank) => throw new Todo("the samples of one process");

    /// <summary>
    /// One parameter from those of all processes: their mean, in which each counts as much as it has samples.
    /// </summary>
    /// <param name="copies">The parameter as each process trained it, all of one shape and type, which
    /// the mean has too. They are not to be changed.</param>
    /// <param name="counts">How many samples each process has; a process may have none, but not all.</param>
    public Tensor Average(Tensor[] copies, int[] counts) => throw new Todo("a mean, weighted by the counts");
}
