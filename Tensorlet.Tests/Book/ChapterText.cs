using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// Compares a chapter's README with its program. What the program says replaces what the README says, so
/// that they agree where nothing changes:
/// <list type="bullet">
/// <item><c>```csharp NAME</c> holds the lines of that part of Chapter.cs.</item>
/// <item><c>```text</c> after it holds what that part printed; <c>```text varies</c> is free, for times.</item>
/// <item><c>&lt;!-- NAME --&gt;</c> … <c>&lt;!-- / --&gt;</c> holds what a part printed, as Markdown.</item>
/// <item><c>```csharp from PATH</c> holds lines of that file of the project.</item>
/// </list>
/// Every number in a sentence is in a fence of its chapter, or is printed by a part called figures. The numbers are
/// repeated, in order, in a comment at the end, so that none changes unnoticed.
/// </summary>
sealed partial class ChapterText(Chapter chapter)
{
    static readonly string root = Path.GetFullPath(Path.Combine(Tutorials.Book.Root, ".."));

    /// <summary>The README.</summary>
    public string Readme { get; } = Path.Combine(chapter.Folder, "README.md");

    /// <summary>Its text.</summary>
    public string Text { get; } = Read(Path.Combine(chapter.Folder, "README.md"));

    /// <summary>What is wrong, each with its line.</summary>
    public List<string> Faults { get; } = [];

    static string Read(string path) => File.ReadAllText(path).ReplaceLineEndings("\n");

    /// <summary>The text as it should be according to the program.</summary>
    public string Corrected(string pictures)
    {
        var (code, output, shown) = (Parts(), Outputs(pictures), new HashSet<string>());
        var text = Fence().Replace(Text, fence =>
        {
            var (name, printed) = (fence.Groups["name"].Value, fence.Groups["out"]);
            if (fence.Groups["file"].Success) return Quotation(fence);
            if (!code.TryGetValue(name, out var lines))
            {
                Faults.Add($"{Line(fence.Index)}: Chapter.cs has no part called {name}");
                return fence.Value;
            }
            shown.Add(name);
            var said = output.GetValueOrDefault(name, "");
            var result = $"```csharp {name}\n{lines}\n```\n";
            if (printed.Success && fence.Groups["varies"].Success) return $"{result}\n{printed.Value}";
            return said == "" ? result : $"{result}\n```text\n{said}\n```\n";
        });
        text = Rows().Replace(text, rows =>
        {
            var name = rows.Groups["name"].Value;
            shown.Add(name);
            if (output.TryGetValue(name, out var said)) return $"<!-- {name} -->\n{said}\n<!-- / -->";
            Faults.Add($"{Line(rows.Index)}: Chapter.cs has no part called {name}");
            return rows.Value;
        });
        var told = Fence().Matches(Text).Concat(Rows().Matches(Text)).OrderBy(place => place.Index)
            .Select(place => place.Groups["name"].Value).Where(output.ContainsKey);
        foreach (var (ran, said) in output.Keys.Where(shown.Contains).Zip(told).Where(p => p.First != p.Second).Take(1))
            Faults.Add($"README.md shows the part {said} where the program runs {ran}");
        foreach (var name in code.Keys)
            if (name != "figures" && shown.Add(name)) Faults.Add($"Chapter.cs: no fence shows the part {name}");
        var numbers = Numbers(text, output.GetValueOrDefault("figures", ""));
        return Last().Replace(text, "") + $"\n\n<!-- numbers: {numbers} -->\n";
    }

    /// <summary>The parts of Chapter.cs by name: after <c>yield return "name";</c>, or in a region.</summary>
    Dictionary<string, string> Parts()
    {
        var (parts, name, end, lines) = (new Dictionary<string, string>(), "", default(string), new List<string>());
        foreach (var line in Read(Path.Combine(chapter.Folder, "Chapter.cs")).Split('\n'))
        {
            var begins = Begin().Match(line);
            if (!begins.Success && line != end && line.Trim() != "#endregion") { lines.Add(line); continue; }
            if (name != "") parts.Add(name, Dedented(lines));
            (name, end) = (begins.Groups["name"].Value, begins.Groups["how"].Value == "yield return" ? "    }" : null);
            lines.Clear();
        }
        return parts;
    }

