using System.Diagnostics;

namespace Tutorials;

/// <summary>A copy of the project without the solutions, to be handed out.</summary>
static class StudentCopy
{
    /// <summary>What belongs in a copy where no git says it: folders, kinds of files, files beside them.</summary>
    static readonly string[] folders = ["Tensorlet", "Tensorlet.Tests", "tutorials"],
        kinds = [".cs", ".csproj", ".md", ".svg", ".png", ".json", ".npz", ".npy", ".safetensors", ".txt", ".py",
            ".sh", ".html", ".css", ".js", ".slnx", ".props", ".config", ".runsettings", ".gitignore"],
        first = [".editorconfig", ".gitignore", "CONTRIBUTING.md", "Directory.Build.props", "LICENSE", "README.md",
            "Tensorlet.sln", "global.json"];

    /// <summary>
    /// Copies all files that git knows, but the solutions, into a folder that is empty or does not exist; without git
    /// those that are on a list.
    /// </summary>
    /// <exception cref="UsageException">The folder has files, or lies within the project; an exercise has been begun
    /// here, so that its answer would be handed out.</exception>
    public static int Run(string folder)
    {
        var (from, to) = (Path.GetFullPath(Path.Combine(Book.Root, "..")), Path.GetFullPath(folder));
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            throw new UsageException($"student-copy: {to} is not empty.");
        if (to.StartsWith(from + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new UsageException($"student-copy: {to} lies within the project; take a folder outside.");
        if (Exercise.All.Where(e => !e.IsUntouched).Select(e => e.File).ToList() is [_, ..] begun)
            throw new UsageException($"student-copy: {string.Join(", ", begun)}: somebody has written there, and it " +
                "would be handed out. Bring back the files as they came (git stash, git checkout).");
        var files = (Tracked(from) ?? Listed(from)).Where(file => Path.GetFileName(file) != "Solution.cs").ToList();
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, file))!);
            File.Copy(Path.Combine(from, file), Path.Combine(to, file));
        }
        Console.WriteLine($"{files.Count} files without solutions are in {to}");
        return 0;
    }

    /// <summary>The files that git knows and that are there; null where the project is no clone.</summary>
    public static IReadOnlyList<string>? Tracked(string from)
    {
        if (!Path.Exists(Path.Combine(from, ".git"))) return null;
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"])
            { WorkingDirectory = from, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var known = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode != 0 ? null
                : [.. known.Split('\0').Where(file => file != "" && File.Exists(Path.Combine(from, file)))];
        }
        catch (System.ComponentModel.Win32Exception) { return null; }           // there is no git
    }

    /// <summary>The files of a project that is no clone: those of its folders, of the kinds that it has.</summary>
    public static IReadOnlyList<string> Listed(string root) =>
    [
        .. first.Where(file => File.Exists(Path.Combine(root, file))),
        .. from folder in folders
           from path in Directory.EnumerateFiles(Path.Combine(root, folder), "*", new EnumerationOptions
           { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
           let file = Path.GetRelativePath(root, path)
           where kinds.Contains(Path.GetExtension(file)) && !file.Split(Path.DirectorySeparatorChar)
               .Any(part => part is "bin" or "obj" or "out" or "TestResults")
           where !Path.GetFileName(file).StartsWith("grades", StringComparison.Ordinal)
           where Path.GetFileName(file) != "Exercise.cs" || IsOfAChapter(file)
           select file,
    ];

    static bool IsOfAChapter(string file) => file.Split(Path.DirectorySeparatorChar) is ["tutorials", var chapter, _]
        && (chapter is [_, _, '-', ..] or "course");
}
