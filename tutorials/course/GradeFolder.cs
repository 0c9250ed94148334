using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Tutorials;

/// <summary>What one exercise of one student is worth.</summary>
/// <param name="Student">The name of the student's folder.</param>
/// <param name="Exercise">Its number.</param>
/// <param name="Passed">How many steps pass.</param>
/// <param name="Steps">How many there are.</param>
/// <param name="Message">What is said of the first step that does not, or by the compiler.</param>
/// <param name="Verdicts">Step by step; none where it does not compile.</param>
sealed record Grade(
    string Student, int Exercise, int Passed, int Steps, string Message, IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>As the table shows it.</summary>
    [JsonIgnore]
    public string Text => Passed == Steps ? "[green]✓[/]" : Verdicts.Count == 0 ? "[red]does not compile[/]"
        : Verdicts.All(v => v.Mark == Mark.Todo) ? "[grey]·[/]" : $"[red]{Passed}/{Steps}[/]";
}

/// <summary>
/// For teachers: grades a folder that has a folder for each student, in which any <c>NN-name/Exercise.cs</c> is an
/// answer to exercise NN, however deep. Each answer is compiled by itself and graded in a process of its own.
/// </summary>
static class GradeFolder
{
    static readonly JsonSerializerOptions indented = new()
    {
        WriteIndented = true, Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Grades all, prints the table, and writes the files that are asked for.</summary>
    public static int Run(string folder, ReadOnlySpan<string> options)
    {
        var files = new Dictionary<string, string>();
        for (var i = 0; i < options.Length; i += 2)
            files[options[i] is "--csv" or "--json" ? options[i]
                : throw new UsageException($"{options[i]} is no option of grade.")]
                = i + 1 < options.Length ? options[i + 1] : throw new UsageException($"{options[i]} wants a file.");
        var grades = Course.Screen.Progress().Start(shown =>
        {
            var task = shown.AddTask("grading");
            return Of(folder, part => task.Value = 100 * part);
        });
        Course.Screen.Write(Table(grades));
        if (files.TryGetValue("--csv", out var csv)) File.WriteAllText(csv, Csv(grades));
        if (files.TryGetValue("--json", out var json))
            File.WriteAllText(json, JsonSerializer.Serialize(grades, indented));
        foreach (var file in files.Values) Console.WriteLine($"written: {file}");
        return 0;
    }

    /// <summary>The grades by student and exercise.</summary>
    /// <exception cref="UsageException">There is no such folder, or no answer in it.</exception>
    public static IReadOnlyList<Grade> Of(string folder, Action<double>? progress = null)
    {
        if (!Directory.Exists(folder)) throw new UsageException($"grade: there is no folder {folder}.");
        var answers = (
            from student in Directory.GetDirectories(folder)
            from file in Directory.EnumerateFiles(student, "Exercise.cs", SearchOption.AllDirectories)
            let number = Path.GetFileName(Path.GetDirectoryName(file)!).Split('-')[0]
            let exercise = Exercise.All.FirstOrDefault(e => $"{e.Number:00}" == number)
            where exercise is not null
            select (Student: Path.GetFileName(student), exercise, file)).ToList();
        var temporary = Directory.CreateTempSubdirectory("tensorlet-grade-").FullName;
        var done = 0;
        try
        {
            Grade[] grades = [.. answers.AsParallel().Select(a =>
            {
                var grade = One(a.Student, a.exercise, a.file, temporary);
                progress?.Invoke(Interlocked.Increment(ref done) / (double)answers.Count);
                return grade;
            }).OrderBy(g => g.Student, StringComparer.Ordinal).ThenBy(g => g.Exercise)];
            return grades.Length > 0 ? grades : throw new UsageException(
                $"grade: {folder} has no answers. They are STUDENT/NN-name/Exercise.cs, with any folders between.");
        }
        finally { Directory.Delete(temporary, recursive: true); }
    }

    static Grade One(string student, Exercise exercise, string file, string temporary)
    {
        var (assembly, errors) = Submission.Compile(file, temporary);
        if (assembly is null) return new(student, exercise.Number, 0, exercise.Steps.Count, errors, []);
        var verdicts = Grading.Run(exercise, assembly);
        return new(student, exercise.Number, verdicts.Count(v => v.Mark == Mark.Passed), verdicts.Count,
            verdicts.FirstOrDefault(v => v.Mark != Mark.Passed) switch
            {
                null => "",
                { Mark: Mark.Todo } open => $"not done: {open.Message}",
                var wrong => wrong.Message,
            }, verdicts);
    }

    /// <summary>A row for each student, a column for each exercise.</summary>
    public static Table Table(IReadOnlyList<Grade> grades)
    {
        int[] numbers = [.. grades.Select(g => g.Exercise).Distinct().Order()];
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns([.. numbers.Select(n => $"{n}").Prepend("student").Append("done")]);
        foreach (var student in grades.GroupBy(g => g.Student))
            table.AddRow([Markup.Escape(student.Key),
                .. numbers.Select(n => student.FirstOrDefault(g => g.Exercise == n)?.Text ?? ""),
                $"{student.Count(g => g.Passed == g.Steps)} of {numbers.Length}"]);
        return table;
    }

    /// <summary>A line for each answer: student, exercise, passed, steps, message.</summary>
    public static string Csv(IReadOnlyList<Grade> grades)
    {
        return string.Concat(["student,exercise,passed,steps,message\n", .. grades.Select(g =>
            $"{Quoted(g.Student)},{g.Exercise},{g.Passed},{g.Steps},{Quoted(g.Message)}\n")]);

        static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"").Replace('\n', ' ')}\"";
    }
}
