using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// Answers that want marks without work, or to do harm. What they use is refused by name before they run; the others
/// are in <see cref="CourseTests"/>, where they run and get nothing.
/// </summary>
public class HostileTests
{
    /// <summary>A line of a method, and what is said of it.</summary>
    public static TheoryData<string, string> Lines => new()
    {
        { "new Solution().Unbroadcast(gradient, shape);", "'Solution' could not be found" },
        { "Activator.CreateInstance(Type.GetType(\"Tutorials.Chapter03.Solution, tutorials\")!);", "reflection" },
        { "foreach (var t in typeof(Mine).Assembly.GetTypes()) Console.WriteLine(t);", "reflection" },
        { "var type = GetType(); type.GetMethods();", "reflection" },
        { "System.Reflection.Assembly.LoadFrom(\"tutorials.dll\");", "reflection" },
        { "dynamic d = gradient; d.Anything();", "reflection" },
        { "Func<int> f = () => 1; f.DynamicInvoke();", "reflection" },
        { "System.Linq.Expressions.Expression.Constant(1);", "reflection" },
        { "unsafe { var p = (int*)0; }", "unsafe" },
        { "System.Runtime.InteropServices.Marshal.AllocHGlobal(1 << 30);", "memory and code outside of .NET" },
        { "System.Runtime.CompilerServices.Unsafe.As<Mine>(gradient);", "memory and code outside of .NET" },
        { "var r = __makeref(shape);", "memory and code outside of .NET" },
        { "System.Diagnostics.Process.Start(\"sleep\", \"1000\");", "processes" },
        { "System.Diagnostics.Process.GetCurrentProcess().Kill();", "processes" },
        { "Tensorlet.Multiprocessing.Spawn.Child();", "processes" },
        { "Tensorlet.Cluster.Distributed.RunThreads(2, _ => { });", "'Cluster' does not exist" },
        { "File.WriteAllText(\"x\", \"x\");", "files" },
        { "while (true) new FileStream(\"x\", FileMode.Append).Write(new byte[1 << 20]);", "files" },
        { "Npy.Load(\"secret.npy\");", "files" },
        { "new Tensorlet.Data.Csv(\"grades.csv\");", "files" },
        { "new HttpClient();", "the network" },
        { "new Thread(() => { while (true) { } }).Start();", "threads" },
        { "Task.Run(() => { while (true) { } });", "threads" },
        { "Parallel.For(0, 2, _ => { });", "threads" },
        { "new Timer(_ => { }, null, 0, 1);", "threads" },
        { "new System.Timers.Timer(1).Start();", "threads" },
        { "async void Later() { }", "threads" },
        { "lock (gradient) while (true) { }", "threads" },
        { "Environment.Exit(0);", "the environment of its process" },
        { "Environment.FailFast(\"\");", "the environment of its process" },
        { "Action<int> exit = Environment.Exit; exit(0);", "the environment of its process" },
        { "Environment.GetEnvironmentVariable(\"HOME\");", "the environment of its process" },
        { "AppDomain.CurrentDomain.ProcessExit += (_, _) => { while (true) { } };", "the environment of its process" },
        { "AppContext.SetSwitch(\"x\", true);", "the environment of its process" },
        { "GC.AddMemoryPressure(1L << 40);", "the environment of its process" },
        { "Console.SetOut(new StringWriter());", "the console, but for Write and WriteLine" },
        { "Console.OpenStandardOutput().Close();", "the console, but for Write and WriteLine" },
        { "Console.ReadLine();", "the console, but for Write and WriteLine" },
        { "return gradient; } ~Mine() { while (true) { }", "finalizers" },
        { "return gradient; } [System.Runtime.CompilerServices.ModuleInitializer] public static void X() {",
            "what is there for" },
        { "return gradient; } [System.Runtime.InteropServices.DllImport(\"libc\")] static extern int a(); void X() {",
            "memory and code outside of .NET" },
        { "return gradient; } [System.Runtime.CompilerServices.UnsafeAccessor(default)] static extern int X(); " +
            "void Y() {",
            "memory and code outside of .NET" },
        { "return gradient; } } public class R : Exception { public void X() { throw new Tutorials.Rejected(\"\");",
            "inaccessible" },
    };

    [Theory, MemberData(nameof(Lines))]
    public void What_no_answer_may_use_is_refused_by_name(string line, string words)
    {
        var refusal = Refusal($"{line} throw new Exception();", "");
        Assert.Contains("Exercise.cs, line ", refusal);
        Assert.Contains(words, refusal);
    }

    static string Refusal(string body, string before) => Compiler.Shared.Compile($$"""
        {{before}}
        namespace Tutorials.Chapter03
        {
            using Tensorlet;
            public sealed class Mine : IBroadcast
            {
                public Tensor Unbroadcast(Tensor gradient, int[] shape)
                {
                    {{body}}
                }
            }
        }
        """, Exercise.Find("3")).Errors;

