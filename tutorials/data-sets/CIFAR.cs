using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// CIFAR-10: 50,000 training and 10,000 test images (3, 32, 32) in ten classes (Krizhevsky 2009), in the official
/// binary records of a label and the red, green and blue bytes. Read from the folder cifar-10-batches-bin of the root,
/// or from the root, files gzipped or not, or from the archive in the root as it is downloaded.
/// </summary>
/// <inheritdoc cref="MNIST(string?, bool, Transform?, bool, IProgress{DownloadProgress}?)"/>
sealed class CIFAR10(string? root = null, bool train = true, Transform? transform = null, bool download = false,
    IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Files.Load(root ?? Download.Folder, train, download, progress), [3, 32, 32], transform)
{
    static readonly CifarSet Files = new("cifar-10-batches-bin", 1, 10, 10_000,
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        "test_batch.bin", new("cifar-10-binary.tar.gz", 170052171, "c32a1d4ab5d03f1284b67883e8d87530",
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"));

    /// <summary>What the labels 0 … 9 mean.</summary>
    public static readonly string[] Classes =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <inheritdoc cref="Read(string, long)"/>
    public static (byte[] Images, byte[] Labels) Read(string path) => Files.Read(path, Files.Most);

    /// <summary>The images (N × 3 × 32 × 32) and labels (N) of one file of records, gzipped or not.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most records that it may have; if not given, as many as the set has.</param>
    /// <exception cref="InvalidDataException">It is not a file of complete records, has too many, is damaged, or a
    /// label is not a class.</exception>
    public static (byte[] Images, byte[] Labels) Read(string path, long most) => Files.Read(path, most);
}

/// <summary>
/// CIFAR-100: as <see cref="CIFAR10"/>, in a hundred classes. A record begins with the label of one of 20 coarse
/// classes, which is not used. Read from the folder cifar-100-binary.
/// </summary>
/// <inheritdoc cref="MNIST(string?, bool, Transform?, bool, IProgress{DownloadProgress}?)"/>
sealed class CIFAR100(string? root = null, bool train = true, Transform? transform = null, bool download = false,
    IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Files.Load(root ?? Download.Folder, train, download, progress), [3, 32, 32], transform)
{
    static readonly CifarSet Files = new("cifar-100-binary", 2, 100, 50_000, ["train.bin"], "test.bin",
        new("cifar-100-binary.tar.gz", 168513733, "03b5dce01913d631647c71ecec9e9cb8",
            "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"));

    /// <inheritdoc cref="CIFAR10.Read(string, long)"/>
    public static (byte[] Images, byte[] Labels) Read(string path) => Files.Read(path, Files.Most);

    /// <inheritdoc cref="CIFAR10.Read(string, long)"/>
    public static (byte[] Images, byte[] Labels) Read(string path, long most) => Files.Read(path, most);
}

/// <summary>
/// Where a CIFAR set is, and its records: the number of bytes of labels, the last of which counts, and the most records
/// in a file.
/// </summary>
sealed record CifarSet(string Folder, int LabelBytes, int Classes, int Most, string[] Train, string Test,
    Download Archive)
{
    const int Pixels = 3 * 32 * 32;

    public (byte[] Images, byte[] Labels) Load(
        string root, bool train, bool download, IProgress<DownloadProgress>? progress)
    {
        var (names, count) = train ? (Train, 50_000) : ([Test], 10_000);
        var files = Array.ConvertAll(names, name => ImageDataset.Find(name, Path.Combine(root, Folder), root));
        var parts = files.Contains(null) ? FromArchive() : Array.ConvertAll(files, path => Read(path!, Most));
        var found = parts.Sum(part => part.Labels.Length);
        return found == count ? (Joined(parts, part => part.Images), Joined(parts, part => part.Labels))
            : throw new InvalidDataException($"CIFAR-{Classes} in {root}: expected {count} images, found {found}.");

        // in one pass; nothing is written, whatever the paths in the archive are
        (byte[] Images, byte[] Labels)[] FromArchive()
        {
            var path = download ? Archive.Fetch(root, progress) : Path.Combine(root, Archive.Name);
            if (!File.Exists(path)) throw new FileNotFoundException(
                $"CIFAR-{Classes}: expected {string.Join(", ", names)} in {root} or its folder {Folder}, or " +
                $"{Archive.Name} in {root}; found neither. The environment variable {MNIST.Variable} names the root; " +
                "or say download: true.", path);
            var found = new Dictionary<string, (byte[], byte[])>();
            Unpacked.Read(path, content =>
            {
                foreach (var (name, length) in Tar.Files(content))
                    if (names.Contains(Path.GetFileName(name)))
                        found[Path.GetFileName(name)] = Records(content, length, Most);
                return found;
            });
            return Array.ConvertAll(names, name => found.TryGetValue(name, out var part) ? part
                : throw new InvalidDataException($"{path}: expected {name} in it, found none."));
        }
    }

    public (byte[] Images, byte[] Labels) Read(string path, long most) =>
        Unpacked.Read(path, content => Records(content, content.Length, most), most * (LabelBytes + Pixels));

    (byte[] Images, byte[] Labels) Records(Unpacked content, long length, long most)
    {
        var record = LabelBytes + Pixels;
        if (length == 0 || length % record != 0 || length / record > most)
            throw new InvalidDataException($"expected 1 to {most} records of {record} bytes, found {length} bytes.");
        var bytes = content.Next(length, "records");
        var (images, labels) = (new byte[length / record * Pixels], new byte[length / record]);
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = bytes[i * record + LabelBytes - 1];
            bytes.AsSpan(i * record + LabelBytes, Pixels).CopyTo(images.AsSpan(i * Pixels));
        }
        return labels.Max() < Classes ? (images, labels)
            : throw new InvalidDataException($"expected labels 0 to {Classes - 1}, found {labels.Max()} in record " +
                $"{labels.IndexOf(labels.Max())}.");
    }

    static byte[] Joined((byte[], byte[])[] parts, Func<(byte[] Images, byte[] Labels), byte[]> bytes)
    {
        var (all, at) = (new byte[parts.Sum(part => bytes(part).Length)], 0);
        foreach (var part in parts)
        {
            bytes(part).CopyTo(all, at);
            at += bytes(part).Length;
        }
        return all;
    }
}
