using System.Runtime.CompilerServices;

namespace Tutorials;

/// <summary>Counts the lines of code of each folder of the library: neither blank nor comment.</summary>
static class Lines
{
    static string Here([CallerFilePath] string path = "") => path;

    /// <summary>Prints the table that the README shows.</summary>
    public static int Print()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "Tensorlet"));
        if (!Directory.Exists(root))
        {
            Console.Error.WriteLine($"lines: the sources are not at {root}.");
            return 1;
        }
        var rows = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Folder: Folder(Path.GetRelativePath(root, file)), Code: Count(file)))
            .Where(row => row.Folder is not ("bin" or "obj"))
            .GroupBy(row => row.Folder).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        Console.WriteLine("| folder | files | lines of code |\n| --- | ---: | ---: |");
        foreach (var group in rows) Console.WriteLine($"| {group.Key} | {group.Count()} | " +
            $"{group.Sum(row => row.Code):N0} |");
        Console.WriteLine($"| all | {rows.Sum(group => group.Count())} | " +
            $"{rows.Sum(group => group.Sum(row => row.Code)):N0} |");
        return 0;
    }

    static string Folder(string path) => Path.GetDirectoryName(path)?.Replace('\\', '/') switch
    {
        null or "" => ".",
        var folder when folder.StartsWith("bin") || folder.StartsWith("obj") => folder[..3],
        var folder => folder,
    };

    static int Count(string file) =>
        File.ReadLines(file).Select(line => line.Trim()).Count(line => line.Length > 0 && !line.StartsWith("//"));
}
