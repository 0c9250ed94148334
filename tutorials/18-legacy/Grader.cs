using Tensorlet;

namespace Tutorials.Chapter18;

sealed class Grader : Exercise<ILinear>
{
    public override string Title => "A linear layer and its gradients by hand";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["F.Linear", "Nn.Linear", "Variable.Addmm", "Variable.Baddbmm"],
            "The layer of the engine is what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Write one output down: y[n, o] = Σᵢ x[n, i]·W[o, i] + b[o]. Where does x[n, i] stand in it? Where W[o, i]?",
        "x[n, i] is in all outputs of its sample, so its gradient is a sum over o. W[o, i] is in output o of all " +
            "samples, so its gradient is a sum over n. b[o] too.",
        "A sum over a shared axis is a product: Σₒ dy[n, o]·W[o, i] is dy·W. Shapes show the rest: dW is (out, in), " +
            "and it is made of (N, out) and (N, in).",
        "dx = dy·W, dW = dyᵀ·x, db = dy.Sum([0]). Tensor.MatMul multiplies, and x.T turns.",
    ];

    /// <summary>A layer of drawn numbers: x (N, in), W (out, in), b (out), dy (N, out).</summary>
    sealed record Case(int N, int In, int Out, DType Type = DType.Float64)
    {
        static Tensor Drawn(int[] shape, long seed, DType type) =>
            Tensor.Randn(shape, DType.Float64, generator: new(seed)).To(type);
        public Tensor X { get; } = Drawn([N, In], 1, Type);
        public Tensor W { get; } = Drawn([Out, In], 2, Type);
        public Tensor B { get; } = Drawn([Out], 3, Type);
        public Tensor Dy { get; } = Drawn([N, Out], 4, Type);
        public string Name => $"{N} sample{(N == 1 ? "" : "s")}, {In} to {Out}";

        /// <summary>y by loops.</summary>
        public double[] Y()
        {
            var (x, w, b) = (X.ToArray<double>(), W.ToArray<double>(), B.ToArray<double>());
            return [.. from n in Enumerable.Range(0, N)
                       from o in Enumerable.Range(0, Out)
                       select b[o] + Enumerable.Range(0, In).Sum(i => x[n * In + i] * w[o * In + i])];
        }

        /// <summary>The gradient of Σ dy·y by one of the tensors, from small steps of each of its elements.</summary>
        public Tensor Numeric(Tensor by)
        {
            double Loss() => Dy.ToArray<double>().Zip(Y(), (a, b) => a * b).Sum();
            var (flat, gradient) = (by.View(-1), new double[by.Numel]);
            for (var i = 0; i < gradient.Length; i++)
            {
                var element = flat.Narrow(0, i, 1);
                var before = element.Item();
                element.Fill_(before + 0.5);                // y is linear in each, so that any step will do
                var after = Loss();
                element.Fill_(before - 0.5);
                gradient[i] = after - Loss();
                element.Fill_(before);
            }
            return Tensor.From(gradient, by.Size());
        }
    }

    static readonly (int, int, int)[] sizes = [(1, 1, 1), (1, 3, 2), (3, 1, 1), (3, 2, 2), (4, 3, 2)];

    static Action<ILinear> Each(string what, Func<ILinear, Case, Tensor?> yours, Func<Case, Tensor> expected,
        Func<Case, string> because) => answer =>
    {
        foreach (var (n, inputs, outputs) in sizes)
        {
            Case c = new(n, inputs, outputs), before = new(n, inputs, outputs);
            var right = expected(before);
            Expect.Same(yours(answer, c), right, $"{what} ({c.Name})", 1e-6, because(c));
            Expect.Unchanged($"{what} ({c.Name})", ("x", c.X, before.X), ("W", c.W, before.W), ("b", c.B, before.B),
                ("dy", c.Dy, before.Dy));
            var narrow = yours(answer, new(n, inputs, outputs, DType.Float32));
            Expect.Same(narrow, right, $"{what} ({c.Name}), in Float32", 1e-4, because(c));
            Expect.Type(narrow!, DType.Float32, $"{what} ({c.Name})");
        }
    };

    /// <summary>The answer as a function on the tape.</summary>
    sealed class Layer(ILinear answer) : OnceDifferentiable
    {
        protected override Tensor Forward()
        {
            Save(A, B, Input(2));
            return answer.Forward(A.Data, B.Data, Input(2).Data);
        }
        protected override Tensor[] Backward(Tensor dy) =>
            [answer.GradInput(dy, B.Data), answer.GradWeight(A.Data, dy), answer.GradBias(dy)];
    }

    protected override Step<ILinear>[] Requirements =>
    [
        new("forward: x·Wᵀ + b", Each("y", (a, c) => a.Forward(c.X, c.W, c.B),
            c => Tensor.From(c.Y(), [c.N, c.Out]),
            c => $"y[n, o] = Σᵢ x[n, i]·W[o, i] + b[o], of shape {(c.N, c.Out)}.")),
        new("the gradient by the input", Each("dx", (a, c) => a.GradInput(c.Dy, c.W), c => c.Numeric(c.X),
            c => $"dx[n, i] = Σₒ dy[n, o]·W[o, i]: W itself, not turned. Shape {(c.N, c.In)}.")),
        new("the gradient by the weights", Each("dW", (a, c) => a.GradWeight(c.X, c.Dy), c => c.Numeric(c.W),
            c => $"dW[o, i] = Σₙ dy[n, o]·x[n, i]: a sum over samples, no mean, and of W's shape {(c.Out, c.In)}.")),
        new("the gradient by the bias", Each("db", (a, c) => a.GradBias(c.Dy), c => c.Numeric(c.B),
            c => $"db[o] = Σₙ dy[n, o]: each sample used b, so sum over the samples to b's shape ({c.Out}).")),
        new("on the tape, against numeric gradients", answer =>
        {
            var c = new Case(3, 2, 4);
            Expect.Gradients(v => new Layer(answer).Apply(v), [c.X, c.W, c.B], c.Name);
        }),
        new("nothing that was given is changed", answer =>
        {
            var c = new Case(2, 3, 2);
            Tensor[] given = [c.X, c.W, c.B, c.Dy];
            var before = Array.ConvertAll(given, x => x.Clone());
            answer.Forward(c.X, c.W, c.B);
            answer.GradInput(c.Dy, c.W);
            answer.GradWeight(c.X, c.Dy);
            answer.GradBias(c.Dy);
            foreach (var (i, name) in new[] { "x", "W", "b", "dy" }.Index())
                Expect.Same(given[i], before[i], $"{name}, after your methods", 0, "They may not write to it.");
        }),
    ];

    protected override Mistake<ILinear>[] WrongAnswers =>
    [
        new("the weights' gradient turned", new Wrong { Weight = (x, dy) => Tensor.MatMul(x.T, dy) }, "of W's shape"),
        new("a mean over the samples", new Wrong { Weight = (x, dy) => Tensor.MatMul(dy.T, x) / x.Size(0) },
            "no mean"),
        new("the bias's gradient not summed", new Wrong { Bias = dy => dy }, "sum over the samples"),
        new("a bias's gradient that is a mean", new Wrong { Bias = dy => dy.Mean([0]) }, "ratio 0.333333"),
        new("the input's gradient by Wᵀ",
            new Wrong { Input = (dy, w) => Tensor.MatMul(dy, w.Size(0) == w.Size(1) ? w.T : w) }, "not turned"),
        new("a bias that is added in place", new Wrong { Output = (x, w, b) => b.Add_(Tensor.MatMul(x, w.T)) }, "Add_"),
    ];

    sealed class Wrong : ILinear
    {
        public Func<Tensor, Tensor, Tensor, Tensor> Output { get; init; } = (x, w, b) => Tensor.MatMul(x, w.T) + b;
        public Func<Tensor, Tensor, Tensor> Input { get; init; } = Tensor.MatMul;
        public Func<Tensor, Tensor, Tensor> Weight { get; init; } = (x, dy) => Tensor.MatMul(dy.T, x);
        public Func<Tensor, Tensor> Bias { get; init; } = dy => dy.Sum([0]);
        public Tensor Forward(Tensor x, Tensor weight, Tensor bias) => Output(x, weight, bias);
        public Tensor GradInput(Tensor dy, Tensor weight) => Input(dy, weight);
        public Tensor GradWeight(Tensor x, Tensor dy) => Weight(x, dy);
        public Tensor GradBias(Tensor dy) => Bias(dy);
    }
}
