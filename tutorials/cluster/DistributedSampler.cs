using Tensorlet.Data;

namespace Tensorlet.Cluster;

/// <summary>
/// The part of every batch that one rank takes. The batches are those of one process, whatever the number of ranks: two
/// ranks with 32 samples each of a batch of 64 make the step that one process makes with the 64. A checkpoint that was
/// taken with some number of ranks goes on with any other.
/// </summary>
/// <remarks>
/// All ranks give their loaders the same seed. A batch that does not divide by the number of ranks is filled up with
/// its own first samples, which then count twice; <c>dropLast</c> of <see cref="BatchSampler"/> avoids that.
/// </remarks>
/// <param name="batches">The batches of all ranks together.</param>
/// <param name="group">The ranks.</param>
public sealed class DistributedSampler(Sampler<long[]> batches, ProcessGroup group) : Sampler<long[]>
{
    readonly Sampler<long[]> batches = batches ?? throw new ArgumentNullException(nameof(batches));
    readonly ProcessGroup group = group ?? throw new ArgumentNullException(nameof(group));

    /// <inheritdoc/>
    public override int Count => batches.Count;

    /// <inheritdoc/>
    public override IEnumerable<long[]> Order(Generator random) => batches.Order(random).Select(batch =>
    {
        var share = (batch.Length + group.WorldSize - 1) / group.WorldSize;
        return Enumerable.Range(group.Rank * share, share).Select(i => batch[i % batch.Length]).ToArray();
    });

    /// <summary>
    /// The samples of a dataset that one rank tests with: each belongs to one rank, and none counts twice.
    /// </summary>
    public static Subset Share(Dataset dataset, ProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(group);
        return new(dataset, Enumerable.Range(0, dataset.Count).Where(i => i % group.WorldSize == group.Rank)
            .Select(i => (long)i));
    }

    /// <summary>
    /// The dataset with random numbers of this rank's own. Those that a loader draws for a sample depend on its place
    /// in the batches that the loader sees, so that without this the ranks would turn and cut different images alike.
    /// </summary>
    public static Dataset Apart(Dataset dataset, ProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(group);
        return new OwnChance(dataset, group.Rank);
    }

    sealed class OwnChance(Dataset dataset, long rank) : Dataset
    {
        public override int Count => dataset.Count;
        public override Tensor[] this[int index] => dataset[index];
        public override Tensor[] Sample(int index, Generator random) =>
            dataset.Sample(index, new Generator(random.Seed + rank * unchecked((long)0x9E3779B97F4A7C15)));
    }
}
