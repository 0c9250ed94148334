using System.IO.Compression;
using Tensorlet.Data;
using Tensorlet.Multiprocessing;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;
using Tutorials;
using ByHand = Tensorlet.Legacy;

namespace Tensorlet.Tests;

/// <summary>What an introduction to PyTorch showed when it still had Variable, line by line.</summary>
public class SeedWalkthrough
{
    sealed class Net : Module
    {
        readonly Conv2d conv1 = new(1, 6, 5), conv2 = new(6, 16, 5);
        readonly Nn.Linear fc1 = new(16 * 5 * 5, 120), fc2 = new(120, 84), fc3 = new(84, 10);

        public override Variable Forward(Variable x)
        {
            x = F.MaxPool2d(conv1.Call(x).Relu(), (2, 2));
            x = F.MaxPool2d(conv2.Call(x).Relu(), 2);
            x = x.View(-1, x.Numel / x.Size(0));
            return fc3.Call(fc2.Call(fc1.Call(x).Relu()).Relu());
        }

        public Variable FirstBias => conv1.Bias!;
    }

    [Fact]
    public void Line_01_uninitialised_and_random_tensors_print_their_values()
    {
        Assert.Equal([4, 3], Tensor.Empty(4, 3).Size());
        var text = Tensor.Rand(4, 3).ToString();
        Assert.EndsWith("of size 4x3]", text);
        Assert.Equal([2, 2], Tensor.Randn(2, 2).Size());
    }

    [Fact]
    public void Line_02_sizes()
    {
        var x = Tensor.Rand(5, 3, 2);
        Assert.Equal([5, 3, 2], x.Size());
        Assert.Equal(3, x.Size(1));
        Assert.Equal([3, 2], x.Size()[1..]);
    }

    [Fact]
    public void Line_03_four_ways_to_add()
    {
        var (x, y) = (Tensor.Rand(4, 3), Tensor.Rand(4, 3));
        var expected = x.ToArray<float>().Zip(y.ToArray<float>(), (a, b) => a + b).ToArray();
        var result = Tensor.Empty(5, 3);
        Tensor.Add(x, y, destination: result);
        Assert.Equal([4, 3], result.Size());
        Assert.Equal(expected, (x + y).ToArray<float>());
        Assert.Equal(expected, Tensor.Add(x, y).ToArray<float>());
        Assert.Equal(expected, result.ToArray<float>());
        Assert.Equal(expected, y.Add_(x).ToArray<float>());
    }

    [Fact]
    public void Line_04_a_column_shares_memory()
    {
        var x = Tensor.Zeros(4, 3);
        x[.., 1].Fill_(7);
        Assert.Equal(28, x.Sum().Item());
    }

    [Fact]
    public void Line_05_views()
    {
        var x = Tensor.Randn(4, 4);
        Assert.Equal([16], x.View(16).Size());
        Assert.Equal([2, 8], x.View(-1, 8).Size());
        x.View(16)[0].Fill_(9);
        Assert.Equal(9, x[0, 0].Item());
    }

    [Fact]
    public void Line_06_more_tensors_and_memory_shared_with_an_array()
    {
        Assert.Equal(12, Tensor.Zeros(4, 3).Numel);
        Assert.Equal(3, Tensor.Eye(3).Sum().Item());
        Assert.Equal([1.0, 5.5, 10.0], Tensor.Linspace(1, 10, 3).ToArray<double>());
        Assert.Equal([4, 2], Tensor.Cat([Tensor.Ones(2, 2), Tensor.Zeros(2, 2)]).Size());
        Assert.Equal(2, Tensor.Ones(4, 2).Chunk(2).Length);
        float[] array = [1, 2, 3];
        var x = Tensor.Over(array);
        x.Add_(1);
        Assert.Equal([2, 3, 4], array);
        array[0] = 100;
        Assert.Equal(100, x[0].Item());
    }

