using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Training;
using Told = Tensorlet.Training.Progress;

namespace Tutorials;

/// <summary>Small training programs on real data, each with a quick form.</summary>
static class Small
{
    public static int Run(string name, bool quick)
    {
        Generator.ManualSeed(1);
        var watch = Stopwatch.StartNew();
        Console.WriteLine(name switch { "iris" => Iris(quick), "digits" => Digits(quick), _ => Cifar(quick) });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:0.0} s"));
        return 0;
    }

    /// <summary>
    /// 150 irises of three species by four lengths; each is classified by a network that has not seen it.
    /// </summary>
    static string Iris(bool quick)
    {
        var table = new Csv(Learning.Find("iris", "tabular/iris.csv"));
        var x = table.Numbers(["sepal_length", "sepal_width", "petal_length", "petal_width"]);
        var (labels, classes) = table.Labels("species");
        x = (x - x.Mean([0])) / ((Variable)x).Std([0]).Data;
        var folds = new TensorDataset(x, labels).RandomSplit([.. Enumerable.Repeat(0.2, 5)], new Generator(1));
        var right = folds.Average(held =>
        {
            var net = new Sequential(new Linear(4, 16), new Tanh(), new Linear(16, 3));
            var seen = new ConcatDataset([.. folds.Where(fold => fold != held)]);
            Learning.Epochs(net, new DataLoader(seen, 16, shuffle: true), quick ? 20 : 60, 0.02);
            return Learning.Accuracy(net, held);
        });
        return $"{table.Count} irises ({string.Join(", ", classes)}): {Learning.Percent(right)} right";
    }

    /// <summary>1,797 handwritten digits of 8 × 8 pixels, four fifths of them for training.</summary>
    static string Digits(bool quick)
    {
        var path = Learning.Find("digits", "tabular/digits.csv.gz", "tabular/digits.csv");
        var text = Unpacked.Read(path, content => content.Next(content.Length, "text"), most: 1 << 24);
        var numbers = new Csv(Encoding.UTF8.GetString(text), path, header: false)
            .Numbers();
        var digits = new TensorDataset((numbers[.., ..64] / 16).Reshape(-1, 1, 8, 8), numbers[.., 64].To(DType.Int64));
        var parts = digits.RandomSplit([0.8, 0.2], new Generator(1));
        var net = new Sequential(new Conv2d(1, 16, 3, padding: 1), new ReLU(), new Conv2d(16, 32, 3, padding: 1),
            new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(32 * 16, 64), new ReLU(), new Linear(64, 10));
        var folder = Directory.CreateDirectory(Path.Combine("tutorials", "out")).FullName;
        Learning.Epochs(net, new DataLoader(parts[0], 32, shuffle: true), quick ? 4 : 15, 2e-3,
            new Meter("accuracy", new Accuracy()),
            new Validation(new DataLoader(parts[1], 250), ("accuracy", new Accuracy())),
            new Told(Console.Out), new CsvLog(Path.Combine(folder, "digits.csv")),
            new LossPicture(Path.Combine(folder, "digits.svg"), every: 10));        // can be watched meanwhile
        return $"{parts[1].Count} digits of 8 × 8 pixels that were not seen: " +
            $"{Learning.Percent(Learning.Accuracy(net, parts[1]))} right";
    }

    /// <summary>Memorises 1,000 images of CIFAR-10, as they are and mirrored, and classifies 1,000 others.</summary>
    static string Cifar(bool quick)
    {
        var seen = Images("cifar10/train_batch_0.bin.gz", "cifar-10-batches-bin/data_batch_1.bin");
        var unseen = Images("cifar10/test_batch_50.bin.gz", "cifar-10-batches-bin/test_batch.bin");
        var net = new Sequential(Block(3, 32), Block(32, 64), Block(64, 128), new Flatten(), new Linear(128 * 16, 10));
        Console.WriteLine(net);
        var turned = new DataLoader(seen.Map(new RandomHorizontalFlip()), 50, shuffle: true);
        Learning.Epochs(net, turned, quick ? 6 : 25, 2e-3, new Told(Console.Out));
        return $"of {seen.Count} images that were seen {Learning.Percent(Learning.Accuracy(net, seen))} right, of " +
            $"{unseen.Count} others {Learning.Percent(Learning.Accuracy(net, unseen))}";

        static Sequential Block(int from, int to) => new(new Conv2d(from, to, 3, padding: 1, bias: false),
            new BatchNorm2d(to), new ReLU(), new MaxPool2d(2));

        static TensorDataset Images(params string[] names)
        {
            var (bytes, labels) = CIFAR10.Read(Learning.Find("cifar", names));
            var count = Math.Min(1000, labels.Length);
            var pixels = Tensor.From(Array.ConvertAll(bytes[..(count * 3072)], b => (b / 255f - 0.47f) / 0.25f),
                [count, 3, 32, 32]);
            return new(pixels, Tensor.From(Array.ConvertAll(labels[..count], label => (long)label)));
        }
    }
}
