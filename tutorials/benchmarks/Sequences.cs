using Tensorlet;
using Tensorlet.Nn;
using TorchSharp;
using Functional = TorchSharp.torch.nn.functional;
using TorchLayerNorm = TorchSharp.Modules.LayerNorm;
using TorchLinear = TorchSharp.Modules.Linear;

namespace Benchmarks;

// Networks for sequences. Where TorchSharp's own layer would project three times, or keep the attention weights, the
// peer is composed of libtorch's fastest functions.

/// <summary>Two layers of LSTM, and the classes from the last step.</summary>
sealed class LongMemory : Module
{
    readonly LSTM lstm = new(32, 128, 2, batchFirst: true);
    readonly Linear fc = new(128, 10);

    public override Variable Forward(Variable x) => fc.Call(lstm.Call(x).Output.Select(1, -1));

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.LSTM lstm = torch.nn.LSTM(32, 128, 2, batchFirst: true);
        readonly TorchLinear fc = torch.nn.Linear(128, 10);

        public Peer() : base("lstm") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => fc.forward(lstm.forward(x).Item1.select(1, -1));
    }
}

/// <summary>Two layers of GRU, and the classes from the last step.</summary>
sealed class GatedMemory : Module
{
    readonly GRU gru = new(32, 128, 2, batchFirst: true);
    readonly Linear fc = new(128, 10);

    public override Variable Forward(Variable x) => fc.Call(gru.Call(x).Output.Select(1, -1));

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.GRU gru = torch.nn.GRU(32, 128, 2, batchFirst: true);
        readonly TorchLinear fc = torch.nn.Linear(128, 10);

        public Peer() : base("gru") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) => fc.forward(gru.forward(x).Item1.select(1, -1));
    }
}

/// <summary>Two layers of a transformer, and the classes from the mean over all positions.</summary>
sealed class Encoder : Module
{
    public const int Size = 64;
    const int Heads = 4, Hidden = 256;

    readonly TransformerEncoder layers = new(
        () => new TransformerEncoderLayer(Size, Heads, Hidden, dropout: 0, batchFirst: true), 2);
    readonly Linear fc = new(Size, 10);

    public override Variable Forward(Variable x) => fc.Call(layers.Call(x).Mean(1));

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly Layer layer1 = new(), layer2 = new();
        readonly TorchLinear fc = torch.nn.Linear(Size, 10);

        public Peer() : base("transformer") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x) =>
            fc.forward(layer2.forward(layer1.forward(x)).mean([1]));
    }

    sealed class Layer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchAttention attention = new(Size, Heads, isCausal: false);
        readonly TorchLinear fc1 = torch.nn.Linear(Size, Hidden);
        readonly TorchLinear fc2 = torch.nn.Linear(Hidden, Size);
        readonly TorchLayerNorm norm1 = torch.nn.LayerNorm(Size);
        readonly TorchLayerNorm norm2 = torch.nn.LayerNorm(Size);

        public Layer() : base("layer") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            x = norm1.forward(x + attention.forward(x));
            return norm2.forward(x + fc2.forward(fc1.forward(x).relu()));
        }
    }
}

/// <summary>A small GPT: it predicts each of 65 letters from the letters before it.</summary>
sealed class Gpt : Module
{
    public const int Vocabulary = 65, Length = 64;
    const int Size = 128, Heads = 4;

    readonly Embedding letters = new(Vocabulary, Size), places = new(Length, Size);
    readonly Sequential blocks = new(new Block(), new Block());
    readonly LayerNorm norm = new(Size);
    readonly Linear fc = new(Size, Vocabulary);

    /// <summary>(N, L) letters to (N·L, 65) scores.</summary>
    public override Variable Forward(Variable x)
    {
        x = blocks.Call(letters.Call(x) + places.Weight);
        return fc.Call(norm.Call(x)).Flatten(0, 1);
    }

    sealed class Block : Module
    {
        readonly LayerNorm norm1 = new(Size);
        readonly Attention attention = new();
        readonly LayerNorm norm2 = new(Size);
        readonly Linear fc1 = new(Size, 4 * Size), fc2 = new(4 * Size, Size);

        public override Variable Forward(Variable x)
        {
            x += attention.Call(norm1.Call(x));
            return x + fc2.Call(fc1.Call(norm2.Call(x)).Gelu());
        }
    }

    sealed class Attention : Module
    {
        readonly Linear input = new(Size, 3 * Size), output = new(Size, Size);

        public override Variable Forward(Variable x)
        {
            var parts = Array.ConvertAll(input.Call(x).Chunk(3, -1), Divided);
            var y = F.ScaledDotProductAttention(parts[0], parts[1], parts[2], isCausal: true);
            return output.Call(y.Transpose(1, 2).Flatten(2));
        }

        static Variable Divided(Variable x) => x.Unflatten(2, Heads, Size / Heads).Transpose(1, 2);
    }

    public sealed class Peer : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchSharp.Modules.Embedding letters = torch.nn.Embedding(Vocabulary, Size);
        readonly TorchSharp.Modules.Embedding places = torch.nn.Embedding(Length, Size);
        readonly TorchBlock block1 = new(), block2 = new();
        readonly TorchLayerNorm norm = torch.nn.LayerNorm(Size);
        readonly TorchLinear fc = torch.nn.Linear(Size, Vocabulary);

        public Peer() : base("gpt") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            x = block2.forward(block1.forward(letters.forward(x) + places.weight!));
            return fc.forward(norm.forward(x)).flatten(0, 1);
        }
    }

    sealed class TorchBlock : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly TorchLayerNorm norm1 = torch.nn.LayerNorm(Size);
        readonly TorchAttention attention = new(Size, Heads, isCausal: true);
        readonly TorchLayerNorm norm2 = torch.nn.LayerNorm(Size);
        readonly TorchLinear fc1 = torch.nn.Linear(Size, 4 * Size);
        readonly TorchLinear fc2 = torch.nn.Linear(4 * Size, Size);

        public TorchBlock() : base("block") => RegisterComponents();

        public override torch.Tensor forward(torch.Tensor x)
        {
            x = x + attention.forward(norm1.forward(x));
            return x + fc2.forward(Functional.gelu(fc1.forward(norm2.forward(x))));
        }
    }
}

/// <summary>
/// Self-attention of a sequence in libtorch: one product for queries, keys and values, and its fused attention.
/// </summary>
sealed class TorchAttention : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    readonly int heads;
    readonly bool isCausal;
    readonly TorchLinear input, output;

    public TorchAttention(int size, int heads, bool isCausal) : base("attention")
    {
        (this.heads, this.isCausal) = (heads, isCausal);
        (input, output) = (torch.nn.Linear(size, 3 * size), torch.nn.Linear(size, size));
        RegisterComponents();
    }

    public override torch.Tensor forward(torch.Tensor x)
    {
        var parts = Array.ConvertAll(input.forward(x).chunk(3, -1), Divided);
        var y = Functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: isCausal);
        return output.forward(y.transpose(1, 2).flatten(2));
    }

    torch.Tensor Divided(torch.Tensor x) =>
        x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
}
