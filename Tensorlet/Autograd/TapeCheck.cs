using System.Globalization;

namespace Tensorlet;

/// <summary>
/// Checks each operation of a computation alone, with the values that it really saw. A wrong derivative makes every
/// parameter before it look wrong; this names the operation that is to blame.
/// </summary>
public static class TapeCheck
{
    [ThreadStatic] static List<(Function Function, Variable[] Inputs)>? heard;

    internal static void Heard(Function function, Variable[] inputs) => heard?.Add((function.Again(), [.. inputs]));

    /// <summary>
    /// Runs a computation and checks every operation that it applied to floating-point numbers, in float64.
    /// </summary>
    /// <returns>The reports in order, each with the name of its operation and the shapes it saw.</returns>
    public static IReadOnlyList<(string Operation, GradReport Report)> Run(Func<Variable> computation)
    {
        var before = heard;
        List<(Function Function, Variable[] Inputs)> applied = heard = [];
        try { computation(); }
        finally { heard = before; }
        List<(string, GradReport)> reports = [];
        foreach (var (function, inputs) in applied)
        {
            Tensor[] values = [.. inputs.Select(v => v.DType.IsFloat() ? v.Data.To(DType.Float64) : v.Data)];
            var report = GradCheck.Run(variables => function.Again().Apply(variables), values);
            reports.Add(($"{function.Name}({string.Join(", ", values.Select(v => v.Layout))})", report));
        }
        return reports;
    }

    /// <summary>The reports in words: those that failed, or that all agree.</summary>
    public static string Text(IReadOnlyList<(string Operation, GradReport Report)> reports)
    {
        string[] wrong = [.. reports.Where(r => !r.Report.Passed)
            .Select(r => $"{r.Operation} is to blame:\n{r.Report.Text}")];
        var worst = reports.Select(r => r.Report.WorstError).DefaultIfEmpty().Max();
        return wrong.Length > 0 ? string.Join('\n', wrong) : string.Create(CultureInfo.InvariantCulture,
            $"each of {reports.Count} operations agrees alone (worst relative difference {worst:0.0e+0})");
    }
}
