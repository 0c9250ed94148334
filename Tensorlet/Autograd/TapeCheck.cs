using System.Collections.Concurrent;

namespace Tensorlet;

/// <summary>The result of checking one recorded operation.</summary>
/// <param name="Operation">The name of the operation, and the shapes of its inputs.</param>
/// <param name="Line">The line of the user's code that called the operation, for example <c>Program.cs:12</c>; if there
/// are no debug symbols, the class and the method instead.</param>
/// <param name="Report">The result of checking the gradient of the operation.</param>
public sealed record TapeReport(string Operation, string Line, GradReport Report);

/// <summary>
/// Checks the gradient of each operation of a computation separately, at the inputs that the operation has in this
/// computation. If the derivative of one operation is wrong, the gradients of all parameters on which its inputs depend
/// may be wrong. This check names the operation whose derivative is wrong.
/// </summary>
public static class TapeCheck
{
    /// <summary>Runs a computation, and returns the operations that the computation applies, in order.</summary>
    internal static List<(Function Function, Variable[] Inputs, string Line)> Listen(Action computation)
    {
        var heard = new ConcurrentQueue<(Function, Variable[], string)>();
        using var _ = new Autograd.Scope(mode => mode with
        { Listener = (function, inputs) => heard.Enqueue((function.Again(), [.. inputs], UserLine.Find())) });
        computation();
        return [.. heard];
    }

    /// <summary>
    /// Runs a computation, and checks every operation that the computation applied to floating-point numbers. The
    /// checks compute in float64.
    /// </summary>
    /// <param name="computation">The computation that is run.</param>
    /// <param name="tolerance">The tolerance that is passed to <see cref="GradCheck.Run"/>.</param>
    public static IReadOnlyList<TapeReport> Run(Func<Variable> computation, double tolerance = 1e-6) =>
        [.. from heard in Listen(() => computation.Given()())
            let values = Array.ConvertAll(heard.Inputs, v => v.DType.IsFloat() ? v.Data.To(DType.Float64) : v.Data)
            let report = GradCheck.Run(variables => heard.Function.Again().ApplyAlone(variables), values,
                tolerance: tolerance)
            let operation = $"{heard.Function.Name}({string.Join(", ", values.Select(v => v.Layout))})"
            select new TapeReport(operation, heard.Line, report)];

    /// <summary>
    /// Returns a text about the reports: the reports of all checks that failed or, if no check failed, a sentence
    /// that says that all gradients agree.
    /// </summary>
    public static string Text(IReadOnlyList<TapeReport> reports)
    {
        var worst = reports.Given().Select(r => r.Given(nameof(reports)).Report.WorstError).DefaultIfEmpty().Max();
        string[] wrong = [.. reports.Where(r => !r.Report.Passed)
            .Select(r => $"{r.Operation} in {r.Line} is to blame:\n{r.Report.Text}")];
        return wrong.Length > 0 ? string.Join('\n', wrong)
            : $"each of {reports.Count} operations, checked alone, agrees too (worst relative difference " +
                $"{worst:0.0e+0})";
    }
}
