using Tensorlet;
using Tensorlet.Optim;

namespace Tutorials.Chapter07;

sealed class Grader : Exercise<ISteps>
{
    public override string Title => "Momentum, and Adam";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["Tensorlet.Optim"],
            "The optimizers of the engine are what is to be written."),
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Both methods are one loop over i. What is remembered comes first, then the parameter moves by it.",
        "v[i] = momentum * v[i] + g[i]; the learning rate is only in p[i] -= lr * v[i].",
        "Count the step before you use its number: var t = ++memory.Steps. Then Math.Pow(beta1, t) is β₁ at the " +
            "first step, and 1 − β₁ᵗ is not 0.",
        "The two arrays keep m and v as they are, not corrected. The corrected ones are made anew in each step: " +
            "m[i] / (1 − β₁ᵗ) and v[i] / (1 − β₂ᵗ). ε is added to the root, not below it.",
    ];

    /// <summary>One step in plain loops, with a switch for each thing that may be wrong.</summary>
    sealed record Written(bool RateInVelocity = false, bool RateTwice = false, bool Decays = false, bool Correct = true,
        int First = 1, bool EpsInside = false, bool NoEps = false, bool Squares = true,
        bool KeepsCorrected = false, bool Counts = true, int Sign = -1, bool Root = true, bool Forgets = false,
        bool OnlyFirstCorrected = false, bool AllOfG = false, bool OneBeta = false) : ISteps
    {
        public void Momentum(double[] p, double[] g, double[] v, double lr, double momentum)
        {
            for (var i = 0; i < p.Length; i++)
            {
                v[i] = Forgets ? g[i]
                    : v[i] * momentum + g[i] * (RateInVelocity || RateTwice ? lr : Decays ? 1 - momentum : 1);
                p[i] += Sign * v[i] * (RateInVelocity ? 1 : lr);
            }
        }

        public void Adam(double[] p, double[] g, Moments memory, double lr, double beta1, double beta2, double eps)
        {
            var t = memory.Steps + First;
            if (Counts) memory.Steps++;
            if (OneBeta) beta2 = beta1;
            for (var i = 0; i < p.Length; i++)
            {
                var mean = memory.M[i] = memory.M[i] * beta1 + g[i] * (AllOfG ? 1 : 1 - beta1);
                var square = memory.V[i] = memory.V[i] * beta2 + (Squares ? g[i] * g[i] : g[i]) * (1 - beta2);
                if (Correct) mean /= 1 - Math.Pow(beta1, t);
                if (Correct && !OnlyFirstCorrected) square /= 1 - Math.Pow(beta2, t);
                if (KeepsCorrected) (memory.M[i], memory.V[i]) = (mean, square);
                var root = Root ? Math.Sqrt(square + (EpsInside ? eps : 0)) : square;
                p[i] += Sign * lr * mean / (root + (EpsInside || NoEps ? 0 : eps));
            }
        }
    }

    /// <summary>A way to call one of the two methods again and again, with the same memory.</summary>
    delegate Action<double[], double[], double> Runner(ISteps answer, int count);

    static Runner Momentum(double momentum) => (answer, count) =>
    {
        var v = new double[count];
        return (p, g, lr) => answer.Momentum(p, g, v, lr, momentum);
    };

    static Runner Adam(double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8) => (answer, count) =>
    {
        var memory = new Moments(new double[count], new double[count]);
        return (p, g, lr) => answer.Adam(p, g, memory, lr, beta1, beta2, eps);
    };

    static double[] Gradient(int step, int count) => [.. Enumerable.Range(0, count).Select(i =>
        Math.Sin(1.7 * step + i) * Math.Pow(10, i % 3 - 1) + 0.5)];

    /// <summary>Steps with given gradients, held against plain loops, step by step.</summary>
    static Action<ISteps> Follow(string what, Runner runner, int count, int steps, Func<int, double[]> gradient,
        Func<int, double> rate, params (Written Wrong, string Words)[] known) => answer =>
    {
        double[] Start() => [.. Enumerable.Range(0, count).Select(i => 1.0 - i)];
        var (yours, right) = (Start(), Start());
        var (yourStep, rightStep) = (runner(answer, count), runner(new Written(), count));
        var others = known.Select(k => (k.Words, P: Start(), Step: runner(k.Wrong, count))).ToArray();
        for (var step = 1; step <= steps; step++)
        {
            var (g, lr) = (gradient(step), rate(step));
            var given = g.ToArray();
            yourStep(yours, given, lr);
            rightStep(right, g, lr);
            foreach (var other in others) other.Step(other.P, g, lr);
            Expect.That(given.SequenceEqual(g), $"{what}: the gradients have changed, and they belong to the caller.");
            var because = others.FirstOrDefault(other => other.P.Zip(yours).All(pair => pair.First.Equals(pair.Second)
                || Math.Abs(pair.First - pair.Second) <= 1e-12 * Math.Abs(pair.First))).Words ?? "";
            Expect.Same(yours, right, $"{what}, after step {step}", tolerance: 1e-9, because: because);
        }
    };

    /// <summary>Steps down a valley, held against the engine's optimizer.</summary>
    static Action<ISteps> Race(string what, Runner runner, Func<Variable, Optimizer> choose) => answer =>
    {
        var p = new Variable(Tensor.From([-1.2, 1.0]), requiresGrad: true);
        var (optimizer, yours, step) = (choose(p), new[] { -1.2, 1.0 }, runner(answer, 2));
        for (var i = 1; i <= 100; i++)
        {
            optimizer.ZeroGrad();
            ((1 - p[0]).Square() + 5 * (p[1] - p[0].Square()).Square()).Backward();
            optimizer.Step();
            var (x, y) = (yours[0], yours[1]);
            step(yours, [-2 * (1 - x) - 20 * x * (y - x * x), 10 * (y - x * x)], optimizer.Lr);
            Expect.Same(yours, p.Data.ToArray<double>(), $"{what} after step {i} against the engine's", 1e-7);
        }
    };

    const string Uphill = "It goes uphill: the step is taken off p, and not added.";
    const string ReadSquare = "v is the running mean of g², and not of g.";
    const string ReadFirst =
        "With t = 0 the first correction divides by 1 − β⁰ = 0: the first step is number 1. Count before you use it.";

    protected override Step<ISteps>[] Requirements =>
    [
        new("momentum: the first step", Follow("p = [1], g = [1], lr 0.1, momentum 0.5", Momentum(0.5), 1, 1, _ => [1],
            _ => 0.1, (new(RateTwice: true), "The learning rate is in it twice: v takes g as it is."),
            (new(Decays: true), "This momentum takes all of g, and not 1 − momentum of it."),
            (new(Sign: 1), Uphill))),
        new("momentum: several steps", Follow("p = [1], g = [1], lr 0.1, momentum 0.5", Momentum(0.5), 1, 5, _ => [1],
            _ => 0.1, (new(Forgets: true), "The velocity forgets what it was: a part of it, momentum·v, stays.")) +
            Follow("4 parameters, lr 0.01, momentum 0.9", Momentum(0.9), 4, 20, step => Gradient(step, 4),
            _ => 0.01)),
        new("momentum: the learning rate falls on the way", Follow("lr 0.1, then 0.05, 0.025, …", Momentum(0.5), 1, 5,
            _ => [1], step => 0.2 / Math.Pow(2, step), (new(RateInVelocity: true), "The velocity has a learning rate " +
            "in it, so that an old one goes on counting. Let v take g as it is, and p move by lr·v."))),
        new("momentum: 100 steps down a valley", Race("lr 0.005, momentum 0.9", Momentum(0.9),
            p => new SGD([p], lr: 0.005, momentum: 0.9))),
        new("Adam: the first step", Follow("p = [1], g = [2], lr 0.1", Adam(), 1, 1, _ => [2], _ => 0.1,
            (new(Correct: false), "Without bias correction the first step is 3 times too long: m and v begin at 0."),
            (new(First: 0), ReadFirst), (new(Squares: false), ReadSquare), (new(Sign: 1), Uphill),
            (new(Root: false), "The root is missing: m̂/(√v̂ + ε)."),
            (new(OnlyFirstCorrected: true), "v is not corrected: v̂ = v/(1 − β₂ᵗ)."),
            (new(AllOfG: true), "m takes 1 − β₁ of g, and not all of it.")) +
            Follow("p = [1], g = [−2], lr 0.1", Adam(), 1, 1, _ => [-2], _ => 0.1, (new(Squares: false), ReadSquare))),
        new("Adam: a gradient that is nearly 0", Follow("p = [1], g = [1e−6], lr 0.1, ε = 1e−4", Adam(eps: 1e-4), 1, 1,
            _ => [1e-6], _ => 0.1, (new(EpsInside: true), "ε stands outside of the root: √v̂ + ε, not √(v̂ + ε)."),
            (new(NoEps: true), "ε is missing below the fraction: √v̂ + ε.")) +
            Follow("p = [1], g = [0], lr 0.1", Adam(), 1, 1, _ => [0], _ => 0.1)),
        new("Adam: several steps", Follow("4 parameters, lr 0.1", Adam(), 4, 20, step => Gradient(step, 4), _ => 0.1,
            (new(Counts: false), "t is 1 at each step. Is memory.Steps counted up, and is β raised to the power t?"),
            (new(OneBeta: true), "v has a β of its own, β₂."),
            (new(KeepsCorrected: true), "m and v are remembered as they are; corrected ones are of this step alone."))
            + Follow("lr 0.1, then 0.05, 0.025, …; β₁ = 0.5, β₂ = 0.7", Adam(0.5, 0.7), 1, 5, _ => [1],
            step => 0.2 / Math.Pow(2, step))),
        new("Adam: 100 steps down a valley", Race("Adam with lr 0.1", Adam(), p => new Adam([p], lr: 0.1))),
    ];

    protected override Mistake<ISteps>[] WrongAnswers =>
    [
        new("no bias correction", new Written(Correct: false), "Without bias correction"),
        new("the first step is number 0", new Written(First: 0), "the first step is number 1"),
        new("epsilon inside of the root", new Written(EpsInside: true), "ε stands outside of the root"),
        new("no epsilon", new Written(NoEps: true), "ε is missing"),
        new("the learning rate twice", new Written(RateTwice: true), "The learning rate is in it twice"),
        new("the learning rate in the velocity", new Written(RateInVelocity: true), "an old one goes on counting"),
        new("no square", new Written(Squares: false), "not of g"),
        new("corrected moments are kept", new Written(KeepsCorrected: true), "of this step alone"),
        new("a momentum that averages", new Written(Decays: true), "takes all of g"),
        new("steps that are not counted", new Written(Counts: false), "t is 1 at each step"),
        new("uphill", new Written(Sign: 1), "It goes uphill"),
        new("no root", new Written(Root: false), "The root is missing"),
    ];
}
