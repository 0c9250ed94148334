using System.Formats.Tar;
using System.IO.Compression;

namespace Tensorlet.Data;

/// <summary>
/// CIFAR-10: 50,000 training and 10,000 test images (3, 32, 32) in ten classes (Krizhevsky 2009), in the official
/// binary records of a label and the red, green and blue bytes. Read from the folder cifar-10-batches-bin of the root,
/// or from the root, files gzipped or not, or from the archive in the root as it is downloaded.
/// </summary>
/// <inheritdoc cref="MNIST(string?, bool, Transform?, bool, IProgress{DownloadProgress}?)"/>
public sealed class CIFAR10(string? root = null, bool train = true, Transform? transform = null, bool download = false,
    IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Files.Load(root ?? Download.Folder, train, download, progress), [3, 32, 32], transform)
{
    static readonly CifarSet Files = new("cifar-10-batches-bin", 1, 10,
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        "test_batch.bin", new("cifar-10-binary.tar.gz", 170052171, "c32a1d4ab5d03f1284b67883e8d87530",
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"));

    /// <summary>What the labels 0 … 9 mean.</summary>
    public static readonly string[] Classes =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>The images (N × 3 × 32 × 32) and labels (N) of one file of records, gzipped or not.</summary>
    /// <exception cref="InvalidDataException">It is no file of whole records, is damaged, or a label is no class.
    /// </exception>
    public static (byte[] Images, byte[] Labels) Read(string path) => Files.Read(path);
}

/// <summary>
/// CIFAR-100: as <see cref="CIFAR10"/>, in a hundred classes. A record begins with the label of one of 20 coarse
/// classes, which is not used. Read from the folder cifar-100-binary.
/// </summary>
/// <inheritdoc cref="MNIST(string?, bool, Transform?, bool, IProgress{DownloadProgress}?)"/>
public sealed class CIFAR100(string? root = null, bool train = true, Transform? transform = null, bool download = false,
    IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Files.Load(root ?? Download.Folder, train, download, progress), [3, 32, 32], transform)
{
    static readonly CifarSet Files = new("cifar-100-binary", 2, 100, ["train.bin"], "test.bin",
        new("cifar-100-binary.tar.gz", 168513733, "03b5dce01913d631647c71ecec9e9cb8",
            "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"));

    /// <inheritdoc cref="CIFAR10.Read"/>
    public static (byte[] Images, byte[] Labels) Read(string path) => Files.Read(path);
}

/// <summary>Where a CIFAR set is, and its records: so many bytes of labels, the last of which counts.</summary>
sealed record CifarSet(string Folder, int LabelBytes, int Classes, string[] Train, string Test, Download Archive)
{
    const int Pixels = 3 * 32 * 32, Most = 50_000;
    int Record => LabelBytes + Pixels;

    public (byte[] Images, byte[] Labels) Load(
        string root, bool train, bool download, IProgress<DownloadProgress>? progress)
    {
        var names = train ? Train : [Test];
        var paths = names.Select(name => Find(root, name)).ToList();
        var archive = Path.Combine(root, Archive.Name);
        if (paths.Contains(null) && download) archive = Archive.Fetch(root, progress);
        if (paths.Contains(null) && !File.Exists(archive)) throw new FileNotFoundException(
            $"CIFAR-{Classes}: expected {string.Join(", ", names)} in {Path.Combine(root, Folder)}, or {Archive.Name} " +
            $"in {root}; found neither. Say download: true, or name the folder in {MNIST.Variable}.", archive);
        var parts = paths.Contains(null) ? FromArchive(archive, names) : paths.ConvertAll(path => Read(path!));
        var images = parts.SelectMany(part => part.Images).ToArray();
        return images.Length == (train ? 50_000 : 10_000) * Pixels ? (images, [.. parts.SelectMany(part => part.Labels)])
            : throw new InvalidDataException($"CIFAR-{Classes} in {root}: expected {(train ? 50_000 : 10_000)} images, " +
                $"found {images.Length / Pixels}.");
    }

    string? Find(string root, string name) =>
        new[] { Path.Combine(root, Folder, name), Path.Combine(root, name) }
            .SelectMany(path => new[] { path, path + ".gz" }).FirstOrDefault(File.Exists);

    public (byte[] Images, byte[] Labels) Read(string path) => Unpacked.Read(path, content =>
        Records(content.Length, length => content.Next(length, "records")));

    /// <summary>The files of these names, found in one pass; nothing is written, whatever the paths in it are.</summary>
    List<(byte[] Images, byte[] Labels)> FromArchive(string path, string[] names)
    {
        var found = new Dictionary<string, (byte[], byte[])>();
        try
        {
            using var archive = new TarReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
            while (found.Count < names.Length && archive.GetNextEntry() is { } entry)
                if (names.Contains(Path.GetFileName(entry.Name)) && entry.DataStream is { } content)
                    found[Path.GetFileName(entry.Name)] = Records(entry.Length, length =>
                    {
                        var bytes = new byte[length];
                        content.ReadExactly(bytes);
                        return bytes;
                    });
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"{path}: the archive is damaged: {e.Message}", e);
        }
        return [.. names.Select(name => found.TryGetValue(name, out var part) ? part
            : throw new InvalidDataException($"{path}: expected {name} in it, found none."))];
    }

    (byte[] Images, byte[] Labels) Records(long length, Func<int, byte[]> read)
    {
        if (length == 0 || length % Record != 0 || length > Most * (long)Record)
            throw new InvalidDataException($"expected 1 to {Most} records of {Record} bytes, found {length} bytes.");
        var (bytes, count) = (read((int)length), (int)(length / Record));
        var (images, labels) = (new byte[count * Pixels], new byte[count]);
        for (var i = 0; i < count; i++)
        {
            labels[i] = bytes[i * Record + LabelBytes - 1];
            if (labels[i] >= Classes) throw new InvalidDataException(
                $"expected labels 0 to {Classes - 1}, found {labels[i]} in record {i}.");
            bytes.AsSpan(i * Record + LabelBytes, Pixels).CopyTo(images.AsSpan(i * Pixels));
        }
        return (images, labels);
    }
}
