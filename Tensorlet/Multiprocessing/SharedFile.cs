using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// A file that several processes map: a header of 256 bytes, and the elements. The process that made it deletes the
/// name when it lets go of the memory; where it is mapped, the memory stays.
/// </summary>
sealed unsafe class SharedFile
{
    public const int HeaderBytes = 256;
    const int Version = 1, MaxRank = 54;

    /// <summary>What a file, or an item in a queue, says of itself.</summary>
    public struct Header
    {
        public long Magic, Maker, Length;
        public int Version, Ready, Type, Rank;
        fixed int sizes[MaxRank];

        public int[] Shape => MemoryMarshal.CreateReadOnlySpan(ref sizes[0], Rank).ToArray();

        public void Describe(DType type, ReadOnlySpan<int> shape)
        {
            (Type, Rank, Length) = ((int)type, shape.Length, (long)Layout.Product(shape) * type.Size());
            shape.CopyTo(MemoryMarshal.CreateSpan(ref sizes[0], MaxRank));
        }

        /// <summary>What is wrong with it, if so many bytes follow; null if nothing is.</summary>
        public string? Fault(long bytes)
        {
            if (Type is < 0 or > (int)DType.Float64) return $"type {Type} is none";
            if (Rank is < 0 or > MaxRank) return $"it has {Rank} axes";
            try
            {
                var length = (long)Layout.Product(Shape) * ((DType)Type).Size();
                return length != Length ? $"shape {Layout.Show(Shape)} takes {length} bytes, and it says {Length}"
                    : length > bytes ? $"it is too short: {length} bytes should follow its header, and {bytes} do" : null;
            }
            catch (ShapeException e) { return e.Message; }
        }
    }

    readonly SafeMemoryMappedViewHandle? view;
    readonly Header* header;

    public string Name { get; }
    /// <summary>True if this process made it, so that it ends with this process.</summary>
    public bool IsMine { get; }
    public byte* Data => (byte*)header + HeaderBytes;
    public int[] Shape => header->Shape;

    SharedFile(string name, FileStream stream, bool isMine)
    {
        (Name, IsMine) = (name, isMine);
        using var file = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor().SafeMemoryMappedViewHandle;
        // not AcquirePointer: a handle that has given a pointer away is never finalised, and the memory never unmapped
        header = (Header*)view.DangerousGetHandle();
    }

    ~SharedFile()
    {
        view?.Dispose();
        if (IsMine) SharedFolder.Delete(SharedFolder.Find(Name));
    }

    /// <summary>New memory, all zeros, that cannot be opened before it is published.</summary>
    /// <exception cref="IOException">The disk, or /dev/shm, is full: room is reserved at once, for writing to mapped
    /// memory that finds none ends a process.</exception>
    public static SharedFile Create(long magic, DType type, ReadOnlySpan<int> shape)
    {
        if (shape.Length > MaxRank) throw new ShapeException($"ShareMemory: {shape.Length} axes; {MaxRank} can be.");
        var length = HeaderBytes + (long)Layout.Product(shape) * type.Size();
        var options = Options(FileMode.CreateNew);
        options.PreallocationSize = length;
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var name = SharedFolder.NewName();
        using var stream = new FileStream(SharedFolder.Find(name), options);
        stream.SetLength(length);
        var file = new SharedFile(name, stream, isMine: true);
        (file.header->Magic, file.header->Version, file.header->Maker) = (magic, Version, SharedFolder.Me);
        file.header->Describe(type, shape);
        return file;
    }

    /// <summary>All is written that others are to find.</summary>
    public void Publish() => Volatile.Write(ref header->Ready, 1);

    /// <summary>Maps a file that a process of this user has made.</summary>
    /// <exception cref="FileNotFoundException">Nothing has this name, or no longer.</exception>
    /// <exception cref="InvalidDataException">It is no such memory; the message says why.</exception>
    public static SharedFile Open(string name, long magic)
    {
        var path = SharedFolder.Find(name);
        using var stream = new FileStream(path, Options(FileMode.Open));
        var length = stream.Length;
        if ((SharedFolder.Foreign(path) ?? (length < HeaderBytes ? $"it has {length} bytes, not even a header's" : null))
            is { } why) throw Refused(why);
        var file = new SharedFile(name, stream, isMine: false);
        var fault = file.header->Magic != magic ? "it is of another kind"
            : file.header->Version != Version ? $"it has version {file.header->Version}, and {Version} is read"
            : file.header->Maker != SharedFolder.Maker(name) ? "another process made it than its name says"
            : Volatile.Read(ref file.header->Ready) != 1 ? "it is still being written"
            : file.header->Fault(length - HeaderBytes);
        return fault is null ? file : throw Refused(fault);

        InvalidDataException Refused(string why) => new($"{path} is refused as shared memory: {why}.");
    }

    static FileStreamOptions Options(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };

    /// <summary>A tensor over all of it.</summary>
    public Tensor Tensor()
    {
        var layout = Layout.Contiguous(Shape);
        var storage = new HostStorage(Device.Cpu, (DType)header->Type, layout.Count, null);
        storage.MoveTo((nint)Data, this);
        return new Tensor(storage, layout);
    }
}
