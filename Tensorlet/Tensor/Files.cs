using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tensorlet;

/// <summary>How all files are written and read here: completely, or not at all.</summary>
static class Files
{
    /// <summary>
    /// Writes under a temporary name in the same folder, flushes to disk and renames. At every moment, either the old
    /// or the new file is complete, and a failure leaves the old one.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        path = Path.GetFullPath(OfFile("Save", path));
        try
        {
            Sweep(path);
            // stays open while it is renamed: the lock shows others that clean up that its writer is alive
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
    /// A new temporary file, locked. If another writer deletes it before it is locked, it is created again. Once it is
    /// locked and still has its name, nobody deletes it.
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

    /// <summary>The path, if it is not empty.</summary>
    public static string OfFile(string operation, string path) => path != "" ? path
        : throw new ArgumentException($"{operation}: the path of the file or folder is empty.", nameof(path));

    /// <summary>
    /// Deletes what writers of this path have left that were killed. A file that can be opened exclusively has no
    /// writer: the system releases the locks of a process when it ends.
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

    /// <summary>Reads a file, and adds its path to the message if it is damaged.</summary>
    /// <exception cref="InvalidDataException">The content does not follow the format.</exception>
    public static T Read<T>(string path, string format, Func<FileStream, T> read)
    {
        using var file = File.OpenRead(OfFile("Load", path));
        try { return read(file); }
        catch (Exception e) when (IsDamage(e))
        { throw new InvalidDataException($"{path} is not a valid {format} file: {e.Message}", e); }
    }

    /// <summary>
    /// True for the exceptions that readers of bytes, of JSON and of shapes throw when they refuse the content.
    /// </summary>
    public static bool IsDamage(Exception e) => e is InvalidDataException or EndOfStreamException or JsonException
        or InvalidOperationException or FormatException or ShapeException;
}
