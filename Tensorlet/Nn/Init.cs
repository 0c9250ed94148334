namespace Tensorlet.Nn;

/// <summary>
/// Which number determines the scale of the initial values of a weight: the number of inputs or the number of
/// outputs.
/// </summary>
public enum FanMode
{
    /// <summary>
    /// The number of inputs that contribute to one output. With this scale, values keep their variance in the
    /// forward pass.
    /// </summary>
    FanIn,
    /// <summary>
    /// The number of outputs to which one input contributes. With this scale, gradients keep their variance in the
    /// backward pass.
    /// </summary>
    FanOut,
}

/// <summary>
/// The nonlinearity that follows a layer. It determines the gain, which is the factor by which the initial weights of
/// the layer are multiplied.
/// </summary>
public enum Nonlinearity
{
    /// <summary>No nonlinearity.</summary>
    Linear,
    /// <summary>The logistic function.</summary>
    Sigmoid,
    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
    /// <summary>The rectified linear unit.</summary>
    ReLU,
    /// <summary>The leaky rectified linear unit.</summary>
    LeakyReLU,
    /// <summary>The scaled exponential linear unit.</summary>
    SELU,
}

/// <summary>
/// Methods that write initial values into parameters, in place. Each of these methods returns the parameter.
/// </summary>
public static class Init
{
    /// <summary>
    /// Returns the gain, which is the factor by which the initial weights of a layer are multiplied. It depends on the
    /// nonlinearity that follows the layer: 5/3 for tanh, √2 for relu, √(2/(1 + slope²)) for leaky relu, 3/4 for selu,
    /// and 1 for all others. Here, <paramref name="slope"/> is the slope of leaky relu for negative numbers.
    /// </summary>
    public static double CalculateGain(Nonlinearity nonlinearity, double slope = 0.01) => nonlinearity switch
    {
        Nonlinearity.Tanh => 5.0 / 3,
        Nonlinearity.ReLU => Math.Sqrt(2),
        Nonlinearity.LeakyReLU => Math.Sqrt(2 / (1 + slope.In("CalculateGain") * slope)),
        Nonlinearity.SELU => 0.75,
        _ => 1,
    };

    /// <summary>
    /// Fills <paramref name="x"/> with random numbers that are uniformly distributed in [low, high).
    /// </summary>
    public static Variable Uniform_(Variable x, double low = 0, double high = 1, Generator? generator = null) =>
        Written(x, x.Given().Data.Uniform_(low.In("Uniform_"), high.In("Uniform_", low), generator));
    /// <summary>
    /// Fills <paramref name="x"/> with normally distributed random numbers that have the given mean and standard
    /// deviation.
    /// </summary>
    public static Variable Normal_(Variable x, double mean = 0, double std = 1, Generator? generator = null) =>
        Written(x, x.Given().Data.Normal_(mean.In("Normal_"), std.In("Normal_", 0), generator));
    /// <summary>Sets all elements of <paramref name="x"/> to one number.</summary>
    public static Variable Constant_(Variable x, double value) => Written(x, x.Given().Data.Fill_(value));
    /// <summary>Fills <paramref name="x"/> with ones.</summary>
    public static Variable Ones_(Variable x) => Constant_(x, 1);
    /// <summary>Fills <paramref name="x"/> with zeros.</summary>
    public static Variable Zeros_(Variable x) => Constant_(x, 0);

    /// <summary>
    /// Fills <paramref name="x"/> with random numbers from a normal distribution that is truncated to the interval
    /// [low, high]. Before the truncation, the distribution has the mean <paramref name="mean"/> and the standard
    /// deviation <paramref name="std"/>. The numbers are computed with the inverse of the cumulative distribution
    /// function.
    /// </summary>
    public static Variable TruncNormal_(Variable x, double mean = 0, double std = 1, double low = -2, double high = 2,
        Generator? generator = null)
    {
        var (from, to) = (Normal(low.In("TruncNormal_")), Normal(high.In("TruncNormal_", low)));
        Variable u = Tensor.EmptyLike(x.Given().Data).Uniform_(2 * from - 1, 2 * to - 1, generator);
        return Written(x, x.Data.Copy_((u.Erfinv() * (std * Math.Sqrt(2)) + mean).Clamp(low, high).Data));

        double Normal(double y) => (1 + MathNet.Numerics.SpecialFunctions.Erf(
            (y - mean.In("TruncNormal_")) / (std.In("TruncNormal_", double.Epsilon) * Math.Sqrt(2)))) / 2;
    }

