using StbImageSharp;
using StbImageWriteSharp;
using Tensorlet;
using Tensorlet.Data;
using Components = StbImageWriteSharp.ColorComponents;

namespace Tutorials;

/// <summary>
/// Reads and writes PNG and JPEG files as images (3, H, W), red, green and blue in [0, 1]. <see cref="Read"/> can be
/// the decoder of <see cref="ImageFolder"/>.
/// </summary>
static class ImageFile
{
    /// <summary>
    /// The most pixels that an image may have by default, 4096 × 4096; reading takes about 40 bytes for each.
    /// </summary>
    public const long MostPixels = 1 << 24;

    /// <inheritdoc cref="Read(string, long)"/>
    public static Tensor Read(string path) => Read(path, MostPixels);

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostPixels">The most pixels that it may have, because a few kB can be an image of gigabytes. The
    /// size, and that there are enough data for it, is checked before memory is allocated.</param>
    /// <exception cref="InvalidDataException">It is neither PNG nor JPEG, has more pixels, or is damaged. (The
    /// checksums of chunks are not compared: damage that leaves a picture is visible in it.)</exception>
    public static Tensor Read(string path, long mostPixels)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            if (bytes is [0x89, (byte)'P', (byte)'N', (byte)'G', ..]) PngSize.Check(bytes, mostPixels);
            else if (bytes is [0xFF, 0xD8, 0xFF, ..]) new JpegSize(bytes).Check(mostPixels);
            else throw new InvalidDataException("found another beginning");
            var image = ImageResult.FromStream(new Strict(bytes), StbImageSharp.ColorComponents.RedGreenBlue);
            return Transform.ToTensor(image.Data, image.Height, image.Width);
        }
        // the decoder has no exception type of its own
        catch (Exception e)
        {
            throw new InvalidDataException($"{path}: it is no PNG or JPEG file, damaged or too large: {e.Message}", e);
        }
    }

    /// <summary>Refuses an image that is too large to be read.</summary>
    internal static void CheckPixels(long height, long width, long most)
    {
        if (height * width > most) throw new InvalidDataException($"it has {height} × {width} pixels, and {most} are " +
            "allowed. If you trust the file and have the memory, allow more: ImageFile.Read(path, mostPixels)");
    }

    /// <summary>Writes an image (3, H, W), or a grey one (1, H, W); JPEG where the path ends in .jpg.</summary>
    /// <exception cref="ShapeException">It is not such an image.</exception>
    public static void Write(string path, Tensor image, int quality = 95)
    {
        if (image.Size() is not ([1 or 3, > 0, > 0] and var shape))
            throw new ShapeException($"Write: an image is (3, H, W) or (1, H, W), not {image.Layout}.");
        var (height, width) = (shape[1], shape[2]);
        var components = shape[0] == 1 ? Components.Grey : Components.RedGreenBlue;
        var pixels = Array.ConvertAll(image.Permute(1, 2, 0).ToArray<float>(),
            value => (byte)Math.Round(255 * Math.Clamp(value, 0, 1)));
        using var file = File.Create(path);
        var writer = new ImageWriter();
        if (Path.GetExtension(path) == ".jpg") writer.WriteJpg(pixels, width, height, components, file, quality);
        else writer.WritePng(pixels, width, height, components, file);
    }

    /// <summary>
    /// Bytes whose end is an error; with the usual zeros, the decoder might search for a marker for ever.
    /// </summary>
    sealed class Strict(byte[] bytes) : MemoryStream(bytes)
    {
        public override int ReadByte() => base.ReadByte() is >= 0 and var b ? b : throw new EndOfStreamException();

        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is var read && read == count ? read : throw new EndOfStreamException();
    }
}
