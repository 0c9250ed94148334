using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Tensorlet.Tests;

/// <summary>What the sources promise about themselves.</summary>
public class SourceTests
{
    static string Here([CallerFilePath] string path = "") => path;

    static readonly string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, ".."));

    /// <summary>The files of the devices, without comments.</summary>
    public static Lazy<string[]> DeviceSources { get; } = new(() => [.. Directory.EnumerateFiles(
        Path.Combine(root, "Tensorlet", "Device"), "*.cs", SearchOption.AllDirectories)
        .Select(file => Regex.Replace(File.ReadAllText(file), "//.*", ""))]);

    /// <summary>
    /// A size at which a device switches to another method is a constant of a class, where the tests find it and
    /// generate shapes around it.
    /// </summary>
    [Fact]
    public void No_threshold_hides_in_the_code_of_a_device()
    {
        var hidden =
            from text in DeviceSources.Value
            from line in text.Split('\n')
            where !Regex.IsMatch(line, @"\bconst (int|long)\b|=> \d+;|Vector512.Create\(\d")
            where Regex.IsMatch(line, @"[^\w.]\d{2,}(?![\w.*]| [*])|\d <<")
                || Regex.IsMatch(line, @"[<>]=? \d+ \* [A-Z]\w+ *[;)&|]")
            select line.Trim();
        Assert.NotEmpty(DeviceSources.Value);
        Assert.Empty(hidden);
    }

    [Fact]
    public void Constants_of_devices_are_found() => Assert.Superset(
        new HashSet<int> { 16, 256, 1 << 10, 1 << 14, 1 << 16, 1 << 20 }, Devices.Thresholds.All.ToHashSet());

    [Fact]
    public void No_line_is_wider_than_120()
    {
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
