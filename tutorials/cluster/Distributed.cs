using System.Runtime.ExceptionServices;

namespace Tensorlet.Cluster;

/// <summary>
/// Starts and ends jobs of several ranks. <c>mpirun -n 2 PROGRAM</c> starts a program twice, and
/// <code>Distributed.Run(group => Train(group));</code>
/// in it connects the two.
/// </summary>
public static class Distributed
{
    static int started;

    /// <summary>
    /// Connects the processes that a launcher of MPI has started (<c>init_process_group</c>), calls the body with their
    /// group, and takes leave of the others at its end (<c>destroy_process_group</c>). A process without a launcher is
    /// rank 0 of 1. The processor's threads are shared out among the ranks of a machine.
    /// </summary>
    /// <remarks>
    /// If the body throws, its rank and the exception are written to the standard error, and the whole job ends with
    /// exit code 1; so it does if the process ends in the body. A job of one rank throws.
    /// </remarks>
    /// <exception cref="DistributedException">There is no MPI library, its number of processes is not the launcher's,
    /// or it was started in this process before.</exception>
    public static void Run(Action<ProcessGroup> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (Interlocked.Exchange(ref started, 1) == 1) throw new DistributedException(
            "Distributed.Run: MPI can be started once in a process, and has been.");
        var group = new MpiProcessGroup();
        var threads = Device.Cpu.Threads;
        EventHandler left = (_, _) => group.Abort("the process ended within Distributed.Run.");
        UnhandledExceptionEventHandler thrown = (_, e) => group.Abort($"{e.ExceptionObject}");
        if (group.WorldSize > 1)
        {
            AppDomain.CurrentDomain.ProcessExit += left;
            AppDomain.CurrentDomain.UnhandledException += thrown;
        }
        try
        {
            var machine = Fnv.Hash(Environment.MachineName);
            var here = group.AllGather(machine).Count(other => other == machine);
            Device.Cpu.Threads = Math.Max(1, Environment.ProcessorCount / here);
            body(group);
            group.Destroy();
        }
        catch (Exception e) when (group.WorldSize > 1)
        {
            group.Abort(e is TensorletException ? $"{e.GetType().Name}: {e.Message}" : $"{e}");
            Environment.Exit(1);
        }
        finally
        {
            AppDomain.CurrentDomain.ProcessExit -= left;
            AppDomain.CurrentDomain.UnhandledException -= thrown;
            Device.Cpu.Threads = threads;
        }
    }

    /// <summary>
    /// Calls the body on several threads of this process, each of them a rank of one group: to try and to test what is
    /// to run on several machines, without MPI. What is static, such as the default generator, they share.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of ranks is not positive.</exception>
    /// <exception cref="AggregateException">Ranks threw: the exception of each that threw for a reason of its
    /// own.</exception>
    public static void RunThreads(int worldSize, Action<ProcessGroup> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfLessThan(worldSize, 1);
        var shared = new ThreadProcessGroup.Shared(worldSize);
        var thrown = new Exception?[worldSize];
        Thread[] threads = [.. Enumerable.Range(0, worldSize).Select(rank => new Thread(() =>
        {
            var group = new ThreadProcessGroup(rank, shared);
            try
            {
                body(group);
                group.Destroy();
            }
            catch (Exception e)
            {
                thrown[rank] = e;
                shared.Left.Cancel();
            }
            finally { group.Close(); }
        })
        { IsBackground = true, Name = $"rank {rank}" })];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Exception[] reasons = [.. thrown.OfType<Exception>().Where(e => e is not OperationCanceledException)];
        if (reasons.Length == 1) ExceptionDispatchInfo.Throw(reasons[0]);
        if (reasons.Length > 1) throw new AggregateException(reasons);
    }
}

/// <summary>The ranks are processes, and MPI carries what they send.</summary>
sealed class MpiProcessGroup : ProcessGroup
{
    readonly Mpi mpi;
    int ended;

    public MpiProcessGroup()
    {
        Mpi? begun = null;
        Begin(() => begun = new Mpi(Launcher.Find())).GetAwaiter().GetResult();
        mpi = begun!;
        (Rank, WorldSize, Backend) = (mpi.Rank, mpi.Size, mpi.Version);
    }

    /// <summary>Takes leave of the others, who must do so too.</summary>
    public void Destroy()
    {
        Do(new("Destroy"), mpi.Finish);
        ended = 1;
        EndThread();
    }

    /// <summary>Ends the job, of which this rank says why.</summary>
    public void Abort(string reason)
    {
        if (Interlocked.Exchange(ref ended, 1) == 1) return;
        Environment.ExitCode = 1;
        Console.Error.WriteLine($"rank {Rank} of {WorldSize}: {reason}");
        Thread.Sleep(TimeSpan.FromSeconds(0.2));        // MPICH's launcher ends without the text otherwise
        mpi.Abort(exitCode: 1);
    }

    private protected override void AllReduceCore(Array data, DType type) => mpi.AllReduce(data, type);
    private protected override void BroadcastCore(Array data, DType type, int root) => mpi.Broadcast(data, type, root);
    private protected override void AllGatherCore(Array mine, Array all, DType type) => mpi.AllGather(mine, all, type);
}

/// <summary>The ranks are threads of one process.</summary>
sealed class ThreadProcessGroup : ProcessGroup
{
    /// <summary>What the ranks share: a place for each one's array, and a barrier.</summary>
    internal sealed class Shared(int size)
    {
        public Array[] Arrays { get; } = new Array[size];
        public Barrier Barrier { get; } = new(size);
        public CancellationTokenSource Left { get; } = new();           // a rank has thrown: nobody waits for it
        public void Meet() => Barrier.SignalAndWait(Left.Token);
    }

    readonly Shared shared;

    public ThreadProcessGroup(int rank, Shared shared)
    {
        this.shared = shared;
        (Rank, WorldSize, Backend) = (rank, shared.Arrays.Length, "threads");
    }

    public void Destroy() => Do(new("Destroy"), () => { });

    public void Close() => EndThread();

    // all show their arrays; each reads them; nobody goes on before all have read
    void Exchange(Array mine, Action<Array[]> read)
    {
        shared.Arrays[Rank] = mine;
        shared.Meet();
        read(shared.Arrays);
        shared.Meet();
    }

    private protected override void AllReduceCore(Array data, DType type)
    {
        var sum = (Array)data.Clone();
        Exchange(data, all =>
        {
            Array.Clear(sum);
            foreach (var array in all) Flat(sum).Add_(Flat(array));
        });
        Array.Copy(sum, data, data.Length);
    }

    private protected override void BroadcastCore(Array data, DType type, int root) => Exchange(data, all =>
    {
        if (Rank != root) Array.Copy(all[root], data, data.Length);
    });

    private protected override void AllGatherCore(Array mine, Array all, DType type) => Exchange(mine, arrays =>
    {
        for (var rank = 0; rank < WorldSize; rank++)
            Array.Copy(arrays[rank], 0, all, rank * mine.Length, mine.Length);
    });
}

/// <summary>The hash of Fowler, Noll and Vo, the same in every process: compared in place of texts.</summary>
static class Fnv
{
    public static long Hash(string text) => Hash(System.Text.Encoding.UTF8.GetBytes(text));

    public static long Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037;
        foreach (var b in bytes) hash = (hash ^ b) * 1099511628211;
        return (long)hash;
    }
}
