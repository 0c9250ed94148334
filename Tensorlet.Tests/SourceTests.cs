using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

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
        new HashSet<int> { 16, 64, 256, 1 << 9, 1 << 14, 1 << 16, 1 << 20 }, Devices.Thresholds.All.ToHashSet());

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

    /// <summary>The folders of the library in the order in which one reads them, as the README lists them.</summary>
    static readonly string[] order = ["Formulas", "Tensor", "Device", "Autograd", "Nn", "Optim", "DataLoader",
        "Training", "Multiprocessing", "Legacy"];

    /// <summary>What a folder uses of a later one, and why.</summary>
    static readonly Dictionary<string, string> ahead = new()
    {
        ["Tensor -> Device"] = "a tensor calls the primitives of its device, and a device reads tensors",
        ["Tensor/Tensor.Operations.cs -> Autograd"] = "what a variable computes, a tensor computes by the same line",
        ["Tensor/Generator.cs -> Autograd"] = "a checkpoint asks where random numbers began",
    };

    [Fact]
    public void A_folder_builds_on_those_before_it()
    {
        var readme = File.ReadAllText(Path.Combine(root, "README.md"));
        Assert.Equal(order, Regex.Matches(readme, @"^  (\w+)/ ", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value));
        var library = Path.Combine(root, "Tensorlet") + Path.DirectorySeparatorChar;
        var trees = Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(library, file).Replace('\\', '/'))
            .Where(file => file.Contains('/') && !file.StartsWith("obj/") && !file.StartsWith("bin/"))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(library + file), path: file)).ToArray();
        var references = $"{AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")}".Split(Path.PathSeparator)
            .Select(file => MetadataReference.CreateFromFile(file));
        var usings = CSharpSyntaxTree.ParseText(string.Concat(((string[])["System", "System.Collections.Generic",
            "System.IO", "System.Linq", "System.Runtime.CompilerServices", "System.Runtime.InteropServices",
            "System.Runtime.Intrinsics"]).Select(name => $"global using {name};")));
        var compilation = CSharpCompilation.Create("folders", [.. trees, usings],
            references.Where(reference => !$"{reference.Display}".EndsWith("Tensorlet.dll")));
        var found =
            from tree in trees
            let model = compilation.GetSemanticModel(tree)
            from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
            let symbol = model.GetSymbolInfo(name).Symbol
            where symbol is not (null or INamespaceSymbol)
            // a type whose parts lie in several folders belongs to the first of them
            let places = symbol.Locations.Where(l => l.IsInSource)
                .Select(l => l.SourceTree!.FilePath.Split('/')[0]).ToArray()
            where places.Length > 0
            let here = tree.FilePath.Split('/')[0]
            let there = places.MinBy(place => Array.IndexOf(order, place))!
            where Array.IndexOf(order, there) > Array.IndexOf(order, here)
            select (Use: $"{here} -> {there}", File: $"{tree.FilePath} -> {there}", Name: $"{symbol}");
        var uses = found.Distinct().ToArray();
        Assert.DoesNotContain(uses, use => !ahead.ContainsKey(use.Use) && !ahead.ContainsKey(use.File));
        Assert.DoesNotContain(ahead.Keys, key => !uses.Any(use => use.Use == key || use.File == key));
    }
}
