namespace Tensorlet.Nn;

/// <summary>
/// A layer of a transformer: attention, then a network of two layers at each position. The input of each part is added
/// to its output, and the sum is normalized (post-norm, Vaswani et al. 2017), or the input is normalized first
/// (pre-norm, Xiong et al. 2020).
/// </summary>
public abstract class TransformerLayer : Module
{
    readonly MultiheadAttention selfAttn;
    readonly MultiheadAttention? multiheadAttn;
    readonly Linear linear1, linear2;
    readonly LayerNorm norm1, norm2;
    readonly LayerNorm? norm3;
    readonly double dropout;
    readonly bool gelu, normFirst;

    private protected TransformerLayer(int dModel, int nHead, int dimFeedforward, double dropout, bool gelu,
        double layerNormEps, bool batchFirst, bool normFirst, bool bias, bool hasMemory)
    {
        (this.dropout, this.gelu, this.normFirst) = (dropout.In(GetType().Name, 0, 1), gelu, normFirst);
        selfAttn = new(dModel, nHead, dropout, bias, batchFirst);
        multiheadAttn = hasMemory ? new(dModel, nHead, dropout, bias, batchFirst) : null;
        (linear1, linear2) = (new(dModel, dimFeedforward, bias), new(dimFeedforward, dModel, bias));
        (norm1, norm2, norm3) = (Norm(), Norm(), hasMemory ? Norm() : null);

        LayerNorm Norm() => new(dModel, layerNormEps, bias: bias);
    }

    /// <summary>
    /// The attention of x to itself, then to a memory if there is one, then the network at each position.
    /// </summary>
    private protected Variable Layer(Variable x, Variable? memory, Tensor? mask, Tensor? padding, bool isCausal,
        Tensor? memoryMask = null, Tensor? memoryPadding = null, bool memoryIsCausal = false)
    {
        x = Added(x, norm1, v => selfAttn.Call(v, v, v, padding, mask, needWeights: false, isCausal: isCausal).Output);
        if (memory is not null) x = Added(x, norm2, v => multiheadAttn!.Call(v, memory, memory, memoryPadding,
            memoryMask, needWeights: false, isCausal: memoryIsCausal).Output);
        return Added(x, norm3 ?? norm2, v => linear2.Call(Dropped(Activated(linear1.Call(v)))));

        Variable Added(Variable v, LayerNorm norm, Func<Variable, Variable> part) =>
            normFirst ? v + Dropped(part(norm.Call(v))) : norm.Call(v + Dropped(part(v)));
        Variable Activated(Variable v) => gelu ? v.Gelu() : v.Relu();
        Variable Dropped(Variable v) => F.Dropout(v, dropout, Training);
    }
}

/// <summary>Self-attention, then a network of two layers at each position.</summary>
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
    : TransformerLayer(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst, bias, false)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => Layer(x.Given(), null, null, null, false);

    /// <summary>Uses the masks of <see cref="MultiheadAttention"/>.</summary>
    public Variable Call(Variable x, Tensor? mask = null, Tensor? keyPaddingMask = null, bool isCausal = false) =>
        Hooked(x, v => Layer(v, null, mask, keyPaddingMask, isCausal));
}

/// <summary>
/// Self-attention, then attention to a memory, which is the result of an encoder, then a network of two layers at each
/// position.
/// </summary>
/// <inheritdoc cref="TransformerEncoderLayer"/>
public sealed class TransformerDecoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1,
    bool gelu = false, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true)
    : TransformerLayer(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst, bias, true)
{
    /// <summary>The sequence is its own memory.</summary>
    public override Variable Forward(Variable x) => Layer(x.Given(), x, null, null, false);

    /// <summary>Uses the masks of <see cref="MultiheadAttention"/>, for the sequence and for the memory.</summary>
    public Variable Call(Variable tgt, Variable memory, Tensor? tgtMask = null, Tensor? memoryMask = null,
        Tensor? tgtKeyPaddingMask = null, Tensor? memoryKeyPaddingMask = null, bool tgtIsCausal = false,
        bool memoryIsCausal = false) => Hooked(tgt.Given(), x => Layer(x, memory.Given(), tgtMask, tgtKeyPaddingMask,
            tgtIsCausal, memoryMask, memoryKeyPaddingMask, memoryIsCausal));
}

/// <summary>Layers of a transformer one after another.</summary>
/// <param name="layer">Creates a layer; each has parameters of its own.</param>
/// <param name="numLayers">The number of layers.</param>
/// <param name="norm">What follows the last layer, or null.</param>
public abstract class TransformerStack<L>(Func<L> layer, int numLayers, Module? norm) : Module where L : Module
{
    readonly ModuleList layers = new(Enumerable.Range(0, numLayers).Select(_ => layer.Given()()));
    readonly Module? norm = norm;

