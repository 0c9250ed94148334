using System.Diagnostics;
using Tensorlet;

namespace Benchmarks;

/// <summary>Something that a user does with n things.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="N">The smallest n; the others are 4 and 16 times as large.</param>
/// <param name="Power">The power of n with which its time may grow.</param>
/// <param name="Prepare">Makes ready what is not timed, and gives what is.</param>
/// <param name="Most">The most nanoseconds for each of n things, or n² of them, at the largest n.</param>
/// <param name="Sorts">Whether it takes n·log n steps.</param>
sealed record Activity(string Name, int N, int Power, Func<int, Action> Prepare, double Most = double.PositiveInfinity,
    bool Sorts = false);

/// <summary>
/// How the time and the memory of activities grow with their size: on one thread, for n, 4n and 16n things the
/// shortest of several calls, and the bytes that one allocates on the garbage collector's heap, where what the pool of
/// large tensors hands out again is not counted. A line with an exponent more than 0.2 above its power (0.3 where
/// n·log n steps are needed), or with more nanoseconds than it may take, is marked.
/// </summary>
static class Growth
{
    const int Sizes = 3, Step = 4, WarmUpCalls = 2, FewestBatches = 3, MostCalls = 1000;
    const double Tolerance = 0.2, Logarithm = 0.1;
    static readonly TimeSpan TimePerBatch = TimeSpan.FromMilliseconds(4), TimePerSize = TimeSpan.FromSeconds(0.25);

    /// <summary>Measures the activities of these names, or all; gives the number of lines that are marked.</summary>
    public static int Measure(string[] names)
    {
        foreach (var name in names)
            if (!Activities.All.Any(a => a.Name.Contains(name)))
                throw new UsageException($"There is no activity {name}.");
        Device.Cpu.Threads = 1;
        var marked = 0;
        Console.WriteLine($"{"",-26} {"n",9} {"ns each",9} {"at 4n",9} {"at 16n",9} {"time",6} {"bytes",6} " +
            $"{"B each",8}");
        foreach (var activity in Activities.All.Where(a => names.Length == 0 || names.Any(a.Name.Contains)))
            marked += Row(activity) ? 1 : 0;
        Console.WriteLine($"{marked} marked");
        return marked;
    }

    static bool Row(Activity activity)
    {
        var (ns, bytes) = (new double[Sizes], new double[Sizes]);
        try
        {
            for (var (size, n) = (0, activity.N); size < Sizes; size++, n *= Step)
                (ns[size], bytes[size]) = Cost(activity.Prepare(n));
        }
        catch (Exception e)
        {
            Console.WriteLine($"{activity.Name,-26} {activity.N,9} failed: {Result.FirstLine(e)}");
            return true;
        }
        double time = Exponent(ns), space = Exponent(bytes);
        double Each(double[] cost, int size) =>
            cost[size] / Math.Pow(activity.N * Math.Pow(Step, size), activity.Power);
        var most = activity.Power + Tolerance + (activity.Sorts ? Logarithm : 0);
        var marked = time > most || space > most || Each(ns, Sizes - 1) > activity.Most;
        Console.WriteLine($"{activity.Name,-26} {activity.N,9} {Each(ns, 0),9:G4} {Each(ns, 1),9:G4} " +
            $"{Each(ns, 2),9:G4} {time,6:F2} {space,6:F2} {Each(bytes, 2),8:F1}{(marked ? "  <" : "")}");
        return marked;
    }

    static double Exponent(double[] cost) => Math.Log(Math.Max(1, cost[^1]) / Math.Max(1, cost[0])) /
        Math.Log(Math.Pow(Step, Sizes - 1));

    /// <summary>
    /// The shortest time that the processor works on a call, in nanoseconds, and what a call allocates. Other programs
    /// do not count, so that it can be measured beside them.
    /// </summary>
    static (double Ns, double Bytes) Cost(Action work)
    {
        for (var call = 0; call < WarmUpCalls; call++) work();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var calls = (int)Math.Clamp(TimePerBatch / Batch(work, 1).Time, 1, MostCalls);
        var (best, bytes, all) = (TimeSpan.MaxValue, 0L, Stopwatch.StartNew());
        for (var batch = 0; batch < FewestBatches || all.Elapsed < TimePerSize; batch++)
        {
            (var time, bytes) = Batch(work, calls);
            if (time < best) best = time;
        }
        return (best.TotalNanoseconds / calls, (double)bytes / calls);
    }

    static (TimeSpan Time, long Bytes) Batch(Action work, int calls)
    {
        var (start, before) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread());
        for (var call = 0; call < calls; call++) work();
        var time = Environment.CpuUsage.TotalTime - start;
        return (time > TimeSpan.Zero ? time : TimeSpan.FromTicks(1), GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
