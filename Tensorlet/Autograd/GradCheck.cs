namespace Tensorlet;

/// <summary>The result of a gradient check.</summary>
/// <param name="Passed">True if every gradient agreed with the numeric gradient. At a kink, the slope on the left
/// differs from the slope on the right; there, a gradient counts as agreeing if it lies between these two
/// slopes.</param>
/// <param name="WorstError">The largest difference between a gradient and its numeric gradient. Each difference is
/// divided by max(1, |numeric gradient|).</param>
/// <param name="Text">The result in words. If the gradients agree, the text says so. Otherwise, it says where they
/// differ, and which mistake is the probable cause.</param>
/// <param name="Fault">The mistake that most probably made a gradient wrong.</param>
/// <param name="Kinks">The number of kinks that were found, if the check has passed; otherwise 0. A kink is a point
/// where the slope on the left differs from the slope on the right. There, every number between the two slopes is
/// accepted as a gradient.</param>
public sealed record GradReport(
    bool Passed, double WorstError, string Text, GradFault Fault = GradFault.None, int Kinks = 0)
{
    /// <summary>Throws an exception if the check failed.</summary>
    /// <exception cref="AutogradException">The check failed. The message of the exception is
    /// <see cref="Text"/>.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new AutogradException(Text);
    }

    /// <summary>Returns <see cref="Text"/>.</summary>
    public override string ToString() => Text;
}

/// <summary>
/// Compares the gradient of a function f with five-point differences in float64. With a small step h, such a difference
/// is (8(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h)))/(12h). Its error is about h⁴f⁽⁵⁾/30, where f⁽⁵⁾ is the fifth
/// derivative of f. The incoming gradient is random. If it consisted of ones, a softmax whose Backward gives 0 would
/// pass, and so would a permutation whose Backward does not undo the permutation. To find a Backward that uses values
/// from another call, the function is also called with other inputs: once before the call that is checked, and once
/// between that call and its backward pass.
/// </summary>
public static class GradCheck
{
    /// <summary>
    /// If an input has at most <c>EveryElement</c> elements, each element is moved alone. If the input has more
    /// elements, all elements are moved together; this is done in <c>Directions</c> random directions.
    /// </summary>
    const int EveryElement = 12, Directions = 3;

    /// <summary>
    /// The steps h, which are powers of two. The first step is the best. The smaller steps are tried if the
    /// function bends too much for the first step; or if, within a distance of 2h from the point, the function has
    /// a kink or stops being defined.
    /// </summary>
    static readonly double[] steps =
        [.. ((int[])[-10, -12, -14, -18, -22, -26]).Select(power => Math.ScaleB(1, power))];

    /// <summary>The largest relative error that rounding may cause in a value: a few units in the last place.</summary>
    const double Rounding = 16 * 1.1e-16;

    /// <summary>
    /// If a slope is much smaller than this number, its absolute error counts, and not its relative error.
    /// </summary>
    internal const double SmallSlope = 1e-2;

