namespace Tensorlet;

/// <summary>
/// Memory of the host: an array, from one of its bytes on, which may be the caller's own, or memory outside this
/// process.
/// </summary>
class HostStorage(Device device, DType type, int count, Array? array, int first = 0)
    : Storage(device, type, count)
{
    const int Smallest = 1 << 14;
    public const int Beyond = 128;         // bytes, so that whole registers can be read at the end too
    public const int Line = 64;            // bytes of a cache line: a register across two takes twice as long
    internal static readonly Pool<byte[]> Pool = new Pool<byte[]>("the host",
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Smallest, bytes =>
        GC.AllocateUninitializedArray<byte>(bytes, pinned: true)).Swept();

    nint outside;
    private protected Array? Array => array;

    /// <summary>Keeps memory outside this process mapped; null if the memory is an array.</summary>
    public object? Owner { get; private set; }

    /// <summary>The first byte.</summary>
    public unsafe ref byte Start => ref outside != 0 ? ref Unsafe.AsRef<byte>((void*)outside)
        : ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(array!), first);

    /// <summary>Replaces the array by other memory, for all views at once. No other thread may be using it.</summary>
    public HostStorage MoveTo(nint address, object owner)
    {
        Release();
        (array, outside, Owner) = (null, address, owner);
        return this;
    }

    /// <summary>Gives the array back to its pool, if it has one.</summary>
    private protected virtual void Release() { }

    /// <summary>The first element of a tensor on the host. The caller keeps the tensor alive while using it.</summary>
    public static ref T First<T>(Tensor x) where T : unmanaged => ref Unsafe.Add(
        ref Unsafe.As<byte, T>(ref ((HostStorage)x.Storage).Start), x.Layout.Offset);

    /// <summary>How many elements may be read: those of the tensor, and the rest of its memory.</summary>
    public int Readable => array is byte[]? (array.Length - first) / DType.Size() : Count;

    /// <summary>Whether a register may be read beyond the end.</summary>
    public bool Ahead => array is byte[] && Readable >= Count + Vector512<byte>.Count / DType.Size();

    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref Start, Count * DType.Size());

    /// <summary>
    /// Memory for a new tensor. Small ones are plain arrays, which the garbage collector handles well.
    /// </summary>
    public static HostStorage Allocate(Device device, DType type, int count)
    {
        var bytes = count * type.Size() + Beyond;
        return bytes < Smallest
            ? new HostStorage(device, type, count, GC.AllocateUninitializedArray<byte>(bytes))
            : new PooledHostStorage(device, type, count, Pool.Rent(bytes + Line));
    }

    /// <summary>Where the first whole cache line begins in an array that does not move.</summary>
    public static unsafe int FirstLine(byte[] pinned) =>
        (int)(-(nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)) & (Line - 1));

    /// <summary>Memory that returns to the pool when the storage is no longer reachable.</summary>
    sealed class PooledHostStorage(Device device, DType type, int count, byte[] array)
        : HostStorage(device, type, count, array, FirstLine(array))
    {
        private protected override void Release() { if (Array is byte[] rented) Pool.Return(rented, rented.Length); }
        ~PooledHostStorage() => Release();
    }
}
