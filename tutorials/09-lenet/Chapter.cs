using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tutorials.Chapter09;

static class Chapter
{
    #region lenet
    sealed class LeNet : Module // images (N, 1, 32, 32) to scores (N, 10)
    {
        readonly Conv2d conv1 = new(1, 6, 5);
        readonly Conv2d conv2 = new(6, 16, 5);
        readonly Linear fc1 = new(16 * 5 * 5, 120);
        readonly Linear fc2 = new(120, 84);
        readonly Linear fc3 = new(84, 10);
        public override Variable Forward(Variable x)
        {
            x = F.MaxPool2d(conv1.Call(x).Relu(), 2);
            x = F.MaxPool2d(conv2.Call(x).Relu(), 2);
            x = fc1.Call(x.Flatten(1)).Relu();
            x = fc2.Call(x).Relu();
            return fc3.Call(x);
        }
    }
    #endregion

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static IEnumerable<string> Run()
    {
        yield return "digits";
        TensorDataset Drawn(int count, long seed)
        {
            var (images, labels) = Digits.Generate(count, seed);
            return new DigitData("digits", images, labels).Dataset(DType.Float64);
        }
        var (train, test) = (Drawn(2000, seed: 1), Drawn(500, seed: 2));
        Console.WriteLine($"{train.Count} to learn from, {test.Count} to test with");
        Console.WriteLine($"an image {train[0][0].Layout}, its label {train[0][1].Item()}");

        yield return "sizes";
        var x = new Variable(train.Tensors[0][..1]);
        foreach (var layer in new Module[] { new Conv2d(1, 6, 5), new MaxPool2d(2), new Conv2d(6, 16, 5),
            new MaxPool2d(2), new Flatten() })
        {
            x = layer.To(DType.Float64).Call(x);
            Console.WriteLine($"{layer.GetType().Name,-10} {x.Data.Layout}");
        }

        yield return "summary";
        Generator.ManualSeed(1);
        var net = new LeNet();
        net.To(DType.Float64);
        Console.WriteLine($"{net.Parameters().Sum(p => p.Numel)} parameters");

        yield return "first-loss";
        var (some, their) = (train.Tensors[0][..50], train.Tensors[1][..50]);
        Console.WriteLine(Text($"{F.CrossEntropy(net.Call(some), their).Item():0.0}, and ln 10 is {Math.Log(10):0.0}"));

        yield return "training";
        var optimizer = new Adam(net.Parameters(), lr: 2e-3);
        var loader = new DataLoader(train, batchSize: 50, shuffle: true, seed: 1);
        for (var epoch = 1; epoch <= 2; epoch++)
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
            Console.WriteLine(Text($"epoch {epoch}: loss {loss.Value:0.00}"));
        }

        yield return "accuracy";
        var confusion = new ConfusionMatrix(10);
        using (Autograd.NoGrad())
            foreach (var (images, labels) in new DataLoader(test, batchSize: 250))
                confusion.Add(net.Call(images).Data, labels);
        Console.WriteLine($"more than 90 % of unseen digits are right: {confusion.Value > 0.9}");
        Console.WriteLine(confusion);

        yield return "filters";
        var (weight, bias) = (net.StateDict()["conv1.weight"], net.StateDict()["conv1.bias"]);
        var seen = F.AvgPool2d(F.Conv2d(test[0][0].Unsqueeze(0), weight, bias).Relu(), 2).Data;
        var filters = new Squares(side: 8, columns: 6, grid: false);
        for (var i = 0; i < 6; i++) filters.Add($"filter {i + 1}", weight[i, 0]);
        for (var i = 0; i < 4; i++) filters.Add($"what {i + 1} sees", seen[0, i]);
        filters.Save("filters.svg");

        yield return "bytes";
        Generator.ManualSeed(1);
        var fresh = new LeNet();
        var bytes = Tensor.From(Array.ConvertAll(Digits.Generate(50, seed: 1).Images, p => (float)p), [50, 1, 28, 28]);
        var raw = F.Pad(bytes, [2, 2, 2, 2]);
        Console.WriteLine($"more than twice ln 10: {F.CrossEntropy(fresh.Call(raw), their).Item() > 2 * Math.Log(10)}");

        yield return "no-batch";
        try { net.Call(train[0][0]); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(net.Call(train[0][0].Unsqueeze(0)).Data.Layout);

        yield return "pool";
        var square = new Variable(Tensor.From(new[,] { { 1f, 2, 5, 5 }, { 4, 3, 5, 0 } }).View(1, 1, 2, 4), true);
        var pooled = F.MaxPool2d(square, 2);
        pooled.Backward(Tensor.From(new[,] { { 10f, 20 } }).View(1, 1, 1, 2));
        Console.WriteLine(pooled.Data[0, 0]);
        Console.WriteLine(square.Grad!.Data[0, 0]);

        yield return "figures";
        Tensor Half(Tensor digit) => // half as many pixels each way, without the frame, and black is 0
            F.AvgPool2d(digit.Unsqueeze(0), 2).Data[0, 0, 1..15, 1..15] + 0.1307 / 0.3081;
        var picture = new Squares(side: 6, columns: 5, grid: false);
        for (var i = 0; i < 10; i++) picture.Add($"{train[i][1].Item()}", Half(train[i][0]));
        picture.Save("digits.svg");
        var said = new Squares(side: 6, columns: 5, grid: false);
        var answers = net.Call(test.Tensors[0]).Data.ArgMax(1).ToArray<long>();
        var truth = test.Tensors[1].ToArray<long>();
        foreach (var i in Enumerable.Range(0, test.Count).Where(i => answers[i] != truth[i]).Take(5))
            said.Add($"{truth[i]}, read as {answers[i]}", Half(test[i][0]));
        said.Save("wrong.svg");
        Console.WriteLine($"{48_000.0 / 61_706:0 %} {byte.MaxValue}");
    }
}
