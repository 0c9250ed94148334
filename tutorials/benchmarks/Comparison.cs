using System.Runtime.InteropServices;
using TorchSharp;

namespace Benchmarks;

/// <summary>Measures the rows that are asked for, and prints the table.</summary>
static class Comparison
{
    /// <summary>
    /// Returns the exit code: 0 if all rows were measured, 1 if some failed, 2 if libtorch is slowed down.
    /// </summary>
    public static int Run(Options options)
    {
        var rows = options.Select(Catalogue.Rows);
        var capability = Capability.Reported();
        var system = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}";
        Console.WriteLine($"libtorch {torch.__version__} (CPU capability {capability ?? "unknown"}) through " +
            $"TorchSharp, .NET {Environment.Version}, {system}");
        if (Capability.IsTooLow(capability))
        {
            Console.Error.WriteLine($"libtorch takes scalar kernels, though this processor has {Capability.Widest}: " +
                $"a comparison would be worth nothing. Unset {Capability.Variable}, or set it to {Capability.Widest}.");
            return 2;
        }
        var results = new List<Result>();
        Console.WriteLine(Result.Header);
        foreach (var row in rows)
            foreach (var threads in options.Threads)
            {
                results.Add(Stopwatches.Compare(row, threads, options));
                Console.WriteLine(results[^1]);
            }
        results = [.. results.Select(r => r.ComparedWith(results))];
        if (string.Join(',', results.Where(r => r.Disturbed == true).Select(r => r.Name)) is not "" and var disturbed)
            Console.WriteLine($"Slower with more threads, perhaps disturbed: repeat --rows {disturbed}");
        if (options.Json is { } file) Result.Write(results, file);
        return results.Any(r => r.Failed is not null) ? 1 : 0;
    }
}
