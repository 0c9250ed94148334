using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

public class TrainerTests
{
    static readonly Tensor x = Tensor.Randn([20, 3], null, null, new Generator(1));
    static readonly Tensor y = Tensor.RandInt(0, 2, [20], generator: new Generator(2));

    static Tensor[][] Batches(int size = 4) =>
        [.. x.Split(size).Zip(y.Split(size), (input, target) => new[] { input, target })];

    static Module Net()
    {
        var net = new Sequential(new Nn.Linear(3, 8), new Nn.Tanh(), new Nn.Linear(8, 2));
        var generator = new Generator(3);
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.5, 0.5, generator);
        return net;
    }

    internal static float[] Weights(Module net) => [.. net.Parameters().SelectMany(p => p.Data.ToArray<float>())];

    static Trainer Training(Module net, params Plugin[] plugins) =>
        new(net, new CrossEntropyLoss(), new SGD(net.Parameters(), 0.1), Batches(), plugins);

    /// <summary>Writes down the calls that it gets, and runs an action at one of them.</summary>
    sealed class Diary(string at = "", Action<Trainer>? action = null) : Plugin
    {
        public List<string> Told { get; } = [];
        void Note(string what, Trainer trainer)
        {
            Told.Add($"{what} {trainer.Epoch}.{trainer.Batch}");
            if (what == at) action!(trainer);
        }
        public override void Started(Trainer trainer) => Note("started", trainer);
        public override void EpochStarted(Trainer trainer) => Note("epoch", trainer);
        public override void BatchStarted(Trainer trainer) => Note("batch", trainer);
        public override void BatchEnded(Trainer trainer) => Note("step", trainer);
        public override void EpochEnded(Trainer trainer) => Note("epoch ended", trainer);
        public override void Ended(Trainer trainer) => Note("ended", trainer);
    }

    [Fact]
    public void It_does_what_a_loop_written_out_does()
    {
        var (net, twin) = (Net(), Net());
        var trainer = Training(net);
        trainer.Run(3);
        var optimizer = new SGD(twin.Parameters(), 0.1);
        List<double> losses = [];
        for (var epoch = 0; epoch < 3; epoch++)
            foreach (var (input, target) in Batches())
            {
                optimizer.ZeroGrad();
                var loss = F.CrossEntropy(twin.Call(input), target);
                loss.Backward();
                optimizer.Step();
                losses.Add(loss.Item());
            }
        Assert.Equal(Weights(twin), Weights(net));
        Assert.Equal(losses[^1], trainer.Loss);
        Assert.Equal(losses[^5..].Average(), trainer.Stats["loss"], 12);
        Assert.Equal((3, 0), (trainer.Epoch, trainer.Batch));
        Assert.Equal(net.Call(Batches()[4][0]).Size(), trainer.Output.Size());
    }

    [Fact]
    public void Plugins_are_told_in_order()
    {
        var diary = new Diary();
        var net = Net();
        new Trainer(net, (output, target) => F.CrossEntropy(output, target.Data), new SGD(net.Parameters()),
            Batches(10), diary).Run(2);
        Assert.Equal(["started 0.0", "epoch 0.0", "batch 0.1", "step 0.1", "batch 0.2", "step 0.2", "epoch ended 1.0",
            "epoch 1.0", "batch 1.1", "step 1.1", "batch 1.2", "step 1.2", "epoch ended 2.0", "ended 2.0"], diary.Told);
    }

    /// <summary>Returns its input, and remembers the modes in which it was called.</summary>
    sealed class Spy : Module
    {
        public List<(bool Training, bool Recording)> Seen { get; } = [];
        public override Variable Forward(Variable x)
        {
            Seen.Add((Training, Autograd.Enabled));
            return x;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("started")]
    [InlineData("batch")]
    [InlineData("step")]
    [InlineData("epoch ended")]
    public void Every_module_is_put_back_into_its_mode(string thrownAt)
    {
        Spy spy = new(), frozen = new();
        var net = new Sequential(Net(), spy, new Sequential(frozen, new Nn.Dropout(0)));
        frozen.Eval();
        var diary = new Diary(thrownAt, _ => throw new InvalidOperationException("on purpose"));
        var trainer = Training(net, new Validation(Batches()), diary);
        var error = Record.Exception(() => trainer.Run(1));
        Assert.Equal(thrownAt != "", error is InvalidOperationException);
        Assert.False(frozen.Training);
        Assert.All(net.Modules().Where(m => m != frozen), m => Assert.True(m.Training));
        if (thrownAt == "")
            Assert.Equal([.. Enumerable.Repeat((true, true), 5), .. Enumerable.Repeat((false, false), 5)], spy.Seen);
        Assert.True(Autograd.Enabled);
    }

    [Fact]
    public void Evaluating_measures_and_changes_nothing()
    {
        var net = Net();
        var (trainer, accuracy, before) = (Training(net), new Accuracy(), Weights(net));
        accuracy.Add(Tensor.From([0L]), Tensor.From([1L]));
        Tensor[][] uneven = [[x.Narrow(0, 0, 15), y.Narrow(0, 0, 15)], [x.Narrow(0, 15, 5), y.Narrow(0, 15, 5)]];
        Assert.Equal(F.CrossEntropy(net.Call(x), y).Item(), trainer.Evaluate(uneven, accuracy), 6);
        Assert.Equal(net.Call(x).Data.ArgMax(1).Eq(y).Sum().Item() / 20, accuracy.Value);
        Assert.Equal(before, Weights(net));
        Assert.All(net.Parameters(), p => Assert.Null(p.Grad));
        Assert.Throws<ShapeException>(() => trainer.Evaluate([[x, y.Narrow(0, 0, 5)]]));
        Assert.Throws<ShapeException>(() => trainer.Evaluate([[x]]));
        Assert.All(net.Modules(), m => Assert.True(m.Training));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_loss_that_is_no_number_stops_the_training(double bad)
    {
        var net = Net();
        float[] before = [];
        var trainer = new Trainer(net, (o, t) => F.CrossEntropy(o, t.Data) * (before.Length > 0 ? bad : 1),
            new SGD(net.Parameters()), Batches(),
            new Diary("batch", t => { if ((t.Epoch, t.Batch) == (1, 3)) before = Weights(net); }));
        var error = Assert.Throws<DivergenceException>(() => trainer.Run(5));
        Assert.Contains("epoch 2, batch 3", error.Message);
        Assert.Equal(before, Weights(net));
    }

    [Fact]
    public void What_was_stopped_goes_on_at_the_next_batch()
    {
        var (net, twin) = (Net(), Net());
        Training(twin).Run(2);
        foreach (var loader in new IEnumerable<Tensor[]>[] { Batches(), new DataLoader(new TensorDataset(x, y), 4) })
        {
            net = Net();
            var diary = new Diary("step", t => { if ((t.Epoch, t.Batch) is (0, 2) or (1, 5)) t.Stop(); });
            var trainer = new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters(), 0.1), loader, diary);
            trainer.Run(2);
            Assert.Equal((0, 2), (trainer.Epoch, trainer.Batch));
            trainer.Run(2);
            Assert.Equal((1, 5), (trainer.Epoch, trainer.Batch));
            trainer.Run(2);
            Assert.Equal((2, 0), (trainer.Epoch, trainer.Batch));
            Assert.Equal(Weights(twin), Weights(net));
            Assert.Equal(2, diary.Told.Count(told => told.StartsWith("epoch ended")));
            Assert.Equal(2, diary.Told.Count(told => told is "epoch 0.0" or "epoch 1.0"));
            trainer.Run(2);
            Assert.Equal(Weights(twin), Weights(net));
        }
    }

    [Fact]
    public void Batches_are_brought_to_the_models_device()
    {
        var net = Net().To(device: Device.Reference);
        var trainer = Training(net, new Meter("accuracy", new Accuracy()));
        trainer.Run(1);
        Assert.Equal(Device.Reference, trainer.Input.Device);
        Assert.InRange(trainer.Stats["accuracy"], 0, 1);
        Assert.InRange(trainer.Evaluate(Batches()), 0, 10);
    }
}
