using Tensorlet;
using Tensorlet.Nn;

namespace Tutorials;

/// <summary>A recurrent network over letters: (N, L) to scores of the next one, (N, L, V).</summary>
sealed class LetterLstm(int letters, int size) : Module
{
    readonly Embedding embedding = new(letters, 16);
    readonly LSTM lstm = new(16, size, batchFirst: true);
    readonly Linear head = new(size, letters);

    public override Variable Forward(Variable x) => head.Call(lstm.Call(embedding.Call(x)).Output);
}

/// <summary>
/// A small GPT (Radford et al. 2018) over letters: (N, L) to scores of the next one, (N, L, V), from layers in which a
/// letter sees those before it.
/// </summary>
sealed class Gpt(int letters, int context, int layers, int heads, int size) : Module
{
    readonly Embedding tokens = new(letters, size), positions = new(context, size);
    readonly TransformerEncoder blocks = new(() =>
        new TransformerEncoderLayer(size, heads, 4 * size, dropout: 0, gelu: true, batchFirst: true, normFirst: true),
        layers, new LayerNorm(size));
    readonly Linear head = new(size, letters);

    public override Variable Forward(Variable x)
    {
        var places = Tensor.Arange(x.Size(1), DType.Int64, x.Device);
        return head.Call(blocks.Call(tokens.Call(x) + positions.Call(places), isCausal: true));
    }
}