    [Theory]
    [InlineData("using static System.Environment;", "Exit(0); return gradient;", "the environment")]
    [InlineData("using E = System.Environment;", "E.Exit(0); return gradient;", "the environment")]
    [InlineData("[assembly: System.Reflection.AssemblyTitle(\"x\")]", "return gradient;", "attributes of its assembly")]
    [InlineData("namespace System.Runtime.CompilerServices { class ModuleInitializerAttribute : Attribute { } }",
        "return gradient;", "the namespace System.Runtime.CompilerServices")]
    [InlineData("", "var f = typeof(Mine).Name; return gradient;", null)]
    [InlineData("using System.Numerics;", "var d = new Dictionary<string, Func<int>>(); " +
        "Console.WriteLine(new { d.Count, Last = gradient.Size()[^1], Of = (1, Complex.One), " +
        "new List<int>([1, 2]).Order().ToArray().Length }); Span<int> s = stackalloc int[2]; return gradient;", null)]
    public void Other_names_for_it_are_seen_through_and_harmless_things_are_not_refused(
        string before, string body, string? words)
    {
        var refusal = Refusal(body, before);
        if (words is null) Assert.Equal("", refusal);
        else Assert.Contains(words, refusal);
    }

    /// <summary>What an exercise asks for, under its name in the engine or one beside it.</summary>
    [Theory]
    [InlineData(1, "new Tensorlet.Nn.BatchNorm1d(2)")]
    [InlineData(2, "Tensorlet.Layout.Contiguous(2, 3)")]
    [InlineData(3, "Autograd.EnableGrad()")]
    [InlineData(6, "F.CrossEntropy(null!, null!)")]
    [InlineData(6, "new Tensorlet.Nn.CrossEntropyLoss()")]
    [InlineData(6, "((Variable)null!).LogSoftmax(1)")]
    [InlineData(7, "new Tensorlet.Optim.Adam([])")]
    [InlineData(8, "new Random(1)")]
    [InlineData(8, "Tensor.RandPerm(3)")]
    [InlineData(9, "F.MaxPool2d(null!, 2)")]
    [InlineData(10, "((Tensor)null!).ToArray<double>()")]
    [InlineData(11, "Tensor.MatMul(null!, null!)")]
    [InlineData(12, "F.Conv2d(null!, null!)")]
    [InlineData(12, "new Tensorlet.Nn.Conv2d(1, 1, 1)")]
    [InlineData(12, "(Action)(() => ((Variable)null!).Backward())")]
    [InlineData(13, "((Variable)null!).GradFn")]
    [InlineData(14, "F.Embedding(null!, null!)")]
    [InlineData(15, "F.ScaledDotProductAttention(null!, null!, null!)")]
    [InlineData(15, "new Tensorlet.Nn.MultiheadAttention(4, 2)")]
    [InlineData(18, "new Tensorlet.Legacy.Linear(1, 1)")]
    [InlineData(18, "new Tensorlet.Nn.Linear(1, 1)")]
    public void What_an_exercise_asks_for_is_not_to_be_taken_from_the_engine(int number, string expression)
    {
        var exercise = Exercise.Find($"{number}");
        var errors = Compiler.Shared.Compile(exercise.AnswerText.Replace("public sealed class Mine",
            $"static class Taken {{ static object Of() => {expression}; }}\npublic sealed class Mine")
            .Replace("namespace", "using Tensorlet;\nnamespace"), exercise).Errors;
        Assert.Matches(@"^Exercise.cs, line \d+: .*\n  \S.*\.", errors);
        Assert.DoesNotContain("error", errors);
        Assert.Contains(exercise.Forbidden.Select(f => f.Why).Append("An answer may not use the layers by hand that " +
            "the library has."), errors.Contains);
    }

    [Fact]
    public void No_name_that_is_forbidden_is_misspelt()
    {
        Type[] types = [.. typeof(Tensor).Assembly.GetExportedTypes(), typeof(Random), typeof(Guid)];
        foreach (var exercise in Exercise.All)
            foreach (var name in exercise.Forbidden.SelectMany(f => f.Names))
            {
                bool Ends(string full) => $".{full}".EndsWith($".{name}", StringComparison.Ordinal);
                Assert.True(types.Any(t => Ends(t.FullName!) || Ends(t.Namespace!)
                    || t.GetMembers().Any(m => Ends($"{t.FullName}.{m.Name}"))), $"{exercise.Number}: {name}");
            }
    }

    [Fact]
    public void What_brings_the_compiler_down_is_the_students()
    {
        using var compiler = new Compiler(new(Seconds: 5));
        Assert.NotEqual("", Of($"return {new string('(', 20_000)}gradient{new string(')', 20_000)};"));
        _ = Of($"var x = {string.Join(" + ", Enumerable.Repeat("1", 20_000))}; return gradient;");   // may compile
        Assert.NotEqual("", Of(new string('{', 100_000)));
        Assert.Contains("longest", Of(new string(' ', 300_000)));
        Assert.Equal("", Of("return gradient;"));                           // and the next one is compiled

        string Of(string body) => compiler.Compile($$"""
            namespace Tutorials.Chapter03;
            public sealed class Mine : IBroadcast
            {
                public Tensorlet.Tensor Unbroadcast(Tensorlet.Tensor gradient, int[] shape) { {{body}} }
            }
            """, Exercise.Find("3")).Errors;
    }

