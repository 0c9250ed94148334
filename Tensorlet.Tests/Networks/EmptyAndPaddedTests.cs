using Tensorlet.Nn;
using Tensorlet.Tests.Verification;

namespace Tensorlet.Tests.Networks;

/// <summary>Batches without samples, and padding that contains NaN, which no layer may read.</summary>
public class EmptyAndPaddedTests
{
    static Variable X(params int[] shape) => new(Tensor.Randn(shape, generator: new Generator(3)), requiresGrad: true);
    static readonly Tensor noClasses = Tensor.Zeros([0], DType.Int64);

    static readonly Dictionary<string, (int[] Input, Func<Variable, Reduction, Variable> Of)> losses = new()
    {
        ["MSELoss"] = ([0, 3], (x, r) => new MSELoss(r).Call(x, x)),
        ["L1Loss"] = ([0, 3], (x, r) => new L1Loss(r).Call(x, x)),
        ["SmoothL1Loss"] = ([0, 3], (x, r) => new SmoothL1Loss(r).Call(x, x)),
        ["HuberLoss"] = ([0, 3], (x, r) => new HuberLoss(r).Call(x, x)),
        ["BCELoss"] = ([0, 3], (x, r) => new BCELoss(Tensor.Ones(3), r).Call(x, x)),
        ["BCEWithLogitsLoss"] = ([0, 3], (x, r) => new BCEWithLogitsLoss(Tensor.Ones(3), r).Call(x, x)),
        ["KLDivLoss"] = ([0, 3], (x, r) => new KLDivLoss(r).Call(x, x)),
        ["KLDivLoss of logarithms"] = ([0, 3], (x, r) => new KLDivLoss(r, logTarget: true).Call(x, x)),
        ["HingeEmbeddingLoss"] = ([0, 3], (x, r) => new HingeEmbeddingLoss(1, r).Call(x, x)),
        ["MarginRankingLoss"] = ([0], (x, r) => new MarginRankingLoss(0, r).Call(x, x, x)),
        ["CosineEmbeddingLoss"] = ([0, 3], (x, r) => new CosineEmbeddingLoss(0, r).Call(x, x, Tensor.Zeros(0))),
        ["TripletMarginLoss"] = ([0, 3], (x, r) => new TripletMarginLoss(reduction: r).Call(x, x, x)),
        ["TripletMarginLoss, swapped"] = ([0, 3], (x, r) =>
            new TripletMarginLoss(swap: true, reduction: r).Call(x, x, x)),
        ["NLLLoss"] = ([0, 3], (x, r) => new NLLLoss(null, r).Call(x, noClasses)),
        ["NLLLoss, weighted"] = ([0, 3], (x, r) => new NLLLoss(Tensor.Ones(3), r).Call(x, noClasses)),
        ["CrossEntropyLoss"] = ([0, 3], (x, r) => new CrossEntropyLoss(null, r).Call(x, noClasses)),
        ["CrossEntropyLoss, smoothed"] = ([0, 3], (x, r) =>
            new CrossEntropyLoss(Tensor.Ones(3), r, labelSmoothing: 0.1).Call(x, noClasses)),
        ["CrossEntropyLoss of probabilities"] = ([0, 3], (x, r) => new CrossEntropyLoss(null, r).Call(x, x)),
    };

    public static TheoryData<string> Losses => [.. losses.Keys];

    [Theory, MemberData(nameof(Losses))]
    public void A_loss_of_no_samples_is_empty_0_or_NaN(string name)
    {
        var (shape, loss) = losses[name];
        foreach (var (reduction, expected) in ((Reduction, double[])[])[(Reduction.None, []), (Reduction.Sum, [0]),
            (Reduction.Mean, [double.NaN])])
        {
            var x = X(shape);
            var y = loss(x, reduction);
            Assert.Equal(expected, y.Data.ToArray<double>());
            y.Sum().Backward();
            Assert.Equal(shape, x.Grad!.Size());
        }
    }

