using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace Tensorlet;

using Buffer = MemoryBuffer1D<byte, Stride1D.Dense>;

/// <summary>Memory of a device, which goes back to the pool when the storage is no longer reachable.</summary>
sealed class IlgpuStorage(IlgpuDevice device, DType type, int count, Buffer buffer) : Storage(device, type, count)
{
    public Buffer Buffer => buffer;
    ~IlgpuStorage() => device.Pool.Return(buffer);
}

/// <summary>
/// Buffers that tensors have given up and new ones take over, by size (four sizes to an octave). Kernels run in order on one
/// stream, so a buffer can be taken over while the last kernel that reads it is still waiting. Before a size grows past what
/// it may, the garbage collector finds the tensors that are no longer reachable.
/// </summary>
sealed class DevicePool(string name, Accelerator accelerator)
{
    const int Smallest = 256;
    const int FreelyTaken = 16 << 20;               // bytes a size may take without asking
    readonly Dictionary<long, Size> sizes = [];
    readonly Lock gate = new();

    /// <summary>Buffers of one size: those that are free, and all, because ILGPU frees what nobody holds.</summary>
    sealed class Size
    {
        public readonly Stack<Buffer> Free = new();
        public readonly HashSet<Buffer> All = [];
    }

    /// <summary>The bytes taken from the device, in use or not.</summary>
    public long Bytes { get { lock (gate) return sizes.Sum(s => s.Key * s.Value.All.Count); } }

    public Buffer Rent(long bytes)
    {
        var size = RoundUp(bytes);
        var buffer = Find(size) ?? Make(size);
        GC.AddMemoryPressure(size);                 // the collector does not see the device's memory
        return buffer;
    }

    public void Return(Buffer buffer)
    {
        GC.RemoveMemoryPressure(buffer.Length);
        lock (gate) sizes[buffer.Length].Free.Push(buffer);
    }

    /// <summary>A free buffer, found by a collection if need be; null if more should be made.</summary>
    Buffer? Find(long size)
    {
        lock (gate)
        {
            if (!sizes.TryGetValue(size, out var known)) sizes[size] = known = new Size();
            if (known.Free.TryPop(out var buffer)) return buffer;
            if (known.All.Count < Math.Max(4, FreelyTaken / size)) return null;
        }
        for (var generation = 1; generation <= 2; generation++)
        {
            Collect(generation);
            lock (gate)
                // Where less than half is free, more is made, so that the next collection is not soon.
                if (sizes[size].Free.Count >= (sizes[size].All.Count + 1) / 2) return sizes[size].Free.Pop();
        }
        return null;
    }

    /// <summary>A new buffer; if the device is full, first what is unreachable is found and what is free is given back.</summary>
    Buffer Make(long size)
    {
        try
        {
            return Allocate(size);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            Collect(2);
            lock (gate)
                if (sizes[size].Free.TryPop(out var buffer)) return buffer;
            GiveBack();
        }
        try
        {
            return Allocate(size);
        }
        catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
        {
            throw new DeviceException($"{name}: its memory is full: {size:N0} bytes were asked for, {Bytes:N0} of {accelerator.MemorySize:N0} are in use. " +
                "Take smaller batches, or keep fewer tensors.", e);
        }
    }

    Buffer Allocate(long size)
    {
        accelerator.Bind();
        var buffer = accelerator.Allocate1D<byte>(size);
        lock (gate) sizes[size].All.Add(buffer);
        return buffer;
    }

    /// <summary>Lets finalizers return buffers. No lock is held: they take it.</summary>
    static void Collect(int generation)
    {
        GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Frees every buffer that nobody uses.</summary>
    void GiveBack()
    {
        accelerator.Synchronize();
        lock (gate)
            foreach (var size in sizes.Values)
                while (size.Free.TryPop(out var buffer))
                {
                    size.All.Remove(buffer);
                    buffer.Dispose();
                }
    }

    /// <summary>4, 5, 6 or 7 quarters of a power of two.</summary>
    static long RoundUp(long bytes)
    {
        if (bytes <= Smallest) return Smallest;
        var quarter = BitOperations.Log2((ulong)bytes - 1) - 2;
        return (((bytes - 1) >> quarter) + 1) << quarter;
    }
}
