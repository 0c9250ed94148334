namespace Tensorlet.Nn;

/// <summary>
/// An <see cref="Embedding"/> that reduces the rows of each bag of indices to a single row. N bags of B indices
/// each, (N, B) of Int64, give (N, D).
/// </summary>
/// <param name="numEmbeddings">V, the number of rows of the table.</param>
/// <param name="embeddingDim">D, the size of a row.</param>
/// <param name="mode">How the rows of a bag are reduced.</param>
/// <param name="paddingIdx">The index of a row that initially consists of zeros, gets no gradient and is left out
/// of the reduction. A negative index is counted from the end of the table.</param>
public sealed class EmbeddingBag(int numEmbeddings, int embeddingDim, BagMode mode = BagMode.Mean,
    int? paddingIdx = null) : Embedding(numEmbeddings, embeddingDim, paddingIdx)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.EmbeddingBag(x.Given().Data, Weight, null, mode, paddingIdx);

    /// <summary>
    /// Reduces the rows of bags whose indices are given one after another in <paramref name="x"/>. The position at
    /// which each bag begins is given by <paramref name="offsets"/>.
    /// </summary>
    public Variable Call(Variable x, Tensor offsets) =>
        Hooked(x, v => F.EmbeddingBag(v.Data, Weight, offsets.Given(), mode, paddingIdx));

    /// <inheritdoc/>
    protected override string Arguments => $"{base.Arguments}, mode={Python.Show(mode.ToString())}";
}
