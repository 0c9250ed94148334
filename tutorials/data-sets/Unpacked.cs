using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Tutorials;

/// <summary>
/// The bytes of a file in order, inflated if its first two bytes say that it is gzipped, whatever its name is.
/// </summary>
sealed class Unpacked(Stream content, long length)
{
    /// <summary>The most bytes to which a gzipped file may inflate by default: 256 MB.</summary>
    public const long Most = 1 << 28;

    readonly Crc32 crc = new();
    long taken;

    /// <summary>The number of bytes that the file says it has, inflated.</summary>
    public long Length => length;
    /// <summary>How many of them have not been read yet.</summary>
    public long Left => length - taken;

    /// <summary>Reads something from a file, of which all bytes must be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads the bytes.</param>
    /// <param name="most">The most bytes to which a gzipped file may inflate: one byte can become a thousand.</param>
    /// <exception cref="InvalidDataException">The file is damaged, inflates to too much, or its content is not as
    /// expected.</exception>
    public static T Read<T>(string path, Func<Unpacked, T> read, long most = Most)
    {
        using var file = File.OpenRead(path);
        var magic = new byte[2];
        var zipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
        file.Position = 0;
        try { return zipped ? ReadGzip(file, read, most) : new Unpacked(file, file.Length).Whole(read); }
        catch (InvalidDataException e) { throw new InvalidDataException($"{path}: {e.Message}", e); }
    }

    /// <summary>
    /// Gzip ends with the checksum and the length of the content. .NET does not require either, so both are compared
    /// here; bytes after them, or a second gzip member, make them disagree.
    /// </summary>
    static T ReadGzip<T>(FileStream file, Func<Unpacked, T> read, long most)
    {
        const int Shortest = 18, Ratio = 1032; // bytes of the smallest gzip file; how much deflate expands at most
        if (file.Length < Shortest)
            throw new InvalidDataException($"expected a gzip file of at least {Shortest} bytes, found {file.Length}.");
        var trailer = new byte[8];
        file.Position = file.Length - trailer.Length;
        file.ReadExactly(trailer);
        file.Position = 0;
        var sum = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4));
        if (length > file.Length * Ratio)
            throw new InvalidDataException($"expected a gzip trailer promising at most {file.Length * Ratio} bytes, " +
                $"found one promising {length}: the file is truncated or damaged.");
        if (length > most)
            throw new InvalidDataException($"expected at most {most} bytes inflated, found a gzip trailer promising " +
                $"{length}. If you trust the file and have the memory, allow more: the argument most of Read.");
        using var inflated = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var content = new Unpacked(inflated, length);
        var result = content.Whole(read);
        var found = content.crc.GetCurrentHashAsUInt32();
        return found == sum ? result : throw new InvalidDataException(
            $"expected checksum {sum:x8} from the gzip trailer, found {found:x8}: the file is damaged.");
    }

    T Whole<T>(Func<Unpacked, T> read)
    {
        var result = read(this);
        return Fill(new byte[1]) == 0 ? result
            : throw new InvalidDataException($"expected {Length} bytes, found more: bytes are trailing.");
    }

    /// <summary>The next bytes, of a given number. Memory is allocated as they arrive.</summary>
    /// <exception cref="InvalidDataException">They are not all there, or they are more than an array can
    /// hold.</exception>
    public byte[] Next(long count, string what)
    {
        Expect(count, what, Math.Min(Left, Array.MaxLength));
        var bytes = new byte[Math.Min(count, Piece)];
        for (var read = 0L; ; Array.Resize(ref bytes, (int)Math.Min(count, 2 * read)))
        {
            read += Fill(bytes.AsSpan((int)read));
            if (read < bytes.Length) Expect(count, what, read);
            if (read == count) return bytes;
        }
    }

    /// <summary>Skips a number of bytes.</summary>
    /// <inheritdoc cref="Next"/>
    public void Skip(long count, string what)
    {
        Expect(count, what, Left);
        var buffer = new byte[Math.Min(count, Piece)];
        for (int n; count > 0; count -= n)
            if ((n = Fill(buffer.AsSpan(0, (int)Math.Min(count, Piece)))) == 0) Expect(count, what, 0);
    }

    const int Piece = 1 << 16;

    static void Expect(long count, string what, long found)
    {
        if (found < count) throw new InvalidDataException(
            $"expected {count} bytes of {what}, found {found}: the file is truncated.");
    }

    int Fill(Span<byte> bytes)
    {
        try
        {
            var read = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            crc.Append(bytes[..read]);
            taken += read;
            return read;
        }
        catch (InvalidDataException e)
        { throw new InvalidDataException("expected gzipped data, found what does not inflate: it is damaged.", e); }
    }
}
