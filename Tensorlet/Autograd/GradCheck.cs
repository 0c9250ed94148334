namespace Tensorlet;

/// <summary>What a gradient check found.</summary>
/// <param name="Passed">True if every gradient agreed, but for kinks.</param>
/// <param name="WorstError">The largest difference, relative to max(1, |numeric|).</param>
/// <param name="Text">In words: that they agree, or which element of which input does not, and what that means.</param>
/// <param name="Fault">What kind of mistake it looks like.</param>
/// <param name="Kinks">At how many places the slopes to the two sides differ; a number between them is right.</param>
public sealed record GradReport(
    bool Passed, double WorstError, string Text, GradFault Fault = GradFault.None, int Kinks = 0)
{
    /// <summary>Throws if the check failed.</summary>
    /// <exception cref="AutogradException">It did; the message is the text.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new AutogradException(Text);
    }

    /// <summary>The text.</summary>
    public override string ToString() => Text;
}

/// <summary>
/// Holds the gradient of a function against central differences, (f(x + ε) − f(x − ε))/2ε, in float64. The gradient
/// that comes in is random: with ones, a softmax whose backward gives 0 or a permutation that is not undone would pass.
/// Other calls lie before and between, so that values left over from them show.
/// </summary>
public static class GradCheck
{
    const int EveryElement = 48, Directions = 3;
    const double Epsilon = 1e-6;

    /// <summary>Checks the gradients of a function by its floating-point inputs; others are constants.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">Where to check it: Float64, perhaps views.</param>
    /// <param name="seed">What the incoming gradient and the directions are drawn from.</param>
    /// <param name="secondOrder">Check the gradient of the gradient, too, in random directions.</param>
    /// <param name="jacobian">
    /// Check every element of the Jacobian, and not only its product with a random incoming gradient.
    /// </param>
    /// <exception cref="DTypeException">An input or the result is not Float64, but floating-point.</exception>
    public static GradReport Run(Func<Variable[], Variable> f, Tensor[] inputs, ulong seed = 0,
        bool secondOrder = false, bool jacobian = false)
    {
        if (Array.Find(inputs, x => x.DType == DType.Float32) is { } single)
            throw new DTypeException($"GradCheck: the input of shape {single.Layout} is Float32; it takes Float64.");
        var problem = new GradProblem(f, inputs, new Generator(seed));
        problem.Output.OnlyType("GradCheck: the result", DType.Float64);
        Tensor?[] analytic;
        try { analytic = problem.Gradients(inputs, problem.Incoming, disturbed: true); }
        catch (TensorletException e) when (e is ShapeException or DTypeException)
        { return new(false, double.PositiveInfinity, $"  {e.Message}", GradFault.Shape); }
        var first = Compare("gradient", problem, analytic, xs => (problem.Value(xs) * problem.Incoming).Sum().Item());
        if (!first.Passed)
        {
            var (fault, sentence) = first.Fault != GradFault.Kink ? Diagnosis.Of(problem)
                : (first.Fault, "It is wrong only at kinks: take a number between the slopes to the two sides.");
            return first with { Text = $"{first.Text}\n  {sentence} (seed {seed})", Fault = fault };
        }
        if (jacobian && Diagnosis.Jacobian(problem) is { } wrong) return wrong;
        if (!secondOrder) return first;
        var second = Compare("gradient of the gradient", problem, problem.SecondGradients(), problem.Slope);
        return second with { WorstError = Math.Max(first.WorstError, second.WorstError) };
    }

