using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;
using Tutorials.Chapter12;

namespace Tutorials.Chapter09;

/// <summary>LeNet learns with the gradients of convolutions that the learner wrote in exercise 12.</summary>
static class WithMine
{
    /// <summary>A convolution whose backward is the answer.</summary>
    sealed class Convolution(IConvolutionGradients answer) : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(A, B); return F.Conv2d(A.Data, B.Data, Input(2).Data).Data; }
        protected override Tensor?[] Backward(Tensor dy) => [Needs(0) ? answer.ByInput(B.Data, dy) : null,
            answer.ByFilters(A.Data, dy), answer.ByBias(dy)];
    }

    /// <summary>A layer of the engine, with the answer's backward.</summary>
    sealed class Answered(IConvolutionGradients answer, Conv2d layer) : Module
    {
        public override Variable Forward(Variable x) => new Convolution(answer).Apply(x, layer.Weight, layer.Bias!);
    }

    /// <summary>Compares gradients with the engine's, trains, and says how much is right.</summary>
    /// <returns>0 if more than nine of ten digits are read; 1 if not, or if exercise 12 is not done.</returns>
    public static int Run(bool quick)
    {
        var exercise = Exercise.Find("12");
        var answer = exercise.Mine<IConvolutionGradients>();
        try { return Run(answer, quick); }
        catch (Todo e)
        {
            Console.WriteLine($"Do exercise 12 first, in {exercise.File}: {e.Message}.");
            return 1;
        }
    }

    static int Run(IConvolutionGradients answer, bool quick)
    {
        Generator.Seed_(1);
        var (count, epochs) = quick ? (2000, 2) : (10_000, 3);
        var (drawn, held) = (Digits.Generate(count, seed: 1), Digits.Generate(1000, seed: 2));
        var train = new DigitData("digits", drawn.Images, drawn.Labels).Dataset();
        var test = new DigitData("digits", held.Images, held.Labels).Dataset();

        var (conv1, conv2) = (new Conv2d(1, 6, 5), new Conv2d(6, 16, 5));
        var (fc1, fc2, fc3) = (new Linear(16 * 5 * 5, 120), new Linear(120, 84), new Linear(84, 10));
        Sequential LeNet(Func<Conv2d, Module> convolution) => new(
            convolution(conv1), new ReLU(), new MaxPool2d(2), convolution(conv2), new ReLU(), new MaxPool2d(2),
            new Flatten(), fc1, new ReLU(), fc2, new ReLU(), fc3);
        var (net, engine) = (LeNet(layer => new Answered(answer, layer)), LeNet(layer => layer)); // of one memory
        if (!Agree(net, engine, train.Tensors[0][..50], train.Tensors[1][..50])) return 1;

        var optimizer = new Adam(net.Parameters(), lr: 2e-3);
        var loader = new DataLoader(train, batchSize: 50, shuffle: true, seed: 1);
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            var loss = new Mean();
            foreach (var (images, labels) in loader)
            {
                optimizer.ZeroGrad();
                var error = F.CrossEntropy(net.Call(images), labels);
                error.Backward();
                optimizer.Step();
                loss.Add(error.Item());
            }
            Console.WriteLine(Text($"epoch {epoch} of {epochs}: loss {loss.Value:0.000}"));
        }
        var accuracy = new Accuracy();
        using var _ = Autograd.NoGrad();
        foreach (var (images, labels) in new DataLoader(test, batchSize: 250))
            accuracy.Add(net.Call(images).Data, labels);
        Console.WriteLine(Text($"{100 * accuracy.Value:0.0} % of {test.Count} unseen digits are right"));
        Console.WriteLine("trained with your own convolution backward");
        return accuracy.Value > 0.9 ? 0 : 1;
    }

    /// <summary>Says for each parameter of the convolutions whether both networks give it the same gradient.</summary>
    static bool Agree(Module net, Module engine, Tensor images, Tensor labels)
    {
        Tensor[] Gradients(Module module)
        {
            module.ZeroGrad();
            F.CrossEntropy(module.Call(images), labels).Backward();
            return [.. module.Parameters().Take(4).Select(p => p.Grad!.Data.Clone())];
        }
        string[] names = ["filters of layer 1", "bias of layer 1", "filters of layer 2", "bias of layer 2"];
        var agree = true;
        foreach (var (i, (yours, right)) in Gradients(net).Zip(Gradients(engine)).Index())
        {
            var largest = right.ToArray<double>().Max(Math.Abs);
            var worst = (yours - right).ToArray<double>().Max(Math.Abs) / largest;
            var same = worst < 1e-3;                // false for NaN too
            agree &= same;
            Console.WriteLine(same ? $"{names[i]}: the engine's gradient"
                : Text($"{names[i]}: off by {worst:0.###} of the largest"));
        }
        if (!agree) Console.WriteLine("dotnet run --project tutorials -- check 12 says what is wrong.");
        return agree;
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
