using System.Diagnostics;
using System.Globalization;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// The folder of shared memory. It belongs to the user and is closed to others, and it is in memory (/dev/shm) if there
/// is such a file system, otherwise in the temporary directory. The name of a file says which process created it; when
/// that process ends, or when another one starts after its end, the file is deleted. The folder may disappear at any
/// time, and is created again; what is mapped stays. Containers that share /dev/shm must share process ids.
/// </summary>
static class SharedFolder
{
    const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    static readonly string folder = Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"tensorlet-{Environment.UserName}");
    static long count;

    /// <summary>The key of this process.</summary>
    public static readonly long Me = Key(Environment.ProcessId);

    static SharedFolder()
    {
        if (Foreign(folder) is null) Clean(folder, process => !IsAlive(process));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Clean(folder, process => process == Me);
    }

    /// <summary>The folder, which is created if it does not exist.</summary>
    public static string Make()
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Own);
        return Foreign(folder) is not { } why ? folder
            : throw new TensorletException($"{folder} must not hold shared memory: {why}.");
    }

    /// <summary>The number of free bytes there.</summary>
    public static long Free => new DriveInfo(Path.GetDirectoryName(folder)!).AvailableFreeSpace;

    /// <summary>A name that no other file has had.</summary>
    public static string NewName() => $"{Me:x16}-{Interlocked.Increment(ref count):x}";

    /// <summary>The file with a name, which must not lead elsewhere.</summary>
    public static string Find(string name) => Maker(name) != 0 && name.All(c => char.IsAsciiHexDigit(c) || c == '-')
        ? Path.Combine(folder, name) : throw new InvalidDataException($"'{name}' is not a name of shared memory.");

    /// <summary>The process that created the file with this name; 0 if the name is not one of ours.</summary>
    public static long Maker(string name) => name.Given().IndexOf('-') == 16 && long.TryParse(
        name.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var maker) ? maker : 0;

    /// <summary>Deletes the files of these processes.</summary>
    public static void Clean(string folder, Func<long, bool> made) => Quietly(() =>
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            if (Maker(Path.GetFileName(file)) is not 0 and var maker && made(maker)) Delete(file);
    });

    /// <summary>Windows keeps a file that a process still maps; the next start deletes it.</summary>
    public static void Delete(string file) => Quietly(() => File.Delete(file));

    /// <summary>A file that cannot be deleted, or no longer exists, must not end the process.</summary>
    static void Quietly(Action clean)
    { try { clean(); } catch (Exception e) when (e is IOException or UnauthorizedAccessException) { } }

    /// <summary>
    /// Why others than this user may write to a file or folder; null if they may not. This is checked on Linux only;
    /// elsewhere, the temporary directory itself belongs to the user.
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

    /// <summary>True while the process with this key runs, and if that cannot be found out.</summary>
    public static bool IsAlive(long process)
    {
        try { return Key((int)process) == process; }
        catch (Exception e)
        { return e is not (DirectoryNotFoundException or ArgumentException or InvalidOperationException); }
    }

    /// <summary>
    /// A process: its id in the lower bits and, because ids are used again, the time of its start in the upper bits; 0
    /// if it has ended.
    /// </summary>
    static long Key(int process)
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetProcessById(process).StartTime.ToFileTimeUtc() << 32 | (uint)process;
        // after the name of the program in brackets, which may contain anything: the state and, 19 fields later, the
        // start
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ');
        return fields[1] is "Z" or "X" ? 0 : long.Parse(fields[20], CultureInfo.InvariantCulture) << 32 | (uint)process;
    }
}
