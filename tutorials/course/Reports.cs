using System.Globalization;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tutorials;

/// <summary>What a teacher takes along besides the table.</summary>
static class Reports
{
    /// <summary>The points that an exercise is worth where nothing else is said.</summary>
    public const double Usual = 10;

    const int Run = 12;                 // tokens that are compared at a time
    const double Alike = 0.8;

    /// <summary>Points by exercise, as in <c>3=20,4=15</c>; all others have the usual ones.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static Dictionary<int, double> Points(string text)
    {
        var points = Exercise.All.ToDictionary(e => e.Number, _ => Usual);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
            if (part.Split('=') is [var number, var most] && int.TryParse(number, out var n) && points.ContainsKey(n)
                && double.TryParse(most, CultureInfo.InvariantCulture, out var p) && p >= 0) points[n] = p;
            else throw new UsageException($"--points {text}: {part} is not as in 3=20,4=15.");
        return points;
    }

    /// <summary>What a grade is worth: the part of the steps that pass.</summary>
    public static double Of(Grade grade, IReadOnlyDictionary<int, double> points) =>
        Math.Round(points[grade.Exercise] * grade.Passed / grade.Steps, 2);

    /// <summary>A page for each student: what each exercise was told, as <c>check</c> tells it.</summary>
    public static void Feedback(string folder, IReadOnlyList<Grade> grades, IReadOnlyDictionary<int, double> points) =>
        Each(folder, ".md", grades, student => string.Concat([$"# {student.Key}\n", .. student.Select(g =>
        {
            var exercise = Exercise.Find($"{g.Exercise}");
            return FormattableString.Invariant($"\n## {g.Exercise} · {exercise.Title}: {Of(g, points)} of ") +
                FormattableString.Invariant($"{points[g.Exercise]} points\n\n```text\n") +
                string.Join('\n', Course.Lines(new(exercise, g.Verdicts.Count == 0 ? g.Message : "", g.Verdicts))) +
                "\n```\n";
        })]));

    /// <summary>A file for each student in the format of results that Gradescope reads: a test for each step.</summary>
    public static void Gradescope(string folder, IReadOnlyList<Grade> grades, IReadOnlyDictionary<int, double> points)
        => Each(folder, ".json", grades, student => JsonSerializer.Serialize(new
        {
            score = student.Sum(g => Of(g, points)),
            tests = student.SelectMany(g => Exercise.Find($"{g.Exercise}").Steps.Select((step, i) =>
            {
                var verdict = g.Verdicts.ElementAtOrDefault(i) ?? new(step, Mark.NotReached, i == 0 ? g.Message : "");
                var most = points[g.Exercise] / g.Steps;
                return new
                {
                    name = $"{g.Exercise}: {step}",
                    max_score = Math.Round(most, 4),
                    score = verdict.Mark == Mark.Passed ? Math.Round(most, 4) : 0,
                    status = verdict.Mark == Mark.Passed ? "passed" : "failed",
                    output = verdict.Message,
                };
            })),
        }));

    static void Each(
        string folder, string kind, IReadOnlyList<Grade> grades, Func<IGrouping<string, Grade>, string> text)
    {
        Directory.CreateDirectory(folder);
        foreach (var student in grades.GroupBy(g => g.Student))
            File.WriteAllText(Path.Combine(folder, student.Key + kind), text(student));
    }

    /// <summary>
    /// Pairs of answers that are alike in their tokens, whatever their names, numbers and comments are: for the teacher
    /// to look at. Short answers are alike by nature, and are left out.
    /// </summary>
    public static IEnumerable<string> Pairs(IReadOnlyList<GradeFolder.Answered> answers)
    {
        foreach (var exercise in answers.GroupBy(a => a.Exercise).OrderBy(g => g.Key.Number))
        {
            var given = Runs(exercise.Key.AnswerText);
            var all = exercise.Select(a => (a.Student, Runs: Runs(File.ReadAllText(a.File))))
                .Select(a => (a.Student, Runs: a.Runs.Except(given).ToHashSet())).Where(a => a.Runs.Count >= 3 * Run)
                .OrderBy(a => a.Student, StringComparer.Ordinal).ToList();
            for (var i = 0; i < all.Count; i++)
                for (var j = i + 1; j < all.Count; j++)
                {
                    var shared = (double)all[i].Runs.Count(all[j].Runs.Contains);
                    var part = shared / (all[i].Runs.Count + all[j].Runs.Count - shared);
                    if (part >= Alike) yield return $"exercise {exercise.Key.Number}: {all[i].Student} and " +
                        $"{all[j].Student}, {(100 * part).ToString("0", CultureInfo.InvariantCulture)} %";
                }
        }
    }

    /// <summary>Each run of tokens of a text, with one word for all names and one for all numbers and texts.</summary>
    static HashSet<string> Runs(string text)
    {
        string[] tokens = [.. SyntaxFactory.ParseTokens(text).Take(100_000).Select(token =>
            token.IsKind(SyntaxKind.IdentifierToken) ? "n" : token.Value is not null && !token.IsKeyword() ? "1"
            : token.Text)];
        return [.. Enumerable.Range(0, Math.Max(0, tokens.Length - Run))
            .Select(i => string.Join(' ', tokens[i..(i + Run)]))];
    }
}
