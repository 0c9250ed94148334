using System.Globalization;
using Tensorlet.Cluster;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Cluster;

/// <summary>Several ranks learn what one process learns with batches as large as theirs together.</summary>
public class TrainingTests : Files.Folder
{
    const int Batch = 64, Steps = 100;

    static Sequential Network(bool normalized)
    {
        var random = new Generator(1);
        Module[] layers = [new Conv2d(1, 4, 3), normalized ? new BatchNorm2d(4) : new Identity(), new Tanh(),
            new MaxPool2d(2), new Flatten(), new Linear(36, 24), new ReLU(), new Linear(24, 5)];
        var net = new Sequential(layers);
        net.To(DType.Float64);
        foreach (var p in net.Parameters())
            if (!normalized || p.Rank > 1) p.Data.Uniform_(-0.3, 0.3, random);
        return net;
    }

    static TensorDataset Samples(int count) =>
        new(Tensor.Randn([count, 1, 8, 8], DType.Float64, generator: new(2)), Tensor.RandInt(0, 5, [count],
            generator: new(3)));

    static Optimizer Optimizer(string name, Module net) => name == "sgd"
        ? new SGD(net.Parameters(), lr: 0.05, momentum: 0.9) : new Adam(net.Parameters(), lr: 0.002);

    static DataLoader Loader(Dataset samples, ProcessGroup group) => new(samples, batchSampler:
        new DistributedSampler(new BatchSampler(new RandomSampler(samples), Batch, dropLast: true), group), seed: 4);

    /// <summary>The losses of the next steps, of all ranks together.</summary>
    static List<double> Learn(
        ProcessGroup group, Module net, Optimizer optimizer, IEnumerable<Tensor[]> loader, int steps)
    {
        var losses = new List<double>();
        while (losses.Count < steps)
            foreach (var (x, y) in loader)
            {
                optimizer.ZeroGrad();
                var loss = F.CrossEntropy(net.Call(x), y);
                loss.Backward();
                optimizer.Step();
                var mean = loss.Data.Clone();
                group.AllReduce(mean, ReduceOp.Mean);
                losses.Add(mean.Item());
                if (losses.Count == steps) break;
            }
        return losses;
    }

    static List<double> Alone(string optimizer, bool normalized)
    {
        var (net, samples) = (Network(normalized), Samples(1000));
        var (batches, own) = (new DataLoader(samples, Batch, shuffle: true, seed: 4, dropLast: true),
            Optimizer(optimizer, net));
        var losses = new List<double>();
        while (losses.Count < Steps)
            foreach (var (x, y) in batches)
            {
                own.ZeroGrad();
                var loss = F.CrossEntropy(net.Call(x), y);
                loss.Backward();
                own.Step();
                losses.Add(loss.Item());
                if (losses.Count == Steps) break;
            }
        return losses;
    }

    static double Difference(List<double> a, List<double> b) =>
        a.Zip(b, (x, y) => Math.Abs(x - y) / Math.Max(1, Math.Abs(y))).Max();

