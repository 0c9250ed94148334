using System.Numerics;

namespace Tensorlet;

/// <summary>
/// Memory that tensors have given up and new ones take over, by size (four to an octave). Before a size grows past what
/// it may, the garbage collector finds the tensors that are no longer reachable; so nobody disposes, and memory stays
/// flat.
/// </summary>
/// <typeparam name="M">An array of the host, or a buffer of a device.</typeparam>
/// <param name="smallest">The smallest size in bytes.</param>
/// <param name="make">Makes memory of a size.</param>
sealed class Pool<M>(int smallest, Func<int, M> make) where M : class
{
    const int FreelyTaken = 16 << 20;           // bytes a size may take without asking
    readonly Size[] sizes = [.. Enumerable.Range(0, 128).Select(_ => new Size())];

    /// <summary>What there is of one size. All of it is held on to: ILGPU frees a buffer that nobody holds.</summary>
    sealed class Size
    {
        public readonly Stack<M> Free = new();
        public readonly HashSet<M> All = [];
    }

    public M Rent(int bytes)
    {
        var (index, rounded) = RoundUp(Math.Max(bytes, smallest));
        var size = sizes[index];
        lock (size)
        {
            if (size.Free.TryPop(out var memory)) return memory;
            if (size.All.Count < Math.Max(4, FreelyTaken / rounded)) return Make(size, rounded);
        }
        for (var generation = 1; generation <= 2; generation++)
        {
            Collect(generation);
            lock (size)
                if (size.Free.Count >= (size.All.Count + 1) / 2) return size.Free.Pop();
        }
        // What is free is less than half: more is made, so that the next collection is not soon.
        lock (size) return Make(size, rounded);
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

    /// <summary>Lets finalizers return memory. No lock is held: they take it.</summary>
    public static void Collect(int generation)
    {
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
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
