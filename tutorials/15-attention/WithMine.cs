using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tutorials.Chapter06;
using Tutorials.Chapter07;
using Tutorials.Chapter14;
using Tutorials.Chapter16;
using static Tutorials.LearnersParts;

namespace Tutorials.Chapter15;

/// <summary>
/// A small GPT learns to write sums with what the learner has written: each exercise that is solved takes the place of
/// the engine's own part, and the engine supplies the others.
/// </summary>
static class WithMine
{
    const int Context = 32, Batch = 16, Size = 48, Heads = 4, Layers = 2;

    /// <summary>What each exercise replaces.</summary>
    static readonly (int Exercise, string Part)[] parts =
    [
        (6, "cross-entropy and its gradient"), (7, "the steps of Adam"), (14, "the embedding of the letters"),
        (15, "attention by several heads"), (16, "the slopes of tanh in the activation, and of softmax"),
    ];

    sealed class Looked(IEmbedding answer, Tensor index) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(A); return answer.Forward(index, A.Data); }
        protected override Tensor[] Backward(Tensor dy) => [answer.Backward(index, dy, A.Size(0), padding: null)];
    }

    sealed class Tanh(ITwice answer) : Function
    {
        protected override Tensor Forward() => SaveResult(X.Data.Tanh());
        public override Variable[] Backward(Variable dy) => [answer.TanhBackward(Y, dy)];
    }

    sealed class Softmax(ITwice answer) : Function
    {
        protected override Tensor Forward() => SaveResult(X.Data.Softmax(-1));
        public override Variable[] Backward(Variable dy) => [answer.SoftmaxBackward(Y, dy, -1)];
    }

    /// <summary>A GPT whose parts are the engine's, or those of the answers that are given.</summary>
    sealed class Gpt : Module
    {
        readonly Embedding letters = new(Sums.Alphabet.Length, Size), positions = new(Context, Size);
        readonly ModuleList blocks = [.. Enumerable.Range(0, Layers).Select(_ => new Block())];
        readonly LayerNorm norm = new(Size);
        readonly Linear head = new(Size, Sums.Alphabet.Length);

        /// <summary>Answers by the number of their exercise; none for the engine's parts alone.</summary>
        public IReadOnlyDictionary<int, object> Solved { get; set; } = new Dictionary<int, object>();

        public override Variable Forward(Variable x)
        {
            var index = x.Data;
            var embedded = Solved.GetValueOrDefault(14) is IEmbedding answer
                ? new Looked(answer, index).Apply(letters.Weight) : letters.Call(index);
            var y = embedded + positions.Call(Tensor.Arange(index.Size(1), DType.Int64));
            return head.Call(norm.Call(blocks.Aggregate(y, (sum, block) => ((Block)block).Through(sum, Solved))));
        }
    }

    /// <summary>Attention, then a network for each letter, each added to what it was given.</summary>
    sealed class Block : Module
    {
        readonly LayerNorm norm1 = new(Size), norm2 = new(Size);
        readonly Linear query = new(Size, Size, bias: false), key = new(Size, Size, bias: false);
        readonly Linear value = new(Size, Size), join = new(Size, Size);
        readonly Linear wide = new(Size, 4 * Size), narrow = new(4 * Size, Size);

        public override Variable Forward(Variable x) => Through(x, new Dictionary<int, object>());

        public Variable Through(Variable x, IReadOnlyDictionary<int, object> solved)
        {
            var (causal, slopes) = (solved.GetValueOrDefault(15) as ICausal, solved.GetValueOrDefault(16) as ITwice);
            var z = norm1.Call(x);
            var (q, k, v) = (query.Call(z), key.Call(z), value.Call(z));
            x += join.Call(causal is not null ? causal.Heads(q, k, v, Heads) : Attention(q, k, v, slopes));
            var h = wide.Call(norm2.Call(x));
            return x + narrow.Call(slopes is null ? h.Gelu(tanh: true) : h * 0.5 * (1
                + new Tanh(slopes).Apply((h + h.Pow(3) * 0.044715) * Math.Sqrt(2 / Math.PI))));
        }

        static Variable Attention(Variable q, Variable k, Variable v, ITwice? slopes)
        {
            var (n, length) = (q.Size(0), q.Size(1));
            Variable Split(Variable x) => x.Reshape(n, length, Heads, Size / Heads).Transpose(1, 2);
            Variable Joined(Variable x) => x.Transpose(1, 2).Reshape(n, length, Size);
            if (slopes is null)
                return Joined(F.ScaledDotProductAttention(Split(q), Split(k), Split(v), isCausal: true));
            var scores = Split(q).MatMul(Split(k).T) / Math.Sqrt((double)Size / Heads);
            scores = scores.MaskedFill(!F.Causal(length, length), double.NegativeInfinity);
            return Joined(new Softmax(slopes).Apply(scores).MatMul(Split(v)));
        }
    }

    /// <summary>Trains with all exercises that the learner has solved, and says which.</summary>
    /// <returns>0 if the network has learned more than the frequency of each letter.</returns>
    public static int Run(bool quick)
    {
        var solved = LearnersParts.Solved(parts);
        return solved.Count > 0 && Train(solved, quick ? 200 : 1000) < (quick ? 1.5 : 0.5) ? 0 : 1;
    }

    /// <summary>Compares gradients with the engine's, and trains.</summary>
    /// <param name="solved">Answers by the number of their exercise.</param>
    /// <param name="steps">How many batches the network sees.</param>
    /// <returns>The loss of the last batch; NaN where the gradients are not the engine's.</returns>
    public static double Train(IReadOnlyDictionary<int, object> solved, int steps)
    {
        Generator.ManualSeed(1);
        var (net, texts) = (new Gpt(), new Generator(2));
        Variable Loss((Tensor Letters, Tensor Next) batch, bool mine)
        {
            net.Solved = mine ? solved : new Dictionary<int, object>();
            var scores = net.Call(batch.Letters).Flatten(0, 1);
            return mine && solved.GetValueOrDefault(6) is ICrossEntropy answer
                ? new CrossEntropy(answer, batch.Next.Reshape(-1)).Apply(scores)
                : F.CrossEntropy(scores, batch.Next.Reshape(-1));
        }
        var first = Sums.Batch(Batch, Context, texts);
        if (!Agree(net, () => Loss(first, mine: true), () => Loss(first, mine: false))) return double.NaN;

        var optimizer = new Adam(net.Parameters(), lr: 3e-3);
        var stepping = solved.GetValueOrDefault(7) is ISteps answer ? new Stepping(answer, net.Parameters()) : null;
        var last = double.NaN;
        for (var step = 1; step <= steps; step++)
        {
            optimizer.Lr = 4e-3 * Math.Min(step / 50.0, 1 - (step - 1.0) / steps);
            optimizer.ZeroGrad();
            var loss = Loss(Sums.Batch(Batch, Context, texts), mine: true);
            loss.Backward();
            if (stepping is null) optimizer.Step();
            else stepping.Step(optimizer.Lr);
            last = loss.Item();
            if (step % Math.Max(1, steps / 5) == 0)
                Console.WriteLine(Text($"step {step} of {steps}: loss {last:0.000}"));
        }
        Console.WriteLine(Text($"no model can have less than {Sums.Entropy:0.000}"));
        Console.WriteLine($"trained with {solved.Count} of your exercises");
        return last;
    }
}
