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

    static readonly Allowance small = new(Seconds: 60, Megabytes: 300);

    Graded Graded(string text, Allowance? allowance = null, Action<int, string>? told = null) =>
        Grading.Run(Exercise.Find("3"), HandIn("student", text), told, allowance ?? small);

    [Theory]
    [InlineData("while (true) { }", "within 1 s. Is there an endless loop", 1)]
    [InlineData("while (true) Console.WriteLine(1);", "within 1 s. Is there an endless loop", 1)]
    [InlineData("return Unbroadcast(gradient, shape);", "calls itself")]
    [InlineData("var all = new List<byte[]>(); while (true) all.Add(new byte[10_000_000]);", "more memory than it may")]
    [InlineData("var all = new List<Tensor>(); while (true) all.Add(Tensor.Ones(10_000_000));", "is full: ")]
    [InlineData("return gradient * double.PositiveInfinity;", "is infinite or NaN")]
    [InlineData("return null!;", "gave null")]
    [InlineData("shape[shape.Length] = 2; return gradient;", "IndexOutOfRangeException (Exercise.cs, line 7)")]
    [InlineData("return Early.Made; } class Early { public static Tensor Made = Tensor.Ones(2).Reshape(3);",
        "ShapeException (Exercise.cs, line 7):\nReshape")]
    [InlineData("throw new Odd(); } class Odd : Exception { public override string Message => throw new Odd();",
        "Your code threw Odd (Exercise.cs, line 7):\n(its message cannot be read)")]
    [InlineData("throw new Todo(\"all of it\");", "all of it")]
    public void What_an_answer_does_is_reported_as_the_students(string body, string words, double seconds = 60)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var (_, refusal, verdicts) = Graded(Answer(body), small with { Seconds = seconds });
        Assert.Equal("", refusal);
        Assert.Equal(Exercise.Find("3").Steps.Count, verdicts.Count);
        Assert.Contains(words, verdicts[0].Message);
        Assert.DoesNotContain(verdicts.Take(1), v => v.Mark == Mark.Passed);
        if (seconds < 60) Assert.InRange(watch.Elapsed.TotalSeconds, seconds, 60);
    }

    [Fact]
    public void Twenty_seconds_and_a_gigabyte_are_what_the_page_says() =>
        Assert.Equal((20, 1024), (new Allowance().Seconds, new Allowance().Megabytes));

    [Fact]
    public void What_an_answer_prints_is_told_step_by_step_and_does_no_harm()
    {
        var told = new List<(int Step, string Line)>();
        var graded = Graded(Answer("""
            Console.Write("{\"Step\":\"the same shape\",\"Mark\":0}\n\n>shape " + shape.Length);
            Console.Error.WriteLine("…");
            for (var i = 0; i < 100_000; i++) Console.WriteLine("flood");
            return gradient;
            """), told: (step, line) => told.Add((step, line)));
        Assert.Equal(Mark.Passed, graded.Verdicts[0].Mark);
        Assert.Equal(Mark.Failed, graded.Verdicts[1].Mark);
        Assert.Contains((0, ">shape 1…"), told);
        Assert.Contains(told, line => line.Step == 1);
        Assert.InRange(told.Count, 100, 500_000);
    }

    [Fact]
    public void A_class_of_another_name_is_missed()
    {
        var (_, _, verdicts) = Graded(Answer("return gradient;").Replace("class Mine", "class Yours"));
        Assert.All(verdicts, v => Assert.Contains("no class Mine in namespace Tutorials.Chapter03", v.Message));
    }

    [Fact]
    public void A_folder_of_answers_becomes_a_table()
    {
        var hole = File.ReadAllText(Path.Combine(Exercise.Find("3").Chapter.Folder, "Exercise.cs"));
        HandIn("ada", Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            for (var i = 0; i < shape.Length; i++) if (shape[i] == 1) gradient = gradient.Sum([i], keepdim: true);
            return gradient;
            """));
        HandIn("bob", Answer("return gradient;"));
        HandIn("cy \"x\"", Answer("return gradient"));
        HandIn("dan", hole.Contains("throw new Todo") ? hole : Answer("throw new Todo(\"…\");"));
        HandIn("eve", "", "99-other");
        HandIn("fay", Answer("return gradient;"), "5-tape");
        HandIn("bob", Answer("return gradient * 2;"), Path.Combine("old", "copies", "03-tape"));
        Directory.CreateDirectory(Path.Combine(folder, "gil"));
        File.CreateSymbolicLink(Path.Combine(folder, "hal"), Path.Combine(folder, "ada"));
        File.CreateSymbolicLink(Path.Combine(folder, "cy \"x\"", "04"), Path.Combine(folder, "ada", "tutorials"));
        File.WriteAllText(Path.Combine(folder, "Exercise.cs"), "");

        var (answers, left) = GradeFolder.Collect(folder);
        var grades = GradeFolder.InOrder(GradeFolder.Of(answers));
        Assert.Equal(["ada", "bob", "cy \"x\"", "dan"], grades.Select(g => g.Student));
        Assert.Equal([5, 1, 0, 0], grades.Select(g => g.Passed));
        Assert.Contains("Exercise.cs, line 7: ; expected", grades[2].Message);
        Assert.All(grades[3].Verdicts, v => Assert.Equal(Mark.Todo, v.Mark));
        Assert.Equal(["Exercise.cs", "bob/tutorials/old/copies/03-tape/Exercise.cs",
            "eve/tutorials/99-other/Exercise.cs", "eve", "fay/tutorials/5-tape/Exercise.cs", "fay", "gil", "hal"],
            left.Select(line => line.Split(':')[0]));

        var (csv, json) = (Path.Combine(folder, "grades.csv"), Path.Combine(folder, "grades.json"));
        Assert.Equal(0, GradeFolder.Run(folder, ["--csv", csv, "--json", json]));
        Assert.Contains("\"cy \"\"x\"\"\",3,0,5,0,\"Exercise.cs, line 7: ; expected\"", File.ReadAllText(csv));
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        Assert.Equal("Passed", document.RootElement[0].GetProperty("Verdicts")[0].GetProperty("Mark").GetString());
    }

    [Fact]
    public void Teachers_take_along_points_pages_and_what_is_alike()
    {
        const string body = """
            var missing = gradient.Rank - shape.Length;         // in front
            for (var axis = 0; axis < gradient.Rank; axis++)
                if (axis < missing || shape[axis - missing] == 1) gradient = gradient.Sum([axis], keepdim: true);
            return gradient.Reshape(shape);
            """;
        HandIn("ada", Answer(body));
        HandIn("bob", Answer(body.Replace("missing", "front").Replace("axis", "a").Replace("// in front", "")));
        HandIn("cy", Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            var i = 0;
            foreach (var size in shape) { if (size == 1) { gradient = gradient.Sum([i], keepdim: true); } i++; }
            return gradient;
            """));
        var (answers, _) = GradeFolder.Collect(folder);
        Assert.Equal(["exercise 3: ada and bob, 100 %"], Reports.Pairs(answers));

        var points = Reports.Points("3=20");
        Assert.Equal((20, 10), (points[3], points[4]));
        foreach (var wrong in (string[])["3", "99=1", "3=x", "3=-1"])
            Assert.Throws<UsageException>(() => Reports.Points(wrong));
        Verdict[] verdicts = [.. Exercise.Find("3").Steps.Select((s, i) =>
            new Verdict(s, i < 2 ? Mark.Passed : Mark.Failed, i < 2 ? "" : "so it is"))];
        Grade[] grades = [new("ada", 3, 2, 5, "so it is", verdicts, ""),
            new("bob", 3, 0, 5, "line 7: ; expected", [], "")];
        Reports.Feedback(Path.Combine(folder, "out"), grades, points);
        Reports.Gradescope(Path.Combine(folder, "out"), grades, points);
        Assert.Contains("8 of 20 points", File.ReadAllText(Path.Combine(folder, "out", "ada.md")));
        Assert.Contains("      so it is", File.ReadAllText(Path.Combine(folder, "out", "ada.md")));
        Assert.Contains("line 7: ; expected", File.ReadAllText(Path.Combine(folder, "out", "bob.md")));
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "out", "ada.json")));
        Assert.Equal(8, results.RootElement.GetProperty("score").GetDouble());
        var tests = results.RootElement.GetProperty("tests");
        Assert.Equal((5, 4.0, "failed", "so it is"), (tests.GetArrayLength(),
            tests[0].GetProperty("max_score").GetDouble(),
            tests[2].GetProperty("status").GetString(), tests[2].GetProperty("output").GetString()));
    }

    [Fact]
    public void What_was_graded_is_not_graded_again_until_it_changes()
    {
        HandIn("ada", Answer("return gradient;"));
        HandIn("bob", Answer("return gradient;"));
        var (answers, _) = GradeFolder.Collect(folder);
        var first = GradeFolder.InOrder(GradeFolder.Of(answers));
        HandIn("bob", Answer("return gradient ;"));
        Grade[] earlier = [.. first.Select(g => g with { Passed = 3 })];            // as no grader would say
        Assert.Equal([3, 1], GradeFolder.InOrder(GradeFolder.Of(answers, earlier)).Select(g => g.Passed));
    }

    [Fact]
    public void The_page_for_teachers_shows_what_is_printed()
    {
        var page = File.ReadAllText(Path.Combine(Tutorials.Book.Root, "teaching.md")).ReplaceLineEndings("\n");
        var graded = Graded(Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Mean([0]);
            return gradient;
            """));
        Assert.Contains($"  {graded.Exercise.File}\n{string.Join('\n', Course.Lines(graded))}\n```", page);

        var hole = "throw new Todo(\"…\");";
        HandIn("ada", Answer("""
            while (gradient.Rank > shape.Length) gradient = gradient.Sum([0]);
            for (var i = 0; i < shape.Length; i++) if (shape[i] == 1) gradient = gradient.Sum([i], keepdim: true);
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
            .Write(GradeFolder.Table(GradeFolder.InOrder(GradeFolder.Of(GradeFolder.Collect(folder).Answers))));
        Assert.Contains($"```text\n{written}```", page);
    }

    [Fact]
    public void The_learners_parts_take_the_place_of_the_engines_one_after_another()
    {
        if (Exercise.All[0].Solution is null) return;                           // a student's copy has no solutions
        var solved = new Dictionary<int, object>();
        foreach (var number in (int[])[13, 12, 9, 8, 7, 6, 1])
        {
            solved[number] = Activator.CreateInstance(Exercise.Find($"{number}").Solution!)!;
            Assert.False(double.IsNaN(Tutorials.Chapter09.WithMine.Train(solved, 100, 1)), $"with exercise {number}");
        }
        Assert.InRange(Tutorials.Chapter09.WithMine.Train(solved, 2000, 4), 0.9, 1);
        solved[9] = new Chapter09Wrong();
        Assert.True(double.IsNaN(Tutorials.Chapter09.WithMine.Train(solved, 100, 1)));
    }

    [Fact]
    public void The_learners_parts_take_their_places_in_a_text_model()
    {
        if (Exercise.All[0].Solution is null) return;                           // a student's copy has no solutions
        var solved = new Dictionary<int, object>();
        foreach (var number in (int[])[16, 15, 14, 7, 6])
        {
            solved[number] = Activator.CreateInstance(Exercise.Find($"{number}").Solution!)!;
            Assert.False(double.IsNaN(Tutorials.Chapter15.WithMine.Train(solved, 1)), $"with exercise {number}");
        }
        Assert.InRange(Tutorials.Chapter15.WithMine.Train(solved, 200), 0, 1.5);
        solved[14] = new Chapter14Wrong();
        Assert.True(double.IsNaN(Tutorials.Chapter15.WithMine.Train(solved, 1)));
    }

    /// <summary>Looks up right, and gives no gradient.</summary>
    sealed class Chapter14Wrong : Tutorials.Chapter14.IEmbedding
    {
        public Tensor Forward(Tensor index, Tensor table) => F.Embedding(index, table).Data;
        public Tensor Backward(Tensor index, Tensor dy, int rows, int? padding) =>
            Tensor.Zeros([rows, dy.Size(-1)], dy.DType);
    }

    /// <summary>Pools right, and gives no gradient.</summary>
    sealed class Chapter09Wrong : Tutorials.Chapter09.IMaxPool
    {
        public Tensor Forward(Tensor x) => F.MaxPool2d(x, 2).Data;
        public Tensor Backward(Tensor x, Tensor dy) => Tensor.ZerosLike(x);
    }

    [Fact]
    public void A_difference_has_the_lines_of_both() => Assert.Equal(
        ["  class Mine", "  {", "-     int a;", "+     int b;", "+     int c;", "  }"],
        Course.Difference("class Mine\n{\n\n    /// x\n    int a;\n}\n",
            "/// y\nclass Solution\n{\n    int b;\n    int c;\n}\n"));

    [Fact]
    public void What_cannot_be_graded_is_said()
    {
        Assert.Contains("no folder", Assert.Throws<UsageException>(() => GradeFolder.Collect("/nowhere")).Message);
        Assert.Contains("no answers", Assert.Throws<UsageException>(() => GradeFolder.Collect(folder)).Message);
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
                && !path.Contains($"{Path.DirectorySeparatorChar}cluster{Path.DirectorySeparatorChar}")
                && Path.GetFileName(path) != "Program.cs");
        Assert.Equal("", Submission.Compile("tutorials", sources).Errors);
    }

    [Fact]
    public void What_does_not_belong_to_the_project_is_not_handed_out()
    {
        foreach (var file in (string[])["README.md", "grades.csv", "Exercise.cs", "tutorials/Program.cs",
            "tutorials/03-tape/Exercise.cs", "tutorials/course/Exercise.cs", "tutorials/grades.json", "secret/x.md",
            "tutorials/bob/03-tape/Exercise.cs", "tutorials/bin/x.cs", "tutorials/03-tape/mine.bak"])
        {
            var path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
        }
        Directory.CreateDirectory(Path.Combine(folder, "Tensorlet"));
        Directory.CreateDirectory(Path.Combine(folder, "Tensorlet.Tests"));
        File.CreateSymbolicLink(Path.Combine(folder, "tutorials", "link"), Path.Combine(folder, "secret"));
        Assert.Equal(["README.md", "tutorials/03-tape/Exercise.cs", "tutorials/Program.cs",
            "tutorials/course/Exercise.cs"], StudentCopy.Listed(folder).Order(StringComparer.Ordinal));
        Assert.Null(StudentCopy.Tracked(folder));

        var root = Path.Combine(Tutorials.Book.Root, "..");
        if (StudentCopy.Tracked(root) is not { } tracked) return;               // this is no clone
        Assert.All(tracked.Except(StudentCopy.Listed(root)), file => Assert.StartsWith(".", file));
    }

    [CIFact]
    public void Every_exercise_is_handed_out_open()
    {
        foreach (var exercise in Exercise.All)
        {
            Assert.True(exercise.IsUntouched, exercise.File);
            Assert.All(Grading.Run(exercise).Verdicts, v => Assert.Equal(Mark.Todo, v.Mark));
        }
    }
}
