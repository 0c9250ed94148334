using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials.Chapter19;

sealed class Grader : Exercise<IPorted>
{
    public override string Title => "From PyTorch";

    public override IReadOnlyList<string> Hints =>
    [
        "Translate line by line. x == y of tensors is x.Eq(y), .float() is .To(DType.Float32), and F has " +
            "what torch.nn.functional has.",
        "A layer norm without weights is F.LayerNorm(x, [x.Size(-1)]). Its variance is over D, not D − 1, and 1e-5 " +
            "is added to it. F.gelu is x.Gelu(), the exact one.",
        "In Python, p -= … writes into the memory of p. In C# it makes a new tensor and lets the variable p name it. " +
            "p.Data.Sub_(…) writes.",
        "Utils.ClipGradNorm_(parameters, maxNorm) does the first half, and returns the norm that the gradients had. " +
            "It wants using Tensorlet.Nn; at the top.",
    ];

    static void Accuracy(IPorted answer)
    {
        foreach (var (rows, labels, right) in ((float[,], long[], double)[])
            [(new[,] { { 1f, 2 } }, [1], 1), (new[,] { { 1f, 2 }, { 3, 0 } }, [1, 1], 0.5),
            (new[,] { { 0f, 1, 5 }, { 2, 1, 0 }, { 1, 3, 2 }, { 9, 1, 1 } }, [2, 0, 0, 0], 0.75)])
            Expect.Same([answer.Accuracy(Tensor.From(rows), Tensor.From(labels))], [right],
                $"the accuracy of {labels.Length} samples",
                because: "Compare the place of the largest logit of each row with its label; then a mean.");
    }

    static Tensor[] Drawn(int n, int d, int h) => [.. ((int[][])[[n, d], [h, d], [h], [d, h], [d]]).Select((shape, i) =>
        Tensor.Randn(shape, DType.Float64, generator: new(i + 1)))];

    static Variable Block(IPorted answer, Variable[] x) => answer.Block(x[0], x[1], x[2], x[3], x[4]);

    /// <summary>x·Φ(x), with Φ from Simpson's rule over the bell curve.</summary>
    static double Gelu(double x)
    {
        const int n = 2000;
        double step = x / n, sum = 0;
        for (var i = 0; i <= n; i++)
            sum += Math.Exp(-0.5 * i * step * i * step) * (i is 0 or n ? 1 : i % 2 == 1 ? 4 : 2);
        return x * (0.5 + sum * step / 3 / Math.Sqrt(2 * Math.PI));
    }

    static Tensor BlockByHand(Tensor[] tensors)
    {
        var (d, h, n) = (tensors[0].Size(1), tensors[1].Size(0), tensors[0].Size(0));
        var (x, w1, b1) = (tensors[0].ToArray<double>(), tensors[1].ToArray<double>(), tensors[2].ToArray<double>());
        var (w2, b2) = (tensors[3].ToArray<double>(), tensors[4].ToArray<double>());
        var result = new double[n * d];
        for (var row = 0; row < n; row++)
        {
            var input = x[(row * d)..(row * d + d)];
            var mean = input.Sum() / d;
            var root = Math.Sqrt(input.Sum(v => (v - mean) * (v - mean)) / d + 1e-5);
            var hidden = new double[h];
            for (var j = 0; j < h; j++)
            {
                hidden[j] = b1[j];
                for (var i = 0; i < d; i++) hidden[j] += w1[j * d + i] * (input[i] - mean) / root;
                hidden[j] = Gelu(hidden[j]);
            }
            for (var i = 0; i < d; i++)
            {
                result[row * d + i] = input[i] + b2[i];
                for (var j = 0; j < h; j++) result[row * d + i] += w2[i * h + j] * hidden[j];
            }
        }
        return Tensor.From(result, [n, d]);
    }

    static void Values(IPorted answer)
    {
        foreach (var (n, d, h) in ((int, int, int)[])[(1, 2, 1), (2, 3, 4), (5, 4, 8)])
        {
            var tensors = Drawn(n, d, h);
            var yours = Block(answer, [.. tensors.Select(t => new Variable(t))]);
            Expect.That(yours is not null, "Block: null came back.");
            Expect.Same(yours!.Data, BlockByHand(tensors), $"the block of x of shape ({n}, {d}) with {h} hidden", 1e-7,
                "Standardise each row (over D, and 1e-5 added to the variance), go through the first layer, the " +
                "exact GELU, the second layer, and add x itself, not the standardised one.");
            var narrow = Block(answer, [.. tensors.Select(t => new Variable(t.To(DType.Float32)))]);
            Expect.Same(narrow?.Data, BlockByHand(tensors), $"the block of ({n}, {d}), in Float32", 1e-4);
            Expect.Type(narrow!.Data, DType.Float32, $"the block of ({n}, {d})");
        }
    }

    static void Gradients(IPorted answer) => Expect.Gradients(x => Block(answer, x), Drawn(2, 3, 4),
        "the gradients of the block by x, w1, b1, w2, b2: all of it has to be written with variables");

    /// <summary>Parameters and gradients as numbers; no numbers: no gradient.</summary>
    sealed record Case(string What, double Lr, double Decay, double MaxNorm, double[][] Weights, double[][] Gradients);

