using System.Diagnostics;
using Tensorlet.Multiprocessing;
using Tutorials;

namespace Tensorlet.Tests.Multiprocessing;

/// <summary>With real processes, but few of them. The program that they run is that of the tutorials.</summary>
public class SpawnTests
{
    static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    static SpawnTests() => Spawn.Command =
        ["dotnet", Path.Combine(AppContext.BaseDirectory, "tutorials.dll")];

    static void Until(Func<bool> done, string what) => Assert.True(SpinWait.SpinUntil(done, Long), what);

    public record Pair(string Name, double[] Numbers);

    /// <summary>Waits for the number of the parent, writes one of its own, and returns its argument.</summary>
    static (Tensor, Tensor, Pair) Echo(int rank, Tensor shared, Tensor column, Tensor copy, Pair pair, string? nothing)
    {
        shared[1, rank].Fill_(-1);
        Until(() => shared[0, 0].Item() >= 5, "the parent's number does not arrive");
        column[rank].Fill_(10 + rank);
        return (copy.Fill_(rank), Tensor.Ones(2).ShareMemory(), pair with { Name = $"{pair.Name} {rank}{nothing}" });
    }

    [Fact]
    public void Values_are_seen_both_ways_and_results_come_back()
    {
        Tensor shared = Tensor.Zeros(2, 2).ShareMemory(), copy = Tensor.Zeros(3);
        var left = SharedFolder.Find($"{0x7FFF_FFF0:x16}-{Guid.NewGuid():n}");
        File.WriteAllText(left, "left by a process that was killed");
        using var spawned = Spawn.Start(Echo, [shared, shared.T[.., 0], copy,
            new Pair("§ü", [0.1, double.NaN, 1e300]), null], nprocs: 2);
        Until(() => shared[1].Sum().Item() == -2, "the children's numbers do not arrive");
        shared[0, 0].Fill_(5);
        var results = spawned.Join(Long).Select(r => ((Tensor, Tensor, Pair))r!).ToArray();
        Assert.Equal([10, 11, -1, -1], shared.ToArray<double>());
        Assert.Equal([0, 0, 0], copy.ToArray<double>());
        for (var rank = 0; rank < 2; rank++)
        {
            Assert.Equal([rank, rank, rank], results[rank].Item1.ToArray<double>());
            Assert.Equal(2, results[rank].Item2.Sum().Item());  // although the process that shared it has ended
            Assert.Equal($"§ü {rank}", results[rank].Item3.Name);
            Assert.Equal([0.1, double.NaN, 1e300], results[rank].Item3.Numbers);
        }
        Assert.False(File.Exists(left), "the start of a process has not cleaned");
        Assert.DoesNotContain(Directory.GetFiles(Path.GetDirectoryName(left)!), file =>
            spawned.Pids.Contains((int)SharedFolder.Maker(Path.GetFileName(file))));
    }

    static long Key(int rank) => SharedFolder.Me;

    [Fact]
    public void A_process_is_known_by_its_id_and_by_when_it_started()
    {
        using var spawned = Spawn.Start(Key);
        var key = (long)spawned.Join(Long)[0]!;
        Assert.Equal(spawned.Pids[0], (int)key);
        Assert.NotEqual(SharedFolder.Me >> 32, key >> 32);
        Assert.False(SharedFolder.IsAlive(key));
        Assert.True(SharedFolder.IsAlive(SharedFolder.Me));
    }

    static double Fail(int rank, double x) => rank == 0 ? x : throw new InvalidDataException("torn page");
    static void Stop(int rank, int exitCode) => Environment.Exit(exitCode);

    [Fact]
    public void Exceptions_and_exits_arrive_with_rank_and_reason()
    {
        Assert.Equal([0.5], Spawn.Run(Fail, [0.5], 1, Long));
        var thrown = Assert.Throws<ProcessException>(() => Spawn.Run(Fail, [0.5], 3, Long));
        Assert.Equal((1, null), (thrown.Rank, thrown.ExitCode));
        Assert.Contains("System.IO.InvalidDataException: torn page", thrown.Message);
        Assert.Contains($"{nameof(SpawnTests)}.{nameof(Fail)}", thrown.Message);
        var exited = Assert.Throws<ProcessException>(() => Spawn.Run(Stop, [7], 1, Long));
        Assert.Equal((0, 7), (exited.Rank, exited.ExitCode));
    }

