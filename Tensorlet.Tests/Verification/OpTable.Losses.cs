namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    static double Log(double x) => Math.Log(x);
    static Jet Log(Jet x) => Math.Log(x);
    static double Positive(double x) => Math.Max(0, x);

    static IEnumerable<Op> Losses() =>
    [
        Pairs("mean squared error", (x, t, r) => F.MseLoss(x, t, r), (x, t) => (x - t) * (x - t)),
        Pairs("L1", (x, t, r) => F.L1Loss(x, t, r), (x, t) => Math.Abs(x - t)),
        Pairs("smooth L1", (x, t, r) => F.SmoothL1Loss(x, t, r, 0.7), (x, t) =>
            Math.Abs(x - t) is var d && d < 0.7 ? d * d / 1.4 : d - 0.35),
        Pairs("Huber", (x, t, r) => F.HuberLoss(x, t, r, 0.7), (x, t) =>
            Math.Abs(x - t) is var d && d < 0.7 ? d * d / 2 : 0.7 * (d - 0.35)),
        Pairs("binary cross-entropy", (x, t, r) => F.BinaryCrossEntropy(x.Sigmoid(), t.Sigmoid(), null, r), (x, t) =>
            -Sigma(t) * Log(Sigma(x)) - (1 - Sigma(t)) * Log(1 - Sigma(x))),
        Pairs("binary cross-entropy, weighted", (x, t, r) => F.BinaryCrossEntropy(x.Sigmoid(), t.Sigmoid(),
            Tensor.Scalar(3, x.DType, x.Device), r), (x, t) =>
            -3 * (Sigma(t) * Log(Sigma(x)) + (1 - Sigma(t)) * Log(1 - Sigma(x)))),
        Pairs("binary cross-entropy of logits", (x, t, r) => F.BinaryCrossEntropyWithLogits(x, t, null, r), (x, t) =>
            -t * Log(Sigma(x)) - (1 - t) * Log(1 - Sigma(x))),
        Pairs("binary cross-entropy of logits, weighted", (x, t, r) => F.BinaryCrossEntropyWithLogits(x, t,
            Tensor.Scalar(2, x.DType, x.Device), r, Tensor.Scalar(3, x.DType, x.Device)), (x, t) =>
            -2 * (3 * t * Log(Sigma(x)) + (1 - t) * Log(1 - Sigma(x)))),
        Pairs("KL divergence", (x, t, r) => F.KlDiv(x, t * t + 0.1, r), (x, t) =>
            (t * t + 0.1) * (Log(t * t + 0.1) - x)),
        Pairs("KL divergence of logarithms", (x, t, r) => F.KlDiv(x, t, r, logTarget: true), (x, t) =>
            Math.Exp(t) * (t - x)),
        Pairs("Poisson", (x, t, r) => F.PoissonNllLoss(x, t * t + 0.3, full: true, reduction: r), (x, t) =>
            t * t + 0.3 is var n && n > 1 ? Math.Exp(x) - n * x + n * Log(n) - n + Log(2 * Math.PI * n) / 2
                : Math.Exp(x) - n * x),
        Pairs("Poisson of means", (x, t, r) => F.PoissonNllLoss(x * x, t, logInput: false, eps: 0.1, reduction: r),
            (x, t) => x * x - t * Log(x * x + 0.1)),
        new("losses", "Gaussian", d =>
        {
            var (x, full, reduction, spread) = (d.Input([d.Int(1, 3), d.Int(1, 3)]), d.Coin(), Some(d), d.Int(0, 2));
            int[] variances = spread switch { 0 => x.Shape, 1 => [x.Shape[0], 1], _ => [x.Shape[0]] };
            return Case.Smooth(v => F.GaussianNllLoss(v[0], v[1], v[2], full, 1.005, reduction),
                [x, d.Input(x.Shape), d.Input(variances, Domain.Positive)], Left(x.Shape, reduction), v => Reduced(
                [.. v[0].Zip(v[1]).Select((pair, i) => v[2][spread == 0 ? i : i / x.Shape[1]] is var given
                    && pair.First - pair.Second is var gap && Math.Max(given, 1.005) is var variance
                    ? (Log(variance) + gap * gap / variance + (full ? System.Math.Log(2 * Math.PI) : 0)) / 2
                    : default)], reduction));
        }),
        Alignments("CTC"),
        Signed("hinge embedding", 1, (v, t, r) => F.HingeEmbeddingLoss(v[0], t, 1.5, r), (v, t) =>
            v[0].Zip(t, (x, y) => y > 0 ? x : Positive(1.5 - x))),
        Signed("margin ranking", 2, (v, t, r) => F.MarginRankingLoss(v[0], v[1], t, 0.502, r), (v, t) =>
            v[0].Zip(v[1], (x, y) => y - x).Zip(t, (d, y) => Positive(y * d + 0.502))),
        Signed("cosine embedding", 2, (v, t, r) => F.CosineEmbeddingLoss(v[0], v[1], t, 0.2, r), (v, t) =>
            t.Select((y, i) => Rows(v[0], t.Length)[i] is var a && Rows(v[1], t.Length)[i] is var b
                && Dot(a, b) / Math.Sqrt((Dot(a, a) + 1e-12) * (Dot(b, b) + 1e-12)) is var c && y > 0 ? 1 - c
                    : Positive(c - 0.2)), 2,
            leastAcross: 2),            // of single numbers the cosine is 1 or −1, and its slopes are noise
        Signed("triplet margin", 3, (v, _, r) => F.TripletMarginLoss(v[0], v[1], v[2], 2, reduction: r), (v, t) =>
            t.Select((_, i) => Positive(Distance(v[0], v[1], i, t.Length) - Distance(v[0], v[2], i, t.Length) + 2)), 2,
            smooth: (v, n) => Enumerable.Range(0, n).All(i => Math.Min(Distance(v[0], v[1], i, n),
                Distance(v[0], v[2], i, n)) > 0.1)),
        Signed("triplet margin, swapped", 3, (v, _, r) => F.TripletMarginLoss(v[0], v[1], v[2], 2, p: 3, swap: true,
            reduction: r), (v, t) => t.Select((_, i) => Positive(Distance(v[0], v[1], i, t.Length, 3) - Math.Min(
                Distance(v[0], v[2], i, t.Length, 3), Distance(v[1], v[2], i, t.Length, 3)) + 2)), 2,
            smooth: (v, n) => Enumerable.Range(0, n).All(i => (Distance(v[0], v[1], i, n, 3),
                Distance(v[0], v[2], i, n, 3), Distance(v[1], v[2], i, n, 3)) is var (p, q, r)
                && Math.Min(p, Math.Min(q, r)) > 0.1 && Math.Abs(q - r) > 0.01)),
        Classes("negative log likelihood", weighted: true, ignoring: true, smoothing: 0),
        Classes("cross-entropy", weighted: false, ignoring: false, smoothing: 0),
        Classes("cross-entropy, weighted", weighted: true, ignoring: true, smoothing: 0),
        Classes("cross-entropy, smoothed", weighted: false, ignoring: true, smoothing: 0.2),
        Classes("cross-entropy, weighted and smoothed", weighted: true, ignoring: true, smoothing: 0.3),
        new("losses", "cross-entropy of probabilities", d =>
        {
            var (x, reduction) = (d.Input([d.Int(1, 3), d.Int(1, 3), d.Int(1, 3)]), Some(d));
            var weight = d.Values(x.Shape[1], Domain.Positive);
            int[] shape = [x.Shape[0], x.Shape[2]];
            return new(v => F.CrossEntropy(v[0], v[1], Tensor.From(weight).To(v[0].DType).To(v[0].Device), reduction,
                labelSmoothing: 0.1), [x, d.Input(x.Shape)], Left(shape, reduction), v => Reduced([.. Naive.Indices(
                    shape).Select(i => Enumerable.Range(0, x.Shape[1]).Sum(c => -weight[c]
                    * (0.9 * v[1][Naive.Place([i[0], c, i[1]], x.Shape)] + 0.1 / x.Shape[1])
                    * LogSoftmax(v[0], x.Shape, i[0], c, i[1])))], reduction));
        }),
        Bag("embedding bag", F.EmbeddingBag) with { Family = "losses" },
        TwoForms("bilinear", v => F.Bilinear(v[0], v[1], v[2], v[3])) with { Family = "losses" },
        new("losses", "dropout, evaluating", d =>
            d.Input(d.Shape()) is var x ? Same(v => F.Dropout(v, 0.5, training: false), x, x.Shape) : null!),
        new("losses", "cosine similarity", d =>
        {
            var x = d.Input([d.Int(1, 3), d.Int(1, 4)]);
            return new(v => F.CosineSimilarity(v[0], v[1]), [x, d.Input(x.Shape)], [x.Shape[0]], v =>
                [.. Rows(v[0], x.Shape[0]).Zip(Rows(v[1], x.Shape[0]), (a, b) =>
                    Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b)))]);
        }),
    ];

    /// <summary>
    /// Labels of which the probabilities of all paths are added that give them, when repeated classes are merged and
    /// blanks are removed.
    /// </summary>
    static Op Alignments(string name) => new("losses", name, d =>
    {
        int steps = d.Int(1, 4), n = d.Int(1, 2), classes = d.Int(2, 3), blank = d.Int(0, classes - 1);
        var (x, reduction, joined) = (d.Input([steps, n, classes]), Some(d), d.Coin());
        long[] lengths = [.. Each(n, _ => d.Int(0, steps))];
        var labels = Each(n, _ => d.Int(0, 3)).Select(count => Each(count, _ =>
            (blank + d.Int(1, classes - 1)) % classes)).ToArray();
        var most = labels.Max(own => own.Length);
        long[] counts = [.. labels.Select(own => own.Length)];
        // what follows the labels is not read
        long[] targets = [.. labels.SelectMany(own => joined ? own : [.. own, .. Each(most - own.Length, _ => -7)])];
        return new(v => new Nn.CTCLoss(blank, reduction, zeroInfinity: true).Call(v[0],
            Tensor.From(targets, joined ? [-1] : [n, most], device: v[0].Device), Tensor.From(lengths),
            Tensor.From(counts)), [x], Left([n], reduction), v =>
        {
            double[] losses = [.. labels.Select((own, i) =>
            {
                var paths = Naive.Indices([.. Each((int)lengths[i], _ => classes)]);
                var sum = paths.Where(path => path.Where((c, t) => c != blank && (t == 0 || path[t - 1] != c))
                    .SequenceEqual(own)).Sum(path => Math.Exp(path.Select((c, t) =>
                        v[0][Naive.Place([t, i, c], x.Shape)]).Sum()));
                return sum == 0 ? 0 : -Log(sum) / (reduction == Reduction.Mean ? System.Math.Max(1, own.Length) : 1);
            })];
            return Reduced(losses, reduction);
        });
    });

    static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
    static double[][] Rows(double[] x, int rows) => rows == 0 ? [] : [.. x.Chunk(Math.Max(1, x.Length / rows))];
    static double Distance(double[] a, double[] b, int row, int rows, double p = 2) => Math.Pow(Rows(a, rows)[row].Zip(
        Rows(b, rows)[row], (x, y) => Math.Pow(Math.Abs(x - y + 1e-6), p)).Sum(), 1 / p);
    static Reduction Some(Draw d) => (Reduction)d.Int(0, 2);
    static int[] Left(int[] shape, Reduction reduction) => reduction == Reduction.None ? shape : [];
    static Jet[] Reduced(Jet[] losses, Reduction reduction) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Sum => [losses.Sum()],
        _ => [losses.Average()],
    };
    static double[] Reduced(double[] losses, Reduction reduction) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Sum => [losses.Sum()],
        _ => [losses.Average()],
    };

    static Op Pairs(string name, Func<Variable, Variable, Reduction, Variable> f,
        Func<Jet, Jet, Jet> oracle) => new("losses", name, d =>
        {
            var (x, reduction) = (d.Input(d.Shape(1, 3, 1)), Some(d));
            // differences other than 0 and 0.7, where the functions of the distance have kinks
            double[] far = [.. x.Values.Select(v =>
                v + (d.Coin() ? 1 : -1) * (d.Coin() ? d.Int(10, 60) : d.Int(80, 200)) / 100.0)];
            return Case.Smooth(v => f(v[0], v[1], reduction), [x, new(x.Shape, far)], Left(x.Shape, reduction), v =>
                Reduced([.. v[0].Zip(v[1], oracle)], reduction));
        });

    /// <summary>A loss of some inputs, with targets of 1 and −1 for each number, or for each row.</summary>
    static Op Signed(string name, int inputs, Func<Variable[], Tensor, Reduction, Variable> f,
        Func<double[][], double[], IEnumerable<double>> oracle, int rank = 1,
        Func<double[][], int, bool>? smooth = null, int leastAcross = 1) => new("losses", name, d =>
    {
        int[] shape = [.. Enumerable.Range(0, rank).Select(a => d.Int(a == 0 ? 1 : leastAcross, 4))];
        var reduction = Some(d);
        double[] signs = [.. Enumerable.Range(0, shape[0]).Select(_ => d.Coin() ? 1.0 : -1)];
        Input[] drawn;
        do drawn = [.. Enumerable.Range(0, inputs).Select(_ => d.Input(shape))];
        while (smooth?.Invoke([.. drawn.Select(x => x.Values)], shape[0]) == false);
        return new(v => f(v, Tensor.From(signs).To(v[0].DType).To(v[0].Device), reduction), drawn,
            Left([shape[0]], reduction), v => Reduced([.. oracle(v, signs)], reduction));
    });

    static double LogSoftmax(double[] x, int[] shape, int n, int c, int place) =>
        x[Naive.Place([n, c, place], shape)] - Log(Enumerable.Range(0, shape[1]).Sum(k =>
            Math.Exp(x[Naive.Place([n, k, place], shape)])));

    static Op Classes(string name, bool weighted, bool ignoring, double smoothing) => new("losses", name, d =>
    {
        var (x, reduction, scores) = (d.Input([d.Int(1, 3), d.Int(1, 4), d.Int(1, 3)]), Some(d), name[0] == 'c');
        int[] shape = [x.Shape[0], x.Shape[2]];
        var classes = x.Shape[1];
        var weights = weighted ? d.Values(classes, Domain.Positive) : [.. Enumerable.Repeat(1.0, classes)];
        // the first is not ignored, so that the mean is not empty
        long[] target = [.. Naive.Indices(shape).Select((_, i) =>
            ignoring && i > 0 && d.Int(0, 3) == 0 ? -100L : d.Int(0, classes - 1))];
        return new(v =>
        {
            var at = Tensor.From(target, shape, device: v[0].Device);
            var weight = weighted ? Tensor.From(weights).To(v[0].DType).To(v[0].Device) : null;
            return scores ? F.CrossEntropy(v[0], at, weight, reduction, labelSmoothing: smoothing)
                : F.NllLoss(v[0], at, weight, reduction);
        }, [x], Left(shape, reduction), v =>
        {
            double Score(int[] i, int c) => scores ? LogSoftmax(v[0], x.Shape, i[0], c, i[1])
                : v[0][Naive.Place([i[0], c, i[1]], x.Shape)];
            double[] losses = [.. Naive.Indices(shape).Zip(target, (i, t) => t < 0 ? 0
                : -(1 - smoothing) * weights[t] * Score(i, (int)t) - smoothing / classes
                    * Enumerable.Range(0, classes).Sum(c => weights[c] * Score(i, c)))];
            return reduction == Reduction.Mean ? [losses.Sum() / target.Sum(t => t < 0 ? 0 : weights[t])]
                : Reduced(losses, reduction);
        });
    });
}