    static GradReport Compare(string what, GradProblem problem, Tensor?[] analytic, Func<Tensor[], double> value)
    {
        var (worst, kinks, inputs) = (0.0, 0, problem.Inputs);
        GradReport? failed = null;
        var middle = value(inputs);
        for (var k = 0; k < inputs.Length; k++)
        {
            if (!inputs[k].DType.IsFloat()) continue;
            var every = inputs[k].Numel <= EveryElement;
            for (var trial = 0; trial < (every ? inputs[k].Numel : Directions); trial++)
            {
                var step = every ? GradProblem.Unit(inputs[k], trial) : problem.Random(inputs[k]);
                var yours = analytic[k] is { } a ? (a * step).Sum().Item() : 0;
                var (left, right) = Slopes(Epsilon);
                var numeric = (left + right) / 2;
                var (low, high) = (Math.Min(left, right), Math.Max(left, right));
                // a curve bends less the closer one looks, a kink does not
                var atKink = high - low > 1e-3 * Math.Max(1, Math.Abs(numeric))
                    && Slopes(Epsilon / 8) is var (l, r) && Math.Abs(r - l) > (high - low) / 2;
                if (atKink) kinks++;
                var error = !atKink ? Math.Abs(yours - numeric) : Math.Max(0, Math.Max(low - yours, yours - high));
                worst = Math.Max(worst, error / Math.Max(1, Math.Abs(numeric)));
                if (error <= 1e-5 + 1e-3 * Math.Abs(numeric) || (failed is not null && atKink)) continue;
                var place = every ? $"element {trial}" : "a random direction";
                var against = atKink ? FormattableString.Invariant($"slopes {left:0.######} and {right:0.######}")
                    : FormattableString.Invariant($"numeric {numeric:0.000000}, ratio {yours / numeric:0.###}");
                failed = new(false, worst, FormattableString.Invariant(
                    $"  {what} by input {k} of shape {inputs[k].Layout}, {place}: yours {yours:0.000000}, {against}"),
                    atKink ? GradFault.Kink : GradFault.Formula);
                if (!atKink) return failed;

                (double Left, double Right) Slopes(double h) =>
                    ((middle - value(GradProblem.Moved(inputs, k, step * -h))) / h,
                        (value(GradProblem.Moved(inputs, k, step * h)) - middle) / h);
            }
        }
        var noted = kinks > 0 ? $"; {kinks} places are kinks" : "";
        return failed ?? new(true, worst, FormattableString.Invariant(
            $"gradients agree (worst relative difference {worst:0.0e+0}{noted})"), Kinks: kinks);
    }
}

/// <summary>A function with the point where its gradient is checked.</summary>
sealed class GradProblem
{
    readonly Func<Variable[], Variable> f;
    readonly Generator generator;
    readonly Tensor[] directions;

    public Tensor[] Inputs { get; }
    /// <summary>Another point, near by.</summary>
    public Tensor[] Elsewhere { get; }
    public Tensor Output { get; }
    public Tensor Incoming { get; }

    public GradProblem(Func<Variable[], Variable> f, Tensor[] inputs, Generator generator)
    {
        (this.f, Inputs, this.generator) = (f, inputs, generator);
        Elsewhere = Array.ConvertAll(inputs, x =>                        // a little further from 0
            x.DType.IsFloat() ? x * 1.03 + ((x >= 0).To(x.DType) * 0.02 - 0.01) : x);
        Value(Elsewhere);
        Output = Value(inputs);
        Incoming = Random(Output);
        directions = Array.ConvertAll(inputs, Random);
    }

    public Tensor Random(Tensor like) => Tensor.Randn(like.Size(), DType.Float64, like.Device, generator);

    /// <summary>1 at one element, 0 elsewhere.</summary>
    public static Tensor Unit(Tensor like, int element)
    {
        var unit = like.ZerosLike();
        unit.View(-1).Narrow(0, element, 1).Fill_(1);
        return unit;
    }

    /// <summary>A point, a step along input k away.</summary>
    public static Tensor[] Moved(Tensor[] at, int k, Tensor step) => [.. at.Select((x, i) => i == k ? x + step : x)];

    public Tensor Value(Tensor[] at)
    {
        using var _ = Autograd.NoGrad();
        return f([.. at.Select(x => new Variable(x))]).Data;
    }

    static Variable[] Leaves(Tensor[] at) => [.. at.Select(x => new Variable(x, x.DType.IsFloat()))];

    /// <summary>
    /// The gradients at a point. Where disturbed, the function has been differentiated elsewhere before, and is called
    /// elsewhere between its call and the walk back.
    /// </summary>
    public Tensor?[] Gradients(Tensor[] at, Tensor incoming, bool disturbed = false)
    {
        if (disturbed) Gradients(Elsewhere, Incoming);
        var leaves = Leaves(at);
        var y = f(leaves);
        if (disturbed) f(Leaves(Elsewhere));
        if (y.RequiresGrad) y.Backward(incoming);
        return Array.ConvertAll(leaves, leaf => leaf.Grad?.Data);
    }

    /// <summary>Σ ⟨gradient, direction⟩</summary>
    public double Slope(Tensor[] at) =>
        Gradients(at, Incoming).Zip(directions, (g, u) => g is null ? 0 : (g * u).Sum().Item()).Sum();

    /// <summary>The gradients of <see cref="Slope"/>.</summary>
    public Tensor?[] SecondGradients()
    {
        var leaves = Leaves(Inputs);
        var y = f(leaves);
        if (!y.RequiresGrad) return new Tensor?[leaves.Length];
        y.Backward(Incoming, createGraph: true);
        Variable total = Tensor.Scalar(0, DType.Float64, y.Device);
        for (var i = 0; i < leaves.Length; i++)
        {
            if (leaves[i].Grad is { } gradient) total += (gradient * directions[i]).Sum();
            leaves[i].Grad = null;
        }
        if (total.RequiresGrad) total.Backward();
        return Array.ConvertAll(leaves, leaf => leaf.Grad?.Data);
    }
}