    static Tensor Same(int rank, Tensor x) => x;

    /// <summary>System.Text.Json writes no more than 125,000,000 bytes at a time.</summary>
    [Fact]
    public void A_tensor_larger_than_JSON_can_be_travels_both_ways()
    {
        var x = Tensor.Arange(16_000_000, DType.Float64);
        var y = (Tensor)Spawn.Run(Same, [x], timeout: Long)[0]!;
        Assert.True(x.ToArray<double>().AsSpan().SequenceEqual(y.ToArray<double>()));
    }

    [PrivateMountFact]
    public void A_full_disk_is_a_typed_error_and_leaves_the_files_that_were_there() => Sound(NoRoom.Disk(60));

    /// <summary>With 8 MB of it: unreachable memory makes room, and what does not fit is a typed error.</summary>
    [PrivateMountFact]
    public void Full_shared_memory_ends_no_process() => Sound(NoRoom.Memory(60));

    [PrivateMountFact]
    public void The_folder_of_shared_memory_may_disappear() => Sound(NoRoom.Removed(11));

    static void Sound(Tally tally)
    {
        Assert.Null(tally.LeftOut);
        Assert.Empty(tally.Faults);
        Assert.True(tally.Whole > 0 && tally.Errors > 0);
    }

    /// <summary>A test with a file system of its own: skipped, with the reason, if there can be none.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    sealed class PrivateMountFactAttribute : FactAttribute
    {
        public PrivateMountFactAttribute() => Skip = PrivateMount.Missing;
    }

    static void Work(int rank, string network, Tensor counts, string name)
    {
        var (net, queue) = (Network().OpenShared(network), SharedQueue<Tensor>.Open(name));
        var x = Tensor.Randn([8, 20], generator: new(rank));
        var optimizer = new Optim.SGD(net.Parameters(), lr: 0.01);
        while (counts[3].Item() == 0)
        {
            optimizer.ZeroGrad();
            var loss = net.Call(x).Square().Mean();
            loss.Backward();
            optimizer.Step();
            counts[rank].Add_(1);
            queue.Put(Tensor.Full([1000], rank), Long);
            if (rank == 1) throw new TensorletException("the second gives up");
        }
    }

    static Nn.Sequential Network() => new(new Nn.Linear(20, 300), new Nn.Linear(300, 1));

    [Fact]
    public void A_worker_that_is_killed_leaves_memory_queue_and_the_others_sound()
    {
        var (net, counts, queue) = (Network(), Tensor.Zeros(4).ShareMemory(), new SharedQueue<Tensor>(3, 6000));
        net.ShareMemory();
        using var spawned = Spawn.Start(Work, [net.SharedName(), counts, queue.Name], nprocs: 3);
        Until(() => Taken() && counts[..3].AMin().Item() >= 1 && counts[0].Item() > 20, "not all have begun");
        Process.GetProcessById(spawned.Pids[0]).Kill();
        Until(() => Gone(spawned.Pids[0]), "it is not dead");
        var (before, seen) = (counts[2].Item(), 0);
        Until(() => Taken() && ++seen > 20 && counts[2].Item() > before + 20, "the third does not go on");
        counts[3].Fill_(1);
        while (queue.Count > 0) Taken();
        var exited = Assert.Throws<ProcessException>(() => spawned.Join(Long));
        Assert.Equal(0, exited.Rank);
        if (!OperatingSystem.IsWindows()) Assert.Equal(128 + 9, exited.ExitCode);
        var twin = Network().OpenShared(net.SharedName());
        Assert.All(twin.Parameters(), p => Assert.All(p.Data.ToArray<float>(), v => Assert.True(float.IsFinite(v))));
        Assert.Equal(net.Parameters()[0].Data.ToArray<float>(), twin.Parameters()[0].Data.ToArray<float>());

        bool Taken()
        {
            var item = queue.Take(Long).ToArray<float>();
            Assert.All(item, v => Assert.Equal(item[0], v));    // whole, whoever wrote it
            return true;
        }
    }

