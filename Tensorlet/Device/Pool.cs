using System.Diagnostics;
using System.Numerics;

namespace Tensorlet;

/// <summary>
/// Memory that tensors have given up and new ones take over, by size (four to an octave). Before a size grows past what
/// it may, the garbage collector finds the tensors that are no longer reachable; so nobody disposes, and memory stays
/// flat.
/// </summary>
/// <remarks>
/// A collection of the young finds what a loop gives up. Where it brings back less than half, a full one follows, and
/// then twice what is in use is made without asking: holding n tensors takes log n collections. A full one waits until
/// twenty times as long as the last one took has passed, whatever the program holds.
/// </remarks>
/// <typeparam name="M">An array of the host, or a buffer of a device.</typeparam>
/// <param name="smallest">The smallest size in bytes.</param>
/// <param name="make">Makes memory of a size.</param>
sealed class Pool<M>(int smallest, Func<int, M> make) where M : class
{
    const int FreelyTaken = 32 << 20;           // bytes a size may take, or grow by, without asking
    const int Sizes = 128;
    readonly Size[] sizes = [.. Enumerable.Range(0, Sizes).Select(_ => new Size())];

    /// <summary>What there is of one size. All of it is held on to: ILGPU frees a buffer that nobody holds.</summary>
    sealed class Size
    {
        public readonly Stack<M> Free = new();
        public readonly HashSet<M> All = [];
        /// <summary>Up to so many are made without a collection.</summary>
        public int Most;
    }

    public M Rent(int bytes)
    {
        var (index, rounded) = RoundUp(Math.Max(bytes, smallest));
        var (size, step) = (sizes[index], Math.Max(4, FreelyTaken / rounded));
        lock (size)
        {
            if (size.Free.TryPop(out var memory)) return memory;
            if (size.All.Count < Math.Max(step, size.Most)) return Make(size, rounded);
        }
        Collections.ForceYoung();
        var thorough = !IsHalfFree() && Collections.TryForceFull();
        lock (size)
        {
            if (2 * size.Free.Count < size.All.Count)
                size.Most = thorough ? 2 * (size.All.Count - size.Free.Count) : size.All.Count + step;
            return size.Free.TryPop(out var memory) ? memory : Make(size, rounded);
        }

        bool IsHalfFree() { lock (size) return 2 * size.Free.Count >= size.All.Count; }
    }

    public void Return(M memory, int bytes)
    {
        var size = sizes[RoundUp(bytes).Index];
        lock (size) size.Free.Push(memory);
    }

    M Make(Size size, int bytes)
    {
        var memory = make(bytes);
        size.All.Add(memory);
        return memory;
    }

    /// <summary>Forgets what nobody uses, and gives it to be disposed of.</summary>
    public List<M> TakeFree()
    {
        List<M> taken = [];
        foreach (var size in sizes)
            lock (size)
                while (size.Free.TryPop(out var memory))
                {
                    size.All.Remove(memory);
                    taken.Add(memory);
                }
        return taken;
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
