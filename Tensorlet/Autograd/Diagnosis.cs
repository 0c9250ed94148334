namespace Tensorlet;

/// <summary>The mistakes that <see cref="GradCheck"/> recognizes in a wrong gradient.</summary>
public enum GradFault
{
    /// <summary>No mistake was found.</summary>
    None,
    /// <summary>The shape or the type of the gradient differs from that of the input.</summary>
    Shape,
    /// <summary>The gradient is 0 everywhere.</summary>
    Zero,
    /// <summary>There is no gradient for an input that the result depends on.</summary>
    Missing,
    /// <summary>
    /// The gradient with respect to an input is right if all inputs require gradients. But it is wrong or null if
    /// this input alone requires a gradient.
    /// </summary>
    Alone,
    /// <summary>The gradient itself has no gradient, because Backward computes the gradient without the tape.</summary>
    Cut,
    /// <summary>The function returns different values for the same input.</summary>
    Random,
    /// <summary>Backward does not use the incoming gradient.</summary>
    IncomingUnused,
    /// <summary>Backward uses a value that another call of the function has saved.</summary>
    Stale,
    /// <summary>The gradient has the wrong sign.</summary>
    Sign,
    /// <summary>The gradient is off by a constant factor.</summary>
    Factor,
    /// <summary>Backward computes a mean where it should compute a sum.</summary>
    MeanForSum,
    /// <summary>Backward computes a sum where it should compute a mean.</summary>
    SumForMean,
    /// <summary>The gradients of two inputs are swapped.</summary>
    Swapped,
    /// <summary>The gradient, or an operand in its formula, should be transposed.</summary>
    Transposed,
    /// <summary>The gradient lacks terms: it should be summed over a broadcast or repeated axis.</summary>
    MissingSum,
    /// <summary>The gradient is summed over an axis over which it should not be summed.</summary>
    ExtraSum,
    /// <summary>The gradient is infinite or NaN where it should be a number.</summary>
    NotFinite,
    /// <summary>The gradient is wrong only at kinks: points where the slopes on the two sides differ.</summary>
    Kink,
    /// <summary>The gradient shows none of the other mistakes of this list: its formula is wrong.</summary>
    Formula,
}

/// <summary>
/// Infers from a wrong gradient which mistake was made. The Jacobian that Backward gives has one row for each
/// element of the result of the function. This Jacobian is compared with the numeric Jacobian, and with the
/// matrices into which the common mistakes would turn the numeric Jacobian.
/// </summary>
static class Diagnosis
{
    const int MostRows = 64, MostColumns = 512;
    const double Noise = 1e-12;         // times the incoming gradient; a smaller gradient is only a rounding error

    public static (GradFault, string) Of(GradProblem problem)
    {
        var (once, twice) = (problem.Gradients(problem.Inputs, problem.Incoming),
            problem.Gradients(problem.Inputs, problem.Incoming * 2));
        var noise = Noise * Size(problem.Incoming);
        foreach (var (k, g) in once.Index())
            if (g is not null && Size(g) is var size && size > noise && Size(g - twice[k]!) < 1e-9 * size)
                return (GradFault.IncomingUnused, $"The gradient with respect to input {k} stays the same when the " +
                    "incoming gradient is doubled: Backward ignores it.");
        if (problem.Gradients(problem.Inputs, problem.Incoming, disturbed: true).Zip(once).Any(p =>
            p is ({ } disturbed, { } g) && !problem.Same(disturbed, g) && double.IsFinite(Size(g))))
            return (GradFault.Stale, "The gradient differs when nothing is called in between: Backward reads " +
                "what another call has saved.");
        if (problem.Output.Numel == 0 || problem.Inputs.Any(x => x.Numel > MostColumns))
            return (GradFault.Formula, "The inputs are too large to say more: check it with small ones.");
        var (wrong, yours, numeric) = FirstWrong(problem);
        if (wrong < 0) return (GradFault.Formula, "The error is too small to say more.");
        if (once[wrong] is null)
            return (GradFault.Missing, $"The gradient with respect to input {wrong} is missing, but the result " +
                "depends on it: Backward returns null for it, or the function leaves the tape.");
        var (fault, sentence) = Mistake(problem, wrong, yours, numeric);
        return (fault, $"The gradient with respect to input {wrong} {sentence}");
    }

    /// <summary>
    /// Describes a mistake in a second derivative; the gradient itself is right. Returns the kind of this mistake, and
    /// a sentence about it.
    /// </summary>
    public static (GradFault, string) OfSecond(GradFault fault) => fault switch
    {
        GradFault.Kink => (fault, "It is wrong only at kinks of the gradient."),
        GradFault.Zero => (GradFault.Cut, "The gradient is right, but it has no gradient itself: Backward leaves the " +
            "tape, through Data or Detach. Write it in variables."),
        _ => (fault, "The gradient is right, but its own gradient is not: a part of Backward leaves the tape, " +
            "through Data or Detach, or calls a function whose own gradient is wrong."),
    };

