namespace Tutorials.Chapter05;

sealed class Grader : Exercise<IChecker>
{
    public override string Title => "Find the wrong gradient";

    public override IReadOnlyList<string> Hints =>
    [
        "For each element: make a copy of x, move that element by ε, ask f; do the same with −ε; divide the " +
            "difference by the distance of the two places, which is 2·ε.",
        "The picture of the chapter says which ε is good. Look where the central curve is lowest.",
        "Wrong: for each claim take the largest difference between an element of its gradient and of the numeric " +
            "one, over all elements; the wrong one is the claim where that is largest.",
        "A difference of 1 is much in a gradient of 3, and nothing in one of 100,000,000. Divide each difference by " +
            "the size of the numeric element, plus something small in case it is 0.",
    ];

    /// <summary>A term of one number: its value and its slope.</summary>
    sealed record Term(string Name, Func<double, double> F, Func<double, double> Slope);

    static readonly Term[] terms =
    [
        new("sin(3x)", x => Math.Sin(3 * x), x => 3 * Math.Cos(3 * x)),
        new("exp(2x)", x => Math.Exp(2 * x), x => 2 * Math.Exp(2 * x)),
        new("x³", x => x * x * x, x => 3 * x * x),
        new("1/(1 + x²)", x => 1 / (1 + x * x), x => -2 * x / ((1 + x * x) * (1 + x * x))),
        new("tanh(2x)", x => Math.Tanh(2 * x), x => 2 - 2 * Math.Pow(Math.Tanh(2 * x), 2)),
    ];

    protected override Step<IChecker>[] Requirements =>
    [
        new("numeric: a line", answer =>
            Slopes(answer, "f(x) = 3·x", x => 3 * x[0], [0.5], [3])),
        new("numeric: curves, to eight digits", answer =>
        {
            Slopes(answer, "f(x) = x²", x => x[0] * x[0], [0.5], [1]);
            foreach (var term in terms)
                Slopes(answer, $"f(x) = {term.Name}", x => term.F(x[0]), [0.7], [term.Slope(0.7)]);
        }),
        new("numeric: several elements", answer =>
        {
            Slopes(answer, "f(x) = x₀·x₁", x => x[0] * x[1], [0.5, -0.75], [-0.75, 0.5]);
            Slopes(answer, "f(x) = x₀ + 2·x₁ + 3·x₂", x => x[0] + 2 * x[1] + 3 * x[2], [0, 1, -1], [1, 2, 3]);
            Slopes(answer, "f(x) = 7, of no numbers", _ => 7, [], []);
        }),
        new("numeric: x is left as it was", answer =>
        {
            double[] x = [0.1, 0.7, -0.3];
            answer.Numeric(v => v[0] * v[1] * v[2], x);
            Expect.Equal(x, [0.1, 0.7, -0.3], "x after the call", "Move a copy, or put back exactly what was there: " +
                "x + ε − ε need not be x.");
        }),
        new("find the wrong one of five", answer => Find(answer, 12, "drawn claims", _ => (1, -1))),
        new("where one element is wrong, by 1 %", answer =>
            Find(answer, 12, "one element is wrong", random => (1, random.Next(2) == 0 ? 1.01 : 0.98))),
        new("where gradients are large", answer =>
            Find(answer, 12, "gradients of very different size", random => (Math.Pow(10, random.Next(0, 14)), 1.01))),
    ];

    static void Slopes(IChecker answer, string what, Func<double[], double> f, double[] x, double[] expected)
    {
        var asked = new List<double[]>();
        var yours = answer.Numeric(v => { asked.Add([.. v]); return f(v); }, [.. x]);
        Expect.Same(yours, expected, $"{what} at ({string.Join(", ", x.Select(Expect.Text))})", tolerance: 1e-8,
            because: Reason(asked, x));
    }

    /// <summary>What the places where f was asked say about how it was done.</summary>
    static string Reason(List<double[]> asked, double[] x)
    {
        if (x.Length == 0) return "";
        if (asked.Exists(v => v.Length != x.Length)) return "f was asked with another number of elements than x has.";
        double[] steps = [.. asked.Select(v => v.Zip(x, (a, b) => a - b).MaxBy(Math.Abs)).Where(step => step != 0)];
        if (steps.Length == 0) return "f was never asked beside x. Is the step lost in rounding?";
        var missing = Enumerable.Range(0, x.Length).FirstOrDefault(i => asked.All(v => v[i] == x[i]), -1);
        if (missing >= 0) return $"Element {missing} was never moved.";
        if (asked.Exists(v => v.Zip(x).Count(p => p.First != p.Second) > 1))
            return "More than one element was moved at a time: begin with a fresh copy of x for each step.";
        if (steps.All(step => step > 0) || steps.All(step => step < 0))
            return "f was asked to one side of x only. A central difference asks to both sides.";
        var size = steps.Max(Math.Abs);
        return size < 1e-8 ? $"The step was about {size:0e+0}, so small that rounding is most of the difference."
            : size > 1e-4 ? $"The step was about {size:0e+0}, so large that the bend of f counts."
            : "The difference of the two values is divided by their distance, 2·ε.";
    }

