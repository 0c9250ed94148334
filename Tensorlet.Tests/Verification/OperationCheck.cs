using System.Globalization;

namespace Tensorlet.Tests.Verification;

/// <summary>Two numbers, or shapes, that should have been the same.</summary>
public sealed class Disagreement(string message) : Exception(message);

/// <summary>The source of a random case: a seed, and the largest size of an axis, which shrinking lowers.</summary>
public sealed record Spec(int Seed, int Largest);

/// <summary>
/// What is verified in one random case of an operation: value, gradient, gradient of the gradient, and Float32. It uses
/// no test framework, so that a program without one can run it too.
/// </summary>
public static class OperationCheck
{
    /// <summary>True if gradients are compared with numeric ones, and not with those of the reference.</summary>
    public static bool IsDifferenced(Device device) => device == Device.Cpu || device == Device.Reference;

    /// <summary>
    /// How far a gradient may be from a difference, relative to its terms: about ten times the noise of the rows in
    /// which most digits cancel, the recurrent ones.
    /// </summary>
    const double Differenced = 1e-9;

    /// <summary>Checks one case.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="device">The device on which it runs.</param>
    /// <param name="spec">The source of the case.</param>
    /// <param name="secondOrder">Whether to compare the gradient of the gradient too, where gradients are compared with
    /// differences.</param>
    /// <returns>The worst difference, relative to max(1, |value|).</returns>
    /// <exception cref="Disagreement">Two numbers or shapes differ.</exception>
    public static double Run(Op op, Device device, Spec spec, bool secondOrder = true)
    {
        var draw = new Draw(spec.Seed, spec.Largest);
        var c = op.Draw(draw);
        Tensor[] inputs = [.. c.Inputs.Select(input => draw.Lay(input, device))];
        var y = Forward(c, inputs);
        if (!y.Shape.SequenceEqual(c.Shape))
            throw new Disagreement($"the result has shape {y.Layout}, and should have ({string.Join(", ", c.Shape)})");
        var worst = Difference("the value", y.ToArray<double>(), c.Oracle([.. c.Inputs.Select(i => i.Values)]), 1e-9);
        if (IsDifferenced(device))
        {
            var report = GradCheck.Run(c.F, inputs, spec.Seed, secondOrder, tolerance: Differenced);
            if (!report.Passed) throw new Disagreement(report.Text);
            worst = Math.Max(worst, report.WorstError);
            if (c.Slopes is { } slopes) AgainstSlopes(c, slopes, inputs, spec.Seed);
        }
        else worst = Math.Max(worst, AgainstReference(c, inputs, y));
        Narrow(c, inputs);
        return worst;
    }

