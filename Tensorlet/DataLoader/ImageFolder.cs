using System.IO.Enumeration;

namespace Tensorlet.Data;

/// <summary>
/// Images in one folder for each class, as in ImageNet: <c>root/cat/1.png</c>, or in folders inside it. Classes and
/// files are sorted by the characters of their names. A sample is (image, label), where the label is the number of its
/// class.
/// </summary>
public sealed class ImageFolder : Dataset
{
    static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"];
    readonly Func<string, Tensor> decode;
    readonly Transform? transform;

    /// <summary>The images in and below a folder.</summary>
    /// <param name="root">The folder that contains the folders of the classes.</param>
    /// <param name="decode">Reads the image (C, H, W) from a file, given its path.</param>
    /// <param name="transform">A transform of the images.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="InvalidDataException">It contains no folders, one of them has no image, or one of them is a
    /// link to the root or above. Below these folders, links to folders are not followed.</exception>
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

    /// <summary>The names of the classes by label.</summary>
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
