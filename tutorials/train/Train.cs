using System.Diagnostics;
using System.Globalization;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>The main program: LeNet learns digits, and shows that it did.</summary>
static class Train
{
    public static int Run(Options options)
    {
        if (options.Distributed) return TrainDistributed.Run(options);
        var (train, test) = DigitData.Load(options);
        Generator.ManualSeed(options.Seed);
        var net = new LeNet();
        net.To(device: options.Device);
        Console.WriteLine($"{net}\n{net.Parameters().Sum(p => p.Numel):#,0} parameters, {train.Labels.Length:#,0} " +
            $"{train.Source} to learn from, {test.Labels.Length:#,0} to test with, on {options.Device}\n");

        var loader = new DataLoader(options.Augment ? train.Augmented() : train.Dataset(), options.BatchSize,
            shuffle: true, seed: options.Seed, numWorkers: options.Augment ? Environment.ProcessorCount : 0);
        if (options.LrFind) return FindLr(net, loader, options);
        var steps = options.Epochs * loader.Count;
        var pace = new Pace(options.Epochs, loader.Count);
        var log = new TrainingLog(pace, test.First(options.Live ? 1000 : 500), test.First(24),
            every: Math.Max(1, steps / (options.Live ? 20 : 10)), options.Live);
        var watch = Stopwatch.StartNew();
        bool stopped;
        using (var page = options.Live ? new LivePage(log, Graph(net, test, options.Device), options.Port) : null)
        {
            if (page is not null) Console.WriteLine($"the training is shown at {page.Address}\n");
            stopped = Learn(net, loader, options, pace, log);
            watch.Stop();
            if (page is not null) Linger();
        }
        Directory.CreateDirectory(options.Out);
        var checkpoint = Path.Combine(options.Out, "lenet.safetensors");
        SafeTensors.Save(checkpoint, net.StateDict());
        Console.WriteLine($"\n{(stopped ? "stopped" : "trained")} after {log.Losses.Count:#,0} steps and " +
            $"{watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s; checkpoint in " +
            $"{checkpoint}");

        net.Eval();
        var (predicted, confusion) = (Predict(net, test.Dataset(), options.Device), new ConfusionMatrix(10));
        confusion.Add(Tensor.From(predicted), Tensor.From(Array.ConvertAll(test.Labels, label => (long)label)));
        Draw(net, train, test, log, predicted, confusion, options.Out);
        Console.WriteLine($"confusion: a row is a digit, a column what it was taken for\n{confusion}\n");
        if (!stopped) Console.WriteLine(GradientCheck.Report(net, test.First(4)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"test accuracy {100 * confusion.Value:0.00} %"));
        return 0;
    }

    static Optimizer Made(Options options, Module net) => options.Optimizer switch
    {
        "sgd" => new SGD(net.Parameters(), options.Lr, momentum: 0.9),
        "rmsprop" => new RMSprop(net.Parameters(), options.Lr),
        _ => new Adam(net.Parameters(), options.Lr),
    };

    /// <summary>All epochs, or until someone stops it with Ctrl-C, which is what it tells.</summary>
    static bool Learn(Module net, DataLoader loader, Options options, Pace pace, TrainingLog log)
    {
        var stop = new StopKey();
        using var progress = new TerminalProgress(pace);
        Console.CancelKeyPress += stop.Press;
        try
        {
            Fit(net, loader, options, pace, log, progress, stop);
        }
        finally
        {
            Console.CancelKeyPress -= stop.Press;
            log.Finish();
        }
        return stop.Pressed;
    }

    /// <summary>Trains for all epochs, with a learning rate that falls to 0.</summary>
    public static void Fit(Module net, DataLoader loader, Options options, params Plugin[] plugins)
    {
        var optimizer = Made(options, net);
        var falling = new LambdaLR(optimizer, step => 1 - (double)step / (options.Epochs * loader.Count));
        new Trainer(net, new CrossEntropyLoss(), optimizer, loader,
            [new Schedule(falling, perBatch: true), .. plugins]).Run(options.Epochs);
    }

    /// <summary>Ends the training after the step that is under way.</summary>
    sealed class StopKey : Plugin
    {
        public bool Pressed { get; private set; }
        public void Press(object? sender, ConsoleCancelEventArgs key) => key.Cancel = Pressed = true;

        public override void BatchEnded(Trainer trainer)
        {
            if (Pressed) trainer.Stop();
        }
    }

    /// <summary>The page stays as long as someone looks at it.</summary>
    static void Linger()
    {
        if (Console.IsInputRedirected) Thread.Sleep(1000);          // it asks twice a second
        else
        {
            Console.WriteLine("press Enter to close the page and to go on");
            Console.ReadLine();
        }
    }

    /// <summary>The graph behind the loss of two digits, as SVG.</summary>
    static string Graph(Module net, DigitData digits, Device device)
    {
        var batch = digits.First(2).Dataset().Batch([0, 1]);
        var loss = F.CrossEntropy(net.Call(batch[0].To(device)), batch[1].To(device));
        return new GraphPicture(loss, net.NamedParameters()).ToSvg();
    }

    /// <summary>The learning-rate range test, with its picture.</summary>
    static int FindLr(Module net, DataLoader loader, Options options)
    {
        var range = new Trainer(net, new CrossEntropyLoss(), Made(options, net), loader).LrFind(1e-5, 10, steps: 200);
        Directory.CreateDirectory(options.Out);
        range.Save(Path.Combine(options.Out, "lr.svg"));
        Console.WriteLine($"{range.Rates.Count} steps with learning rates from 1e-5 to {range.Rates[^1]:G2}; the " +
            $"loss falls fastest at {range.Suggestion:G2}; picture in {Path.Combine(options.Out, "lr.svg")}");
        return 0;
    }

    static void Draw(Module net, DigitData train, DigitData test, TrainingLog log, long[] predicted,
        ConfusionMatrix confusion, string folder)
    {
        Plot.Folder = folder;
        if (log.Losses.Count > 0) Pictures.LossCurve(Path.Combine(folder, "loss.svg"), log.Losses, log.Tests);
        var shown = test.First(100);
        Pictures.DigitSheet(Path.Combine(folder, "predictions.png"), shown.Images,
            [.. predicted.Take(100).Select(digit => (int)digit)], [.. shown.Labels.Select(label => (int)label)], 10);
        Pictures.Batch(Path.Combine(folder, "batch.png"), train.First(64).Dataset().Tensors[0], columns: 16);
        Pictures.Filters("filters.svg", net.StateDict()["conv1.weight"].Cpu());
        Pictures.Confusion(Path.Combine(folder, "confusion.svg"), confusion,
            [.. Enumerable.Range(0, 10).Select(digit => $"{digit}")]);
        Console.WriteLine($"pictures in {folder}: loss.svg, predictions.png, batch.png, filters.svg, confusion.svg\n");
    }

    static long[] Predict(Module net, Dataset dataset, Device device)
    {
        using var _ = Autograd.NoGrad();
        return [.. new DataLoader(dataset, 250).SelectMany(batch =>
            net.Call(batch[0].To(device)).Data.ArgMax(1).ToArray<long>())];
    }
}
