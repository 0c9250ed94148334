using System.Text.Json;
using Spectre.Console;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>Whatever a student hands in, the grader continues, and says what the student can do about it.</summary>
public sealed class CourseTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-course-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static string Answer(string body) => $$"""
        using Tensorlet;
        namespace Tutorials.Chapter03;
        public sealed class Mine : IBroadcast
        {
            public Tensor Unbroadcast(Tensor gradient, int[] shape)
            {
                {{body}}
            }
        }
        """;

    string HandIn(string student, string text, string chapter = "03-tape")
    {
        var path = Path.Combine(folder, student, "tutorials", chapter, "Exercise.cs");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    IReadOnlyList<Verdict> Graded(string text, string words = "")
    {
        var (assembly, errors) = Submission.Compile(HandIn("student", text), folder);
        Assert.Equal("", errors);
        return Grading.Run(Exercise.Find("3"), assembly, megabytes: 150,
            seconds: words == "endless loop" ? 3 : 60);
    }

    [Theory]
    [InlineData("while (true) { }", "endless loop")]
    [InlineData("return Unbroadcast(gradient, shape);", "calls itself")]
    [InlineData("var all = new List<byte[]>(); while (true) all.Add(new byte[10_000_000]);", "more memory than it may")]
    [InlineData("Environment.Exit(0); return gradient;", "exit code 0")]
    [InlineData("return gradient * double.PositiveInfinity;", "is infinite or no number")]
    [InlineData("return null!;", "gave null")]
    [InlineData("shape[shape.Length] = 2; return gradient;", "IndexOutOfRangeException (Exercise.cs, line 7)")]
    public void What_an_answer_does_is_reported_as_the_students(string body, string words)
    {
        var verdicts = Graded(Answer(body), words);
        Assert.Equal(Exercise.Find("3").Steps.Count, verdicts.Count);
        Assert.Equal(Mark.Failed, verdicts[0].Mark);
        Assert.Contains(words, verdicts[0].Message);
    }

    [Fact]
    public void What_an_answer_prints_is_told_and_does_no_harm()
    {
        var (assembly, _) = Submission.Compile(HandIn("student",
            Answer("Console.WriteLine(\"{}\\nshape \" + shape.Length); return gradient;")), folder);
        var told = new List<string>();
        var verdicts = Grading.Run(Exercise.Find("3"), assembly, told.Add);
        Assert.Equal(Mark.Passed, verdicts[0].Mark);
        Assert.Contains("shape 1", told);
    }

    [Fact]
    public void A_class_of_another_name_is_missed()
    {
        var verdicts = Graded(Answer("return gradient;").Replace("class Mine", "class Yours"));
        Assert.All(verdicts, v => Assert.Contains("no class Mine in namespace Tutorials.Chapter03", v.Message));
    }

    [Fact]
    public void A_folder_of_answers_becomes_a_table()
    {
        var hole = File.ReadAllText(Path.Combine(Exercise.Find("3").Chapter.Folder, "Exercise.cs"));
        HandIn("ada", Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            for (var i = 0; i < shape.Length; i++) if (shape[i] == 1) gradient = gradient.Sum([i], keepDim: true);
            return gradient;
            """));
        HandIn("bob", Answer("return gradient;"));
        HandIn("cy \"x\"", Answer("return gradient"));
        HandIn("dan", hole.Contains("throw new Todo") ? hole : Answer("throw new Todo(\"…\");"));
        HandIn("eve", "", "99-other");
        var grades = GradeFolder.Of(folder);
        Assert.Equal(["ada", "bob", "cy \"x\"", "dan"], grades.Select(g => g.Student));
        Assert.Equal([5, 2, 0, 0], grades.Select(g => g.Passed));
        Assert.Contains("Exercise.cs, line 7: ; expected", grades[2].Message);
        Assert.All(grades[3].Verdicts, v => Assert.Equal(Mark.Todo, v.Mark));

        var (csv, json) = (Path.Combine(folder, "grades.csv"), Path.Combine(folder, "grades.json"));
        Assert.Equal(0, GradeFolder.Run(folder, ["--csv", csv, "--json", json]));
        Assert.Contains("\"cy \"\"x\"\"\",3,0,5,\"Exercise.cs, line 7: ; expected\"", File.ReadAllText(csv));
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        Assert.Equal("Passed", document.RootElement[0].GetProperty("Verdicts")[0].GetProperty("Mark").GetString());
    }

    [Fact]
    public void The_page_for_teachers_shows_what_is_printed()
    {
        var page = File.ReadAllText(Path.Combine(Tutorials.Book.Root, "teaching.md")).ReplaceLineEndings("\n");
        var exercise = Exercise.Find("3");
        var verdicts = Graded(Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Mean([0]);
            return gradient;
            """), "");
        Assert.Contains($"  {exercise.File}\n{string.Join('\n', Course.Lines(exercise, verdicts))}\n```", page);

        var hole = "throw new Todo(\"…\");";
        HandIn("ada", Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            for (var i = 0; i < shape.Length; i++) if (shape[i] == 1) gradient = gradient.Sum([i], keepDim: true);
            return gradient;
            """));
        HandIn("ada", "namespace Tutorials.Chapter04; public sealed class Mine : IOrder { public int[] Order(int[][] " +
            $"i, int r) => {hole} public double[] Gradients(int[][] i, double[][] s, int r) => {hole} }}", "04-walk");
        HandIn("bob", Answer("return gradient;"));
        HandIn("bob", "using", "04-walk");
        HandIn("cy", Answer(hole));
        Directory.Delete(Path.Combine(folder, "student"), recursive: true);
        var written = new StringWriter { NewLine = "\n" };
        AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No })
            .Write(GradeFolder.Table(GradeFolder.Of(folder)));
        Assert.Contains($"```text\n{written}```", page);
    }

    [Fact]
    public void What_cannot_be_graded_is_said()
    {
        Assert.Contains("no folder", Assert.Throws<UsageException>(() => GradeFolder.Of("/nowhere")).Message);
        Assert.Contains("no answers", Assert.Throws<UsageException>(() => GradeFolder.Of(folder)).Message);
        Assert.Throws<UsageException>(() => GradeFolder.Run(folder, ["--xml", "x"]));
        Assert.Throws<UsageException>(() => Exercise.Find("99"));
        Assert.Throws<UsageException>(() => Course.Hint(Exercise.Find("3"), "0"));
    }

    [Fact]
    public void A_students_copy_has_no_solutions_and_compiles()
    {
        var copy = Path.Combine(folder, "copy");
        if (Exercise.All.Any(e => !e.IsUntouched)) // somebody works here, whose answers must not be published
        {
            Assert.Contains("would be handed out", Assert.Throws<UsageException>(() => StudentCopy.Run(copy)).Message);
            return;
        }
        Assert.Equal(0, StudentCopy.Run(copy));
        Assert.Empty(Directory.GetFiles(copy, "Solution.cs", SearchOption.AllDirectories));
        Assert.True(File.Exists(Path.Combine(copy, "Tensorlet.sln")));
        Assert.Throws<UsageException>(() => StudentCopy.Run(copy));
        Assert.Throws<UsageException>(() => StudentCopy.Run(Path.Combine(Tutorials.Book.Root, "copy")));
        var sources = Directory.GetFiles(Path.Combine(copy, "tutorials"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("benchmarks") && !path.Contains("template")
                && Path.GetFileName(path) != "Program.cs");
        Assert.Equal("", Submission.Compile("tutorials", sources).Errors);
    }

    [CIFact]
    public void Every_exercise_is_handed_out_open()
    {
        foreach (var exercise in Exercise.All)
        {
            Assert.True(exercise.IsUntouched, exercise.File);
            Assert.All(exercise.Steps.Index(), step => Assert.Equal(Mark.Todo,
                exercise.Grade(exercise.Answer("Mine")!, step.Index).Mark));
        }
    }
}