    /// <summary>
    /// Checks the gradients of a function with respect to its floating-point inputs. Inputs of other types are treated
    /// as constants.
    /// </summary>
    /// <param name="f">The function whose gradients are checked.</param>
    /// <param name="inputs">The inputs at which the gradients are checked. Floating-point inputs must be Float64. Views
    /// are allowed.</param>
    /// <param name="seed">The seed of the random incoming gradient and of the random directions. The gradient of a
    /// large input is checked in random directions, and not element by element.</param>
    /// <param name="secondOrder">Whether to check the gradient of the gradient too. For this, the scalar product of the
    /// first gradient and a random direction is differentiated with respect to the inputs and with respect to the
    /// incoming gradient. The derivative with respect to the incoming gradient is the product of the Jacobian and the
    /// random direction. Forward-mode differentiation computes the same product.</param>
    /// <param name="jacobian">If true, the elements in the first 64 rows of the Jacobian are checked too. A row
    /// contains the derivatives of one element of the result. If false, only the product of the Jacobian and a random
    /// incoming gradient is checked.</param>
    /// <param name="tolerance">The largest relative difference between a gradient and its numeric gradient that the
    /// check accepts. The numeric gradient is a sum of terms; for the first gradient, there is one term for each
    /// element of the result. The difference is divided by the sum of the absolute values of these terms, plus
    /// 0.01.</param>
    /// <exception cref="DTypeException">An input is Float32, or the result is not Float64.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is not positive.</exception>
    public static GradReport Run(Func<Variable[], Variable> f, Tensor[] inputs, long seed = 0,
        bool secondOrder = false, bool jacobian = false, double tolerance = 1e-6)
    {
        tolerance.In("GradCheck", low: double.Epsilon);
        f.Given();
        if (Array.Find(inputs.Given(), x => x.Given(nameof(inputs)).DType == DType.Float32) is { } single)
            throw new DTypeException($"GradCheck: the input of shape {single.Layout} is Float32; it takes Float64.");
        var problem = new GradProblem(f, inputs, new Generator(seed), tolerance);
        problem.Output.OnlyType("GradCheck: the result", DType.Float64);
        Tensor?[] analytic;
        try { analytic = problem.Gradients(inputs, problem.Incoming, disturbed: true); }
        catch (TensorletException e) when (e is ShapeException or DTypeException)
        { return new(false, double.PositiveInfinity, $"  {e.Message}", GradFault.Shape); }
        var (first, refined) = Compare("gradient", tolerance, ByInputs(problem, analytic, problem.Terms));
        if ((!first.Passed || refined) && !problem.IsRepeatable())
            return Explained(first, (GradFault.Random, "The function returns different values for the same input: it " +
                "uses random numbers. Call Eval() on a network with dropout, or use a new generator with the same " +
                "seed in every call."));
        if (!first.Passed) return Explained(first, first.Fault == GradFault.Kink ? (first.Fault,
            "It is wrong only at kinks: return a number between the slopes on the two sides.") : Diagnosis.Of(problem));
        if (Diagnosis.Alone(problem, analytic) is { } alone) return alone;
        if (jacobian && Diagnosis.Jacobian(problem) is { } wrong) return wrong;
        if (!secondOrder) return first;
        var again = problem.SecondGradients();
        var (second, _) = Compare("gradient of the gradient", tolerance,
            ByInputs(problem, again, problem.Slopes, Directions).Concat(ByIncoming(problem, analytic, again[^1])));
        second = second with { WorstError = Math.Max(first.WorstError, second.WorstError) };
        return second.Passed ? second : Explained(second, Diagnosis.OfSecond(second.Fault));

        GradReport Explained(GradReport report, (GradFault Fault, string Sentence) why) => report with
        { Passed = false, Text = $"{report.Text}\n  {why.Sentence} (seed {seed})", Fault = why.Fault };
    }

    /// <summary>
    /// A slope that Backward gives, <paramref name="Yours"/>, and the function from which the numeric slope is
    /// computed. This function, <paramref name="Terms"/>, returns the terms of the differentiated sum at the
    /// distance h from the point.
    /// </summary>
    sealed record Probe(string Place, double Yours, Func<double, double[]> Terms);

    static IEnumerable<Probe> ByInputs(GradProblem problem, Tensor?[] gradients, Func<Tensor[], double[]> terms,
        int mostElements = EveryElement)
    {
        var middle = terms(problem.Inputs);
        foreach (var (k, x) in problem.Inputs.Index())
        {
            var every = x.Numel <= mostElements;
            for (var trial = 0; trial < (!x.DType.IsFloat() ? 0 : every ? x.Numel : Directions); trial++)
            {
                var step = every ? GradProblem.Unit(x, trial) : problem.Random(x);
                var place = every ? $"element {trial}" : "a random direction";
                var yours = gradients[k] is { } g ? (g * step).Sum().Item() : 0;
                yield return new($"input {k} of shape {x.Layout}, {place}", yours,
                    h => h == 0 ? middle : terms(GradProblem.Moved(problem.Inputs, k, step * h)));
            }
        }
    }

    static IEnumerable<Probe> ByIncoming(GradProblem problem, Tensor?[] gradients, Tensor? product)
    {
        var known = new Dictionary<double, double[]>();
        var yours = (product ?? Tensor.ZerosLike(problem.Output)).ToArray<double>();
        return yours.Select((slope, i) => new Probe(
            $"the incoming gradient of shape {problem.Output.Layout}, element {i}", slope, h => [Along(h)[i]]));

        double[] Along(double h) => known.TryGetValue(h, out var y) ? y : known[h] = problem.Along(h, gradients);
    }

    /// <summary>Returns the report, and whether steps smaller than the first step were needed.</summary>
    static (GradReport, bool Refined) Compare(string what, double tolerance, IEnumerable<Probe> probes)
    {
        var (worst, kinks, refined) = (0.0, 0, false);
        GradReport? failed = null;
        foreach (var (place, yours, terms) in probes)
        {
            var (error, numeric, left, right, atKink, agrees, h) = Judge(yours, terms, tolerance);
            refined |= h < steps[0];
            if (atKink) kinks++;
            worst = Math.Max(worst, error / Math.Max(1, Math.Abs(numeric)));
            if (agrees || (failed is not null && atKink)) continue;
            var against = atKink ? $"slopes {left:0.######} and {right:0.######}"
                : $"numeric {numeric:0.000000}, ratio {yours / numeric:0.########}";
            failed = new(false, worst, $"  {what} with respect to {place}: yours {yours:0.000000}, {against}",
                atKink ? GradFault.Kink : yours == 0 ? GradFault.Zero : GradFault.Formula);
            if (!atKink) return (failed, refined);
        }
        var noted = kinks > 0 ? $"; {kinks} points are kinks" : "";
        return (failed ?? new(true, worst, $"gradients agree (worst relative difference {worst:0.0e+0}{noted})",
            Kinks: kinks), refined);
    }

