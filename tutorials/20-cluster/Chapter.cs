using Tensorlet;
using Tensorlet.Cluster;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter20;

static class Chapter
{
    #region network
    static Sequential Network(bool normalized = false)
    {
        Module[] layers = normalized ? [new Linear(2, 16), new BatchNorm1d(16), new Tanh(), new Linear(16, 2)]
            : [new Linear(2, 16), new Tanh(), new Linear(16, 2)];
        var (net, random) = (new Sequential(layers), new Generator(1));
        net.To(DType.Float64);
        foreach (var p in net.Parameters()) p.Data.Uniform_(-1, 1, random);
        return net;
    }
    #endregion

    #region learn
    static double[] Learn(ProcessGroup group, Module net, Optimizer optimizer, Dataset samples)
    {
        var wrapped = new DistributedDataParallel(net, group);
        var batches = new BatchSampler(new RandomSampler(samples), batchSize: 64, dropLast: true);
        var loader = new DataLoader(samples, batchSampler: new DistributedSampler(batches, group), seed: 1);
        var losses = new List<double>();
        while (losses.Count < 100)
            foreach (var (x, y) in loader)
            {
                optimizer.ZeroGrad();
                var loss = F.CrossEntropy(wrapped.Call(x), y);
                loss.Backward();
                optimizer.Step();
                var mean = loss.Data.Clone();
                group.AllReduce(mean, ReduceOp.Mean);       // only to be looked at
                losses.Add(mean.Item());
            }
        return [.. losses.Take(100)];
    }
    #endregion

    #region compare
    static double Difference(Func<Module, Optimizer> optimizer, Dataset samples, bool normalized = false)
    {
        double[] Losses(int ranks)
        {
            double[] losses = [];
            Distributed.RunThreads(ranks, group =>
            {
                var net = Network(normalized);
                var own = Learn(group, net, optimizer(net), samples);
                if (group.Rank == 0) losses = own;
            });
            return losses;
        }

        return Losses(ranks: 1).Zip(Losses(ranks: 2), (a, b) => Math.Abs(a - b)).Max();
    }
    #endregion

    #region cost
    public static double Seconds(int machines, double bytes, double latency, double bandwidth) =>
        2 * Math.Ceiling(Math.Log2(machines)) * latency + 2 * (machines - 1.0) / machines * bytes / bandwidth;
    #endregion

    #region share
    static double Computing(double step, int machines, double bytes, double latency, double bandwidth) =>
        step / (step + Seconds(machines, bytes, latency, bandwidth));
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "mean";
        var moons = Toys.Moons(64, noise: 0.1, generator: new Generator(1));
        var (points, classes) = (moons.Tensors[0].To(DType.Float64), moons.Tensors[1]);
        var network = Network();
        var weight = network.Parameters()[0];
        Variable Gradient(int from, int count) => Autograd.Grad(F.CrossEntropy(
            network.Call(points.Narrow(0, from, count)), classes.Narrow(0, from, count)), weight)!;
        var whole = Gradient(0, 64);
        var halves = (Gradient(0, 32) + Gradient(32, 32)) / 2;
        Console.WriteLine($"the same to 1e-15: {(whole - halves).Abs().Max().Item() < 1e-15}");

        yield return "ranks";
        var said = new string[2];
        Distributed.RunThreads(2, group =>
        {
            var x = Tensor.From([1.0, 10]) * (group.Rank + 1);
            group.AllReduce(x);
            said[group.Rank] = $"rank {group.Rank} of {group.WorldSize} has\n{x}";
        });
        Console.WriteLine(string.Join('\n', said));

        yield return "same";
        var samples = Toys.Moons(1000, noise: 0.1, generator: new Generator(2));
        var data = new TensorDataset(samples.Tensors[0].To(DType.Float64), samples.Tensors[1]);
        var sgd = Difference(net => new SGD(net.Parameters(), lr: 0.1, momentum: 0.9), data);
        var adam = Difference(net => new Adam(net.Parameters(), lr: 0.01), data);
        Console.WriteLine($"SGD: {sgd < 1e-12}, Adam: {adam < 1e-12}");

        yield return "normalized";
        var normalized = Difference(net => new SGD(net.Parameters(), lr: 0.1), data, normalized: true);
        Console.WriteLine($"the losses differ by more than 1e-4: {normalized > 1e-4}");

        yield return "early";
        var (first, second, order) = (new Linear(2, 3), new Linear(3, 1), new List<string>());
        first.Weight.RegisterHook(_ => order.Add("gradient of the first layer"));
        second.Weight.RegisterHook(_ => order.Add("gradient of the second layer"));
        var hidden = first.Call(Tensor.Ones(4, 2));
        hidden.RegisterHook(_ => order.Add("the pass arrives at the first layer"));
        second.Call(hidden.Tanh()).Sum().Backward();
        Console.WriteLine(string.Join('\n', order));

        yield return "machines";
        double[] machines = [.. Enumerable.Range(1, 10).Select(i => Math.Pow(2, i))];
        var plot = new Plot("machines", " ", "share of the time in which a machine computes", logX: true);
        foreach (var (name, parameters, step) in new[]          // seconds for 32, 32 and 256 samples
            { ("LeNet", 61_706, 0.0036), ("dense", 12_609_546, 0.024), ("dense, larger part", 12_609_546, 0.194) })
            plot.Line(name, machines, machines.Select(n =>
                Computing(step, (int)n, 4.0 * parameters, latency: 30e-6, bandwidth: 1.25e9)), dots: true);
        plot.Save("machines.svg");

        yield return "wrong";
        try
        {
            Distributed.RunThreads(2, group =>
            {
                if (group.Rank == 0) group.AllReduce(Tensor.Zeros(3));
                else group.Barrier();
            });
        }
        catch (AggregateException e) { Console.WriteLine(e.InnerExceptions[0].Message.Replace(". ", ".\n")); }
    }
}
