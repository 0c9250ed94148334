using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Optim;

namespace Benchmarks;

/// <summary>
/// How long a user waits for Tensorlet: from the start of a process to its first step of training, and in the first
/// calls of functions.
/// </summary>
static class Startup
{
    const int Runs = 5, Early = 200, Late = 1200, Elements = 65536;

    static readonly (string Name, Func<Variable, Variable> Of)[] functions =
    [
        .. Errors.Functions,
        ("exp of doubles", x => x.To(DType.Float64).Exp()), ("log of doubles", x => x.To(DType.Float64).Log()),
        ("sin of doubles", x => x.To(DType.Float64).Sin()), ("cos of doubles", x => x.To(DType.Float64).Cos()),
        ("randn", x => Tensor.RandnLike(x.Data)),
    ];

    public static void Measure()
    {
        double[] ms = [.. Enumerable.Range(0, Runs).Select(_ => Child.FirstLine("first-step").Ms).Order()];
        Console.WriteLine($"from the start of the process to the end of LeNet's first step, {Runs} runs: median " +
            $"{ms[Runs / 2]:F0} ms, best {ms[0]:F0} ms");
        // other programs make single runs slower, but not all of them
        var slowest = functions.Select(f => (f.Name, Ratio: Enumerable.Range(0, Runs).Min(_ => double.Parse(
            Child.FirstLine("first-calls", f.Name).Line, CultureInfo.InvariantCulture)))).MaxBy(f => f.Ratio);
        Console.WriteLine($"calls {Early + 1} to {Late} of a function of {Elements} numbers, compared with later: " +
            $"at most {slowest.Ratio:F2} ({slowest.Name}) among {functions.Length} functions");
    }

    /// <summary>What a process of its own does for one function: it prints the ratio.</summary>
    public static void FirstCalls(string name)
    {
        Device.Cpu.Threads = 1;
        var f = functions.Single(f => f.Name == name).Of;
        var x = Tensor.Rand([Elements], generator: new Generator(1)).Mul(0.8).Add(0.1);
        Time(Early);
        var early = Time(Late - Early);
        var late = Enumerable.Range(0, 5).Min(_ => Time((Late - Early) / 5)) * 5;
        Console.WriteLine((early / late).ToString(CultureInfo.InvariantCulture));

        TimeSpan Time(int calls)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < calls; i++) f(x);
            return watch.Elapsed;
        }
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
