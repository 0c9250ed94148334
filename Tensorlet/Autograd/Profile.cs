using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Tensorlet;

/// <summary>
/// Measures, for each operation of the forward pass and of the backward pass, how often it ran, how long it took, and
/// how many bytes its results take. If an operation runs inside another operation, for example inside a backward
/// function, the time of the inner operation is counted for both operations. Example:
/// <c>using var profile = Autograd.Profile(); … Console.WriteLine(profile);</c>
/// </summary>
public sealed class Profile : IDisposable
{
    readonly ConcurrentQueue<(string Operation, long Start, long Ticks, long Bytes, int Thread)> events = [];
    readonly long began = Stopwatch.GetTimestamp();
    readonly IDisposable scope;

    internal Profile() => scope = new Autograd.Scope(mode => mode with { Profile = this });

    /// <summary>
    /// One row for each operation: its name, the number of its calls, the time of all its calls in milliseconds,
    /// and the size of all its results in bytes. The row with the longest time comes first.
    /// </summary>
    public IReadOnlyList<(string Operation, int Count, double Milliseconds, long Bytes)> Rows =>
        [.. events.GroupBy(e => e.Operation).Select(g => (g.Key, g.Count(), g.Sum(e => Microseconds(e.Ticks)) / 1e3,
            g.Sum(e => e.Bytes))).OrderByDescending(row => row.Item3)];

    static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    internal T Measure<T>(string operation, Device device, Func<T> work, Func<T, long> bytes)
    {
        var start = Stopwatch.GetTimestamp();
        var result = work();
        device.Synchronize();
        var ticks = Stopwatch.GetTimestamp() - start;
        events.Enqueue((operation, start - began, ticks, bytes(result), Environment.CurrentManagedThreadId));
        return result;
    }

    /// <summary>Stops measuring.</summary>
    public void Dispose() => scope.Dispose();

    /// <summary>Returns <see cref="Rows"/> as a table.</summary>
    public override string ToString() => $"{"operation",-28}{"calls",8}{"ms",12}{"MB",12}\n" +
        string.Concat(Rows.Select(row =>
            $"{row.Operation,-28}{row.Count,8:N0}{row.Milliseconds,12:N3}{row.Bytes / 1e6,12:N3}\n"));

    /// <summary>
    /// Returns the timeline of all operations, with the thread on which each operation ran, in the JSON format of
    /// Chrome's trace events. If you write this text to a file, you can open the file in chrome://tracing and in
    /// Perfetto.
    /// </summary>
    public string ToChromeTrace() => "{\"traceEvents\":[\n" + string.Join(",\n", events.Select(e =>
        $$$"""
        {"name":"{{{JsonEncodedText.Encode(e.Operation)}}}","ph":"X","pid":1,"tid":{{{e.Thread}}},
         "ts":{{{Microseconds(e.Start):0.###}}},"dur":{{{Microseconds(e.Ticks):0.###}}},"args":{"bytes":{{{e.Bytes}}}}}
        """)) + "\n]}\n";
}
