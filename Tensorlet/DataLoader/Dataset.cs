namespace Tensorlet.Data;

/// <summary>Samples by number. A sample is some tensors, as in (image, label).</summary>
public abstract class Dataset
{
    /// <summary>The number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>
    /// Sample number <paramref name="index"/>, 0 … Count−1. Called from several threads where a loader has workers.
    /// </summary>
    public abstract Tensor[] this[int index] { get; }

    /// <summary>Several samples together: each tensor gets a new first axis, N.</summary>
    public virtual Tensor[] Batch(ReadOnlySpan<long> indices)
    {
        var samples = new Tensor[indices.Length][];
        for (var i = 0; i < samples.Length; i++)
            try { samples[i] = this[(int)indices[i]]; }
            catch (Exception e) { throw new TensorletException($"DataLoader: sample {indices[i]}: {e.Message}", e); }
        return [.. Enumerable.Range(0, samples[0].Length).Select(part =>
            Tensor.Stack([.. samples.Select(sample => sample[part])]))];
    }
}

/// <summary>Tensors whose first axes run over the samples together.</summary>
public sealed class TensorDataset : Dataset
{
    readonly Tensor[] tensors;

    /// <summary>A dataset of tensors with first axes of one size.</summary>
    /// <exception cref="ShapeException">None given, or the first axes differ.</exception>
    public TensorDataset(params Tensor[] tensors)
    {
        if (tensors.Length == 0) throw new ShapeException("TensorDataset: no tensors were given.");
        foreach (var t in tensors)
            if (t.Rank == 0 || t.Size(0) != tensors[0].Size(0))
                throw new ShapeException(
                    $"TensorDataset: shapes {tensors[0].Layout} and {t.Layout} differ in axis 0, the samples.");
        this.tensors = tensors;
    }

    /// <inheritdoc/>
    public override int Count => tensors[0].Size(0);
    /// <inheritdoc/>
    public override Tensor[] this[int index] => Array.ConvertAll(tensors, t => t.Select(0, index));

    /// <inheritdoc/>
    public override Tensor[] Batch(ReadOnlySpan<long> indices)
    {
        var index = Tensor.From(indices);
        return Array.ConvertAll(tensors, t => t.IndexSelect(0, index.To(t.Device)));
    }
}
