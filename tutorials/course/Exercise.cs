using System.Globalization;
using System.Reflection;

namespace Tutorials;

/// <summary>What became of a step.</summary>
enum Mark { Passed, Failed, Todo, NotReached }

/// <summary>A step of an exercise and what became of it.</summary>
/// <param name="Step">What is asked for.</param>
/// <param name="Mark">What became of it.</param>
/// <param name="Message">What the learner is told.</param>
sealed record Verdict(string Step, Mark Mark, string Message = "");

/// <summary>One requirement. The check throws <see cref="Rejected"/> with words that help.</summary>
sealed record Step<T>(string Name, Action<T> Check);

/// <summary>An answer that is wrong as answers often are, and words that it must be told.</summary>
sealed record Mistake<T>(string Name, T Answer, string MustSay);

/// <summary>
/// The exercise of a chapter. Four files in the chapter's folder belong to it: Asked.cs with an interface, Exercise.cs
/// with the class <c>Mine</c>, whose methods throw <see cref="Todo"/> until the learner has written them, Solution.cs
/// with the class <c>Solution</c>, both of that interface, and Grader.cs with a class derived from this one.
/// </summary>
abstract class Exercise
{
    /// <summary>The number of the exercise and of its chapter.</summary>
    public int Number => int.Parse(GetType().Namespace![^2..], CultureInfo.InvariantCulture);

    /// <summary>What it is about.</summary>
    public abstract string Title { get; }

    /// <summary>From a nudge to nearly the answer.</summary>
    public abstract IReadOnlyList<string> Hints { get; }

    /// <summary>The names of the steps, from easy to hard.</summary>
    public abstract IReadOnlyList<string> Steps { get; }

    /// <summary>The wrong answers that the grader must know: their names, and what they must be told.</summary>
    public abstract IReadOnlyList<(string Name, string MustSay)> Mistakes { get; }

    /// <summary>The interface that the learner implements.</summary>
    public abstract Type Asked { get; }

    /// <summary>The file to write in, from the folder of the project.</summary>
    public string File => Path.Combine("tutorials", Path.GetFileName(Chapter.Folder), "Exercise.cs");

    /// <summary>The chapter that it closes.</summary>
    public Chapter Chapter => Book.Chapters.Single(c => c.Number == Number);

    /// <summary>The text of the learner's file.</summary>
    /// <exception cref="FileNotFoundException">It has been deleted.</exception>
    public string AnswerText
    {
        get
        {
            var path = Path.Combine(Chapter.Folder, "Exercise.cs");
            return System.IO.File.Exists(path) ? System.IO.File.ReadAllText(path)
                : throw new FileNotFoundException($"{File} is missing; git checkout {File} brings it back.");
        }
    }

    /// <summary>True while every hole is as it came.</summary>
    public bool IsUntouched => AnswerText.Split("throw new Todo(").Length - 1 == Holes;

    /// <summary>How many holes an exercise has: usually each method.</summary>
    protected virtual int Holes => Asked.GetMethods().Length;

    /// <summary>
    /// What an answer may not use besides what none may, because it is what the exercise asks for: the names of types,
    /// of members as <c>F.CrossEntropy</c>, or of namespaces, with the reason.
    /// </summary>
    public virtual IReadOnlyList<(string[] Names, string Why)> Forbidden => [];

    /// <summary>The tape and its gradients, where gradients are what is to be written.</summary>
    protected static (string[], string) Tape => (["Autograd.Grad", "Autograd.Backward", "Autograd.EnableGrad",
        "Autograd.Jacobian", "Autograd.Hessian", "Autograd.Vjp", "Autograd.Jvp", "Autograd.Hvp", "Autograd.Checkpoint",
        "Variable.Backward", "Variable.Grad", "Variable.GradFn", "Variable.RegisterHook", "Tensorlet.Function",
        "OnceDifferentiable", "MultiFunction", "GradCheck"],
        "The gradient is to be written by hand, and not left to the tape.");

    /// <summary>All exercises in order.</summary>
    public static IReadOnlyList<Exercise> All { get; } = [.. typeof(Exercise).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(Exercise)) && !t.IsAbstract)
        .Select(t => (Exercise)Activator.CreateInstance(t)!).OrderBy(e => e.Number)];

    /// <summary>The exercise that an argument names.</summary>
    /// <exception cref="UsageException">It names none.</exception>
    public static Exercise Find(string number) => int.TryParse(number, out var n)
        && All.FirstOrDefault(e => e.Number == n) is { } exercise ? exercise
        : throw new UsageException($"{number} is no exercise; there are {All[0].Number} to {All[^1].Number}.");

    /// <summary>The class <c>Solution</c>; null where a copy of the project has none.</summary>
    public Type? Solution => typeof(Exercise).Assembly.GetType($"{GetType().Namespace}.Solution");

    /// <summary>The learner's own class, in this process: to train with, not to grade.</summary>
    /// <exception cref="UsageException">It does not compile.</exception>
    public T Mine<T>()
    {
        var compiled = Compiler.Shared.Compile(AnswerText, this);
        if (compiled.Assembly is null) throw new UsageException($"{File} does not compile:\n{compiled.Errors}");
        return (T)Activator.CreateInstance(Assembly.Load(compiled.Assembly, compiled.Symbols)
            .GetType($"{Chapter.Space}.Mine", throwOnError: true)!)!;
    }

    /// <summary>Holds one step against a new object of an answer's class.</summary>
    public abstract Verdict Grade(Answer answer, int step);

    /// <summary>Holds a wrong answer against all steps; the first verdict that is not passed.</summary>
    public abstract Verdict? GradeMistake(string name);
}

/// <inheritdoc/>
abstract class Exercise<T> : Exercise where T : class
{
    /// <summary>What is asked for, from easy to hard.</summary>
    protected abstract Step<T>[] Requirements { get; }

    /// <summary>Wrong answers.</summary>
    protected abstract Mistake<T>[] WrongAnswers { get; }

    public sealed override Type Asked => typeof(T);
    public sealed override IReadOnlyList<string> Steps => [.. Requirements.Select(s => s.Name)];
    public sealed override IReadOnlyList<(string, string)> Mistakes =>
        [.. WrongAnswers.Select(w => (w.Name, w.MustSay))];

    public sealed override Verdict Grade(Answer answer, int step) => Grade(answer.Make<T>, Requirements[step]);

    public sealed override Verdict? GradeMistake(string name) => Requirements
        .Select(step => Grade(() => WrongAnswers.Single(w => w.Name == name).Answer, step))
        .FirstOrDefault(verdict => verdict.Mark != Mark.Passed);

    static Verdict Grade(Func<T> answer, Step<T> step)
    {
        try
        {
            step.Check(answer());
            return new(step.Name, Mark.Passed);
        }
        catch (Todo e) { return new(step.Name, Mark.Todo, e.Message); }
        catch (Rejected e) { return new(step.Name, Mark.Failed, e.Message); }
        catch (AnswerException e)
        {
            var at = e.Line == 0 ? "" : $" (Exercise.cs, line {e.Line})";
            return new(step.Name, Mark.Failed, $"Your code threw {e.Name}{at}:\n{e.Message}");
        }
        catch (Exception e) when (e is not LostException)
        {
            return new(step.Name, Mark.Failed,
                $"{e.GetType().Name}, where what your code gave was used:\n{e.Message}");
        }
    }
}
