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
    const double Epsilon = 1e-6;

    public static (GradFault, string) Of(GradProblem problem)
    {
        var (once, twice) = (problem.Gradients(problem.Inputs, problem.Incoming),
            problem.Gradients(problem.Inputs, problem.Incoming * 2));
        for (var k = 0; k < once.Length; k++)
            if (once[k] is { } g && Size(g.ToArray<double>()) is > 0 and var size
                && Distance(g.ToArray<double>(), twice[k]!.ToArray<double>()) < 1e-9 * size)
                return (GradFault.IncomingUnused, $"The gradient by input {k} stays the same when the one that comes " +
                    "in is doubled: Backward ignores it.");
        if (problem.Output.Numel == 0 || problem.Inputs.Any(x => x.Numel > MostColumns))
            return (GradFault.Formula, "It is too large to say more: check it with small inputs.");
        var (yours, numeric) = (Analytic(problem), Numeric(problem, problem.Inputs));
        if (FirstWrong(yours, numeric) is not (>= 0 and var wrong))
            return (GradFault.Stale, "The gradient is right when nothing is called in between: Backward reads what " +
                "another call has left.");
        var (fault, sentence) = Mistake(problem, wrong, yours, numeric);
        return (fault, $"The gradient by input {wrong} {sentence}");
    }

    /// <summary>The report of a Jacobian that is wrong somewhere; null if it is right.</summary>
    public static GradReport? Jacobian(GradProblem problem)
    {
        var (yours, numeric) = (Analytic(problem), Numeric(problem, problem.Inputs));
        if (FirstWrong(yours, numeric) is not (>= 0 and var k)) return null;
        var (fault, sentence) = Of(problem);
        return new(false, Distance(Flat(yours[k]!), Flat(numeric[k]!)),
            $"  Jacobian by input {k} of shape {problem.Inputs[k].Layout}\n  {sentence}", fault);
    }

    static int FirstWrong(double[][]?[] yours, double[][]?[] numeric) =>
        Array.FindIndex([.. yours.Zip(numeric)], pair => pair is ({ } a, { } n) && !Same(a, n));

    static (GradFault, string) Mistake(GradProblem problem, int k, double[][]?[] yours, double[][]?[] numeric)
    {
        var (a, n) = (yours[k]!, numeric[k]!);
        if (!Flat(a).All(double.IsFinite) && Flat(n).All(double.IsFinite))
            return (GradFault.NotFinite, "is infinite or no number where it should be one: Backward divides by 0, or " +
                "exp is too large for it.");
        if (Size(Flat(a)) < 1e-9 * Size(Flat(n))) return (GradFault.Zero, "is 0 everywhere: Backward drops it.");
        if (Same(a, Numeric(problem, problem.Elsewhere)[k]!))
            return (GradFault.Stale, "is that of an earlier call with other values: Backward reads what that saved.");
        for (var other = 0; other < yours.Length; other++)
            if (other != k && yours[other] is { } b && b[0].Length == a[0].Length && Same(a, numeric[other]!)
                && Same(b, n))
                return (GradFault.Swapped, $"is that by input {other}, and the other way round: they are swapped.");
        var factor = Dot(Flat(a), Flat(n)) / Dot(Flat(n), Flat(n));
        if (Same(a, Array.ConvertAll(n, row => Array.ConvertAll(row, v => factor * v))))
            return Multiple(problem, k, factor);
        int[] shape = problem.Inputs[k].Size(), result = problem.Output.Size();
        if (shape.Length >= 2 && Same(a, Array.ConvertAll(n, row => Transposed(row, shape[^2], shape[^1]))))
            return (GradFault.Transposed, "is the right one with its last two axes swapped: transpose it.");
        if (AxesExchanged(a, n, result, shape) is var (outer, inner))
            return (GradFault.Transposed, $"is the right one with axis {outer} of the result in the place of its own " +
                $"axis {inner}: an operand has to be transposed.");
        for (var axis = 0; axis < shape.Length; axis++)
            if (shape[axis] > 1 && Same(a, Array.ConvertAll(n, row => Summed(row, shape, axis))))
                return (GradFault.ExtraSum, $"is summed over axis {axis}, which it should not be.");
        var missing = a.Zip(n, (x, y) => x.Zip(y, (p, q) => Near(p, 0) && !Near(q, 0)).Count(m => m)).Sum();
        if (missing > 0 && Same(a, [.. a.Zip(n, (x, y) => (double[])[.. x.Zip(y, (p, q) => Near(p, 0) ? p : q)])]))
            return (GradFault.MissingSum, $"is right where it is not 0, but {missing} terms are missing: a sum over " +
                "a broadcast or repeated axis.");
        return (GradFault.Formula, "fits no common mistake: its formula is wrong.");
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
        return (GradFault.Factor, FormattableString.Invariant($"is {factor:0.####} times the right one."));
    }

    /// <summary>For each input the Jacobian that backward gives: a row for each element of the result.</summary>
    static double[][]?[] Analytic(GradProblem problem)
    {
        Tensor?[][] rows = [.. Enumerable.Range(0, Math.Min(MostRows, problem.Output.Numel)).Select(i =>
            problem.Gradients(problem.Inputs, GradProblem.Unit(problem.Output, i)))];
        return [.. problem.Inputs.Select((x, k) => !x.DType.IsFloat() ? null
            : (double[][])[.. rows.Select(row => row[k]?.ToArray<double>() ?? new double[x.Numel])])];
    }

    static double[][]?[] Numeric(GradProblem problem, Tensor[] at) => [.. at.Select((x, k) =>
    {
        if (!x.DType.IsFloat()) return null;
        double[][] columns = [.. Enumerable.Range(0, x.Numel).Select(j => Slope(GradProblem.Unit(x, j) * Epsilon))];
        return (double[][])[.. Enumerable.Range(0, Math.Min(MostRows, problem.Output.Numel))
            .Select(i => (double[])[.. columns.Select(column => column[i])])];

        double[] Slope(Tensor step) => ((problem.Value(GradProblem.Moved(at, k, step))
            - problem.Value(GradProblem.Moved(at, k, -step))) / (2 * Epsilon)).ToArray<double>();
    })];

    static double[] Transposed(double[] row, int n, int m) =>
        [.. row.Select((_, at) => row[at / (n * m) * (n * m) + at % n * m + at % (n * m) / n])];

    static double[] Summed(double[] row, int[] shape, int axis)
    {
        var inner = Layout.Product(shape.AsSpan(axis + 1));
        return [.. row.Select((_, at) => Enumerable.Range(0, shape[axis])
            .Sum(i => row[(at / inner / shape[axis] * shape[axis] + i) * inner + at % inner]))];
    }

    /// <summary>An axis of the result and one of the input, of one size, whose exchange makes the two agree.</summary>
    static (int, int)? AxesExchanged(double[][] a, double[][] n, int[] result, int[] shape)
    {
        if (a.Length < Layout.Product(result)) return null;
        for (var outer = 0; outer < result.Length; outer++)
            for (var inner = 0; inner < shape.Length; inner++)
            {
                var (size, o, i) = (result[outer], Layout.Product(result.AsSpan(outer + 1)),
                    Layout.Product(shape.AsSpan(inner + 1)));
                if (size != shape[inner] || size < 2) continue;
                var exchanged = n.Select((row, r) => (double[])[.. row.Select((_, c) =>
                {
                    var (x, y) = (r / o % size, c / i % size);
                    return n[r + (y - x) * o][c + (x - y) * i];
                })]);
                if (Same(a, [.. exchanged])) return (outer, inner);
            }
        return null;
    }

    static double[] Flat(double[][] a) => [.. a.SelectMany(row => row)];
    static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
    static double Size(double[] a) => Math.Sqrt(Dot(a, a));
    static double Distance(double[] a, double[] b) => Size([.. a.Zip(b, (x, y) => x - y)]);
    static bool Near(double a, double b) => Math.Abs(a - b) < 1e-4;
    static bool Same(double[][] a, double[][] b) => Distance(Flat(a), Flat(b)) <= 1e-6 + 1e-4 * Size(Flat(b));
}
