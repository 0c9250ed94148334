using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Tutorials;

/// <summary>
/// A chapter of the book: a README, and beside it Chapter.cs, whose method <c>Run</c> is the chapter's program in
/// parts. Each <c>yield return "name";</c> begins a part; the README shows its lines and what they print.
/// </summary>
/// <param name="Number">From 1 on.</param>
/// <param name="Folder">Where it is.</param>
sealed record Chapter(int Number, string Folder)
{
    /// <summary>The heading of the README, without its number.</summary>
    public string Title => System.IO.File.ReadLines(File("README.md")).First().Split('·', 2)[^1].Trim();

    /// <summary>Runs it part by part: the names, each before its part has run.</summary>
    public IEnumerable<string> Parts() => (IEnumerable<string>)Type.GetType($"{Space}.Chapter", throwOnError: true)!
        .GetMethod("Run", BindingFlags.Static | BindingFlags.Public)!.Invoke(null, null)!;

    /// <summary>The path of one of its files.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>The namespace of its classes.</summary>
    public string Space => $"Tutorials.Chapter{Number:00}";
}

/// <summary>The chapters in order.</summary>
static class Book
{
    /// <summary>What begins the output of a part where a test reads it.</summary>
    public const char Mark = '\x1e';

    /// <summary>The folder that holds the chapters.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, ".."));

    static string Here([CallerFilePath] string path = "") => path;

    /// <summary>All chapters: the folders named like <c>03-tape</c>.</summary>
    public static IReadOnlyList<Chapter> Chapters { get; } = [.. Directory.GetDirectories(Root, "??-*")
        .Where(folder => File.Exists(Path.Combine(folder, "Chapter.cs")))
        .Select(folder => new Chapter(int.Parse(Path.GetFileName(folder)[..2], CultureInfo.InvariantCulture), folder))
        .OrderBy(c => c.Number)];

    /// <summary>The chapter that an argument names.</summary>
    /// <exception cref="UsageException">It names none.</exception>
    public static Chapter Find(string number) => int.TryParse(number, out var n)
        && Chapters.FirstOrDefault(c => c.Number == n) is { } chapter ? chapter
        : throw new UsageException($"{number} is no chapter; there are {Chapters[0].Number} to {Chapters[^1].Number}.");

    /// <summary>Runs a chapter as a reader does: each part's output below its name.</summary>
    public static int Run(Chapter chapter)
    {
        Plot.Folder = Path.Combine(Root, "out", Path.GetFileName(chapter.Folder));
        Plot.Tell = name => Console.WriteLine($"drawn: {Path.Combine(Plot.Folder, name)}");
        Console.WriteLine($"{chapter.Number} · {chapter.Title}");
        foreach (var part in chapter.Parts().TakeWhile(part => part != "figures")) Console.WriteLine($"\n── {part}");
        Console.WriteLine($"\nIts text is {Path.Combine("tutorials", Path.GetFileName(chapter.Folder), "README.md")}");
        return 0;
    }

    /// <summary>Runs a chapter as its test does: parts begin with a mark, pictures go to a folder.</summary>
    public static int RunMarked(Chapter chapter, string pictures)
    {
        Plot.Folder = pictures;
        foreach (var part in chapter.Parts()) Console.WriteLine($"{Mark}{part}");
        return 0;
    }
}
