namespace Tensorlet;

/// <summary>The mistakes that a wrong gradient is compared with.</summary>
public enum GradFault
{
    /// <summary>No mistake.</summary>
    None,
    /// <summary>A gradient of another shape or type than its input.</summary>
    Shape,
    /// <summary>0 everywhere.</summary>
    Zero,
    /// <summary>None at all for an input that matters.</summary>
    Missing,
    /// <summary>Another one where no other input requires a gradient.</summary>
    Alone,
    /// <summary>The gradient has no gradient itself: Backward leaves the tape.</summary>
    Cut,
    /// <summary>The function gives other values for the same input.</summary>
    Random,
    /// <summary>The gradient that comes in is not used.</summary>
    IncomingUnused,
    /// <summary>A value saved by another call is used.</summary>
    Stale,
    /// <summary>The negative of the right one.</summary>
    Sign,
    /// <summary>A constant multiple.</summary>
    Factor,
    /// <summary>A mean in place of a sum.</summary>
    MeanForSum,
    /// <summary>A sum in place of a mean.</summary>
    SumForMean,
    /// <summary>Two inputs got each other's gradient.</summary>
    Swapped,
    /// <summary>The gradient, or an operand, should be transposed.</summary>
    Transposed,
    /// <summary>Terms of a sum are missing.</summary>
    MissingSum,
    /// <summary>Summed over an axis that it should not be.</summary>
    ExtraSum,
    /// <summary>Infinite or NaN where it should be a number.</summary>
    NotFinite,
    /// <summary>Wrong only where the slopes to the two sides differ.</summary>
    Kink,
    /// <summary>None of these: the formula itself.</summary>
    Formula,
}

/// <summary>
/// Tells from the pattern of a wrong gradient what the mistake is: the Jacobian that backward gives, one row for each
/// element of the result, is compared with the numeric one, and with what each common mistake would make of it.
/// </summary>
static class Diagnosis
{
    const int MostRows = 64, MostColumns = 512;

    public static (GradFault, string) Of(GradProblem problem)
    {
        var (once, twice) = (problem.Gradients(problem.Inputs, problem.Incoming),
            problem.Gradients(problem.Inputs, problem.Incoming * 2));
        foreach (var (k, g) in once.Index())
            if (g is not null && Size(g) is > 0 and var size && Size(g - twice[k]!) < 1e-9 * size)
                return (GradFault.IncomingUnused, $"The gradient by input {k} stays the same when the one that comes " +
                    "in is doubled: Backward ignores it.");
        if (problem.Gradients(problem.Inputs, problem.Incoming, disturbed: true).Zip(once).Any(p =>
            p is ({ } disturbed, { } g) && !problem.Same(disturbed, g) && double.IsFinite(Size(g))))
            return (GradFault.Stale, "The gradient is another one when nothing is called in between: Backward reads " +
                "what another call has left.");
        if (problem.Output.Numel == 0 || problem.Inputs.Any(x => x.Numel > MostColumns))
            return (GradFault.Formula, "It is too large to say more: check it with small inputs.");
        var (wrong, yours, numeric) = FirstWrong(problem);
        if (wrong < 0) return (GradFault.Formula, "It is wrong by too little to say more.");
        if (once[wrong] is null)
            return (GradFault.Missing, $"The gradient by input {wrong} is missing, and the result depends on it: " +
                "Backward gives null for it, or the function leaves the tape.");
        var (fault, sentence) = Mistake(problem, wrong, yours, numeric);
        return (fault, $"The gradient by input {wrong} {sentence}");
    }

    /// <summary>What is wrong with the gradient of a right gradient.</summary>
    public static (GradFault, string) OfSecond(GradFault fault) => fault switch
    {
        GradFault.Kink => (fault, "It is wrong only at kinks of the gradient."),
        GradFault.Zero => (GradFault.Cut, "The gradient is right, but there is none of it: Backward leaves the tape, " +
            "by Data or Detach. Write it in variables."),
        _ => (fault, "The gradient is right, and that of it is not: a part of Backward leaves the tape, by Data or " +
            "Detach, or calls a function whose own gradient is wrong."),
    };

    /// <summary>The report of a gradient that is another one where no other input requires one; or null.</summary>
    public static GradReport? Alone(GradProblem problem, Tensor?[] together)
    {
        if (together.Count(g => g is not null) < 2) return null;
        foreach (var (k, expected) in together.Index())
        {
            if (expected is null) continue;
            var alone = problem.Gradients(problem.Inputs, problem.Incoming, only: k)[k];
            if (!problem.Same(alone ?? expected.ZerosLike(), expected))
                return new(false, Size(expected), $"  gradient by input {k} of shape {expected.Layout}\n  It is " +
                    $"{(alone is null ? "missing" : "another one")} where no other input requires a gradient: see " +
                    "what Backward asks Needs for.", GradFault.Alone);
        }
        return null;
    }

