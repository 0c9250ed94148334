using System.Diagnostics;
using Spectre.Console;

namespace Tutorials;

/// <summary>The commands for learners: what there is, what is done, and what an answer is worth.</summary>
static class Course
{
    const int MostPrinted = 50;

    /// <summary>Lists the chapters, and how far the exercise of each is done.</summary>
    public static int Overview()
    {
        var begun = Exercise.All.Where(e => !e.IsUntouched).ToHashSet();
        var states = Exercise.All.AsParallel().ToDictionary(e => e.Number,
            e => begun.Contains(e) ? Grading.Run(e) : null);
        var table = new Table().Border(TableBorder.Rounded).AddColumns("#", "chapter", "exercise", "");
        foreach (var chapter in Book.Chapters)
        {
            var exercise = Exercise.All.FirstOrDefault(e => e.Number == chapter.Number);
            var state = exercise is null ? "" : State(states[exercise.Number]);
            table.AddRow(
                $"{chapter.Number}", Markup.Escape(chapter.Title), Markup.Escape(exercise?.Title ?? ""), state);
        }
        Screen.Write(table);
        var (done, next) = (states.Values.Count(Done), Exercise.All.FirstOrDefault(e => !Done(states[e.Number])));
        Screen.MarkupLine($"{done} of {states.Count} exercises are done.");
        if (next is not null) Screen.MarkupLine($"The next is in [blue]{Markup.Escape(next.File)}[/], and " +
            $"[blue]dotnet run --project tutorials -- check {next.Number}[/] grades it.");
        Screen.MarkupLine("[blue]-- 3[/] runs chapter 3, [blue]-- help[/] lists all commands.");
        return 0;
    }

    static bool Done(Graded? graded) => graded?.IsDone == true;

    static string State(Graded? graded) => graded is null ? "[grey]·[/]" : graded.IsDone ? "[green]✓ done[/]"
        : graded.Refusal != "" ? "[red]does not compile[/]"
        : $"[red]{graded.Passed} of {graded.Verdicts.Count} steps[/]";

    /// <summary>Grades the learner's answer and says what helps.</summary>
    /// <returns>0 if all of it is right.</returns>
    public static int Check(Exercise exercise)
    {
        var (printed, last) = (0, -1);
        Screen.MarkupLine($"[bold]{exercise.Number} · {Markup.Escape(exercise.Title)}[/]  [grey]{exercise.File}[/]");
        var graded = Grading.Run(exercise, told: (step, line) =>
        {
            if (++printed > MostPrinted) return;
            if (step != last) Screen.MarkupLine($"  [grey]your code prints in \"{exercise.Steps[step]}\":[/]");
            last = step;
            Screen.MarkupLine($"  [grey]> {(printed < MostPrinted ? Markup.Escape(line) : "… and more")}[/]");
        });
        foreach (var line in Lines(graded))
        {
            var color = line.TrimStart() switch { ['✓', ..] => "green", ['✗', ..] => "red", _ => "default" };
            Screen.MarkupLine($"[{color}]{Markup.Escape(line)}[/]");
        }
        return graded.IsDone ? 0 : 1;
    }

    /// <summary>A report: each step with ✓ or ✗, in full where the first one fails, and where help is.</summary>
    public static IEnumerable<string> Lines(Graded graded)
    {
        var (exercise, verdicts) = (graded.Exercise, graded.Verdicts);
        if (graded.Refusal != "")
        {
            yield return "  ✗ it does not compile, or uses what it may not";
            foreach (var line in graded.Refusal.Split('\n')) yield return $"      {line.TrimEnd()}";
            yield break;
        }
        var explained = verdicts.FirstOrDefault(v => v.Mark != Mark.Passed);
        foreach (var verdict in verdicts)
        {
            yield return $"  {verdict.Mark switch { Mark.Passed => '✓', Mark.Failed => '✗', _ => '·' }} {verdict.Step}";
            if (verdict != explained) continue;
            foreach (var line in verdict.Message.Split('\n')) yield return $"      {line.TrimEnd()}";
        }
        yield return graded.IsDone ? "  All steps pass." + (exercise.Solution is null ? ""
                : $" Yours beside the solution: dotnet run --project tutorials -- compare {exercise.Number}")
            : $"  A hint: dotnet run --project tutorials -- hint {exercise.Number}";
    }

