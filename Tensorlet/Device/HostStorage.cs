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

    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), Count * DType.Size());

    /// <summary>Memory for a new tensor. Small ones are plain arrays; the garbage collector is good at those.</summary>
    public static HostStorage Allocate(Device device, DType type, int count)
    {
        var bytes = (long)count * type.Size();
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
/// Arrays that tensors have given up and new ones take over, by size class (four to an octave). Before it grows past what it
/// may, it has the garbage collector find tensors that are no longer reachable; so nobody disposes, and memory stays flat.
/// </summary>
static class HostPool
{
    public const int Smallest = 1 << 14;
    const long FirstAllowance = 24 << 20;
    static readonly Stack<byte[]>[] free = [.. Enumerable.Range(0, 128).Select(_ => new Stack<byte[]>())];
    static readonly Lock gate = new();
    static long total, allowance = FirstAllowance, idle;

    public static byte[] Rent(int bytes)
    {
        var (index, size) = SizeClass(bytes);
        if (TryTake(index, size) is { } array) return array;
        if (Volatile.Read(ref total) + size > Volatile.Read(ref allowance))
        {
            for (var generation = 1; generation <= 2; generation++)
            {
                GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
                GC.WaitForPendingFinalizers();                    // no lock is held here: finalizers take it
                if (Volatile.Read(ref idle) >= total / 4) break;
            }
            lock (gate) if (idle < total / 4) allowance = Math.Max(allowance, total + total / 2);
            if (TryTake(index, size) is { } returned) return returned;
        }
        lock (gate) total += size;
        return GC.AllocateUninitializedArray<byte>(size, pinned: true);
    }

    public static void Return(byte[] array)
    {
        var (index, size) = SizeClass(array.Length);
        lock (gate)
        {
            free[index].Push(array);
            idle += size;
        }
    }

    static byte[]? TryTake(int index, int size)
    {
        lock (gate)
        {
            if (!free[index].TryPop(out var array)) return null;
            idle -= size;
            return array;
        }
    }

    /// <summary>The class that holds this many bytes, and its size: 4, 5, 6 or 7 eighths of a power of two.</summary>
    static (int Index, int Size) SizeClass(int bytes)
    {
        var log = BitOperations.Log2((uint)bytes - 1) - 2;         // bytes − 1 has its three leading bits above this one
        var quarter = ((bytes - 1) >> log) + 1;
        return (log * 4 + quarter - 5, (int)Math.Min((long)quarter << log, Array.MaxLength));
    }
}
