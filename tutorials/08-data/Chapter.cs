using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials.Chapter08;

static class Chapter
{
    #region powers
    sealed class Powers : Dataset // sample i is (i, i²)
    {
        public override int Count => 10;
        public override Tensor[] this[int index] => [Tensor.Scalar(index), Tensor.Scalar(index * index)];
    }
    #endregion

    static string Row(Tensor x) => string.Join(" ", x.ToArray<double>().Select(v =>
        v.ToString("0.##", CultureInfo.InvariantCulture)));

    public static IEnumerable<string> Run()
    {
        yield return "loader";
        foreach (var (x, y) in new DataLoader(new Powers(), batchSize: 4))
            Console.WriteLine($"{Row(x)}  →  {Row(y)}");

        yield return "shuffled";
        var shuffled = new DataLoader(new Powers(), batchSize: 4, shuffle: true, seed: 1);
        for (var epoch = 0; epoch < 2; epoch++)
            Console.WriteLine(string.Join(" | ", shuffled.Select(batch => Row(batch[0]))));
        var again = new DataLoader(new Powers(), batchSize: 4, shuffle: true, seed: 1);
        Console.WriteLine(string.Join(" | ", again.Select(batch => Row(batch[0]))));

        yield return "tensors";
        var (images, labels) = Digits.Generate(1000, seed: 1);
        var digits = new TensorDataset(
            Tensor.From(Array.ConvertAll(images, pixel => pixel / 255.0), [1000, 1, 28, 28]),
            Tensor.From(Array.ConvertAll(labels, label => (long)label)));
        var (firstImages, firstLabels) = new DataLoader(digits, batchSize: 8).First();
        Console.WriteLine($"{firstImages.Layout} and {firstLabels.Layout}: {Row(firstLabels)}");

        yield return "split";
        var parts = digits.RandomSplit([0.8, 0.2], new Generator(1));
        var (train, test) = (parts[0], parts[1]);
        Console.WriteLine($"{train.Count} and {test.Count}, in both: {train.Indices.Intersect(test.Indices).Count()}");

        yield return "augment";
        var turned = digits.Map(new RandomAffine(degrees: 15, translate: (0.1, 0.1), scale: (0.8, 1.2)));
        var picture = new Squares(side: 6, columns: 6, grid: false);
        Tensor Half(Tensor image) => F.AvgPool2d(image.Unsqueeze(0), 2).Data[0, 0];     // half as many pixels each way
        foreach (var i in new[] { 0, 1 })
        {
            picture.Add("drawn", Half(digits[i][0]));
            for (var epoch = 0; epoch < 5; epoch++)
                picture.Add($"epoch {epoch + 1}", Half(turned.Sample(i, new Generator(epoch))[0]));
        }
        picture.Save("augmented.svg");

        yield return "workers";
        double[] Pixels(int workers) => [.. new DataLoader(turned, batchSize: 50, shuffle: true, seed: 1,
            numWorkers: workers).Take(3).SelectMany(batch => batch[0].ToArray<double>())];
        Console.WriteLine(Pixels(workers: 0).SequenceEqual(Pixels(workers: 3)));

        yield return "ragged";
        var words = new Tensor[][] { [Tensor.From([1L, 2, 3])], [Tensor.From([4L])] };
        try { Collate.Default(words); }
        catch (ShapeException e) { Console.WriteLine(e.Message); }

        yield return "padded";
        var together = Collate.Padded(value: -1)(words);
        Console.WriteLine(together[0]);
        Console.WriteLine($"lengths {Row(together[1])}");

        yield return "accuracy";
        double Accuracy(Dataset learned, bool shuffle)
        {
            Generator.ManualSeed(1);
            var net = new Sequential(new Flatten(), new Linear(784, 10)).To(DType.Float64);
            var optimizer = new SGD(net.Parameters(), lr: 0.1);
            foreach (var (x, y) in new DataLoader(learned, batchSize: 10, shuffle: shuffle, seed: 1))
            {
                optimizer.ZeroGrad();
                F.CrossEntropy(net.Call(x), y).Backward();
                optimizer.Step();
            }
            var (pixels, truth) = new DataLoader(test, batchSize: test.Count).First();
            return 100 * net.Call(pixels).Data.ArgMax(1).Eq(truth).Sum().Item() / test.Count;
        }

        yield return "sorted";
        var sorted = new Subset(digits, train.Indices.OrderBy(i => labels[i]));
        Console.WriteLine($"in order of their labels {Accuracy(sorted, shuffle: false):0} %");
        Console.WriteLine($"shuffled {Accuracy(sorted, shuffle: true):0} %");
    }
}
