using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Cluster;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>
/// What averaging gradients costs, measured: the all-reduce, steps of three networks, and what follows for more
/// machines by the model of chapter 20.
/// </summary>
static class Measurement
{
    const int BatchSize = 32;
    const double ShortBlock = 0.002;            // seconds: so short that often nothing else runs meanwhile

    public static int Run(bool quick)
    {
        Distributed.Run(group => Run(group, quick));
        return 0;
    }

    static void Run(ProcessGroup group, bool quick)
    {
        var seconds = quick ? 0.3 : 3;
        Say(group, $"{group.WorldSize} ranks on {group.Backend}, {Device.Cpu.Threads} threads each");
        if (group.WorldSize > 1) Say(group, "\nall-reduce of    time, ms    GB/s");
        double latency = 0, bandwidth = 0;
        foreach (var count in group.WorldSize > 1 ? new[] { 1, 1 << 10, 1 << 16, 1 << 20, 1 << 22 } : [])
        {
            var data = Tensor.Zeros(count).ToArray<float>();
            var time = Fastest(group, seconds, () => group.BeginAllReduce(data, DType.Float32, null).Wait());
            if (count == 1) latency = time;
            bandwidth = 4.0 * count / time;
            Say(group, $"{count,9:#,0} floats {1e3 * time,9:0.000} {bandwidth / 1e9,7:0.00}");
        }
        if (group.WorldSize > 1) Say(group, $"latency {1e6 * latency:0} µs, bandwidth {bandwidth / 1e9:0.00} GB/s");

        Say(group, $"\nsteps of {BatchSize} samples a rank" +
            "\n                       handed to MPI, and the least    over the network, a rank    ms alone  together");
        var rows = new List<(string Name, double Bytes, double Time)>();
        foreach (var (name, make, input) in Networks)
        {
            var (alone, _) = Time(group, seconds, name, make, input, together: false);
            var (together, sent) = Time(group, seconds, name, make, input, together: true);
            var net = make();
            double least = 4.0 * net.Parameters().Sum(p => p.Numel),
                handed = least + 4 * net.Parameters().Count + 8 * group.WorldSize;
            rows.Add((name, least, alone));
            Say(group, $"{name,-22} {handed,13:#,0} {least,14:#,0} B  {sent,20:#,0} B  {1e3 * alone,10:0.00} " +
                $"{1e3 * together,9:0.00}");
        }
        if (group.WorldSize == 2) Predict(group, rows, latency, bandwidth);
    }

    static IEnumerable<(string Name, Func<Module> Make, int[] Input)> Networks =>
    [
        ("LeNet", () => new LeNet(), [BatchSize, 1, 32, 32]),
        ("2 layers of 1,024", () => Dense(784, 1024, 1024, 10), [BatchSize, 784]),
        ("3 layers of 2,048", () => Dense(2048, 2048, 2048, 2048, 10), [BatchSize, 2048]),
    ];

    static Sequential Dense(params int[] sizes) => new([.. sizes.Zip(sizes[1..]).SelectMany((size, i) =>
        i + 2 < sizes.Length ? new Module[] { new Linear(size.First, size.Second), new ReLU() }
            : [new Linear(size.First, size.Second)])]);

    /// <summary>The time of a step, and the bytes that this rank sent over the network in one.</summary>
    static (double Seconds, double Sent) Time(
        ProcessGroup group, double seconds, string name, Func<Module> make, int[] input, bool together)
    {
        Generator.ManualSeed(1);
        var net = make();
        var wrapped = together ? new DistributedDataParallel(net, group) : net;
        var optimizer = new SGD(net.Parameters(), lr: 1e-3);
        var (x, y) = (Tensor.Randn(input), Tensor.RandInt(0, 10, [BatchSize]));
        var (steps, before) = (0, SentBytes());
        var fastest = Fastest(group, seconds, () =>
        {
            optimizer.ZeroGrad();
            F.CrossEntropy(wrapped.Call(x), y).Backward();
            optimizer.Step();
            steps++;
        });
        return (fastest, (double)(SentBytes() - before) / steps);
    }

    /// <summary>
    /// The time of an action that all ranks do, as often as fits: the fastest of some blocks, because what else the
    /// machine does makes a block slower and never faster.
    /// </summary>
    static double Fastest(ProcessGroup group, double seconds, Action action)
    {
        for (var i = 0; i < 3; i++) action();
        var watch = Stopwatch.StartNew();
        action();
        var once = Tensor.From([watch.Elapsed.TotalSeconds]);
        group.Broadcast(once);                                  // all do the same number of times
        var times = (int)Math.Clamp(ShortBlock / once.Item(), 1, 1000);
        var blocks = (int)Math.Clamp(seconds / times / once.Item(), 5, 500);
        var fastest = double.PositiveInfinity;
        for (var block = 0; block < blocks; block++)
        {
            group.Barrier();
            watch.Restart();
            for (var i = 0; i < times; i++) action();
            fastest = Math.Min(fastest, watch.Elapsed.TotalSeconds / times);
        }
        return fastest;
    }

    /// <summary>Bytes that have left this machine, where Linux counts them.</summary>
    static long SentBytes() => !File.Exists("/proc/net/dev") ? 0 : File.ReadLines("/proc/net/dev").Skip(2)
        .Select(line => line.Split(':')).Where(parts => parts[0].Trim() != "lo")
        .Sum(parts => long.Parse(parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[8],
            CultureInfo.InvariantCulture));

    static void Predict(
        ProcessGroup group, List<(string Name, double Bytes, double Time)> rows, double latency, double bandwidth)
    {
        Say(group, "\nby the model of chapter 20: share of the time in which a rank computes, without overlap" +
            "\n                        8 machines   64 machines   1,000 machines");
        foreach (var (name, bytes, time) in rows)
            Say(group, $"{name,-22}" + string.Concat(new[] { 8, 64, 1000 }.Select(machines =>
                $" {100 * time / (time + Chapter20.Chapter.Seconds(machines, bytes, latency, bandwidth)),10:0.0} %")));
    }

    static void Say(ProcessGroup group, FormattableString text)
    {
        if (group.Rank == 0) Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    static void Say(ProcessGroup group, string text)
    {
        if (group.Rank == 0) Console.WriteLine(text);
    }
}
