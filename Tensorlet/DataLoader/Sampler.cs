namespace Tensorlet.Data;

/// <summary>
/// Chooses the samples of an epoch and their order. Each sample is given by its number in the dataset. If
/// <typeparamref name="T"/> is <c>long</c>, the sampler returns one sample after another; if
/// <typeparamref name="T"/> is <c>long[]</c>, the sampler returns batches of samples.
/// </summary>
public abstract class Sampler<T>
{
    /// <summary>The number of samples, or of batches, in an epoch.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// Returns the samples or the batches in the order of one epoch. An override takes all random numbers from
    /// <paramref name="random"/>. A loader passes a generator whose numbers depend only on the seed of the loader and
    /// the epoch.
    /// </summary>
    public abstract IEnumerable<T> Order(Generator random);
}

/// <summary>Chooses all samples of a dataset, in the order of their numbers.</summary>
public sealed class SequentialSampler(Dataset dataset) : Sampler<long>
{
    readonly Dataset dataset = dataset.Given();

    /// <inheritdoc/>
    public override int Count => dataset.Count;
    /// <inheritdoc/>
    public override IEnumerable<long> Order(Generator random) => Enumerable.Range(0, Count).Select(i => (long)i);
}

/// <summary>Chooses samples of a dataset in random order.</summary>
/// <param name="dataset">The dataset.</param>
/// <param name="replacement">If true, each sample is chosen from all samples of the dataset, so that a sample may
/// occur several times. If false, no sample is chosen again before all samples have been chosen.</param>
/// <param name="numSamples">The number of samples to choose; the size of the dataset if not given. Without
/// replacement, the number may also be larger than the size of the dataset: when all samples have been chosen, they
/// are chosen again in a new random order.</param>
public sealed class RandomSampler(Dataset dataset, bool replacement = false, int? numSamples = null) : Sampler<long>
{
    readonly Dataset dataset = dataset.Given();

    /// <inheritdoc/>
    public override int Count => dataset.Count == 0 ? 0 : count ?? dataset.Count;
    readonly int? count = numSamples?.In(nameof(RandomSampler), 1);

    /// <inheritdoc/>
    public override IEnumerable<long> Order(Generator random) => replacement
        ? Enumerable.Range(0, Count).Select(_ => (long)random.Given().Next(dataset.Count))
        : Enumerable.Range(0, Count).SelectMany(_ => random.Given().Permutation(dataset.Count)).Take(Count);
}

/// <summary>Chooses the samples with the given numbers, in random order.</summary>
public sealed class SubsetRandomSampler(params long[] indices) : Sampler<long>
{
    readonly long[] indices = indices.Given();

    /// <inheritdoc/>
    public override int Count => indices.Length;
    /// <inheritdoc/>
    public override IEnumerable<long> Order(Generator random) =>
        random.Given().Permutation(Count).Select(place => indices[place]);
}

/// <summary>
/// Chooses samples with probabilities that are proportional to their weights. Without replacement, the samples with
/// the smallest −ln(u)/w are chosen, where w is the weight of a sample, and u is a random number between 0 and 1
/// that is generated for this sample (Efraimidis and Spirakis 2006).
/// </summary>
public sealed class WeightedRandomSampler : Sampler<long>
{
    readonly double[] weights;
    readonly bool replacement;

    /// <summary>Creates a sampler that chooses <paramref name="numSamples"/> samples by the given weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite; or all weights are 0; or,
    /// without replacement, the number of samples to choose is larger than the number of positive
    /// weights.</exception>
    public WeightedRandomSampler(IEnumerable<double> weights, int numSamples, bool replacement = true)
    {
        const string name = nameof(WeightedRandomSampler);
        (this.weights, Count, this.replacement) = ([.. weights.Given()], numSamples.In(name, 1), replacement);
        if (!this.weights.All(w => w >= 0 && double.IsFinite(w))
            || this.weights.Count(w => w > 0) < (replacement ? 1 : numSamples))
            throw new ArgumentOutOfRangeException(nameof(weights), $"{name}: {numSamples} samples " +
                $"cannot be sampled with these {this.weights.Length} weights: finite ones from 0 on, enough above 0.");
        // the largest weight becomes about 1, so that sums are finite; a power of two changes no digit
        var exponent = Math.ILogB(this.weights.Max());
        this.weights = Array.ConvertAll(this.weights, w => Math.ScaleB(w, -exponent));
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerable<long> Order(Generator random)
    {
        if (!replacement)
            return Enumerable.Range(0, weights.Length).Where(i => weights[i] > 0).Select(i => (long)i)
                .OrderBy(i => -Math.Log(1 - Uniform()) / weights[i]).Take(Count);
        var total = 0.0;
        double[] sums = [.. weights.Select(w => total += w)];
        return Enumerable.Range(0, Count).Select(_ =>
        {
            // the first sum above the random number; the sum of a weight 0 is never found, because it equals the sum
            // before it
            var at = Array.BinarySearch(sums, Uniform() * total);
            while (at >= 0 && sums[at + 1] == sums[at]) at++;
            return at < 0 ? ~at : at + 1L;
        });

        double Uniform() => random.Given().NextDouble() + random.NextDouble() / (1 << 24);     // 48 bits
    }
}

/// <summary>Groups the samples of a sampler into batches.</summary>
/// <param name="sampler">The source of the samples.</param>
/// <param name="batchSize">The number of samples in a batch; the last batch may be smaller.</param>
/// <param name="dropLast">If true, the last batch is left out if it is smaller than the others. If false, no batch is
/// left out.</param>
public sealed class BatchSampler(Sampler<long> sampler, int batchSize, bool dropLast = false) : Sampler<long[]>
{
    readonly Sampler<long> sampler = sampler.Given();
    readonly int size = batchSize.In(nameof(BatchSampler), 1);

    /// <inheritdoc/>
    public override int Count => sampler.Count / size + (dropLast || sampler.Count % size == 0 ? 0 : 1);
    /// <inheritdoc/>
    public override IEnumerable<long[]> Order(Generator random) =>
        sampler.Order(random).Chunk(size).Where(batch => !dropLast || batch.Length == size);
}
