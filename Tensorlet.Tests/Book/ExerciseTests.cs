using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The learner's answers: <c>dotnet test --filter Exercise=5</c> grades one. They are graded in processes of their own,
/// so that no answer ends the tests.
/// </summary>
public class ExerciseTests
{
    [ExerciseFact(3), Trait("Exercise", "3")] public void Exercise_03() => Grade(3);

    static void Grade(int number)
    {
        var exercise = Exercise.Find($"{number}");
        var verdicts = Grading.Run(exercise);
        Assert.True(verdicts.All(v => v.Mark == Mark.Passed), $"exercise {number} · {exercise.Title}\n" +
            string.Join('\n', Course.Lines(exercise, verdicts)));
    }
}
