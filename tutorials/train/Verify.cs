using System.Diagnostics;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>
/// Checks that take too long for every test run: training runs, memory over many steps, very long chains, and attacks
/// on files and processes. Prints a report.
/// </summary>
static class Verify
{
    static int failed;

    /// <param name="quick">Leave out the long memory check, and make fewer attacks.</param>
    public static int Run(bool quick)
    {
        failed = 0;
        var (images, labels) = Digits.Generate(64, seed: 3);
        var digits = new DigitData("generated digits", images, labels);
        if (!quick) Memory(digits);             // first, because a peak hides what comes after it
        Chain();
        Curves(digits);
        Gradients(digits);
        failed += Attacks.Run(quick);
        if (!quick) Thresholds(seconds: 100);
        Console.WriteLine(failed == 0 ? "\nall checks passed" : $"\n{failed} checks FAILED");
        return failed == 0 ? 0 : 1;
    }

    static void Check(string what, bool passed, string figures)
    {
        if (!passed) failed++;
        Console.WriteLine($"{(passed ? "ok    " : "FAILED")} {what}: {figures}");
    }

    /// <summary>The losses of 20 steps on a small batch are the same on every device.</summary>
    static void Curves(DigitData digits)
    {
        foreach (var (type, tolerance) in new[] { (DType.Float64, 1e-9), (DType.Float32, 1e-3) })
        {
            var expected = Losses(Device.Reference, type);
            foreach (var device in Devices())
            {
                var worst = Losses(device, type).Zip(expected, (a, b) => Math.Abs(a - b) / Math.Abs(b)).Max();
                Check($"20 losses in {type} on {device} as on the reference", worst <= tolerance,
                    $"worst relative difference {worst:0.0e+0}, allowed {tolerance:0e+0}");
            }
        }

        double[] Losses(Device device, DType type)
        {
            Generator.ManualSeed(1);
            var net = new LeNet();
            net.To(type, device);
            var optimizer = new SGD(net.Parameters(), 0.05, momentum: 0.9);
            var batch = digits.Dataset(type).Batch([0, 1, 2, 3]);
            return [.. Enumerable.Range(0, 20).Select(_ =>
                Step(net, optimizer, batch[0].To(device), batch[1].To(device)))];
        }
    }

    static IEnumerable<Device> Devices() => Device.All.Where(device => device != Device.Reference);

    static double Step(Module net, Optimizer optimizer, Tensor images, Tensor labels)
    {
        optimizer.ZeroGrad();
        var loss = F.CrossEntropy(net.Call(images), labels);
        loss.Backward();
        optimizer.Step();
        return loss.Item();
    }

    static void Gradients(DigitData digits)
    {
        Generator.ManualSeed(2);
        var net = new LeNet();
        net.To(DType.Float64);
        var batch = digits.Dataset(DType.Float64).Batch([0, 1, 2, 3]);
        var worst = GradientCheck.Worst(net, batch[0], batch[1], directions: 20);
        Check("gradients of LeNet against numeric ones, 20 directions", worst <= 1e-5,
            $"worst relative difference {worst:0.0e+0}, allowed 1e-5");
        var alone = TapeCheck.Run(() => F.CrossEntropy(net.Call(batch[0]), batch[1]));
        Check("each of its operations alone", alone.All(r => r.Report.Passed), TapeCheck.Text(alone));
    }

    /// <summary>
    /// Every primitive and operation at large sizes compared with the reference, on each device for as many seconds;
    /// and every kernel with every function compiled for NVIDIA's GPUs.
    /// </summary>
    static void Thresholds(int seconds)
    {
        string[] arguments = ["test", "Tensorlet.Tests", "--filter",
            "FullyQualifiedName~Thresholds|FullyQualifiedName~PtxTests"];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        start.Environment["TENSORLET_SECONDS"] = $"{seconds}";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var counted = File.ReadLines("verification.md").First(line => line.Contains("cases at sizes"));
        Check($"cases around every threshold, {seconds} s for each device, and every kernel as PTX",
            process.ExitCode == 0, process.ExitCode == 0 ? counted : said);
    }

    /// <summary>A million operations in a row, on a thread with little stack.</summary>
    static void Chain()
    {
        const int length = 1_000_000;
        var (watch, gradient) = (Stopwatch.StartNew(), 0.0);
        var thread = new Thread(() => gradient = Walk(), maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();
        GC.Collect();
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 >> 20;
        var expected = Math.Pow(1.0000001, length);
        Check("a chain of 1,000,000 operations: forward, backward, release", watch.Elapsed.TotalSeconds <= 3
            && peak <= 500 && Math.Abs(gradient - expected) < 1e-6,
            $"{watch.Elapsed.TotalSeconds:0.0} s of 3, peak memory {peak} MB of 500, gradient {gradient:0.000000}");

        static double Walk()
        {
            var x = new Variable(Tensor.Scalar(1, DType.Float64), requiresGrad: true);
            Variable y = x;
            for (var i = 0; i < length; i++) y *= 1.0000001;
            y.Backward();
            return x.Grad!.Item();
        }
    }

    /// <summary>No tensor is disposed, and memory stays flat nevertheless.</summary>
    static void Memory(DigitData digits)
    {
        const int steps = 10_000;
        Generator.ManualSeed(3);
        var net = new LeNet();
        var optimizer = new Adam(net.Parameters());
        var loader = new DataLoader(digits.Dataset(), 64, shuffle: true);
        using var process = Process.GetCurrentProcess();
        long early = 0;
        var watch = Stopwatch.StartNew();
        for (var step = 1; step <= steps; step++)
        {
            foreach (var (images, labels) in loader) Step(net, optimizer, images, labels);
            if (step == 500) early = Peak();
        }
        var late = Peak();
        Check("10,000 steps of LeNet: peak memory after them and after 500", Math.Abs(late - early) <= 0.05 * early,
            $"{late >> 20} MB and {early >> 20} MB, {100.0 * (late - early) / early:+0.0;-0.0} %; " +
                $"{steps / watch.Elapsed.TotalSeconds:0} steps/s");

        long Peak()
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }
}