    /// <summary>Fills a matrix with ones on its diagonal and zeros elsewhere.</summary>
    /// <exception cref="ShapeException"><paramref name="x"/> is not a matrix.</exception>
    public static Variable Eye_(Variable x)
    {
        OfRank("Eye_", x, 2, 2).Data.Zero_().Diagonal().Fill_(1);
        return x;
    }

    /// <summary>
    /// Fills filters with zeros and ones, so that a convolution with them copies channels: in each group, output
    /// channel i is a copy of input channel i. If a group has more output channels than input channels, the remaining
    /// output channels are 0. The filters have the shape (O, C, …), where O is the number of filters and C is the
    /// number of channels that each filter reads.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> does not have three to five axes; or the number of filters
    /// is not divisible by the number of groups.</exception>
    public static Variable Dirac_(Variable x, int groups = 1)
    {
        OfRank("Dirac_", x, 3, 5);
        if (x.Size(0) % groups.In("Dirac_", 1) != 0)
            throw new ShapeException($"Dirac_: the filters {x.Data.Layout} are not divisible by {groups} groups.");
        var filters = x.Data.Zero_();
        for (var axis = 2; axis < x.Rank; axis++) filters = filters.Select(2, x.Size(axis) / 2);
        var each = x.Size(0) / groups;
        for (var group = 0; group < groups; group++) filters.Narrow(0, group * each, each).Diagonal().Fill_(1);
        return x;
    }

    /// <summary>
    /// Fills <paramref name="x"/> with random numbers that are uniformly distributed in [−b, b], where
    /// b = gain·√(6/(in + out)) (Glorot and Bengio 2010). Here, <c>in</c> is the number of inputs that contribute
    /// to one output, and <c>out</c> is the number of outputs to which one input contributes.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes.</exception>
    public static Variable XavierUniform_(Variable x, double gain = 1, Generator? generator = null) =>
        Symmetric(x, gain.In("XavierUniform_", 0) * Math.Sqrt(3 / Fan("XavierUniform_", x)), generator);
    /// <summary>
    /// Fills <paramref name="x"/> with normally distributed random numbers that have mean 0 and standard deviation
    /// gain·√(2/(in + out)) (Glorot and Bengio 2010). Here, <c>in</c> is the number of inputs that contribute to
    /// one output, and <c>out</c> is the number of outputs to which one input contributes.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes.</exception>
    public static Variable XavierNormal_(Variable x, double gain = 1, Generator? generator = null) =>
        Normal_(x, 0, gain.In("XavierNormal_", 0) / Math.Sqrt(Fan("XavierNormal_", x)), generator);

    /// <summary>
    /// Fills <paramref name="x"/> with random numbers that are uniformly distributed in [−b, b], where b =
    /// gain·√(3/fan) (He et al. 2015). The fan is determined by <paramref name="mode"/>, and the gain by
    /// <paramref name="nonlinearity"/> and <paramref name="slope"/>.
    /// </summary>
    /// <param name="x">A weight of shape (out, in, …), where <c>out</c> is the number of output features or channels,
    /// and <c>in</c> is the number of input features or channels.</param>
    /// <param name="slope">The slope of leaky relu for negative numbers.</param>
    /// <param name="mode">Whether the fan is the number of inputs that contribute to one output, or the number of
    /// outputs to which one input contributes.</param>
    /// <param name="nonlinearity">The nonlinearity that follows the weight. It determines the gain.</param>
    /// <param name="generator">The generator of the random numbers.</param>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes.</exception>
    public static Variable KaimingUniform_(Variable x, double slope = 0, FanMode mode = FanMode.FanIn,
        Nonlinearity nonlinearity = Nonlinearity.LeakyReLU, Generator? generator = null) =>
        Symmetric(x, Math.Sqrt(3) * Kaiming("KaimingUniform_", x, slope, mode, nonlinearity), generator);
    /// <summary>
    /// Fills <paramref name="x"/> with normally distributed random numbers that have mean 0 and standard deviation
    /// gain/√fan (He et al. 2015). The fan is determined by <paramref name="mode"/>, and the gain by
    /// <paramref name="nonlinearity"/> and <paramref name="slope"/>.
    /// </summary>
    /// <inheritdoc cref="KaimingUniform_"/>
    public static Variable KaimingNormal_(Variable x, double slope = 0, FanMode mode = FanMode.FanIn,
        Nonlinearity nonlinearity = Nonlinearity.LeakyReLU, Generator? generator = null) =>
        Normal_(x, 0, Kaiming("KaimingNormal_", x, slope, mode, nonlinearity), generator);

