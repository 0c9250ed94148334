using System.Runtime.InteropServices;
using Benchmarks;
using TorchSharp;

// Tensorlet beside libtorch, on the CPU: the same work on the same numbers, in turns. README.md says how to read it.
try
{
    if (args is ["witness", var path])
    {
        Witness.Write(path);
        return 0;
    }
    var options = Options.Parse(args);
    var rows = options.Select(Catalogue.Rows);
    var system = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}";
    Console.WriteLine($"libtorch {torch.__version__} through TorchSharp, .NET {Environment.Version}, {system}");
    var results = new List<Result>();
    Console.WriteLine(Result.Header);
    foreach (var row in rows)
        foreach (var threads in options.Threads)
        {
            results.Add(Stopwatches.Compare(row, threads, options));
            Console.WriteLine(results[^1]);
        }
    results = [.. results.Select(r => r.ComparedWith(results))];
    if (results.Where(r => r.Disturbed == true).Select(r => r.Name).ToArray() is [_, ..] disturbed)
        Console.WriteLine($"Slower with more threads, perhaps disturbed: repeat --rows {string.Join(',', disturbed)}");
    if (options.Json is { } file) Result.Write(results, file);
    return results.Any(r => r.Failed is not null) ? 1 : 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException)
{
    Console.Error.WriteLine($"libtorch does not load here (see README.md): {Result.FirstLine(e)}");
    return 2;
}
