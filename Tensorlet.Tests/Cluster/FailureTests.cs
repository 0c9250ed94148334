using System.Diagnostics;
using Tensorlet.Cluster;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Cluster;

/// <summary>A job that cannot go on ends, and says why and on which rank; nothing hangs.</summary>
public class FailureTests
{
    /// <summary>Rank 1 does something else than the others, who wait for it.</summary>
    static void Fail(ProcessGroup group, string[] arguments)
    {
        group.Barrier();
        if (group.Rank == 1)
            switch (arguments[0])
            {
                case "throw": throw new InvalidDataException("torn page");
                case "refuse": throw new DistributedException("no more");
                case "thread":
                    var thread = new Thread(() => throw new InvalidDataException("torn page"));
                    thread.Start();
                    thread.Join();
                    break;
                case "kill":
                    Process.GetCurrentProcess().Kill();
                    break;
                case "exit":
                    Environment.Exit(0);
                    break;
                case "leave": return;
                case "other":
                    group.Broadcast(Tensor.Zeros(2));
                    break;
                case "type":
                    group.AllReduce(Tensor.Zeros([3], DType.Float64));
                    break;
                case "network":
                    _ = new DistributedDataParallel(new Linear(3, 2), group);
                    break;
            }
        if (arguments[0] == "network") _ = new DistributedDataParallel(new Linear(2, 3), group);
        else group.AllReduce(Tensor.Zeros(3));
        Console.WriteLine("this is never reached");
    }

    [Theory, OpenMpi, Mpich]
    public void A_rank_that_fails_ends_the_job_with_its_number_and_the_reason(string mpi)
    {
        foreach (var (how, says) in new[]
        {
            ("throw", ["rank 1 of 2: System.IO.InvalidDataException: torn page"]),
            ("refuse", ["rank 1 of 2: DistributedException: no more"]),
            ("thread", ["rank 1 of 2: System.IO.InvalidDataException: torn page"]),
            ("kill", (string[])[]),
            ("exit", ["rank 1 of 2: the process ended within Distributed.Run."]),
            ("leave", ["rank 1 calls the end of the job"]),
            ("other", ["rank 0 calls AllReduce of 3 Float32 (Sum)", "rank 1 calls Broadcast of 2 Float32"]),
            ("type", ["rank 0 calls AllReduce of 3 Float32 (Sum)", "rank 1 calls AllReduce of 3 Float64 (Sum)"]),
            ("network", ["differ in names, shapes or types"]),
        })
        {
            var (code, said, _) = Job.Run(mpi, 2, Fail, [how]);
            Assert.True(code != 0, $"{how}: exit code 0\n{said}");
            foreach (var part in says)
                Assert.True(said.Contains(part), $"{how}: this does not say {part}:\n{said}");
            Assert.DoesNotContain("never reached", said);
        }
    }

    static void Once(ProcessGroup group, string[] arguments) => Distributed.Run(_ => { });

    [Theory, OpenMpi]
    public void Mpi_starts_once(string mpi)
    {
        var (code, said, _) = Job.Run(mpi, 1, Once, []);
        Assert.NotEqual(0, code);
        Assert.Contains("Distributed.Run: MPI can be started once in a process", said);
    }

    static void Nothing(ProcessGroup group, string[] arguments) => Console.WriteLine("this is never reached");

    [Theory, OpenMpi, Mpich]
    public void The_library_of_another_launcher_is_refused(string mpi)
    {
        var (other, name) = mpi == "MPICH" ? ("libmpi.so.40", "mpiexec of MPICH")
            : ("libmpich.so.12", "mpirun of Open");
        if (Launchers.OpenMpi is null || Launchers.Mpich is null) return;       // there is no other
        var (code, said, _) = Job.Run(mpi, 2, Nothing, [], ("TENSORLET_MPI", other));
        Assert.NotEqual(0, code);
        Assert.Contains($"the {name}", said);
        Assert.Contains("started 2 processes, and", said);
        Assert.Contains("knows of 1", said);
        Assert.DoesNotContain("never reached", said);
    }

    [Fact]
    public void Without_a_library_the_error_says_what_to_install()
    {
        var none = Assert.Throws<DistributedException>(() => Mpi.Load(new("no launcher", null, null), ["libnone.so"]));
        foreach (var part in (string[])["apt-get install openmpi-bin", "brew install open-mpi", "winget",
            "TENSORLET_MPI"])
            Assert.Contains(part, none.Message);
    }

    [Theory, Mpich]
    public void Where_only_another_library_is_there_the_error_names_it(string mpi)
    {
        var other = Assert.Throws<DistributedException>(() =>
            Mpi.Load(new("the mpirun of Open MPI", 2, true), ["libmpich.so.12"]));
        Assert.Contains("the mpirun of Open MPI started this process", other.Message);
        Assert.Contains($"only {"libmpich.so.12"}", other.Message);
        Assert.NotEqual("", mpi);
    }

    [Fact]
    public void Threads_that_fail_end_the_others()
    {
        var one = Assert.Throws<InvalidDataException>(() => Distributed.RunThreads(3, group =>
        {
            if (group.Rank == 1) throw new InvalidDataException("torn page");
            group.Barrier();
        }));
        Assert.Equal("torn page", one.Message);
        var all = Assert.Throws<AggregateException>(() => Distributed.RunThreads(2, group =>
        {
            if (group.Rank == 0) group.Barrier();
            else group.AllReduce(Tensor.Zeros(2, 2), ReduceOp.Mean);
        }));
        Assert.All(all.InnerExceptions, e => Assert.IsType<DistributedException>(e));
        Assert.Contains("rank 1 calls AllReduce of 4 Float32 (Mean)", all.InnerExceptions[0].Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Distributed.RunThreads(0, _ => { }));
    }
}
