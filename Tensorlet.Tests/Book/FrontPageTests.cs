using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Tensorlet.Tests.Verification;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>What the project's own README says of the project.</summary>
public partial class FrontPageTests
{
    static readonly string root = Path.GetFullPath(Path.Combine(Tutorials.Book.Root, ".."));
    static readonly string text = File.ReadAllText(Path.Combine(root, "README.md")).ReplaceLineEndings("\n");

    [Fact]
    public void The_lines_of_code_are_those_of_the_sources()
    {
        var table = Lines.Table();
        if (Environment.GetEnvironmentVariable("TENSORLET_ACCEPT") == "1") File.WriteAllText(
            Path.Combine(root, "README.md"), LinesOfCode().Replace(text, table.Replace("$", "$$") + "\n"));
        else Assert.Equal(table + "\n", LinesOfCode().Match(text).Value);
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
        Assert.Equal(OpTable.All.Select(op => op.Name), Verified().Matches(text).Select(row => row.Groups[1].Value));
        Assert.Contains($"{OpTable.All.Count} operations", text);
    }

    [Fact]
    public void The_first_program_compiles_and_runs()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, FirstProgram().Match(text).Groups[1].Value);
        var (errors, program) = Submission.Compile("first", [path], OutputKind.ConsoleApplication);
        File.Delete(path);
        Assert.Equal("", errors);
        Assembly.Load(program!).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
    }

    [Fact]
    public void Every_link_of_every_page_leads_somewhere()
    {
        var pages = Directory.GetFiles(root, "*.md", SearchOption.AllDirectories)
            .Where(page => Path.GetFileName(page) != "verification.md" && !page.Contains("/bin/"));
        Assert.Empty(from page in pages
                     from line in File.ReadLines(page).Index()
                     from Match link in Link().Matches(line.Item)
                     let to = link.Groups[1].Value
                     where !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, to))
                     select $"{Path.GetRelativePath(root, page)}, line {line.Index + 1}: there is no {to}");
    }

    [GeneratedRegex(@"\| folder \| files.*?\| all \|[^\n]*\n", RegexOptions.Singleline)]
    private static partial Regex LinesOfCode();

    [GeneratedRegex(@"(?<=\| --- \| --- \| --- \|\n)(\| \d+ \|[^\n]*\n)+")]
    private static partial Regex Contents();

    [GeneratedRegex(@"^\| (.+?) \| \d+ / \d+, ", RegexOptions.Multiline)]
    private static partial Regex Verified();

    [GeneratedRegex(@"```csharp\n(using Tensorlet;.*?)```", RegexOptions.Singleline)]
    private static partial Regex FirstProgram();

    [GeneratedRegex(@"\]\(((?!https?:)[^)#\s]+)\)")]
    private static partial Regex Link();
}
