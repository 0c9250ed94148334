using System.Xml.Linq;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

/// <summary>What practice asks of a trainer, against loops written out.</summary>
[Collection("alone")]        // the default generator is one for all
public class PracticeTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-practice-").FullName;
    public void Dispose() => Directory.Delete(folder, recursive: true);

    static readonly Tensor x = Tensor.Randn([20, 3], DType.Float64, null, new Generator(1));
    static readonly Tensor y = Tensor.RandInt(0, 2, [20], generator: new Generator(2));

    static Tensor[][] Batches(int size = 5) =>
        [.. x.Split(size).Zip(y.Split(size), (input, target) => new[] { input, target })];

    static Sequential Net()
    {
        var net = new Sequential(new Nn.Linear(3, 8), new ReLU(), new Nn.Linear(8, 2));
        net.To(DType.Float64);
        var generator = new Generator(3);
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.5, 0.5, generator);
        return net;
    }

    static double[] Numbers(IEnumerable<Tensor> tensors) => [.. tensors.SelectMany(t => t.ToArray<double>())];
    static double[] Weights(Module net) => Numbers(net.Parameters().Select(p => p.Data));
    static double[] Gradients(Module net) => Numbers(net.Parameters().Select(p => p.Grad!.Data));

    static void Close(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Count(), actual.Count());
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -tolerance, tolerance));
    }

    static Trainer Training(Module net, IEnumerable<Tensor[]> batches, double lr, params Plugin[] plugins) =>
        new(net, new CrossEntropyLoss(), new SGD(net.Parameters(), lr, momentum: 0.9), batches, plugins);

    /// <summary>Does something at one of the moments.</summary>
    sealed class At(Action<Trainer>? stepping = null, Action<Trainer>? step = null, Action<Trainer>? epoch = null)
        : Plugin
    {
        public override void Stepping(Trainer trainer) => stepping?.Invoke(trainer);
        public override void BatchEnded(Trainer trainer) => step?.Invoke(trainer);
        public override void EpochEnded(Trainer trainer) => epoch?.Invoke(trainer);
    }

    /// <summary>20 samples in parts of 5, of 7, 7 and 6, and one by one give the steps of the whole batch.</summary>
    [Theory]
    [InlineData(1), InlineData(4), InlineData(3), InlineData(20), InlineData(50)]
    public void Accumulated_parts_are_the_whole_batch(int steps)
    {
        var (net, twin) = (Net(), Net());
        var calls = 0;
        net.RegisterForwardHook((_, _, _) => { calls++; return null; });
        List<double> losses = [], gradients = [];
        var trainer = new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters(), 0.3), Batches(20),
            new At(t => gradients = [.. Gradients(net)], t => losses.Add(t.Loss)))
        { AccumulationSteps = steps };
        trainer.Run(3);
        Assert.Equal(3 * Math.Min(20, steps), calls);
        var optimizer = new SGD(twin.Parameters(), 0.3);
        List<double> expected = [];
        for (var step = 0; step < 3; step++)
        {
            optimizer.ZeroGrad();
            var loss = F.CrossEntropy(twin.Call(x), y);
            loss.Backward();
            optimizer.Step();
            expected.Add(loss.Item());
        }
        Close(Weights(twin), Weights(net));
        Close(Gradients(twin), gradients);
        Close(expected, losses);
        Assert.Equal([20, 2], trainer.Output.Size());
        Assert.Equal(losses[^1], trainer.Stats["loss"]);
    }

    [Fact]
    public void What_cannot_be_cut_into_parts_is_refused()
    {
        var net = Net();
        var before = Weights(net);
        Trainer Cut(Tensor target) => new(net, (output, _) => output.Mean(), new SGD(net.Parameters(), 0.3),
            [[x, target]])
        { AccumulationSteps = 2 };
        Assert.Contains("(20, 3)", Assert.Throws<ShapeException>(() => Cut(y.Narrow(0, 0, 10)).Run(1)).Message);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() =>
            new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters()), Batches()) { AccumulationSteps = 0 });
        Assert.Contains("AccumulationSteps", error.Message);
        Assert.Equal(before, Weights(net));
    }

    [Fact]
    public void Gradients_are_clipped_before_the_step()
    {
        var (net, twin) = (Net(), Net());
        List<double> norms = [], seen = [], expected = [], means = [];
        Training(net, Batches(), 0.5, new ClipGradNorm(0.1), new At(
            _ => norms.Add(Math.Sqrt(Gradients(net).Sum(g => g * g))), t => seen.Add(t.Stats["grad_norm"]))).Run(2);
        var optimizer = new SGD(twin.Parameters(), 0.5, momentum: 0.9);
        foreach (var (input, target) in Batches().Concat(Batches()))
        {
            optimizer.ZeroGrad();
            F.CrossEntropy(twin.Call(input), target).Backward();
            if (expected.Count == 4) expected.Clear();
            expected.Add(Utils.ClipGradNorm_(twin.Parameters(), 0.1));
            means.Add(expected.Average());
            optimizer.Step();
        }
        Assert.Equal(Weights(twin), Weights(net));
        Assert.Equal(means, seen);
        Assert.All(norms, norm => Assert.InRange(norm, 0.0999, 0.1));
        Assert.All(seen, norm => Assert.True(norm > 0.1));

        Training(net, Batches(), 0.5, new ClipGradValue(0.01), new At(_ => Assert.Equal(0.01,
            Gradients(net).Max(Math.Abs)))).Run(1);
    }

    /// <summary>a₁ = w₁, aₜ = d·aₜ₋₁ + (1 − d)·wₜ; and learning goes on from the weights that are trained.</summary>
    [Fact]
    public void The_average_of_weights_follows_its_law()
    {
        const double d = 0.8;
        var (net, twin) = (Net(), Net());
        List<double[]> weights = [], between = [];
        Training(twin, Batches(), 0.3, new At(step: _ => weights.Add(Weights(twin)))).Run(3);
        List<double[]> averages = [weights[0]];
        foreach (var w in weights[1..]) averages.Add([.. averages[^1].Zip(w, (a, b) => d * a + (1 - d) * b)]);

        List<double[]> learned = [];
        var trainer = Training(net, Batches(), 0.3, new At(epoch: _ => learned.Add(Weights(net))),
            new WeightAverage(d), new At(step: _ => learned.Add(Weights(net)), epoch: _ => between.Add(Weights(net))));
        trainer.Run(2);
        Close(averages[7], Weights(net));
        trainer.Run(3);                                                     // goes on where it was
        Close(averages[11], Weights(net));
        Close(averages[3], between[0]);                                     // for what comes after it, at the end of
        Close(averages[7], between[1]);                                     // an epoch
        Close(weights[3], learned[4]);
        learned.RemoveAll(w => learned.IndexOf(w) % 5 == 4);                // those at the ends of epochs, before it
        Assert.Equal(weights, learned);
    }

    [Fact]
    public void The_average_is_one_of_running_statistics_too()
    {
        var net = new Sequential(new Nn.Linear(3, 4), new BatchNorm1d(4), new Nn.Linear(4, 2));
        net.To(DType.Float64);
        List<double[]> means = [];
        Training(net, Batches(), 0.1, new WeightAverage(0.5),
            new At(step: _ => means.Add(net.StateDict()["1.running_mean"].ToArray<double>()))).Run(1);
        var expected = means.Aggregate((a, w) => [.. a.Zip(w, (p, q) => (p + q) / 2)]);
        Close(expected, net.StateDict()["1.running_mean"].ToArray<double>());
        Assert.Equal(4, net.StateDict()["1.num_batches_tracked"].Item());
    }

    /// <summary>With early stopping after it, the best epoch of averages comes back; resumed too.</summary>
    [Theory]
    [InlineData(0, 3), InlineData(1, 0), InlineData(1, 2)]
    public void An_average_goes_through_a_checkpoint(int epoch, int batch)
    {
        Trainer Training(Module net, params Plugin[] more) => PracticeTests.Training(net, Batches(), 0.3,
            [new WeightAverage(0.9), new Validation(Batches(20)), new EarlyStopping(9), .. more]);
        var (whole, first, second) = (Net(), Net(), Net());
        Training(whole).Run(3);
        var path = Path.Combine(folder, "half.st");
        void Stop(Trainer t)
        {
            if ((t.Epoch, t.Batch) != (epoch, batch)) return;
            t.Save(path);
            t.Stop();
        }
        Training(first, new At(step: Stop, epoch: Stop)).Run(3);
        var resumed = Training(second);
        resumed.Resume(path);
        resumed.Run(3);
        Assert.Equal(Weights(whole), Weights(second));
    }

    /// <summary>Rates grow by equal factors; losses are those of a loop; all is afterwards as it was.</summary>
    [Fact]
    public void The_range_test_sweeps_and_changes_nothing()
    {
        Generator.ManualSeed(5);
        var (net, twin) = (Net(), Net());
        var loader = new DataLoader(new TensorDataset(x, y), 5, shuffle: true, seed: 4);
        var trainer = Training(net, loader, 0.1, new At(step: _ => Assert.Fail("a plugin is told")));
        var (before, random) = (Weights(net), Generator.Default.Position);
        var range = trainer.LrFind(1e-3, 10, steps: 9);
        Assert.Equal(before, Weights(net));
        Assert.Equal((0.1, 0, 0, random),
            (trainer.Optimizer.Lr, trainer.Epoch, trainer.Batch, Generator.Default.Position));

        var optimizer = new SGD(twin.Parameters(), 0.1, momentum: 0.9);
        var (mean, i) = (0.0, 0);
        List<double> losses = [];
        foreach (var (input, target) in Enumerable.Repeat(new DataLoader(new TensorDataset(x, y), 5, shuffle: true,
            seed: 4), 3).SelectMany(epoch => epoch).Take(range.Rates.Count))
        {
            optimizer.Lr = Math.Pow(10, -3 + 0.5 * i++);
            optimizer.ZeroGrad();
            var loss = F.CrossEntropy(twin.Call(input), target);
            loss.Backward();
            optimizer.Step();
            mean = 0.98 * mean + 0.02 * loss.Item();
            losses.Add(mean / (1 - Math.Pow(0.98, i)));
        }
        Close(Enumerable.Range(0, range.Rates.Count).Select(i => Math.Pow(10, -3 + 0.5 * i)), range.Rates);
        Assert.InRange(range.Rates.Count, 4, 9);
        Close(losses, range.Losses);

        range.Save(Path.Combine(folder, "range.svg"));
        var texts = XDocument.Load(Path.Combine(folder, "range.svg")).Descendants()
            .Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToList();
        Assert.Contains("learning rate", texts);
        Assert.Contains("1e-3", texts);
        Assert.Contains("1e-2", texts);

        // the loader and the optimizer's memory are as they were: training gives what it would have given
        var (tested, untested) = (Net(), Net());
        var loaders = Enumerable.Range(0, 2).Select(_ =>
            new DataLoader(new TensorDataset(x, y), 5, shuffle: true, seed: 4)).ToList();
        trainer = Training(tested, loaders[0], 0.1);
        trainer.LrFind(steps: 6);
        trainer.Run(2);
        Training(untested, loaders[1], 0.1).Run(2);
        Assert.Equal(Weights(untested), Weights(tested));
    }

    /// <summary>y = w·x, of which the loss w² explodes where the rate is above 1.</summary>
    sealed class Bowl : Module
    {
        readonly Variable weight = new(Tensor.From([1.0]), requiresGrad: true);
        public override Variable Forward(Variable x) => weight * x;
    }

    [Fact]
    public void The_range_test_ends_where_the_loss_explodes()
    {
        var net = new Bowl();
        Tensor[][] one = [[Tensor.From([1.0]), Tensor.From([0.0])]];
        var trainer = new Trainer(net, (o, _) => o.Square().Sum(), new SGD(net.Parameters()), one);
        var range = trainer.LrFind(1e-4, 1e8, steps: 61);
        Assert.InRange(range.Rates[^1], 1, 100);
        Assert.InRange(range.Suggestion, 0.1, 1);
        Assert.Equal(1, net.Parameters()[0].Item());
        var leap = new Trainer(net, (o, _) => o.Square().Sum(), new SGD(net.Parameters()), one)
            .LrFind(1e160, 1e170, steps: 3);                                // infinite after the first step
        Assert.Equal((1, 1), (leap.Rates.Count, net.Parameters()[0].Item()));
        Assert.Equal(double.NaN, new LrRange([1, 2], [3, 4]).Suggestion);
        Assert.Equal(double.NaN, new LrRange([], []).Suggestion);
        Assert.Equal(2, new LrRange([1, 2, 3, 4], [9, 8, 2, 1]).Suggestion);
    }

    [Fact]
    public void Layers_tell_what_goes_through_them()
    {
        var (net, twin) = (Net(), Net());
        var statistics = new LayerStatistics();
        Training(net, [[x, y]], 0.5, statistics, new ClipGradNorm(1e-3)).Run(1);
        Variable Result(Variable v, int layer) => twin[layer].Call(v);
        var first = Result(x, 0);
        var second = first.Relu();
        var third = Result(second, 2);
        var loss = F.CrossEntropy(third, y);
        Variable[] results = [first, second, third];
        var gradients = Autograd.Grad([loss], results, retainGraph: true);
        loss.Backward();
        Assert.Equal(["0", "1", "2"], statistics.Layers.Select(l => l.Name));
        foreach (var (i, layer) in statistics.Layers.Index())
        {
            var values = results[i].Data.ToArray<double>();
            var mean = values.Average();
            Close([mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))),
                values.Count(v => v == 0) / (double)values.Length, Norm([gradients[i]!.Data]),
                Norm(twin[i].Parameters().Select(p => p.Grad!.Data))],
                [layer.Mean, layer.Std, layer.Zeros, layer.Gradient, layer.ParameterGradient]);
        }
        Assert.InRange(statistics.Layers[1].Zeros, 0.1, 0.9);
        Assert.Contains("zeros", statistics.ToString());
        Assert.Equal(5, statistics.ToString().Split('\n').Length);

        static double Norm(IEnumerable<Tensor> all) => Math.Sqrt(Numbers(all).Sum(g => g * g));
    }

    /// <summary>One batch of three is measured, and nothing is left that would measure on.</summary>
    [Fact]
    public void Layers_are_measured_now_and_then()
    {
        var net = Net();
        var statistics = new LayerStatistics(every: 3);
        List<double> means = [];
        Training(net, Batches(), 0.5, statistics, new At(step: _ => means.Add(statistics.Layers[0].Mean))).Run(1);
        Assert.Equal(means[0], means[1]);
        Assert.Equal(means[0], means[2]);
        Assert.NotEqual(means[0], means[3]);
        net.Call(x * 9);
        Assert.Equal(means[3], statistics.Layers[0].Mean);
    }
}
