namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// Computes softmax(Q·Kᵀ·scale + mask)·V (Vaswani et al. 2017). The queries Q have the shape (…, L, E), the keys K
    /// have the shape (…, S, E), the values V have the shape (…, S, D), and the result has the shape (…, L, D). Here, L
    /// is the number of queries, S is the number of keys, E is the size of a query, and D is the size of a value.
    /// </summary>
    /// <param name="query">The queries Q.</param>
    /// <param name="key">The keys K.</param>
    /// <param name="value">The values V.</param>
    /// <param name="attnMask">Either Booleans that are true for the keys that a query sees, or numbers that are added
    /// to Q·Kᵀ·scale. The mask is broadcast to the shape (…, L, S).</param>
    /// <param name="dropoutP">The probability with which an attention weight, which is an element of the softmax, is
    /// set to 0.</param>
    /// <param name="isCausal">If true, a query sees only the keys at its own position and at earlier positions. If
    /// false, a query may also see the keys at later positions.</param>
    /// <param name="scale">The factor by which Q·Kᵀ is multiplied; 1/√E if it is not given.</param>
    /// <remarks>
    /// If a key is masked for all queries, the key and its value are not read, and may be NaN. If a key is masked for
    /// only some of the queries, its attention weight for these queries is 0. Its value is still multiplied by this
    /// weight, as in PyTorch; if the value is NaN, the product 0·NaN is NaN.
    /// </remarks>
    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    public static Variable ScaledDotProductAttention(Variable query, Variable key, Variable value,
        Variable? attnMask = null, double dropoutP = 0, bool isCausal = false, double? scale = null) =>
        Named(() => attnMask is { DType: DType.Bool }
            ? Attention(query, key, value, attnMask.Data, null, isCausal, dropoutP, scale).Output
            : Attention(query, key, value, null, attnMask, isCausal, dropoutP, scale).Output);

    /// <summary>
    /// Returns softmax(Q·Kᵀ·scale + added)·V and the attention weights. If a query sees no key, its weights are 0.
    /// </summary>
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

    /// <summary>
    /// Returns a mask that is true where both masks are true. A mask that is null counts as true everywhere.
    /// </summary>
    internal static Tensor? Both(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a & b;

    /// <summary>
    /// Returns a mask with which a query at position i sees only the keys at positions 0 to i. The mask consists of
    /// Booleans and has the shape (L, S), where L is <paramref name="queries"/> and S is <paramref name="keys"/>.
    /// </summary>
    public static Tensor Causal(int queries, int keys, Device? device = null) => Named(() =>
        Tensor.Arange(queries, DType.Int64, device).Unsqueeze(1) >= Tensor.Arange(keys, DType.Int64, device));
}
