namespace Tensorlet.Nn;

/// <summary>
/// Multi-head attention (Vaswani et al. 2017). Queries, keys and values of size E are projected and divided among the
/// heads, in parts of size E/heads, where <c>heads</c> is the number of heads. Each head attends separately; then the
/// results of all heads are joined and projected again. N sequences of length L have the shape (L, N, E), or (N, L, E)
/// if <paramref name="batchFirst"/> is true.
/// </summary>
/// <param name="embedDim">E, the size of a query, a key and a value.</param>
/// <param name="numHeads">The number of heads.</param>
/// <param name="dropout">The probability with which an attention weight is set to 0 in training.</param>
/// <param name="bias">Whether the projections have biases.</param>
/// <param name="batchFirst">If true, inputs and outputs have the shape (N, L, E). If false, they have the shape (L, N,
/// E).</param>
/// <exception cref="ShapeException">E is not divisible by the number of heads.</exception>
public sealed class MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true,
    bool batchFirst = false) : Module
{
    readonly double dropout = dropout.In("MultiheadAttention", 0, 1);
    readonly int heads = numHeads >= 1 && embedDim % numHeads == 0 ? numHeads : throw new ShapeException(
        $"MultiheadAttention: {embedDim} is not divisible by {numHeads} heads.");
    readonly Variable inProjWeight = Init.XavierUniform_(new Parameter(Tensor.Empty(3 * embedDim, embedDim)));
    readonly Variable? inProjBias = bias ? new Parameter(Tensor.Zeros(3 * embedDim)) : null;
    readonly Linear outProj =
        new(embedDim, embedDim, bias) { Bias = bias ? new Parameter(Tensor.Zeros(embedDim)) : null };

    /// <summary>Computes the attention of a sequence to itself.</summary>
    public override Variable Forward(Variable x) => Call(x.Given(), x, x, needWeights: false).Output;

    /// <summary>
    /// Computes the attention of the queries to the keys and values. Returns the output, and also the attention weights
    /// if <paramref name="needWeights"/> is true.
    /// </summary>
    /// <param name="query">The queries, of shape (L, N, E), or (N, L, E) if the batch comes first, where L is the
    /// number of queries in each of the N sequences, and E is the size of a query.</param>
    /// <param name="key">The keys, of shape (S, N, E), or (N, S, E) if the batch comes first, where S is the number of
    /// keys in each of the N sequences.</param>
    /// <param name="value">The values, in the same shape as the keys.</param>
    /// <param name="keyPaddingMask">A mask of shape (N, S). It contains either Booleans that are true for the keys to
    /// be ignored, or numbers that are added to the scores (the scaled products of queries and keys). A key with the
    /// number −∞ is ignored, too. Keys that are ignored, and their values, are not read and may be NaN.</param>
    /// <param name="attnMask">A mask of shape (L, S) for all sequences and heads, or a mask of shape (N·heads, L, S).
    /// It contains either Booleans that are true for the keys that a query does not see, or numbers that are added to
    /// the scores.</param>
    /// <param name="needWeights">If true, the attention weights are returned too. If false, null is returned instead of
    /// them.</param>
    /// <param name="averageWeights">If true, the mean of the weights over the heads is returned, of shape (N, L, S). If
    /// false, the weights of each head are returned, of shape (N, heads, L, S).</param>
    /// <param name="isCausal">If true, a query sees only the keys at its own position and at earlier positions. If
    /// false, the positions do not matter.</param>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
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
    /// Projects <paramref name="x"/> with one third of the weights: the first third is for queries, the second for
    /// keys, the last for values. The result has the shape (N, heads, L, E/heads).
    /// </summary>
    Variable Heads(Variable x, int third)
    {
        var first = third * embedDim;
        var y = F.Linear(x, inProjWeight.Narrow(0, first, embedDim), inProjBias?.Narrow(0, first, embedDim));
        y = y.Unflatten(2, heads, embedDim / heads);
        return batchFirst ? y.Permute(0, 2, 1, 3) : y.Permute(1, 2, 0, 3);
    }
}
