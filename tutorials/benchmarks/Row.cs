namespace Benchmarks;

/// <summary>One line of the table: a piece of work, and whether it records gradients.</summary>
/// <param name="Family">What is computed, as in <c>relu</c>.</param>
/// <param name="Size">The size of the operands, as in <c>64k</c>; empty if the family has one size.</param>
/// <param name="Gradients">Whether a tape is recorded; if not, recording is switched off in both systems.</param>
/// <param name="Prepare">Creates the operands, the same for both systems.</param>
sealed record Row(string Family, string Size, bool Gradients, Func<Sides> Prepare)
{
    public string Name => Size == "" ? Family : $"{Family}-{Size}";
}

/// <summary>The same work twice: each action is one call of it.</summary>
/// <param name="Tensorlet">One call in Tensorlet.</param>
/// <param name="Torch">One call in libtorch.</param>
/// <param name="Numbers">The result of each, which are compared before anything is timed.</param>
/// <param name="Restore">Restores the first state of both before each batch of calls; this is not timed.</param>
sealed record Sides(
    Action Tensorlet, Action Torch, Func<(float[] Tensorlet, float[] Torch)> Numbers, Action? Restore = null)
{
    const double Tolerance = 1e-3, LeastSize = 1e-6;

    /// <summary>A benchmark of two different things would mean nothing, so this throws an exception.</summary>
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