    static readonly Dictionary<string, (int[] Input, int[] Output, Func<Module> Layer)> layers = new()
    {
        ["Linear"] = ([0, 3], [0, 2], () => new Nn.Linear(3, 2)),
        ["BatchNorm1d"] = ([0, 3], [0, 3], () => new BatchNorm1d(3)),
        ["BatchNorm1d of sequences"] = ([0, 3, 2], [0, 3, 2], () => new BatchNorm1d(3, momentum: null)),
        ["BatchNorm2d of no places"] = ([2, 3, 0, 4], [2, 3, 0, 4], () => new BatchNorm2d(3)),
        ["BatchNorm3d"] = ([0, 3, 2, 2, 2], [0, 3, 2, 2, 2], () => new BatchNorm3d(3)),
        ["InstanceNorm2d"] = ([0, 3, 2, 2], [0, 3, 2, 2], () => new InstanceNorm2d(3, affine: true,
            trackRunningStats: true)),
        ["LayerNorm"] = ([0, 3], [0, 3], () => new LayerNorm(3)),
        ["RMSNorm"] = ([0, 3], [0, 3], () => new RMSNorm(3)),
        ["GroupNorm"] = ([0, 4, 2], [0, 4, 2], () => new GroupNorm(2, 4)),
        ["Dropout"] = ([0, 3], [0, 3], () => new Dropout()),
        ["Dropout2d"] = ([0, 3, 2, 2], [0, 3, 2, 2], () => new Dropout2d()),
        ["GELU"] = ([0, 3], [0, 3], () => new GELU()),
        ["PReLU"] = ([0, 3], [0, 3], () => new PReLU(3)),
        ["GLU"] = ([0, 4], [0, 2], () => new GLU()),
        ["Softmax"] = ([0, 3], [0, 3], () => new Nn.Softmax(1)),
        ["LogSoftmax"] = ([0, 3], [0, 3], () => new Nn.LogSoftmax(1)),
        ["RNN"] = ([4, 0, 3], [4, 0, 4], () => new RNN(3, 2, 2, bidirectional: true)),
        ["LSTM"] = ([4, 0, 3], [4, 0, 2], () => new LSTM(3, 2)),
        ["GRU"] = ([0, 4, 3], [0, 4, 2], () => new GRU(3, 2, batchFirst: true)),
        ["RNNCell"] = ([0, 3], [0, 2], () => new RNNCell(3, 2)),
        ["LSTMCell"] = ([0, 3], [0, 2], () => new LSTMCell(3, 2)),
        ["GRUCell"] = ([0, 3], [0, 2], () => new GRUCell(3, 2)),
        ["MultiheadAttention"] = ([4, 0, 6], [4, 0, 6], () => new MultiheadAttention(6, 2)),
        ["MultiheadAttention of no steps"] = ([0, 2, 6], [0, 2, 6], () => new MultiheadAttention(6, 2)),
        ["TransformerEncoderLayer"] = ([4, 0, 6], [4, 0, 6], () => new TransformerEncoderLayer(6, 2, 8)),
        ["TransformerDecoderLayer"] = ([4, 0, 6], [4, 0, 6], () => new TransformerDecoderLayer(6, 2, 8)),
        ["Transformer"] = ([4, 0, 6], [4, 0, 6], () => new Transformer(6, 2, 1, 1, 8)),
        ["MaxPool3d"] = ([0, 1, 2, 2, 2], [0, 1, 1, 1, 1], () => new MaxPool3d(2)),
        ["PixelShuffle"] = ([0, 4, 2, 2], [0, 1, 4, 4], () => new PixelShuffle(2)),
        ["SinusoidalPositions"] = ([4, 0, 6], [4, 0, 6], () => new SinusoidalPositions(6)),
    };

    public static TheoryData<string> Layers => [.. layers.Keys];

    [Theory, MemberData(nameof(Layers))]
    public void A_layer_of_no_samples_gives_none_and_stays_as_it_was(string name)
    {
        var (input, output, make) = layers[name];
        var (layer, x) = (make(), X(input));
        var before = layer.StateDict().ToDictionary(p => p.Key, p => p.Value.ToArray<double>());
        var y = layer.Call(x);
        Assert.Equal(output, y.Size());
        y.Sum().Backward();
        Assert.Equal(input, x.Grad!.Size());
        foreach (var (key, p) in layer.NamedParameters())
            Assert.True(p.Grad!.Data.ToArray<double>().All(g => g == 0), $"the gradient of {key} is {p.Grad}");
        Assert.All(layer.StateDict(), p => Assert.Equal(before[p.Key], p.Value.ToArray<double>()));
        Assert.Equal(output, layer.Eval().Call(X(input)).Size());
    }

    [Fact]
    public void Neither_a_refused_nor_an_empty_batch_counts()
    {
        var norm = new BatchNorm1d(1, momentum: null);
        norm.Call(Tensor.From([1f, 3], [2, 1]));
        Assert.Throws<ShapeException>(() => norm.Call(Tensor.From([7f], [1, 1])));
        Assert.Throws<ShapeException>(() => norm.Call(Tensor.Ones(2, 2)));
        norm.Call(Tensor.Zeros(0, 1));
        Assert.Equal(1, norm.StateDict()["num_batches_tracked"].Item());
        norm.Call(Tensor.From([5f, 7], [2, 1]));
        Assert.Equal((2, 4), (norm.StateDict()["num_batches_tracked"].Item(), norm.RunningMean!.Item()));
    }

