namespace Tensorlet.Data;

/// <summary>
/// A dataset whose samples come one after another, for example from a stream. The number of samples is known only
/// at the end.
/// </summary>
public abstract class IterableDataset
{
    /// <summary>
    /// Returns the samples of an epoch. A loader reads all samples on one thread. It passes a generator whose numbers
    /// depend only on the seed of the loader and the epoch.
    /// </summary>
    public abstract IEnumerable<Tensor[]> Samples(Generator random);

    /// <summary>
    /// Returns a dataset that applies a function to every sample of this dataset. The second argument of the function
    /// is the generator for its random numbers.
    /// </summary>
    public IterableDataset Map(Func<Tensor[], Generator, Tensor[]> function) => new Mapped(this, function.Given());
    /// <summary>Returns a dataset that applies a function to every sample of this dataset.</summary>
    public IterableDataset Map(Func<Tensor[], Tensor[]> function) => Map(Dataset.WithoutChance(function.Given()));

    /// <summary>
    /// Returns the samples, and checks before each sample whether to stop. If the dataset throws an exception, the
    /// exception that the caller gets has the number of the sample.
    /// </summary>
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
