namespace Tensorlet.Data;

/// <summary>
/// Samples that are numbered from 0 on. A sample consists of a few tensors, for example an image and a label.
/// </summary>
public abstract class Dataset
{
    /// <summary>The number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// The sample with the number <paramref name="index"/>, which is between 0 and Count − 1. A loader with workers
    /// calls this indexer from several threads.
    /// </summary>
    public abstract Tensor[] this[int index] { get; }

    /// <summary>
    /// Returns the sample with the number <paramref name="index"/>. Override this method if a sample needs random
    /// numbers, and take all of them from the generator <paramref name="random"/>. A loader passes a generator whose
    /// numbers depend only on the seed of the loader, the epoch, and the position of the sample in the epoch.
    /// </summary>
    public virtual Tensor[] Sample(int index, Generator random) => this[index];

    /// <summary>
    /// Returns a batch of several samples. By default, the first tensors of all samples are stacked along a new first
    /// axis, then the second tensors of all samples, and so on.
    /// </summary>
    /// <param name="indices">The samples, given by their numbers in the dataset.</param>
    /// <param name="random">A function that takes the position of a sample in the batch and returns the generator for
    /// this sample; if not given, all samples use the default generator.</param>
    /// <param name="collate">A function that makes a batch from samples; <see cref="Collate.Default"/> if not
    /// given.</param>
    /// <param name="stop">A cancellation token that is checked before each sample is made.</param>
    /// <exception cref="TensorletException">A sample does not exist or is null; or an exception was thrown while a
    /// sample was made. The exception that was thrown is the inner exception. The message contains the number of the
    /// sample.</exception>
    /// <exception cref="ShapeException">The samples have different numbers of tensors, or tensors at the same position
    /// have different shapes or types.</exception>
    public virtual Tensor[] Batch(ReadOnlySpan<long> indices, Func<int, Generator>? random = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken stop = default)
    {
        var samples = new Tensor[indices.Length][];
        for (var i = 0; i < samples.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            try { samples[i] = Sample(Index(indices[i]), random?.Invoke(i) ?? Generator.Default); }
            catch (Exception e) { throw Failed(indices[i], e); }
            Whole(indices[i], samples[i]);
        }
        return collate is null ? Collate.Default(samples, indices) : collate(samples);
    }

    internal static TensorletException Failed(long index, Exception e) =>
        new($"DataLoader: sample {index}: {e.Message}", e);

    /// <summary>
    /// Returns the sample if neither the sample nor one of its tensors is null; otherwise, throws an exception.
    /// </summary>
    internal static Tensor[] Whole(long index, Tensor[]? sample) => sample?.Contains(null) == false ? sample
        : throw new TensorletException($"DataLoader: sample {index} is null, or a tensor of it is.");

    /// <summary>Returns the number of a sample as an int, if there is a sample with this number.</summary>
    /// <exception cref="IndexException">There is no sample with this number.</exception>
    protected internal int Index(long index) => index >= 0 && index < Count ? (int)index
        : throw new IndexException($"{GetType().Name}: index {index} is outside of {Count} samples.");

    /// <summary>
    /// Returns a dataset that applies a function to every sample of this dataset. The second argument of the function
    /// is the generator for its random numbers.
    /// </summary>
    public Dataset Map(Func<Tensor[], Generator, Tensor[]> function) => new Mapped(this, function.Given());
    /// <summary>Returns a dataset that applies a function to every sample of this dataset.</summary>
    public Dataset Map(Func<Tensor[], Tensor[]> function) => Map(WithoutChance(function.Given()));
    /// <summary>
    /// Returns a dataset that applies a transform to the image, which is the first tensor of every sample of this
    /// dataset.
    /// </summary>
    public Dataset Map(Transform transform) => Map(transform.Given().OfSample);

    internal static Func<Tensor[], Generator, Tensor[]> WithoutChance(Func<Tensor[], Tensor[]> function) =>
        (sample, _) => function(sample);

    /// <summary>Splits the samples randomly into parts with the given sizes. No sample is in two parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or the sizes do not add up to
    /// Count.</exception>
    public Subset[] RandomSplit(int[] sizes, Generator? generator = null)
    {
        if (sizes.Given().Any(size => size < 0) || sizes.Sum(size => (long)size) != Count)
            throw new ArgumentOutOfRangeException(nameof(sizes),
                $"RandomSplit: {Layout.Show(sizes)} are not sizes that add up to the {Count} samples.");
        var (order, end) = ((generator ?? Generator.Default).Permutation(Count), 0);
        return [.. sizes.Select(size => new Subset(this, order[end..(end += size)]))];
    }

    /// <summary>
    /// Splits the samples randomly into parts. The size of a part is the given fraction of the number of samples,
    /// rounded down. The samples that are left over go to the first parts, one sample to each.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A fraction is negative, or the fractions do not add up to
    /// 1.</exception>
    public Subset[] RandomSplit(double[] fractions, Generator? generator = null)
    {
        if (fractions.Given().Any(f => !(f >= 0)) || Math.Abs(fractions.Sum() - 1) > 1e-9)
            throw new ArgumentOutOfRangeException(nameof(fractions),
                $"RandomSplit: [{string.Join(", ", fractions.Select(f => $"{f}"))}] do not add up to 1.");
        int[] sizes = [.. fractions.Select(f => (int)(Count * f))];
        for (var (part, left) = (0, Count - sizes.Sum()); left > 0; left--) sizes[part++ % sizes.Length]++;
        return RandomSplit(sizes, generator);
    }