    static readonly Dictionary<string, Func<bool, Recurrent>> networks = new()
    {
        ["RNN"] = first => new RNN(3, 4, 2, batchFirst: first, bidirectional: true),
        ["RNN, relu"] = first => new RNN(3, 4, 2, relu: true, batchFirst: first),
        ["LSTM"] = first => new LSTM(3, 4, 2, batchFirst: first, bidirectional: true),
        ["GRU"] = first => new GRU(3, 4, 2, batchFirst: first, bidirectional: true),
    };

    public static TheoryData<string> Networks => [.. networks.Keys];

    [Theory, MemberData(nameof(Networks))]
    public void What_comes_after_the_end_of_a_sequence_is_not_read(string name)
    {
        foreach (var batchFirst in (bool[])[false, true])
        {
            var net = networks[name](batchFirst);
            var clean = Padded(net, batchFirst, 0);
            Assert.All(clean, v => Assert.True(double.IsFinite(v)));
            Assert.Equal(clean, Padded(net, batchFirst, double.NaN));
            Assert.Equal(clean, Padded(net, batchFirst, double.PositiveInfinity));
        }
    }

    /// <summary>Outputs, and gradients of both orders, where a sequence is followed by such padding.</summary>
    static double[] Padded(Recurrent net, bool batchFirst, double padding)
    {
        var values = Tensor.Randn([5, 2, 3], generator: new Generator(1));
        values.Narrow(0, 3, 2).Select(1, 0).Fill_(padding);
        var x = new Variable(batchFirst ? values.Transpose(0, 1) : values, requiresGrad: true);
        var lengths = Tensor.From([3L, 5]);
        var (y, states) = net switch
        {
            RNN rnn => rnn.Call(x, null, lengths) is var (output, h) ? (output, (Variable[])[h]) : default,
            GRU gru => gru.Call(x, null, lengths) is var (output, h) ? (output, (Variable[])[h]) : default,
            var lstm => ((LSTM)lstm).Call(x, null, lengths) is var (output, (h, c))
                ? (output, (Variable[])[h, c]) : default,
        };
        net.ZeroGrad();
        var loss = (y * y).Sum() + states.Aggregate(y.Sum(), (sum, s) => sum + s.Sum());
        Variable[] by = [x, .. net.Parameters()];
        var first = Autograd.Grad([loss], by, createGraph: true);
        var second = Autograd.Grad([first.Aggregate(y.Sum(), (sum, g) => sum + g!.Square().Sum())], by);
        return [.. y.Data.ToArray<double>(), .. first.Concat(second).SelectMany(g => g!.Data.ToArray<double>())];
    }

    [Theory, InlineData(true, true), InlineData(true, false), InlineData(false, true), InlineData(false, false)]
    public void Attention_does_not_read_its_padding(bool batchFirst, bool numbers)
    {
        var attention = new MultiheadAttention(4, 2, batchFirst: batchFirst);
        double[] Run(double padding)
        {
            Tensor memory = Tensor.Randn([2, 3, 4], generator: new Generator(1)), query = Tensor.Randn([2, 5, 4],
                generator: new Generator(2));
            memory.Select(0, 1).Narrow(0, 1, 2).Fill_(padding);
            var mask = Tensor.From(new[,] { { false, false, false }, { false, true, true } });
            if (numbers) mask = Tensor.Where(mask, Tensor.Full([], double.NegativeInfinity), Tensor.Zeros());
            Variable[] by = [new(batchFirst ? query : query.Transpose(0, 1), true),
                new(batchFirst ? memory : memory.Transpose(0, 1), true), .. attention.Parameters()];
            var (y, weights) = attention.Call(by[0], by[1], by[1], mask);
            var first = Autograd.Grad([(y * y).Sum() + weights!.Square().Sum()], by, createGraph: true);
            var second = Autograd.Grad([first.Aggregate(y.Sum(), (sum, g) => sum + g!.Square().Sum())], by);
            return [.. y.Data.ToArray<double>(), .. weights!.Data.ToArray<double>(),
                .. first.Concat(second).SelectMany(g => g!.Data.ToArray<double>())];
        }

        var clean = Run(0);
        Assert.All(clean, v => Assert.True(double.IsFinite(v)));
        Assert.Equal(clean, Run(double.NaN));
    }
}
