using System.Diagnostics;
using System.Globalization;

namespace Tensorlet.Multiprocessing;

/// <summary>
/// Where shared memory lies: a folder of the user's own and closed to others, in memory (/dev/shm) where there is such
/// a place, else in the temporary directory. The name of a file says which process made it; when that one ends, or
/// has ended and another one starts, the file is deleted. The folder may disappear at any time, and is made again; what
/// is mapped stays. Containers that share /dev/shm have to share process ids.
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

    /// <summary>The folder, made unless it is there.</summary>
    public static string Make()
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Own);
        return Foreign(folder) is not { } why ? folder
            : throw new TensorletException($"{folder} must hold no shared memory: {why}.");
    }

    /// <summary>How many bytes are free there.</summary>
    public static long Free => new DriveInfo(Path.GetDirectoryName(folder)!).AvailableFreeSpace;

    /// <summary>A name that no other file has had.</summary>
    public static string NewName() => $"{Me:x16}-{Interlocked.Increment(ref count):x}";

    /// <summary>The file of a name, which may not lead elsewhere.</summary>
    public static string Find(string name) => Maker(name) != 0 && name.All(c => char.IsAsciiHexDigit(c) || c == '-')
        ? Path.Combine(folder, name) : throw new InvalidDataException($"'{name}' is no name of shared memory.");

    /// <summary>The process that made the file of this name; 0 if it is no name of ours.</summary>
    public static long Maker(string name) => name.Given().IndexOf('-') == 16 && long.TryParse(
        name.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var maker) ? maker : 0;

    /// <summary>Deletes the files of those processes.</summary>
    public static void Clean(string folder, Func<long, bool> made) => Quietly(() =>
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            if (Maker(Path.GetFileName(file)) is not 0 and var maker && made(maker)) Delete(file);
    });

    /// <summary>Windows keeps a file that somebody still maps; the next start deletes it.</summary>
    public static void Delete(string file) => Quietly(() => File.Delete(file));

    /// <summary>What cannot be cleaned, or is gone already, must not end the process.</summary>
    static void Quietly(Action clean)
    { try { clean(); } catch (Exception e) when (e is IOException or UnauthorizedAccessException) { } }

    /// <summary>
    /// Why others than this user may write to a file or folder; null if they may not. But on Linux, the temporary
    /// directory itself is the user's own.
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

    /// <summary>True while the process of this key runs, and where that cannot be told.</summary>
    public static bool IsAlive(long process)
    {
        try { return Key((int)process) == process; }
        catch (Exception e)
        { return e is not (DirectoryNotFoundException or ArgumentException or InvalidOperationException); }
    }

    /// <summary>
    /// A process: its id below and, because ids are used again, when it started above. 0 for one that has ended.
    /// </summary>
    static long Key(int process)
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetProcessById(process).StartTime.ToFileTimeUtc() << 32 | (uint)process;
        // behind the program's name in brackets, which may hold anything: the state and, 19 fields on, the start
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ');
        return fields[1] is "Z" or "X" ? 0 : long.Parse(fields[20], CultureInfo.InvariantCulture) << 32 | (uint)process;
    }
}
