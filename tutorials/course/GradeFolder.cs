using System.Security.Cryptography;
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
/// <param name="Verdicts">Step by step; none where it does not compile, or uses what it may not.</param>
/// <param name="Of">Of which text, held against which grader: where both are the same, it is not graded again.</param>
sealed record Grade(string Student, int Exercise, int Passed, int Steps, string Message,
    IReadOnlyList<Verdict> Verdicts, string Of)
{
    /// <summary>As the table shows it.</summary>
    [JsonIgnore]
    public string Text => Passed == Steps ? "[green]✓[/]" : Verdicts.Count == 0 ? "[red]refused[/]"
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

    /// <summary>An answer that was handed in.</summary>
    public sealed record Answered(string Student, Exercise Exercise, string File);

    /// <summary>Grades all, prints the table, and writes the files that are asked for after each answer.</summary>
    public static int Run(string folder, ReadOnlySpan<string> options, Allowance? allowance = null)
    {
        var files = new Dictionary<string, string>();
        for (var i = 0; i < options.Length; i += 2)
            files[options[i] is "--csv" or "--json" or "--feedback" or "--gradescope" or "--points"
                ? options[i] : throw new UsageException($"{options[i]} is no option of grade.")]
                = i + 1 < options.Length ? options[i + 1] : throw new UsageException($"{options[i]} wants a file.");
        files.Remove("--points", out var worth);
        var points = Reports.Points(worth ?? "");
        var (answers, left) = Collect(folder);
        Course.Screen.MarkupLine($"[grey]{Markup.Escape(Isolation.Text)}[/]");
        var earlier = files.TryGetValue("--json", out var known) && File.Exists(known) ? Read(known) : [];
        var grades = new List<Grade>();
        foreach (var grade in Of(answers, earlier, allowance))
        {
            grades.Add(grade);
            Course.Screen.MarkupLine($"[grey]{grades.Count} of {answers.Count}[/]  {Markup.Escape(grade.Student)}  " +
                $"{grade.Exercise}  {grade.Text}");
            Write(files, InOrder(grades), points);
        }
        Course.Screen.Write(Table(InOrder(grades)));
        foreach (var line in left) Course.Screen.MarkupLine($"[yellow]not graded:[/] {Markup.Escape(line)}");
        foreach (var pair in Reports.Pairs(answers))
            Course.Screen.MarkupLine($"[yellow]alike:[/] {Markup.Escape(pair)}");
        foreach (var file in files.Values) Console.WriteLine($"written: {file}");
        return 0;
    }

    /// <summary>The grades by student and exercise.</summary>
    public static IReadOnlyList<Grade> InOrder(IEnumerable<Grade> grades) =>
        [.. grades.OrderBy(g => g.Student, StringComparer.Ordinal).ThenBy(g => g.Exercise)];

    static void Write(
        Dictionary<string, string> files, IReadOnlyList<Grade> grades, IReadOnlyDictionary<int, double> points)
    {
        foreach (var (option, file) in files)
            if (option == "--feedback") Reports.Feedback(file, grades, points);
            else if (option == "--gradescope") Reports.Gradescope(file, grades, points);
            else
            {
                File.WriteAllText(file + ".new",
                    option == "--csv" ? Csv(grades, points) : JsonSerializer.Serialize(grades, indented));
                File.Move(file + ".new", file, overwrite: true);
            }
    }

    static Grade[] Read(string file)
    {
        try { return JsonSerializer.Deserialize<Grade[]>(File.ReadAllText(file), indented) ?? []; }
        catch (JsonException)
        {
            throw new UsageException($"grade: {file} is there and has no grades. Take another file, or delete it.");
        }
    }

    /// <summary>Looks for answers, without following links.</summary>
    /// <returns>The answers, one for an exercise of a student; and a line for everything else.</returns>
    /// <exception cref="UsageException">There is no such folder, or no answer in it.</exception>
    public static (IReadOnlyList<Answered> Answers, IReadOnlyList<string> Left) Collect(string folder)
    {
        if (!Directory.Exists(folder)) throw new UsageException($"grade: there is no folder {folder}.");
        var noLinks = new EnumerationOptions
        { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        var (answers, left) = (new List<Answered>(), new List<string>());
        string Name(string path) => Path.GetRelativePath(folder, path);
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            if (File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint)) left.Add($"{Name(path)}: it is a link.");
            else if (!Directory.Exists(path))
            {
                if (Path.GetExtension(path) is ".cs")
                    left.Add($"{Name(path)}: it is in no student's folder.");
            }
            else
            {
                var files = Directory.EnumerateFiles(path, "*.cs", noLinks)
                    .Where(file => Path.GetFileNameWithoutExtension(file)
                        .Contains("exercise", StringComparison.OrdinalIgnoreCase) && !IsBuilt(file))
                    .OrderBy(file => file.Count(c => c == Path.DirectorySeparatorChar))
                    .ThenBy(file => file, StringComparer.Ordinal).ToList();
                var before = answers.Count;
                foreach (var file in files) Take(Path.GetFileName(path), file);
                if (answers.Count == before) left.Add($"{Name(path)}: there is no answer in it.");
            }
        }
        return answers.Count > 0 ? (answers, left) : throw new UsageException($"grade: {folder} has no answers. They " +
            $"are STUDENT/NN-name/Exercise.cs, with any folders between.\n{string.Join('\n', left)}".TrimEnd());

        static bool IsBuilt(string file) => file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any();

        void Take(string student, string file)
        {
            var number = Path.GetFileName(Path.GetDirectoryName(file)!).Split('-')[0];
            var exercise = Exercise.All.FirstOrDefault(e => $"{e.Number:00}" == number);
            if (Path.GetFileName(file) != "Exercise.cs" || exercise is null)
            {
                if (number is not ("course" or "Book"))             // a clone has files of the course with such names
                    left.Add($"{Name(file)}: an answer is NN-name/Exercise.cs, and NN is from 01 to " +
                        $"{Exercise.All[^1].Number}.");
            }
            else if (answers.Find(a => a.Student == student && a.Exercise == exercise) is { } other)
                left.Add($"{Name(file)}: exercise {exercise.Number} is answered in {Name(other.File)} already.");
            else answers.Add(new(student, exercise, file));
        }
    }

    /// <summary>Grades as many at a time as there are processors, and gives each when it is known.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="earlier">Grades of an earlier run, which hold where nothing has changed.</param>
    /// <param name="allowance">How long a step may take, and how much memory.</param>
    public static IEnumerable<Grade> Of(
        IReadOnlyList<Answered> answers, IReadOnlyList<Grade>? earlier = null, Allowance? allowance = null)
    {
        var known = (earlier ?? []).DistinctBy(g => (g.Student, g.Exercise)).ToDictionary(g => (g.Student, g.Exercise));
        return answers.AsParallel().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(a =>
        {
            try
            {
                var of = Hash(File.ReadAllBytes(a.File));
                return known.TryGetValue((a.Student, a.Exercise.Number), out var grade) && grade.Of == of ? grade
                    : One(a, of, allowance);
            }
            catch (Exception e)                         // whatever it is: the others are graded
            {
                return new(a.Student, a.Exercise.Number, 0, a.Exercise.Steps.Count,
                    $"The grader failed at it, and not the student: {e.GetType().Name}: {e.Message}", [], "");
            }
        });
    }

    static string Hash(byte[] text) => Convert.ToHexString(SHA256.HashData(
        [.. text, .. typeof(GradeFolder).Assembly.ManifestModule.ModuleVersionId.ToByteArray()]))[..16];

    static Grade One(Answered answered, string of, Allowance? allowance)
    {
        var graded = Grading.Run(answered.Exercise, answered.File, allowance: allowance);
        return new(answered.Student, answered.Exercise.Number, graded.Passed, answered.Exercise.Steps.Count,
            graded.Refusal != "" ? graded.Refusal : graded.Verdicts.FirstOrDefault(v => v.Mark != Mark.Passed) switch
            {
                null => "",
                { Mark: Mark.Todo } open => $"not done: {open.Message}",
                var wrong => wrong.Message,
            }, graded.Verdicts, of);
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

    /// <summary>A line for each answer: student, exercise, passed, steps, points, message.</summary>
    public static string Csv(IReadOnlyList<Grade> grades, IReadOnlyDictionary<int, double> points)
    {
        return string.Concat(["student,exercise,passed,steps,points,message\n", .. grades.Select(g =>
            FormattableString.Invariant($"{Quoted(g.Student)},{g.Exercise},{g.Passed},{g.Steps},") +
            FormattableString.Invariant($"{Reports.Of(g, points)},{Quoted(g.Message)}\n"))]);

        static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"").Replace('\n', ' ')}\"";
    }
}
