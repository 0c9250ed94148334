using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Tutorials;

/// <summary>
/// The bytes of a file in order, inflated where its first two bytes say that it is gzipped, whatever its name is.
/// </summary>
sealed class Unpacked(Stream content, long length)
{
    readonly Crc32 crc = new();

    /// <summary>The number of bytes that the file says it has, inflated.</summary>
    public long Length => length;

    /// <summary>What is read from a file, all of whose bytes have to be taken.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or what is read from it is not as expected.
    /// </exception>
    public static T Read<T>(string path, Func<Unpacked, T> read)
    {
        using var file = File.OpenRead(path);
        var magic = new byte[2];
        var zipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
        file.Position = 0;
        try { return zipped ? ReadGzip(file, read) : new Unpacked(file, file.Length).Whole(read); }
        catch (InvalidDataException e) { throw new InvalidDataException($"{path}: {e.Message}", e); }
    }

    /// <summary>
    /// Gzip ends in the checksum and the length of what was packed. .NET does not insist on either being there, so both
    /// are compared here; bytes after them, or a second gzip member, make them disagree.
    /// </summary>
    static T ReadGzip<T>(FileStream file, Func<Unpacked, T> read)
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

    /// <summary>The next so many bytes.</summary>
    /// <exception cref="InvalidDataException">They are not all there.</exception>
    public byte[] Next(int count, string what)
    {
        var bytes = new byte[count];
        var read = Fill(bytes);
        crc.Append(bytes.AsSpan(0, read));
        return read == count ? bytes : throw new InvalidDataException(
            $"expected {count} bytes of {what}, found {read}: the file is truncated.");
    }

    int Fill(byte[] bytes)
    {
        try { return content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false); }
        catch (InvalidDataException e)
        { throw new InvalidDataException("expected gzipped data, found what does not inflate: it is damaged.", e); }
    }
}
