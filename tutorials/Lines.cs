using System.Runtime.CompilerServices;

namespace Tutorials;

/// <summary>Counts the lines of code of each folder of the library: neither blank nor comment.</summary>
static class Lines
{
    static string Here([CallerFilePath] string path = "") => path;

    /// <summary>The table that CONTRIBUTING.md shows.</summary>
    /// <exception cref="DirectoryNotFoundException">The sources are not where they were compiled.</exception>
    public static string Table()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "Tensorlet"));
        var rows = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Folder: Folder(Path.GetRelativePath(root, file)), Code: Count(file)))
            .Where(row => row.Folder is not ("bin" or "obj"))
            .GroupBy(row => row.Folder).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        return string.Join('\n', ["| folder | files | lines of code |", "| --- | ---: | ---: |",
            .. rows.Select(group => $"| {group.Key} | {group.Count()} | {group.Sum(row => row.Code):N0} |"),
            $"| all | {rows.Sum(group => group.Count())} | {rows.Sum(group => group.Sum(row => row.Code)):N0} |"]);
    }

    static string Folder(string path) => Path.GetDirectoryName(path)?.Replace('\\', '/') switch
    {
        null or "" => ".",
        var folder when folder[..Math.Min(3, folder.Length)] is "bin" or "obj" => folder[..3],
        var folder => folder,
    };

    static int Count(string file) =>
        File.ReadLines(file).Select(line => line.Trim()).Count(line => line.Length > 0 && line is not ['/', '/', ..]);
}