    static (double Error, double Numeric, double Left, double Right, bool AtKink, bool Agrees, double Step)
        Judge(double yours, Func<double, double[]> terms, double tolerance)
    {
        var (least, closest, agrees, middle) = (double.PositiveInfinity, double.NaN, false, terms(0));
        var before = double.PositiveInfinity;
        // whether a term depends on h; rounding may hide this if h is small
        var moves = new bool[middle.Length];
        foreach (var h in steps)
        {
            double[] far = terms(-2 * h), near = terms(-h), next = terms(h), last = terms(2 * h);
            double numeric = 0, size = 0, values = 0, left = 0, right = 0, wider = 0;
            for (var i = 0; i < middle.Length; i++)
            {
                var slope = (8 * (next[i] - near[i]) - (last[i] - far[i])) / (12 * h);
                (numeric, size) = (numeric + slope, size + Math.Abs(slope));
                (left, right) = (left + (middle[i] - near[i]) / h, right + (next[i] - middle[i]) / h);
                wider += (last[i] - 2 * middle[i] + far[i]) / (2 * h);
                if (moves[i] |= slope != 0) values += Math.Abs(middle[i]);
            }
            var (allowed, rounding) = (tolerance * (SmallSlope + size), Rounding * values / h);
            // if the step is halved, the bend of a curve is halved too, but the bend of a kink stays the same
            var bend = Math.Abs(right - left);
            var atKink = bend > allowed + rounding && Math.Abs(wider) < 1.5 * bend;
            var error = Math.Abs(yours - numeric);
            // a smaller step has a larger rounding error; this error is allowed only up to the amount by which the
            // slope has changed since the previous step
            agrees |= error <= allowed + Math.Min(rounding, Math.Abs(numeric - before));
            before = double.IsFinite(numeric) ? numeric : before;
            if (!(error >= least)) (least, closest) = (error, numeric);
            if (h != steps[^1] && (!agrees || atKink)) continue;
            if (!agrees && atKink)
            {
                least = Math.Max(0, Math.Max(Math.Min(left, right) - yours, yours - Math.Max(left, right)));
                agrees = least <= allowed + rounding;
            }
            return (least, closest, left, right, atKink, agrees, h);
        }
        throw new System.Diagnostics.UnreachableException();
    }
}

/// <summary>A function, and the point where the gradient of the function is checked.</summary>
sealed class GradProblem
{
    const int Repetitions = 16;

    readonly Func<Variable[], Variable> f;
    readonly Generator generator;
    readonly Tensor[] directions;

    public Tensor[] Inputs { get; }
    /// <summary>A point near the point where the gradient is checked.</summary>
    public Tensor[] Elsewhere { get; }
    public Tensor Output { get; }
    public Tensor Incoming { get; }
    public double Tolerance { get; }

    public GradProblem(Func<Variable[], Variable> f, Tensor[] inputs, Generator generator, double tolerance)
    {
        (this.f, Inputs, this.generator, Tolerance) = (f, inputs, generator, tolerance);
        Elsewhere = Array.ConvertAll(inputs, x =>                        // a little further from 0
            x.DType.IsFloat() ? x * 1.03 + ((x >= 0).To(x.DType) * 0.02 - 0.01) : x);
        Value(Elsewhere);
        Output = Value(inputs);
        Incoming = Random(Output);
        directions = Array.ConvertAll(inputs, Random);
    }

    public Tensor Random(Tensor like) => Tensor.Randn(like.Size(), DType.Float64, like.Device, generator);

    /// <summary>
    /// Returns a tensor with the shape of <paramref name="like"/>, in which the given element is 1 and all other
    /// elements are 0.
    /// </summary>
    public static Tensor Unit(Tensor like, int element)
    {
        var unit = Tensor.ZerosLike(like);
        unit.View(-1).Narrow(0, element, 1).Fill_(1);
        return unit;
    }

    /// <summary>Returns the point <paramref name="at"/> with input k moved by <paramref name="step"/>.</summary>
    public static Tensor[] Moved(Tensor[] at, int k, Tensor step) => [.. at.Select((x, i) => i == k ? x + step : x)];

