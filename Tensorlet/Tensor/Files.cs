using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tensorlet;

/// <summary>Writes and reads all files of the library. A file is written completely, or not at all.</summary>
static class Files
{
    /// <summary>
    /// Writes a file under a temporary name in the folder of <paramref name="path"/>, flushes the file to disk, and
    /// renames it to <paramref name="path"/>. At every moment, the path holds a complete file, either the old one or
    /// the new one, even if writing is interrupted. If writing fails, the old file remains.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        path = Path.GetFullPath(OfFile("Save", path));
        try
        {
            Sweep(path);
            // the file stays open while it is renamed: other writers clean up files, but not a file that is locked
            using var file = Create(path);
            try
            {
                write(file);
                file.Flush(flushToDisk: true);
                File.Move(file.Name, path, overwrite: true);
            }
            finally { File.Delete(file.Name); }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        { throw new IOException($"{path} cannot be written: {Regex.Replace(e.Message, TemporaryEnd, "")}", e); }
    }

    const string TemporaryEnd = @"\.[0-9a-f]{32}\.tmp";

    /// <summary>
    /// Creates a temporary file and locks it. Another writer may delete the file before it is locked; in this case, a
    /// new temporary file is created. A file that is locked and still has its name is not deleted by other writers.
    /// </summary>
    static FileStream Create(string path)
    {
        const int mostTries = 100;
        for (var tries = 1; ; tries++)
            try
            {
                var name = $"{path}.{Guid.NewGuid():n}.tmp";
                var file = new FileStream(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
                if (File.Exists(name)) return file;
                file.Dispose();
            }
            catch (IOException e) when (e.GetType() == typeof(IOException) && tries < mostTries) { }
    }

    /// <summary>Returns the path, and refuses an empty path.</summary>
    public static string OfFile(string operation, string path) => path != "" ? path
        : throw new ArgumentException($"{operation}: the path of the file or folder is empty.", nameof(path));

    /// <summary>
    /// Deletes the temporary files that killed writers of this path have left. If a file can be opened exclusively,
    /// it no longer has a writer, because the system releases the locks of a process when the process ends.
    /// </summary>
    static void Sweep(string path)
    {
        const FileOptions delete = FileOptions.DeleteOnClose;
        if (!Directory.Exists(Path.GetDirectoryName(path))) return;
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!))
            if (file.StartsWith($"{path}.", StringComparison.Ordinal) && file.EndsWith(".tmp", StringComparison.Ordinal)
                && Guid.TryParseExact(file.AsSpan(path.Length + 1)[..^4], "n", out _))
                try { new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, delete).Dispose(); }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }

    /// <summary>
    /// Reads a file. If the file is damaged, the message of the exception begins with the path of the file.
    /// </summary>
    /// <exception cref="InvalidDataException">The content does not follow the format.</exception>
    public static T Read<T>(string path, string format, Func<FileStream, T> read)
    {
        using var file = File.OpenRead(OfFile("Load", path));
        try { return read(file); }
        catch (Exception e) when (IsDamage(e))
        { throw new InvalidDataException($"{path} is not a valid {format} file: {e.Message}", e); }
    }

    /// <summary>
    /// Returns true for the exceptions with which the readers of bytes, JSON and shapes refuse the content of a file.
    /// </summary>
    public static bool IsDamage(Exception e) => e is InvalidDataException or EndOfStreamException or JsonException
        or InvalidOperationException or FormatException or ShapeException;
}