    private protected Variable Through(Variable x, Func<L, Variable, Variable> call)
    {
        foreach (var layer in layers.Cast<L>()) x = call(layer, x);
        return norm is null ? x : norm.Call(x);
    }
}

/// <summary>Encoder layers one after another.</summary>
/// <inheritdoc cref="TransformerStack{L}"/>
public sealed class TransformerEncoder(Func<TransformerEncoderLayer> layer, int numLayers, Module? norm = null)
    : TransformerStack<TransformerEncoderLayer>(layer, numLayers, norm)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => Through(x.Given(), (layer, v) => layer.Call(v));

    /// <inheritdoc cref="TransformerEncoderLayer.Call(Variable, Tensor?, Tensor?, bool)"/>
    public Variable Call(Variable x, Tensor? mask = null, Tensor? keyPaddingMask = null, bool isCausal = false) =>
        Hooked(x, y => Through(y, (layer, v) => layer.Call(v, mask, keyPaddingMask, isCausal)));
}

/// <summary>Decoder layers one after another, with the same memory.</summary>
/// <inheritdoc cref="TransformerStack{L}"/>
public sealed class TransformerDecoder(Func<TransformerDecoderLayer> layer, int numLayers, Module? norm = null)
    : TransformerStack<TransformerDecoderLayer>(layer, numLayers, norm)
{
    /// <inheritdoc cref="TransformerDecoderLayer.Forward"/>
    public override Variable Forward(Variable x) => Through(x.Given(), (layer, v) => layer.Call(v, x));

    /// <inheritdoc cref="TransformerDecoderLayer.Call"/>
    public Variable Call(Variable tgt, Variable memory, Tensor? tgtMask = null, Tensor? memoryMask = null,
        Tensor? tgtKeyPaddingMask = null, Tensor? memoryKeyPaddingMask = null, bool tgtIsCausal = false,
        bool memoryIsCausal = false)
    {
        memory.Given();
        return Hooked(tgt.Given(), x => Through(x, (layer, v) => layer.Call(v, memory, tgtMask, memoryMask,
            tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal)));
    }
}

/// <summary>
/// An encoder, whose result for one sequence is the memory of a decoder of another one (Vaswani et al. 2017). Each ends
/// with a norm. Matrices start Xavier-uniform, as in PyTorch.
/// </summary>
public sealed class Transformer : Module
{
    readonly TransformerEncoder encoder;
    readonly TransformerDecoder decoder;

    /// <param name="dModel">E, the size of the vector at each position.</param>
    /// <param name="nHead">The number of heads.</param>
    /// <param name="numEncoderLayers">The number of layers of the encoder.</param>
    /// <param name="numDecoderLayers">The number of layers of the decoder.</param>
    /// <param name="dimFeedforward">The size between the two layers at each position.</param>
    /// <param name="dropout">The probability of dropout.</param>
    /// <param name="gelu">Whether to use gelu between these two layers instead of relu.</param>
    /// <param name="layerNormEps">Added to the variances.</param>
    /// <param name="batchFirst">Whether inputs and outputs are (N, L, E) instead of (L, N, E).</param>
    /// <param name="normFirst">Whether to normalize first (pre-norm).</param>
    /// <param name="bias">Whether there are biases.</param>
    public Transformer(int dModel, int nHead, int numEncoderLayers = 6, int numDecoderLayers = 6,
        int dimFeedforward = 2048, double dropout = 0.1, bool gelu = false, double layerNormEps = 1e-5,
        bool batchFirst = false, bool normFirst = false, bool bias = true)
    {
        encoder = new(() => new(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst,
            bias), numEncoderLayers, new LayerNorm(dModel, layerNormEps, bias: bias));
        decoder = new(() => new(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst,
            bias), numDecoderLayers, new LayerNorm(dModel, layerNormEps, bias: bias));
        foreach (var matrix in Parameters().Where(p => p.Rank > 1)) Init.XavierUniform_(matrix);
    }

    /// <summary>The sequence is both source and target.</summary>
    public override Variable Forward(Variable x) => decoder.Call(x.Given(), encoder.Call(x));

    /// <summary>
    /// The source src goes through the encoder, and the target tgt through the decoder. The masks are those of
    /// <see cref="MultiheadAttention"/>.
    /// </summary>
    public Variable Call(Variable src, Variable tgt, Tensor? srcMask = null, Tensor? tgtMask = null,
        Tensor? memoryMask = null, Tensor? srcKeyPaddingMask = null, Tensor? tgtKeyPaddingMask = null,
        Tensor? memoryKeyPaddingMask = null, bool srcIsCausal = false, bool tgtIsCausal = false,
        bool memoryIsCausal = false) => Hooked(src.Given(), x => decoder.Call(tgt.Given(),
            encoder.Call(x, srcMask, srcKeyPaddingMask, srcIsCausal), tgtMask, memoryMask, tgtKeyPaddingMask,
            memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal));
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
