using System.Security.Cryptography;
using Tensorlet;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>
/// MNIST: 60,000 training and 10,000 test images (1, 28, 28) of handwritten digits (LeCun, Cortes, Burges), read from
/// its four files, gzipped or not.
/// </summary>
/// <param name="root">The folder with the files, or with a folder mnist that contains them.</param>
/// <param name="train">Whether to read the training images, or the test images.</param>
/// <param name="transform">A transform of the images.</param>
/// <param name="download">Download what is missing.</param>
/// <param name="progress">Called with the progress of a download.</param>
/// <exception cref="FileNotFoundException">A file is missing, and is not to be downloaded.</exception>
/// <exception cref="InvalidDataException">A file is damaged, or is not the one of MNIST.</exception>
/// <exception cref="DownloadException">A file could not be downloaded.</exception>
sealed class MNIST(string? root = null, bool train = true, Transform? transform = null, bool download = false,
    IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Load(root ?? Download.Folder, train, download, progress), [1, 28, 28], transform)
{
    /// <summary>The environment variable that names the folder with the files.</summary>
    public const string Variable = "TENSORLET_DATA";

    // MD5 of the inflated files: it distinguishes this data from other data, and does not protect against attackers.
    static readonly IdxSet Files = new("MNIST", "mnist", [
        new("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        new("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
        new("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
        new("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ], ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"]);

    /// <summary>The folder that TENSORLET_DATA names, if it or its folder mnist holds the files; or null.</summary>
    public static string? Folder =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder && Files.AreIn(folder) ? folder : null;

    /// <summary>Reads the training or the test set from a folder, or from its folder mnist.</summary>
    /// <returns>Images (N × 28 × 28, 0 is the background) and labels 0 … 9 (N); N is 60,000 or 10,000.</returns>
    /// <exception cref="FileNotFoundException">A file is missing, and is not to be downloaded.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or is not the one of MNIST.</exception>
    /// <exception cref="DownloadException">A file could not be downloaded.</exception>
    public static (byte[] Images, byte[] Labels) Load(string folder, bool train, bool download = false,
        IProgress<DownloadProgress>? progress = null) => Files.Load(folder, train, download, progress);
}

/// <summary>
/// Fashion-MNIST: 60,000 training and 10,000 test images (1, 28, 28) of clothes in ten classes (Xiao, Rasul, Vollgraf
/// 2017), read from the folder fashion-mnist, because its files have the names of MNIST's.
/// </summary>
/// <inheritdoc cref="MNIST(string?, bool, Transform?, bool, IProgress{DownloadProgress}?)"/>
sealed class FashionMNIST(string? root = null, bool train = true, Transform? transform = null,
    bool download = false, IProgress<DownloadProgress>? progress = null)
    : ImageDataset(Files.Load(root ?? Download.Folder, train, download, progress), [1, 28, 28], transform)
{
    static readonly IdxSet Files = new("FashionMNIST", "fashion-mnist", [
        new("train-images-idx3-ubyte", null, 26421880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        new("train-labels-idx1-ubyte", null, 29515, "25c81989df183df01b3e8a0aad5dffbe"),
        new("t10k-images-idx3-ubyte", null, 4422102, "bef4ecab320f06d8554ea6380940ec79"),
        new("t10k-labels-idx1-ubyte", null, 5148, "bb300cfdad3c16e7a12a480ee83cd310"),
    ], ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"]);

    /// <summary>What the labels 0 … 9 mean.</summary>
    public static readonly string[] Classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
        "Sneaker", "Bag", "Ankle boot"];
}

/// <summary>
/// One of the four files: its name, its MD5 when inflated (if known), and its length and MD5 when gzipped.
/// </summary>
sealed record IdxFile(string Name, string? Md5, long Packed, string PackedMd5);

/// <summary>
/// A set of images (28, 28) in four IDX files: the training images and their labels, and the test images and theirs.
/// </summary>
sealed record IdxSet(string Name, string Folder, IdxFile[] Files, string[] Mirrors)
{
    public bool AreIn(string root) => Files.All(file => Find(root, file.Name) is not null);

    public (byte[] Images, byte[] Labels) Load(
        string root, bool train, bool download, IProgress<DownloadProgress>? progress)
    {
        var (first, count) = train ? (0, 60_000) : (2, 10_000);
        var images = Read(Files[first], [count, 28, 28]);
        var labels = Read(Files[first + 1], [count]);
        var wrong = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)9);
        return wrong < 0 ? (images, labels) : throw new InvalidDataException(
            $"{Files[first + 1].Name} in {root}: expected labels 0 to 9, found {labels[wrong]} at {wrong}.");

        byte[] Read(IdxFile file, int[] expected)
        {
            var path = Find(root, file.Name);
            if (path is null && download)
                path = new Download($"{file.Name}.gz", file.Packed, file.PackedMd5, [.. Mirrors.Select(mirror =>
                    $"{mirror}{file.Name}.gz")]).Fetch(Path.Combine(root, Folder), progress);
            if (path is null) throw new FileNotFoundException(
                $"{Name}: expected {file.Name} or {file.Name}.gz in {root} or its folder {Folder}, found neither. " +
                $"The environment variable {MNIST.Variable} names the folder; or say download: true.", file.Name);
            var (data, shape) = Idx.Read(path, Idx.Header(expected).Length + expected.Aggregate((a, b) => a * b));
            if (!shape.SequenceEqual(expected)) throw new InvalidDataException(
                $"{path}: expected shape [{string.Join(", ", expected)}], found [{string.Join(", ", shape)}].");
            var found = Convert.ToHexStringLower(MD5.HashData([.. Idx.Header(shape), .. data]));
            return found == (file.Md5 ?? found) ? data : throw new InvalidDataException(
                $"{path}: expected MD5 {file.Md5} of the inflated file, found {found}: this is not {Name}'s file.");
        }
    }

    /// <summary>
    /// In the set's own folder; the files of MNIST, which are recognised by their MD5, may also be in the root.
    /// </summary>
    string? Find(string root, string name) =>
        ImageDataset.Find(name, new[] { Path.Combine(root, Folder), root }.Take(Files[0].Md5 is null ? 1 : 2));
}
