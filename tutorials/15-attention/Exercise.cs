using Tensorlet;

namespace Tutorials.Chapter15;

/// <summary>
/// Exercise 15: causal attention, in which each position of a text sees itself and what came before, and nothing later.
/// </summary>
public sealed class Mine : ICausal
{
    /// <summary>What each position may see.</summary>
    /// <param name="n">The number of positions.</param>
    /// <returns>(n, n) of Bool: true in row i, column j, if position i may see position j.</returns>
    public Tensor Mask(int n) => throw new Todo("which place sees which");

    /// <summary>softmax(Q·Kᵀ/√E)·V, in which the weights of what a position may not see are 0.</summary>
    /// <param name="q">Q, the queries, (N, L, E).</param>
    /// <param name="k">K, the keys, (N, L, E).</param>
    /// <param name="v">V, the values, (N, L, E).</param>
    /// <returns>(N, L, E)</returns>
    /// <remarks>Write it with operations on variables; the attention of the engine would be no
    /// exercise.</remarks>
    public Variable Attention(Variable q, Variable k, Variable v) => throw new Todo("scores, mask, softmax, values");

    /// <summary>
    /// Attention by several heads: head h has the numbers h·E/H … (h + 1)·E/H − 1 of each query, key and value, and
    /// knows nothing of the others. What the heads find lies side by side in the result, in their order.
    /// </summary>
    /// <param name="q">Q, (N, L, E).</param>
    /// <param name="k">K, (N, L, E).</param>
    /// <param name="v">V, (N, L, E).</param>
    /// <param name="heads">H, the number of heads, which divides E.</param>
    /// <returns>(N, L, E)</returns>
    public Variable Heads(Variable q, Variable k, Variable v, int heads) =>
        throw new Todo("the last axis in parts, attention within each, and side by side again");
}
