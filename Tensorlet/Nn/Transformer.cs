namespace Tensorlet.Nn;

/// <summary>
/// The base class of the layers of a transformer. The parts of a layer are self-attention; in a decoder, attention to a
/// memory; and a network of two linear layers, which is applied to each position separately. The input of each part is
/// added to the output of this part. Either this sum is normalized (post-norm, Vaswani et al. 2017), or the input is
/// normalized before it enters the part (pre-norm, Xiong et al. 2020).
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
    /// Computes the attention of <paramref name="x"/> to itself, then the attention to a memory if there is one,
    /// then the network at each position.
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

/// <summary>A layer of an encoder: self-attention, then a network of two linear layers at each position.</summary>
/// <param name="dModel">E, the size of the vector at each position.</param>
/// <param name="nHead">The number of heads.</param>
/// <param name="dimFeedforward">The size of the vector between the two linear layers.</param>
/// <param name="dropout">The probability of dropout.</param>
/// <param name="gelu">If true, gelu is used between the two linear layers. If false, relu is used.</param>
/// <param name="layerNormEps">The number that is added to the variances in the layer norms.</param>
/// <param name="batchFirst">If true, inputs and outputs have the shape (N, L, E). If false, they have the shape
/// (L, N, E). Here, N is the number of sequences, and L is their length.</param>
/// <param name="normFirst">A layer consists of parts: attention, and the network of two linear layers. If true, the
/// input of each part is normalized (pre-norm). If false, the output of each part is added to its input, and this sum
/// is normalized (post-norm).</param>
/// <param name="bias">Whether the attention, the linear layers and the layer norms have biases.</param>
public sealed class TransformerEncoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1,
    bool gelu = false, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true)
    : TransformerLayer(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst, bias, false)
{
    /// <inheritdoc/>
    public override Variable Forward(Variable x) => Layer(x.Given(), null, null, null, false);

    /// <summary>
    /// Computes the result for the sequences <paramref name="x"/>. <paramref name="mask"/> is the <c>attnMask</c> of
    /// <see cref="MultiheadAttention.Call"/>. The other arguments have the same meaning as there.
    /// </summary>
    public Variable Call(Variable x, Tensor? mask = null, Tensor? keyPaddingMask = null, bool isCausal = false) =>
        Hooked(x, v => Layer(v, null, mask, keyPaddingMask, isCausal));
}

/// <summary>
/// A layer of a decoder: self-attention; then attention to a memory, which is the result of an encoder; then a
/// network of two linear layers at each position.
/// </summary>
/// <inheritdoc cref="TransformerEncoderLayer"/>
public sealed class TransformerDecoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1,
    bool gelu = false, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true)
    : TransformerLayer(dModel, nHead, dimFeedforward, dropout, gelu, layerNormEps, batchFirst, normFirst, bias, true)
{
    /// <summary>Computes the result for a sequence that also serves as the memory.</summary>
    public override Variable Forward(Variable x) => Layer(x.Given(), x, null, null, false);

    /// <summary>
    /// Computes the result for the sequences <paramref name="tgt"/> and the memory <paramref name="memory"/>. The masks
    /// whose names begin with <c>tgt</c> apply to the self-attention, and those whose names begin with <c>memory</c>
    /// apply to the attention to the memory. Their meaning is explained at <see cref="MultiheadAttention.Call"/>.
    /// </summary>
    public Variable Call(Variable tgt, Variable memory, Tensor? tgtMask = null, Tensor? memoryMask = null,
        Tensor? tgtKeyPaddingMask = null, Tensor? memoryKeyPaddingMask = null, bool tgtIsCausal = false,
        bool memoryIsCausal = false) => Hooked(tgt.Given(), x => Layer(x, memory.Given(), tgtMask, tgtKeyPaddingMask,
            tgtIsCausal, memoryMask, memoryKeyPaddingMask, memoryIsCausal));
}

