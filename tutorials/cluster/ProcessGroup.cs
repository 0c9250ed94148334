using System.Collections.Concurrent;

namespace Tensorlet.Cluster;

/// <summary>How <see cref="ProcessGroup.AllReduce"/> joins the numbers of the ranks.</summary>
public enum ReduceOp
{
    /// <summary>Their sum.</summary>
    Sum,
    /// <summary>Their sum, divided by the number of ranks.</summary>
    Mean,
}

/// <summary>
/// The processes of a job and what they can do together: collectives, as in <c>torch.distributed</c>. Every rank has to
/// call the same ones in the same order, with tensors of the same shape and type; where they do not, all of them get an
/// error that says who called what. All collectives of a process run on one thread, in the order in which they were
/// begun; so a rank can compute while its gradients are on their way.
/// </summary>
public abstract class ProcessGroup
{
    readonly BlockingCollection<Action> queue = [];

    private protected ProcessGroup() =>
        new Thread(() => { foreach (var work in queue.GetConsumingEnumerable()) work(); })
        { IsBackground = true, Name = "collectives" }.Start();

    /// <summary>The number of this rank, from 0.</summary>
    public int Rank { get; private protected set; }
    /// <summary>The number of ranks.</summary>
    public int WorldSize { get; private protected set; }
    /// <summary>What carries the data, as in <c>Open MPI v4.1.4</c>.</summary>
    public string Backend { get; private protected set; } = "";