    /// <summary>
    /// First and second derivative along a random direction, for a random incoming gradient, compared with the slopes
    /// of the oracle, to all digits but three; and the product of the Jacobian with the direction, which is the
    /// gradient of the first derivative with respect to the incoming gradient.
    /// </summary>
    static void AgainstSlopes(Case c, Func<Jet[][], Jet[]> oracle, Tensor[] inputs, int seed)
    {
        const double Tolerance = 1e-13;
        Variable[] leaves = [.. inputs.Select(x => new Variable(x, true))];
        var y = c.F(leaves);
        if (!y.RequiresGrad) return;
        var random = new Generator(seed);
        var dy = new Variable(Tensor.Randn(y.Size(), y.DType, y.Device, random), true);
        Tensor[] along = [.. leaves.Select(leaf => Tensor.Randn(leaf.Size(), y.DType, y.Device, random))];
        var first = Along(Autograd.Grad([y], leaves, [dy], createGraph: true), along);
        Variable?[] again = first.RequiresGrad ? Autograd.Grad([first], [.. leaves, dy]) : [.. along, null];
        var second = first.RequiresGrad ? Along(again[..^1], along) : first * 0;
        var slopes = Moved((_, _) => true);
        Same("first", first.Item(), slope => slope.First, _ => 0);
        // the terms of a root's second derivative, y′²/y, may cancel
        Same("second", second.Item(), slope => slope.Second, slope =>
            slope.Value == 0 ? 0 : slope.First * slope.First / slope.Value);
        const string Product = "the product of the Jacobian with a direction";
        double[] product = (again[^1]?.Data ?? Tensor.ZerosLike(y.Data)).ToArray<double>();
        double[] expected = Array.ConvertAll(slopes, slope => slope.First);
        try { Difference(Product, product, expected, Tolerance); }
        catch (Disagreement)            // the terms of the product may cancel
        {
            var terms = Terms();
            Difference(Product, Scaled(product, terms), Scaled(expected, terms), Tolerance);
        }

        static double[] Scaled(double[] numbers, double[] terms) =>
            [.. numbers.Zip(terms, (number, size) => number / Math.Max(1, size))];

        // the slopes of the oracle if only some elements of the inputs move along the direction
        Jet[] Moved(Func<int, int, bool> moves) => oracle([.. c.Inputs.Select((input, k) => input.Values.Zip(
            along[k].ToArray<double>(), (x, slope) => (x, slope)).Select((point, i) =>
                new Jet(point.x, moves(k, i) ? point.slope : 0, 0)).ToArray())]);

        // for each element of the product, the sum of the absolute values of its terms
        double[] Terms()
        {
            var sums = new double[expected.Length];
            for (var k = 0; k < along.Length; k++)
                for (var i = 0; i < along[k].Numel; i++)
                    foreach (var (at, slope) in Moved((input, element) => (input, element) == (k, i)).Index())
                        sums[at] += Math.Abs(slope.First);
            return sums;
        }

        static Variable Along(Variable?[] gradients, Tensor[] along) => gradients.Zip(along, (g, v) =>
            ((g ?? Tensor.ZerosLike(v)) * v).Sum()).Aggregate((sum, part) => sum + part);

        void Same(string order, double actual, Func<Jet, double> part, Func<Jet, double> cancelling)
        {
            double[] weights = dy.Data.ToArray<double>(), parts = [.. slopes.Zip(weights, (s, g) => part(s) * g)];
            var hidden = slopes.Zip(weights, (s, g) => Math.Abs(cancelling(s) * g)).Sum();
            if (!(Math.Abs(actual - parts.Sum()) <= Tolerance * Math.Max(Math.Max(1, hidden), parts.Sum(Math.Abs))))
                throw new Disagreement(string.Create(CultureInfo.InvariantCulture, $"the {order} derivative along a " +
                    $"direction is {actual}, and that of the oracle {parts.Sum()}"));
        }
    }

    /// <summary>Compares value and first gradients on a device with the reference, in both precisions.</summary>
    /// <exception cref="Disagreement">Two numbers differ.</exception>
    public static void Compare(Case c, Draw draw, Device device)
    {
        Tensor[] inputs = [.. c.Inputs.Select(input => draw.Lay(input, device))];
        Tensor[] there = [.. inputs.Select(x => x.To(Device.Reference))];
        Same(DType.Float64, Results(c, inputs, DType.Float64), Results(c, there, DType.Float64), 1e-9);
        Same(DType.Float32, Results(c, inputs, DType.Float32), Results(c, there, DType.Float32), 1e-4);
    }

    /// <summary>
    /// Compares value and gradients in Float32 with Float64. Some compositions are sensitive: for nearly equal numbers,
    /// each layer norm can enlarge a rounding error a thousandfold. So a number that differs may differ by four times
    /// as much as it does in Float64 if every input is changed by up to half a unit in the last place of a Float32.
    /// </summary>
    static void Narrow(Case c, Tensor[] inputs)
    {
        double[][] actual = Results(c, inputs, DType.Float32), expected = Results(c, inputs, DType.Float64);
        try { Same(DType.Float32, actual, expected, 1e-4); }
        catch (Disagreement)
        {
            var changed = Enumerable.Range(0, 8).Select(seed => Results(c, [.. inputs.Select(x => Changed(x, seed))],
                DType.Float64)).ToArray();
            Same(DType.Float32, actual, [.. expected.Select((all, i) => all.Select((x, j) =>
                Nearest(actual[i][j], x, 4 * changed.Max(other => Math.Abs(other[i][j] - x)))).ToArray())], 1e-4);
        }

        static Tensor Changed(Tensor x, int seed) => x.DType.IsFloat()
            ? x + x * Math.Pow(2, -24) * Tensor.Empty([.. x.Size()], x.DType, x.Device).Uniform_(-1, 1, new(seed)) : x;

        static double Nearest(double x, double middle, double reach) =>
            double.IsFinite(x) && double.IsFinite(reach) ? Math.Clamp(x, middle - reach, middle + reach) : middle;
    }

