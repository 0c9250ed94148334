namespace Tensorlet.Data;

/// <summary>Samples that come one after another, as from a stream. Their number is known only at the end.</summary>
public abstract class IterableDataset
{
    /// <summary>
    /// The samples of an epoch, read by one thread. The random numbers that a loader provides depend on its seed and
    /// the epoch alone.
    /// </summary>
    public abstract IEnumerable<Tensor[]> Samples(Generator random);

    /// <summary>The samples, with a function, which may use random numbers, applied to each.</summary>
    public IterableDataset Map(Func<Tensor[], Generator, Tensor[]> function) => new Mapped(this, function.Given());
    /// <summary>The samples, with a function applied to each.</summary>
    public IterableDataset Map(Func<Tensor[], Tensor[]> function) => Map(Dataset.WithoutChance(function.Given()));

    /// <summary>The samples, with a check for a stop before each. An exception gets the number of its sample.</summary>
    internal IEnumerable<Tensor[]> Numbered(Generator random, CancellationToken stop, Action<long> at)
    {
        using var samples = Samples(random)?.GetEnumerator() ?? throw new TensorletException(
            $"DataLoader: {GetType().Name}.Samples returns null.");
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