    /// <summary>
    /// Computes the gradient with respect to each input again, while no other input requires a gradient. Returns a
    /// report if one of these gradients differs from that in <paramref name="together"/>; otherwise null.
    /// </summary>
    public static GradReport? Alone(GradProblem problem, Tensor?[] together)
    {
        if (together.Count(g => g is not null) < 2) return null;
        foreach (var (k, expected) in together.Index())
        {
            if (expected is null) continue;
            var alone = problem.Gradients(problem.Inputs, problem.Incoming, only: k)[k];
            if (!problem.Same(alone ?? Tensor.ZerosLike(expected), expected))
                return new(false, Size(expected), $"  gradient with respect to input {k} of shape " +
                    $"{expected.Layout}\n  It is {(alone is null ? "missing" : "different")} if no other input " +
                    "requires a gradient: check what Backward asks Needs for.", GradFault.Alone);
        }
        return null;
    }

    /// <summary>
    /// Returns a report if the Jacobian with respect to an input has a wrong element; otherwise null.
    /// </summary>
    public static GradReport? Jacobian(GradProblem problem)
    {
        if (problem.Output.Numel == 0) return null;
        var (k, yours, numeric) = FirstWrong(problem);
        if (k < 0) return null;
        var (fault, sentence) = Of(problem);
        return new(false, Size(yours[k]! - numeric[k]!),
            $"  Jacobian with respect to input {k} of shape {problem.Inputs[k].Layout}\n  {sentence}", fault);
    }

    /// <summary>
    /// Returns the number of the first input whose Jacobian is wrong, or −1 if all Jacobians are right. Also
    /// returns, for each input, the Jacobian that Backward gives and the numeric Jacobian.
    /// </summary>
    static (int, Tensor?[] Yours, Tensor?[] Numeric) FirstWrong(GradProblem problem)
    {
        Tensor?[] yours = Analytic(problem, problem.Inputs),
            numeric = [.. problem.Inputs.Select((_, k) => Numeric(problem, problem.Inputs, k))];
        var wrong = Array.FindIndex([.. yours.Zip(numeric)], p => p is ({ } a, { } n) && !problem.Same(a, n));
        return (wrong, yours, numeric);
    }

    static (GradFault, string) Mistake(GradProblem problem, int k, Tensor?[] yours, Tensor?[] numeric)
    {
        var (a, n) = (yours[k]!, numeric[k]!);
        if (!double.IsFinite(Size(a)) && double.IsFinite(Size(n)))
            return (GradFault.NotFinite, "is infinite or NaN where it should be a number: Backward divides by 0, or " +
                "exp overflows.");
        var (there, right) = (Analytic(problem, problem.Elsewhere)[k]!, Numeric(problem, problem.Elsewhere, k)!);
        if (Size(a) < 1e-9 * Size(n) && Size(there) <= 1e-9 * Size(right))
            return (GradFault.Zero, "is 0 everywhere: Backward loses it.");
        if (Same(a, right))
            return (GradFault.Stale, "is that of an earlier call with other values: Backward reads what it saved.");
        foreach (var (other, b) in yours.Index())
            if (other != k && b?.Size(1) == a.Size(1) && Same(a, numeric[other]!) && Same(b, n))
                return (GradFault.Swapped, $"is that of input {other}, and the other way round: they are swapped.");
        if ((!IsZero(n)).Sum().Item() < 2)
            return (GradFault.Formula, "is wrong. From the slope of a single number, a wrong factor looks like a " +
                "wrong formula: check it with two inputs or more.");
        var factor = (a * n).Sum().Item() / (n * n).Sum().Item();
        if (Same(a, n * factor) && (!double.IsFinite(Size(right)) || Same(there, right * factor)))
            return Multiple(problem, k, factor);
        int[] shape = problem.Inputs[k].Size(), result = problem.Output.Size();
        var grid = n.View([n.Size(0), .. shape]);
        if (shape.Length >= 2 && Same(a, grid.Transpose(-2, -1).Reshape(a.Size())))
            return (GradFault.Transposed, "is the right one with its last two axes swapped: transpose it.");
        if (AxesExchanged(problem, a, n, result, shape) is var (outer, inner))
            return (GradFault.Transposed, $"is the right one with axis {outer} of the result in place of its own " +
                $"axis {inner}: an operand has to be transposed.");
        for (var axis = 0; axis < shape.Length; axis++)
            if (shape[axis] > 1
                && Same(a, grid.Sum([axis + 1], keepdim: true).Expand(grid.Size()).Reshape(a.Size())))
                return (GradFault.ExtraSum, $"is summed over axis {axis}, and should not be.");
        var missing = (IsZero(a) & !IsZero(n)).Sum().Item();
        if (missing > 0 && Same(a, Tensor.Where(IsZero(a), a, n)))
            return (GradFault.MissingSum, $"is right where it is not 0, but {missing} terms are missing: there " +
                "should be a sum over a broadcast or repeated axis.");
        return (GradFault.Formula, "looks like no common mistake: its formula is wrong.");

        bool Same(Tensor x, Tensor y) => problem.Same(x, y);
    }

