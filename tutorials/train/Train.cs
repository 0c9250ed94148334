using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tutorials;

/// <summary>The main job: LeNet learns digits, and shows that it did.</summary>
static class Train
{
    public static int Run(Options options)
    {
        if (options.Distributed) return TrainDistributed.Run(options);
        var (train, test) = DigitData.Load(options);
        Generator.Seed_(options.Seed);
        var net = new LeNet();
        net.To(device: options.Device);
        Console.WriteLine($"{net}\n{net.Parameters().Sum(p => p.Numel):#,0} parameters, {train.Labels.Length:#,0} " +
            $"{train.Source} to learn from, {test.Labels.Length:#,0} to test with, on {options.Device}\n");

        var stopped = false;
        ConsoleCancelEventHandler stop = (_, e) => e.Cancel = stopped = true;
        Console.CancelKeyPress += stop;
        var watch = Stopwatch.StartNew();
        var loader = new DataLoader(options.Augment ? train.Augmented() : train.Dataset(), options.BatchSize,
            shuffle: true, seed: options.Seed, workers: options.Augment ? Environment.ProcessorCount : 0);
        var losses = Learn(net, loader, options, new(options.Epochs, loader.Count, options.BatchSize), () => stopped);
        Console.CancelKeyPress -= stop;
        Directory.CreateDirectory(options.Out);
        var checkpoint = Path.Combine(options.Out, "lenet.safetensors");
        SafeTensors.Save(checkpoint, net.StateDict());
        Console.WriteLine($"\n{(stopped ? "stopped" : "trained")} after {losses.Count:#,0} steps and " +
            $"{watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s; checkpoint in " +
            $"{checkpoint}");

        net.Eval();
        var predicted = Predict(net, test.Dataset(), options.Device);
        var right = predicted.Where((p, i) => p == test.Labels[i]).Count();
        var accuracy = 100.0 * right / predicted.Length;
        if (losses.Count > 0) Pictures.LossCurve(Path.Combine(options.Out, "loss.svg"), losses,
            [(losses.Count, accuracy / 100)]);
        Pictures.DigitSheet(Path.Combine(options.Out, "predictions.png"),
            test.Images[..(Math.Min(100, test.Labels.Length) * 784)], predicted[..Math.Min(100, predicted.Length)],
            [.. test.Labels.Take(100).Select(label => (int)label)], columns: 10);
        Console.WriteLine($"pictures in {Path.Combine(options.Out, "loss.svg")} and " +
            $"{Path.Combine(options.Out, "predictions.png")}\n");
        Console.WriteLine(Confusion(predicted, test.Labels));
        if (!stopped) Console.WriteLine(GradientCheck.Report(net, test.First(4)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy {accuracy:0.00} %"));
        return 0;
    }

    /// <summary>All epochs, or until it is told to stop; gives the loss of every step.</summary>
    public static List<double> Learn(
        Module net, DataLoader loader, Options options, Progress? progress, Func<bool> stopped)
    {
        Optimizer optimizer = options.Optimizer switch
        {
            "sgd" => new SGD(net.Parameters(), options.Lr, momentum: 0.9),
            "rmsprop" => new RMSprop(net.Parameters(), options.Lr),
            _ => new Adam(net.Parameters(), options.Lr),
        };
        var criterion = new CrossEntropyLoss();
        List<double> losses = [];
        for (var epoch = 1; epoch <= options.Epochs; epoch++)
        {
            var batch = 0;
            foreach (var (images, labels) in loader)
            {
                if (stopped()) return losses;
                optimizer.Lr = options.Lr * (1 - (double)losses.Count / (options.Epochs * loader.Count));
                optimizer.ZeroGrad();
                var target = labels.To(options.Device);
                var scores = net.Call(images.To(options.Device));
                var loss = criterion.Call(scores, target);
                loss.Backward();
                optimizer.Step();
                losses.Add(loss.Item());
                progress?.Step(epoch, ++batch, losses[^1],
                    scores.Data.ArgMax(1).Eq(target).Sum().Item() / target.Numel);
            }
        }
        return losses;
    }

    static int[] Predict(Module net, Dataset dataset, Device device)
    {
        using var _ = Autograd.NoGrad();
        return [.. new DataLoader(dataset, 250).SelectMany(batch =>
            net.Call(batch[0].To(device)).Data.ArgMax(1).ToArray<long>()).Select(digit => (int)digit)];
    }

    static string Confusion(int[] predicted, byte[] labels)
    {
        var counts = new int[10, 10];
        for (var i = 0; i < predicted.Length; i++) counts[labels[i], predicted[i]]++;
        var digits = Enumerable.Range(0, 10).ToArray();
        return $"confusion: a row is a digit, a column what it was taken for\n     " +
            $"{string.Concat(digits.Select(d => $"{d,6}"))}\n" +
            string.Concat(digits.Select(d =>
                $"    {d}{string.Concat(digits.Select(p => counts[d, p] == 0 ? "     ·" : $"{counts[d, p],6}"))}\n"));
    }
}
