using System.Globalization;

namespace Tensorlet;

/// <summary>What a gradient check found.</summary>
/// <param name="Passed">True if every gradient agreed.</param>
/// <param name="WorstError">The largest difference, relative to max(1, |numeric|).</param>
/// <param name="Text">In words: that they agree, or which element of which input does not, and what that usually
/// means.</param>
public sealed record GradReport(bool Passed, double WorstError, string Text)
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
    /// <exception cref="DTypeException">An input is Float32, in which differences say little.</exception>
    public static GradReport Run(Func<Variable[], Variable> f, Tensor[] inputs, ulong seed = 0,
        bool secondOrder = false)
    {
        foreach (var x in inputs)
            if (x.DType == DType.Float32)
                throw new DTypeException($"GradCheck: the input of shape {x.Layout} is Float32; it takes Float64.");
        var generator = new Generator(seed);
        Tensor output;
        using (Autograd.NoGrad()) output = f([.. inputs.Select(x => new Variable(x))]).Data;
        var incoming = Random(output, generator);
        Tensor[] directions = [.. inputs.Select(x => Random(x, generator))];
        var first = Compare("gradient", inputs, generator,
            xs => (f([.. xs.Select(x => new Variable(x))]).Data * incoming).Sum().Item(),
            xs => Gradients(f, xs, incoming));
        if (!first.Passed)
        {
            var diagnosis = Diagnosis(inputs, Gradients(f, inputs, incoming), Gradients(f, inputs, incoming * 2));
            return first with { Text = $"{first.Text}\n{diagnosis}  (incoming gradient from seed {seed})" };
        }
        if (!secondOrder) return first;
        var second = Compare("gradient of the gradient", inputs, generator,
            xs => Gradients(f, xs, incoming).Zip(directions, (g, u) => g is null ? 0 : (g * u).Sum().Item()).Sum(),
            xs => SecondGradients(f, xs, incoming, directions));
        return second with { WorstError = Math.Max(first.WorstError, second.WorstError) };
    }

    static Tensor Random(Tensor like, Generator generator) =>
        Tensor.Randn(like.Size(), DType.Float64, like.Device, generator);

    static Variable[] Leaves(Tensor[] inputs) => [.. inputs.Select(x => new Variable(x, x.DType.IsFloat()))];

    static Tensor?[] Gradients(Func<Variable[], Variable> f, Tensor[] inputs, Tensor incoming)
    {
        var leaves = Leaves(inputs);
        var y = f(leaves);
        if (y.RequiresGrad) y.Backward(incoming);
        return Array.ConvertAll(leaves, leaf => leaf.Grad?.Data);
    }

    /// <summary>The gradient of Σ ⟨gradient, direction⟩.</summary>
    static Tensor?[] SecondGradients(Func<Variable[], Variable> f, Tensor[] inputs, Tensor incoming,
        Tensor[] directions)
    {
        var leaves = Leaves(inputs);
        var y = f(leaves);
        if (!y.RequiresGrad) return new Tensor?[leaves.Length];
        y.Backward(incoming, createGraph: true);
        Variable total = Tensor.Scalar(0, DType.Float64, y.Device);
        for (var i = 0; i < leaves.Length; i++)
        {
            if (leaves[i].Grad is { } gradient) total += (gradient * directions[i]).Sum();
            leaves[i].Grad = null;
        }
        if (total.RequiresGrad) total.Backward();
        return Array.ConvertAll(leaves, leaf => leaf.Grad?.Data);
    }

    static GradReport Compare(string what, Tensor[] inputs, Generator generator, Func<Tensor[], double> value,
        Func<Tensor[], Tensor?[]> gradients)
    {
        var analytic = gradients(inputs);
        var worst = 0.0;
        for (var k = 0; k < inputs.Length; k++)
        {
            if (!inputs[k].DType.IsFloat()) continue;
            if (analytic[k] is { } g && !g.Shape.SequenceEqual(inputs[k].Shape))
                return new(false, double.PositiveInfinity, $"  {what} {k}: {g.Layout}, not {inputs[k].Layout}");
            var every = inputs[k].Numel <= EveryElement;
            for (var trial = 0; trial < (every ? inputs[k].Numel : Directions); trial++)
            {
                var step = every ? Tensor.Zeros(inputs[k].Size(), DType.Float64, inputs[k].Device)
                    : Random(inputs[k], generator);
                if (every) step.Reshape(-1).Narrow(0, trial, 1).Fill_(1);
                var yours = analytic[k] is { } a ? (a * step).Sum().Item() : 0;
                var numeric = (At(Epsilon) - At(-Epsilon)) / (2 * Epsilon);
                var error = Math.Abs(yours - numeric);
                worst = Math.Max(worst, error / Math.Max(1, Math.Abs(numeric)));
                if (error <= 1e-5 + 1e-3 * Math.Abs(numeric)) continue;
                var place = every ? $"element {trial}" : "a random direction";
                return new(false, worst, string.Create(CultureInfo.InvariantCulture,
                    $"  {what} by input {k} of shape {inputs[k].Layout}, {place}: " +
                        $"yours {yours:0.000000}, numeric {numeric:0.000000}, ratio {yours / numeric:0.###}"));

                double At(double h)
                {
                    var moved = (Tensor[])inputs.Clone();
                    moved[k] = inputs[k] + step * h;
                    using var _ = what == "gradient" ? Autograd.NoGrad() : Autograd.EnableGrad();
                    return value(moved);
                }
            }
        }
        return new(true, worst, string.Create(CultureInfo.InvariantCulture,
            $"gradients agree (worst relative difference {worst:0.0e+0})"));
    }

    static double Norm(Tensor x) => Math.Sqrt((x * x).Sum().Item());

    /// <summary>What kind of mistake looks like this.</summary>
    static string Diagnosis(Tensor[] inputs, Tensor?[] gradients, Tensor?[] ofDoubled)
    {
        for (var k = 0; k < inputs.Length; k++)
        {
            if (gradients[k] is not { } g) continue;
            var size = Norm(g);
            if (size == 0) return "  The gradient is 0 everywhere: does Backward use the gradient that comes in?";
            if (Norm(ofDoubled[k]! - g) < 1e-9 * size)
                return "  The gradient does not change with the one that comes in: Backward ignores it.";
        }
        return "  A ratio of −1 is a sign, a constant one a factor; others a wrong formula, a transposed or swapped " +
            "operand, or a sum over a broadcast axis that is missing.";
    }
}
