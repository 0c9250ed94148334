using System.Diagnostics;
using Tensorlet;
using TorchSharp;

namespace Benchmarks;

/// <summary>Times the two halves of a row against each other.</summary>
static class Stopwatches
{
    // Tiered compilation counts 30 calls, waits 100 ms without new methods, and with profiles does so twice.
    const int WarmUpCalls = 60;
    const double WarmUpMs = 1500, LongestWarmUpMs = 6000;

    /// <summary>The figures of a row, or why there are none.</summary>
    public static Result Compare(Row row, int threads, Options options)
    {
        try
        {
            Device.Cpu.Threads = threads;
            torch.set_num_threads(threads);
            using var torchGradients = torch.set_grad_enabled(row.Gradients);
            using var gradients = row.Gradients ? null : Autograd.NoGrad();
            return Measure(row, threads, options);
        }
        catch (Exception e)
        {
            return new(row.Name, threads, Failed: Result.FirstLine(e));
        }
        finally
        {
            GC.Collect(); // so that the operands of this row do not slow down the next
            GC.WaitForPendingFinalizers();
        }
    }

    static Result Measure(Row row, int threads, Options options)
    {
        var sides = row.Prepare();
        sides.CheckThatBothAgree();
        var calls = CallsThatTake(options.BatchMs, WarmUp(sides.Tensorlet));
        var torchCalls = CallsThatTake(options.BatchMs, WarmUp(sides.Torch));
        var n = options.Repeats;
        var (ours, theirs, ratios) = (new double[n], new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            sides.Restore?.Invoke();
            LetTheOtherSleep(threads);
            ours[i] = MsPerCall(sides.Tensorlet, calls);
            LetTheOtherSleep(threads);
            theirs[i] = MsPerCall(sides.Torch, torchCalls);
            ratios[i] = theirs[i] / ours[i];
        }
        return new(row.Name, threads, Math.Round(Quantile(ours, 0.5), 6), Math.Round(Quantile(theirs, 0.5), 6),
            Math.Round(Quantile(ratios, 0.5), 3), Math.Round(Quantile(ratios, 0.25), 3));
    }

    /// <summary>Calls the work until it is well compiled and memory is pooled; the time of a call at the end.</summary>
    static double WarmUp(Action work)
    {
        var (watch, calls) = (Stopwatch.StartNew(), 0);
        for (; watch.Elapsed.TotalMilliseconds < (calls < WarmUpCalls ? LongestWarmUpMs : WarmUpMs); calls++) work();
        return MsPerCall(work, Math.Max(1, calls / 20));
    }

    /// <summary>Worker threads keep a processor busy while they wait for more work, for a few milliseconds.</summary>
    static void LetTheOtherSleep(int threads)
    {
        if (threads > 1) Thread.Sleep(10);
    }

    static int CallsThatTake(double ms, double msPerCall) => Math.Max(1, (int)Math.Round(ms / msPerCall));

    /// <summary>
    /// The time of a batch divided by the number of its calls. A side that leaves finalizers waits for them in this
    /// time.
    /// </summary>
    static double MsPerCall(Action work, int calls)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < calls; i++) work();
        GC.WaitForPendingFinalizers();
        return watch.Elapsed.TotalMilliseconds / calls;
    }

    /// <summary>The value below which the share q of the values lies, linear between neighbours.</summary>
    static double Quantile(double[] values, double q)
    {
        double[] sorted = [.. values.Order()];
        var place = q * (sorted.Length - 1);
        var below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
