using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>The test of a learner's answer: skipped while the exercise is untouched.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ExerciseFactAttribute : FactAttribute
{
    /// <summary>Skips the test of an exercise that nobody has begun.</summary>
    public ExerciseFactAttribute(int number)
    {
        if (Exercise.Find($"{number}") is { IsUntouched: true } exercise)
            Skip = $"exercise {number} is not begun: write in {exercise.File}";
    }
}
