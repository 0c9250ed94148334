using Tensorlet.Legacy;

namespace Tensorlet.Tests.Legacy;

/// <summary>A whole network by hand compared with the same one on the tape, and its optimizers.</summary>
public class NetworkTests
{
    static Sequential LeNet() => LayerTests.Double(new Sequential()
        .Add(new SpatialConvolution(1, 4, 5, 5, padW: 2)).Add(new ReLU()).Add(new SpatialMaxPooling(2, 2))
        .Add(new SpatialConvolution(4, 6, 3, 3)).Add(new Tensorlet.Legacy.Tanh()).Add(new SpatialMaxPooling(2, 2))
        .Add(new View(-1, 24))
        .Add(new Sequential().Add(new Tensorlet.Legacy.Linear(24, 12)).Add(new Tensorlet.Legacy.Sigmoid()))
        .Add(new Tensorlet.Legacy.Linear(12, 10)).Add(new LogSoftMax()));

    static Nn.Sequential Twin(Sequential lenet)
    {
        var twin = new Nn.Sequential(
            new Nn.Conv2d(1, 4, 5, padding: 2), new Nn.ReLU(), new Nn.MaxPool2d(2),
            new Nn.Conv2d(4, 6, 3), new Nn.Tanh(), new Nn.MaxPool2d(2), new Nn.Flatten(),
            new Nn.Linear(24, 12), new Nn.Sigmoid(), new Nn.Linear(12, 10));
        twin.To(DType.Float64);
        foreach (var (p, w) in twin.Parameters().Zip(lenet.Parameters())) p.Data.Copy_(w.Weight);
        return twin;
    }

    static readonly Tensor images = Tensor.Rand([5, 1, 12, 12], DType.Float64, null, new Generator(5));
    static readonly Tensor digits = Tensor.From([3L, 0, 9, 3, 5]);

    [Fact]
    public void LeNet_agrees_with_the_tape()
    {
        var net = LeNet();
        var (twin, criterion) = (Twin(net), new ClassNLLCriterion());
        var x = new Variable(images, requiresGrad: true);
        var loss = F.CrossEntropy(twin.Call(x), digits);
        loss.Backward();
        Assert.Equal(loss.Item(), criterion.Forward(net.Forward(images), digits), 12);
        LayerTests.Same("dx", x.Grad!.Data, net.Backward(images, criterion.Backward(net.Output, digits)), 1e-12);
        foreach (var (p, w) in twin.Parameters().Zip(net.Parameters()))
            LayerTests.Same("dw", p.Grad!.Data, w.Gradient, 1e-12);
    }

    [Fact]
    public void Weights_start_in_the_bounds_of_the_layers_of_today()
    {
        var legacy = new Tensorlet.Legacy.Linear(30, 2000);
        Assert.InRange(legacy.Weight.AMax().Item(), 0.17, 1 / Math.Sqrt(30));
        Assert.InRange(legacy.Bias.AMin().Item(), -1 / Math.Sqrt(30), -0.1);
    }

    [Fact]
    public void The_layers_weights_are_views_of_the_flat_ones()
    {
        var net = LeNet();
        var (shapes, values) = (net.Parameters().Select(p => p.Weight.Size()).ToArray(),
            net.Parameters().SelectMany(p => p.Weight.ToArray<double>()).ToArray());
        var (weights, gradients) = net.GetParameters();
        Assert.Equal(values, weights.ToArray<double>());
        Assert.Equal(shapes, net.Parameters().Select(p => p.Weight.Size()));
        weights.Fill_(2);
        Assert.All(net.Parameters(), p => Assert.All(p.Weight.ToArray<double>(), v => Assert.Equal(2, v)));
        net.Parameters()[3].Gradient.Fill_(7);
        Assert.Equal(7 * net.Parameters()[3].Gradient.Numel, gradients.Sum().Item());
        net.UpdateParameters(0.5);
        Assert.Equal(2 * weights.Numel - 3.5 * net.Parameters()[3].Weight.Numel, weights.Sum().Item(), 9);
        net.ZeroGradParameters();
        Assert.Equal(0, gradients.CountNonzero().Item());
    }

    delegate (Tensor, double) Step(Func<Tensor, (double, Tensor)> feval, Tensor x, Dictionary<string, Tensor> state);

    static void Agrees(Step step, Func<IEnumerable<Variable>, Tensorlet.Optim.Optimizer> make)
    {
        var net = LeNet();
        var (twin, criterion) = (Twin(net), new ClassNLLCriterion());
        var (optimizer, state) = (make(twin.Parameters()), new Dictionary<string, Tensor>());
        var (weights, gradients) = net.GetParameters();
        for (var i = 0; i < 5; i++)
        {
            optimizer.ZeroGrad();
            var expected = F.CrossEntropy(twin.Call(images), digits);
            expected.Backward();
            optimizer.Step();
            var (x, loss) = step(_ =>
            {
                gradients.Zero_();
                var loss = criterion.Forward(net.Forward(images), digits);
                net.Backward(images, criterion.Backward(net.Output, digits));
                return (loss, gradients);
            }, weights, state);
            Assert.Same(weights, x);
            Assert.Equal(expected.Item(), loss, 10);
        }
        LayerTests.Same("w", Tensor.Cat([.. twin.Parameters().Select(p => p.Data.Reshape(-1))]), weights, 1e-10);
    }

    [Theory]
    [InlineData(0, 0, 0, false)]
    [InlineData(0.9, 0.3, 0.01, false)]
    [InlineData(0.9, 0, 0.01, true)]
    public void Sgd_agrees_with_the_tapes(double momentum, double dampening, double decay, bool nesterov) => Agrees(
        (feval, x, state) => Tensorlet.Legacy.Optim.Sgd(feval, x, new(0.1, 0, decay, momentum, dampening, nesterov),
            state), p => new Tensorlet.Optim.SGD(p, 0.1, momentum, dampening, decay, nesterov));

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    public void Adam_agrees_with_the_tapes(double decay) => Agrees(
        (feval, x, state) => Tensorlet.Legacy.Optim.Adam(feval, x, new(0.01, WeightDecay: decay), state),
        p => new Tensorlet.Optim.Adam(p, 0.01, weightDecay: decay));

    [Fact]
    public void The_rate_decays_with_the_steps_and_a_state_goes_on()
    {
        var (x, state) = (Tensor.From([1.0]), new Dictionary<string, Tensor>());
        for (var i = 0; i < 3; i++)
            Tensorlet.Legacy.Optim.Sgd(_ => (0, Tensor.From([1.0])), x, new(0.1, LearningRateDecay: 0.5), state);
        Assert.Equal(1 - 0.1 - 0.1 / 1.5 - 0.1 / 2, x.Item(), 12);
        Assert.Equal(3, state["t"].Item());
        Assert.Throws<ArgumentException>(() =>
            Tensorlet.Legacy.Optim.Sgd(_ => (0, x), x, new(0.1, Nesterov: true), state));
    }

    [Fact]
    public void A_network_prints_its_layers() => Assert.Equal("""
        Sequential {
          (0): Linear (3, 2) (3)
          (1): Tanh
        }
        """.ReplaceLineEndings("\n"),
        new Sequential().Add(new Tensorlet.Legacy.Linear(2, 3)).Add(new Tensorlet.Legacy.Tanh()).ToString());
}