    /// <summary>The report of a Jacobian that is wrong somewhere; null if it is right.</summary>
    public static GradReport? Jacobian(GradProblem problem)
    {
        if (problem.Output.Numel == 0) return null;
        var (k, yours, numeric) = FirstWrong(problem);
        if (k < 0) return null;
        var (fault, sentence) = Of(problem);
        return new(false, Size(yours[k]! - numeric[k]!),
            $"  Jacobian by input {k} of shape {problem.Inputs[k].Layout}\n  {sentence}", fault);
    }

    /// <summary>The first input whose Jacobian is wrong, or −1, and the Jacobians by all of them.</summary>
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
            return (GradFault.NotFinite, "is infinite or no number where it should be one: Backward divides by 0, or " +
                "exp is too large for it.");
        var (there, right) = (Analytic(problem, problem.Elsewhere)[k]!, Numeric(problem, problem.Elsewhere, k)!);
        if (Size(a) < 1e-9 * Size(n) && Size(there) <= 1e-9 * Size(right))
            return (GradFault.Zero, "is 0 everywhere: Backward drops it.");
        if (Same(a, right))
            return (GradFault.Stale, "is that of an earlier call with other values: Backward reads what that saved.");
        foreach (var (other, b) in yours.Index())
            if (other != k && b?.Size(1) == a.Size(1) && Same(a, numeric[other]!) && Same(b, n))
                return (GradFault.Swapped, $"is that by input {other}, and the other way round: they are swapped.");
        if ((!IsZero(n)).Sum().Item() < 2)
            return (GradFault.Formula, "is wrong. The slope of a single number does not tell a factor from a wrong " +
                "formula: check it with two inputs or more.");
        var factor = (a * n).Sum().Item() / (n * n).Sum().Item();
        if (Same(a, n * factor) && (!double.IsFinite(Size(right)) || Same(there, right * factor)))
            return Multiple(problem, k, factor);
        int[] shape = problem.Inputs[k].Size(), result = problem.Output.Size();
        var grid = n.View([n.Size(0), .. shape]);
        if (shape.Length >= 2 && Same(a, grid.Transpose(-2, -1).Reshape(a.Size())))
            return (GradFault.Transposed, "is the right one with its last two axes swapped: transpose it.");
        if (AxesExchanged(problem, a, n, result, shape) is var (outer, inner))
            return (GradFault.Transposed, $"is the right one with axis {outer} of the result in the place of its own " +
                $"axis {inner}: an operand has to be transposed.");
        for (var axis = 0; axis < shape.Length; axis++)
            if (shape[axis] > 1
                && Same(a, grid.Sum([axis + 1], keepDim: true).Expand(grid.Size()).Reshape(a.Size())))
                return (GradFault.ExtraSum, $"is summed over axis {axis}, which it should not be.");
        var missing = (IsZero(a) & !IsZero(n)).Sum().Item();
        if (missing > 0 && Same(a, Tensor.Where(IsZero(a), a, n)))
            return (GradFault.MissingSum, $"is right where it is not 0, but {missing} terms are missing: a sum over " +
                "a broadcast or repeated axis.");
        return (GradFault.Formula, "fits no common mistake: its formula is wrong.");

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
                return (GradFault.MeanForSum, $"is 1/{size} of the right one: a mean of {size} numbers for their sum.");
            else if (size > 1 && Near(factor, size) && !Near(factor, 2))
                return (GradFault.SumForMean, $"is {size} times the right one: a sum of {size} for their mean.");
        return (GradFault.Factor, $"is {factor:0.######} times the right one.");
    }

    /// <summary>
    /// For each input with numbers the Jacobian that backward gives, (M, N): a row for each element of the result, or
    /// for the first ones if there are many.
    /// </summary>
    static Tensor?[] Analytic(GradProblem problem, Tensor[] at)
    {
        Tensor?[][] rows = [.. Enumerable.Range(0, Math.Min(MostRows, problem.Output.Numel)).Select(i =>
            problem.Gradients(at, GradProblem.Unit(problem.Output, i)))];
        return [.. at.Select((x, k) => !HasNumbers(x) ? null
            : Tensor.Stack([.. rows.Select(row => (row[k] ?? x.ZerosLike()).Reshape(-1))]))];
    }

    /// <summary>
    /// The same by differences, for one input: with a large step, or a small one where that gives another slope.
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
        })], axis: 1);
    }

    /// <summary>An axis of the result and one of the input, of one size, whose exchange makes the two agree.</summary>
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
