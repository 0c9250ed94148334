using ILGPU;
using ILGPU.Runtime;

namespace Tensorlet;

using Buffer = MemoryBuffer1D<byte, Stride1D.Dense>;

/// <summary>
/// Memory of a device. When the storage is no longer reachable, the memory returns to the pool. Kernels run in
/// order on one stream, so a buffer can be reused while the last kernel that reads this buffer is still waiting.
/// </summary>
sealed class IlgpuStorage : Storage
{
    public Buffer Buffer { get; }

    public IlgpuStorage(Device device, DType type, int count, Pool<Buffer> pool) : base(device, type, count) =>
        Buffer = pool.Rent(count * type.Size(), this);

    public static Pool<Buffer> Pool(string name, Accelerator accelerator)
    {
        const int Smallest = 256;           // bytes
        return new(name, accelerator.MemorySize, Smallest, Make, Drop);

        Buffer Make(int bytes)
        {
            accelerator.Bind();
            return accelerator.Allocate1D<byte>(bytes);
        }

        void Drop(Buffer buffer)
        {
            accelerator.Synchronize();
            buffer.Dispose();
        }
    }
}
