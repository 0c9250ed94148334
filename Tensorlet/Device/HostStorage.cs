using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tensorlet;

/// <summary>Memory of the host: an array, perhaps the caller's own.</summary>
class HostStorage(Device device, DType type, int count, Array array) : Storage(device, type, count)
{
    public Array Array => array;

    /// <summary>The first element of a tensor on the host. Whoever uses it keeps the tensor alive until done.</summary>
    public static ref T First<T>(Tensor x) where T : unmanaged => ref Unsafe.Add(
        ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(((HostStorage)x.Storage).Array)), x.Layout.Offset);

    /// <summary>How many elements may be read: those of the tensor, and what else the memory holds.</summary>
    public int Readable => array is byte[]? array.Length / DType.Size() : Count;

    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), Count * DType.Size());

    /// <summary>Memory for a new tensor. Small ones are plain arrays; the garbage collector is good at those.</summary>
    public static HostStorage Allocate(Device device, DType type, int count)
    {
        var bytes = (long)count * type.Size() + 128;            // so that whole registers can be read at the end, too
        if (bytes > Array.MaxLength)
            throw new ShapeException($"{count:N0} elements of {type} take {bytes:N0} bytes; one tensor holds at most {Array.MaxLength:N0}.");
        return bytes < HostPool.Smallest
            ? new HostStorage(device, type, count, GC.AllocateUninitializedArray<byte>((int)bytes))
            : new PooledHostStorage(device, type, count, HostPool.Rent((int)bytes));
    }

    /// <summary>Memory that goes back to the pool when the storage is no longer reachable.</summary>
    sealed class PooledHostStorage(Device device, DType type, int count, byte[] array) : HostStorage(device, type, count, array)
    {
        ~PooledHostStorage() => HostPool.Return((byte[])Array);
    }
}

/// <summary>
/// Arrays that tensors have given up and new ones take over, by size class (four to an octave). Before a class grows past what
/// it may, the garbage collector finds the tensors that are no longer reachable; so nobody disposes, and memory stays flat.
/// </summary>
static class HostPool
{
    public const int Smallest = 1 << 14;
    const int FreelyTaken = 16 << 20;               // bytes a class may take without asking
    static readonly SizeClass[] classes = [.. Enumerable.Range(0, 128).Select(_ => new SizeClass())];

    /// <summary>Arrays of one size: those that are free, and how many have been made.</summary>
    sealed class SizeClass
    {
        readonly Stack<byte[]> free = new();
        int made;

        public byte[] Rent(int size)
        {
            if (TryTake() is { } array) return array;
            if (Volatile.Read(ref made) >= Math.Max(4, FreelyTaken / size))
                for (var generation = 1; generation <= 2; generation++)
                {
                    GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
                    GC.WaitForPendingFinalizers();                // no lock is held here: finalizers take it
                    lock (this)
                        if (free.Count >= (made + 1) / 2) return free.Pop();
                }
            // What is free is less than half: more is made, so that the next collection is not soon.
            Interlocked.Increment(ref made);
            return GC.AllocateUninitializedArray<byte>(size, pinned: true);
        }

        public void Return(byte[] array)
        {
            lock (this) free.Push(array);
        }

        byte[]? TryTake()
        {
            lock (this) return free.TryPop(out var array) ? array : null;
        }
    }

    public static byte[] Rent(int bytes)
    {
        var (index, size) = ClassOf(bytes);
        return classes[index].Rent(size);
    }

    public static void Return(byte[] array) => classes[ClassOf(array.Length).Index].Return(array);

    /// <summary>The class that holds this many bytes, and its size: 4, 5, 6 or 7 eighths of a power of two.</summary>
    static (int Index, int Size) ClassOf(int bytes)
    {
        var log = BitOperations.Log2((uint)bytes - 1) - 2;         // bytes − 1 has its three leading bits above this one
        var quarter = ((bytes - 1) >> log) + 1;
        return (log * 4 + quarter - 5, (int)Math.Min((long)quarter << log, Array.MaxLength));
    }
}
