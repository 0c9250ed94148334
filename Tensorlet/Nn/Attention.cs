namespace Tensorlet.Nn;

/// <summary>
/// Multi-head attention: queries, keys and values of size E are projected and split into heads of size E/heads; each
/// head attends separately, and the results are joined and projected again (Vaswani et al. 2017). The shapes are (L, N,
/// E), or batch first (N, L, E).
/// </summary>
/// <param name="embedDim">E, the size of queries, keys and values.</param>
/// <param name="numHeads">The number of heads.</param>
/// <param name="dropout">The probability with which a weight is dropped.</param>
/// <param name="bias">Whether the projections have biases.</param>
/// <param name="batchFirst">Whether inputs and outputs are (N, L, E) instead of (L, N, E).</param>
/// <exception cref="ShapeException">E is not divisible by the number of heads.</exception>
public sealed class MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true,
    bool batchFirst = false) : Module
{
    readonly double dropout = dropout.In("MultiheadAttention", 0, 1);
    readonly int heads = numHeads >= 1 && embedDim % numHeads == 0 ? numHeads : throw new ShapeException(
        $"MultiheadAttention: {embedDim} is not divisible by {numHeads} heads.");
    readonly Variable inProjWeight = Init.XavierUniform_(Parameter(Tensor.Empty(3 * embedDim, embedDim)));
    readonly Variable? inProjBias = bias ? Parameter(Tensor.Zeros(3 * embedDim)) : null;
    readonly Linear outProj =
        new(embedDim, embedDim, bias) { Bias = bias ? Parameter(Tensor.Zeros(embedDim)) : null };

    /// <summary>The attention of a sequence to itself.</summary>
    public override Variable Forward(Variable x) => Call(x.Given(), x, x, needWeights: false).Output;

    /// <summary>The attention of the queries to the keys and values, and its weights.</summary>
    /// <param name="query">(L, N, E), or batch first (N, L, E).</param>
    /// <param name="key">(S, N, E), or batch first (N, S, E).</param>
    /// <param name="value">(S, N, E), or batch first (N, S, E).</param>
    /// <param name="keyPaddingMask">(N, S): true for keys that are ignored, or numbers that are added to the scores.
    /// Keys and values that are ignored are not read, and may be NaN.</param>
    /// <param name="attnMask">(L, S) or (N·heads, L, S): true for what a query does not see, or numbers that are added
    /// to the scores.</param>
    /// <param name="needWeights">Whether the weights are returned.</param>
    /// <param name="averageWeights">Whether they are the mean over the heads, (N, L, S), instead of (N, heads, L,
    /// S).</param>
    /// <param name="isCausal">Whether a query sees only the keys at its own position and before.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Variable Output, Variable? Weights) Call(Variable query, Variable key, Variable value,
        Tensor? keyPaddingMask = null, Tensor? attnMask = null, bool needWeights = true, bool averageWeights = true,
        bool isCausal = false) => Named(() =>
    {
        foreach (var x in (Variable[])[query.Given(), key.Given(), value.Given()])
            if (x.Rank != 3 || x.Size(2) != embedDim)
                throw new ShapeException($"MultiheadAttention: takes ({(batchFirst ? "N, L" : "L, N")}, {embedDim}), " +
                    $"not {x.Data.Layout}.");
        int batch = batchFirst ? 0 : 1, n = query.Size(batch), l = query.Size(1 - batch), s = key.Size(1 - batch);
        Tensor? seen = null;
        Variable? added = null;
        if (attnMask is not null) Mask(attnMask.Rank == 2 ? attnMask : attnMask.Reshape(n, heads, l, s));
        if (keyPaddingMask is not null)
        {
            Mask(keyPaddingMask.Reshape(n, 1, 1, s));
            var absent = keyPaddingMask.DType == DType.Bool ? keyPaddingMask
                : keyPaddingMask.Eq(double.NegativeInfinity);
            absent = (batchFirst ? absent : absent.T).Unsqueeze(-1);
            (key, value) = (key.MaskedFill(absent, 0), value.MaskedFill(absent, 0));
        }
        var (found, weights) = F.Attention(Heads(query, 0), Heads(key, 1), Heads(value, 2), seen, added, isCausal,
            Training ? dropout : 0);
        var output = outProj.Call((batchFirst ? found.Permute(0, 2, 1, 3) : found.Permute(2, 0, 1, 3)).Flatten(2));
        return (output, !needWeights ? null : averageWeights ? weights.Mean(1) : weights);

        void Mask(Tensor mask)
        {
            if (mask.DType == DType.Bool) seen = F.Both(seen, !mask);
            else added = added is null ? mask : added + mask;
        }
    }, "MultiheadAttention");

    /// <summary>
    /// Projects by the third of the weights that belongs to queries, keys or values, to (N, heads, L, E/heads).
    /// </summary>
    Variable Heads(Variable x, int third)
    {
        var first = third * embedDim;
        var y = F.Linear(x, inProjWeight.Narrow(0, first, embedDim), inProjBias?.Narrow(0, first, embedDim));
        y = y.Unflatten(2, heads, embedDim / heads);
        return batchFirst ? y.Permute(0, 2, 1, 3) : y.Permute(1, 2, 0, 3);
    }
}