    [Fact]
    public void Line_07_devices_do_not_mix()
    {
        var x = Tensor.Ones(2, 3);
        if (!Cuda.IsAvailable) Assert.Throws<DeviceException>(() => x.Cuda());
        var error = Assert.Throws<DeviceException>(() => x + x.To(Device.Reference));
        Assert.Contains("cpu", error.Message);
        Assert.Contains("reference", error.Message);
    }

    [Fact]
    public void Line_08_the_graph_is_what_the_code_did()
    {
        var x = new Variable(Tensor.Ones(1), requiresGrad: true);
        for (var steps = 1; steps <= 3; steps++)
        {
            x.Grad = null;
            Variable y = x;
            for (var i = 0; i < steps; i++) y *= 2;
            y.Backward();
            Assert.Equal(Math.Pow(2, steps), x.Grad!.Item());
        }
    }

    [Fact]
    public void Line_09_variables()
    {
        var x = new Variable(Tensor.Ones(2, 2), requiresGrad: true);
        Assert.Null(x.GradFn);
        Assert.Null(x.Grad);
        var y = x + 2;
        Assert.Equal(3, y.Data[0, 0].Item());
        Assert.Equal("<Affine>", y.GradFn!.ToString());
        Assert.Contains("<Affine>", y.ToString());
    }

    [Fact]
    public void Line_10_a_first_gradient()
    {
        var x = new Variable(Tensor.Ones(2, 2), requiresGrad: true);
        var y = x + 2;
        var z = y * y * 3;
        var output = z.Mean();
        Assert.Equal(27, output.Item());
        output.Backward();
        Assert.Equal([4.5f, 4.5f, 4.5f, 4.5f], x.Grad!.Data.ToArray<float>());
    }

    [Fact]
    public void Line_11_backward_of_what_is_no_scalar()
    {
        var x = new Variable(Tensor.Ones(3), requiresGrad: true);
        var y = x * 2;
        Assert.Throws<AutogradException>(() => y.Backward());
        y.Backward(Tensor.From([0.1f, 1, 0.001f]));
        Assert.Equal([0.2f, 2, 0.002f], x.Grad!.Data.ToArray<float>());
    }

    [Fact]
    public void Line_12_functions_have_the_graph()
    {
        var x = new Variable(Tensor.Ones(2, 2), requiresGrad: true);
        var loss = (x + 2).Exp();
        Assert.Equal("Exp", loss.GradFn!.Name);
        Assert.Equal("Affine", loss.GradFn.NextFunctions[0]!.Name);
        Assert.Equal("AccumulateGrad", loss.GradFn.NextFunctions[0]!.NextFunctions[0]!.Name);
    }

    [Fact]
    public void Lines_13_to_15_a_network_finds_its_parameters_and_prints_itself()
    {
        var net = new Net();
        Assert.Equal([1, 10], net.Call(Tensor.Randn(1, 1, 32, 32)).Size());
        Assert.Equal(10, net.Parameters().Count);
        Assert.Equal([6, 1, 5, 5], net.Parameters()[0].Size());
        Assert.Equal("conv1.weight", net.NamedParameters().First().Name);
        var text = net.ToString();
        Assert.Contains("(conv1): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))", text);
        Assert.Contains("(fc1): Linear(in_features=400, out_features=120, bias=True)", text);
    }

    [Fact]
    public void Lines_16_17_and_19_gradients_of_a_network()
    {
        var net = new Net();
        var image = Tensor.Randn(1, 32, 32).Unsqueeze(0);           // a batch of one
        net.ZeroGrad();
        Assert.Null(net.FirstBias.Grad);
        net.Call(image).Backward(Tensor.Randn(1, 10));
        var once = net.FirstBias.Grad!.Data.Clone();
        Assert.Contains(once.ToArray<double>(), g => g != 0);
        net.ZeroGrad(setToNull: false);
        Assert.Equal(0, net.FirstBias.Grad!.Data.Sum().Item());
        Assert.Throws<ShapeException>(() => net.Call(Tensor.Randn(1, 32, 32)));
    }

