using System.Buffers.Binary;
using StbImageSharp;
using StbImageWriteSharp;
using Tensorlet;
using Tensorlet.Data;
using Components = StbImageWriteSharp.ColorComponents;

namespace Tutorials;

/// <summary>
/// PNG and JPEG files as images (3, H, W), red, green and blue in [0, 1], and back. <see cref="Read"/> is what
/// <see cref="ImageFolder"/> takes as its decoder.
/// </summary>
static class ImageFile
{
    /// <exception cref="InvalidDataException">It is neither PNG nor JPEG, or is damaged. (Checksums are not compared:
    /// damage that leaves a picture is seen in it.)</exception>
    public static Tensor Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            CheckSizes(bytes);
            var image = ImageResult.FromStream(new Strict(bytes), StbImageSharp.ColorComponents.RedGreenBlue);
            return Transform.ToTensor(image.Data, image.Height, image.Width);
        }
        // the decoder has no exception of its own
        catch (Exception e)
        {
            throw new InvalidDataException($"{path}: it is no PNG or JPEG file, or damaged: {e.Message}", e);
        }
    }

    /// <summary>Writes an image (3, H, W), or a grey one (1, H, W); JPEG where the path ends in .jpg.</summary>
    /// <exception cref="ShapeException">It is no such image.</exception>
    public static void Write(string path, Tensor image, int quality = 95)
    {
        if (image.Size() is not ([1 or 3, > 0, > 0] and var shape))
            throw new ShapeException($"Write: an image is (3, H, W) or (1, H, W), not {image.Layout}.");
        var (height, width) = (shape[1], shape[2]);
        var components = shape[0] == 1 ? Components.Grey : Components.RedGreenBlue;
        var pixels = Array.ConvertAll(image.Permute(1, 2, 0).ToArray<float>(),
            value => (byte)Math.Round(255 * Math.Clamp(value, 0, 1)));
        using var file = File.Create(path);
        if (Path.GetExtension(path) == ".jpg") new ImageWriter().WriteJpg(pixels, width, height, components, file, quality);
        else new ImageWriter().WritePng(pixels, width, height, components, file);
    }

    /// <summary>
    /// Refuses sizes that the file cannot have, for the decoder allocates what it is told: a byte of PNG or JPEG
    /// makes at most 1,032 pixels (so much deflate repeats; JPEG makes 256), and a chunk of PNG is no longer than the
    /// file.
    /// </summary>
    static void CheckSizes(byte[] bytes)
    {
        const int Most = 1032;
        var png = bytes is [0x89, (byte)'P', (byte)'N', (byte)'G', ..];
        if (!png && bytes is not [0xFF, 0xD8, 0xFF, ..]) throw new InvalidDataException("found another beginning");
        for (long at = 8, size; png && at + 4 <= bytes.Length; at += size + 12)
            if ((size = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan((int)at))) > bytes.Length - at - 12)
                throw new InvalidDataException($"a chunk of {size} bytes in a file of {bytes.Length}");
        if (ImageInfo.FromStream(new Strict(bytes)) is not { } info
            || (long)info.Width * info.Height > Most * (long)bytes.Length)
            throw new InvalidDataException("impossible height and width");
    }

    /// <summary>Bytes whose end is an error; at the usual zeros the decoder may search for a marker for ever.</summary>
    sealed class Strict(byte[] bytes) : MemoryStream(bytes)
    {
        public override int ReadByte() => base.ReadByte() is >= 0 and var b ? b : throw new EndOfStreamException();

        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is var read && read == count ? read : throw new EndOfStreamException();
    }
}
