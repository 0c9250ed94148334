using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>The peak memory of a process that trains, including .NET and the engine.</summary>
static class Memory
{
    const int StepCount = 50;

    public static void Measure(Options options)
    {
        Console.WriteLine($"{"row",-16} {"tensorlet MB",13} {"torch MB",13} {"ratio",7}");
        foreach (var row in options.Select([.. Training.Rows]))
        {
            var (ours, theirs) = (MB("tensorlet", row.Name), MB("torch", row.Name));
            Console.WriteLine($"{row.Name,-16} {ours,13:F1} {theirs,13:F1} {theirs / ours,7:F2}");
        }
    }

    static double MB(string system, string row) =>
        long.Parse(Child.FirstLine("steps", system, row).Line, CultureInfo.InvariantCulture) / 1e6;

    /// <summary>What such a process does: it trains, and reports its peak in bytes.</summary>
    public static void Steps(string system, string row)
    {
        var lesson = Training.Find(row);
        if (system == "torch") Repeat(new TorchLearner(lesson).Step);
        else Repeat(Stepping(new TensorletLearner(lesson)));
        Console.WriteLine(Process.GetCurrentProcess().PeakWorkingSet64);
    }

    static Action Stepping(TensorletLearner learner) => () => learner.Step();

    static void Repeat(Action step)
    {
        for (var i = 0; i < StepCount; i++) step();
    }
}