    static bool Gone(int process)
    {
        try { return Process.GetProcessById(process).HasExited; }
        catch (ArgumentException) { return true; }
    }

    static void Sleep(int rank) => Thread.Sleep(Timeout.Infinite);

    /// <summary>A child that has a child, and memory of its own.</summary>
    static void Nest(int rank, Tensor pids)
    {
        var own = Tensor.Ones(10).ShareMemory();
        using var spawned = Spawn.Start(Sleep);
        pids.Fill_(spawned.Pids[0]);
        spawned.Join(Long);
        GC.KeepAlive(own);
    }

    [Fact]
    public void Children_end_with_their_parent_and_what_it_left_is_cleaned()
    {
        var pid = Tensor.Zeros([], DType.Int64).ShareMemory();
        using var spawned = Spawn.Start(Nest, [pid]);
        Until(() => pid.Item() != 0, "the grandchild does not start");
        var folder = Path.GetDirectoryName(SharedFolder.Find(SharedFolder.NewName()))!;
        Assert.Contains(spawned.Pids[0], Makers());
        Process.GetProcessById(spawned.Pids[0]).Kill(); // from here on, the next process that starts may also clean up
        Assert.Throws<ProcessException>(() => spawned.Join(Long));
        Until(() => Gone((int)pid.Item()), "the grandchild goes on");
        SharedFolder.Clean(folder, process => !SharedFolder.IsAlive(process));
        Assert.DoesNotContain(spawned.Pids[0], Makers());

        IEnumerable<int> Makers() =>
            Directory.GetFiles(folder).Select(file => (int)SharedFolder.Maker(Path.GetFileName(file)));
    }

    static Task Later(int rank) => Task.CompletedTask;
    static Task<int> LaterNumber(int rank) => Task.FromResult(rank);
    static ValueTask<int> LaterValue(int rank) => ValueTask.FromResult(rank);
    static async void Lost(int rank) => await Task.Yield();
    static Nn.Module Given(int rank) => Network();
    static void Taking(int rank, Nn.Sequential module) => module.Eval();

    /// <summary>Refused before any process starts, and so before any work is lost.</summary>
    [Fact]
    public void What_does_not_travel_and_programs_that_do_not_start_are_refused()
    {
        foreach (var entry in new Delegate[] { Later, LaterNumber, LaterValue, Lost, Given })
            Assert.Contains(entry.Method.Name, Assert.Throws<TensorletException>(() => Spawn.Run(entry)).Message);
        Assert.Throws<TensorletException>(() => Spawn.Run(Taking, [Network()]));
        var command = Spawn.Command;
        try
        {
            foreach (var wrong in new string[][] { ["/no/such/program"], [], [""] })
            {
                Spawn.Command = wrong;
                Assert.Contains("Command", Assert.Throws<TensorletException>(() => Spawn.Run(Sleep)).Message);
            }
        }
        finally { Spawn.Command = command; }
    }

    [Fact]
    public void Joining_ends_with_the_time_and_what_cannot_be_called_is_refused()
    {
        var spawned = Spawn.Start(Sleep);
        Assert.Throws<TimeoutException>(() => spawned.Join(TimeSpan.FromMilliseconds(1)));
        Until(() => Gone(spawned.Pids[0]), "it still runs");
        var captured = 3;
        Assert.Throws<TensorletException>(() => Spawn.Run((int rank) => captured + rank));
        Assert.Throws<TensorletException>(() => Spawn.Run(Gone, [3]));
        Assert.Throws<ArgumentException>(() => Spawn.Run(Fail, ["x"]));
        Assert.Throws<TensorletException>(() => Spawn.Run(Fail));
        Assert.Throws<ArgumentOutOfRangeException>(() => Spawn.Run(Sleep, nprocs: 0));
        var command = Spawn.Command;
        Spawn.Command = ["dotnet", typeof(SpawnTests).Assembly.Location];       // its Main calls no Spawn.Child
        try { Assert.Equal(0, Assert.Throws<ProcessException>(() => Spawn.Run(Sleep, timeout: Long)).ExitCode); }
        finally { Spawn.Command = command; }
    }
}
