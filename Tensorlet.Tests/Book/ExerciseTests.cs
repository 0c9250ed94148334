using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The learner's answers: <c>dotnet test --filter Exercise=5</c> grades one. They are graded in processes of their own,
/// so that no answer ends the tests.
/// </summary>
public class ExerciseTests
{
    [ExerciseFact(1), Trait("Exercise", "1")] public void Exercise_01() => Grade(1);
    [ExerciseFact(2), Trait("Exercise", "2")] public void Exercise_02() => Grade(2);
    [ExerciseFact(3), Trait("Exercise", "3")] public void Exercise_03() => Grade(3);
    [ExerciseFact(4), Trait("Exercise", "4")] public void Exercise_04() => Grade(4);
    [ExerciseFact(5), Trait("Exercise", "5")] public void Exercise_05() => Grade(5);
    [ExerciseFact(6), Trait("Exercise", "6")] public void Exercise_06() => Grade(6);
    [ExerciseFact(7), Trait("Exercise", "7")] public void Exercise_07() => Grade(7);
    [ExerciseFact(8), Trait("Exercise", "8")] public void Exercise_08() => Grade(8);
    [ExerciseFact(9), Trait("Exercise", "9")] public void Exercise_09() => Grade(9);
    [ExerciseFact(10), Trait("Exercise", "10")] public void Exercise_10() => Grade(10);
    [ExerciseFact(11), Trait("Exercise", "11")] public void Exercise_11() => Grade(11);
    [ExerciseFact(12), Trait("Exercise", "12")] public void Exercise_12() => Grade(12);
    [ExerciseFact(13), Trait("Exercise", "13")] public void Exercise_13() => Grade(13);
    [ExerciseFact(14), Trait("Exercise", "14")] public void Exercise_14() => Grade(14);
    [ExerciseFact(15), Trait("Exercise", "15")] public void Exercise_15() => Grade(15);
    [ExerciseFact(16), Trait("Exercise", "16")] public void Exercise_16() => Grade(16);
    [ExerciseFact(17), Trait("Exercise", "17")] public void Exercise_17() => Grade(17);
    [ExerciseFact(18), Trait("Exercise", "18")] public void Exercise_18() => Grade(18);
    [ExerciseFact(19), Trait("Exercise", "19")] public void Exercise_19() => Grade(19);
    [ExerciseFact(20), Trait("Exercise", "20")] public void Exercise_20() => Grade(20);

    [Fact]
    public void No_exercise_is_missing() => Assert.Equal(Exercise.All.Select(e => $"Exercise_{e.Number:00}"),
        typeof(ExerciseTests).GetMethods().Where(m => m.IsDefined(typeof(ExerciseFactAttribute), false))
            .Select(m => m.Name).Order(StringComparer.Ordinal));

    static void Grade(int number)
    {
        var exercise = Exercise.Find($"{number}");
        var graded = Grading.Run(exercise);
        Assert.True(graded.IsDone, $"exercise {number} · {exercise.Title}\n{string.Join('\n', Course.Lines(graded))}");
    }
}