    /// <summary>Runs the chapter in a process of its own: what each part printed.</summary>
    Dictionary<string, string> Outputs(string pictures)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet",
            [typeof(Chapter).Assembly.Location, "chapter", $"{chapter.Number}", pictures])
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root })!;
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd().ReplaceLineEndings("\n");
        process.WaitForExit();
        if (process.ExitCode != 0) Faults.Add($"Chapter.cs: it ended with {process.ExitCode}: {errors.Result}");
        return text.Split(Tutorials.Book.Mark, StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('\n', 2))
            .ToDictionary(p => p[0], p => string.Join('\n',
                p[1].TrimEnd('\n').Split('\n').Select(line => line.TrimEnd())));
    }

    static string Dedented(List<string> lines)
    {
        var indents = lines.Where(line => line.Trim() != "").Select(line => line.Length - line.TrimStart().Length);
        var indent = indents.DefaultIfEmpty().Min();
        return string.Join('\n', lines.Select(line => line.Trim() == "" ? "" : line[indent..])).Trim('\n');
    }

    string Quotation(Match fence)
    {
        var (file, lines) = (fence.Groups["file"].Value, fence.Groups["body"].Value.Split('\n'));
        var source = File.Exists(Path.Combine(root, file)) ? Read(Path.Combine(root, file)).Split('\n') : [];
        var found = Enumerable.Range(0, Math.Max(0, source.Length - lines.Length + 1)).Any(i =>
            Dedented([.. source[i..(i + lines.Length)]]) == string.Join('\n', lines));
        if (!found) Faults.Add($"{Line(fence.Index)}: these lines do not stand in {file}");
        return fence.Value;
    }

    string Numbers(string corrected, string figures)
    {
        var known = Number().Matches(figures + string.Join('\n',
            AnyFence().Matches(corrected).Select(fence => fence.Value))).Select(Value).ToHashSet();
        var prose = Number().Matches(Aside().Replace(Text, hidden => NotNewline().Replace(hidden.Value, " ")));
        var noted = Last().Match(Text).Groups["numbers"].Value.Split(' ');
        foreach (var (i, number) in prose.Index())
            if (!known.Contains(Value(number)))
                Faults.Add($"{Line(number.Index)}: nothing in the chapter prints {number.Value}");
            else if (noted.Length == prose.Count && noted[i] != number.Value)
                Faults.Add($"{Line(number.Index)}: {number.Value} was {noted[i]}");
        return string.Join(' ', prose.Select(number => number.Value));
    }

    static double Value(Match number) => double.Parse(number.Value, NumberStyles.Any, CultureInfo.InvariantCulture);

    /// <summary>The pictures that the README shows.</summary>
    public HashSet<string> Pictures() => [.. Picture().Matches(Text).Select(picture => picture.Groups["to"].Value)];

    string Line(int index) => $"README.md, line {Text[..index].Count(c => c == '\n') + 1}";

    [GeneratedRegex("""^\s*(?<how>yield return|#region) "?(?<name>[\w-]+)"?;?$""")]
    private static partial Regex Begin();

    [GeneratedRegex(@"```csharp (from (?<file>\S+)|(?<name>[\w-]+))\n(?<body>.*?)\n```\n"
        + @"(\n*(?<out>```text(?<varies> varies)?\n(.*?\n)?```\n))?", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"<!-- (?<name>[\w-]+) -->\n.*?<!-- / -->", RegexOptions.Singleline)]
    private static partial Regex Rows();

    [GeneratedRegex(@"```.*?\n```|<!-- [\w-]+ -->\n.*?<!-- / -->", RegexOptions.Singleline)]
    private static partial Regex AnyFence();

    // what is not a sentence: fences, rows, links with their texts, the number of the heading, command lines
    [GeneratedRegex(@"```.*?\n```|<!-- [\w-]+ -->\n.*?<!-- / -->|<!-- numbers.*|!?\[[^\]]*\]\([^)]*\)|^# \d+|"
        + @"`[^`\n]*(dotnet|-- )[^`\n]*`", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Aside();

    [GeneratedRegex(@"(?<![\w.,])[0-9]+([.,][0-9]+)*(?![\w])")]
    private static partial Regex Number();

    [GeneratedRegex(@"\n*<!-- numbers: (?<numbers>[^>]*?) -->\s*$|\s+$")]
    private static partial Regex Last();

    [GeneratedRegex(@"[^\n]")]
    private static partial Regex NotNewline();

    [GeneratedRegex(@"!\[[^\]]+\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Picture();
}
