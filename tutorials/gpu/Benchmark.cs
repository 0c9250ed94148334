using System.Diagnostics;
using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Gpu;

/// <summary>The time of one row.</summary>
/// <param name="Name">What was timed; torch-rows.py knows the same names.</param>
/// <param name="Milliseconds">The median of several batches, of one call.</param>
sealed record Timed(string Name, double Milliseconds);

/// <summary>Ten operations and three training steps. A GPU gets large sizes, a processor smaller ones.</summary>
static class Benchmark
{
    const int Batches = 7;
    static readonly TimeSpan batch = TimeSpan.FromMilliseconds(60);

    public static List<Timed> Run(Device device)
    {
        using var _ = Autograd.NoGrad();
        return [.. Rows(device, Devices.IsGpu(device)).Select(row => Time(device, row.Name, row.Call))];
    }

    static Timed Time(Device device, string name, Action call)
    {
        for (var i = 0; i < 3; i++) call();             // compiles the kernels
        device.Synchronize();
        var watch = Stopwatch.StartNew();
        call();
        device.Synchronize();
        var repeats = (int)Math.Clamp(batch / watch.Elapsed, 1, 10_000);
        List<double> times = [];
        for (var b = 0; b < Batches; b++)
        {
            watch.Restart();
            for (var i = 0; i < repeats; i++) call();
            device.Synchronize();
            times.Add(watch.Elapsed.TotalMilliseconds / repeats);
        }
        times.Sort();
        Console.WriteLine($"bench: {name,-24} {times[Batches / 2],10:0.0000} ms");
        return new(name, times[Batches / 2]);
    }

    static IEnumerable<(string Name, Action Call)> Rows(Device device, bool large)
    {
        Generator.ManualSeed(1);
        Variable Random(params int[] shape) => Tensor.Randn(shape, DType.Float32).To(device);
        int n = large ? 1 << 22 : 1 << 18, rows = large ? 4096 : 512;
        Variable a = Random(n), b = Random(n), matrix = Random(rows, 1024);
        yield return ($"add {n}", () => _ = a + b);
        yield return ($"sigmoid {n}", () => a.Sigmoid());
        yield return ($"gelu {n}", () => a.Gelu());
        yield return ($"softmax {rows}x1024", () => matrix.Softmax(1));
        yield return ($"layer norm {rows}x1024", () => F.LayerNorm(matrix, [1024]));
        yield return ($"sum rows {rows}x1024", () => matrix.Sum(1));
        foreach (var size in large ? (int[])[1024, 4096] : device == Device.Simulated ? [128] : [1024])
        {
            Variable left = Random(size, size), right = Random(size, size);
            yield return ($"matmul {size}", () => left.MatMul(right));
        }
        var (images, channels) = large ? (32, 64) : (2, 16);
        Variable x = Random(images, channels, 56, 56), w = Random(channels, channels, 3, 3);
        yield return ($"conv 3x3 {images}x{channels}x56", () => F.Conv2d(x, w, padding: 1));
        yield return ($"transposed copy {rows}x1024", () => matrix.Data.T.Clone());
        if (device == Device.Simulated) yield break;    // training runs in host loops take long and show nothing
        var mlp = new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 128), new ReLU(),
            new Linear(128, 10));
        yield return ("step mlp", Step(mlp, Random(64, 784), Labels([64], 10)));
        yield return ("step lenet", Step(new LeNet(), Random(64, 1, 32, 32), Labels([64], 10)));
        yield return ("step gpt", Step(new Gpt(64, 64, layers: 2, heads: 4, size: 128), Labels([16, 64], 64),
            Labels([16 * 64], 64), classes: 64));

        Tensor Labels(int[] shape, int classes) =>
            Tensor.RandInt(0, classes, shape, generator: new Generator(2)).To(device);

        Action Step(Module net, Variable input, Tensor target, int classes = 10)
        {
            net.To(device: device);
            var optimizer = new SGD(net.Parameters(), 0.01);
            return () =>
            {
                using var _ = Autograd.EnableGrad();
                optimizer.ZeroGrad();
                F.CrossEntropy(net.Call(input).Reshape(-1, classes), target).Backward();
                optimizer.Step();
            };
        }
    }
}