    /// <summary>Joins the tensors of all ranks element by element, in place: afterwards all have the same.</summary>
    /// <param name="tensor">Float32, Float64 or Int64.</param>
    /// <param name="op">How.</param>
    /// <exception cref="DTypeException">The tensor has Booleans, or a mean is asked of integers. Nothing was
    /// sent.</exception>
    /// <exception cref="DistributedException">Another rank called something else.</exception>
    public void AllReduce(Tensor tensor, ReduceOp op = ReduceOp.Sum)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.DType == DType.Bool || (op == ReduceOp.Mean && !tensor.DType.IsFloat())) throw new DTypeException(
            $"AllReduce: there is no {op} of {tensor.DType}; convert it with To(DType.Float32) first.");
        var data = ToArray(tensor);
        Do(new("AllReduce", tensor.DType, tensor.Numel, (int)op), () => AllReduceCore(data, tensor.DType));
        var result = FromArray(data, tensor);
        tensor.Copy_(op == ReduceOp.Mean ? result * (1.0 / WorldSize) : result);
    }

    /// <summary>Copies the tensor of one rank into those of all others.</summary>
    /// <param name="tensor">What is sent or written to.</param>
    /// <param name="src">The rank whose numbers all get.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank. Nothing was sent.</exception>
    /// <exception cref="DistributedException">Another rank called something else.</exception>
    public void Broadcast(Tensor tensor, int src = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (src < 0 || src >= WorldSize) throw new ArgumentOutOfRangeException(nameof(src), src,
            $"Broadcast: the ranks are 0 to {WorldSize - 1}.");
        var data = ToArray(tensor);
        Do(new("Broadcast", tensor.DType, tensor.Numel, src), () => BroadcastCore(data, tensor.DType, src));
        if (Rank != src) tensor.Copy_(FromArray(data, tensor));
    }

    /// <summary>The tensors of all ranks, by rank. They must be of one shape.</summary>
    /// <exception cref="DistributedException">Another rank called something else.</exception>
    public Tensor[] AllGather(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var mine = ToArray(tensor);
        var all = Array.CreateInstance(mine.GetType().GetElementType()!, (long)mine.Length * WorldSize);
        Do(new("AllGather", tensor.DType, tensor.Numel), () => AllGatherCore(mine, all, tensor.DType));
        var flat = Flat(all).To(tensor.Device);
        return [.. Enumerable.Range(0, WorldSize).Select(rank =>
            flat.Narrow(0, rank * mine.Length, mine.Length).Reshape(tensor.Size()).Clone())];
    }

    /// <summary>Waits until every rank has come here.</summary>
    /// <exception cref="DistributedException">Another rank called something else.</exception>
    public void Barrier() => Do(new("Barrier"), () => { });

    /// <summary>One number of each rank, by rank.</summary>
    internal long[] AllGather(long number)
    {
        var all = new long[WorldSize];
        Do(new("AllGather", DType.Int64), () => AllGatherCore(new[] { number }, all, DType.Int64));
        return all;
    }

    /// <summary>Begins to sum an array in place. Nobody may touch it until the task is done.</summary>
    /// <param name="data">The array.</param>
    /// <param name="type">What it has.</param>
    /// <param name="call">What the ranks must agree on first; null where they have done so.</param>
    internal Task BeginAllReduce(Array data, DType type, Call? call) => Begin(() =>
    {
        if (call is not null) Agree(call);
        AllReduceCore(data, type);
    });

    private protected void Do(Call call, Action action) => Begin(() =>
    {
        Agree(call);
        action();
    }).GetAwaiter().GetResult();

    /// <summary>Hands an action to the thread of the collectives.</summary>
    private protected Task Begin(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Add(() =>
        {
            try { action(); }
            catch (Exception e) { done.SetException(e); return; }
            done.SetResult();
        });
        return done.Task;
    }

    /// <summary>Ends the thread of the collectives, when all have been done.</summary>
    private protected void EndThread() => queue.CompleteAdding();

    /// <summary>
    /// Every rank tells what it is about to do: 8 bytes. Without this, ranks that call different collectives would wait
    /// for each other for ever, or take numbers for what they are not.
    /// </summary>
    void Agree(Call call)
    {
        if (WorldSize == 1) return;
        var codes = new long[WorldSize];
        AllGatherCore(new[] { call.Code }, codes, DType.Int64);
        var other = Array.FindIndex(codes, code => code != call.Code);
        if (other >= 0) throw new DistributedException($"{call.Name}: rank {Rank} calls {call}, and rank {other} " +
            $"calls {Call.Decoded(codes[other])}. All ranks must call the same, in the same order, with the same " +
            "shapes and types.");
    }

    /// <summary>Sums an array over the ranks, in place.</summary>
    private protected abstract void AllReduceCore(Array data, DType type);
    /// <summary>Copies the array of one rank to all.</summary>
    private protected abstract void BroadcastCore(Array data, DType type, int root);
    /// <summary>Copies the arrays of all ranks to all, one after another.</summary>
    private protected abstract void AllGatherCore(Array mine, Array all, DType type);

    static Array ToArray(Tensor tensor) => tensor.DType switch
    {
        DType.Bool => tensor.ToArray<bool>(),
        DType.Int64 => tensor.ToArray<long>(),
        DType.Float32 => tensor.ToArray<float>(),
        _ => tensor.ToArray<double>(),
    };

    /// <summary>A tensor on the CPU over an array.</summary>
    internal static Tensor Flat(Array data) => data switch
    {
        bool[] x => Tensor.Over(x, x.Length),
        long[] x => Tensor.Over(x, x.Length),
        float[] x => Tensor.Over(x, x.Length),
        _ => Tensor.Over((double[])data, data.Length),
    };

    static Tensor FromArray(Array data, Tensor like) => Flat(data).View(like.Size());

    /// <summary>A collective that a rank calls, as one number.</summary>
    internal sealed record Call(string Name, DType Type = default, int Count = 0, int Detail = 0)
    {
        static readonly string[] names = ["AllReduce", "Broadcast", "AllGather", "Barrier", "Gradients", "Destroy"];

        /// <summary>4 bits for the name, 4 for the type, 24 for the detail, 32 for the count.</summary>
        public long Code => (long)Array.IndexOf(names, Name) << 60 | (long)Type << 56 | (long)Detail << 32
            | (uint)Count;

        public static Call Decoded(long code) => new(names[(int)(code >>> 60)], (DType)(code >> 56 & 15),
            (int)(uint)code, (int)(code >> 32 & 0xFF_FFFF));

        public override string ToString() => Name switch
        {
            "Barrier" => Name,
            "Destroy" => "the end of the job",
            "AllReduce" => $"AllReduce of {Count:#,0} {Type} ({(ReduceOp)Detail})",
            "Broadcast" => $"Broadcast of {Count:#,0} {Type} from rank {Detail}",
            "Gradients" => $"Backward, whose {Count:#,0} gradients are averaged",
            _ => $"{Name} of {Count:#,0} {Type}",
        };
    }
}

/// <summary>
/// What the processes of a job cannot do together: MPI is missing or refuses, or ranks call different things.
/// </summary>
public sealed class DistributedException(string message) : TensorletException(message);
