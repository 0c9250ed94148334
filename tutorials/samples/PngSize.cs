using System.Buffers.Binary;
using System.IO.Compression;

namespace Tutorials;

/// <summary>
/// Compares the size that a PNG file claims with its data, which is inflated for that and not kept: a decoder would
/// allocate memory for whatever the file claims, and for whatever the data inflate to.
/// </summary>
static class PngSize
{
    /// <summary>Where the seven passes of an interlaced image begin, and the distances of their pixels.</summary>
    static readonly (int X, int Y, int Right, int Down)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <exception cref="InvalidDataException">The size is not that of an image, is too large, or is not that of the
    /// data.</exception>
    public static void Check(byte[] bytes, long mostPixels)
    {
        var data = new MemoryStream();
        for (long at = 8, size; at + 12 <= bytes.Length; at += size + 12)
        {
            if ((size = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan((int)at))) > bytes.Length - at - 12)
                throw new InvalidDataException($"a chunk of {size} bytes in a file of {bytes.Length}");
            if (bytes.AsSpan((int)at + 4, 4).SequenceEqual("IDAT"u8)) data.Write(bytes, (int)at + 8, (int)size);
        }
        long width = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(16)),
            height = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(20));
        ImageFile.CheckPixels(height, width, mostPixels);
        const string channels = "1 312 4";                                // for each kind of colours
        if (bytes[25] >= channels.Length || channels[bytes[25]] == ' ')
            throw new InvalidDataException($"there is no kind {bytes[25]} of colours");
        var bits = bytes[24] * (channels[bytes[25]] - '0');
        var expected = (bytes[28] == 0 ? [(0, 0, 1, 1)] : Passes).Sum(pass => Bytes(
            (width - pass.X + pass.Right - 1) / pass.Right, (height - pass.Y + pass.Down - 1) / pass.Down));
        data.Position = 0;
        using var inflated = new ZLibStream(data, CompressionMode.Decompress);
        var (buffer, found) = (new byte[1 << 16], 0L);
        for (int n; found <= expected && (n = inflated.Read(buffer)) > 0;) found += n;
        if (found != expected) throw new InvalidDataException($"{height} × {width} pixels are {expected} bytes, and " +
            (found > expected ? "more are there" : $"{found} are there"));

        // a line begins with the number of its filter
        long Bytes(long pixels, long lines) => pixels > 0 && lines > 0 ? lines * (1 + (pixels * bits + 7) / 8) : 0;
    }
}
