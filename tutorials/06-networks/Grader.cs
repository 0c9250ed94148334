using Tensorlet;

namespace Tutorials.Chapter06;

sealed class Grader : Exercise<ICrossEntropy>
{
    public override string Title => "Cross-entropy, forward and backward";

    public override IReadOnlyList<(string[], string)> Forbidden =>
    [
        (["Variable.Softmax", "Variable.LogSoftmax", "Variable.LogSumExp", "Softmax", "Softmin", "LogSoftmax",
            "F.CrossEntropy", "CrossEntropyLoss", "F.NllLoss", "NLLLoss", "F.KlDiv", "KLDivLoss"],
            "Softmax and the losses made of it are what is to be written."),
        Tape,
    ];

    public override IReadOnlyList<string> Hints =>
    [
        "Softmax does not change when the same number is subtracted from all scores of a row. Which number makes " +
            "sure that no power of e overflows?",
        "scores.AMax([1], keepdim: true) has shape (N, 1), so it can be subtracted from (N, C). The same goes for " +
            "the sum of a row.",
        "x.Gather(1, targets.Unsqueeze(1)) picks one column in each row; the loss is minus the mean of that.",
        "The gradient of one row is softmax(x), minus 1 at the right class; the mean divides it by N. " +
            "F.OneHot(targets, C).To(scores.DType) is 1 at the right classes and 0 elsewhere.",
    ];

    const string Overflow =
        "e^1000 is no number that a computer has: subtract the largest score of each row before Exp.";
    const string Rows = "Each row is a sample and adds up to 1 by itself: the sum runs along axis 1.";

    static Tensor Row(params double[] scores) => Tensor.From(scores, [1, scores.Length]);

    static Tensor Drawn(int n, int c) => Tensor.Randn([n, c], DType.Float64, generator: new(1));

    static Tensor Targets(params long[] classes) => Tensor.From(classes);

    static Tensor Large => Tensor.From([1000.0, 0, -1000, 1000, 1000, -1000], [2, 3]);

    static bool Finite(Tensor x) => x.ToArray<double>().All(double.IsFinite);

    static bool Near(Tensor a, Tensor b) => a.Shape.SequenceEqual(b.Shape)
        && a.ToArray<double>().Zip(b.ToArray<double>(), (x, y) => Math.Abs(x - y)).All(difference => difference < 1e-9);

    static Action<ICrossEntropy> Logs(string what, Tensor scores) => answer =>
    {
        var expected = new Variable(scores).LogSoftmax(1).Data;
        var yours = answer.LogSoftmax(scores.Clone());
        Expect.Same(yours, expected, what, because: yours is null ? "" : !Finite(yours) ? Overflow
            : Near(yours, new Variable(scores).LogSoftmax(0).Data) ? Rows
            : Near(yours, new Variable(expected).Exp().Data)
                ? "These are probabilities; asked for are their logarithms."
            : "");
    };

    static Action<ICrossEntropy> Losses(string what, Tensor scores, Tensor targets) => answer =>
    {
        var expected = F.CrossEntropy(scores, targets).Item();
        var yours = answer.Loss(scores.Clone(), targets.Clone());
        var because = !double.IsFinite(yours) ? Overflow
            : Math.Abs(yours - scores.Size(0) * expected) < 1e-9 ? "It is the sum over the rows, not their mean."
            : Math.Abs(yours + expected) < 1e-9 ? "It has the wrong sign: logarithms of probabilities are negative."
            : Math.Abs(yours * scores.Size(1) - expected) < 1e-9 ? "It is divided by the number of classes as well."
            : "";
        Expect.Same([yours], [expected], what, because: because);
    };

    static Action<ICrossEntropy> Slopes(string what, Tensor scores, Tensor targets) => answer =>
    {
        var x = new Variable(scores, requiresGrad: true);
        F.CrossEntropy(x, targets).Backward();
        var (n, expected) = (scores.Size(0), x.Grad!.Data);
        var right = F.OneHot(targets, scores.Size(1)).To(DType.Float64);
        var yours = answer.Gradient(scores.Clone(), targets.Clone());
        var because = yours?.Shape.SequenceEqual(expected.Shape) != true ? "" : !Finite(yours) ? Overflow
            : Near(yours, expected + right / n) || Near(yours, expected * n + right)
                ? "That is softmax alone. At the right class, 1 goes off: more of its score makes the loss smaller."
            : n > 1 && Near(yours, expected * n) ? "The loss is the mean over the rows, so each row counts 1/N."
            : n > 1 && Near(yours * n + right, new Variable(scores).Softmax(0).Data) ? Rows
            : "";
        Expect.Same(yours, expected, what, because: because);
    };