    public Tensor Value(Tensor[] at)
    {
        using var _ = Autograd.NoGrad();
        return f([.. at.Select(x => new Variable(x))]).Data;
    }

    /// <summary>
    /// Returns the terms of the sum ⟨f(x), incoming gradient⟩, where x is the point <paramref name="at"/>.
    /// </summary>
    public double[] Terms(Tensor[] at) => (Value(at) * Incoming).ToArray<double>();

    /// <summary>
    /// Moves each input whose gradient is not 0 by h times its random direction, and returns the values of f at the
    /// new point.
    /// </summary>
    public double[] Along(double h, Tensor?[] gradients) => Value([.. Inputs.Select((x, k) =>
        gradients[k] is { } g && Size(g) > 0 ? x + directions[k] * h : x)]).ToArray<double>();

    /// <summary>Returns true if the function gives the same value and the same gradients in every call.</summary>
    public bool IsRepeatable()
    {
        var once = Both();
        return Enumerable.Range(0, Repetitions).All(_ => Both().Zip(once).All(p =>
            p.First.Equals(p.Second) || Math.Abs(p.First - p.Second) <= 1e-12 * Math.Abs(p.Second)));

        IEnumerable<double> Both() => [.. Value(Inputs).ToArray<double>(), .. Gradients(Inputs, Incoming)
            .SelectMany(g => g?.ToArray<double>() ?? [])];
    }

    /// <summary>Returns true if two tensors are equal to within the tolerance.</summary>
    public bool Same(Tensor a, Tensor b) => Size(a - b) <= Tolerance * (GradCheck.SmallSlope + Size(b));

    public static double Size(Tensor a) => Math.Sqrt((a * a).Sum().Item());

    static Variable[] Leaves(Tensor[] at, int only = -1) =>
        [.. at.Select((x, k) => new Variable(x, x.DType.IsFloat() && (only < 0 || k == only)))];

    /// <summary>
    /// Returns the gradients at a point. If <paramref name="disturbed"/> is true, the function is also called at the
    /// point <see cref="Elsewhere"/>: once before the forward pass, where it is also differentiated, and once between
    /// the forward pass and the backward pass. If <paramref name="only"/> is not negative, only the input with this
    /// number requires a gradient; otherwise all floating-point inputs do.
    /// </summary>
    public Tensor?[] Gradients(Tensor[] at, Tensor incoming, bool disturbed = false, int only = -1)
    {
        if (disturbed) Gradients(Elsewhere, Incoming);
        var leaves = Leaves(at, only);
        var y = f(leaves);
        if (disturbed) f(Leaves(Elsewhere));
        return Array.ConvertAll(Of(y, leaves, incoming), gradient => gradient?.Data);
    }

    /// <summary>
    /// Returns the gradients of y with respect to leaves. The <c>Grad</c> of the leaves, and of all other variables
    /// that the function uses, does not change.
    /// </summary>
    static Variable?[] Of(Variable y, Variable[] leaves, Variable incoming, bool create = false)
    {
        Variable[] asked = y.RequiresGrad ? [.. leaves.Where(leaf => leaf.RequiresGrad)] : [];
        if (asked.Length == 0) return new Variable?[leaves.Length];
        var found = asked.Zip(Autograd.Grad(y, asked, incoming, create, create)).ToDictionary();
        return Array.ConvertAll(leaves, leaf => found.GetValueOrDefault(leaf));
    }

    /// <summary>Returns the terms of Σ ⟨gradient, random direction⟩, where the sum runs over the inputs.</summary>
    public double[] Slopes(Tensor[] at) =>
        [.. Gradients(at, Incoming).SelectMany((g, k) => g is null ? [] : (g * directions[k]).ToArray<double>())];

    /// <summary>
    /// Differentiates the sum of the terms that <see cref="Slopes"/> returns. Returns the derivatives with respect to
    /// the inputs, followed by the derivative with respect to dy, the incoming gradient of the first backward pass.
    /// </summary>
    public Tensor?[] SecondGradients()
    {
        var leaves = Leaves(Inputs);
        var y = f(leaves);
        if (!y.RequiresGrad) return new Tensor?[leaves.Length + 1];
        var incoming = new Variable(Incoming, requiresGrad: true);
        Variable total = Tensor.Scalar(0, DType.Float64, y.Device);
        foreach (var (i, gradient) in Of(y, leaves, incoming, create: true).Index())
            if (gradient is not null) total += (gradient * directions[i]).Sum();
        return Array.ConvertAll(Of(total, [.. leaves, incoming], Tensor.OnesLike(total.Data)), g => g?.Data);
    }
}
