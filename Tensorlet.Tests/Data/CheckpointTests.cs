using Tensorlet.Nn;

namespace Tensorlet.Tests.Data;

public sealed class CheckpointTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-checkpoint-").FullName;
    readonly string path;
    public CheckpointTests() => path = Path.Combine(folder, "last.safetensors");
    public void Dispose() => Directory.Delete(folder, recursive: true);

    sealed class Net : Module
    {
        readonly Linear first = new(3, 4), second = new(4, 2);
        public override Variable Forward(Variable x) => second.Call(first.Call(x));
    }

    /// <summary>Loads half of its state, and then fails.</summary>
    sealed class Half : IStateful
    {
        public double A = 1, B = 2;
        public bool Fails;
        public Dictionary<string, Tensor> StateDict() => new() { ["a"] = Tensor.Scalar(A), ["b"] = Tensor.Scalar(B) };
        public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
        {
            A = state["a"].Item();
            if (Fails && state["b"].Item() == 4) throw new ShapeException("torn");
            B = state["b"].Item();
        }
    }

    static double[] Numbers(IStateful part) => [.. part.StateDict().SelectMany(t => t.Value.ToArray<double>())];

    [Fact]
    public void What_was_saved_comes_back()
    {
        var (net, epoch, random) = (new Net(), new Counter(7), new Generator(-1) { Position = 1L << 40 });
        Checkpoint.Save(path, ("model", net), ("epoch", epoch), ("random", random));
        Assert.Contains("model.first.weight", SafeTensors.Load(path).Keys);
        var (net2, epoch2, random2) = (new Net(), new Counter(), new Generator(1));
        Checkpoint.Load(path, ("random", random2), ("model", net2), ("epoch", epoch2));
        Assert.Equal(Numbers(net), Numbers(net2));
        Assert.Equal((7, random.Seed, random.Position), (epoch2.Value, random2.Seed, random2.Position));
        Assert.Equal(random.NextDouble(), random2.NextDouble());
        Checkpoint.Load(path, ("model", net2));         // the rest of the file is left alone
    }

    [Fact]
    public void A_part_that_fails_half_way_takes_the_others_back()
    {
        Checkpoint.Save(path, ("model", new Net()), ("half", new Half { A = 3, B = 4 }));
        var (net, half) = (new Net(), new Half { Fails = true });
        var before = Numbers(net);
        Assert.Throws<ShapeException>(() => Checkpoint.Load(path, ("model", net), ("half", half)));
        Assert.Equal(before, Numbers(net));
        Assert.Equal((1, 2), (half.A, half.B));
    }

    [Fact]
    public void A_part_that_is_not_there_changes_nothing()
    {
        Checkpoint.Save(path, ("epoch", new Counter(3)));
        var epoch = new Counter();
        var error = Assert.Throws<TensorletException>(() =>
            Checkpoint.Load(path, ("epoch", epoch), ("model", new Net())));
        Assert.Contains("nothing for 'model'; it has [epoch]", error.Message);
        Assert.Equal(0, epoch.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("epoch")]
    public void Names_are_unlike_and_have_no_dots(string name)
    {
        Assert.Throws<ArgumentException>(() => Checkpoint.Save(path, ("epoch", new Counter()), (name, new Counter())));
        Assert.Throws<ArgumentException>(() => Checkpoint.Load(path, ("epoch", new Counter()), (name, new Counter())));
        Assert.Empty(Directory.GetFiles(folder));
    }
}