    /// <summary>Compares results relative to the largest number of each.</summary>
    static void Same(DType type, double[][] actual, double[][] expected, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var scale = expected[i].Where(double.IsFinite).Select(Math.Abs).Append(1).Max();
            Difference($"in {type}, {(i == 0 ? "the value" : $"the gradient with respect to input {i - 1}")}",
                Array.ConvertAll(actual[i], x => x / scale), Array.ConvertAll(expected[i], x => x / scale), tolerance);
        }
    }

    /// <summary>The value, and the gradients for a random incoming one.</summary>
    static double[][] Results(Case c, Tensor[] at, DType type)
    {
        Variable[] leaves = [.. at.Select(x => new Variable(x.To(type), true))];
        var result = c.F(leaves);
        if (result.RequiresGrad) result.Backward(Tensor.Randn(result.Size(), DType.Float64,
            generator: new Generator(6)).To(result.DType).To(result.Device));
        return [result.Data.ToArray<double>(), .. leaves.Select(v => v.Grad?.Data.ToArray<double>() ?? [])];
    }

    static Tensor Forward(Case c, Tensor[] inputs)
    {
        using var _ = Autograd.NoGrad();
        return c.F([.. inputs.Select(x => new Variable(x))]).Data;
    }

    internal static double Difference(string what, double[] actual, double[] expected, double tolerance)
    {
        var worst = 0.0;
        if (actual.Length != expected.Length)
            throw new Disagreement($"{what}: {actual.Length} numbers in place of {expected.Length}");
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = (double.IsNaN(expected[i]) && double.IsNaN(actual[i])) || expected[i] == actual[i] ? 0
                : Math.Abs(actual[i] - expected[i]) / Math.Max(1, Math.Abs(expected[i]));
            if (!(difference <= tolerance)) throw new Disagreement(string.Create(CultureInfo.InvariantCulture,
                $"{what}: element {i} is {actual[i]}, and should be {expected[i]}"));
            worst = Math.Max(worst, difference);
        }
        return worst;
    }

    /// <summary>
    /// Compares gradients with the reference: those of both orders, and of the second also with respect to the incoming
    /// one.
    /// </summary>
    static double AgainstReference(Case c, Tensor[] inputs, Tensor y)
    {
        var incoming = Tensor.Randn(y.Size(), DType.Float64, generator: new Generator(5));
        var (here, there) = (Gradients(inputs), Gradients([.. inputs.Select(x => x.To(Device.Reference))]));
        return here.Zip(there, (a, b) => Difference("the gradient", a, b, 1e-9)).DefaultIfEmpty().Max();

        double[][] Gradients(Tensor[] at)
        {
            Variable[] leaves = [.. at.Select(x => new Variable(x, true))];
            var result = c.F(leaves);
            if (!result.RequiresGrad) return [];
            var dy = new Variable(incoming.To(at[0].Device), true);
            result.Backward(dy, createGraph: true);
            var first = leaves.Select(v => v.Grad).ToArray();
            Variable total = Tensor.Scalar(0, DType.Float64, at[0].Device);
            foreach (var gradient in first)
                if (gradient is not null) total += (gradient * gradient).Sum();
            foreach (var leaf in leaves) leaf.Grad = null;
            if (total.RequiresGrad) total.Backward();
            return [.. first.Concat(leaves.Append(dy).Select(v => v.Grad)).Select(g =>
                g?.Data.ToArray<double>() ?? [])];
        }
    }
}
