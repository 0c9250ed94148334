using Tensorlet.Nn;

namespace Tensorlet.Cluster;

/// <summary>
/// A network that every rank has a copy of and trains on samples of its own: after each <c>Backward</c>, <c>Grad</c> of
/// every parameter is the mean of the ranks' gradients, so that all optimizers make the same step (Li et al., PyTorch
/// Distributed: Experiences on Accelerating Data Parallel Training; VLDB 2020).
/// </summary>
/// <remarks>
/// At first all ranks get the parameters and buffers of rank 0. Gradients are sent in buckets, the last layers' first,
/// each as soon as its gradients are known and while the backward pass computes the others. A parameter without a
/// gradient on some of the ranks counts as 0 there; one without a gradient on all keeps having none. With
/// <c>createGraph</c>, the mean is a constant.
/// </remarks>
public sealed class DistributedDataParallel : Module
{
    const long FirstBucket = 1 << 20;

    readonly Module module;
    readonly ProcessGroup group;
    readonly Bucket[] buckets;
    readonly bool broadcastBuffers;
    int launched;
    bool running;

    /// <summary>Wraps a network. Every rank has to do so.</summary>
    /// <param name="module">The network, on any device.</param>
    /// <param name="group">The ranks that train it.</param>
    /// <param name="bucketCapMb">The size of a bucket in MB; the first has at most 1 MB, so that it leaves
    /// early.</param>
    /// <param name="broadcastBuffers">Whether all ranks get the buffers of rank 0 before each forward pass of the
    /// training: the running means of batch normalisation.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size of a bucket is not above 0.</exception>
    /// <exception cref="DistributedException">The network has no parameters, or that of another rank has
    /// others.</exception>
    public DistributedDataParallel(
        Module module, ProcessGroup group, double bucketCapMb = 25, bool broadcastBuffers = true)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(group);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bucketCapMb);
        (this.module, this.group, this.broadcastBuffers) = (module, group, broadcastBuffers);
        // the others are frozen; the gradients of the last layers come first
        Variable[] parameters = [.. module.Parameters().Where(p => p.RequiresGrad).Reverse()];
        if (parameters.Length == 0)
            throw new DistributedException("DistributedDataParallel: the network has no parameters to train.");
        var state = module.StateDict();
        var mine = Fnv.Hash(string.Join('\n', state.Select(t => $"{t.Key} {t.Value.DType} {t.Value.Layout}")));
        var other = Array.FindIndex(group.AllGather(mine), hash => hash != mine);
        if (other >= 0) throw new DistributedException("DistributedDataParallel: the network of rank " +
            $"{group.Rank}, with {state.Count} parameters and buffers, and that of rank {other} differ in names, " +
            "shapes or types. All ranks must make the same network.");
        foreach (var tensor in state.Values) group.Broadcast(tensor);
        buckets = [.. Cut(parameters, (long)(bucketCapMb * (1 << 20)))];
        foreach (var bucket in buckets)
            foreach (var (i, parameter) in bucket.Parameters.Index())
                parameter.RegisterHook(gradient => Arrived(bucket, i, gradient));
    }

    /// <summary>The forward pass of the network.</summary>
    /// <exception cref="DistributedException">A Backward was left by an exception: the ranks do not have the same
    /// parameters any more.</exception>
    public override Variable Forward(Variable x)
    {
        if (running) throw new DistributedException("DistributedDataParallel: the last Backward threw, and its " +
            "gradients were not averaged. Load a checkpoint into all ranks, or end the job.");
        if (Training && broadcastBuffers)
            foreach (var (_, buffer) in module.NamedBuffers()) group.Broadcast(buffer);
        return module.Call(x);
    }

    /// <summary>How many buckets have left in the Backward that is under way.</summary>
    internal int Launched => launched;

    /// <summary>Parameters in order, cut where the type changes or a bucket is full.</summary>
    static IEnumerable<Bucket> Cut(Variable[] parameters, long most)
    {
        var (from, bytes, cap) = (0, 0L, Math.Min(most, FirstBucket));
        for (var i = 0; i < parameters.Length; i++)
        {
            var size = (long)parameters[i].Numel * parameters[i].DType.Size();
            if (i > from && (bytes + size > cap || parameters[i].DType != parameters[from].DType))
            {
                yield return new Bucket(parameters[from..i]);
                (from, bytes, cap) = (i, 0, most);
            }
            bytes += size;
        }
        yield return new Bucket(parameters[from..]);
    }

    /// <summary>The hook of a parameter: its gradient goes into the bucket, and a full bucket leaves.</summary>
    Variable? Arrived(Bucket bucket, int i, Variable gradient)
    {
        if (!running && !(running = Autograd.QueueCallback(Finish))) return null;       // Grad changes no leaf
        bucket.Put(i, gradient.Data);
        while (launched < buckets.Length && buckets[launched].IsFull) Launch();
        return null;
    }

    // The ranks agree on the first bucket that this is a Backward; what follows is then known.
    void Launch()
    {
        var bucket = buckets[launched];
        bucket.Sum = group.BeginAllReduce(bucket.Data, bucket.Type, launched++ > 0 ? null
            : new("Gradients", bucket.Type, buckets.Sum(b => b.Numel)));
    }

    /// <summary>At the end of Backward: the means take the places of the gradients.</summary>
    void Finish()
    {
        while (launched < buckets.Length) Launch();
        foreach (var bucket in buckets) bucket.Take(1.0 / group.WorldSize);
        (launched, running) = (0, false);
    }

    /// <summary>
    /// Gradients that are sent together: one after another in one array, and behind them a 1 for each that is there.
    /// </summary>
    sealed class Bucket
    {
        readonly Tensor[] views;
        readonly Tensor there, all;
        readonly Variable?[] before;
        int count;

        public Bucket(Variable[] parameters)
        {
            (Parameters, Type, before) = (parameters, parameters[0].DType, new Variable?[parameters.Length]);
            Numel = parameters.Sum(p => p.Numel);
            var length = Numel + parameters.Length;
            Data = Type == DType.Float32 ? new float[length] : new double[length];
            all = ProcessGroup.Flat(Data);
            there = all.Narrow(0, Numel, parameters.Length);
            var from = 0;
            views = Array.ConvertAll(parameters, p => all.Narrow(0, (from += p.Numel) - p.Numel, p.Numel)
                .View(p.Size()));
        }

        public Variable[] Parameters { get; }
        public DType Type { get; }
        public Array Data { get; }
        public int Numel { get; }
        public bool IsFull => count == Parameters.Length;
        public Task? Sum { get; set; }

        public void Put(int i, Tensor gradient)
        {
            views[i].Copy_(gradient);
            there[i].Fill_(1);
            before[i] = Parameters[i].Grad;         // which gets this rank's own gradient next
            count++;
        }

        /// <summary>Waits for the sum, and gives every parameter its mean.</summary>
        public void Take(double scale)
        {
            Sum!.GetAwaiter().GetResult();
            var ranks = there.ToArray<double>();
            foreach (var (i, p) in Parameters.Index())
            {
                if (ranks[i] == 0) continue;
                Variable mean = (views[i] * scale).To(p.Device);
                var sum = before[i] is { } old ? old + mean : mean;
                p.Grad = sum;
            }
            Array.Clear(before);
            all.Zero_();
            (count, Sum) = (0, null);
        }
    }
}