    static Action<IPorted> Step(string because, params Case[] cases) => answer =>
    {
        foreach (var c in cases)
        {
            var parameters = c.Weights.Select(w => new Variable(Tensor.From(w), requiresGrad: true)).ToArray();
            foreach (var (p, g) in parameters.Zip(c.Gradients))
                if (g.Length > 0) p.Grad = Tensor.From(g);
            var norm = Math.Sqrt(c.Gradients.Sum(g => g.Sum(v => v * v)));
            var scale = Math.Min(1, c.MaxNorm / (norm + 1e-6));
            var yours = answer.Step(parameters, c.Lr, c.Decay, c.MaxNorm);
            for (var i = 0; i < parameters.Length; i++)
            {
                var (w, g) = (c.Weights[i], c.Gradients[i]);
                double[] expected = g.Length == 0 ? w
                    : [.. w.Select((v, k) => v - c.Lr * (scale * g[k] + c.Decay * v))];
                var after = parameters[i].Data.ToArray<double>();
                Expect.That(g.Length == 0 || !after.SequenceEqual(w), $"{c.What}: parameter {i} kept its old numbers." +
                    " In C#, p -= … makes a new tensor; what has to change is the memory of p.Data.");
                Expect.Same(after, expected, $"{c.What}: parameter {i}", 1e-9, because);
                Expect.That(parameters[i].Grad is null, $"{c.What}: parameter {i} still has a gradient; the next one " +
                    "would be added to it.");
            }
            Expect.Same([yours], [norm], $"{c.What}: the norm that comes back", 1e-9,
                "It is the norm of all gradients before they are scaled.");
        }
    };

    const string Plain = "p − lr·(scale·gradient + decay·p)", Together = "One norm and one scale for all gradients " +
        "together, and never more than 1; the decay is not scaled.";

    protected override Step<IPorted>[] Requirements =>
    [
        new("accuracy", Accuracy),
        new("the block's values", Values),
        new("the block's gradients", Gradients),
        new("a step", Step(Plain, new Case("one parameter", 0.5, 0, 100, [[1]], [[4]]),
            new Case("two parameters", 0.1, 0, 100, [[1, 2], [3]], [[1, -1], [2]]))),
        new("with weight decay", Step(Plain, new Case("decay 0.5", 0.1, 0.5, 100, [[1, 2], [3]], [[1, -1], [2]]))),
        new("with clipped gradients", Step(Together, new Case("norm 5, at most 1", 0.1, 0, 1, [[1], [1]], [[3], [4]]),
            new Case("norm 5, at most 1, decay 0.5", 0.1, 0.5, 1, [[1], [2]], [[3], [4]]))),
        new("a parameter without a gradient", Step("What has no gradient stays as it is.",
            new Case("the first one has none", 0.1, 0.5, 1, [[1], [2]], [[], [4]]))),
    ];

    protected override Mistake<IPorted>[] WrongAnswers =>
    [
        new("a number of samples, not a share", new Wrong(share: false), "then a mean"),
        new("GELU by tanh", new Wrong(tanh: true), "exact GELU"),
        new("no residual", new Wrong(residual: false), "add x itself"),
        new("cuts the tape", new Wrong(tape: false), "written with variables"),
        new("C#'s -=", new Wrong(inPlace: false), "kept its old numbers"),
        new("scales up what is small", new Wrong(min: false), "scale"),
        new("scales the decay", new Wrong(decayApart: false), "the decay is not scaled"),
        new("keeps the gradients", new Wrong(clears: false), "still has a gradient"),
    ];

    /// <summary>An answer with one mistake.</summary>
    sealed class Wrong(bool share = true, bool tanh = false, bool residual = true, bool tape = true,
        bool inPlace = true, bool min = true, bool decayApart = true, bool clears = true) : IPorted
    {
        public double Accuracy(Tensor logits, Tensor labels) =>
            logits.ArgMax(1).Eq(labels).Sum().Item() / (share ? labels.Numel : 1);

        public Variable Block(Variable x, Variable w1, Variable b1, Variable w2, Variable b2)
        {
            var h = F.LayerNorm(x, [x.Size(-1)]);
            h = F.Linear(tape ? h : h.Detach(), w1, b1).Gelu(tanh);
            return residual ? x + F.Linear(h, w2, b2) : F.Linear(h, w2, b2);
        }

        public double Step(IReadOnlyList<Variable> parameters, double lr, double decay, double maxNorm)
        {
            var some = parameters.Where(p => p.Grad is not null).ToArray();
            var norm = Math.Sqrt(some.Sum(p => (p.Grad! * p.Grad!).Sum().Item()));
            var scale = maxNorm / (norm + 1e-6);
            if (min) scale = Math.Min(1, scale);
            foreach (var p in some)
            {
                var change = lr * (decayApart ? scale * p.Grad!.Data + decay * p.Data
                    : scale * (p.Grad!.Data + decay * p.Data));
                var w = p.Data;
                if (inPlace) w.Sub_(change);
                else w -= change;
                if (clears) p.Grad = null;
            }
            return norm;
        }
    }
}
