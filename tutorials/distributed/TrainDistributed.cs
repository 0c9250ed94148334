using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Tensorlet;
using Tensorlet.Cluster;
using Tensorlet.Data;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>LeNet learns digits on all ranks of a job: chapter 20.</summary>
static class TrainDistributed
{
    public static int Run(Options options)
    {
        Distributed.Run(group => Run(options, group));
        return 0;
    }

    static void Run(Options options, ProcessGroup group)
    {
        if (options.BatchSize < group.WorldSize) throw new UsageException(
            $"--batch-size {options.BatchSize}: {group.WorldSize} ranks share a batch; give each a digit at least.");
        var first = group.Rank == 0;
        var (train, test) = DigitData.Load(options);
        Generator.ManualSeed(options.Seed);
        var net = new LeNet();
        net.To(device: options.Device);
        var wrapped = new DistributedDataParallel(net, group);
        if (first) Console.WriteLine($"{group.WorldSize} ranks on {group.Backend}: " +
            $"{net.Parameters().Sum(p => p.Numel):#,0} parameters, {train.Labels.Length:#,0} {train.Source}, batches " +
            $"of {options.BatchSize}");

        var dataset = options.Augment ? DistributedSampler.Apart(train.Augmented(), group) : train.Dataset();
        var batches = new BatchSampler(new RandomSampler(dataset), options.BatchSize);
        var loader = new DataLoader(dataset, batchSampler: new DistributedSampler(batches, group), seed: options.Seed,
            numWorkers: options.Augment ? Device.Cpu.Threads : 0);
        var watch = Stopwatch.StartNew();
        var pace = new Pace(options.Epochs, loader.Count);
        // a launcher of several processes joins their lines, and would cut a bar into pieces
        using var progress = new TerminalProgress(pace,
            AnsiConsole.Create(new() { Interactive = InteractionSupport.No }));
        Train.Fit(wrapped, loader, options, first ? [pace, progress] : []);
        var checkpoint = Path.Combine(options.Out, "lenet-distributed.safetensors");
        if (first) Directory.CreateDirectory(options.Out);
        DistributedState.Save(group, checkpoint, ("model", net));
        if (first) Console.WriteLine($"trained after {options.Epochs * loader.Count:#,0} steps and " +
            $"{watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s; checkpoint in " +
            $"{checkpoint}");

        net.Eval();
        using var _ = Autograd.NoGrad();
        var accuracy = new Accuracy();
        foreach (var (images, labels) in new DataLoader(DistributedSampler.Share(test.Dataset(), group), 250))
            accuracy.Add(net.Call(images.To(options.Device)).Data, labels.To(options.Device));
        accuracy.AllReduce(group);
        if (first) Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"test accuracy {100 * accuracy.Value:0.00} %"));
    }
}
