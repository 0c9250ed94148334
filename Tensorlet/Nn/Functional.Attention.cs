namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// softmax(Q·Kᵀ·scale + mask)·V (Vaswani et al. 2017): queries (…, L, E), keys (…, S, E) and values (…, S, V) give
    /// (…, L, V).
    /// </summary>
    /// <param name="query">Q</param>
    /// <param name="key">K</param>
    /// <param name="value">V</param>
    /// <param name="mask">Broadcast to (…, L, S): truth values say what takes part, numbers are added.</param>
    /// <param name="dropout">The probability of dropout of the weights.</param>
    /// <param name="isCausal">Whether a query sees only keys of its place and before.</param>
    /// <param name="scale">1/√E if not given.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Variable ScaledDotProductAttention(Variable query, Variable key, Variable value,
        Variable? mask = null, double dropout = 0, bool isCausal = false, double? scale = null) =>
        Dropout(AttentionWeights(query, key, mask, isCausal, scale), dropout).MatMul(value);

    /// <summary>softmax(Q·Kᵀ·scale + mask); a query that sees nothing has weights of 0.</summary>
    internal static Variable AttentionWeights(Variable query, Variable key, Variable? mask, bool isCausal,
        double? scale = null)
    {
        if (query.Rank < 2 || key.Rank < 2 || query.Size(-1) != key.Size(-1))
            throw new ShapeException($"ScaledDotProductAttention: queries {query.Data.Layout} and keys " +
                $"{key.Data.Layout} are not (…, L, E) and (…, S, E).");
        var (scores, factor) = (query.MatMul(key.T), scale ?? 1 / Math.Sqrt(query.Size(-1)));
        var seen = isCausal ? Causal(query.Size(-2), key.Size(-2), query.Device) : null;
        if (mask is { DType: not DType.Bool })
        {
            (scores, factor) = (scores * factor + mask, 1);
            mask = scores.Data.Ne(Tensor.Like(scores.Data, double.NegativeInfinity));
        }
        if (mask is not null) seen = seen is null ? mask.Data : seen & mask.Data;
        if (seen is not null) scores = scores.Expand(Layout.Broadcast("ScaledDotProductAttention", scores.Data.Layout,
            seen.Layout));
        return new Softmax(scores.Rank - 1, factor, seen).Apply(scores);
    }

    /// <summary>What a query at place i may see: the keys at places 0 … i, as (L, S) truth values.</summary>
    public static Tensor Causal(int queries, int keys, Device? device = null) =>
        Tensor.Arange(queries, DType.Int64, device).Unsqueeze(1) >= Tensor.Arange(keys, DType.Int64, device);
}
