using Tensorlet;
using Tensorlet.Optim;

namespace Benchmarks;

/// <summary>How long a user waits for Tensorlet: from the start of a process to its first step of training.</summary>
static class Startup
{
    const int Runs = 5;

    public static void Measure()
    {
        double[] ms = [.. Enumerable.Range(0, Runs).Select(_ => Child.FirstLine("first-step").Ms).Order()];
        Console.WriteLine($"from the start of the process to the end of LeNet's first step, {Runs} runs: median " +
            $"{ms[Runs / 2]:F0} ms, best {ms[0]:F0} ms");
    }

    /// <summary>What a run does: it reports when the step is done. Nothing here loads TorchSharp.</summary>
    public static void FirstStep()
    {
        var net = new LeNet();
        var optimizer = new Adam(net.Parameters(), lr: Lesson.AdamRate);
        var x = Tensor.From(Operands.Normal(1, 64 * 32 * 32), [64, 1, 32, 32]);
        var labels = Tensor.From(Operands.Below(2, 64, 10));
        F.CrossEntropy(net.Call(x), labels).Backward();
        optimizer.Step();
        Console.WriteLine("done");
    }
}