    /// <summary>Shows a learner's answer beside the solution, once it passes.</summary>
    public static int Compare(Exercise exercise)
    {
        if (exercise.Solution is null) throw new UsageException("compare: this copy of the project has no solutions.");
        if (!Grading.Run(exercise).IsDone) throw new UsageException($"compare {exercise.Number}: first let all steps " +
            $"pass; dotnet run --project tutorials -- check {exercise.Number} says which do.");
        foreach (var line in Difference(exercise.AnswerText, File.ReadAllText(exercise.Chapter.File("Solution.cs"))))
        {
            var color = line[0] switch { '+' => "green", '-' => "red", _ => "default" };
            Screen.MarkupLine($"[{color}]{Markup.Escape(line)}[/]");
        }
        Screen.MarkupLine("[red]-[/] is yours, [green]+[/] is the solution's; there are other right ones.");
        return 0;
    }

    /// <summary>
    /// The lines of two texts without what is for documentation: those of both with two blanks before them, those of
    /// the first alone with a minus, and those of the second alone with a plus.
    /// </summary>
    public static IEnumerable<string> Difference(string first, string second)
    {
        string[] a = Code(first), b = Code(second);
        var common = new int[a.Length + 1, b.Length + 1];       // lines that a[i..] and b[j..] have in common, in order
        for (var i = a.Length - 1; i >= 0; i--)
            for (var j = b.Length - 1; j >= 0; j--)
                common[i, j] = a[i] == b[j] ? 1 + common[i + 1, j + 1] : Math.Max(common[i + 1, j], common[i, j + 1]);
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                yield return $"  {a[i]}";
                (i, j) = (i + 1, j + 1);
            }
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1]))
                yield return $"- {a[i++]}";
            else yield return $"+ {b[j++]}";

        static string[] Code(string text) => [.. text.ReplaceLineEndings("\n").Replace("class Solution", "class Mine")
            .Split('\n').Where(line => !line.TrimStart().StartsWith("///", StringComparison.Ordinal))
            .Select(line => line.TrimEnd()).Where(line => line != "")];
    }

    /// <summary>Shows the first hint, or the first few.</summary>
    public static int Hint(Exercise exercise, string count = "1")
    {
        if (!int.TryParse(count, out var shown) || shown < 1)
            throw new UsageException($"hint {exercise.Number} {count}: take a number of hints from 1 on.");
        foreach (var (i, hint) in exercise.Hints.Take(shown).Index())
            Screen.MarkupLine($"[yellow]{i + 1} of {exercise.Hints.Count}[/]  {Markup.Escape(hint)}");
        if (shown < exercise.Hints.Count)
            Screen.MarkupLine($"[grey]more: dotnet run --project tutorials -- hint {exercise.Number} {shown + 1}[/]");
        return 0;
    }

    /// <summary>Grades an exercise now and after each time that its file is saved, until Ctrl+C.</summary>
    public static int Watch(Exercise exercise)
    {
        var path = Path.Combine(exercise.Chapter.Folder, "Exercise.cs");
        _ = exercise.AnswerText;                        // it is there
        DateTime? seen = null;
        while (true)
        {
            var written = File.GetLastWriteTimeUtc(path);
            if (written == seen || !File.Exists(path)) { Thread.Sleep(100); continue; }
            Thread.Sleep(50);                       // some editors write in two steps
            seen = File.GetLastWriteTimeUtc(path);
            var watch = Stopwatch.StartNew();
            Screen.Write(new Rule($"[grey]{DateTime.Now:HH:mm:ss}[/]").LeftJustified());
            Check(exercise);
            Screen.MarkupLine($"[grey]{watch.Elapsed.TotalSeconds:0.0} s; waiting for {exercise.File} to be saved[/]");
        }
    }

    /// <summary>The console; where it is no terminal, lines are as long as they are.</summary>
    public static IAnsiConsole Screen { get; } = Create();

    static IAnsiConsole Create()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 200;
        return console;
    }
}
