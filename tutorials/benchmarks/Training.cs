using Tensorlet;
using TorchSharp;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>Whole training steps: zero the gradients, forward, loss, backward, step.</summary>
static class Training
{
    const int StepsCompared = 3;

    static readonly Lesson[] lessons =
    [
        new("tiny-mlp", () => new TinyMlp(), () => new TinyMlp.Peer(), [32, 2], Classes: 2, Sgd: 0.1),
        new("mlp", () => new Mlp(), () => new Mlp.Peer(), [64, 784]),
        new("lenet", () => new LeNet(), () => new LeNet.Peer(), [64, 1, 32, 32]),
        new("cnn-bn", () => new NormalizedCnn(), () => new NormalizedCnn.Peer(), [32, 3, 32, 32]),
        new("vgg", () => new Vgg(), () => new Vgg.Peer(), [32, 3, 32, 32]),
        new("autoencoder", () => new Autoencoder(), () => new Autoencoder.Peer(), [64, 784], Goal.Input),
        new("lstm", () => new LongMemory(), () => new LongMemory.Peer(), [32, 32, 32]),
        new("gru", () => new GatedMemory(), () => new GatedMemory.Peer(), [32, 32, 32]),
        new("transformer", () => new Encoder(), () => new Encoder.Peer(), [32, 32, Encoder.Size]),
        new("gpt", () => new Gpt(), () => new Gpt.Peer(), [16, Gpt.Length], Classes: Gpt.Vocabulary,
            Vocabulary: Gpt.Vocabulary),
        new("chain", () => new Chain(), () => new Chain.Peer(), [Chain.Size], Goal.Least, Sgd: 0.1),
    ];

    public static IEnumerable<Row> Rows => lessons.Select(Steps);

    /// <summary>The network with this name, which the caller knows to exist.</summary>
    public static Lesson Find(string name) => lessons.Single(lesson => lesson.Name == name);

    static Row Steps(Lesson lesson) => new(lesson.Name, "", true, () =>
    {
        var (ours, theirs) = (new TensorletLearner(lesson), new TorchLearner(lesson));
        float[][] weights = [.. ours.Parameters.Select(p => p.Data.ToArray<float>())];
        CheckShapes();
        Restore();
        return new(() => ours.Step(), theirs.Step, Losses, Restore);

        (float[], float[]) Losses()
        {
            var (losses, torchLosses) = (new float[StepsCompared], new float[StepsCompared]);
            for (var i = 0; i < StepsCompared; i++)
                (losses[i], torchLosses[i]) = ((float)ours.Step().Item(), theirs.Step(read: true));
            return (losses, torchLosses);
        }

        void CheckShapes()
        {
            var shapes = ours.Parameters.Select(p => $"({string.Join(", ", p.Size())})");
            var torchShapes = theirs.Parameters.Select(p => $"({string.Join(", ", p.shape)})");
            if (!shapes.SequenceEqual(torchShapes))
                throw new DisagreementException($"parameters [{string.Join(", ", shapes)}] in Tensorlet, " +
                    $"[{string.Join(", ", torchShapes)}] in libtorch");
        }

        // Each batch of calls starts from the weights that Tensorlet generated, so that all batches do the same work.
        void Restore()
        {
            using var none = torch.no_grad();
            foreach (var (p, q, w) in ours.Parameters.Zip(theirs.Parameters, weights))
            {
                p.Data.Copy_(Tensor.From(w, p.Data.Size()));
                using var values = Torch(w, p.Data.Shape);
                q.copy_(values);
            }
        }
    });
}