/// <summary>Layers of a transformer, one after another.</summary>
/// <param name="layer">A function that creates a layer. It is called for each layer, so that every layer has
/// parameters of its own.</param>
/// <param name="numLayers">The number of layers.</param>
/// <param name="norm">The module that follows the last layer, or null.</param>
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

/// <summary>Encoder layers, one after another.</summary>
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

/// <summary>Decoder layers, one after another. All layers use the same memory.</summary>
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
/// An encoder and a decoder (Vaswani et al. 2017). The encoder computes the memory from a source sequence. The decoder
/// computes the result from the memory and a target sequence. Both the encoder and the decoder end with a layer norm.
/// All matrices are initialized with <see cref="Init.XavierUniform_"/>, as in PyTorch.
/// </summary>
public sealed class Transformer : Module
{
    readonly TransformerEncoder encoder;
    readonly TransformerDecoder decoder;

    /// <param name="dModel">E, the size of the vector at each position.</param>
    /// <param name="nHead">The number of heads.</param>
    /// <param name="numEncoderLayers">The number of layers of the encoder.</param>
    /// <param name="numDecoderLayers">The number of layers of the decoder.</param>
    /// <param name="dimFeedforward">The size of the vector between the two linear layers at each position.</param>
    /// <param name="dropout">The probability of dropout.</param>
    /// <param name="gelu">If true, gelu is used between the two linear layers. If false, relu is used.</param>
    /// <param name="layerNormEps">The number that is added to the variances in the layer norms.</param>
    /// <param name="batchFirst">If true, inputs and outputs have the shape (N, L, E). If false, they have the shape
    /// (L, N, E). Here, N is the number of sequences, and L is their length.</param>
    /// <param name="normFirst">A layer consists of parts: attention, and the network of two linear layers. If true,
    /// the input of each part is normalized (pre-norm). If false, the output of each part is added to its input, and
    /// this sum is normalized (post-norm).</param>
    /// <param name="bias">Whether the attention, the linear layers and the layer norms have biases.</param>
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

    /// <summary>Computes the result for a sequence that is both the source and the target.</summary>
    public override Variable Forward(Variable x) => decoder.Call(x.Given(), encoder.Call(x));

    /// <summary>
    /// Passes the source <paramref name="src"/> through the encoder, and the target <paramref name="tgt"/> through the
    /// decoder. The result of the encoder is called the memory. The name of a mask says where it is used: masks whose
    /// names begin with <c>src</c> are used in the self-attention of the encoder, those with <c>tgt</c> in the
    /// self-attention of the decoder, and those with <c>memory</c> in the attention of the decoder to the memory. Their
    /// meaning is explained at <see cref="MultiheadAttention.Call"/>.
    /// </summary>
    public Variable Call(Variable src, Variable tgt, Tensor? srcMask = null, Tensor? tgtMask = null,
        Tensor? memoryMask = null, Tensor? srcKeyPaddingMask = null, Tensor? tgtKeyPaddingMask = null,
        Tensor? memoryKeyPaddingMask = null, bool srcIsCausal = false, bool tgtIsCausal = false,
        bool memoryIsCausal = false) => Hooked(src.Given(), x => decoder.Call(tgt.Given(),
            encoder.Call(x, srcMask, srcKeyPaddingMask, srcIsCausal), tgtMask, memoryMask, tgtKeyPaddingMask,
            memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal));
}

/// <summary>
/// Adds sinusoidal position encodings to sequences: a vector that depends only on the position is added at each
/// position. N sequences of length L have the shape (L, N, E), or (N, L, E) if the batch comes first. At position p,
/// counted from 0, sin(p/10000^(2i/E)) is added to the element with the even index 2i, and cos(p/10000^(2i/E)) to the
/// element with the odd index 2i + 1 (Vaswani et al. 2017).
/// </summary>
/// <param name="dModel">E, the size of the vector at each position.</param>
/// <param name="batchFirst">If true, inputs and outputs have the shape (N, L, E). If false, they have the shape (L, N,
/// E). Here, N is the number of sequences, and L is their length.</param>
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
