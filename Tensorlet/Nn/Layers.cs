namespace Tensorlet.Nn;

/// <summary>
/// Computes y = x·Wᵀ + b, from (…, in) to (…, out). Initially, weights and bias are sampled uniformly from
/// [−1/√in, 1/√in], as in PyTorch.
/// </summary>
/// <param name="inFeatures">in, the size of the last axis of the input.</param>
/// <param name="outFeatures">out, the size of the last axis of the result.</param>
/// <param name="bias">Whether to add the bias b.</param>
public sealed class Linear(int inFeatures, int outFeatures, bool bias = true) : Module
{
    /// <summary>The weights W, (out, in).</summary>
    public Variable Weight { get; } = Uniform(inFeatures, outFeatures, inFeatures);
    /// <summary>The bias b, (out), or null.</summary>
    public Variable? Bias { get; internal init; } = bias ? Uniform(inFeatures, outFeatures) : null;
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Linear(x, Weight, Bias);
    /// <inheritdoc/>
    protected override string Arguments => $"in_features={Weight.Size(1)}, out_features={Weight.Size(0)}, " +
        $"bias={Python.Show(Bias is not null)}";
}

/// <summary>
/// Looks up rows of a table by their indices: (…) of Int64 to (…, D), where D is the size of a row. Initially, the
/// rows contain random numbers from the standard normal distribution.
/// </summary>
public class Embedding : Module
{
    private protected readonly int? paddingIdx;

    /// <param name="numEmbeddings">V, the number of rows.</param>
    /// <param name="embeddingDim">D, the size of a row.</param>
    /// <param name="paddingIdx">The index of a row that initially consists of zeros and gets no gradient. A
    /// negative index is counted from the end of the table.</param>
    /// <exception cref="IndexException">The padding index is not that of a row of the table.</exception>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null)
    {
        this.paddingIdx = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
        Weight = Parameter(Tensor.Randn(numEmbeddings, embeddingDim));
        if (this.paddingIdx is { } row) Weight.Data.Select(0, row).Zero_();
    }

    /// <summary>The table, (V, D).</summary>
    public Variable Weight { get; }
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => F.Embedding(x.Given().Data, Weight, paddingIdx);
    /// <inheritdoc/>
    protected override string Arguments => $"{Weight.Size(0)}, {Weight.Size(1)}" +
        (paddingIdx is null ? "" : $", padding_idx={paddingIdx}");
}

/// <summary>Returns its input.</summary>
public sealed class Identity() : Simple(x => x);

/// <summary>Joins several axes into one; by default, from (N, C, H, W) to (N, C·H·W).</summary>
public sealed class Flatten(int startDim = 1, int endDim = -1)
    : Simple(x => x.Flatten(startDim, endDim), () => $"start_dim={startDim}, end_dim={endDim}");

/// <summary>Splits one axis into several axes.</summary>
public sealed class Unflatten(int dim, params int[] unflattenedSize)
    : Simple(Apart(dim, unflattenedSize.Given()), () => $"dim={dim}, unflattened_size={Layout.Show(unflattenedSize)}")
{
    static Func<Variable, Variable> Apart(int dim, int[] sizes) => x => x.Unflatten(dim, sizes);
}

/// <summary>In training, sets each number to 0 with probability p, and divides the other numbers by 1 − p.</summary>
/// <exception cref="ArgumentOutOfRangeException">p is not a probability.</exception>
public sealed class Dropout(double p = 0.5) : Dropping(p, F.Dropout);

/// <summary>
/// In training, sets whole channels of (N, C, …) to 0, each with probability p, and divides the other channels by
/// 1 − p.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">p is not a probability.</exception>
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
