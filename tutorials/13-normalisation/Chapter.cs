using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter13;

static class Chapter
{
    public static IEnumerable<string> Run()
    {
        yield return "batch";
        Variable x = Tensor.From(new[,] { { 1f, 100 }, { 2, 300 }, { 3, 200 }, { 6, 600 } });
        var norm = new BatchNorm1d(2);
        var y = norm.Call(x);
        Console.WriteLine(y.Data);

        yield return "by-hand";
        var deviation = x - x.Mean(0);
        var variance = deviation.Square().Mean(0);
        var difference = deviation / (variance + 1e-5).Sqrt() - y;
        Console.WriteLine(difference.Data.ToArray<double>().All(d => Math.Abs(d) < 1e-5));

        yield return "running";
        Console.WriteLine($"variance of column 0: {x[.., 0].Var(correction: 0).Item():0.0000} over n, " +
            $"{x[.., 0].Var(correction: 1).Item():0.0000} over n − 1");
        Console.WriteLine($"running variance: {norm.RunningVar![0].Item():0.0000}");
        Console.WriteLine($"0.9·1 + 0.1·4.6667 = {0.9 * 1 + 0.1 * 4.6667:0.0000}");

        yield return "eval";
        for (var i = 0; i < 200; i++) norm.Call(x);
        norm.Eval();
        Console.WriteLine(norm.Call(Tensor.From(new[,] { { 6f, 600 } })).Data);

        yield return "layer";
        var layer = new LayerNorm(2);
        Console.WriteLine(layer.Call(Tensor.From(new[,] { { 1f, 3 }, { 20, 60 }, { 5, -5 } })).Data);

        yield return "deep";
        (List<double> Losses, Module Net) Train(bool normalised)
        {
            Generator.ManualSeed(1);
            var spirals = Toys.Spirals(240);
            var (points, classes) = (spirals.Tensors[0].To(DType.Float64), spirals.Tensors[1]);
            var net = new Sequential(new Linear(2, 20, bias: !normalised));
            for (var depth = 0; depth < 19; depth++)
            {
                if (normalised) net.Add(new BatchNorm1d(20));
                net.Add(new ReLU());
                net.Add(depth < 18 ? new Linear(20, 20, bias: !normalised) : new Linear(20, 3));
            }
            net.To(DType.Float64);
            var (optimizer, criterion, losses) = (new Adam(net.Parameters(), lr: 0.005), new CrossEntropyLoss(),
                new List<double>());
            for (var step = 0; step < 60; step++)
            {
                optimizer.ZeroGrad();
                var loss = criterion.Call(net.Call(points), classes);
                loss.Backward();
                optimizer.Step();
                losses.Add(loss.Item());
            }
            return (losses, net);
        }
        var (with, net) = Train(normalised: true);
        var (without, _) = Train(normalised: false);
        new Plot("step", "loss").Range(bottom: 0).Line("with BatchNorm", with).Line("without", without)
            .Save("deep.svg");
        Console.WriteLine($"without: {without[0]:0.0} before, {without[^1]:0.0} after");
        Console.WriteLine($"with:    {with[0]:0.0} before, less than a fifth of that after: {with[^1] < with[0] / 5}");

        yield return "dropout";
        Generator.ManualSeed(1);
        var dropout = new Dropout(0.25);
        Console.WriteLine(dropout.Call(Tensor.Ones(8)).Data);
        Console.WriteLine($"mean of a million ones: {dropout.Call(Tensor.Ones(1_000_000)).Mean().Item():0.00}");
        dropout.Eval();
        Console.WriteLine(dropout.Call(Tensor.Ones(8)).Data);

        yield return "forgets";
        Tensor sample = Tensor.From(new[,] { { 0.5, 0.2 } }), one = Tensor.From(new[,] { { -0.3, 0.1 } }),
            other = Tensor.From(new[,] { { -0.6, -0.4 } });
        double Score(params Tensor[] batch) => net.Call(Tensor.Cat(batch)).Data[0, 0].Item();
        Console.WriteLine($"training:   {Score(sample, one):0.0} and {Score(sample, other):0.0}");
        net.Eval();
        Console.WriteLine($"evaluation: {Score(sample, one):0.0} and {Score(sample, other):0.0}");

        yield return "single";
        net.Train();
        try { net.Call(sample); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }

        yield return "shift";
        var moved = new Variable(Tensor.Randn([5, 3], DType.Float64), requiresGrad: true);
        var incoming = Tensor.Randn([5, 3], DType.Float64);
        F.BatchNorm(moved, null, null, training: true).Backward(incoming);
        var sums = moved.Grad!.Data.Sum([0]).ToArray<double>();
        Console.WriteLine($"each column of the gradient adds up to 0: {sums.All(sum => Math.Abs(sum) < 1e-9)}");

        yield return "figures";
        Console.WriteLine($"{100 * (Math.Sqrt(100.0 / 99) - 1):0.0} % between roots over n and n − 1, n = 100");
    }
}
