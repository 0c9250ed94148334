using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// A file that several processes map: a header of 256 bytes, and the elements. The process that made it deletes the
/// name when it lets go of the memory; where it is mapped, the memory stays.
/// </summary>
sealed unsafe class SharedFile
{
    const int HeaderBytes = 256, MaxRank = 59;

    struct Header
    { public long Magic; public int Ready, Type, Rank; public fixed int Sizes[MaxRank]; }

    readonly SafeMemoryMappedViewHandle? view;
    readonly Header* header;

    public string Name { get; }
    /// <summary>True if this process made it, so that it ends with this process.</summary>
    public bool IsMine { get; }
    public byte* Data => (byte*)header + HeaderBytes;
    public int[] Shape => new Span<int>(header->Sizes, header->Rank).ToArray();
    static long Bytes(DType type, ReadOnlySpan<int> shape) => (long)Layout.Product(shape) * type.Size();

    SharedFile(string name, FileStream stream, bool isMine)
    {
        (Name, IsMine) = (name, isMine);
        using var file = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
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
    /// <exception cref="IOException">There is not enough room, even after what is unreachable has left.</exception>
    public static SharedFile Create(long magic, DType type, ReadOnlySpan<int> shape)
    {
        if (shape.Length > MaxRank) throw new ShapeException($"ShareMemory: {shape.Length} axes; {MaxRank} can be.");
        var (name, length) = (SharedFolder.NewName(), HeaderBytes + Bytes(type, shape));
        using var stream = Reserve(name, length);
        stream.SetLength(length);
        var file = new SharedFile(name, stream, isMine: true);
        var header = file.header;
        (header->Magic, header->Type, header->Rank) = (magic, (int)type, shape.Length);
        shape.CopyTo(new Span<int>(header->Sizes, MaxRank));
        return file;
    }

    /// <summary>A file with room for a length. Writing to mapped memory without room would end the process.</summary>
    static FileStream Reserve(string name, long length, bool collected = false)
    {
        var options = Options(FileMode.CreateNew);
        options.PreallocationSize = length;
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try { return new FileStream(Path.Combine(SharedFolder.Make(), name), options); }
        catch (IOException) when (!collected)
        {
            Collections.Force(GC.MaxGeneration);
            return Reserve(name, length, collected: true);
        }
        catch (IOException e)
        {
            throw new IOException($"Shared memory: {length:N0} bytes are asked for, and {SharedFolder.Free:N0} are " +
                "free. Share less, let go of what is shared, or make more room: in a container, /dev/shm has 64 MB " +
                $"unless it is started with --shm-size. {e.Message}", e);
        }
    }

    static FileStreamOptions Options(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };

    /// <summary>All is written that others are to find.</summary>
    public void Publish() => Volatile.Write(ref header->Ready, 1);

    /// <summary>Maps a file that a process of this user has made.</summary>
    /// <exception cref="FileNotFoundException">Nothing has this name, or no longer.</exception>
    /// <exception cref="InvalidDataException">It is no such memory; the message says why.</exception>
    public static SharedFile Open(string name, long magic)
    {
        var path = SharedFolder.Find(name);
        SharedFolder.Make();                    // so that what is gone is a file, and not its folder
        using var stream = new FileStream(path, Options(FileMode.Open));
        var why = SharedFolder.Foreign(path);
        if (stream.Length < HeaderBytes) why ??= $"it has {stream.Length} bytes, not even a header's {HeaderBytes}";
        var (file, h) = (why is null ? new SharedFile(name, stream, isMine: false) : null, default(Header));
        if (file is not null) h = *file.header;
        why ??= h.Magic != magic ? "it is of another kind, or of another version of Tensorlet"
            : h.Ready != 1 ? "it is still being written"
            : h.Type is < 0 or > (int)DType.Float64 ? $"type {h.Type} is none"
            : h.Rank is < 0 or > MaxRank ? $"it has {h.Rank} axes"
            : file!.Shape.Any(size => size < 0) || file.Shape.Aggregate(1.0, (a, b) => a * b) > int.MaxValue
                ? $"shape {Layout.Show(file.Shape)} is none"
            : Bytes((DType)h.Type, file.Shape) > stream.Length - HeaderBytes
                ? $"it is too short for {Layout.Show(file.Shape)}" : null;
        return why is null ? file! : throw new InvalidDataException($"{path} is refused as shared memory: {why}.");
    }

    /// <summary>A tensor over all of it.</summary>
    public Tensor Tensor()
    {
        var layout = Layout.Contiguous(Shape);
        return new(Under(new HostStorage(Device.Cpu, (DType)header->Type, layout.Count, null)), layout);
    }

    /// <summary>Puts it below a storage.</summary>
    public Storage Under(HostStorage storage) => storage.MoveTo((nint)Data, this);
}
