namespace Tutorials;

/// <summary>
/// Grades an answer. Its code runs in a process of its own (see <see cref="Answer"/>), under a limit of time for each
/// step and of memory in all, so that nothing that an answer does harms the one who grades: an endless loop, a stack
/// that overflows, an exit. What the process sends are values; whether they are right is decided here.
/// </summary>
static class Grading
{
    /// <summary>Compiles a learner's file and grades all steps.</summary>
    /// <param name="exercise">The exercise.</param>
    /// <param name="path">The file; the one in the chapter's folder if not given.</param>
    /// <param name="told">Called with the number of a step, and a line that the answer prints in it.</param>
    /// <param name="allowance">How long a step may take, and how much memory.</param>
    public static Graded Run(Exercise exercise, string? path = null, Action<int, string>? told = null,
        Allowance? allowance = null)
    {
        var compiled = Compiler.Shared.Compile(path is null ? exercise.AnswerText : File.ReadAllText(path), exercise);
        return compiled.Assembly is null ? new(exercise, compiled.Errors, [])
            : new(exercise, "", Steps(exercise, compiled, told, allowance ?? new()));
    }

    /// <summary>Grades all steps of an answer that compiles.</summary>
    public static List<Verdict> Steps(
        Exercise exercise, Compiled compiled, Action<int, string>? told, Allowance allowance)
    {
        var verdicts = new List<Verdict>();
        try
        {
            using var answer = new Answer(exercise, compiled, allowance);
            for (var step = 0; step < exercise.Steps.Count; step++)
            {
                var now = step;
                answer.Printed = line => told?.Invoke(now, line);
                verdicts.Add(answer.IsThere ? exercise.Grade(answer, step)
                    : new(exercise.Steps[step], Mark.Failed, $"There is no class Mine in namespace " +
                        $"{exercise.Chapter.Space} that implements {exercise.Asked.Name}."));
            }
        }
        catch (Exception e) when (e is LostException or AnswerException)
        {
            verdicts.Add(new(exercise.Steps[verdicts.Count], Mark.Failed, e.Message));
            verdicts.AddRange(exercise.Steps.Skip(verdicts.Count).Select(step => new Verdict(step, Mark.NotReached)));
        }
        return verdicts;
    }
}

/// <summary>What became of an answer.</summary>
/// <param name="Exercise">The exercise.</param>
/// <param name="Refusal">What is said where it does not compile, or uses what it may not.</param>
/// <param name="Verdicts">Step by step; none where it was refused.</param>
sealed record Graded(Exercise Exercise, string Refusal, IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>How many steps pass.</summary>
    public int Passed => Verdicts.Count(v => v.Mark == Mark.Passed);

    /// <summary>Whether all do.</summary>
    public bool IsDone => Refusal == "" && Passed == Exercise.Steps.Count;
}
