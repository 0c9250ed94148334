using Tensorlet.Cluster;

namespace Tensorlet.Tests.Cluster;

/// <summary>What ranks do together, with both libraries, and with threads where there is neither.</summary>
public class CollectiveTests
{
    /// <summary>All collectives, types and layouts; prints what came of them.</summary>
    static void All(ProcessGroup group, string[] arguments)
    {
        var (r, n) = (group.Rank, group.WorldSize);
        foreach (var type in new[] { DType.Float32, DType.Float64, DType.Int64 })
        {
            var x = Tensor.Arange(6, type).View(2, 3) * (r + 1);
            var strided = x.T;
            group.AllReduce(strided);
            Assert.Equal(Numbers(i => i * n * (n + 1) / 2), x.ToArray<double>());
            if (type.IsFloat())
            {
                var mean = Tensor.Full([3], r, type);
                group.AllReduce(mean, ReduceOp.Mean);
                Assert.Equal([(n - 1) / 2.0, (n - 1) / 2.0, (n - 1) / 2.0], mean.ToArray<double>());
            }
            for (var root = 0; root < n; root++)
            {
                var y = Tensor.Full([2, 2], r == root ? 7 : r, type);
                group.Broadcast(y.T, root);
                Assert.Equal([7, 7, 7, 7], y.ToArray<double>());
            }
            var all = group.AllGather(Tensor.Full([1, 2], r * r, type));
            Assert.Equal(n, all.Length);
            for (var i = 0; i < n; i++) Assert.Equal([i * i, i * i], all[i].ToArray<double>());
            Assert.Equal(type, all[0].DType);
            group.AllReduce(Tensor.Empty([0], type));
            group.AllReduce(Tensor.Scalar(1, type));
        }
        var large = Tensor.From([(1L << 62) - 1 - r], []);             // a number that no double has
        group.Broadcast(large);
        Assert.Equal((1L << 62) - 1, large.Item<long>());
        var truths = Tensor.From([r == 0, r != 0]);
        group.Broadcast(truths);
        Assert.Equal([true, false], truths.ToArray<bool>());
        Assert.Throws<DTypeException>(() => group.AllReduce(truths));
        Assert.Throws<DTypeException>(() => group.AllReduce(large, ReduceOp.Mean));
        Assert.Throws<ArgumentOutOfRangeException>(() => group.Broadcast(large, n));
        group.Barrier();
        Console.WriteLine($"rank {r} of {n} is done, by {group.Backend.Split(' ')[0]}");

        static IEnumerable<double> Numbers(Func<int, double> f) => Enumerable.Range(0, 6).Select(f);
    }

    [Theory, OpenMpi, Mpich]
    public void Every_collective_gives_what_it_says(string mpi)
    {
        var (code, said, lines) = Job.Run(mpi, 3, All, []);
        Assert.True(code == 0, said);
        var name = mpi == "MPICH" ? "MPICH" : "Open";
        Assert.Equal([$"rank 0 of 3 is done, by {name}", $"rank 1 of 3 is done, by {name}",
            $"rank 2 of 3 is done, by {name}"], lines.Where(line => line.StartsWith("rank")));
    }

    [Theory, OpenMpi, Mpich]
    public void One_rank_needs_no_launcher(string mpi)
    {
        var library = mpi == "MPICH" ? "libmpich.so.12" : "libmpi.so.40";
        var (code, said, _) = Job.Run("none", 1, All, [], ("TENSORLET_MPI", library));
        Assert.True(code == 0, said);
        Assert.Contains("rank 0 of 1 is done", said);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Threads_do_the_same(int ranks) => Distributed.RunThreads(ranks, group => All(group, []));
}
