using System.IO.Compression;

namespace Tensorlet;

/// <summary>NumPy's file of several arrays: a zip archive of NPY files.</summary>
public static class Npz
{
    const string Suffix = ".npy";

    /// <summary>Writes a file, at any moment the old or the new one whole.</summary>
    /// <exception cref="ArgumentException">A name is empty, or would leave a folder where others unpack the file.
    /// </exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, bool compressed = false)
    {
        if (tensors.Keys.FirstOrDefault(name => !IsName(name)) is { } wrong)
            throw new ArgumentException($"Npz.Save: '{wrong}' is no name of an array.");
        Files.Write(path, file =>
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var (name, tensor) in tensors)
            {
                var level = compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression;
                var entry = archive.CreateEntry(name + Suffix, level);
                entry.LastWriteTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);      // the same tensors, the same bytes
                using var content = entry.Open();
                Npy.Write(tensor, content.Write);
            }
        });
    }

    /// <summary>Reads a file, compressed or not. Checksums are compared.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many bytes it may inflate to, if that is more than twice its own length.</param>
    /// <exception cref="InvalidDataException">The file is no archive of NPY files, is damaged, or inflates to more.
    /// </exception>
    public static Dictionary<string, Tensor> Load(string path, long most = 1 << 24) => Files.Read(path, "NPZ", file =>
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        var bytes = archive.Entries.Aggregate(0.0, (sum, entry) => sum + entry.Length);
        if (bytes > Math.Max(most, 2 * file.Length))
            throw new InvalidDataException($"its {file.Length} bytes inflate to {bytes}; if that is meant, say " +
                "most: in Npz.Load");
        var tensors = new Dictionary<string, Tensor>();
        foreach (var entry in archive.Entries)
        {
            var name = entry.FullName.EndsWith(Suffix) ? entry.FullName[..^Suffix.Length] : "";
            if (!IsName(name) || entry.IsEncrypted)
                throw new InvalidDataException($"'{entry.FullName}' is encrypted, or no name of an array");
            using var content = entry.Open();
            var crc = new Crc32();
            var tensor = Npy.Read(entry.Length, span =>
            {
                content.ReadExactly(span);
                crc.Add(span);
            });
            if (content.ReadByte() >= 0 || crc.Value != entry.Crc32)
                throw new InvalidDataException($"'{name}' is longer than it says, or its checksum is another");
            if (!tensors.TryAdd(name, tensor)) throw new InvalidDataException($"'{name}' is there twice");
        }
        return tensors;
    });

    static bool IsName(string name) => name.Split('/', '\\').All(part => part is not ("" or "." or ".."))
        && !name.Contains('\\') && !name.Contains(':') && !name.Contains('\0');
}
