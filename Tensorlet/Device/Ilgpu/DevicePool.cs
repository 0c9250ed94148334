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
/// The memory of a device. Kernels run in order on one stream, so a buffer can be taken over while the last kernel that
/// reads it is still waiting.
/// </summary>
sealed class DevicePool
{
    const int Smallest = 256;           // bytes
    readonly string name;
    readonly Accelerator accelerator;
    readonly Pool<Buffer> pool;
    long bytes;

    public DevicePool(string name, Accelerator accelerator)
    {
        (this.name, this.accelerator) = (name, accelerator);
        pool = new Pool<Buffer>(Smallest, Make);
    }

    /// <summary>The bytes taken from the device, in use or not.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>
    /// Memory of at least this size. If the device is full, what is unreachable is found, and what is free given back.
    /// </summary>
    public Buffer Rent(long size)
    {
        if (size > Array.MaxLength)
            throw new ShapeException($"{name}: {size:N0} bytes are more than one tensor holds, {Array.MaxLength:N0}.");
        for (var again = false; ; again = true)
            try
            {
                var buffer = pool.Rent((int)size);
                GC.AddMemoryPressure(buffer.Length);            // the collector does not see the device's memory
                return buffer;
            }
            catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
            {
                if (again)
                    throw new DeviceException($"{name}: memory is full: {Bytes:N0} of {accelerator.MemorySize:N0} " +
                        $"bytes are in use, {size:N0} more asked for. Take smaller batches or keep fewer tensors.", e);
                GiveBack();
            }
    }

    public void Return(Buffer buffer)
    {
        GC.RemoveMemoryPressure(buffer.Length);
        pool.Return(buffer, (int)buffer.Length);
    }

    Buffer Make(int size)
    {
        accelerator.Bind();
        var buffer = accelerator.Allocate1D<byte>(size);
        Interlocked.Add(ref bytes, size);
        return buffer;
    }

    void GiveBack()
    {
        Collections.Force(2);
        accelerator.Synchronize();
        foreach (var buffer in pool.TakeFree())
        {
            Interlocked.Add(ref bytes, -buffer.Length);
            buffer.Dispose();
        }
    }
}
