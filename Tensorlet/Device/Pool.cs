using System.Diagnostics;
using System.Numerics;

namespace Tensorlet;

/// <summary>How the memory of a device is used, in bytes.</summary>
/// <param name="Used">The bytes in tensors that are reachable, and in unreachable tensors that the garbage collector
/// has not found yet. The pool rounds the size of each tensor up.</param>
/// <param name="Cached">The bytes of free memory that is kept for new tensors.</param>
/// <param name="Peak">The largest number of bytes that were in use at the same time.</param>
public readonly record struct MemoryUse(long Used, long Cached, long Peak);

/// <summary>The part of a <see cref="Pool{M}"/> that does not depend on the kind of memory.</summary>
abstract class Pool(long limit)
{
    private protected long used, cached, peak;

    public MemoryUse Use
    {
        get
        {
            Reclaim();
            return new(Interlocked.Read(ref used), Interlocked.Read(ref cached), Interlocked.Read(ref peak));
        }
    }

    /// <summary>Takes back all memory whose owner has been found unreachable.</summary>
    private protected abstract void Reclaim();

    /// <summary>The largest number of bytes that may be used and cached together.</summary>
    public long Limit { get; set; } = limit;

    /// <summary>Finds tensors that are no longer reachable, and frees all memory that is not in use.</summary>
    public abstract void GiveBack();
}

