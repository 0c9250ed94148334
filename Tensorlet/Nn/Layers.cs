namespace Tensorlet.Nn;

/// <summary>
/// Computes y = x·Wᵀ + b, where W are the weights and b is the bias. The input x has the shape (…, in), and the
/// result y has the shape (…, out). Initially, weights and bias are sampled uniformly from [−1/√in, 1/√in], as in
/// PyTorch.
/// </summary>
/// <param name="inFeatures">The size <c>in</c> of the last axis of the input.</param>
/// <param name="outFeatures">The size <c>out</c> of the last axis of the result.</param>
/// <param name="bias">Whether to add the bias b.</param>
public sealed class Linear(int inFeatures, int outFeatures, bool bias = true) : Module
{
    /// <summary>The weights W, of shape (out, in).</summary>
    public Variable Weight { get; } = Uniform(inFeatures, outFeatures, inFeatures);
    /// <summary>The bias b, of shape (out), or null.</summary>
    public Variable? Bias { get; internal init; } = bias ? Uniform(inFeatures, outFeatures) : null;
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Linear(x, Weight, Bias);
    /// <inheritdoc/>
    protected override string Arguments => $"in_features={Weight.Size(1)}, out_features={Weight.Size(0)}, " +
        $"bias={Python.Show(Bias is not null)}";
}

/// <summary>
/// Looks up rows of a table by their indices. Indices of shape (…), as Int64, give a result of shape (…, D), where
/// D is the size of a row. Initially, the rows contain random numbers from the standard normal distribution.
/// </summary>
public class Embedding : Module
{
    private protected readonly int? paddingIdx;

    /// <param name="numEmbeddings">V, the number of rows.</param>
    /// <param name="embeddingDim">D, the size of a row.</param>
    /// <param name="paddingIdx">The index of a row that initially consists of zeros and never gets a gradient. A
    /// negative index is counted from the end of the table.</param>
    /// <exception cref="IndexException">The table has no row with the padding index.</exception>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null)
    {
        this.paddingIdx = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
        Weight = new Parameter(Tensor.Randn(numEmbeddings, embeddingDim));
        if (this.paddingIdx is { } row) Weight.Data.Select(0, row).Zero_();
    }

    /// <summary>The table, of shape (V, D), where V is the number of rows and D is the size of a row.</summary>
    public Variable Weight { get; }
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Embedding(x.Given().Data, Weight, paddingIdx);
    /// <inheritdoc/>
    protected override string Arguments => $"{Weight.Size(0)}, {Weight.Size(1)}" +
        (paddingIdx is null ? "" : $", padding_idx={paddingIdx}");
}

/// <summary>A module that returns its input unchanged.</summary>
public sealed class Identity() : Simple(x => x);

/// <summary>
/// Joins the axes from <paramref name="startDim"/> to <paramref name="endDim"/>, both included, into one axis. By
/// default, all axes except the first are joined; for example, the shape (2, 3, 4, 5) becomes (2, 60).
/// </summary>
public sealed class Flatten(int startDim = 1, int endDim = -1)
    : Simple(x => x.Flatten(startDim, endDim), () => $"start_dim={startDim}, end_dim={endDim}");

/// <summary>Splits one axis into several axes.</summary>
public sealed class Unflatten(int dim, params int[] unflattenedSize)
    : Simple(Apart(dim, unflattenedSize.Given()), () => $"dim={dim}, unflattened_size={Layout.Show(unflattenedSize)}")
{
    static Func<Variable, Variable> Apart(int dim, int[] sizes) => x => x.Unflatten(dim, sizes);
}

/// <summary>
/// In training, sets each number of the input to 0 with probability p, and divides the other numbers by 1 − p.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not between 0 and 1.</exception>
public sealed class Dropout(double p = 0.5) : Dropping(p, F.Dropout);

/// <summary>
/// In training, sets each channel of each sample to 0 with probability p, and divides the other channels by 1 − p.
/// The input has the shape (N, C, …), where N is the number of samples and C is the number of channels.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is not between 0 and 1.</exception>
public sealed class Dropout2d(double p = 0.5) : Dropping(p, F.Dropout2d);

/// <inheritdoc cref="Dropout2d"/>
public sealed class Dropout1d(double p = 0.5) : Dropping(p, F.Dropout2d);

/// <inheritdoc cref="Dropout2d"/>
public sealed class Dropout3d(double p = 0.5) : Dropping(p, F.Dropout2d);

/// <summary>
/// The base class of layers that set numbers or channels to 0 in training, with a given probability.
/// </summary>
public abstract class Dropping : Module
{
    readonly double p;
    readonly Func<Variable, double, bool, Generator?, Variable> drop;

    private protected Dropping(double p, Func<Variable, double, bool, Generator?, Variable> drop) =>
        (this.p, this.drop) = (p.In(GetType().Name, 0, 1), drop);

    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => drop(x, p, Training, null);
    /// <inheritdoc/>
    protected override string Arguments => $"p={Python.Show(p)}";
}
