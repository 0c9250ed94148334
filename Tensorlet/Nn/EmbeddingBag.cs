namespace Tensorlet.Nn;

/// <summary>
/// An <see cref="Embedding"/> whose rows are reduced to one for each bag of indices: (N, B) of Int64 to (N, D).
/// </summary>
/// <param name="numEmbeddings">V, the number of rows.</param>
/// <param name="embeddingDim">D, the size of a row.</param>
/// <param name="mode">How the rows of a bag are reduced.</param>
/// <param name="paddingIdx">A row that starts with zeros, gets no gradient and does not count; negative ones count from
/// the end.</param>
public sealed class EmbeddingBag(int numEmbeddings, int embeddingDim, BagMode mode = BagMode.Mean,
    int? paddingIdx = null) : Embedding(numEmbeddings, embeddingDim, paddingIdx)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.EmbeddingBag(x.Given().Data, Weight, null, mode, paddingIdx);

    /// <summary>Bags that are given one after another, with the position at which each begins.</summary>
    public Variable Call(Variable x, Tensor offsets) =>
        Hooked(x, v => F.EmbeddingBag(v.Data, Weight, offsets.Given(), mode, paddingIdx));

    /// <inheritdoc/>
    protected override string Arguments => $"{base.Arguments}, mode={Python.Show(mode.ToString())}";
}
