using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter15;

static class Chapter
{
    #region block
    sealed class Block(int size, int heads, bool causal) : Module
    {
        readonly LayerNorm first = new(size), second = new(size);
        readonly Linear ask = new(size, size), offer = new(size, size), tell = new(size, size), join = new(size, size);
        readonly Linear up = new(size, 4 * size), down = new(4 * size, size);
        Variable Cut(Variable x) => x.Unflatten(2, heads, size / heads).Transpose(1, 2);  // (N, heads, L, size/heads)
        Variable Look(Variable x) => join.Call(F.ScaledDotProductAttention(Cut(ask.Call(x)), Cut(offer.Call(x)),
            Cut(tell.Call(x)), isCausal: causal).Transpose(1, 2).Flatten(2));
        public override Variable Forward(Variable x)
        {
            x += Look(first.Call(x));
            return x + down.Call(up.Call(second.Call(x)).Gelu());
        }
    }
    #endregion

    #region gpt
    sealed class SmallGpt(int letters, int context, int size, bool causal) : Module
    {
        readonly Embedding tokens = new(letters, size), positions = new(context, size);
        readonly Sequential blocks = new(new Block(size, 4, causal), new Block(size, 4, causal), new LayerNorm(size));
        readonly Linear head = new(size, letters);
        public override Variable Forward(Variable x) => head.Call(blocks.Call(
            tokens.Call(x) + positions.Call(Tensor.Arange(x.Size(1), DType.Int64))));
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "attention";
        static Variable Weights(Variable q, Variable k) => (q.MatMul(k.T) / Math.Sqrt(q.Size(-1))).Softmax(-1);
        static Variable Attention(Variable q, Variable k, Variable v) => Weights(q, k).MatMul(v);

        Generator.ManualSeed(1);
        Variable q = Tensor.Randn(2, 5, 8), k = Tensor.Randn(2, 5, 8), v = Tensor.Randn(2, 5, 8);
        Console.WriteLine($"equal to 1e-6: {Differ(Attention(q, k, v), F.ScaledDotProductAttention(q, k, v)) < 1e-6}");

        yield return "abracadabra";
        const string Word = "abracadabra";
        var numbers = Tensor.From([.. Word.Select(letter => (long)letter - 'a')]);
        Variable letters = F.OneHot(numbers, numClasses: 26).To(DType.Float32);
        Variable places = F.OneHot(Tensor.Arange(Word.Length, DType.Int64)).To(DType.Float32);
        var same = Weights(letters * 30, letters);
        var before = Weights(places.Roll(-1, 1) * 30, places);
        new Squares(side: 16).Add("the same letter", same.Data).Add("the letter before", before.Data)
            .Save("abracadabra.svg");

        yield return "causal";
        static Variable Hidden(Variable scores) =>
            scores.MaskedFill(!F.Causal(scores.Size(-2), scores.Size(-1)), double.NegativeInfinity);
        Console.WriteLine(F.Causal(4, 4));
        var scores = q.MatMul(k.T) / Math.Sqrt(q.Size(-1));
        var causal = F.ScaledDotProductAttention(q, k, v, isCausal: true);
        Console.WriteLine($"equal to 1e-6: {Differ(Hidden(scores).Softmax(-1).MatMul(v), causal) < 1e-6}");

        var alike = Hidden(letters.MatMul(letters.T) * 30 / Math.Sqrt(26)).Softmax(-1);
        new Squares(side: 16).Add("which place sees which", F.Causal(11, 11).To(DType.Float32))
            .Add("the same letter, causal", alike.Data).Save("causal.svg");

        yield return "order";
        var (there, back) = (Attention(q, q, q), q.Flip(1));
        Console.WriteLine($"equal to 1e-6: {Differ(Attention(back, back, back), there.Flip(1)) < 1e-6}");

        yield return "train";
        double Train(SmallGpt net, Func<(Tensor, Tensor)> batch, double lr = 3e-3)
        {
            var (optimizer, last) = (new Adam(net.Parameters(), lr), new List<double>());
            for (var step = 0; step < 100; step++)
            {
                var (text, next) = batch();
                optimizer.ZeroGrad();
                var loss = F.CrossEntropy(net.Call(text).Flatten(0, 1), next.Reshape(-1));
                loss.Backward();
                Utils.ClipGradNorm_(net.Parameters(), maxNorm: 1);
                optimizer.Step();
                if (step >= 95) last.Add(loss.Item());
            }
            return last.Average();
        }
        Generator.ManualSeed(1);
        var gpt = new SmallGpt(Sums.Alphabet.Length, context: 32, size: 32, causal: true);
        Console.WriteLine($"{gpt.Parameters().Sum(p => p.Numel):#,0} parameters");
        var texts = new Generator(2);
        var loss = Train(gpt, () => Sums.Batch(16, 32, texts));
        Console.WriteLine($"each letter alike {Math.Log(Sums.Alphabet.Length):0.00}, this model below 1: {loss < 1}");

        yield return "cheats";
        double Noise(bool causal)
        {
            Generator.ManualSeed(1);
            return Train(new SmallGpt(letters: 4, context: 6, size: 16, causal), () =>
            {
                var drawn = Tensor.RandInt(0, 4, [32, 7]);
                return (drawn.Narrow(1, 0, 6), drawn.Narrow(1, 1, 6));
            }, lr: 0.01);
        }
        Console.WriteLine($"the least that is possible: {Math.Log(4):0.0}");
        Console.WriteLine($"causal:                     {Noise(causal: true):0.0}");
        Console.WriteLine($"without a mask, below 0.7:  {Noise(causal: false) < 0.7}");

    }

    static double Differ(Variable a, Variable b) => (a - b).Data.ToArray<double>().Max(Math.Abs);
}
