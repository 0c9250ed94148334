using System.Diagnostics;
using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Gpu;

/// <summary>A training run on the device compared with the same one on the CPU.</summary>
/// <param name="Steps">The number of steps.</param>
/// <param name="Losses">The losses on the device.</param>
/// <param name="Worst">The largest difference from the loss on the CPU in the first 50 steps, relative to max(1,
/// loss).</param>
/// <param name="Seconds">The time that it took on the device.</param>
/// <param name="Agrees">Whether the difference can be explained by rounding, and the network learned.</param>
sealed record Trained(int Steps, double[] Losses, double Worst, double Seconds, bool Agrees);

/// <summary>LeNet on generated digits for 200 steps.</summary>
static class LeNetTraining
{
    const int Steps = 200, Compared = 50, Batch = 32;

    /// <summary>How far rounding may drive two devices apart; it grows from step to step.</summary>
    const double Allowed = 1e-3;

    public static Trained Run(Device device)
    {
        var expected = Losses(Device.Cpu);
        var watch = Stopwatch.StartNew();
        var losses = Losses(device);
        var seconds = watch.Elapsed.TotalSeconds;
        var apart = losses.Zip(expected, (a, b) => Math.Abs(a - b) / Math.Max(1, b)).ToArray();
        var worst = apart[..Compared].Max();
        var agrees = worst <= Allowed && losses[^1] < 0.5 * losses[0] && expected[^1] < 0.5 * expected[0];
        Console.WriteLine($"train: LeNet, {Steps} steps, loss {losses[0]:0.000} to {losses[^1]:0.000} (on the CPU to " +
            $"{expected[^1]:0.000}), the first {Compared} at most {worst:0.0e+0} from the CPU's, {seconds:0.0} s: " +
            (agrees ? "agrees" : "DOES NOT AGREE"));
        return new(Steps, losses, worst, seconds, agrees);
    }

    static double[] Losses(Device device)
    {
        Generator.ManualSeed(1);
        var net = new LeNet();
        net.To(device: device);
        var optimizer = new SGD(net.Parameters(), 0.02, momentum: 0.9);
        var (images, labels) = Digits.Generate(16 * Batch, seed: 1);
        var x = Tensor.From(Array.ConvertAll(images, pixel => pixel / 255f), [16, Batch, 1, 28, 28]).To(device);
        var padded = ((Variable)x).Pad(3, 2, 2).Pad(4, 2, 2).Data;
        var y = Tensor.From(Array.ConvertAll(labels, label => (long)label), [16, Batch]).To(device);
        return [.. Enumerable.Range(0, Steps).Select(step =>
        {
            optimizer.ZeroGrad();
            var loss = F.CrossEntropy(net.Call(padded[step % 16]), y[step % 16]);
            loss.Backward();
            optimizer.Step();
            return loss.Item();
        })];
    }
}
