using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

/// <summary>A training that is resumed from a file continues with the same bits as one that never stopped.</summary>
[Collection("alone")]        // the default generator is shared by all
public class ResumeTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-resume-").FullName;
    public void Dispose() => Directory.Delete(folder, recursive: true);
    string In(string file) => Path.Combine(folder, file);

    static readonly Tensor x = Tensor.Randn([30, 3], null, null, new Generator(1));
    static readonly Tensor y = Tensor.RandInt(0, 2, [30], generator: new Generator(2));

    sealed class StopAt(int epoch, int batch) : Plugin
    {
        public override void BatchEnded(Trainer trainer)
        {
            if ((trainer.Epoch, trainer.Batch) == (epoch, batch)) trainer.Stop();
        }
        public override void EpochEnded(Trainer trainer) => BatchEnded(trainer);
    }

    (Trainer Trainer, Module Net) Training(string name, bool loader, params Plugin[] more)
    {
        var net = new Sequential(new Nn.Linear(3, 8), new Nn.Dropout(0.3), new Nn.Tanh(), new Nn.Linear(8, 2));
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.5, 0.5, new Generator(3));
        var optimizer = new SGD(net.Parameters(), 0.1, momentum: 0.9);
        var decay = new LambdaLR(optimizer, e => 1 / (1 + 0.01 * e * e));
        var data = new TensorDataset(x, y);
        IEnumerable<Tensor[]> batches = loader ? new DataLoader(data, 5, shuffle: true, seed: 4, numWorkers: 1)
            : [.. new DataLoader(data, 5)];
        return (new Trainer(net, new CrossEntropyLoss(), optimizer, batches, [new Checkpoints(In($"{name}.st"), 1),
            new Meter("accuracy", new Accuracy()), new Validation(new DataLoader(data, 10)),
            new ClipGradNorm(1), new Schedule(decay, perBatch: loader), new EarlyStopping(3),
            new CsvLog(In($"{name}.csv")),
            new LossPicture(In($"{name}.svg"), 2), .. more]), net);
    }

    [Theory]
    [InlineData(1, 0)]      // between two epochs
    [InlineData(1, 2)]      // in the middle of one
    [InlineData(0, 1)]
    [InlineData(2, 6)]      // after the last batch, before the epoch is counted
    public void It_gives_the_same_bits(int epoch, int batch)
    {
        foreach (var loader in new[] { true, false })
        {
            Generator.ManualSeed(5);
            var (whole, expected) = Training("whole", loader);
            whole.Run(4);

            Generator.ManualSeed(5);
            Training("parts", loader, new StopAt(epoch, batch)).Trainer.Run(4);
            Generator.ManualSeed(99);                                        // another process would start again
            var (resumed, net) = Training("parts", loader);
            resumed.Resume(In("parts.st"));
            Assert.Equal((epoch, batch), (resumed.Epoch, resumed.Batch));
            resumed.Run(4);

            Assert.Equal(TrainerTests.Weights(expected), TrainerTests.Weights(net));
            Assert.Equal(whole.Stats.OrderBy(s => s.Key), resumed.Stats.OrderBy(s => s.Key));
            Assert.Equal(File.ReadAllText(In("whole.csv")), File.ReadAllText(In("parts.csv")));
            Assert.Equal(File.ReadAllText(In("whole.svg")), File.ReadAllText(In("parts.svg")));
            Assert.Equal(File.ReadAllBytes(In("whole.st")), File.ReadAllBytes(In("parts.st")));
        }
    }

    [Fact]
    public void A_file_that_does_not_fit_changes_nothing()
    {
        var (trainer, net) = Training("whole", true);
        trainer.Run(1);
        var before = TrainerTests.Weights(net);
        var (other, _) = Training("parts", false, new Meter("more", new Mean()));
        other.Save(In("other.st"));
        Assert.Contains("loader", Assert.Throws<TensorletException>(() => trainer.Resume(In("other.st"))).Message);
        File.WriteAllText(In("damaged.st"), "no checkpoint");
        Assert.Throws<InvalidDataException>(() => trainer.Resume(In("damaged.st")));
        Assert.Equal(before, TrainerTests.Weights(net));
        Assert.Equal((1, 0), (trainer.Epoch, trainer.Batch));
    }
}