    /// <summary>Draws five claims, one of them wrong: all sizes by a scale, the wrong element by a factor.</summary>
    static void Find(IChecker answer, int cases, string what, Func<Random, (double Scale, double Factor)> draw)
    {
        for (var seed = 1; seed <= cases; seed++)
        {
            var random = new Random(seed);
            double[] x = [.. Enumerable.Range(0, 1 + seed / 4).Select(_ => 0.3 + random.NextDouble() / 2)];
            var (wrong, spoiled) = (random.Next(5), seed % 2 == 0 ? x.Length - 1 : random.Next(x.Length));
            var names = new string[5];
            Claim[] claims = [.. Enumerable.Range(0, 5).Select(k =>
            {
                var (scale, factor) = draw(random);
                var term = terms[random.Next(terms.Length)];
                double[] weights = [.. x.Select(_ => scale * (1 + random.NextDouble()))];
                names[k] = $"  {k}: Σ w·{term.Name}, w = ({string.Join(", ", weights.Select(w => $"{w:0.##}"))})";
                return new Claim(v => v.Select((a, i) => weights[i] * term.F(a)).Sum(), v => [.. v.Select((a, i) =>
                    weights[i] * term.Slope(a) * (k == wrong && i == spoiled ? factor : 1))]);
            })];
            var yours = answer.Wrong(claims, [.. x]);
            Expect.That(yours == wrong, $"{what}, case {seed}, at x = ({string.Join(", ", x.Select(Expect.Text))}): " +
                $"yours {yours}, expected {wrong}, which is wrong in element {spoiled}.\n{string.Join('\n', names)}\n" +
                (yours is < 0 or > 4 ? "It is an index from 0 to 4."
                    : spoiled > 0 ? "Are all elements compared? Each relative to its size?"
                    : "Is each difference compared relative to the size of the element?"));
        }
    }

    protected override Mistake<IChecker>[] WrongAnswers =>
    [
        new("a difference to one side", new Differences(1e-8, both: false), "to one side of x only"),
        new("a step that is too small", new Differences(1e-12), "rounding is most of the difference"),
        new("a step that is too large", new Differences(1e-2), "the bend of f counts"),
        new("divided by ε", new Differences(1e-6, divisor: 1), "ratio 2"),
        new("moves x and leaves it moved", new Moving(), "was moved at a time"),
        new("compares the first element only",
            new Comparing((n, _) => 1 + Math.Abs(n), 1), "Are all elements compared?"),
        new("differences that are not relative", new Comparing((_, _) => 1, int.MaxValue), "relative to"),
    ];

    class Differences(double step, bool both = true, double divisor = 2) : IChecker
    {
        public virtual double[] Numeric(Func<double[], double> f, double[] x)
        {
            double At(int i, double by) => f([.. x.Select((v, k) => k == i ? v + by : v)]);
            return [.. x.Select((_, i) => both ? (At(i, step) - At(i, -step)) / (divisor * step)
                : (At(i, step) - f(x)) / step)];
        }

        public virtual int Wrong(IReadOnlyList<Claim> claims, double[] x) => -1;
    }

    sealed class Moving() : Differences(1e-6)
    {
        public override double[] Numeric(Func<double[], double> f, double[] x)
        {
            var gradient = new double[x.Length];
            for (var i = 0; i < x.Length; i++)
            {
                x[i] += 1e-6;
                var right = f(x);
                x[i] -= 2e-6;
                gradient[i] = (right - f(x)) / 2e-6;
            }
            return gradient;
        }
    }

    sealed class Comparing(Func<double, double, double> size, int count) : Differences(1e-6)
    {
        public override int Wrong(IReadOnlyList<Claim> claims, double[] x) =>
            Enumerable.Range(0, claims.Count).MaxBy(k => Numeric(claims[k].F, x)
                .Zip(claims[k].Gradient(x), (n, g) => Math.Abs(n - g) / size(n, g)).Take(count).Max());
    }
}
