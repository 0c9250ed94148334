using System.Diagnostics;
using System.Xml.Linq;
using Tensorlet;

namespace Tutorials;

/// <summary>
/// Everything that can be verified on this machine, in one command: the tests, the projects outside the solution, the
/// runner for GPUs, and the long verification. It names what could not be run, and what would be needed for it.
/// </summary>
static class Everything
{
    const int DoesNotLoad = 3;          // the exit code of the benchmark if its libtorch does not load

    static readonly List<string> failed = [], missing = [];

    /// <returns>0 if nothing failed.</returns>
    public static int Run()
    {
        if (!Directory.Exists("tutorials"))
            throw new UsageException("verify --all: run it in the folder of the solution.");
        failed.Clear();
        missing.Clear();
        Tests();
        Dotnet("the runner for GPUs builds", "build", "-c", "Release", "tutorials/gpu");
        var device = Cuda.IsAvailable ? "cuda:0" : OpenCL.IsAvailable ? "opencl:0" : "simulated";
        Dotnet($"the runner verifies {device}", "run", "-c", "Release", "--project", "tutorials/gpu", "--no-build",
            "--", "--device", device, "--seconds", "60", "--out", Path.Combine(Path.GetTempPath(), "tensorlet-gpu"));
        Dotnet("the benchmarks build", "build", "-c", "Release", "tutorials/benchmarks", "-p:Libtorch=false");
        if (HasLibtorch)
            Dotnet("a benchmark runs beside libtorch", "run", "-c", "Release", "--project", "tutorials/benchmarks",
                "--", "--quick", "--rows", "relu", "--threads", "1");
        else missing.Add("libtorch, a download of 600 MB: dotnet run -c Release --project tutorials/benchmarks");
        if (!Cuda.IsAvailable) missing.Add("an NVIDIA GPU and its driver: the kernels were only compiled for it");
        Console.WriteLine("\nthe long verification");
        if (Verify.Run(quick: false) != 0) failed.Add("the long verification");

        Console.WriteLine(missing.Count == 0 ? "\nnothing was left out" : "\nleft out, for want of");
        foreach (var reason in missing) Console.WriteLine($"  {reason}");
        Console.WriteLine(failed.Count == 0 ? "everything else passed" : $"FAILED: {string.Join("; ", failed)}");
        return failed.Count == 0 ? 0 : 1;
    }

    /// <summary>The tests, and the number of tests that were skipped for each reason.</summary>
    static void Tests()
    {
        var results = Path.Combine(Path.GetTempPath(), $"tensorlet-{Environment.ProcessId}.trx");
        Dotnet("the tests", "test", "-c", "Release", "--logger", $"trx;LogFileName={results}");
        if (!File.Exists(results)) return;
        var skipped = XDocument.Load(results).Descendants()
            .Where(e => e.Name.LocalName == "UnitTestResult" && (string?)e.Attribute("outcome") == "NotExecuted")
            .GroupBy(e => e.Descendants().FirstOrDefault(d => d.Name.LocalName == "Message")?.Value.Trim() ?? "?");
        foreach (var group in skipped) missing.Add($"{group.Key} ({group.Count()} tests)");
        File.Delete(results);
    }

    static bool HasLibtorch => Directory.Exists(Path.Combine(Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        $"libtorch-cpu-{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-x64"));

    static void Dotnet(string what, params string[] arguments)
    {
        Console.WriteLine($"\n{what}: dotnet {string.Join(' ', arguments)}");
        var time = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments))!;
        process.WaitForExit();
        var verdict = process.ExitCode switch { 0 => "ok    ", DoesNotLoad => "absent", _ => "FAILED" };
        if (verdict == "absent") missing.Add($"a library that loads here, for: {what}");
        if (verdict == "FAILED") failed.Add(what);
        Console.WriteLine($"{verdict} {what}, {time.Elapsed.TotalSeconds:0} s");
    }
}
