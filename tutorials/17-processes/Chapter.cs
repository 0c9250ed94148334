using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter17;

static class Chapter
{
    #region greet
    static string Greet(int rank, string whom) => $"{whom} number {rank}";
    #endregion

    #region sign
    static void Sign(int rank, Tensor rows, Tensor turns)
    {
        rows.Narrow(0, 2 * rank, 2).Fill_(rank + 1);
        turns.View(-1).Slice(0, start: rank, step: 3).Fill_(rank + 1);
    }
    #endregion

    #region add
    static void Add(int rank, Tensor counter, Tensor read)
    {
        var before = counter.Item();
        read.Select(0, rank).Fill_(1);
        while (read.Sum().Item() < 2) Thread.Yield();           // until both have read
        counter.Fill_(before + 1);
    }
    #endregion

    #region network
    static Sequential Network() => new(new Linear(2, 16), new Tanh(), new Linear(16, 2));
    #endregion

    #region train
    static int Train(int rank, string network, Tensor points, Tensor classes)
    {
        Device.Cpu.Threads = 1;                                 // the other process needs a core too
        var net = Network().OpenShared(network);
        var (optimizer, steps) = (new SGD(net.Parameters(), lr: 0.3), 0);
        var mine = new TensorDataset(points.Narrow(0, rank * 200, 200), classes.Narrow(0, rank * 200, 200));
        for (var epoch = 0; epoch < 40; epoch++)
            foreach (var (x, y) in new DataLoader(mine, 10, shuffle: true, seed: 100 * rank + epoch))
            {
                optimizer.ZeroGrad();
                F.CrossEntropy(net.Call(x), y).Backward();
                optimizer.Step();
                steps++;
            }
        return steps;
    }
    #endregion

    #region produce
    static void Produce(int rank, string name)
    {
        var queue = SharedQueue<Tensor>.Open(name);
        for (var i = 1; i <= 3; i++) queue.Put(Tensor.Full([2], i * i), timeout: TimeSpan.FromSeconds(20));
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "spawn";
        var answers = Spawn.Run(Greet, ["process"], nprocs: 2);
        Console.WriteLine(string.Join(", ", answers));

        yield return "shared";
        Tensor rows = Tensor.Zeros(6, 6).ShareMemory(), turns = Tensor.Zeros(6, 6).ShareMemory();
        Spawn.Run(Sign, [rows, turns], nprocs: 3);
        new Squares(side: 24).Add("two rows for each", rows).Add("in turns", turns).Save("signed.svg");

        yield return "lost";
        var counter = Tensor.Zeros(1).ShareMemory();
        Spawn.Run(Add, [counter, Tensor.Zeros(2).ShareMemory()], nprocs: 2);
        Console.WriteLine($"two processes added one, and the sum is {counter.Item()}");

        yield return "hogwild";
        Generator.ManualSeed(1);
        var moons = Toys.Moons(400, noise: 0.1);
        var (points, classes) = (moons.Tensors[0], moons.Tensors[1]);
        var net = Network();
        net.ShareMemory();
        var steps = Spawn.Run(Train, [net.SharedName(), points.ShareMemory(), classes.ShareMemory()], nprocs: 2);
        var right = net.Call(points).Data.ArgMax(1).Eq(classes).Sum().Item() / classes.Numel;
        Console.WriteLine($"{steps[0]} and {steps[1]} steps, accuracy above 95 %: {right > 0.95}");

        yield return "queue";
        var queue = new SharedQueue<Tensor>(capacity: 2, itemBytes: 300);
        using (var producer = Spawn.Start(Produce, [queue.Name]))
        {
            for (var i = 0; i < 3; i++) Console.WriteLine(queue.Take(timeout: TimeSpan.FromSeconds(20)));
            producer.Join();
        }

        yield return "copied";
        Tensor alone = Tensor.Zeros(6, 6), shared = Tensor.Zeros(6, 6).ShareMemory();
        Spawn.Run(Sign, [alone, shared], nprocs: 1);
        Console.WriteLine($"not shared: {alone.Sum().Item()}, shared: {shared.Sum().Item()}");
    }
}