    sealed class Mapped(Dataset dataset, Func<Tensor[], Generator, Tensor[]> function) : Dataset
    {
        public override int Count => dataset.Count;
        public override Tensor[] this[int index] => Sample(index, Generator.Default);
        public override Tensor[] Sample(int index, Generator random) => function(dataset.Sample(index, random), random);
    }
}

/// <summary>A dataset that is stored in tensors. Sample i consists of t[i] for each of these tensors t.</summary>
public sealed class TensorDataset : Dataset
{
    /// <summary>Creates a dataset from tensors whose first axes have the same size.</summary>
    /// <exception cref="ShapeException">No tensors were given; or a tensor has no axes; or the sizes of the first
    /// axes differ.</exception>
    public TensorDataset(params Tensor[] tensors)
    {
        if (tensors.Given().Length == 0) throw new ShapeException("TensorDataset: no tensors were given.");
        foreach (var t in tensors)
            if (t.Given(nameof(tensors)).Rank == 0 || t.Size(0) != tensors[0].Size(0)) throw new ShapeException(
                $"TensorDataset: shapes {tensors[0].Layout} and {t.Layout} differ in axis 0, the samples.");
        Tensors = tensors;
    }

    /// <summary>The tensors in which the samples are stored.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <inheritdoc/>
    public override int Count => Tensors[0].Size(0);
    /// <inheritdoc/>
    /// <exception cref="IndexException">There is no sample with this number.</exception>
    public override Tensor[] this[int index] => [.. Tensors.Select(t => t.Select(0, Index(index)))];

    /// <inheritdoc/>
    public override Tensor[] Batch(ReadOnlySpan<long> indices, Func<int, Generator>? random = null,
        Func<Tensor[][], Tensor[]>? collate = null, CancellationToken stop = default)
    {
        if (collate is not null) return base.Batch(indices, random, collate, stop);
        foreach (var i in indices) Index(i);
        var index = Tensor.From(indices);
        return [.. Tensors.Select(t => t.IndexSelect(0, index.To(t.Device)))];
    }
}

/// <summary>Several datasets, one after another, as a single dataset.</summary>
public sealed class ConcatDataset : Dataset
{
    readonly Dataset[] datasets;
    readonly long[] ends;               // the number of samples up to the end of each dataset

    /// <summary>
    /// Creates a dataset that contains the samples of several datasets, one dataset after another. Each dataset
    /// contributes the number of samples that it has when this constructor is called.
    /// </summary>
    public ConcatDataset(params Dataset[] datasets)
    {
        var end = 0L;
        (this.datasets, ends) = (datasets.Given(),
            Array.ConvertAll(datasets, dataset => end += dataset.Given(nameof(datasets)).Count));
    }

    /// <inheritdoc/>
    /// <exception cref="TensorletException">There are too many samples to be numbered by an int.</exception>
    public override int Count => (ends.Length == 0 ? 0 : ends[^1]) switch
    {
        <= int.MaxValue and var count => (int)count,
        var count => throw new TensorletException(
            $"ConcatDataset: {count} samples; at most {int.MaxValue} can be numbered."),
    };
    /// <inheritdoc/>
    public override Tensor[] this[int index] => Sample(index, Generator.Default);

    /// <inheritdoc/>
    /// <exception cref="IndexException">There is no sample with this number.</exception>
    public override Tensor[] Sample(int index, Generator random)
    {
        var part = Array.BinarySearch(ends, Index(index) + 1L);
        if (part < 0) part = ~part;
        while (part > 0 && ends[part - 1] > index) part--;          // an empty dataset has the end of the previous one
        return datasets[part].Sample(index - (part > 0 ? (int)ends[part - 1] : 0), random);
    }
}

/// <summary>Some samples of a dataset.</summary>
/// <param name="dataset">The dataset from which the samples are taken.</param>
/// <param name="indices">The samples, given by their numbers in that dataset.</param>
/// <exception cref="IndexException">At least one of the numbers is not the number of a sample of the
/// dataset.</exception>
public sealed class Subset(Dataset dataset, IEnumerable<long> indices) : Dataset
{
    readonly long[] indices = [.. indices.Given().Select(index => (long)dataset.Given().Index(index))];

    /// <summary>Creates a dataset from the samples with the given numbers.</summary>
    /// <exception cref="IndexException">At least one of the numbers is not the number of a sample of the
    /// dataset.</exception>
    public Subset(Dataset dataset, IEnumerable<int> indices)
        : this(dataset, indices.Given().Select(index => (long)index)) { }

    /// <summary>The samples, given by their numbers in the dataset from which they are taken.</summary>
    public IReadOnlyList<long> Indices => indices;

    /// <inheritdoc/>
    public override int Count => indices.Length;
    /// <inheritdoc/>
    public override Tensor[] this[int index] => dataset[(int)indices[Index(index)]];
    /// <inheritdoc/>
    public override Tensor[] Sample(int index, Generator random) => dataset.Sample((int)indices[Index(index)], random);
}
