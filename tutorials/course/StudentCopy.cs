namespace Tutorials;

/// <summary>A copy of the project without the solutions, to be handed out.</summary>
static class StudentCopy
{
    /// <summary>Copies all sources but the solutions into a folder that is empty or does not exist.</summary>
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
        var count = Copy(new DirectoryInfo(from), to, isRoot: true);
        Console.WriteLine($"{count} files without solutions are in {to}");
        return 0;
    }

    static int Copy(DirectoryInfo from, string to, bool isRoot = false)
    {
        Directory.CreateDirectory(to);
        var count = 0;
        foreach (var file in from.EnumerateFiles())
        {
            if (file.Name is "Solution.cs" || (isRoot && file.Name == "verification.md")) continue;
            file.CopyTo(Path.Combine(to, file.Name));
            count++;
        }
        foreach (var folder in from.EnumerateDirectories())
            if (folder.Name is not ("bin" or "obj" or "out" or "TestResults" or ".git" or ".vs" or ".idea"))
                count += Copy(folder, Path.Combine(to, folder.Name));
        return count;
    }
}
