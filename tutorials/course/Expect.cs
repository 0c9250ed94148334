using System.Globalization;
using Tensorlet;

namespace Tutorials;

/// <summary>What graders ask of an answer, and what they say where it is not so.</summary>
static class Expect
{
    /// <summary>Says that something must be so.</summary>
    public static void That(bool condition, string otherwise)
    {
        if (!condition) throw new Rejected(otherwise);
    }

    /// <summary>The same numbers in the same shape, to |yours − expected| ≤ tolerance · max(1, |expected|).</summary>
    /// <param name="yours">What the answer gave.</param>
    /// <param name="expected">What is right.</param>
    /// <param name="what">What was asked for, as in <c>the gradient of softmax([1, 2])</c>.</param>
    /// <param name="tolerance">The relative difference that rounding may make.</param>
    /// <param name="because">A sentence that helps, if the numbers show no more.</param>
    public static void Same(
        Tensor? yours, Tensor expected, string what, double tolerance = 1e-6, string because = "")
    {
        That(yours is not null, $"{what}: null came back.");
        That(yours!.Shape.SequenceEqual(expected.Shape),
            $"{what}: yours has shape {yours.Layout}, expected {expected.Layout}. {because}".TrimEnd());
        Same(yours.ToArray<double>(), expected.ToArray<double>(), what, tolerance,
            because, expected.Rank == 2 ? expected.T.ToArray<double>() : null);
    }

    /// <inheritdoc cref="Same(Tensor?, Tensor, string, double, string)"/>
    public static void Same(
        IReadOnlyList<double>? yours, IReadOnlyList<double> expected, string what, double tolerance = 1e-6,
        string because = "", IReadOnlyList<double>? transposed = null)
    {
        That(yours is not null, $"{what}: null came back.");
        That(yours!.Count == expected.Count,
            $"{what}: yours has {yours.Count} numbers, expected {expected.Count}. {because}".TrimEnd());
        double Allowed(double b) => tolerance * Math.Max(1, Math.Abs(b));
        bool Near(double a, double b) => a.Equals(b) || (double.IsFinite(b) && Math.Abs(a - b) <= Allowed(b));
        bool All(IEnumerable<double> a, IEnumerable<double> b) => a.Zip(b, Near).All(near => near);
        var i = Enumerable.Range(0, expected.Count).FirstOrDefault(i => !Near(yours[i], expected[i]), -1);
        if (i < 0) return;
        var others = expected.Count > 1;
        var ratio = yours[i] / expected[i];
        var tells = double.IsFinite(ratio) && Math.Abs(ratio - 1) > 1e-3;       // a ratio near 1 tells nothing
        var pattern =
            !double.IsFinite(yours[i]) && double.IsFinite(expected[i]) ? "Yours is not a finite number."
            : others && All(yours, expected.Select(e => -e)) ? "Every number has the wrong sign."
            : others && yours.All(y => y == 0) ? "Yours is 0 everywhere."
            : others && ratio != 0 && tells && All(yours, expected.Select(e => ratio * e))
                ? $"Every number is {Text(ratio)} times the right one."
            : transposed is not null && All(yours, transposed) ? "It is transposed: rows and columns are swapped."
            : others && tells && All(yours, expected.Select(e => e + yours[i] - expected[i]))
                ? $"Every number is {Text(yours[i] - expected[i])} too large."
            : others && All(yours.Order(), expected.Order()) ? "The numbers are right, their places are not." : "";
        var place = others ? $", element {i}" : "";
        var (mine, right) = (Text(yours[i]), Text(expected[i]));
        if (mine == right) (mine, right) = ($"{yours[i]:R}", $"{expected[i]:R}");
        var beside = tells ? $", ratio {Text(ratio)}" : double.IsFinite(yours[i] - expected[i])
            ? $", difference {yours[i] - expected[i]:0.##e+0} where {Allowed(expected[i]):0.##e+0} is allowed" : "";
        throw new Rejected($"{what}{place}: yours {mine}, expected {right}{beside}." +
            $"{(pattern == "" ? "" : $"\n{pattern}")}{(because == "" ? "" : $"\n{because}")}");
    }

    /// <summary>The same truth values; otherwise both matrices are shown.</summary>
    public static void SameMask(Tensor? yours, Tensor expected, string what, string because)
    {
        That(yours is not null, $"{what}: null came back.");
        That(yours!.Shape.SequenceEqual(expected.Shape),
            $"{what}: yours has shape {yours.Layout}, expected {expected.Layout}. {because}");
        static string Rows(Tensor mask) => string.Join("\n", mask.ToArray<double>().Chunk(Math.Max(1, mask.Size(-1)))
            .Select(row => "  " + string.Join(' ', row.Select(x => x == 0 ? '·' : '1'))));
        var transposed = yours.ToArray<double>().SequenceEqual(expected.T.ToArray<double>())
            ? "It is transposed: rows and columns are swapped.\n" : "";
        That(yours.ToArray<double>().SequenceEqual(expected.ToArray<double>()),
            $"{what}: yours\n{Rows(yours)}\nexpected\n{Rows(expected)}\n{transposed}{because}");
    }

    /// <summary>What an answer was given is what it was before.</summary>
    public static void Unchanged(string what, params (string Name, Tensor Given, Tensor Before)[] tensors)
    {
        foreach (var (name, given, before) in tensors)
            That(given.ToArray<double>().SequenceEqual(before.ToArray<double>()), $"{what} is right, but {name} has " +
                "changed, and it must not: it belongs to the caller. Methods with an underscore write in place.");
    }

    /// <summary>A result of the type of what was given.</summary>
    public static void Type(Tensor yours, DType type, string what) => That(yours.DType == type, $"{what}: yours is " +
        $"{yours.DType}, and what you were given is {type}. Results have its type.");

    /// <summary>The same things in the same order.</summary>
    public static void Equal<T>(IEnumerable<T>? yours, IEnumerable<T> expected, string what, string because = "")
    {
        That(yours is not null, $"{what}: null came back.");
        That(yours!.SequenceEqual(expected), $"{what}: yours ({string.Join(", ", yours!)}), expected " +
            $"({string.Join(", ", expected)}).{(because == "" ? "" : $"\n{because}")}");
    }

    /// <summary>The gradients agree with numeric ones; otherwise the gradient check's own diagnosis is told.</summary>
    public static void Gradients(
        Func<Variable[], Variable> f, Tensor[] inputs, string what, bool secondOrder = false)
    {
        var report = GradCheck.Run(f, inputs, secondOrder: secondOrder);
        That(report.Passed, $"{what}:\n{report.Text}");
    }

    /// <summary>A number as learners read it.</summary>
    public static string Text(double x) => x.ToString("0.######", CultureInfo.InvariantCulture);
}
