using System.Security.Cryptography;

namespace Tutorials;

/// <summary>
/// MNIST: 60,000 training and 10,000 test images of handwritten digits (LeCun, Cortes, Burges), read from its four
/// files, gzipped or not.
/// </summary>
public static class Mnist
{
    /// <summary>The environment variable that names the folder with the files.</summary>
    public const string Variable = "TENSORLET_DATA";

    // MD5 of the inflated files: it tells this data from any other, and is no protection against malice.
    static readonly (string Name, string Md5)[] Train =
    [
        ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
        ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
    ];

    static readonly (string Name, string Md5)[] Test =
    [
        ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
        ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
    ];

    /// <summary>The folder that TENSORLET_DATA names, if it or its folder mnist holds the files; or null.</summary>
    public static string? Folder =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder
        && Train.Concat(Test).All(file => Find(folder, file.Name) is not null) ? folder : null;

    /// <summary>Reads the training or the test set from a folder, or from its folder mnist.</summary>
    /// <returns>Images (N × 28 × 28, 0 is the background) and labels 0 … 9 (N); N is 60,000 or 10,000.</returns>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or is not the one of MNIST.</exception>
    public static (byte[] Images, byte[] Labels) Load(string folder, bool train)
    {
        var (files, count) = train ? (Train, 60_000) : (Test, 10_000);
        var images = Read(folder, files[0], [count, 28, 28]);
        var labels = Read(folder, files[1], [count]);
        var wrong = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)9);
        return wrong < 0 ? (images, labels) : throw new InvalidDataException(
            $"{files[1].Name} in {folder}: expected labels 0 to 9, found {labels[wrong]} at {wrong}.");
    }

    static byte[] Read(string folder, (string Name, string Md5) file, int[] expected)
    {
        var path = Find(folder, file.Name) ?? throw new FileNotFoundException(
            $"MNIST: expected {file.Name} or {file.Name}.gz in {folder} or its folder mnist, found neither. " +
            $"The environment variable {Variable} names the folder.", file.Name);
        var (data, shape) = Idx.Read(path);
        if (!shape.SequenceEqual(expected))
            throw new InvalidDataException(
                $"{path}: expected shape [{string.Join(", ", expected)}], found [{string.Join(", ", shape)}].");
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        md5.AppendData(Idx.Header(shape));
        md5.AppendData(data);
        var found = Convert.ToHexStringLower(md5.GetHashAndReset());
        return found == file.Md5 ? data : throw new InvalidDataException(
            $"{path}: expected MD5 {file.Md5} of the inflated file, found {found}: this is not MNIST's file.");
    }

    static string? Find(string folder, string name) =>
        new[] { folder, Path.Combine(folder, "mnist") }
            .SelectMany(place => new[] { Path.Combine(place, name), Path.Combine(place, name + ".gz") })
            .FirstOrDefault(File.Exists);
}
