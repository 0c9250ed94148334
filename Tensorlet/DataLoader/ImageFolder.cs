using System.IO.Enumeration;

namespace Tensorlet.Data;

/// <summary>
/// A dataset of images with a folder for each class, like ImageNet: <c>root/cat/1.png</c> is an image of the class
/// <c>cat</c>. Images may also be in folders inside the folder of a class. The classes are sorted by name, and the
/// files of a class by path, in both cases by the numeric codes of the characters. A sample consists of an image and a
/// label, which is the number of the class of the image.
/// </summary>
public sealed class ImageFolder : Dataset
{
    static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"];
    readonly Func<string, Tensor> decode;
    readonly Transform? transform;

    /// <summary>Finds the images of all classes.</summary>
    /// <param name="root">The folder that contains the folders of the classes. Inside the folder of a class, links to
    /// other folders are not followed.</param>
    /// <param name="decode">A function that takes the path of a file and returns the image in this file as a tensor of
    /// shape (C, H, W), where C, H and W are the numbers of channels, rows and columns.</param>
    /// <param name="transform">A transform that is applied to every image.</param>
    /// <exception cref="DirectoryNotFoundException">The folder <paramref name="root"/> does not exist.</exception>
    /// <exception cref="InvalidDataException">The root contains no folders; or one of its folders contains no image; or
    /// one of its folders is a link to the root or to a folder above the root.</exception>
    public ImageFolder(string root, Func<string, Tensor> decode, Transform? transform = null)
    {
        (this.decode, this.transform) = (decode.Given(), transform);
        Tensorlet.Files.OfFile("ImageFolder", root.Given());
        Classes = [.. Directory.GetDirectories(root).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        if (Classes.Count == 0) throw new InvalidDataException($"{root}: expected folders of classes, found none.");
        Samples = [.. Classes.SelectMany((name, label) => Files(Path.Combine(root, name)).Select(f => (f, label)))];

        string[] Files(string folder)
        {
            if (Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName is { } target
                && $"{Path.GetFullPath(root)}/".StartsWith($"{target.TrimEnd('/')}/", StringComparison.Ordinal))
                throw new InvalidDataException($"{folder}: expected images of one class, found a link to {target}.");
            var all = new FileSystemEnumerable<string>(folder, (ref entry) => entry.ToFullPath(),
                new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
            {
                ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
                ShouldRecursePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
            string[] files = [.. all.Where(file =>
                Extensions.Contains(Path.GetExtension(file).ToLowerInvariant())).Order(StringComparer.Ordinal)];
            return files.Length > 0 ? files : throw new InvalidDataException(
                $"{folder}: expected files ending in {string.Join(", ", Extensions)}, found none.");
        }
    }

    /// <summary>The names of the classes, in the order of the labels.</summary>
    public IReadOnlyList<string> Classes { get; }
    /// <summary>The path and the label of each sample.</summary>
    public IReadOnlyList<(string Path, int Label)> Samples { get; }

    /// <inheritdoc/>
    public override int Count => Samples.Count;
    /// <inheritdoc/>
    public override Tensor[] this[int index] => Sample(index, Generator.Default);

    /// <inheritdoc/>
    public override Tensor[] Sample(int index, Generator random)
    {
        var (path, label) = Samples[Index(index)];
        var image = decode(path);
        return [transform?.Apply(image, random) ?? image, Tensor.From([(long)label], [])];
    }
}
