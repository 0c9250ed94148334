using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tensorlet;

/// <summary>
/// How often each operation ran, forward and backward, how long it took, and how many bytes its results have: <c>using
/// var profile = Autograd.Profile(); … Console.WriteLine(profile);</c> An operation inside another one, as in a
/// backward pass that is recorded, counts in both.
/// </summary>
public sealed class Profile : IDisposable
{
    readonly ConcurrentDictionary<string, (int Count, long Ticks, long Bytes)> rows = new();
    readonly IDisposable scope;

    internal Profile() => scope = new Autograd.Scope(mode => mode with { Profile = this });

    /// <summary>Name, calls, milliseconds and bytes of each operation, the slowest first.</summary>
    public IReadOnlyList<(string Operation, int Count, double Milliseconds, long Bytes)> Rows =>
        [.. rows.OrderByDescending(r => r.Value.Ticks).Select(r => (r.Key, r.Value.Count,
            r.Value.Ticks * 1000.0 / Stopwatch.Frequency, r.Value.Bytes))];

    internal T Measure<T>(string operation, Device device, Func<T> work, Func<T, long> bytes)
    {
        var start = Stopwatch.GetTimestamp();
        var result = work();
        device.Synchronize();
        var (ticks, size) = (Stopwatch.GetTimestamp() - start, bytes(result));
        rows.AddOrUpdate(operation, (1, ticks, size), (_, r) => (r.Count + 1, r.Ticks + ticks, r.Bytes + size));
        return result;
    }

    /// <summary>Stops counting.</summary>
    public void Dispose() => scope.Dispose();

    /// <summary>A table, the slowest first.</summary>
    public override string ToString() => $"{"operation",-28}{"calls",8}{"ms",12}{"MB",12}\n" +
        string.Concat(Rows.Select(row =>
            $"{row.Operation,-28}{row.Count,8:N0}{row.Milliseconds,12:N3}{row.Bytes / 1e6,12:N3}\n"));
}
