using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;
using Tutorials.Chapter01;
using Tutorials.Chapter06;
using Tutorials.Chapter07;
using Tutorials.Chapter08;
using Tutorials.Chapter12;
using Tutorials.Chapter13;
using static Tutorials.LearnersParts;

namespace Tutorials.Chapter09;

/// <summary>
/// LeNet learns with what the learner has written: each exercise that is solved takes the place of the engine's own
/// part, and the engine supplies the others.
/// </summary>
static class WithMine
{
    /// <summary>What each exercise replaces.</summary>
    static readonly (int Exercise, string Part)[] parts =
    [
        (1, "pixels, standardised"), (6, "cross-entropy and its gradient"), (7, "the steps of Adam"),
        (8, "the order of the digits"), (9, "max pooling"), (12, "the backward of convolutions"),
        (13, "the backward of batch norm"),
    ];

    /// <summary>A convolution whose backward is the answer.</summary>
    sealed class Convolution(IConvolutionGradients answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(A, B); return F.Conv2d(A.Data, B.Data, Input(2).Data).Data; }
        protected override Tensor?[] Backward(Tensor dy) => [Needs(0) ? answer.ByInput(B.Data, dy) : null,
            answer.ByFilters(A.Data, dy), answer.ByBias(dy)];
    }

    sealed class Pooling(IMaxPool answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(X); return answer.Forward(X.Data); }
        protected override Tensor[] Backward(Tensor dy) => [answer.Backward(X.Data, dy)];
    }

    /// <summary>Batch norm whose backward is the answer; the rows of the answer are the pixels of all images.</summary>
    sealed class Norm(IBatchNorm answer, BatchNorm2d layer) : OnceDifferentiable
    {
        const double Eps = 1e-5;                            // the layer's

        static Tensor Rows(Tensor x) => x.Permute(0, 2, 3, 1).Reshape(-1, x.Size(1));

        protected override Tensor Forward()
        {
            Save(A, B);
            return layer.Call(A.Data).Data;
        }
        protected override Tensor[] Backward(Tensor dy)
        {
            var (x, d, n) = (Rows(A.Data), Rows(dy), A.Size());
            var dx = answer.Dx(x, B.Data, d, Eps).Reshape(n[0], n[2], n[3], n[1]).Permute(0, 3, 1, 2);
            return [dx, answer.Dgamma(x, d, Eps), answer.Dbeta(d)];
        }
    }

    /// <summary>Trains with all exercises that the learner has solved, and says which.</summary>
    /// <returns>0 if more than nine of ten digits are read.</returns>
    public static int Run(bool quick)
    {
        var solved = LearnersParts.Solved(parts);
        if (solved.Count == 0) return 1;
        return (quick ? Train(solved, 2000, 4) : Train(solved, 10_000, 3)) > 0.9 ? 0 : 1;
    }

    /// <summary>Compares gradients with the engine's, trains, and says how much is right.</summary>
    /// <param name="solved">Answers by the number of their exercise.</param>
    /// <param name="count">How many digits there are to learn from.</param>
    /// <param name="epochs">How often.</param>
    /// <returns>The part of unseen digits that are read; NaN where the gradients are not the engine's.</returns>
    public static double Train(IReadOnlyDictionary<int, object> solved, int count, int epochs)
    {
        T? Mine<T>(int number) where T : class => solved.GetValueOrDefault(number) as T;
        Generator.ManualSeed(1);
        var (drawn, held) = (Digits.Generate(count, seed: 1), Digits.Generate(1000, seed: 2));
        var train = new DigitData("digits", drawn.Images, drawn.Labels).Dataset();
        var test = new DigitData("digits", held.Images, held.Labels).Dataset();
        Tensor Images(TensorDataset set) => Mine<IStandardise>(1) is not { } answer ? set.Tensors[0]
            : answer.Standardise(set.Tensors[0].Reshape(set.Count, -1)).Reshape(set.Tensors[0].Size());
        var (images, labels) = (Images(train), train.Tensors[1]);

        // with batch norm, if its exercise is solved: it takes away what a bias before it adds
        var normed = Mine<IBatchNorm>(13);
        var (conv1, conv2) = (new Conv2d(1, 6, 5, bias: normed is null), new Conv2d(6, 16, 5, bias: normed is null));
        var (norm1, norm2) = (new BatchNorm2d(6), new BatchNorm2d(16));
        var (fc1, fc2, fc3) = (new Linear(16 * 5 * 5, 120), new Linear(120, 84), new Linear(84, 10));
        Module Convolve(Conv2d layer) => Mine<IConvolutionGradients>(12) is { } answer
            ? new Answered(x => new Convolution(answer).Apply(x, layer.Weight,
                layer.Bias ?? Tensor.Zeros(layer.Weight.Size(0))), layer) : layer;
        Module Normalize(BatchNorm2d layer) => new Answered(x => layer.Training
            ? new Norm(normed!, layer).Apply(x, layer.Weight!, layer.Bias!) : layer.Call(x), layer);
        Module Pool() => Mine<IMaxPool>(9) is { } answer
            ? new Answered(x => new Pooling(answer).Apply(x)) : new MaxPool2d(2);
        Variable Loss(Variable scores, Tensor right) => Mine<ICrossEntropy>(6) is { } answer
            ? new CrossEntropy(answer, right).Apply(scores) : F.CrossEntropy(scores, right);
        Sequential LeNet(Func<Conv2d, Module> convolution, Func<BatchNorm2d, Module> norm, Func<Module> pool) => new([
            convolution(conv1), .. normed is null ? (Module[])[] : [norm(norm1)], new ReLU(), pool(),
            convolution(conv2), .. normed is null ? (Module[])[] : [norm(norm2)], new ReLU(), pool(),
            new Flatten(), fc1, new ReLU(), fc2, new ReLU(), fc3]);
        var net = LeNet(Convolve, Normalize, Pool);
        var engine = LeNet(layer => layer, layer => layer, () => new MaxPool2d(2));             // of one memory
        if (!Agree(engine, () => Loss(net.Call(images[..50]), labels[..50]),
            () => F.CrossEntropy(engine.Call(images[..50]), labels[..50]))) return double.NaN;

        const double Lr = 2e-3;
        Variable[] parameters = [.. engine.Parameters()];
        var optimizer = new Adam(parameters, lr: Lr);
        var stepping = Mine<ISteps>(7) is { } steps ? new Stepping(steps, parameters) : null;
        var chance = new Generator(1);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            var loss = new Mean();
            foreach (var batch in Mine<IShuffle>(8) is { } shuffle ? shuffle.Epoch(count, 50, chance.Next)
                : Array.ConvertAll(chance.Permutation(count), i => (int)i).Chunk(50))
            {
                var index = Tensor.From(Array.ConvertAll(batch, i => (long)i));
                optimizer.ZeroGrad();
                var error = Loss(net.Call(images.IndexSelect(0, index)), labels.IndexSelect(0, index));
                error.Backward();
                if (stepping is null) optimizer.Step();
                else stepping.Step(Lr);
                loss.Add(error.Item());
            }
            Console.WriteLine(Text($"epoch {epoch} of {epochs}: loss {loss.Value:0.000}"));
        }
        var accuracy = new Accuracy();
        net.Eval();
        using var _ = Autograd.NoGrad();
        accuracy.Add(net.Call(Images(test)).Data, test.Tensors[1]);
        Console.WriteLine(Text($"{100 * accuracy.Value:0.0} % of {test.Count} unseen digits are right"));
        Console.WriteLine($"trained with {solved.Count} of your exercises");
        return accuracy.Value;
    }
}
