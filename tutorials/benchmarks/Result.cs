using System.Text.Json;
using System.Text.Json.Serialization;

namespace Benchmarks;

/// <summary>What was measured for one row with one number of threads: medians, in milliseconds per call.</summary>
/// <param name="Ratio">Torch's time over Tensorlet's, the median of the alternations.</param>
/// <param name="RatioLowerQuartile">Three quarters of the alternations had a ratio above this one.</param>
/// <param name="Disturbed">True if fewer threads were much faster: the machine was busy with something else.</param>
/// <param name="Failed">Why there are no figures.</param>
sealed record Result(string Name, int Threads, double? TensorletMs = null, double? TorchMs = null,
    double? Ratio = null, double? RatioLowerQuartile = null, bool? Disturbed = null, string? Failed = null)
{
    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Header =>
        $"{"row",-26} {"threads",7} {"tensorlet ms",13} {"torch ms",13} {"ratio",7} {"quartile",9}";

    public override string ToString() => $"{Name,-26} {Threads,7} " + (Failed is null
        ? $"{TensorletMs,13:F5} {TorchMs,13:F5} {Ratio,7:F2} {RatioLowerQuartile,9:F2}"
        : $"failed: {Failed}");

    /// <summary>What went wrong, on one line.</summary>
    public static string FirstLine(Exception e)
    {
        var cause = e.GetBaseException();
        return $"{cause.GetType().Name}: {cause.Message.Split('\n')[0].TrimEnd()}";
    }

    /// <summary>This result, marked as disturbed if another result of its row shows that.</summary>
    public Result ComparedWith(IEnumerable<Result> results) =>
        results.Any(r => r.Name == Name && r.Threads < Threads
            && (TorchMs > 1.5 * r.TorchMs || TensorletMs > 1.5 * r.TensorletMs))
            ? this with { Disturbed = true } : this;

    public static void Write(IReadOnlyList<Result> results, string file) =>
        File.WriteAllText(file, JsonSerializer.Serialize(results, Json) + "\n");
}
