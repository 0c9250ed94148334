using System.Buffers.Binary;

namespace Tutorials;

/// <summary>
/// The file format of MNIST: four bytes 0, 0, type and rank, then each size as a big-endian 32-bit number, then the
/// elements, the last axis running fastest. Only type 0x08, unsigned bytes, is read. Files may be gzipped.
/// </summary>
static class Idx
{
    /// <inheritdoc cref="Read(string, long)"/>
    public static (byte[] Data, int[] Shape) Read(string path) => Read(path, Unpacked.Most);

    /// <summary>Reads a file, gzipped or not: its first bytes decide, not its name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes to which a gzipped file may inflate.</param>
    /// <returns>The elements, and the size of each axis.</returns>
    /// <exception cref="InvalidDataException">The file is not an IDX file of bytes, is shorter or longer than it says,
    /// inflates to more than is allowed, or is damaged. Memory is allocated as the bytes arrive.</exception>
    public static (byte[] Data, int[] Shape) Read(string path, long most) => Unpacked.Read(path, content =>
    {
        var magic = content.Next(4, "magic number");
        if (magic is not [0, 0, 0x08, > 0 and <= 8])
            throw new InvalidDataException("expected 00-00-08 and a rank from 1 to 8, as IDX files of bytes begin, " +
                $"found {BitConverter.ToString(magic)}.");
        var (shape, size) = (new int[magic[3]], 1L);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            var n = BinaryPrimitives.ReadUInt32BigEndian(content.Next(4, $"size of axis {axis}"));
            size *= n;
            if (n > Array.MaxLength || size > Array.MaxLength)
                throw new InvalidDataException($"expected at most {Array.MaxLength} elements, " +
                    $"found size {n} for axis {axis} after [{string.Join(", ", shape[..axis])}].");
            shape[axis] = (int)n;
        }
        var whole = 4 + 4 * shape.Length + size;
        if (whole != content.Length)
            throw new InvalidDataException($"expected {whole} bytes for shape [{string.Join(", ", shape)}], found " +
                $"{content.Length}: {(whole > content.Length ? "the file is truncated" : "bytes are trailing")}.");
        return (content.Next(size, "elements"), shape);
    }, most);

    /// <summary>The first bytes of a file: the magic number and the size of each axis.</summary>
    internal static byte[] Header(params int[] shape) => [0, 0, 0x08, (byte)shape.Length,
        .. shape.SelectMany(n => (byte[])[(byte)(n >> 24), (byte)(n >> 16), (byte)(n >> 8), (byte)n])];
}
