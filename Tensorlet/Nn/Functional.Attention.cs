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
    /// <param name="mask">Broadcast to (…, L, S): true for what a query sees, or numbers that are added to the
    /// scores.</param>
    /// <param name="dropout">The probability with which a weight is dropped.</param>
    /// <param name="isCausal">Whether a query sees only the keys at its own position and before.</param>
    /// <param name="scale">1/√E if not given.</param>
    /// <remarks>
    /// Keys and values that no query sees, because they are masked for all of them, are not read, and may be NaN. If
    /// only some queries do not see them, the value is still multiplied by their weights of 0, as in PyTorch: 0·NaN is
    /// NaN.
    /// </remarks>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Variable ScaledDotProductAttention(Variable query, Variable key, Variable value,
        Variable? mask = null, double dropout = 0, bool isCausal = false, double? scale = null) =>
        Named(() => mask is { DType: DType.Bool }
            ? Attention(query, key, value, mask.Data, null, isCausal, dropout, scale).Output
            : Attention(query, key, value, null, mask, isCausal, dropout, scale).Output);

    /// <summary>softmax(Q·Kᵀ·scale + added)·V, and the weights; those of a query that sees nothing are 0.</summary>
    internal static (Variable Output, Variable Weights) Attention(Variable query, Variable key, Variable value,
        Tensor? seen, Variable? added, bool isCausal, double dropout, double? scale = null)
    {
        if (query.Given().Rank < 2 || key.Given().Rank < 2 || value.Given().Rank < 2 || query.Size(-1) != key.Size(-1)
            || key.Size(-2) != value.Size(-2))
            throw new ShapeException($"ScaledDotProductAttention: queries {query.Data.Layout}, keys " +
                $"{key.Data.Layout} and values {value.Data.Layout} must be (…, L, E), (…, S, E) and (…, S, V).");
        dropout.In("ScaledDotProductAttention", 0, 1);
        int queries = query.Size(-2), keys = key.Size(-2);
        if (added is not null) seen = Both(seen, added.Data.Ne(double.NegativeInfinity));
        var some = seen is not null || keys > queries;
        if (isCausal) seen = Both(seen, Causal(queries, keys, query.Device));
        if (some && seen is not null)
        {
            var unread = !(seen.Rank > 1 ? seen.Any([-2]) : seen).Unsqueeze(-1);
            (key, value) = (key.MaskedFill(unread, 0), value.MaskedFill(unread, 0));
        }
        var (scores, factor) = (query.MatMul(key.T), scale ?? 1 / Math.Sqrt(query.Size(-1)));
        if (added is not null) (scores, factor) = (scores * factor + added, 1);
        if (seen is not null) scores = scores.Expand(Layout.Broadcast("ScaledDotProductAttention", scores.Data.Layout,
            seen.Layout));
        var weights = new Softmax(scores.Rank - 1, factor, seen).Apply(scores);
        return (Dropout(weights, dropout).MatMul(value), weights);
    }

    /// <summary>What both of two masks let through; either may be missing.</summary>
    internal static Tensor? Both(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a & b;

    /// <summary>What a query at position i may see: the keys at positions 0 … i, as (L, S) Booleans.</summary>
    public static Tensor Causal(int queries, int keys, Device? device = null) => Named(() =>
        Tensor.Arange(queries, DType.Int64, device).Unsqueeze(1) >= Tensor.Arange(keys, DType.Int64, device));
}
