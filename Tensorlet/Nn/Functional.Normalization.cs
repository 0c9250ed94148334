namespace Tensorlet;

// All functions compute (x − μ)/√(σ² + ε), times weights, plus a bias. They differ in the axes over which the mean
// μ and the variance σ² are taken.
public static partial class F
{
    /// <summary>
    /// Returns x, the weight (1 if it is null) and the bias (0 if it is null). Weight and bias must have the shape
    /// <paramref name="own"/>, and are reshaped to <paramref name="shape"/>, which broadcasts to the shape of x.
    /// </summary>
    static Variable[] Weighted(string operation, Variable x, Variable? weight, Variable? bias, int[] own, int[] shape)
    {
        FitsWeights(operation, x, weight ?? bias ?? x, bias);
        return Variable.Alike(operation, [x, Or("weight", weight, 1), Or("bias", bias, 0)]);

        Variable Or(string what, Variable? given, double otherwise) =>
            given is null ? Tensor.Like(x.Data, otherwise) : OfShape(operation, what, given, own).Reshape(shape);
    }

    /// <summary>
    /// Normalizes each channel over all samples and positions (Ioffe and Szegedy 2015): computes w·(x − μ)/√(v + eps) +
    /// b, where w and b are the weight and the bias of the channel, and μ and v are a mean and a variance. The input
    /// has the shape (N, C, …), where N is the number of samples and C is the number of channels. If
    /// <paramref name="training"/> is true, μ and v are the mean and the variance of the channel in the batch, and each
    /// running statistic r is updated: r ← (1 − momentum)·r + momentum·s, where s is the mean or the unbiased variance
    /// of the batch. If <paramref name="training"/> is false, μ and v are the running mean and the running variance. A
    /// batch without samples does not change the running statistics.
    /// </summary>
    /// <exception cref="ShapeException">There are no channels; or <paramref name="training"/> is true, but there is
    /// only one value per channel; or the weights, the bias or the running statistics do not have the shape
    /// (C).</exception>
    /// <exception cref="TensorletException"><paramref name="training"/> is false, but there are no running
    /// statistics.</exception>
    public static Variable BatchNorm(Variable x, Tensor? runningMean, Tensor? runningVar, Variable? weight = null,
        Variable? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
        ByChannel("BatchNorm", x, [0, .. Enumerable.Range(2, Math.Max(0, x.Given().Rank - 2))], runningMean, runningVar,
            weight, bias, training, momentum, eps);

    /// <summary>
    /// Normalizes each channel of each sample over the positions, by the formula of <see cref="BatchNorm"/> (Ulyanov et
    /// al. 2016). The input has the shape (N, C, …), where N is the number of samples and C is the number of channels.
    /// If <paramref name="useInputStats"/> is true, μ and v are the mean and the variance of the channel in the sample.
    /// If running statistics are given, they are then updated as in <see cref="BatchNorm"/>, where s is the mean or the
    /// unbiased variance of the channel, averaged over the samples. If <paramref name="useInputStats"/> is false, μ and
    /// v are the running mean and the running variance.
    /// </summary>
    /// <exception cref="ShapeException">There are no channels; or <paramref name="useInputStats"/> is true, but a
    /// channel of a sample has only one value; or the weights, the bias or the running statistics do not have the shape
    /// (C).</exception>
    /// <exception cref="TensorletException"><paramref name="useInputStats"/> is false, but there are no running
    /// statistics.</exception>
    public static Variable InstanceNorm(Variable x, Tensor? runningMean = null, Tensor? runningVar = null,
        Variable? weight = null, Variable? bias = null, bool useInputStats = true, double momentum = 0.1,
        double eps = 1e-5) => ByChannel("InstanceNorm", x, [.. Enumerable.Range(2, Math.Max(0, x.Given().Rank - 2))],
            runningMean, runningVar, weight, bias, useInputStats, momentum, eps);

    static Variable ByChannel(string operation, Variable x, int[] over, Tensor? runningMean, Tensor? runningVar,
        Variable? weight, Variable? bias, bool inputStatistics, double momentum, double eps)
    {
        if (x.Rank < 2) throw new ShapeException($"{operation}: shape {x.Data.Layout} has no channels (N, C, …).");
        int[] shape = [x.Size(1), .. Enumerable.Repeat(1, x.Rank - 2)];
        foreach (var r in (Tensor?[])[runningMean, runningVar])
            if (r is not null)
                OfShape(operation, $"running statistic of the {x.Size(1)} channels (axis 1) of {x.Data.Layout}", r,
                    x.Size(1));
            else if (!inputStatistics)
                throw new TensorletException($"{operation}: there are no running statistics to normalize " +
                    $"{x.Data.Layout} with. Give them, or use those of the input.");
        var given = Weighted(operation, x, weight, bias, [x.Size(1)], shape);
        if (!inputStatistics)
            return Variable.Apply(new StandardFormula(), operation, x, runningMean!.Reshape(shape),
                runningVar!.Reshape(shape).Map(new RootFormula(eps)), given[1], given[2]);
        var count = over.Aggregate(1, (n, axis) => n * x.Size(axis));
        if (count == 1)
            throw new ShapeException($"{operation}: shape {x.Data.Layout} has one value per channel, so there is no " +
                "variance to learn from. Use more samples, or call Eval().");
        var function = new Standardize(operation, over, eps);
        var y = function.Apply(given);
        if (x.Numel == 0 || Autograd.Mode.Again) return y; // there are no samples, or they have been counted before
        runningMean?.Mul_(1 - momentum).Add_(function.Mean.Mean([0]).Reshape(-1), momentum);
        runningVar?.Mul_(1 - momentum).Add_(function.Variance.Mean([0]).Reshape(-1), momentum * count / (count - 1));
        return y;
    }

    /// <summary>
    /// Normalizes the input to mean 0 and variance 1 over the last k axes together, where k is the number of sizes in
    /// <paramref name="normalizedShape"/>; then multiplies the result by the weights and adds the bias (Ba et al.
    /// 2016).
    /// </summary>
    /// <param name="x">The input, whose last axes have the sizes <paramref name="normalizedShape"/>.</param>
    /// <param name="normalizedShape">The sizes of the last axes.</param>
    /// <param name="weight">The weights, of shape <paramref name="normalizedShape"/>.</param>
    /// <param name="bias">The bias, of shape <paramref name="normalizedShape"/>.</param>
    /// <param name="eps">The number that is added to the variance.</param>
    /// <exception cref="ShapeException">The last axes of the input do not have the sizes
    /// <paramref name="normalizedShape"/>; or the weights or the bias do not have this shape.</exception>
    public static Variable LayerNorm(Variable x, int[] normalizedShape, Variable? weight = null, Variable? bias = null,
        double eps = 1e-5) => new Standardize("LayerNorm", Last("LayerNorm", x, normalizedShape), eps).Apply(
            Weighted("LayerNorm", x, weight, bias, normalizedShape, normalizedShape));

    /// <summary>
    /// Computes w·x/√(m + eps), where w are the weights (Zhang and Sennrich 2019). If
    /// <paramref name="normalizedShape"/> has k sizes, m is the mean of x² over the last k axes together.
    /// </summary>
    /// <param name="x">The input, whose last axes have the sizes <paramref name="normalizedShape"/>.</param>
    /// <param name="normalizedShape">The sizes of the last axes.</param>
    /// <param name="weight">The weights, of shape <paramref name="normalizedShape"/>.</param>
    /// <param name="eps">The number that is added to the mean. If it is not given, it is the distance from 1 to the
    /// next larger number that the type of the input can represent.</param>
    /// <exception cref="ShapeException">The last axes of the input do not have the sizes
    /// <paramref name="normalizedShape"/>; or the weights do not have this shape.</exception>
    public static Variable RmsNorm(Variable x, int[] normalizedShape, Variable? weight = null, double? eps = null)
    {
        var least = eps ?? (x.Given().DType == DType.Float32 ? Math.Pow(2, -23) : Math.Pow(2, -52));
        return new Standardize("RMSNorm", Last("RMSNorm", x, normalizedShape), least, centered: false).Apply(
            Weighted("RMSNorm", x, weight, null, normalizedShape, normalizedShape));
    }

    /// <summary>
    /// Divides the channels of each sample into groups, and normalizes all numbers of a group together to mean 0 and
    /// variance 1. Then multiplies each channel by its weight, and adds its bias (Wu and He 2018). The input has the
    /// shape (N, C, …), where N is the number of samples and C is the number of channels.
    /// </summary>
    /// <exception cref="ShapeException">The number of channels is not divisible by the number of groups.</exception>
    public static Variable GroupNorm(Variable x, int numGroups, Variable? weight = null, Variable? bias = null,
        double eps = 1e-5)
    {
        if (x.Given().Rank < 2 || numGroups < 1 || x.Size(1) % numGroups != 0)
            throw new ShapeException($"GroupNorm: the channels (axis 1) of {x.Data.Layout} are not divisible by " +
                $"{numGroups} groups.");
        var size = x.Size(1) / numGroups;
        var groups = Weighted("GroupNorm", x.Reshape([x.Size(0), numGroups, size, .. x.Shape[2..]]), weight, bias,
            [x.Size(1)], [numGroups, size, .. Enumerable.Repeat(1, x.Rank - 2)]);
        return new Standardize("GroupNorm", [.. Enumerable.Range(2, x.Rank - 1)], eps).Apply(groups).Reshape(x.Size());
    }

    static int[] Last(string operation, Variable x, int[] shape) =>
        x.Given().Rank >= shape.Given("normalizedShape").Length && x.Shape[^shape.Length..] == shape
            ? [.. Enumerable.Range(x.Rank - shape.Length, shape.Length)]
            : throw new ShapeException($"{operation}: the last axes of {x.Data.Layout} are not {Layout.Show(shape)}.");
}

/// <summary>1/√(σ² + ε)</summary>
readonly struct RootFormula(double eps) : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Of(1) / V.Sqrt(x + V.Of(eps)); }