    /// <summary>
    /// Fills a matrix with random numbers so that its rows are orthogonal and have the norm <paramref name="gain"/>
    /// (Saxe et al. 2014). If there are fewer columns than rows, this holds for the columns instead. If
    /// <paramref name="x"/> has more than two axes, it is treated as the matrix that results from joining all axes
    /// after the first.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes.</exception>
    public static Variable Orthogonal_(Variable x, double gain = 1, Generator? generator = null)
    {
        OfRank("Orthogonal_", x, 2, int.MaxValue);
        int rows = x.Size(0), columns = x.Numel / Math.Max(1, rows);
        int[] tall = [Math.Max(rows, columns), Math.Min(rows, columns)];
        var (q, r) = new Variable(Tensor.Randn(tall, DType.Float64, generator: generator)).Qr();
        q *= r.Diagonal().Sign();                               // so that every orthogonal matrix is equally likely
        var values = (rows < columns ? q.T : q).Reshape(x.Size()) * gain.In("Orthogonal_");
        return Written(x, x.Data.Copy_(values.Data));
    }

    /// <summary>
    /// Fills a matrix with normally distributed random numbers that have mean 0 and standard deviation
    /// <paramref name="std"/>. Then sets randomly selected elements of each column to 0 (Martens 2010).
    /// <paramref name="sparsity"/> is the fraction of the elements of a column that are set to 0; the number of these
    /// elements is rounded up.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> is not a matrix.</exception>
    public static Variable Sparse_(Variable x, double sparsity, double std = 0.01, Generator? generator = null)
    {
        OfRank("Sparse_", x, 2, 2);
        generator ??= Generator.Default;
        var zeros = (int)Math.Ceiling(sparsity.In("Sparse_", 0, 1) * x.Size(0));
        x.Data.Normal_(0, std.In("Sparse_", 0), generator);
        for (var column = 0; column < x.Size(1); column++)
            foreach (var row in generator.Permutation(x.Size(0)).Take(zeros))
                x.Data[(int)row, column].Zero_();
        return x;
    }

    static Variable Symmetric(Variable x, double bound, Generator? generator) => Uniform_(x, -bound, bound, generator);

    static double Kaiming(string operation, Variable x, double slope, FanMode mode, Nonlinearity nonlinearity) =>
        CalculateGain(nonlinearity, slope.In(operation)) / Math.Sqrt(Fan(operation, x, mode));

    /// <summary>
    /// Returns the number of inputs that contribute to one output, or the number of outputs to which one input
    /// contributes; if no mode is given, returns the mean of these two numbers.
    /// </summary>
    static double Fan(string operation, Variable x, FanMode? mode = null)
    {
        var (fanOut, fanIn) = ((double)OfRank(operation, x, 2, int.MaxValue).Size(0), (double)x.Size(1));
        return Layout.Product(x.Shape[2..])
            * (mode is null ? (fanIn + fanOut) / 2 : mode == FanMode.FanIn ? fanIn : fanOut);
    }

    static Variable OfRank(string operation, Variable x, int least, int most) =>
        x.Given().Rank >= least && x.Rank <= most ? x
            : throw new ShapeException($"{operation}: shape {x.Data.Layout} has {x.Rank} axes; it takes {least}" +
                (most == least ? "." : most == int.MaxValue ? " or more." : $" to {most}."));

    static Variable Written(Variable x, Tensor _) => x;
}
