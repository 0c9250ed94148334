namespace Tensorlet.Nn;

/// <summary>
/// Self-attention, then a network of two layers at each position. The input of each is added to its output, and the sum
/// is normalized (post-norm, Vaswani et al. 2017), or the input is normalized first (pre-norm, Xiong et al. 2020).
/// </summary>
/// <param name="dModel">E, the size of the vector at each position.</param>
/// <param name="nHead">The number of heads.</param>
/// <param name="dimFeedforward">The size between the two layers.</param>
/// <param name="dropout">The probability of dropout.</param>
/// <param name="gelu">Whether to use gelu between the two layers instead of relu.</param>
/// <param name="layerNormEps">Added to the variances.</param>
/// <param name="batchFirst">Whether inputs and outputs are (N, L, E) instead of (L, N, E).</param>
/// <param name="normFirst">Whether to normalize first (pre-norm).</param>
/// <param name="bias">Whether there are biases.</param>
public sealed class TransformerEncoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1,
    bool gelu = false, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true)
    : Module
{
    readonly MultiheadAttention selfAttn =
        new(dModel, nHead, dropout.In(nameof(TransformerEncoderLayer), 0, 1), bias, batchFirst);
    readonly Linear linear1 = new(dModel, dimFeedforward, bias), linear2 = new(dimFeedforward, dModel, bias);
    readonly LayerNorm norm1 = new(dModel, layerNormEps, bias: bias), norm2 = new(dModel, layerNormEps, bias: bias);

    /// <inheritdoc/>
    public override Variable Forward(Variable x) => Layer(x.Given(), null, null, false);

    /// <summary>Uses the masks of <see cref="MultiheadAttention"/>.</summary>
    public Variable Call(Variable x, Tensor? mask = null, Tensor? keyPaddingMask = null, bool isCausal = false) =>
        Hooked(x, v => Layer(v, mask, keyPaddingMask, isCausal));

    Variable Layer(Variable x, Tensor? mask, Tensor? keyPaddingMask, bool isCausal)
    {
        if (normFirst)
        {
            x += Attention(norm1.Call(x));
            return x + AtEachPlace(norm2.Call(x));
        }
        x = norm1.Call(x + Attention(x));
        return norm2.Call(x + AtEachPlace(x));

        Variable Attention(Variable v) => F.Dropout(selfAttn.Call(v, v, v, keyPaddingMask, mask, needWeights: false,
            isCausal: isCausal).Output, dropout, Training);
        Variable AtEachPlace(Variable v)
        {
            var hidden = linear1.Call(v);
            hidden = F.Dropout(gelu ? hidden.Gelu() : hidden.Relu(), dropout, Training);
            return F.Dropout(linear2.Call(hidden), dropout, Training);
        }
    }
}

/// <summary>Encoder layers one after another.</summary>
/// <param name="layer">Creates a layer; each has parameters of its own.</param>
/// <param name="numLayers">The number of layers.</param>
/// <param name="norm">What follows the last layer, or null.</param>
public sealed class TransformerEncoder(Func<TransformerEncoderLayer> layer, int numLayers, Module? norm = null) : Module
{
    readonly ModuleList layers = new(Enumerable.Range(0, numLayers).Select(_ => layer.Given()()));
    readonly Module? norm = norm;

    /// <inheritdoc/>
    public override Variable Forward(Variable x) => Layers(x.Given(), null, null, false);

    /// <inheritdoc cref="TransformerEncoderLayer.Call(Variable, Tensor?, Tensor?, bool)"/>
    public Variable Call(Variable x, Tensor? mask = null, Tensor? keyPaddingMask = null, bool isCausal = false) =>
        Hooked(x, v => Layers(v, mask, keyPaddingMask, isCausal));

    Variable Layers(Variable x, Tensor? mask, Tensor? keyPaddingMask, bool isCausal)
    {
        foreach (var layer in layers.Cast<TransformerEncoderLayer>())
            x = layer.Call(x, mask, keyPaddingMask, isCausal);
        return norm is null ? x : norm.Call(x);
    }
}

/// <summary>
/// Adds to each position p of a sequence (L, N, E), or batch first (N, L, E), sin(p/10000^(2i/E)) at even indices 2i,
/// and the cosine of the same at 2i + 1 (Vaswani et al. 2017).
/// </summary>
/// <param name="dModel">E</param>
/// <param name="batchFirst">Whether inputs and outputs are (N, L, E) instead of (L, N, E).</param>
public sealed class SinusoidalPositions(int dModel, bool batchFirst = false) : Module
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x)
    {
        if (x.Given().Rank != 3 || x.Size(2) != dModel)
            throw new ShapeException($"SinusoidalPositions: takes ({(batchFirst ? "N, L" : "L, N")}, {dModel}), not " +
                $"{x.Data.Layout}.");
        var length = x.Size(batchFirst ? 1 : 0);
        var rates = Enumerable.Range(0, (dModel + 1) / 2).Select(i => Math.Pow(10000, -2.0 * i / dModel));
        Variable angles = Tensor.Arange(length, DType.Float64).Unsqueeze(1) * Tensor.From([.. rates]);
        var waves = Variable.Stack([angles.Sin(), angles.Cos()], 2).Reshape(length, -1).Narrow(1, 0, dModel);
        return x + waves.To(x.DType).To(x.Device).Unsqueeze(batchFirst ? 0 : 1);
    }

    /// <inheritdoc/>
    protected override string Arguments => $"{dModel}";
}
