using System.Globalization;
using System.Runtime.InteropServices;

namespace Tutorials;

/// <summary>What the system refuses to the process of an answer, where it can: here, on Linux.</summary>
static class Limits
{
    [StructLayout(LayoutKind.Sequential)]
    readonly record struct Range(nuint Now, nuint Most);

    const int Core = 4, FileSize = 1, Data = 2, FileTooLarge = 25, Ignored = 1;

    [DllImport("libc", EntryPoint = "setrlimit")]
    static extern int Set(int resource, in Range range);

    [DllImport("libc", EntryPoint = "signal")]
    static extern nint Handle(int signal, nint handler);

    [DllImport("libc", EntryPoint = "setsid")]
    static extern int NewSession();

    /// <summary>
    /// No files are written, memory that can be written to grows by so much at most, native memory included, and what
    /// the process starts belongs to a group of its own, which ends with it.
    /// </summary>
    public static void Apply(long megabytes)
    {
        if (!OperatingSystem.IsLinux()) return;
        NewSession();
        Handle(FileTooLarge, Ignored);          // an exception, and not the end
        Most(Core, 0);
        Most(FileSize, 0);
        var now = File.ReadLines("/proc/self/status")
            .First(line => line.StartsWith("VmData", StringComparison.Ordinal));
        var kilobytes = long.Parse(now.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
        Most(Data, (kilobytes << 10) + (megabytes << 20));
    }

    static void Most(int resource, long most) => Set(resource, new((nuint)most, (nuint)most));
}
