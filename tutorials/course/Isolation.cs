using System.Diagnostics;

namespace Tutorials;

/// <summary>Keeps the process of an answer from files and the network, where bubblewrap is installed.</summary>
static class Isolation
{
    /// <summary>What the process of an answer loads of its folder; solutions and graders stay out.</summary>
    static readonly string[] loaded = ["answers.dll", "answers.deps.json", "answers.runtimeconfig.json",
        "Tensorlet.dll", "ILGPU.dll", "ILGPU.Algorithms.dll", "MathNet.Numerics.dll"];

    static readonly Lazy<string?> program = new(() => !OperatingSystem.IsLinux() ? null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "bwrap"))
            .FirstOrDefault(path => File.Exists(path) && Works(path)));

    /// <summary>Whether answers are kept from files and the network.</summary>
    public static bool IsThere => program.Value is not null;

    /// <summary>What is said of it to the one who grades.</summary>
    public static string Text => IsThere
        ? "Answers run in bubblewrap: without the network, and without files but those of .NET and the library."
        : """
          bubblewrap is not installed, so nothing but the list of what an answer may not use keeps answers from files
          and the network. To grade in a container:
            docker run --rm --network none -v "$PWD:/project" -w /project \
              -v "$HOME/.nuget/packages:/packages:ro" -e NUGET_PACKAGES=/packages \
              mcr.microsoft.com/dotnet/sdk:10.0 dotnet run --project tutorials -- grade answers --csv grades.csv
          """;

    /// <summary>What stands before a command so that it runs alone; nothing where there is no bubblewrap.</summary>
    /// <param name="dotnet">The folder of .NET.</param>
    /// <param name="folder">The folder of the program.</param>
    public static IEnumerable<string> Prefix(string dotnet, string folder) => program.Value is not { } bwrap ? [] :
    [
        bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev",
        "--tmpfs", "/tmp", .. new[] { "/usr", "/lib", "/lib64", dotnet }.SelectMany(ReadOnly),
        .. loaded.Select(file => Path.Combine(folder, file)).SelectMany(ReadOnly), "--chdir", "/tmp",
    ];

    static string[] ReadOnly(string path) => ["--ro-bind-try", path, path];

    static bool Works(string path)
    {
        using var trial = Process.Start(new ProcessStartInfo(path, ["--unshare-all", "--ro-bind", "/", "/", "true"])
        { RedirectStandardError = true })!;
        return trial.WaitForExit(5000) && trial.ExitCode == 0;
    }
}
