using System.Globalization;
using System.Text.RegularExpressions;

namespace Tensorlet.Tests.Book;

/// <summary>
/// Everything that a chapter says comes from its program: code, output, numbers, pictures. With TENSORLET_ACCEPT=1 the
/// READMEs and the pictures are rewritten; look at them before they are committed.
/// </summary>
public partial class ChapterTests
{
    static readonly bool accept = Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1";

    public static TheoryData<string> Chapters => [.. Tutorials.Book.Chapters.Select(c => Path.GetFileName(c.Folder))];

    [Theory, MemberData(nameof(Chapters))]
    public void Text_and_program_agree(string folder)
    {
        var chapter = Tutorials.Book.Chapters.Single(c => Path.GetFileName(c.Folder) == folder);
        var pictures = Directory.CreateTempSubdirectory("tensorlet-book-").FullName;
        try
        {
            var text = new ChapterText(chapter);
            var corrected = text.Corrected(pictures);
            ComparePictures(text, chapter.Folder, pictures);
            if (accept && corrected != text.Text) File.WriteAllText(text.Readme, corrected);
            else if (corrected != text.Text) text.Faults.Add(Difference(text.Text, corrected));
            Assert.True(text.Faults.Count == 0, $"tutorials/{folder}:\n{string.Join('\n', text.Faults)}\n" +
                "TENSORLET_ACCEPT=1 writes code, output and pictures as they now are.");
        }
        finally { Directory.Delete(pictures, recursive: true); }
    }

    static string Difference(string says, string program)
    {
        var (a, b) = (says.Split('\n'), program.Split('\n'));
        var i = Enumerable.Range(0, Math.Min(a.Length, b.Length)).FirstOrDefault(i => a[i] != b[i],
            Math.Min(a.Length, b.Length) - 1);
        return $"README.md, line {i + 1} says\n  {a[i]}\nand the program\n  {b[i]}";
    }

    static void ComparePictures(ChapterText text, string folder, string made)
    {
        var (shown, drawn) = (text.Pictures(), Directory.GetFiles(made).Select(Path.GetFileName).ToHashSet());
        text.Faults.AddRange(shown.Except(drawn).Select(name => $"{name} is shown, and the program does not draw it"));
        text.Faults.AddRange(drawn.Except(shown).Select(name => $"{name} is drawn, and README.md does not show it"));
        foreach (var name in drawn.Intersect(shown))
        {
            var (before, now) = (Path.Combine(folder, name!), File.ReadAllText(Path.Combine(made, name!)));
            if (File.Exists(before) && Alike(File.ReadAllText(before), now)) continue;
            if (accept) File.WriteAllText(before, now);
            else text.Faults.Add($"{name} is not the picture that the program draws");
        }
    }

    /// <summary>The same, except for numbers that differ by up to 3 pixels because of rounding.</summary>
    static bool Alike(string a, string b)
    {
        static double[] Numbers(string svg) =>
            [.. Number().Matches(svg).Select(n => double.Parse(n.Value, CultureInfo.InvariantCulture))];
        return Number().Replace(a.ReplaceLineEndings("\n"), "#") == Number().Replace(b.ReplaceLineEndings("\n"), "#")
            && Numbers(a).Zip(Numbers(b), (x, y) => Math.Abs(x - y)).All(difference => difference <= 3);
    }

    [GeneratedRegex(@"-?[0-9]+(\.[0-9]+)?")]
    private static partial Regex Number();
}
