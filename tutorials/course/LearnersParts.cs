using System.Globalization;
using Tensorlet;
using Tensorlet.Nn;
using Tutorials.Chapter06;
using Tutorials.Chapter07;

namespace Tutorials;

/// <summary>
/// What networks share in which the answers of a learner take the places of the engine's own parts.
/// </summary>
static class LearnersParts
{
    /// <summary>
    /// Returns the answers that are solved, by the number of their exercise, and prints which parts are the learner's.
    /// </summary>
    /// <param name="parts">What each exercise replaces.</param>
    public static Dictionary<int, object> Solved(IEnumerable<(int Exercise, string Part)> parts)
    {
        var solved = new Dictionary<int, object>();
        foreach (var (number, part) in parts)
        {
            var exercise = Exercise.Find($"{number}");
            if (!exercise.IsUntouched && Grading.Run(exercise).IsDone) solved[number] = exercise.Mine<object>();
            Console.WriteLine($"{number,3} · {part}: {(solved.ContainsKey(number) ? "yours" : "the engine's")}");
        }
        if (solved.Count == 0)
            Console.WriteLine("None of these is solved yet. Begin with one; check N says how far it is right.");
        return solved;
    }

    /// <summary>A layer of the engine, with a function of the answer's in its place.</summary>
    public sealed class Answered(Func<Variable, Variable> forward, Module? layer = null) : Module
    {
        readonly Module? kept = layer;                      // so that its parameters are found
        public override Variable Forward(Variable x) => forward(x);
    }

    /// <summary>The loss and its gradient by answer 6.</summary>
    public sealed class CrossEntropy(ICrossEntropy answer, Tensor labels) : OnceDifferentiable
    {
        protected override Tensor Forward()
        {
            Save(X);
            return Tensor.Scalar(answer.Loss(X.Data, labels), X.DType);
        }
        protected override Tensor[] Backward(Tensor dy) => [answer.Gradient(X.Data, labels) * dy];
    }

    /// <summary>Adam by answer 7, on copies of the parameters.</summary>
    public sealed class Stepping(ISteps answer, IReadOnlyList<Variable> parameters)
    {
        readonly Moments[] memories =
            [.. parameters.Select(p => new Moments(new double[p.Numel], new double[p.Numel]))];

        public void Step(double lr)
        {
            foreach (var (p, memory) in parameters.Zip(memories))
            {
                var numbers = p.Data.ToArray<double>();
                answer.Adam(numbers, p.Grad!.Data.ToArray<double>(), memory, lr, 0.9, 0.999, 1e-8);
                p.Data.Copy_(Tensor.From(numbers, p.Size()).To(p.DType));
            }
        }
    }

    /// <summary>
    /// Returns true if the learner's parts give each parameter the gradient that the engine gives, and prints which
    /// gradients differ.
    /// </summary>
    /// <param name="engine">The network that consists of the engine's parts; it has all parameters.</param>
    /// <param name="yours">Computes the loss with the answers.</param>
    /// <param name="right">Computes the loss with the engine's parts.</param>
    public static bool Agree(Module engine, Func<Variable> yours, Func<Variable> right)
    {
        string[] names = [.. engine.NamedParameters().Select(p => p.Name)];
        var parameters = engine.Parameters();
        Tensor[] Gradients(Func<Variable> error)
        {
            foreach (var p in parameters) p.Grad = null;
            error().Backward();
            return [.. parameters.Select(p => p.Grad!.Data.Clone())];
        }
        var agree = true;
        foreach (var (i, (mine, engines)) in Gradients(yours).Zip(Gradients(right)).Index())
        {
            var largest = engines.ToArray<double>().Max(Math.Abs);
            var worst = (mine - engines).ToArray<double>().Max(Math.Abs) / largest;
            var same = worst < 1e-3;                // false for NaN too
            agree &= same;
            if (!same) Console.WriteLine(Text($"{names[i]}: off by {worst:0.###} of the largest"));
        }
        Console.WriteLine(agree ? $"the gradients of all {names.Length} parameters are the engine's"
            : "check N says what is wrong.");
        return agree;
    }

    /// <summary>Numbers as in English, whatever the culture.</summary>
    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
