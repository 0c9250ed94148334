using System.IO.Compression;
using System.Text;

namespace Tensorlet;

/// <summary>
/// Reads and writes a file with named tensors, in NumPy's format: a zip archive with one <see cref="Npy"/> file for
/// each tensor. The name of the <see cref="Npy"/> file is the name of the tensor with the ending <c>.npy</c>.
/// </summary>
public static class Npz
{
    /// <summary>
    /// Writes tensors in the same way as <c>numpy.savez</c> or, if <paramref name="compressed"/> is true, as
    /// <c>numpy.savez_compressed</c>. The same tensors always give the same bytes. If writing is interrupted, an old
    /// file with this path remains unchanged; see <see cref="SafeTensors.Save"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A tensor is null; or a name is empty; or a name begins at a root, such as
    /// <c>/a</c> or <c>C:/a</c>; or a name contains a backslash or the part '..'; or a name is not valid Unicode; or a
    /// name is too long for an archive.</exception>
    /// <exception cref="ShapeException">A tensor has more than 64 axes.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, bool compressed = false)
    {
        Files.Write(path, file =>
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var (name, tensor) in tensors.Given())
            {
                if (!IsName(name)) throw new ArgumentException($"Npz.Save: '{name}' cannot be a name in an archive.");
                FileType.Of(name, tensor);
                var entry = archive.CreateEntry($"{name}.npy",
                    compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
                entry.LastWriteTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);          // the earliest in zip
                using var content = entry.Open();
                Npy.Write(tensor, content.Write);
            }
        });
    }

    /// <summary>
    /// Reads an archive whose entries are uncompressed or compressed with DEFLATE. The names in the archive are used as
    /// keys, and never as paths. The CRC-32 of each entry is verified. Before memory is allocated for an entry, the
    /// shape of the entry is compared with the length of the entry.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="expansion">The largest number of bytes by which all entries together may grow when they are
    /// decompressed. If this limit is not given, it is a sixteenth of the memory that this process may use. A damaged
    /// file whose compressed entries claim to be longer than the file is also refused. So the number of bytes that are
    /// read is at most the length of the file plus this limit. A tensor can take up to 8 times as many bytes in memory
    /// as in the archive, because its elements may become Int64 (see <see cref="Npy.Load"/>).</param>
    /// <exception cref="InvalidDataException">The file is not a zip archive of .npy files; or the file is damaged or
    /// encrypted; or the file inflates to more bytes than were allowed; or a name occurs twice; or there is a name that
    /// <see cref="Save"/> refuses.</exception>
    public static Dictionary<string, Tensor> Load(string path, long? expansion = null) =>
        Files.Read(path, "npz", file =>
    {
        const int part = 16;
        var most = expansion ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / part;
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        const int shortest = 22;                    // bytes of an archive without entries
        if (archive.Entries.Count == 0 && file.Length > shortest) throw new InvalidDataException("it has no entries");
        var tensors = new Dictionary<string, Tensor>();
        var (packed, left) = (file.Length, most);
        foreach (var entry in archive.Entries)
        {
            var (full, crc) = (entry.FullName, new Crc32());
            var name = full.EndsWith(".npy", StringComparison.Ordinal) ? full[..^4] : full;
            if (!IsName(name) || tensors.ContainsKey(name) || entry.IsEncrypted)
                throw new InvalidDataException($"'{full}' occurs twice, is encrypted, or leads out of the archive");
            packed -= entry.CompressedLength;
            left -= Math.Max(0, entry.Length - entry.CompressedLength);
            if (packed < 0 || left < 0) throw new InvalidDataException(
                $"'{full}' has {entry.CompressedLength} bytes compressed and {entry.Length} inflated: more than the " +
                $"file has, or than the expansion by {most} bytes that is allowed. If you trust the file and have " +
                "the memory, allow more: Npz.Load(path, expansion: bytes)");
            using var content = entry.Open();
            try
            {
                tensors[name] = Npy.Read(bytes =>
                {
                    content.ReadExactly(bytes);
                    crc.Add(bytes);
                }, entry.Length);
                if (content.ReadByte() >= 0) throw new InvalidDataException("there are trailing bytes");
            }
            catch (Exception e) when (Files.IsDamage(e))
            { throw new InvalidDataException($"'{full}': {e.Message}", e); }
            if (crc.Value != entry.Crc32) throw new InvalidDataException(
                $"'{full}' has the CRC-32 {crc.Value:x8}, and the archive says {entry.Crc32:x8}: it was damaged");
        }
        return tensors;
    });

    static bool IsName(string name) => name.Length > 0 && name[0] != '/' && name is not [_, ':', '/', ..]
        && !name.Contains('\\') && !name.Split('/').Contains("..") && Encoding.UTF8.GetBytes(name) is var bytes
        && bytes.Length + ".npy".Length <= ushort.MaxValue && Encoding.UTF8.GetString(bytes) == name;
}