/// <summary>x; or 0 if the numbers are not centered, so that their mean counts as 0</summary>
readonly struct CenterFormula(bool centered) : IMap
{
    readonly int factor = centered ? 1 : 0;             // kernels cannot have a bool
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => factor == 1 ? x : V.Of(0);
}

/// <summary>x − μ</summary>
readonly struct DeviationFormula : IZip
{
    static int IZip.OfRow => 0b10;
    [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V mean) => x - mean;
}

/// <summary>dy·w; or 0 if the numbers are not centered</summary>
readonly struct CenterProduct(bool centered) : IZip
{
    readonly int factor = centered ? 1 : 0;
    [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V dy, V w) => factor == 1 ? dy * w : V.Of(0);
}

/// <summary>(x − μ)·r·w + b</summary>
readonly struct StandardFormula : IFormula
{
    public static int Inputs => 5;
    static int IFormula.OfRow => 0b00110;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V mean, V r, V w, V b, V f, V g, V h) => (x - mean) * r * w + b;
}

/// <summary>dy·x̂ with x̂ = (x − μ)·r</summary>
readonly struct StandardProduct : IFormula
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dy, V x, V mean, V r, V e, V f, V g, V h) => dy * ((x - mean) * r);
}

/// <summary>g·x̂ with g = dy·w and x̂ = (x − μ)·r</summary>
readonly struct StandardShare : IFormula
{
    public static int Inputs => 5;
    static int IFormula.OfRow => 0b11000;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dy, V w, V x, V mean, V r, V f, V g, V h) => dy * w * ((x - mean) * r);
}

