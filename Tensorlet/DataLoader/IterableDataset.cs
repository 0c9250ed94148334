namespace Tensorlet.Data;

/// <summary>Samples that come one after another, as from a stream. How many is known at the end.</summary>
public abstract class IterableDataset
{
    /// <summary>
    /// The samples of an epoch, read by one thread. Random numbers of a loader depend on its seed and the epoch alone.
    /// </summary>
    public abstract IEnumerable<Tensor[]> Samples(Generator random);

    /// <summary>The samples, each through a function that may be random.</summary>
    public IterableDataset Map(Func<Tensor[], Generator, Tensor[]> function) => new Mapped(this, function.Given());
    /// <summary>The samples, each through a function.</summary>
    public IterableDataset Map(Func<Tensor[], Tensor[]> function) => Map(Dataset.WithoutChance(function.Given()));

    /// <summary>The samples, with the stop asked before each, and an exception told with its number.</summary>
    internal IEnumerable<Tensor[]> Numbered(Generator random, CancellationToken stop, Action<long> at)
    {
        using var samples = Samples(random)?.GetEnumerator() ?? throw new TensorletException(
            $"DataLoader: {GetType().Name}.Samples gives null.");
        for (var i = 0L; ; i++)
        {
            stop.ThrowIfCancellationRequested();
            at(i);
            try { if (!samples.MoveNext()) yield break; }
            catch (Exception e) { throw Dataset.Failed(i, e); }
            yield return Dataset.Whole(i, samples.Current);
        }
    }

    sealed class Mapped(IterableDataset dataset, Func<Tensor[], Generator, Tensor[]> function) : IterableDataset
    {
        public override IEnumerable<Tensor[]> Samples(Generator random) =>
            dataset.Samples(random).Select(sample => function(sample, random));
    }
}
