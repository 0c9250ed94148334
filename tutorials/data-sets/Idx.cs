using System.Buffers.Binary;
using System.IO.Compression;

namespace Tutorials;

/// <summary>
/// The file format of MNIST: four bytes 0, 0, type and rank, then each size as a big-endian 32-bit number, then the
/// elements, the last axis running fastest. Only type 0x08, unsigned bytes, is read. Files may be gzipped.
/// </summary>
public static class Idx
{
    /// <summary>Reads a file, gzipped or not: its first bytes tell, not its name.</summary>
    /// <returns>The elements, and the size of each axis.</returns>
    /// <exception cref="InvalidDataException">The file is no IDX file of bytes, is shorter or longer than it says, or
    /// is damaged. No more has been allocated than a file of its length can hold.</exception>
    public static (byte[] Data, int[] Shape) Read(string path)
    {
        using var file = File.OpenRead(path);
        var magic = new byte[2];
        var zipped = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
        file.Position = 0;
        try
        {
            return zipped ? ReadGzip(file) : Read(file, file.Length, new Crc32());
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The first bytes of a file: the magic number and the size of each axis.</summary>
    internal static byte[] Header(params int[] shape)
    {
        byte[] header = [0, 0, 0x08, (byte)shape.Length, .. new byte[4 * shape.Length]];
        for (var axis = 0; axis < shape.Length; axis++)
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + 4 * axis), shape[axis]);
        return header;
    }

    /// <summary>
    /// Gzip ends in the checksum and the length of what was packed. .NET does not insist on either being there, so both
    /// are compared here; bytes after them, or a second gzip member, make them disagree.
    /// </summary>
    static (byte[] Data, int[] Shape) ReadGzip(FileStream file)
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
        using var content = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var crc = new Crc32();
        var result = Read(content, length, crc);
        return crc.Value == sum ? result : throw new InvalidDataException(
            $"expected checksum {sum:x8}, as the gzip trailer says, found {crc.Value:x8}: the file is damaged.");
    }

    static (byte[] Data, int[] Shape) Read(Stream content, long length, Crc32 crc)
    {
        var magic = Next(4, "magic number");
        if (magic is not [0, 0, 0x08, > 0 and <= 8])
            throw new InvalidDataException("expected 00-00-08 and a rank from 1 to 8, as IDX files of bytes begin, " +
                $"found {BitConverter.ToString(magic)}.");
        var (shape, size) = (new int[magic[3]], 1L);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            var n = BinaryPrimitives.ReadUInt32BigEndian(Next(4, $"size of axis {axis}"));
            size *= n;
            if (n > Array.MaxLength || size > Array.MaxLength)
                throw new InvalidDataException($"expected at most {Array.MaxLength} elements, " +
                    $"found size {n} for axis {axis} after [{string.Join(", ", shape[..axis])}].");
            shape[axis] = (int)n;
        }
        var whole = 4 + 4 * shape.Length + size;
        var expected = $"expected {whole} bytes for shape [{string.Join(", ", shape)}]";
        if (whole != length)
            throw new InvalidDataException(
                $"{expected}, found {length}: {(whole > length ? "the file is truncated" : "bytes are trailing")}.");
        var data = Next((int)size, "elements");
        return Fill(new byte[1]) == 0 ? (data, shape) : throw new InvalidDataException($"{expected}, found more.");

        byte[] Next(int count, string what)
        {
            var bytes = new byte[count];
            var read = Fill(bytes);
            crc.Add(bytes.AsSpan(0, read));
            return read == count ? bytes : throw new InvalidDataException(
                $"expected {count} bytes of {what}, found {read}: the file is truncated.");
        }

        int Fill(byte[] bytes)
        {
            try
            {
                return content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException(
                    "expected gzipped data, found what does not inflate: the file is damaged.", e);
            }
        }
    }
}
