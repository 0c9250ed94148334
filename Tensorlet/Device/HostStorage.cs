namespace Tensorlet;

/// <summary>
/// Memory of the host. This is either an array or mapped memory, which other processes may share. The array may belong
/// to the caller.
/// </summary>
class HostStorage(Device device, DType type, int count, Array? array) : Storage(device, type, count)
{
    const int Smallest = 1 << 14;
    public const int Beyond = 128;         // extra bytes, so that two whole registers can also be read at the end
    public const int Line = 64;            // bytes of a cache line: a register across two lines takes twice as long
    internal static readonly Pool<byte[]> Pool = new Pool<byte[]>("the host",
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Smallest, bytes =>
        GC.AllocateUninitializedArray<byte>(bytes, pinned: true)).Swept();

    Array? array = array;
    int first;                             // the byte of the array at which the memory begins
    nint outside;

    /// <summary>The object that owns the mapped memory and keeps it mapped; null if the memory is an array.</summary>
    public object? Owner { get; private set; }

    /// <summary>The first byte of the memory.</summary>
    public unsafe ref byte Start => ref outside != 0 ? ref Unsafe.AsRef<byte>((void*)outside)
        : ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(array!), first);

    /// <summary>
    /// Replaces the array with memory at another address. The contents are not copied. All views of this storage use
    /// the new memory from then on. No other thread may use the array at the same time.
    /// </summary>
    public HostStorage MoveTo(nint address, object owner)
    {
        if (this is PooledHostStorage) Pool.Return(this);
        (array, outside, Owner) = (null, address, owner);
        return this;
    }

    /// <summary>
    /// Returns a reference to the first element of a tensor on the host. The caller keeps the tensor alive while
    /// using the reference.
    /// </summary>
    public static ref T First<T>(Tensor x) where T : unmanaged => ref Unsafe.Add(
        ref Unsafe.As<byte, T>(ref ((HostStorage)x.Storage).Start), x.Layout.Offset);

    /// <summary>
    /// The number of elements that may be read: the elements of the storage and, in an array of bytes, also the
    /// elements for which the rest of the array has room.
    /// </summary>
    public int Readable => array is byte[]? (array.Length - first) / DType.Size() : Count;

    /// <summary>True if two whole registers may be read beyond the last element.</summary>
    public bool Ahead => array is byte[] && Readable >= Count + Beyond / DType.Size();

    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref Start, Count * DType.Size());

    /// <summary>
    /// Allocates memory for a new tensor. A small tensor gets a plain array, because the garbage collector handles
    /// small arrays well.
    /// </summary>
    public static HostStorage Allocate(Device device, DType type, int count)
    {
        var bytes = count * type.Size() + Beyond;
        return bytes < Smallest
            ? new HostStorage(device, type, count, GC.AllocateUninitializedArray<byte>(bytes))
            : new PooledHostStorage(device, type, count, bytes + Line);
    }

    /// <summary>
    /// Returns the position of the byte at which the first whole cache line of a pinned array begins.
    /// </summary>
    public static unsafe int FirstLine(byte[] pinned) =>
        (int)(-(nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned)) & (Line - 1));

    /// <summary>Memory from the pool. It returns to the pool when the storage is no longer reachable.</summary>
    sealed class PooledHostStorage : HostStorage
    {
        public PooledHostStorage(Device device, DType type, int count, int bytes) : base(device, type, count, null)
        {
            var rented = Pool.Rent(bytes, this);
            (array, first) = (rented, FirstLine(rented));
        }
    }
}