    /// <summary>What an answer does that got past the list of what is refused.</summary>
    [Theory]
    [InlineData("Environment.Exit(0);", "ended the process (exit code 0)")]
    [InlineData("Environment.FailFast(\"…\");", "ended the process")]
    [InlineData("System.Diagnostics.Process.GetCurrentProcess().Kill();", "ended the process")]
    [InlineData("new Thread(() => { while (true) { } }).Start(); return null!;", "gave null")]
    [InlineData("var o = Console.OpenStandardOutput(); while (true) o.Write(new byte[1 << 16]);", "within 2 s")]
    [InlineData("Console.OpenStandardOutput().Write(\"{\\\"Step\\\":\\\"\\\",\\\"Mark\\\":0}\"u8); return null!;",
        "gave null")]
    [InlineData("for (var i = 3; i < 400; i++) try { new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(" +
        "i, false), FileAccess.Write, 0).Write(new byte[100]); } catch (Exception) { } return null!;", "disturbed")]
    [InlineData("for (var i = 3; i < 400; i++) new Microsoft.Win32.SafeHandles.SafeFileHandle(i, true).Close(); " +
        "return gradient;", "ended the process")]
    [InlineData("System.Runtime.InteropServices.Marshal.AllocHGlobal((nint)2_000_000_000);", "more memory")]
    [InlineData("Console.SetOut(null!); return null!;", "ArgumentNullException")]
    [InlineData("AppDomain.CurrentDomain.ProcessExit += (_, _) => { while (true) { } }; return null!;", "gave null")]
    [InlineData("System.Diagnostics.Process.Start(\"sleep\", \"987.654\"); return null!;", "gave null")]
    [InlineData("File.WriteAllBytes(Path.GetTempFileName(), new byte[1000]); return null!;", "Your code threw")]
    public void At_worst_it_gets_no_mark_and_ends_with_its_process(string body, string words)
    {
        var exercise = Exercise.Find("3");
        var compiled = Submission.Compile($$"""
            using Tensorlet;
            namespace Tutorials.Chapter03;
            public sealed class Mine : IBroadcast
            {
                public Tensor Unbroadcast(Tensor gradient, int[] shape) { {{body}} throw new Exception(); }
            }
            """, exercise, refusing: false);
        Assert.Equal("", compiled.Errors);
        var verdicts = Grading.Steps(exercise, compiled, null, new(Seconds: 2, Megabytes: 600));
        Assert.Equal(exercise.Steps.Count, verdicts.Count);
        Assert.DoesNotContain(verdicts, v => v.Mark == Mark.Passed);
        if (OperatingSystem.IsLinux() || !words.Contains("threw")) Assert.Contains(words, verdicts[0].Message);
        // the system takes a moment to end a process that was killed
        if (OperatingSystem.IsLinux()) Assert.True(SpinWait.SpinUntil(() =>
            !Directory.GetDirectories("/proc").Any(IsSleeping), TimeSpan.FromSeconds(5)));

        static bool IsSleeping(string process)
        {
            try { return File.ReadAllText(process + "/cmdline").Contains("987.654"); }
            catch (IOException) { return false; }                       // it has ended, or is no process
        }
    }

    [Fact]
    public void With_bubblewrap_an_answer_sees_no_files()
    {
        if (!Isolation.IsThere) return;
        var compiled = Submission.Compile($$"""
            using Tensorlet;
            namespace Tutorials.Chapter03;
            public sealed class Mine : IBroadcast
            {
                public Tensor Unbroadcast(Tensor gradient, int[] shape) => throw new Exception(File.Exists(
                    @"{{typeof(Grading).Assembly.Location}}")
                    ? "it is there" : "no file");
            }
            """, Exercise.Find("3"), refusing: false);
        Assert.Contains("no file", Grading.Steps(Exercise.Find("3"), compiled, null, new())[0].Message);
    }

    [Fact]
    public void Bytes_that_are_no_values_are_refused_as_such()
    {
        Type[] types = [.. Exercise.All.SelectMany(e => e.Asked.GetMethods())
            .SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType))
            .Where(t => t != typeof(void) && t != typeof(IEnumerable<Tutorials.Chapter11.Barrier>)).Distinct()];
        var (random, values, read) = (new Random(1), new Values(), 0);
        for (var run = 0; run < 20_000; run++)
        {
            var bytes = new byte[random.Next(64)];
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next(random.Next(4) == 0 ? 256 : 5);
            try
            {
                values.Read(new(new MemoryStream(bytes)), types[run % types.Length]);
                read++;
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException
                or OverflowException or ArgumentException or TensorletException)
            { }
        }
        Assert.InRange(read, 100, 19_000);
    }
}
