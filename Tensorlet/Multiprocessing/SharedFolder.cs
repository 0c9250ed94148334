using System.Diagnostics;
using System.Globalization;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// The folder of shared memory. It belongs to the user and is closed to other users. If the folder /dev/shm, a file
/// system in memory, exists, the folder is inside it; otherwise, it is in the temporary directory. The name of a
/// file says which process created the file. The file is deleted when that process ends. If that process is killed,
/// the file is deleted when another process first uses the folder. The folder may disappear at any time, and is then
/// created again; memory that is mapped stays. Containers that share /dev/shm must share process ids.
/// </summary>
static class SharedFolder
{
    const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    static readonly string folder = Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"tensorlet-{Environment.UserName}");
    static long count;

    /// <summary>The key of this process, with which the names of its files begin.</summary>
    public static readonly long Me = Key(Environment.ProcessId);

    static SharedFolder()
    {
        if (Foreign(folder) is null) Clean(folder, process => !IsAlive(process));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Clean(folder, process => process == Me);
    }

    /// <summary>Returns the folder, and creates it if it does not exist.</summary>
    public static string Make()
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Own);
        return Foreign(folder) is not { } why ? folder
            : throw new TensorletException($"{folder} must not hold shared memory: {why}.");
    }

    /// <summary>The number of free bytes in the file system of the folder.</summary>
    public static long Free => new DriveInfo(Path.GetDirectoryName(folder)!).AvailableFreeSpace;

    /// <summary>Returns a name that no other file has had.</summary>
    public static string NewName() => $"{Me:x16}-{Interlocked.Increment(ref count):x}";

    /// <summary>Returns the path of the file with the given name. The name must not lead out of the folder.</summary>
    public static string Find(string name) => Maker(name) != 0 && name.All(c => char.IsAsciiHexDigit(c) || c == '-')
        ? Path.Combine(folder, name) : throw new InvalidDataException($"'{name}' is not a name of shared memory.");

    /// <summary>
    /// Returns the key of the process that created the file with this name, or 0 if the name does not begin with
    /// such a key.
    /// </summary>
    public static long Maker(string name) => name.Given().IndexOf('-') == 16 && long.TryParse(
        name.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var maker) ? maker : 0;

    /// <summary>
    /// Deletes the files in a folder that were created by processes for which <paramref name="made"/> returns true.
    /// </summary>
    public static void Clean(string folder, Func<long, bool> made) => Quietly(() =>
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            if (Maker(Path.GetFileName(file)) is not 0 and var maker && made(maker)) Delete(file);
    });

    /// <summary>
    /// Deletes a file. On Windows, a file that a process still maps cannot be deleted; it is deleted when the next
    /// process that uses this library starts.
    /// </summary>
    public static void Delete(string file) => Quietly(() => File.Delete(file));

    /// <summary>
    /// Runs an action that deletes files, and ignores the errors of the file system. A file that cannot be deleted,
    /// or no longer exists, must not end the process.
    /// </summary>
    static void Quietly(Action clean)
    { try { clean(); } catch (Exception e) when (e is IOException or UnauthorizedAccessException) { } }

    /// <summary>
    /// Returns null if only this user may use a file or folder; otherwise, returns the reason why other users may
    /// use it. This is checked on Linux only; elsewhere, the temporary directory itself belongs to the user.
    /// </summary>
    public static unsafe string? Foreign(string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var status = stackalloc byte[256];      // a struct statx: the owner is at byte 20, the rights are at byte 28
        return Status(-100, path, 0x100, 0xA, status) != 0 || *(uint*)(status + 20) != User()
            ? "it belongs to another user" : (status[28] & 0b111_111) != 0 ? "other users may use it" : null;
    }

    [DllImport("libc", EntryPoint = "statx")]
    static extern unsafe int Status(int folder, string path, int flags, uint mask, byte* status);
    [DllImport("libc", EntryPoint = "geteuid")]
    static extern uint User();

    /// <summary>Returns true if the process with this key is running, or if this cannot be found out.</summary>
    public static bool IsAlive(long process)
    {
        try { return Key((int)process) == process; }
        catch (Exception e)
        { return e is not (DirectoryNotFoundException or ArgumentException or InvalidOperationException); }
    }

    /// <summary>
    /// Returns the key of a process, which is 0 if the process has ended. Otherwise, the lower bits of the key are
    /// the id of the process. Because ids are used again, the upper bits are the time at which the process started.
    /// </summary>
    static long Key(int process)
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetProcessById(process).StartTime.ToFileTimeUtc() << 32 | (uint)process;
        // the name of the program is in brackets and may contain anything; after it come the state and, 19 fields
        // later, the time of the start
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ');
        return fields[1] is "Z" or "X" ? 0 : long.Parse(fields[20], CultureInfo.InvariantCulture) << 32 | (uint)process;
    }
}
