namespace Tensorlet.Nn;

/// <summary>
/// An <see cref="Embedding"/> whose inputs are groups of indices, called bags. For each index of a bag, the layer looks
/// up a row of the table. It then reduces the rows of the bag to a single row. N bags with B indices per bag have the
/// shape (N, B), as Int64. The result has the shape (N, D), where D is the size of a row.
/// </summary>
/// <param name="numEmbeddings">V, the number of rows of the table.</param>
/// <param name="embeddingDim">D, the size of a row.</param>
/// <param name="mode">How the rows of a bag are reduced.</param>
/// <param name="paddingIdx">The index of a row that initially consists of zeros, never gets a gradient, and is left out
/// of the reduction. A negative index is counted from the end of the table.</param>
public sealed class EmbeddingBag(int numEmbeddings, int embeddingDim, BagMode mode = BagMode.Mean,
    int? paddingIdx = null) : Embedding(numEmbeddings, embeddingDim, paddingIdx)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.EmbeddingBag(x.Given().Data, Weight, null, mode, paddingIdx);

    /// <summary>
    /// Reduces the rows of each bag to a single row. The indices of all bags are given one after another in
    /// <paramref name="x"/>, and the positions at which the bags begin are given in <paramref name="offsets"/>.
    /// </summary>
    public Variable Call(Variable x, Tensor offsets) =>
        Hooked(x, v => F.EmbeddingBag(v.Data, Weight, offsets.Given(), mode, paddingIdx));

    /// <inheritdoc/>
    protected override string Arguments => $"{base.Arguments}, mode={Python.Show(mode.ToString())}";
}
