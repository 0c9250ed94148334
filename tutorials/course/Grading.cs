using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Tutorials;

/// <summary>
/// Grades an answer in a process of its own, under a limit of time for each step and of memory in all, so that nothing
/// that an answer does harms the one who grades: an endless loop, a stack that overflows, an exit.
/// </summary>
static class Grading
{
    /// <summary>What is said where an answer took more memory than it may.</summary>
    public const string OutOfMemory = "Your code took more memory than it may. Does something grow in a loop?";

    const string Command = "grade-in-child";

    /// <summary>Grades all steps.</summary>
    /// <param name="exercise">The exercise.</param>
    /// <param name="assembly">The file that has the class Mine; this program if not given.</param>
    /// <param name="told">Called with what the answer itself prints.</param>
    /// <param name="seconds">How long a step may take.</param>
    /// <param name="megabytes">How much memory its process may take.</param>
    public static IReadOnlyList<Verdict> Run(Exercise exercise, string? assembly = null,
        Action<string>? told = null, double seconds = 20, long megabytes = 1024)
    {
        using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(Grading).Assembly.Location, Command,
            $"{exercise.Number}", assembly ?? ""])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
            Environment = { ["DOTNET_GCHeapHardLimit"] = $"{megabytes << 20:x}" },
        })!;
        var errors = new List<string>();
        var reader = Task.Run(() =>
        {
            while (child.StandardError.ReadLine() is { } line)
            {
                if (errors.Count < 200) errors.Add(line);
                if (line.StartsWith('>')) told?.Invoke(line[1..]);
            }
        });
        var verdicts = new List<Verdict>();
        while (child.StandardOutput.ReadLineAsync() is var line)
        {
            if (!line.Wait(TimeSpan.FromSeconds(seconds)))
            {
                child.Kill(entireProcessTree: true);
                Lost($"Your code did not come back within {seconds:0} s. Is there an endless loop?");
                break;
            }
            if (line.Result is not { } json) break;
            if (json.StartsWith('{')) verdicts.Add(JsonSerializer.Deserialize<Verdict>(json)!);
        }
        child.WaitForExit();
        reader.Wait(TimeSpan.FromSeconds(5));
        if (verdicts.Count < exercise.Steps.Count) Lost(
            errors.Exists(e => e.StartsWith("Stack overflow", StringComparison.Ordinal))
                ? "The stack overflowed: a method of yours calls itself too often, or without an end."
            : errors.Exists(e => e.Contains("Out of memory")) ? OutOfMemory
            : $"Your code ended the process (exit code {child.ExitCode}). Does it call Exit?");
        return verdicts;

        void Lost(string message)
        {
            verdicts.Add(new(exercise.Steps[verdicts.Count], Mark.Failed, message));
            verdicts.AddRange(exercise.Steps.Skip(verdicts.Count).Select(step => new Verdict(step, Mark.NotReached)));
        }
    }

    /// <summary>What the child does; null if the arguments do not ask for a child.</summary>
    public static int? Child(string[] args)
    {
        if (args is not [Command, var number, var path]) return null;
        var exercise = Exercise.Find(number);
        var assembly = path == "" ? null : Assembly.LoadFrom(path);
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        var marked = new Marked(Console.Error);
        Console.SetOut(marked);
        Console.SetError(marked);
        var answer = exercise.Answer("Mine", assembly);
        for (var step = 0; step < exercise.Steps.Count; step++)
        {
            output.WriteLine(JsonSerializer.Serialize(exercise.Asked.IsAssignableFrom(answer)
                ? exercise.Grade(answer, step) : new Verdict(exercise.Steps[step], Mark.Failed, $"There is no class " +
                    $"Mine in namespace {exercise.Chapter.Space} that implements {exercise.Asked.Name}.")));
            marked.EndLine();
        }
        return 0;
    }

    /// <summary>Marks the lines that the answer prints, among those of the runtime.</summary>
    sealed class Marked(TextWriter inner) : StringWriter
    {
        public override void Write(char value)
        {
            base.Write(value);
            if (value != '\n') return;
            inner.Write($">{GetStringBuilder()}");
            GetStringBuilder().Clear();
        }
        public override void Write(string? value) { foreach (var c in value ?? "") Write(c); }
        public override void Write(char[] buffer, int index, int count)
        { for (var i = 0; i < count; i++) Write(buffer[index + i]); }
        public override void WriteLine(string? value) => Write($"{value}\n");
        public void EndLine() { if (GetStringBuilder().Length > 0) Write('\n'); }
    }
}