    static (GradFault, string) Multiple(GradProblem problem, int k, double factor)
    {
        if (Near(factor, -1)) return (GradFault.Sign, "has the wrong sign.");
        var (inner, outer) = (problem.Inputs[k].Numel, problem.Output.Numel);
        int[] sizes = [.. problem.Inputs[k].Size(), .. problem.Output.Size(),
            Math.Max(inner, outer) / Math.Min(inner, outer)];
        foreach (var size in sizes)
            if (size > 1 && Near(factor * size, 1) && !Near(factor, 0.5))
                return (GradFault.MeanForSum, $"is 1/{size} of the right one: a mean of {size} instead of a sum.");
            else if (size > 1 && Near(factor, size) && !Near(factor, 2))
                return (GradFault.SumForMean, $"is {size} times the right one: a sum of {size} instead of a mean.");
        return (GradFault.Factor, $"is {factor:0.######} times the right one.");
    }

    /// <summary>
    /// Returns, for each floating-point input, the Jacobian that Backward gives. The Jacobian has a column for each
    /// element of the input, and a row for each element of the result. Only the first <see cref="MostRows"/> rows
    /// are computed.
    /// </summary>
    static Tensor?[] Analytic(GradProblem problem, Tensor[] at)
    {
        Tensor?[][] rows = [.. Enumerable.Range(0, Math.Min(MostRows, problem.Output.Numel)).Select(i =>
            problem.Gradients(at, GradProblem.Unit(problem.Output, i)))];
        return [.. at.Select((x, k) => !HasNumbers(x) ? null
            : Tensor.Stack([.. rows.Select(row => (row[k] ?? Tensor.ZerosLike(x)).Reshape(-1))]))];
    }

    /// <summary>
    /// Computes the Jacobian with respect to input k by finite differences with a large step. Where a small step
    /// gives a different slope, the slope of the small step is returned instead.
    /// </summary>
    static Tensor? Numeric(GradProblem problem, Tensor[] at, int k)
    {
        const double Large = 1.0 / 1024, Small = 1.0 / 262144;
        return !HasNumbers(at[k]) ? null : Tensor.Stack([.. Enumerable.Range(0, at[k].Numel).Select(j =>
        {
            var unit = GradProblem.Unit(at[k], j);
            var (large, small) = (Slope(Large), Slope(Small));
            var gap = large - small;
            return Tensor.Where(gap * gap <= 1e-12 * (small * small + 1e-6), large, small);

            Tensor Slope(double h) => (8 * (At(h) - At(-h)) - (At(2 * h) - At(-2 * h))) / (12 * h);
            Tensor At(double h) => problem.Value(GradProblem.Moved(at, k, unit * h)).Reshape(-1)
                .Narrow(0, 0, Math.Min(MostRows, problem.Output.Numel));
        })], dim: 1);
    }

    /// <summary>
    /// Looks for an axis of the result and an axis of the input that have the same size. If these two axes of the
    /// numeric Jacobian <paramref name="n"/> are swapped, the numeric Jacobian must agree with
    /// <paramref name="a"/>. Returns the two axes, or null if there are no such axes.
    /// </summary>
    static (int, int)? AxesExchanged(GradProblem problem, Tensor a, Tensor n, int[] result, int[] shape)
    {
        if (a.Size(0) < Layout.Product(result)) return null;
        var grid = n.View([.. result, .. shape]);
        for (var outer = 0; outer < result.Length; outer++)
            for (var inner = 0; inner < shape.Length; inner++)
                if (result[outer] == shape[inner] && shape[inner] > 1
                    && problem.Same(a, grid.Transpose(outer, result.Length + inner).Reshape(a.Size())))
                    return (outer, inner);
        return null;
    }

    static bool HasNumbers(Tensor x) => x.DType.IsFloat() && x.Numel > 0;
    static double Size(Tensor a) => GradProblem.Size(a);
    static bool Near(double a, double b) => Math.Abs(a - b) < 1e-6;
    static Tensor IsZero(Tensor a) => a * a < 1e-16;
}
