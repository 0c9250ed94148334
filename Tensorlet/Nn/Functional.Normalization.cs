namespace Tensorlet;

// (x − μ)/√(σ² + ε), times weights, plus a bias: what differs is the axes that mean and variance are taken over.
public static partial class F
{
    static Variable Standardized(Variable x, int[] axes, double eps, out Variable mean, out Variable variance)
    {
        mean = x.Mean(axes, keepDim: true);
        var deviation = x - mean;
        variance = (deviation * deviation).Mean(axes, keepDim: true);
        return deviation / (variance + eps).Sqrt();
    }

    static Variable Scaled(Variable x, Variable? weight, Variable? bias, params int[] shape)
    {
        if (weight is not null) x *= weight.Reshape(shape);
        return bias is null ? x : x + bias.Reshape(shape);
    }

    /// <summary>
    /// Each channel of (N, C, …) standardised over all samples and places (Ioffe and Szegedy 2015). While training,
    /// mean and (unbiased) variance are gathered in the running ones: r ← (1 − momentum)·r + momentum·s; else those are
    /// used.
    /// </summary>
    /// <exception cref="ShapeException">No channels, or one value per channel while training.</exception>
    public static Variable BatchNorm(Variable x, Tensor? runningMean, Tensor? runningVar, Variable? weight = null,
        Variable? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
        ByChannel("BatchNorm", x, [0, .. Enumerable.Range(2, Math.Max(0, x.Rank - 2))], runningMean, runningVar, weight,
            bias, training, momentum, eps);

    /// <summary>
    /// Each channel of each sample of (N, C, …) standardised over its places (Ulyanov et al. 2016). Running statistics,
    /// if given, are gathered as the means over the samples, and used where the input's are not.
    /// </summary>
    /// <exception cref="ShapeException">No channels, or one value per channel.</exception>
    public static Variable InstanceNorm(Variable x, Tensor? runningMean = null, Tensor? runningVar = null,
        Variable? weight = null, Variable? bias = null, bool useInputStats = true, double momentum = 0.1,
        double eps = 1e-5) => ByChannel("InstanceNorm", x, [.. Enumerable.Range(2, Math.Max(0, x.Rank - 2))],
            runningMean, runningVar, weight, bias, useInputStats, momentum, eps);

    static Variable ByChannel(string operation, Variable x, int[] over, Tensor? runningMean, Tensor? runningVar,
        Variable? weight, Variable? bias, bool inputStatistics, double momentum, double eps)
    {
        if (x.Rank < 2) throw new ShapeException($"{operation}: shape {x.Data.Layout} has no channels (N, C, …).");
        foreach (var given in (Tensor?[])[runningMean, runningVar, weight?.Data, bias?.Data])
            if (given is not null && given.Numel != x.Size(1))
                throw new ShapeException($"{operation}: {given.Numel} numbers of shape {given.Layout} for the " +
                    $"{x.Size(1)} channels (axis 1) of {x.Data.Layout}.");
        int[] shape = [-1, .. Enumerable.Repeat(1, x.Rank - 2)];
        if (!inputStatistics && runningMean is not null && runningVar is not null)
            return Scaled((x - runningMean.Reshape(shape)) / (new Variable(runningVar.Reshape(shape)) + eps).Sqrt(),
                weight, bias, shape);
        var count = over.Aggregate(1, (n, axis) => n * x.Size(axis));
        if (count == 1)
            throw new ShapeException($"{operation}: shape {x.Data.Layout} has one value per channel, and no variance " +
                "to learn from. Take more samples, or Eval().");
        var y = Standardized(x, over, eps, out var mean, out var variance);
        runningMean?.Mul_(1 - momentum).Add_(mean.Data.Mean([0]).Reshape(-1), momentum);
        runningVar?.Mul_(1 - momentum).Add_(variance.Data.Mean([0]).Reshape(-1), momentum * count / (count - 1));
        return Scaled(y, weight, bias, shape);
    }

    /// <summary>The last axes standardised together (Ba et al. 2016).</summary>
    /// <param name="x">(…, normalizedShape).</param>
    /// <param name="normalizedShape">The sizes of the last axes.</param>
    /// <param name="weight">Of that shape.</param>
    /// <param name="bias">Of that shape.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <exception cref="ShapeException">The last axes have other sizes.</exception>
    public static Variable LayerNorm(Variable x, int[] normalizedShape, Variable? weight = null, Variable? bias = null,
        double eps = 1e-5) => Scaled(Standardized(x, Last("LayerNorm", x, normalizedShape), eps, out _, out _), weight,
            bias, normalizedShape);

    /// <summary>x/√(mean of x² over the last axes + eps), times weights (Zhang and Sennrich 2019).</summary>
    /// <param name="x">(…, normalizedShape).</param>
    /// <param name="normalizedShape">The sizes of the last axes.</param>
    /// <param name="weight">Of that shape.</param>
    /// <param name="eps">The distance from 1 to the next number of the type, if not given.</param>
    /// <exception cref="ShapeException">The last axes have other sizes.</exception>
    public static Variable RmsNorm(Variable x, int[] normalizedShape, Variable? weight = null, double? eps = null)
    {
        var squares = (x * x).Mean(Last("RMSNorm", x, normalizedShape), keepDim: true);
        var least = eps ?? (x.DType == DType.Float32 ? Math.Pow(2, -23) : Math.Pow(2, -52));
        return Scaled(x / (squares + least).Sqrt(), weight, null, normalizedShape);
    }

    /// <summary>Groups of channels of each sample of (N, C, …) standardised together (Wu and He 2018).</summary>
    /// <exception cref="ShapeException">The channels do not divide into the groups.</exception>
    public static Variable GroupNorm(Variable x, int numGroups, Variable? weight = null, Variable? bias = null,
        double eps = 1e-5)
    {
        if (x.Rank < 2 || numGroups < 1 || x.Size(1) % numGroups != 0)
            throw new ShapeException($"GroupNorm: the channels (axis 1) of {x.Data.Layout} do not divide into " +
                $"{numGroups} groups.");
        var groups = x.Reshape(x.Size(0), numGroups, x.Numel / Math.Max(1, x.Size(0) * numGroups));
        return Scaled(Standardized(groups, [2], eps, out _, out _).Reshape(x.Size()), weight, bias,
            [-1, .. Enumerable.Repeat(1, x.Rank - 2)]);
    }

    static int[] Last(string operation, Variable x, int[] shape) =>
        x.Rank >= shape.Length && x.Shape[^shape.Length..].SequenceEqual(shape)
            ? [.. Enumerable.Range(x.Rank - shape.Length, shape.Length)]
            : throw new ShapeException($"{operation}: the last axes of {x.Data.Layout} are not {Layout.Show(shape)}.");
}
