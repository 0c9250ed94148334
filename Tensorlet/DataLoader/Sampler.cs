namespace Tensorlet.Data;

/// <summary>What an epoch goes through: samples (<c>long</c>) or batches of them (<c>long[]</c>), in order.</summary>
public abstract class Sampler<T>
{
    /// <summary>How many there are in an epoch.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// Those of one epoch. All chance is taken from <paramref name="random"/>, which a loader makes from its seed and
    /// the epoch alone.
    /// </summary>
    public abstract IEnumerable<T> Order(Generator random);
}

/// <summary>All samples of a dataset in order.</summary>
public sealed class SequentialSampler(Dataset dataset) : Sampler<long>
{
    readonly Dataset dataset = dataset.Given();

    /// <inheritdoc/>
    public override int Count => dataset.Count;
    /// <inheritdoc/>
    public override IEnumerable<long> Order(Generator random) => Enumerable.Range(0, Count).Select(i => (long)i);
}

/// <summary>Samples in random order.</summary>
/// <param name="dataset">The dataset.</param>
/// <param name="replacement">Draw each from all of them, so that one may come twice.</param>
/// <param name="numSamples">How many to draw, all if not given. Without replacement more of them than there are begin
/// another order.</param>
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

/// <summary>The samples of these numbers in random order.</summary>
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
/// Sample i is drawn with a probability in proportion to its weight; without replacement as the smallest of −ln(u)/w
/// (Efraimidis and Spirakis 2006).
/// </summary>
public sealed class WeightedRandomSampler : Sampler<long>
{
    readonly double[] weights;
    readonly bool replacement;

    /// <summary>Draws so many samples by these weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite, all are 0, or without
    /// replacement fewer than are drawn are above 0.</exception>
    public WeightedRandomSampler(IEnumerable<double> weights, int numSamples, bool replacement = true)
    {
        const string name = nameof(WeightedRandomSampler);
        (this.weights, Count, this.replacement) = ([.. weights.Given()], numSamples.In(name, 1), replacement);
        if (!this.weights.All(w => w >= 0 && double.IsFinite(w))
            || this.weights.Count(w => w > 0) < (replacement ? 1 : numSamples))
            throw new ArgumentOutOfRangeException(nameof(weights), $"{name}: {numSamples} samples " +
                $"cannot be drawn by these {this.weights.Length} weights: finite ones, not negative, enough above 0.");
        // the largest becomes about 1, so that sums are finite; a power of two changes no digit
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
            // the first sum above the number drawn: never that of a weight 0, which is the sum before it
            var at = Array.BinarySearch(sums, Uniform() * total);
            while (at >= 0 && sums[at + 1] == sums[at]) at++;
            return at < 0 ? ~at : at + 1L;
        });

        double Uniform() => random.Given().NextDouble() + random.NextDouble() / (1 << 24);     // 48 bits
    }
}

/// <summary>Batches of what a sampler gives.</summary>
/// <param name="sampler">What gives the samples.</param>
/// <param name="batchSize">Samples in a batch; the last one may be smaller.</param>
/// <param name="dropLast">Leave out a smaller last batch.</param>
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
