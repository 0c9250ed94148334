using System.Diagnostics;
using System.Numerics;

namespace Tensorlet;

/// <summary>What a device's memory is used for, in bytes.</summary>
/// <param name="Used">In tensors that are reachable, or not yet found to be unreachable.</param>
/// <param name="Cached">Kept for new tensors.</param>
/// <param name="Peak">The most that was in use at a time.</param>
public readonly record struct MemoryUse(long Used, long Cached, long Peak);

/// <summary>The memory of a device, whatever it is made of.</summary>
abstract class Pool(long limit)
{
    private protected long used, cached, peak;

    public MemoryUse Use => new(Interlocked.Read(ref used), Interlocked.Read(ref cached), Interlocked.Read(ref peak));

    /// <summary>The most bytes that may be used and cached.</summary>
    public long Limit { get; set; } = limit;

    /// <summary>Finds what is unreachable, and gives all back that nobody uses.</summary>
    public abstract void GiveBack();
}

/// <summary>
/// Memory that tensors have given up and new ones take over, by size (four to an octave). Before a size grows past what
/// it may, the garbage collector finds the tensors that are no longer reachable; so nobody disposes, and memory stays
/// flat. What nobody has needed for a while is given back.
/// </summary>
/// <remarks>
/// A collection of the young finds what a loop gives up. Where it brings back less than half, a full one follows, and
/// then twice what is in use is made without asking: holding n tensors takes log n collections. A full one waits until
/// twenty times as long as the last one took has passed, whatever the program holds.
/// </remarks>
/// <typeparam name="M">An array of the host, or a buffer of a device.</typeparam>
/// <param name="name">The name of the device.</param>
/// <param name="limit">The most bytes.</param>
/// <param name="smallest">The smallest size in bytes.</param>
/// <param name="make">Makes memory of a size.</param>
/// <param name="drop">Gives memory back; none where forgetting it is enough.</param>
sealed class Pool<M>(string name, long limit, int smallest, Func<int, M> make, Action<M>? drop = null) : Pool(limit)
    where M : class
{
    const int FreelyTaken = 32 << 20;           // bytes a size may take, or grow by, without asking
    const int Sizes = 128, Few = 4;
    const long SweepEvery = 2000;               // milliseconds
    readonly Size[] sizes = [.. Enumerable.Range(0, Sizes).Select(_ => new Size())];
    long swept = Environment.TickCount64;

    /// <summary>Sweeps by itself, where memory is given back by forgetting it.</summary>
    public Pool<M> Swept()
    {
        _ = new AfterCollections(this);
        return this;
    }

    /// <summary>What there is of one size. All of it is held on to: ILGPU frees a buffer that nobody holds.</summary>
    sealed class Size
    {
        public readonly Stack<M> Free = new();
        public readonly HashSet<M> All = [];
        public int Bytes;
        /// <summary>Up to so many are made without a collection.</summary>
        public int Most;
        /// <summary>So many have not been needed since the last sweep.</summary>
        public int Idle;
    }

    /// <summary>Memory of at least this size.</summary>
    /// <exception cref="DeviceException">It does not fit, even after what nobody uses has been given back.</exception>
    public M Rent(int bytes)
    {
        var (index, rounded) = RoundUp(Math.Max(bytes, smallest));
        if (Use.Used + Use.Cached + rounded > Limit) GiveBack();
        if (Use.Used + rounded > Limit) throw Full(bytes);
        try { return Rent(sizes[index], rounded); }
        catch (Exception e) when (IsFull(e)) { GiveBack(); }
        try { return Rent(sizes[index], rounded); }
        catch (Exception e) when (IsFull(e)) { throw Full(bytes, e); }

        static bool IsFull(Exception e) => e is OutOfMemoryException or ILGPU.Runtime.AcceleratorException;
    }

    DeviceException Full(long bytes, Exception? inner = null) => new($"Memory: that of {name} is full: " +
        $"{Use.Used:N0} of {Limit:N0} bytes are in use, {bytes:N0} more asked for. Take smaller batches or keep " +
        "fewer tensors.", inner);

    M Rent(Size size, int rounded)
    {
        var step = Math.Max(rounded > FreelyTaken ? 1 : Few, FreelyTaken / rounded);
        lock (size)
            if (size.Free.Count > 0 || size.All.Count < Math.Max(step, size.Most)) return Take(size, rounded);
        Collections.ForceYoung();
        Sweep();
        var thorough = !IsHalfFree() && Collections.TryForceFull();
        lock (size)
        {
            if (2 * size.Free.Count < size.All.Count)
                size.Most = thorough ? 2 * (size.All.Count - size.Free.Count) : size.All.Count + step;
            return Take(size, rounded);
        }

        bool IsHalfFree() { lock (size) return 2 * size.Free.Count >= size.All.Count; }
    }

    M Take(Size size, int bytes)
    {
        if (size.Free.TryPop(out var memory)) Interlocked.Add(ref cached, -bytes);
        else size.All.Add(memory = make(size.Bytes = bytes));
        size.Idle = Math.Min(size.Idle, size.Free.Count);
        var now = Interlocked.Add(ref used, bytes);
        if (now > Interlocked.Read(ref peak)) Interlocked.Exchange(ref peak, now);
        return memory;
    }

    public void Return(M memory, int bytes)
    {
        var size = sizes[RoundUp(bytes).Index];
        lock (size) size.Free.Push(memory);
        Interlocked.Add(ref used, -bytes);
        Interlocked.Add(ref cached, bytes);
    }

    public override void GiveBack()
    {
        Collections.Force(GC.MaxGeneration);
        foreach (var size in sizes) Drop(size, all: true);
    }

    /// <summary>Gives back what has not been needed since the last time, if that is a while ago.</summary>
    internal void Sweep(bool atOnce = false)
    {
        var now = Environment.TickCount64;
        if (!atOnce && now - Interlocked.Read(ref swept) < SweepEvery) return;
        Interlocked.Exchange(ref swept, now);
        foreach (var size in sizes) Drop(size, all: false);
    }

    void Drop(Size size, bool all)
    {
        List<M> dropped = [];
        lock (size)
        {
            for (var left = all ? size.Free.Count : size.Idle; left > 0; left--) dropped.Add(size.Free.Pop());
            size.All.ExceptWith(dropped);
            size.Idle = size.Free.Count;
        }
        foreach (var memory in dropped) drop?.Invoke(memory);
        Interlocked.Add(ref cached, -(long)dropped.Count * size.Bytes);
    }

    /// <summary>Sweeps after each full collection, also where no more memory is asked for.</summary>
    sealed class AfterCollections(Pool<M> pool)
    {
        ~AfterCollections()
        {
            pool.Sweep();
            GC.ReRegisterForFinalize(this);
        }
    }

    /// <summary>4, 5, 6 or 7 quarters of a power of two, and the number of this size.</summary>
    static (int Index, int Bytes) RoundUp(int bytes)
    {
        var log = BitOperations.Log2((uint)bytes - 1) - 2;
        var quarter = ((bytes - 1) >> log) + 1;
        return (log * 4 + quarter - 5, (int)Math.Min((long)quarter << log, Array.MaxLength));
    }
}

/// <summary>Collections that pools force.</summary>
static class Collections
{
    const int Rest = 20;                        // times as long as a full one took, before the next
    const int FullAfter = 256;                  // young ones; what these promote lies between gaps that grow
    static long earliest, count;

    /// <summary>Forces a collection of the young, or now and then a full one.</summary>
    public static void ForceYoung()
    {
        if (Interlocked.Increment(ref count) % FullAfter != 0 || !TryForceFull()) Force(1);
    }

    /// <summary>Forces a full collection, unless the last one was too short a time ago.</summary>
    public static bool TryForceFull()
    {
        var start = Stopwatch.GetTimestamp();
        if (start < Volatile.Read(ref earliest)) return false;
        Force(GC.MaxGeneration);
        var end = Stopwatch.GetTimestamp();
        Volatile.Write(ref earliest, end + Rest * (end - start));
        return true;
    }

    /// <summary>Lets finalizers return memory. No lock is held: they take it.</summary>
    public static void Force(int generation)
    {
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
    }
}
