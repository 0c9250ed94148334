using System.Globalization;
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

    sealed class CrossEntropy(ICrossEntropy answer, Tensor labels) : OnceDifferentiable
    {
        protected override Tensor Forward()
        {
            Save(X);
            return Tensor.Scalar(answer.Loss(X.Data, labels), X.DType);
        }
        protected override Tensor[] Backward(Tensor dy) => [answer.Gradient(X.Data, labels) * dy];
    }

    /// <summary>A layer of the engine, with a function of the answer's in its place.</summary>
    sealed class Answered(Func<Variable, Variable> forward, Module? layer = null) : Module
    {
        readonly Module? kept = layer;                      // so that its parameters are found
        public override Variable Forward(Variable x) => forward(x);
    }

    /// <summary>Adam by the answer, on copies of the parameters.</summary>
    sealed class Stepping(ISteps answer, IReadOnlyList<Variable> parameters, double lr)
    {
        readonly Moments[] memories =
            [.. parameters.Select(p => new Moments(new double[p.Numel], new double[p.Numel]))];

        public void Step()
        {
            foreach (var (p, memory) in parameters.Zip(memories))
            {
                var numbers = p.Data.ToArray<double>();
                answer.Adam(numbers, p.Grad!.Data.ToArray<double>(), memory, lr, 0.9, 0.999, 1e-8);
                p.Data.Copy_(Tensor.From(numbers, p.Size()).To(p.DType));
            }
        }
    }

    /// <summary>Trains with all exercises that the learner has solved, and says which.</summary>
    /// <returns>0 if more than nine of ten digits are read.</returns>
    public static int Run(bool quick)
    {
        var solved = new Dictionary<int, object>();
        foreach (var (number, part) in parts)
        {
            var exercise = Exercise.Find($"{number}");
            if (!exercise.IsUntouched && Grading.Run(exercise).IsDone) solved[number] = exercise.Mine<object>();
            Console.WriteLine($"{number,3} · {part}: {(solved.ContainsKey(number) ? "yours" : "the engine's")}");
        }
        if (solved.Count == 0)
        {
            Console.WriteLine("None of these is solved yet. Begin with one; check N says how far it is right.");
            return 1;
        }
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

        var (conv1, conv2) = (new Conv2d(1, 6, 5), new Conv2d(6, 16, 5));
        var (fc1, fc2, fc3) = (new Linear(16 * 5 * 5, 120), new Linear(120, 84), new Linear(84, 10));
        Module Convolve(Conv2d layer) => Mine<IConvolutionGradients>(12) is { } answer
            ? new Answered(x => new Convolution(answer).Apply(x, layer.Weight, layer.Bias!), layer) : layer;
        Module Pool() => Mine<IMaxPool>(9) is { } answer
            ? new Answered(x => new Pooling(answer).Apply(x)) : new MaxPool2d(2);
        Variable Loss(Variable scores, Tensor right) => Mine<ICrossEntropy>(6) is { } answer
            ? new CrossEntropy(answer, right).Apply(scores) : F.CrossEntropy(scores, right);
        Sequential LeNet(Func<Conv2d, Module> convolution, Func<Module> pool) => new(
            convolution(conv1), new ReLU(), pool(), convolution(conv2), new ReLU(), pool(),
            new Flatten(), fc1, new ReLU(), fc2, new ReLU(), fc3);
        var net = LeNet(Convolve, Pool);
        var engine = LeNet(layer => layer, () => new MaxPool2d(2));             // of one memory
        if (!Agree(net, engine, Loss, images[..50], labels[..50])) return double.NaN;

        const double Lr = 2e-3;
        Variable[] parameters = [.. engine.Parameters()];
        var optimizer = new Adam(parameters, lr: Lr);
        Action step = Mine<ISteps>(7) is { } steps ? new Stepping(steps, parameters, Lr).Step : optimizer.Step;
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
                step();
                loss.Add(error.Item());
            }
            Console.WriteLine(Text($"epoch {epoch} of {epochs}: loss {loss.Value:0.000}"));
        }
        var accuracy = new Accuracy();
        using var _ = Autograd.NoGrad();
        accuracy.Add(net.Call(Images(test)).Data, test.Tensors[1]);
        Console.WriteLine(Text($"{100 * accuracy.Value:0.0} % of {test.Count} unseen digits are right"));
        Console.WriteLine($"trained with {solved.Count} of your exercises");
        return accuracy.Value;
    }

    /// <summary>Says for each parameter whether both networks give it the same gradient.</summary>
    static bool Agree(
        Module net, Module engine, Func<Variable, Tensor, Variable> loss, Tensor images, Tensor labels)
    {
        string[] names = [.. engine.NamedParameters().Select(p => p.Name)];
        var parameters = engine.Parameters();
        Tensor[] Gradients(Module module, Func<Variable, Tensor, Variable> error)
        {
            module.ZeroGrad();
            error(module.Call(images), labels).Backward();
            return [.. parameters.Select(p => p.Grad!.Data.Clone())];
        }
        var agree = true;
        foreach (var (i, (yours, right)) in Gradients(net, loss)
            .Zip(Gradients(engine, (scores, targets) => F.CrossEntropy(scores, targets))).Index())
        {
            var largest = right.ToArray<double>().Max(Math.Abs);
            var worst = (yours - right).ToArray<double>().Max(Math.Abs) / largest;
            var same = worst < 1e-3;                // false for NaN too
            agree &= same;
            if (!same) Console.WriteLine(Text($"{names[i]}: off by {worst:0.###} of the largest"));
        }
        Console.WriteLine(agree ? $"the gradients of all {names.Length} parameters are the engine's"
            : "check N says what is wrong.");
        return agree;
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
