using Tensorlet;

namespace Tutorials.Chapter15;

/// <summary>What exercise 15 asks for: causal attention.</summary>
public interface ICausal
{
    /// <summary>(n, n) of Bool: true where place i may see place j.</summary>
    Tensor Mask(int n);
    /// <summary>softmax(Q·Kᵀ/√E)·V over what each place may see, all (N, L, E).</summary>
    Variable Attention(Variable q, Variable k, Variable v);
    /// <summary>The same by several heads, each with its own part of the last axis, all (N, L, E).</summary>
    Variable Heads(Variable q, Variable k, Variable v, int heads);
}