    /// <summary>Prints the largest difference between this job's losses and those of one process.</summary>
    static void Compare(ProcessGroup group, string[] arguments)
    {
        var (optimizer, normalized) = (arguments[0], arguments[1] == "normalized");
        var (net, samples) = (Network(normalized), Samples(1000));
        if (group.Rank > 0) foreach (var p in net.Parameters()) p.Data.Fill_(5);        // rank 0 decides
        var wrapped = new DistributedDataParallel(net, group, bucketCapMb: 0.005);
        var losses = Learn(group, wrapped, Optimizer(optimizer, wrapped), Loader(samples, group), Steps);
        var difference = Difference(losses, Alone(optimizer, normalized));
        foreach (var p in net.Parameters())
            Assert.All(group.AllGather(p.Data), other =>
                Assert.Equal(p.Data.ToArray<double>(), other.ToArray<double>()));
        if (normalized) Assert.True(difference > 1e-4, $"{difference}: batch normalisation should differ");
        else Assert.True(difference <= 1e-12, $"{difference} is more than 1e-12");
        Assert.True(losses[^1] < losses[0], "nothing was learned");
        if (group.Rank == 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{optimizer} {arguments[1]}: the losses differ by {difference:0.0e+0}"));
    }

    static void CompareAll(ProcessGroup group, string[] arguments)
    {
        foreach (var (optimizer, network) in new[] { ("sgd", "plain"), ("adam", "plain"), ("sgd", "normalized") })
            Compare(group, [optimizer, network]);
    }

    [Theory, OpenMpi, Mpich]
    public void Ranks_learn_what_one_process_learns(string mpi)
    {
        var (code, said, _) = Job.Run(mpi, 2, CompareAll, []);
        Assert.True(code == 0, said);
        foreach (var what in new[] { "sgd plain", "adam plain", "sgd normalized" })
            Assert.Contains($"{what}: the losses differ by", said);
    }

    [Theory]
    [InlineData(2, "sgd", "plain"), InlineData(4, "adam", "plain"), InlineData(2, "sgd", "normalized")]
    public void Threads_learn_what_one_process_learns(int ranks, string optimizer, string network) =>
        Distributed.RunThreads(ranks, group => Compare(group, [optimizer, network]));

    /// <summary>
    /// "save": trains, saves and goes on, and writes the later losses; else goes on from there, and compares.
    /// </summary>
    static void Resume(ProcessGroup group, string[] arguments)
    {
        var (how, path) = (arguments[0], arguments[1]);
        var (net, samples) = (Network(normalized: false), Samples(1000));
        var wrapped = new DistributedDataParallel(net, group);
        var (optimizer, loader) = (Optimizer("adam", wrapped), Loader(samples, group));
        (string, IStateful)[] parts = [("model", net), ("optimizer", optimizer), ("loader", loader)];
        if (how == "save")
        {
            Learn(group, wrapped, optimizer, loader, 20);
            DistributedState.Save(group, path, parts);
            loader.LoadStateDict(loader.StateDict());                    // it goes on where it is
        }
        else DistributedState.Load(group, path, parts);
        var losses = Learn(group, wrapped, optimizer, loader, 20);
        if (how == "save" && group.Rank == 0)
            File.WriteAllLines(path + ".txt", losses.Select(loss => loss.ToString("R", CultureInfo.InvariantCulture)));
        if (how == "save") return;
        List<double> expected = [.. File.ReadLines(path + ".txt").Select(line =>
            double.Parse(line, CultureInfo.InvariantCulture))];
        if (how == "same") Assert.Equal(expected, losses);
        else Assert.True(Difference(losses, expected) <= 1e-12, $"{Difference(losses, expected)}");
        if (group.Rank == 0) Console.WriteLine("resumed");
    }

    [Theory, OpenMpi, Mpich]
    public void A_checkpoint_of_two_ranks_resumes_with_one_and_with_two(string mpi)
    {
        var path = In("training.safetensors");
        var saved = Job.Run(mpi, 2, Resume, ["save", path]);
        Assert.True(saved.ExitCode == 0, saved.Said);
        foreach (var (ranks, how) in new[] { (2, "same"), (1, "near") })
        {
            var (code, said, _) = Job.Run(mpi, ranks, Resume, [how, path]);
            Assert.True(code == 0, said);
            Assert.Contains("resumed", said);
        }
    }

    [Fact]
    public void A_checkpoint_of_two_threads_resumes_with_one_and_with_two()
    {
        var path = In("training.safetensors");
        Distributed.RunThreads(2, group => Resume(group, ["save", path]));
        Distributed.RunThreads(2, group => Resume(group, ["same", path]));
        Distributed.RunThreads(1, group => Resume(group, ["near", path]));
    }

    [Fact]
    public void A_checkpoint_that_is_another_file_on_another_rank_is_refused()
    {
        var net = new Linear(2, 2);
        var thrown = Assert.Throws<AggregateException>(() => Distributed.RunThreads(2, group =>
        {
            var path = In($"{group.Rank}.safetensors");
            Checkpoint.Save(path, ("model", new Linear(2, 2 + group.Rank)));
            DistributedState.Load(group, path, ("model", net));
        }));
        Assert.All(thrown.InnerExceptions, e => Assert.Contains("not the same file on rank", e.Message));
    }
}
