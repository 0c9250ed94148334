using System.ComponentModel;
using System.Diagnostics;
using Tensorlet.Multiprocessing;

namespace Tutorials;

/// <summary>
/// Runs an attack in a process that sees a small file system in memory instead of a folder. No other process sees it,
/// and it ends with the process. Linux allows this to every user, unless the administrator has forbidden it.
/// </summary>
static class PrivateMount
{
    const string Mount = "mount -t tmpfs -o size=$1 tmpfs \"$2\" && shift 2 && ";

    /// <summary>Why this is impossible here; or null.</summary>
    public static string? Missing { get; } = OperatingSystem.IsLinux() && Works() ? null
        : "it needs Linux, and the right to 'unshare -rm' and to mount a tmpfs there";

    static bool Works()
    {
        try
        {
            string[] arguments = ["-rm", "sh", "-c", $"{Mount} true", "sh", "1m", Path.GetTempPath()];
            using var process = Process.Start(
                new ProcessStartInfo("unshare", arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception) { return false; }
    }

    /// <summary>Runs the attack.</summary>
    /// <param name="attack">A static method. Its arguments are its rank, and the number of attempts.</param>
    /// <param name="folder">Where the file system is mounted.</param>
    /// <param name="size">Its size, such as 8m.</param>
    /// <param name="count">The number of attempts.</param>
    public static Tally Run(Func<int, string, int, Tally> attack, string folder, string size, int count)
    {
        if (Missing is not null) return new Tally { LeftOut = Missing };
        var (command, exitCode) = (Spawn.Command, Path.GetTempFileName());
        try
        {
            Spawn.Command = ["unshare", "-rm", "sh", "-c", $"echo=$1 && shift && {Mount} \"$@\"; echo $? > \"$echo\"",
                "sh", exitCode, size, folder, .. command];
            var spawned = Spawn.Start(attack, [folder, count]);
            Spawn.Command = command;
            var tally = (Tally)spawned.Join()[0]!;
            return tally.Require(File.ReadAllText(exitCode).Trim() is var code && code == "0",
                $"the process gave its answer, and then ended with exit code {code}");
        }
        finally
        {
            Spawn.Command = command;
            File.Delete(exitCode);
        }
    }
}
