using Tensorlet;

namespace Tutorials.Chapter05;

static class Chapter
{
    #region central
    static double Central(Func<double, double> f, double x, double h) => (f(x + h) - f(x - h)) / (2 * h);
    static double OneSided(Func<double, double> f, double x, double h) => (f(x + h) - f(x)) / h;
    #endregion

    static float Central(Func<float, float> f, float x, float h) => (f(x + h) - f(x - h)) / (2 * h);

    #region zero
    sealed class Dropped : Function // y = softmax(x), whose backward was never written
    {
        protected override Tensor Forward() => X.Detach().Softmax(1).Data;
        public override Variable[] Backward(Variable dy) => [dy * 0];
    }
    #endregion

    #region product
    sealed class Product(string mistake) : Function // C = A·B     dA = dC·Bᵀ     dB = Aᵀ·dC
    {
        protected override Tensor Forward() { Save(A, B); return Tensor.MatMul(A.Data, B.Data); }
        public override Variable[] Backward(Variable dc) => mistake switch
        {
            "factor" => [2 * dc.MatMul(B.T), A.T.MatMul(dc)],
            "sign" => [dc.MatMul(B.T), -A.T.MatMul(dc)],
            "transposed" => [dc.MatMul(B.T).T, A.T.MatMul(dc)],
            "swapped" => [A.T.MatMul(dc), dc.MatMul(B.T)],
            "forgotten" => [Variable.MatMul(Tensor.OnesLike(dc.Data), B.T), A.T.MatMul(dc)],
            _ => [dc.MatMul(B.T), A.T.MatMul(dc)],
        };
    }
    #endregion

    #region mutant
    sealed class Mutant(Func<Variable, Variable> right, Func<Variable, Variable> spoil, bool before) : Function
    {
        Variable leaf = Tensor.Zeros(), y = Tensor.Zeros();
        protected override Tensor Forward()
        {
            using var _ = Autograd.EnableGrad();
            leaf = new Variable(X.Data, requiresGrad: true);
            y = right(leaf);
            return y.Data;
        }
        public override Variable?[] Backward(Variable dy)
        {
            var dx = Autograd.Grad(y, leaf, before ? spoil(dy) : dy, retainGraph: true)!;
            return [before ? dx : spoil(dx)];
        }
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "first";
        double Curve(double x) => x / (1 + x * x);
        double Slope(double x) => (1 - x * x) / ((1 + x * x) * (1 + x * x));
        Console.WriteLine($"formula   {Slope(0.6):0.000000000000}");
        Console.WriteLine($"central   {Central(Curve, 0.6, 1e-6):0.000000000000}");
        Console.WriteLine($"one-sided {OneSided(Curve, 0.6, 1e-6):0.000000000000}");

        yield return "steps";
        double[] steps = [.. Enumerable.Range(2, 18).Select(i => Math.ScaleB(1, -2 * i))];
        double Error(double numeric) => Math.Abs(numeric - Slope(0.6));
        new Plot("ε", " ", "error of the slope", logX: true, logY: true)
            .Line("one-sided", steps, steps.Select(h => Error(OneSided(Curve, 0.6, h))), dots: true)
            .Line("central", steps, steps.Select(h => Error(Central(Curve, 0.6, h))), dots: true)
            .Line("float32", steps, steps.Where(h => h > 2e-7)
                .Select(h => Error(Central(x => x / (1 + x * x), 0.6f, (float)h))), dots: true)
            .Save("steps.svg");

        yield return "ones";
        Generator.ManualSeed(1);
        var x = Tensor.Randn([2, 3], DType.Float64);
        Console.WriteLine($"the right softmax:        {GradCheck.Run(v => v[0].Softmax(1), [x]).Passed}");
        Console.WriteLine($"Dropped, incoming ones:   {GradCheck.Run(v => new Dropped().Apply(v).Sum(), [x]).Passed}");
        Console.WriteLine($"Dropped, incoming random: {GradCheck.Run(v => new Dropped().Apply(v), [x]).Passed}");

        yield return "diagnosis";
        Tensor[] square = [Tensor.Randn([3, 3], DType.Float64), Tensor.Randn([3, 3], DType.Float64)];
        foreach (var mistake in new[] { "none", "factor", "sign", "transposed", "swapped", "forgotten" })
        {
            var report = GradCheck.Run(v => new Product(mistake).Apply(v), square);
            Console.WriteLine($"{mistake}: {(report.Passed ? "passed" : report.Text.Split('\n')[^1].Trim())}");
        }

        yield return "guilty";
        Variable Network()
        {
            var input = new Variable(square[0], requiresGrad: true);
            var hidden = new Product("none").Apply(input, square[1]).Tanh();
            var output = new Product("sign").Apply(hidden, square[1]);
            return (output * output).Mean();
        }
        Console.WriteLine(TapeCheck.Text(TapeCheck.Run(Network)));

        yield return "mutants";
        (string Name, Func<Variable, Variable> F)[] operations = [("tanh", v => v.Tanh()), ("exp", v => v.Exp()),
            ("softmax", v => v.Softmax(1)), ("product", v => v.MatMul(square[1])), ("transpose", v => v.T)];
        (Func<Variable, Variable> Spoil, bool Before)[] mutations =
            [(g => -g, false), (g => g * 2, false), (g => g.T, false), (g => Tensor.OnesLike(g.Data), true)];
        var rejected = 0;
        foreach (var (name, f) in operations)
        {
            GradReport[] reports = [.. mutations.Select(m =>
                GradCheck.Run(v => new Mutant(f, m.Spoil, m.Before).Apply(v), [square[0]]))];
            rejected += reports.Count(report => !report.Passed);
            Console.WriteLine($"{name,-10} {string.Join(", ", reports.Select(report => report.Fault))}");
        }
        Console.WriteLine($"rejected {rejected} of {operations.Length * mutations.Length}");

        yield return "at-a-kink";
        var zero = new Variable(Tensor.Scalar(0, DType.Float64), requiresGrad: true);
        zero.Relu().Backward();
        Console.WriteLine($"numeric {Central(v => Math.Max(0, v), 0, 1e-6)}, backward {zero.Grad!.Item()}");

        yield return "kinks";
        var atKink = GradCheck.Run(v => v[0].Relu(), [Tensor.From([-1.0, 0, 2])]);
        Console.WriteLine($"{atKink.Passed}, kinks: {atKink.Kinks}");

    }
}
