using Tensorlet.Training;

namespace Tensorlet.Cluster;

/// <summary>What ranks know together: metrics over the samples of all, and checkpoints of the job.</summary>
public static class DistributedState
{
    /// <summary>Lets a metric be that of the samples of all ranks, on each of them.</summary>
    /// <exception cref="DistributedException">The metric of another rank has another number of sums, or another rank
    /// called something else.</exception>
    public static void AllReduce(this Metric metric, ProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(metric);
        ArgumentNullException.ThrowIfNull(group);
        var state = metric.StateDict();
        var sums = state["sums"];
        metric.Reset();
        var lists = metric.StateDict()["sums"].Numel == 0;          // it has no sums, but a list of what it has seen
        metric.LoadStateDict(state);
        var counts = group.AllGather((long)sums.Numel);
        if (lists)
        {
            var filled = Tensor.Zeros([(int)counts.Max()], sums.DType, sums.Device);
            filled.Narrow(0, 0, sums.Numel).Copy_(sums);
            sums = Tensor.Cat([.. group.AllGather(filled).Select((all, rank) => all.Narrow(0, 0, (int)counts[rank]))]);
        }
        else if (Array.FindIndex(counts, count => count != sums.Numel) is >= 0 and var other)
            throw new DistributedException($"AllReduce: {metric.GetType().Name} has {sums.Numel} sums on rank " +
                $"{group.Rank} and {counts[other]} on rank {other}. All ranks must make the same metric.");
        else group.AllReduce(sums);
        metric.LoadStateDict(new Dictionary<string, Tensor> { ["sums"] = sums });
    }

    /// <summary>Rank 0 writes a checkpoint, as <see cref="Checkpoint.Save"/> does; the others wait for it.</summary>
    public static void Save(ProcessGroup group, string path, params (string Name, IStateful Part)[] parts)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.Rank == 0) Checkpoint.Save(path, parts);
        group.Barrier();
    }

    /// <summary>
    /// Every rank reads the checkpoint, as <see cref="Checkpoint.Load"/> does: on a folder that all machines see.
    /// </summary>
    /// <exception cref="DistributedException">Another rank has another file under this path. Nothing has
    /// changed.</exception>
    public static void Load(ProcessGroup group, string path, params (string Name, IStateful Part)[] parts)
    {
        ArgumentNullException.ThrowIfNull(group);
        var mine = Fnv.Hash(File.ReadAllBytes(path));
        var other = Array.FindIndex(group.AllGather(mine), hash => hash != mine);
        if (other >= 0) throw new DistributedException($"Load: {path} is not the same file on rank {group.Rank} and " +
            $"rank {other}. Save to a folder that all machines see, or copy the file to all of them.");
        Checkpoint.Load(path, parts);
    }
}
