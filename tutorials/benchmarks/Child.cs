using System.Diagnostics;

namespace Benchmarks;

/// <summary>
/// Runs this program again, in a process of its own, with the environment in which libtorch is at its best.
/// </summary>
static class Child
{
    /// <summary>Runs to the end, with the output of this process, and returns the exit code.</summary>
    public static int Run(params string[] args)
    {
        using var process = Start(args, read: false);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>The first line that it writes, and the time from its start until then.</summary>
    /// <exception cref="ChildException">It failed.</exception>
    public static (string Line, double Ms) FirstLine(params string[] args)
    {
        var watch = Stopwatch.StartNew();
        using var process = Start(args, read: true);
        var line = process.StandardOutput.ReadLine();
        var ms = watch.Elapsed.TotalMilliseconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return line is not null && process.ExitCode == 0 ? (line, ms)
            : throw new ChildException($"{string.Join(' ', args)} ended with {process.ExitCode}.");
    }

    static Process Start(string[] args, bool read)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = read };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var (name, value) in Capability.Missing)       // peak memory is measured with the usual memory
            if (name == Capability.Variable || !read) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

/// <summary>A process that was started here failed.</summary>
sealed class ChildException(string message) : Exception(message);