    protected override Step<ICrossEntropy>[] Requirements =>
    [
        new("the logarithm of softmax: one row", Logs("LogSoftmax([[0, 0]])", Row(0, 0)) +
            Logs("LogSoftmax([[1, 2, 3]])", Row(1, 2, 3))),
        new("each row by itself", Logs("LogSoftmax of 3 rows of 2 scores", Drawn(3, 2)) +
            Logs("LogSoftmax of 4 rows of 4 scores", Drawn(4, 4))),
        new("scores as large as ±1000", Logs("LogSoftmax([[1000, 0]])", Row(1000, 0)) +
            Logs("LogSoftmax([[−1000, −1000]])", Row(-1000, -1000)) +
            Logs("LogSoftmax([[1000, 0, −1000], [1000, 1000, −1000]])", Large)),
        new("the loss", Losses("the loss of [[0, 0]] and class 1", Row(0, 0), Targets(1)) +
            Losses("the loss of [[1, 2, 3]] and class 0", Row(1, 2, 3), Targets(0)) +
            Losses("the loss of 3 rows of 2 scores", Drawn(3, 2), Targets(1, 0, 1)) +
            Losses("the loss of [[1000, 0, −1000], [1000, 1000, −1000]] and classes 2 and 0", Large, Targets(2, 0))),
        new("the gradient", Slopes("the gradient of [[0, 0]] and class 1", Row(0, 0), Targets(1)) +
            Slopes("the gradient of [[1, 2, 3]] and class 0", Row(1, 2, 3), Targets(0)) +
            Slopes("the gradient of 3 rows of 2 scores", Drawn(3, 2), Targets(1, 0, 1)) +
            Slopes("the gradient of 4 rows of 4 scores", Drawn(4, 4), Targets(3, 0, 0, 2))),
        new("the gradient of scores as large as ±1000", Slopes(
            "the gradient of [[1000, 0, −1000], [1000, 1000, −1000]] and classes 2 and 0", Large, Targets(2, 0))),
    ];

    protected override Mistake<ICrossEntropy>[] WrongAnswers =>
    [
        new("no largest score subtracted", new Written(Shift: false), "subtract the largest score of each row"),
        new("softmax over the batch", new Written(Axis: 0), "the sum runs along axis 1"),
        new("the sum of the losses", new Written(MeanLoss: false), "not their mean"),
        new("the gradient of the sum", new Written(MeanGradient: false), "each row counts 1/N"),
        new("no 1 off at the right class", new Written(RightClass: false), "That is softmax alone"),
    ];

    /// <summary>Plain loops, with a switch for each thing that may be forgotten.</summary>
    sealed record Written(bool Shift = true, int Axis = 1, bool MeanLoss = true, bool MeanGradient = true,
        bool RightClass = true) : ICrossEntropy
    {
        public Tensor LogSoftmax(Tensor scores)
        {
            var (x, rows, columns) = (scores.ToArray<double>(), scores.Size(0), scores.Size(1));
            var result = new double[x.Length];
            for (var i = 0; i < x.Length; i++)
            {
                var together = Enumerable.Range(0, x.Length).Where(j => Axis == 1
                    ? j / columns == i / columns : j % columns == i % columns).Select(j => x[j]).ToArray();
                var largest = Shift ? together.Max() : 0;
                result[i] = x[i] - largest - Math.Log(together.Sum(other => Math.Exp(other - largest)));
            }
            return Tensor.From(result, [rows, columns]);
        }

        public double Loss(Tensor scores, Tensor targets)
        {
            var logs = LogSoftmax(scores);
            var losses = targets.ToArray<long>().Select((k, i) => -logs[i, (int)k].Item());
            return MeanLoss ? losses.Average() : losses.Sum();
        }

        public Tensor Gradient(Tensor scores, Tensor targets)
        {
            var gradient = LogSoftmax(scores).ToArray<double>().Select(Math.Exp).ToArray();
            foreach (var (i, k) in targets.ToArray<long>().Index())
                if (RightClass) gradient[i * scores.Size(1) + k] -= 1;
            return Tensor.From(gradient, scores.Size()) / (MeanGradient ? scores.Size(0) : 1);
        }
    }
}
