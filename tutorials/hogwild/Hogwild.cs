using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>
/// Several processes train one network without a lock (Recht et al., Hogwild!: A Lock-Free Approach to Parallelizing
/// Stochastic Gradient Descent; NIPS 2011). The parameters and the digits are in shared memory. A step reads parameters
/// that others are writing at the same time, and its update sometimes overwrites theirs. The network learns
/// nevertheless.
/// </summary>
static class Hogwild
{
    const int Processes = 2, BatchSize = 32;

    static Sequential Network() => new(new Flatten(), new Linear(32 * 32, 64), new ReLU(), new Linear(64, 10));

    public static int Run(bool quick)
    {
        var (count, epochs) = quick ? (4_000, 3) : (20_000, 3);
        Generator.ManualSeed(1);
        var net = Network();
        net.ShareMemory();
        var (images, labels) = Drawn(count, seed: 1);
        Console.WriteLine($"{Processes} processes, one network, {count:#,0} generated digits");
        var watch = Stopwatch.StartNew();
        var steps = Spawn.Run(Train, [net.SharedName(), images.ShareMemory(), labels.ShareMemory(), epochs], Processes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{steps.Sum(n => (int)n!):#,0} steps in {watch.Elapsed.TotalSeconds:0.0} s"));

        using var _ = Autograd.NoGrad();
        var (test, digits) = Drawn(1_000, seed: 2);
        var right = net.Call(test).Data.ArgMax(1).Eq(digits).Sum().Item() / digits.Numel;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy {100 * right:0.00} %"));
        return 0;
    }

    /// <summary>What each process does, with its own part of the digits; returns the number of its steps.</summary>
    static int Train(int rank, string network, Tensor images, Tensor labels, int epochs)
    {
        Device.Cpu.Threads = 1;                         // the others need the processors
        var net = Network().OpenShared(network);
        var (optimizer, criterion) = (new SGD(net.Parameters(), lr: 0.05), new CrossEntropyLoss());
        var part = images.Size(0) / Processes;
        var dataset = new TensorDataset(images.Narrow(0, rank * part, part), labels.Narrow(0, rank * part, part));
        var loader = new DataLoader(dataset, BatchSize, shuffle: true, seed: rank);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            var sum = 0.0;
            foreach (var (x, y) in loader)
            {
                optimizer.ZeroGrad();
                var loss = criterion.Call(net.Call(x), y);
                loss.Backward();
                optimizer.Step();
                sum += loss.Item();
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"process {rank}  epoch {epoch}/{epochs}  loss {sum / loader.Count:0.0000}"));
        }
        return epochs * loader.Count;
    }

    static (Tensor Images, Tensor Labels) Drawn(int count, long seed)
    {
        var (images, labels) = Digits.Generate(count, seed);
        var dataset = new DigitData("generated digits", images, labels).Dataset();
        var batch = dataset.Batch([.. Enumerable.Range(0, count).Select(i => (long)i)]);
        return (batch[0], batch[1]);
    }
}