/// <summary>r·(g − mean g − x̂·mean(g·x̂))</summary>
readonly struct StandardSlope : IFormula
{
    public static int Inputs => 7;
    static int IFormula.OfRow => 0b1111000;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V dy, V w, V x, V mean, V r, V ofG, V ofGX, V h) => r * (dy * w - ofG - (x - mean) * r * ofGX);
}

// y = x̂·w + b, where x̂ = (x − μ)·r and r = 1/√(σ² + ε); all means are over some axes
// dx = r·(g − mean g − x̂·mean(g·x̂)), where g = dy·w     dw = Σ dy·x̂     db = Σ dy
sealed class Standardize(string name, int[] axes, double eps, bool centered = true) : Function
{
    Tensor? mean, variance, r;

    public override string Name => name;
    /// <summary>The mean μ. The reduced axes are kept with size 1.</summary>
    public Tensor Mean => mean!;
    /// <summary>The variance σ². The reduced axes are kept with size 1.</summary>
    public Tensor Variance => variance!;

    protected override Tensor Forward()
    {
        Save(X, B);
        var (x, n) = (X.Data.OnlyFloat(name), X.Data.CountOver(axes));
        (var y, (mean, variance, r)) = Tensor.RowWise(name, axes,
            new Of1<CenterFormula>(new(centered)), new Tensor.MeanFormula(n),                   // μ
            new Of2<DeviationFormula>(), new Tensor.MeanSquareFormula(n),                       // σ²
            new RootFormula(eps), new StandardFormula(), keep: false, [x], B.Data, Input(2).Data);
        Keep(mean, r);
        return y;
    }

    public override Variable?[] Backward(Variable dy)
    {
        var (x, w, m, root, n) = (X, B, new Variable(mean!), new Variable(r!), X.Data.CountOver(axes));
        Variable dx;
        if (Autograd.Enabled)       // m and root depend on x
        {
            m = centered ? x.Mean(axes, keepdim: true) : m;
            root = (new Spread(name, axes, n, centered, false).Apply(x) + eps).Rsqrt();
            Variable ofG = centered ? Variable.Total(new Of2<Tensor.MultiplyFormula>(), name, axes, dy, w) / n
                : Tensor.Like(dy.Data, 0);
            var ofGX = Variable.Total(new StandardShare(), name, axes, dy, w, x, m, root) / n;
            dx = root * (dy * w - ofG - (x - m) * root * ofGX);
        }
        else
            dx = Tensor.RowWise(name, axes, new Of2<CenterProduct>(new(centered)), new Tensor.MeanFormula(n),
                new StandardShare(), new Tensor.MeanFormula(n), new IdentityFormula(), new StandardSlope(), keep: false,
                [dy.Data, w.Data, x.Data, mean!, r!]).Y;
        var dw = Needs(1) ? Variable.Total(new StandardProduct(), name, Layout.Repeated(shapes[1], dy.Size()), dy, x, m,
            root).Reshape(shapes[1]) : null;
        return [dx, dw, Needs(2) ? dy.SumTo(shapes[2]) : null];
    }
}
