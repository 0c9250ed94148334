using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter06;

static class Chapter
{
    #region classifier
    sealed class Classifier : Module // (N, 2) to (N, 2): points to the scores of two classes
    {
        readonly Linear first = new(2, 16), second = new(16, 16), last = new(16, 2);
        public override Variable Forward(Variable x)
        {
            x = first.Call(x).Tanh();
            x = second.Call(x).Tanh();
            return last.Call(x);
        }
    }
    #endregion

    #region listed
    sealed class Listed : Module
    {
        readonly List<Module> layers = [new Linear(2, 16), new Tanh(), new Linear(16, 2)];
        public override Variable Forward(Variable x) => layers.Aggregate(x, (value, layer) => layer.Call(value));
    }
    #endregion

    public static IEnumerable<string> Run()
    {
        yield return "tree";
        var net = new Classifier();
        Console.WriteLine(net);

        yield return "parameters";
        Console.WriteLine(net.Summary());

        yield return "sequential";
        var row = new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 2));
        Console.WriteLine(string.Join(", ", row.NamedParameters().Select(p => p.Name)));

        yield return "softmax";
        var scores = new Variable(Tensor.From(new[,] { { 2f, 1, 0 }, { 0, 1, 3 } }), requiresGrad: true);
        var classes = Tensor.From([0L, 1]);
        var probabilities = scores.Softmax(1);
        Console.WriteLine(probabilities.Data);

        yield return "cross-entropy";
        var byHand = -probabilities.Gather(1, classes.Unsqueeze(1)).Log().Mean();
        var cost = new CrossEntropyLoss().Call(scores, classes);
        Console.WriteLine($"{byHand.Item():0.0000} and {cost.Item():0.0000}");
        Console.WriteLine($"{new CrossEntropyLoss().Call(Tensor.Zeros(2, 3), classes).Item():0.0000}");

        yield return "stable";
        Variable high = Tensor.From(new[,] { { 1000.0, 0 } });
        Console.WriteLine((high.Exp() / high.Exp().Sum(1, keepdim: true)).Log().Data);
        Console.WriteLine(high.LogSoftmax(1).Data);

        yield return "deviations";
        double[] Deviations(Action<Variable> initialise)
        {
            Generator.ManualSeed(1);
            var deviations = new double[10];
            Variable x = Tensor.Randn(256, 100);
            for (var i = 0; i < deviations.Length; i++)
            {
                var layer = new Linear(100, 100, bias: false);
                initialise(layer.Weight);
                x = layer.Call(x).Relu();
                deviations[i] = x.Std().Item();
            }
            return deviations;
        }
        var tries = new Dictionary<string, double[]>
        {
            ["normal, 1"] = Deviations(w => Init.Normal_(w, std: 1)),
            ["Kaiming"] = Deviations(w => Init.KaimingNormal_(w)),
            ["Linear's own"] = Deviations(_ => { }),
            ["normal, 0.01"] = Deviations(w => Init.Normal_(w, std: 0.01)),
        };
        foreach (var (name, each) in tries) Console.WriteLine($"{name,-12}  {each[0]:0.0e+0}  {each[^1]:0.0e+0}");

        yield return "learn";
        Generator.ManualSeed(1);
        var moons = Toys.Moons(200, noise: 0.2);
        var (points, labels) = (moons.Tensors[0].To(DType.Float64), moons.Tensors[1]);
        var model = new Classifier();
        model.To(DType.Float64);
        var criterion = new CrossEntropyLoss();
        var optimizer = new Adam(model.Parameters(), lr: 0.02);
        for (var step = 0; step <= 100; step++)
        {
            optimizer.ZeroGrad();
            var loss = criterion.Call(model.Call(points), labels);
            loss.Backward();
            optimizer.Step();
            if (step % 25 == 0) Console.WriteLine($"step {step}: loss {loss.Item():0.00}");
        }
        var right = model.Call(points).Data.ArgMax(1).Eq(labels).Sum().Item();
        Console.WriteLine($"{right} of {labels.Numel} are right");

        yield return "refused";
        try { new Listed().Parameters(); }
        catch (TensorletException e) { Console.WriteLine(e.Message); }

        yield return "slope";
        cost.Backward();
        Console.WriteLine(scores.Grad!.Data);

        yield return "figures";
        var curves = new Plot("layer", "log₁₀ of the deviation");
        foreach (var (name, each) in tries) curves.Line(name, [.. each.Select(Math.Log10)]);
        curves.Save("deviations.svg");
        using var noTape = Autograd.NoGrad();
        double Difference(double x, double y)
        {
            var two = model.Call(Tensor.From(new[,] { { x, y } })).Data.ToArray<double>();
            return two[1] - two[0];
        }
        double[] Grid(double from, double to) => Tensor.Linspace(from, to, 61).ToArray<double>();
        var map = new Plot("x", "y").Heights(Difference, Grid(-1.5, 2.5), Grid(-1.25, 1.5), [-3, 0, 3]);
        for (var k = 0; k < 2; k++)
        {
            var members = points[labels.Eq(Tensor.Scalar(k, DType.Int64))];
            map.Points($"class {k}", members[.., 0].ToArray<double>(), members[.., 1].ToArray<double>());
        }
        map.Save("moons.svg");
    }
}
