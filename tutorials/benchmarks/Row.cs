namespace Benchmarks;

/// <summary>One line of the table: a piece of work, and whether it records gradients.</summary>
/// <param name="Family">What is done, as in <c>relu</c>.</param>
/// <param name="Size">On how much, as in <c>64k</c>; empty where the family has one size.</param>
/// <param name="Gradients">Whether a tape is recorded; where not, both systems are told.</param>
/// <param name="Prepare">Makes the operands, equal ones for both systems.</param>
sealed record Row(string Family, string Size, bool Gradients, Func<Sides> Prepare)
{
    public string Name => Size == "" ? Family : $"{Family}-{Size}";
}

/// <summary>The same work twice: each action is one call of it.</summary>
/// <param name="Tensorlet">One call in Tensorlet.</param>
/// <param name="Torch">One call in libtorch.</param>
/// <param name="Numbers">What each of the two computes, to be compared before anything is timed.</param>
/// <param name="Restore">Puts both back to where they began, before each batch of calls; not timed.</param>
sealed record Sides(
    Action Tensorlet, Action Torch, Func<(float[] Tensorlet, float[] Torch)> Numbers, Action? Restore = null)
{
    const double Tolerance = 1e-3, LeastSize = 1e-6;

    /// <summary>A benchmark of two different things is worth nothing: this refuses one.</summary>
    /// <exception cref="DisagreementException">The two computed different numbers.</exception>
    public void CheckThatBothAgree()
    {
        var (ours, theirs) = Numbers();
        if (ours.Length != theirs.Length)
            throw new DisagreementException($"Tensorlet gives {ours.Length} numbers, libtorch {theirs.Length}");
        var size = Math.Clamp(Math.Sqrt(theirs.Average(number => (double)number * number)), LeastSize, 1);
        for (var i = 0; i < ours.Length; i++)
            if (!(Math.Abs(ours[i] - theirs[i]) <= Tolerance * (size + Math.Abs(theirs[i]))))
                throw new DisagreementException($"number {i} is {ours[i]} in Tensorlet, {theirs[i]} in libtorch");
    }
}

/// <summary>The two systems did different work.</summary>
sealed class DisagreementException(string message) : Exception(message);
