using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Tensorlet.Tests.Verification;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// What the README and its pages say about the project; their code is checked by <see cref="PageTests"/>.
/// </summary>
public partial class FrontPageTests
{
    static readonly string root = Path.GetFullPath(Path.Combine(Tutorials.Book.Root, ".."));

    static string Read(string page) => File.ReadAllText(Path.Combine(root, page)).ReplaceLineEndings("\n");

    [Fact]
    public void The_front_page_is_read_to_its_end()
    {
        var lines = Read("README.md").Count(c => c == '\n');
        Assert.True(lines <= 300, $"README.md has {lines} lines. What is for some readers belongs on another page.");
    }

    [Fact]
    public void The_lines_of_code_are_those_of_the_sources()
    {
        var (table, text) = (Lines.Table(), Read("CONTRIBUTING.md"));
        if (Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1") File.WriteAllText(
            Path.Combine(root, "CONTRIBUTING.md"), LinesOfCode().Replace(text, table.Replace("$", "$$") + "\n"));
        else Assert.True(table + "\n" == LinesOfCode().Match(text).Value,
            $"The table of lines in CONTRIBUTING.md is old; TENSORLET_ACCEPT=1 updates it:\n{table}");
    }

    [Fact]
    public void The_contents_are_the_chapters_and_their_exercises()
    {
        var path = Path.Combine(Tutorials.Book.Root, "README.md");
        var before = File.ReadAllText(path).ReplaceLineEndings("\n");
        var after = Contents().Replace(before, string.Concat(Tutorials.Book.Chapters.Select(chapter =>
        {
            var exercise = Exercise.All.FirstOrDefault(e => e.Number == chapter.Number);
            var page = $"{Path.GetFileName(chapter.Folder)}/README.md";
            return $"| {chapter.Number} | [{chapter.Title}]({page}) | {exercise?.Title} |\n";
        })));
        if (Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1") File.WriteAllText(path, after);
        else Assert.Equal(after, before);
    }

    [Fact]
    public void The_table_of_what_is_verified_has_every_operation()
    {
        var text = Read("tutorials/pages/verification.md");
        string[] rows = [.. OpTable.All.Select(op => op.Name)];
        string[] lines = [.. Verified().Matches(text).Select(row => row.Groups[1].Value)];
        Assert.True(rows.SequenceEqual(lines), "The table in tutorials/pages/verification.md must have a line for " +
            "each row of OpTable, in the same order. The tests of an operation write its line to verification.md. " +
            $"The table lacks [{string.Join(", ", rows.Except(lines))}], and has too many: " +
            $"[{string.Join(", ", lines.Except(rows))}].");
        Assert.Contains($"{OpTable.All.Count} operations", text);
        Assert.Contains($"{Networks.LibtorchTests.Names.Cast<object[]>().Count()} calls of layers and losses", text);
        Assert.Contains($"{Optimizers.TraceTests.Names.Cast<object[]>().Count()} optimizer trajectories", text);
    }

    [Fact]
    public void The_figures_of_the_front_page_are_those_of_the_page_on_verification()
    {
        var page = Figure().Matches(Read("tutorials/pages/verification.md")).Select(figure => figure.Value).ToHashSet();
        var summary = Read("README.md").Split("## What is verified")[1].Split("\n## ")[0];
        var figures = Figure().Matches(summary).Select(figure => figure.Value).ToList();
        Assert.Contains($"{OpTable.All.Count}", figures);
        Assert.DoesNotContain(figures, figure => !page.Contains(figure));
    }

    [Fact]
    public void The_first_program_compiles_and_runs()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, FirstProgram().Match(Read("README.md")).Groups[1].Value);
        var (errors, program) = Submission.Compile("first", [path], OutputKind.ConsoleApplication);
        File.Delete(path);
        Assert.Equal("", errors);
        Assembly.Load(program!).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
    }

    [Fact]
    public void Every_link_of_every_page_leads_somewhere()
    {
        var pages = Directory.GetFiles(root, "*.md", SearchOption.AllDirectories)
            .Where(page => Path.GetRelativePath(root, page) != "verification.md" && !page.Contains("/bin/"));
        Assert.Empty(from page in pages
                     from line in File.ReadLines(page).Index()
                     from Match link in Link().Matches(line.Item)
                     let file = link.Groups["file"].Value
                     let to = file == "" ? page : Path.Combine(Path.GetDirectoryName(page)!, file)
                     where !Path.Exists(to) || (link.Groups["heading"] is { Success: true } heading
                        && !Headings(to).Contains(heading.Value))
                     select $"{Path.GetRelativePath(root, page)}, line {line.Index + 1}: there is no {link.Value}");
    }

    /// <summary>The headings of a page, as links write them: in lower case, with hyphens for spaces.</summary>
    static IEnumerable<string> Headings(string page) => File.ReadLines(page).Where(line => line.StartsWith('#'))
        .Select(line => NoLetter().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\| folder \| files.*?\| all \|[^\n]*\n", RegexOptions.Singleline)]
    private static partial Regex LinesOfCode();

    [GeneratedRegex(@"(?<=\| --- \| --- \| --- \|\n)(\| \d+ \|[^\n]*\n)+")]
    private static partial Regex Contents();

    [GeneratedRegex(@"^\| (.+?) \| \d+ / \d+, ", RegexOptions.Multiline)]
    private static partial Regex Verified();

    [GeneratedRegex(@"```csharp\n(using Tensorlet;.*?)```", RegexOptions.Singleline)]
    private static partial Regex FirstProgram();

    [GeneratedRegex(@"\d+([.,]\d+)*")]
    private static partial Regex Figure();

    [GeneratedRegex(@"[^\w -]")]
    private static partial Regex NoLetter();

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#\s]*)(#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();
}
