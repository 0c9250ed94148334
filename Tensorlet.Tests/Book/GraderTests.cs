using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>
/// The graders are tested: the solution passes, and every known mistake gets the message that it should get.
/// </summary>
public class GraderTests
{
    public static TheoryData<int> Numbers => [.. Exercise.All.Select(e => e.Number)];

    public static TheoryData<int, string> Mistakes
    {
        get
        {
            var rows = new TheoryData<int, string>();
            foreach (var exercise in Exercise.All)
                foreach (var (name, _) in exercise.Mistakes) rows.Add(exercise.Number, name);
            return rows;
        }
    }

    static Exercise Of(int number) => Exercise.Find($"{number}");

    [Theory, MemberData(nameof(Numbers))]
    public void The_solution_passes_each_step(int number)
    {
        var solution = Path.Combine(Of(number).Chapter.Folder, "Solution.cs");
        if (!File.Exists(solution)) return;                                 // a student's copy has none
        var path = Path.GetTempFileName();
        File.WriteAllText(path, File.ReadAllText(solution).Replace("class Solution", "class Mine"));
        var graded = Grading.Run(Of(number), path);
        File.Delete(path);
        Assert.Equal("", graded.Refusal);
        Assert.Equal(Of(number).Steps.Select(step => new Verdict(step, Mark.Passed)), graded.Verdicts);
    }

    [Theory, MemberData(nameof(Mistakes))]
    public void A_mistake_is_told_what_it_must_hear(int number, string name)
    {
        var verdict = Of(number).GradeMistake(name);
        Assert.Equal(Mark.Failed, verdict?.Mark);
        Assert.Contains(Of(number).Mistakes.Single(m => m.Name == name).MustSay, verdict!.Message);
    }

    [Theory, MemberData(nameof(Numbers))]
    public void Every_exercise_has_hints_steps_and_mistakes(int number)
    {
        Assert.InRange(Of(number).Steps.Count, 2, 12);
        Assert.InRange(Of(number).Hints.Count, 2, 6);
        Assert.InRange(Of(number).Mistakes.Count, 2, 12);
    }
}