/// <summary>
/// Keeps memory that tensors no longer use, and reuses it for new tensors of the same size. Sizes are rounded up, so
/// that there are only four sizes from each power of two to the next. There is a bound for the memory of each size.
/// Before the memory grows beyond this bound, the pool lets the garbage collector find the tensors that are no
/// longer reachable. So tensors need not be disposed, and memory does not grow without limit. Memory that has not
/// been needed for a while is freed.
/// </summary>
/// <remarks>
/// The pool has a weak reference to the owner of each piece of memory. The garbage collector clears this reference
/// when the owner is unreachable, and the pool looks for cleared references after a collection. Owners have no
/// finalizers: a collection with finalizers takes three times as long, and an object with a finalizer takes 0.35 µs
/// longer to create.
/// A collection of the young generation finds the tensors that a loop has dropped. If less than half of the memory
/// of a size is free after this collection, a full collection follows. After that, the memory of this size may grow
/// to twice the memory in use without another collection, so that a program that holds n tensors needs about log n
/// collections. The next full collection is forced only when twenty times the duration of the last full collection
/// has passed, however much memory the program holds.
/// </remarks>
/// <typeparam name="M">The type of the memory: an array of the host, or a buffer of a device.</typeparam>
/// <param name="name">The name of the device.</param>
/// <param name="limit">The largest number of bytes that may be used and cached together.</param>
/// <param name="smallest">The smallest size of memory that is allocated, in bytes.</param>
/// <param name="make">A function that allocates the given number of bytes.</param>
/// <param name="drop">An action that frees memory; null if it is enough to drop the reference to the memory.</param>
sealed class Pool<M>(string name, long limit, int smallest, Func<int, M> make, Action<M>? drop = null) : Pool(limit)
    where M : class
{
    const int FreelyTaken = 16 << 20;           // bytes that a size may take, or grow by, without a collection
    const int Sizes = 128, Few = 4;
    const long SweepEvery = 2000;               // milliseconds
    readonly Size[] sizes = [.. Enumerable.Range(0, Sizes).Select(_ => new Size())];
    long swept = Environment.TickCount64;

    /// <summary>
    /// Makes the pool sweep itself after each full collection, and returns the pool. Call this method only if a piece
    /// of memory is freed by dropping the pool's reference to it.
    /// </summary>
    public Pool<M> Swept()
    {
        _ = new AfterCollections(this);
        return this;
    }

    /// <summary>One piece of memory, and the object that uses it.</summary>
    sealed class Piece(M memory)
    {
        public readonly M Memory = memory;
        /// <summary>The owner may be used by the finalizer of another object, so it must be really gone.</summary>
        public readonly WeakReference<object?> Owner = new(null, trackResurrection: true);
    }

    /// <summary>
    /// The memory of one size. All of it is referenced here, because ILGPU frees a buffer that is no longer referenced.
    /// </summary>
    sealed class Size
    {
        public readonly Stack<Piece> Free = new();
        public readonly List<Piece> Lent = [];
        public int Bytes;
        /// <summary>The number of pieces of memory that may be allocated without a collection.</summary>
        public int Most;
        /// <summary>The number of pieces of memory that have not been needed since the last sweep.</summary>
        public int Idle;
        /// <summary>The number of collections before the last search for cleared references.</summary>
        public int Searched;

        public int All => Free.Count + Lent.Count;
    }

    /// <summary>
    /// Returns memory of at least the given number of bytes. The memory returns to the pool when its owner is no longer
    /// reachable.
    /// </summary>
    /// <exception cref="DeviceException">The memory does not fit, even after unused memory has been freed.</exception>
    public M Rent(int bytes, object owner)
    {
        var (index, rounded) = RoundUp(Math.Max(bytes, smallest));
        if (Interlocked.Read(ref used) + Interlocked.Read(ref cached) + rounded > Limit) GiveBack();
        if (Interlocked.Read(ref used) + rounded > Limit) throw Full(bytes);
        try { return Rent(sizes[index], rounded, owner); }
        catch (Exception e) when (IsFull(e)) { GiveBack(); }
        try { return Rent(sizes[index], rounded, owner); }
        catch (Exception e) when (IsFull(e)) { throw Full(bytes, e); }

        static bool IsFull(Exception e) => e is OutOfMemoryException or ILGPU.Runtime.AcceleratorException;
    }

    DeviceException Full(long bytes, Exception? inner = null) => new($"Memory: {name} is full: " +
        $"{Use.Used:N0} of {Limit:N0} bytes are in use, and {bytes:N0} more are needed. Use smaller batches or keep " +
        "fewer tensors.", inner);

    M Rent(Size size, int rounded, object owner)
    {
        var step = Math.Max(rounded > FreelyTaken ? 1 : Few, FreelyTaken / rounded);
        lock (size)
        {
            if (size.Free.Count == 0) Reclaim(size);
            if (size.Free.Count > 0 || size.All < Math.Max(step, size.Most)) return Take(size, rounded, owner);
        }
        Collections.ForceYoung();
        Sweep();
        var thorough = !IsHalfFree() && Collections.TryForceFull();
        lock (size)
        {
            Reclaim(size);
            if (2 * size.Free.Count < size.All) size.Most = thorough ? 2 * size.Lent.Count : size.All + step;
            return Take(size, rounded, owner);
        }

        bool IsHalfFree()
        {
            lock (size)
            {
                Reclaim(size);
                return 2 * size.Free.Count >= size.All;
            }
        }
    }

    M Take(Size size, int bytes, object owner)
    {
        if (size.Free.TryPop(out var piece)) Interlocked.Add(ref cached, -bytes);
        else piece = new(make(size.Bytes = bytes));
        piece.Owner.SetTarget(owner);
        size.Lent.Add(piece);
        size.Idle = Math.Min(size.Idle, size.Free.Count);
        var now = Interlocked.Add(ref used, bytes);
        if (now > Interlocked.Read(ref peak)) Interlocked.Exchange(ref peak, now);
        return piece.Memory;
    }

    /// <summary>
    /// Takes memory back from an owner that is still reachable, but does not use the memory any more.
    /// </summary>
    public void Return(object owner)
    {
        foreach (var size in sizes)
            lock (size)
                if (size.Lent.Find(piece => piece.Owner.TryGetTarget(out var target) && target == owner) is { } found)
                {
                    found.Owner.SetTarget(null);
                    size.Searched = -1;
                }
    }

    private protected override void Reclaim()
    {
        foreach (var size in sizes)
            lock (size) Reclaim(size);
    }

    /// <summary>
    /// Takes back the memory of one size whose owners are gone. The memory that was lent last becomes the first to be
    /// lent again, because it may still be in the cache. The caller holds the lock of the size.
    /// </summary>
    void Reclaim(Size size)
    {
        var collections = GC.CollectionCount(0);
        if (size.Searched == collections) return;
        size.Searched = collections;
        var before = size.Lent.Count;
        var kept = 0;
        for (var i = 0; i < before; i++)
            if (size.Lent[i].Owner.TryGetTarget(out _)) size.Lent[kept++] = size.Lent[i];
            else size.Free.Push(size.Lent[i]);
        size.Lent.RemoveRange(kept, before - kept);
        Interlocked.Add(ref used, -(long)(before - kept) * size.Bytes);
        Interlocked.Add(ref cached, (long)(before - kept) * size.Bytes);
    }

    public override void GiveBack()
    {
        Collections.Force(GC.MaxGeneration);
        foreach (var size in sizes) Drop(size, all: true);
    }

    /// <summary>
    /// Frees the memory that has not been needed since the last sweep. If the last sweep was less than two seconds
    /// ago, nothing is done, unless <paramref name="atOnce"/> is true.
    /// </summary>
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
            Reclaim(size);
            for (var left = all ? size.Free.Count : size.Idle; left > 0; left--) dropped.Add(size.Free.Pop().Memory);
            size.Idle = size.Free.Count;
        }
        foreach (var memory in dropped) drop?.Invoke(memory);
        Interlocked.Add(ref cached, -(long)dropped.Count * size.Bytes);
    }

    /// <summary>Sweeps the pool after each full collection, even if no more memory is asked for.</summary>
    sealed class AfterCollections(Pool<M> pool)
    {
        ~AfterCollections()
        {
            pool.Sweep();
            GC.ReRegisterForFinalize(this);
        }
    }

    /// <summary>
    /// Rounds a number of bytes up to 4, 5, 6 or 7 quarters of a power of two. Returns this size and its index among
    /// all sizes.
    /// </summary>
    static (int Index, int Bytes) RoundUp(int bytes)
    {
        var log = BitOperations.Log2((uint)bytes - 1) - 2;
        var quarter = ((bytes - 1) >> log) + 1;
        return (log * 4 + quarter - 5, (int)Math.Min((long)quarter << log, Array.MaxLength));
    }
}

/// <summary>The garbage collections that pools force.</summary>
static class Collections
{
    const int Rest = 20; // the wait before the next full collection, as a multiple of the duration of the last
    const int FullAfter = 256;                  // young collections; then a full one closes the gaps in memory
    static long earliest, count;

    /// <summary>
    /// Forces a collection of the young generation; from time to time, forces a full collection instead.
    /// </summary>
    public static void ForceYoung()
    {
        if (Interlocked.Increment(ref count) % FullAfter == 0 && TryForceFull()) return;
        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
    }

    /// <summary>
    /// Forces a full collection, unless the last one was too recent. Returns true if a collection was forced.
    /// </summary>
    public static bool TryForceFull()
    {
        var start = Stopwatch.GetTimestamp();
        if (start < Volatile.Read(ref earliest)) return false;
        Force(GC.MaxGeneration);
        var end = Stopwatch.GetTimestamp();
        Volatile.Write(ref earliest, end + Rest * (end - start));
        return true;
    }

    /// <summary>
    /// Forces a collection, and lets finalizers return memory to the pools. The caller must not hold the lock of a
    /// size, because the finalizers take this lock.
    /// </summary>
    public static void Force(int generation)
    {
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
    }
}