    [Fact]
    public void Line_18_losses_refuse_shapes_that_spread()
    {
        var output = new Net().Call(Tensor.Randn(1, 1, 32, 32));
        Assert.Equal([], new MSELoss().Call(output, Tensor.Arange(1, 11)).Size());
        Assert.Throws<ShapeException>(() => new MSELoss().Call(Tensor.Ones(4, 1), Tensor.Ones(4)));
    }

    [Fact]
    public void Line_20_updating_by_hand()
    {
        var net = new Net();
        new MSELoss().Call(net.Call(Tensor.Randn(1, 1, 32, 32)), Tensor.Arange(1, 11)).Backward();
        var before = net.Parameters()[0].Data.Clone();
        foreach (var p in net.Parameters()) p.Data.Sub_(p.Grad!.Data * 0.01);
        Assert.NotEqual(before.ToArray<float>(), net.Parameters()[0].Data.ToArray<float>());
    }

    [Fact]
    public void Line_21_optimizers()
    {
        var (net, generator) = (new Net(), new Generator(1));
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.1, 0.1, generator);
        var input = Tensor.Randn([1, 1, 32, 32], generator: generator);
        foreach (var optimizer in (Optimizer[])[new SGD(net.Parameters(), lr: 0.001),
            new RMSprop(net.Parameters(), lr: 0.001)])
        {
            var losses = new List<double>();
            for (var step = 0; step < 5; step++)
            {
                optimizer.ZeroGrad();
                var loss = new MSELoss().Call(net.Call(input), Tensor.Arange(1, 11));
                loss.Backward();
                optimizer.Step();
                losses.Add(loss.Item());
            }
            Assert.True(losses[^1] < losses[0]);
        }
    }

    [Fact]
    public void Line_21_optimizers_with_a_closure()
    {
        var (net, input) = (new Net(), Tensor.Randn(1, 1, 32, 32));
        foreach (var optimizer in (Optimizer[])[new RMSprop(net.Parameters(), lr: 0.001),
            new LBFGS(net.Parameters(), strongWolfe: true)])
        {
            var losses = new List<double>();
            Variable Closure()
            {
                optimizer.ZeroGrad();
                var loss = new MSELoss().Call(net.Call(input), Tensor.Arange(1, 11));
                loss.Backward();
                losses.Add(loss.Item());
                return loss;
            }
            Assert.Equal(optimizer.Step(Closure), losses[0]);       // the loss before the step
            if (optimizer is not LBFGS) continue;
            Assert.InRange(losses.Count, 2, 100);                   // it evaluates several points
            Assert.InRange(Closure().Item(), 0, losses[0] / 100);
            Assert.Throws<AutogradException>(optimizer.Step);
        }
    }

    [Fact]
    public void Line_22_samples_become_tensors()
    {
        var folder = Directory.CreateTempSubdirectory("samples").FullName;
        string At(string name) => Path.Combine(folder, name);

        ImageFile.Write(At("0.png"), Drawn.Ball(0.5));
        ImageFile.Write(At("1.jpg"), Drawn.Ball(0.5));
        var image = ImageFile.Read(At("0.png"));
        Assert.Equal([3, 64, 64], image.Size());
        Assert.Equal([242, 128, 26], (image[.., 13, 32] * 255).ToArray<float>());      // the ball is orange

        BytePairs.Learn(At("vocabulary"), Drawn.Text, size: 300);
        var tokenizer = BytePairs.Load(At("vocabulary"));
        var numbers = tokenizer.Numbers("a tensor of tensors");
        Assert.Equal(DType.Int64, numbers.DType);
        Assert.InRange(numbers.Numel, 4, 12);
        Assert.Equal("a tensor of tensors", tokenizer.Text(numbers));

        Wav.Write(At("tone.wav"), Drawn.Chirp(1000, 1000, seconds: 0.5, rate: 8000), rate: 8000);
        var (sound, rate) = Wav.Read(At("tone.wav"));
        Assert.Equal([1, 4000], sound.Size());
        Assert.All(Spectrogram.Of(sound[0]).ArgMax(0).ToArray<long>(), f => Assert.Equal(1000, f * rate / 512.0));

        File.Delete(At("vocabulary"));
        File.Delete(At("tone.wav"));
        var video = new FrameFolder(folder, length: 2, ImageFile.Read);
        Assert.Equal([2, 3, 64, 64], video[0][0].Size());
        Assert.Equal(image.ToArray<float>(), video[0][0][0].ToArray<float>());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Line_23_data_are_loaded_in_batches()
    {
        var (images, labels) = Digits.Generate(20, seed: 1);
        var dataset = new TensorDataset(Tensor.From(Array.ConvertAll(images, b => (float)b), [20, 1, 28, 28]),
            Tensor.From(Array.ConvertAll(labels, b => (long)b)));
        foreach (var (x, y) in new DataLoader(dataset, batchSize: 5, shuffle: true))
        {
            Assert.Equal([5, 1, 28, 28], x.Size());
            Assert.Equal([5], y.Size());
        }
    }

    [Fact]
    public void Line_23_more_datasets_and_transforms()
    {
        var folder = Directory.CreateTempSubdirectory("sets").FullName;
        // 10,000 records of a label and 32 × 32 red, green and blue values
        var path = Path.Combine(folder, "test_batch.bin.gz");
        using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            for (var i = 0; i < 10_000; i++) file.Write([(byte)(i % 10), .. Enumerable.Repeat((byte)(i % 256), 3072)]);
        var cifar = new CIFAR10(folder, train: false, new Compose(new RandomCrop(32, padding: 4),
            new RandomHorizontalFlip(), new Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])));
        Assert.Equal((10_000, "ship"), (cifar.Count, CIFAR10.Classes[8]));
        var (images, labels) = new DataLoader(cifar, batchSize: 16, shuffle: true).First();
        Assert.Equal([16, 3, 32, 32], images.Size());
        var sample = cifar[255][0];                 // white, and where the crop is outside of the image, black
        Assert.Equal(2, sample[0, 16, 16].Item());
        Assert.All(sample.ToArray<float>(), x => Assert.Contains(x, new[] { 2f, -2f }));
        Assert.InRange(labels.AMax().Item(), 0, 9);

        foreach (var name in new[] { "cat", "dog" })
        {
            Directory.CreateDirectory(Path.Combine(folder, "pets", name));
            ImageFile.Write(Path.Combine(folder, "pets", name, "1.png"), Tensor.Ones(3, 20, 30));
        }
        var pets = new ImageFolder(Path.Combine(folder, "pets"), ImageFile.Read, new Compose(new Resize(10),
            new CenterCrop(8)));
        Assert.Equal(["cat", "dog"], pets.Classes);
        var (pet, label) = pets[1];
        Assert.Equal([3, 8, 8], pet.Size());
        Assert.Equal((1, 192), (label.Item(), pet.Sum().Item()));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>
    /// Fits 3x + 1 in a network that another process trains at the same time, and returns the loss when both are done.
    /// Before, the other process may still apply a gradient of its first steps, if the system had suspended it.
    /// </summary>
    static double FitLine(int rank, string network, Tensor seen)
    {
        var net = new Nn.Linear(1, 1).OpenShared(network);
        var optimizer = new SGD(net.Parameters(), lr: 0.1);
        var x = Tensor.Linspace(-1, 1, 20).Unsqueeze(1);
        Variable Loss() => new MSELoss().Call(net.Call(x), x * 3 + 1);
        for (var step = 0; step < 300; step++)
        {
            optimizer.ZeroGrad();
            Loss().Backward();
            optimizer.Step();
        }
        seen[rank].Fill_(rank + 1);
        while (!seen.All()) Thread.Sleep(1);
        return Loss().Item();
    }

    [Fact]
    public void Component_multiprocessing()
    {
        Spawn.Command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "tutorials.dll")];
        var net = new Nn.Linear(1, 1).ShareMemory();
        var seen = Tensor.Zeros(2).ShareMemory();
        var losses = Spawn.Run(FitLine, [net.SharedName(), seen], nprocs: 2, TimeSpan.FromSeconds(60));
        Assert.Equal([1, 2], seen.ToArray<float>());
        Assert.All(losses, loss => Assert.InRange((double)loss!, 0, 1e-4));
        Assert.Equal(3, net.Parameters()[0].Item(), 1e-3);
        Assert.Equal(1, net.Parameters()[1].Item(), 1e-3);
    }

    [Fact]
    public void Component_trainer()
    {
        var folder = Directory.CreateTempSubdirectory("trainer").FullName;
        string csv = Path.Combine(folder, "log.csv"), picture = Path.Combine(folder, "loss.svg");
        var told = new StringWriter();
        var train = new DataLoader(Toys.Moons(200, generator: new(1)), batchSize: 20, shuffle: true);
        var test = new DataLoader(Toys.Moons(100, generator: new(2)), batchSize: 100);
        var net = new Sequential(new Nn.Linear(2, 32), new Nn.Tanh(), new Nn.Linear(32, 2));
        var trainer = new Trainer(net, new CrossEntropyLoss(), new Adam(net.Parameters(), lr: 0.05), train,
            new Meter("accuracy", new Accuracy()), new Validation(test, ("accuracy", new Accuracy())),
            new Tensorlet.Training.Progress(told), new CsvLog(csv), new LossPicture(picture));
        trainer.Run(epochs: 30);
        Assert.InRange(trainer.Stats["validation_accuracy"], 0.97, 1);
        Assert.StartsWith("epoch 1: loss ", told.ToString());
        Assert.Contains("\nepoch 30: loss ", told.ToString());
        var rows = File.ReadAllLines(csv);
        Assert.Equal("epoch,loss,accuracy,validation_loss,validation_accuracy", rows[0]);
        Assert.Equal((31, "30"), (rows.Length, rows[30].Split(',')[0]));
        Assert.Contains(">batch<", File.ReadAllText(picture));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Component_legacy()
    {
        var net = new ByHand.Sequential().Add(new ByHand.Linear(2, 16)).Add(new ByHand.Tanh())
            .Add(new ByHand.Linear(16, 1));
        var criterion = new ByHand.MSECriterion();
        var x = Tensor.From(new[,] { { 0f, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } });
        var y = Tensor.From(new[,] { { 0f }, { 1 }, { 1 }, { 0 } });
        var losses = new List<double>();
        for (var step = 0; step < 1000; step++)
        {
            losses.Add(criterion.Forward(net.UpdateOutput(x), y));
            var gradient = criterion.Backward(net.Output, y);
            net.ZeroGradParameters();
            Assert.Equal([4, 2], net.UpdateGradInput(x, gradient).Size());
            net.AccGradParameters(x, gradient);
            net.UpdateParameters(0.2);
        }
        Assert.InRange(losses[^1], 0, 0.02);

        // and the gradients are those of the tape
        var (layer, twin) = (new ByHand.Linear(2, 1), new Nn.Linear(2, 1));
        foreach (var (p, w) in twin.Parameters().Zip(layer.Parameters())) p.Data.Copy_(w.Weight);
        var input = new Variable(x, requiresGrad: true);
        new MSELoss().Call(twin.Call(input), y).Backward();
        layer.Backward(x, criterion.Backward(layer.Forward(x), y));
        Assert.Equal(input.Grad!.Data.ToArray<float>(), layer.GradInput.ToArray<float>(), Near);
        Assert.Equal(twin.Weight.Grad!.Data.ToArray<float>(), layer.GradWeight.ToArray<float>(), Near);

        static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6;
    }
}
