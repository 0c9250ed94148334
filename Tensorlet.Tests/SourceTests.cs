using System.Runtime.CompilerServices;

namespace Tensorlet.Tests;

/// <summary>What the sources promise about themselves.</summary>
public class SourceTests
{
    static string Here([CallerFilePath] string path = "") => path;

    [Fact]
    public void No_line_is_wider_than_120()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, ".."));
        string[] folders = ["Tensorlet", "Tensorlet.Tests", "tutorials"];
        var wide =
            from folder in folders
            from file in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
            where !file.Contains("/obj/") && !file.Contains("\\obj\\")
            from line in File.ReadLines(file).Select((text, i) => (text, number: i + 1))
            where line.text.Length > 120
            select $"{Path.GetRelativePath(root, file)}:{line.number}";
        Assert.Empty(wide);
    }
}
