using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// A file that several processes map. It consists of a header of 256 bytes and the elements. When the process that
/// created the file releases the memory, it deletes the file. Processes that have mapped the file keep the memory.
/// </summary>
sealed unsafe class SharedFile
{
    const int HeaderBytes = 256, MaxRank = 59;

    struct Header
    { public long Magic; public int Ready, Type, Rank; public fixed int Sizes[MaxRank]; }

    readonly SafeMemoryMappedViewHandle? view;
    readonly Header* header;

    public string Name { get; }
    /// <summary>
    /// True if this process created the file. In that case, the file is deleted when this process releases the memory
    /// or ends.
    /// </summary>
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
        // not AcquirePointer: a handle that has handed out a pointer is never finalized, and the memory is never
        // unmapped
        header = (Header*)view.DangerousGetHandle();
    }

    ~SharedFile()
    {
        view?.Dispose();
        if (IsMine) SharedFolder.Delete(SharedFolder.Find(Name));
    }

    /// <summary>Creates memory that consists of zeros and cannot be opened before it is published.</summary>
    /// <exception cref="IOException">There is not enough room, even after unreachable memory has been
    /// released.</exception>
    public static SharedFile Create(long magic, DType type, ReadOnlySpan<int> shape)
    {
        if (shape.Length > MaxRank) throw new ShapeException($"ShareMemory: {shape.Length} axes; at most {MaxRank}.");
        var (name, length) = (SharedFolder.NewName(), HeaderBytes + Bytes(type, shape));
        using var stream = Reserve(name, length);
        stream.SetLength(length);
        var file = new SharedFile(name, stream, isMine: true);
        var header = file.header;
        (header->Magic, header->Type, header->Rank) = (magic, (int)type, shape.Length);
        shape.CopyTo(new Span<int>(header->Sizes, MaxRank));
        return file;
    }

    /// <summary>
    /// Creates a file and reserves room for all of its bytes. Without this room, writing to the mapped memory would
    /// end the process.
    /// </summary>
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
                "free. Share less, release what is shared, or make more room: in a container, /dev/shm has 64 MB " +
                $"unless it is started with --shm-size. {e.Message}", e);
        }
    }

    static FileStreamOptions Options(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };

    /// <summary>Marks the file as complete, after everything that other processes will read has been written.</summary>
    public void Publish() => Volatile.Write(ref header->Ready, 1);

    /// <summary>Maps a file that a process of this user has created.</summary>
    /// <exception cref="FileNotFoundException">There is no file with this name; it may have been deleted.</exception>
    /// <exception cref="InvalidDataException">The file is not shared memory of this kind; the message says
    /// why.</exception>
    public static SharedFile Open(string name, long magic)
    {
        var path = SharedFolder.Find(name);
        SharedFolder.Make();                    // so that a missing file is reported, and not a missing folder
        using var stream = new FileStream(path, Options(FileMode.Open));
        var why = SharedFolder.Foreign(path);
        if (stream.Length < HeaderBytes) why ??= $"it has {stream.Length} bytes, fewer than a header's {HeaderBytes}";
        var (file, h) = (why is null ? new SharedFile(name, stream, isMine: false) : null, default(Header));
        if (file is not null) h = *file.header;
        why ??= h.Magic != magic ? "it is of another kind, or of another version of Tensorlet"
            : h.Ready != 1 ? "it is still being written"
            : h.Type is < 0 or > (int)DType.Float64 ? $"{h.Type} is not a type"
            : h.Rank is < 0 or > MaxRank ? $"it has {h.Rank} axes"
            : file!.Shape.Any(size => size < 0) || file.Shape.Aggregate(1.0, (a, b) => a * b) > int.MaxValue
                ? $"{Layout.Show(file.Shape)} is not a shape"
            : Bytes((DType)h.Type, file.Shape) > stream.Length - HeaderBytes
                ? $"it is too short for {Layout.Show(file.Shape)}" : null;
        return why is null ? file! : throw new InvalidDataException($"{path} is refused as shared memory: {why}.");
    }

    /// <summary>Returns a tensor over all elements of the file.</summary>
    public Tensor Tensor()
    {
        var layout = Layout.Contiguous(Shape);
        return new(Under(new HostStorage(Device.Cpu, (DType)header->Type, layout.Count, null)), layout);
    }

    /// <summary>Makes this file the memory of a storage.</summary>
    public Storage Under(HostStorage storage) => storage.MoveTo((nint)Data, this);
}
