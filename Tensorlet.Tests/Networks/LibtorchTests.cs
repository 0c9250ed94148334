using System.Runtime.CompilerServices;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Networks;

/// <summary>
/// Layers and losses compared with libtorch 2.10: the same inputs and parameters give the same results, gradients and
/// buffers, in float64. The numbers were written by <c>dotnet run --project tutorials/benchmarks -- witness FILE</c>.
/// </summary>
public class LibtorchTests
{
    static string Here([CallerFilePath] string path = "") => path;

    static readonly Lazy<Dictionary<string, Tensor>> stored = new(() =>
        SafeTensors.Load(Path.Combine(Path.GetDirectoryName(Here())!, "libtorch.safetensors")));

    /// <summary>What is stored under a name.</summary>
    internal static Dictionary<string, Tensor> Under(string prefix) => stored.Value
        .Where(p => p.Key.StartsWith(prefix)).ToDictionary(p => p.Key[prefix.Length..], p => p.Value);

    static IEnumerable<string> Stored =>
        stored.Value.Keys.Where(key => key.EndsWith("/output")).Select(key => key[..^"/output".Length]);

    public static TheoryData<string> Names => [.. Stored];

    [Theory, MemberData(nameof(Names))]
    public void Agrees(string name)
    {
        var parts = Under(name + "/");
        var (module, f) = Ours(name);
        module?.To(DType.Float64);
        module?.LoadStateDict(Parts("parameter/").Concat(Parts("before/")).ToDictionary());
        // libtorch has a sixth, and a slope, in float there, though the numbers are double
        var tolerance = name is "Hardsigmoid" or "CELU" ? 1e-7 : 1e-12;
        Variable[] inputs = [.. Parts("input/").OrderBy(p => p.Key).Select(p => new Variable(p.Value, true))];
        var y = f(inputs);
        Same("the result", parts["output"], y.Data, tolerance);
        y.Backward(parts["incoming"]);
        foreach (var (key, gradient) in Parts("input gradient/"))
            Same($"the gradient with respect to input {key}", gradient, inputs[int.Parse(key)].Grad!.Data, tolerance);
        foreach (var (key, p) in module?.NamedParameters() ?? [])
            Same($"the gradient with respect to {key}", parts[$"gradient/{key}"], p.Grad!.Data, tolerance);
        foreach (var (key, b) in module?.NamedBuffers() ?? []) Same(key, parts[$"after/{key}"], b, tolerance);

        IEnumerable<KeyValuePair<string, Tensor>> Parts(string prefix) => parts.Where(p => p.Key.StartsWith(prefix))
            .Select(p => KeyValuePair.Create(p.Key[prefix.Length..], p.Value));
    }

    [Fact]
    public void Every_case_of_ours_has_its_numbers() =>
        Assert.Equal(layers.Keys.Concat(losses.Keys.SelectMany(l => reductions.Keys.Select(r => $"{l}, {r}"))).Order(),
            Stored.Order());

    static void Same(string what, Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Size(), actual.Size());
        foreach (var (e, a) in expected.ToArray<double>().Zip(actual.ToArray<double>()))
            Assert.True(Math.Abs(e - a) <= tolerance * Math.Max(1, Math.Abs(e)), $"{what}: {a} in place of {e}");
    }

    static (Module?, Func<Variable[], Variable>) Ours(string name)
    {
        if (layers.TryGetValue(name, out var layer)) return layer();
        var (loss, reduction) = (name[..name.LastIndexOf(',')], name[(name.LastIndexOf(' ') + 1)..]);
        return (null, v => losses[loss](v, reductions[reduction]));
    }

    static (Module, Func<Variable[], Variable>) One(Module module) => (module, v => module.Call(v[0]));

    static (Module, Func<Variable[], Variable>) Case<M>(M module, Func<M, Variable[], Variable[]> f) where M : Module =>
        (module, v => f(module, v) is [var one] ? one
            : Variable.Cat([.. f(module, v).Select(part => part.Reshape(-1))]));

    static (Module, Func<Variable[], Variable>) Bag(BagMode mode) => Case(new EmbeddingBag(6, 3, mode), (m, _) =>
        [m.Call(Tensor.From([1L, 5, 1, 0, 4]), Tensor.From([0L, 2, 2]))]);

    static readonly Dictionary<string, Func<(Module?, Func<Variable[], Variable>)>> layers = new()
    {
        ["Linear"] = () => One(new Nn.Linear(5, 3)),
        ["Conv1d"] = () => One(new Conv1d(4, 6, 3, stride: 2, padding: 1, groups: 2)),
        ["Conv2d"] = () => One(new Conv2d(4, 3, (3, 2), stride: (2, 1), padding: (1, 1), dilation: (1, 2))),
        ["Conv2d, reflected"] = () => One(new Conv2d(4, 3, 3, padding: 1, paddingMode: PadMode.Reflect)),
        ["Conv3d"] = () => One(new Conv3d(4, 2, 2, padding: 1)),
        ["ConvTranspose1d"] = () =>
            One(new ConvTranspose1d(4, 6, 3, stride: 2, padding: 1, outputPadding: 1, groups: 2)),
        ["ConvTranspose2d"] = () => One(new ConvTranspose2d(4, 3, (3, 2), stride: 2, outputPadding: 1)),
        ["MaxPool1d"] = () => One(new MaxPool1d(3, 2, 1)),
        ["MaxPool2d"] = () => One(new MaxPool2d(3, 2, 1, ceilMode: true)),
        ["AvgPool1d"] = () => One(new AvgPool1d(3, 2, 1)),
        ["AvgPool2d"] = () => One(new AvgPool2d(3, 2, 1, ceilMode: true)),
        ["AdaptiveAvgPool2d"] = () => One(new AdaptiveAvgPool2d((3, 4))),
        ["AdaptiveMaxPool2d"] = () => One(new AdaptiveMaxPool2d((3, 4))),
        ["Upsample"] = () => One(new Upsample((10, 18))),
        ["Upsample, bilinear"] = () => One(new Upsample((7, 4), mode: InterpolateMode.Bilinear)),
        ["Upsample, aligned"] = () => One(new Upsample((7, 4), mode: InterpolateMode.Bilinear, alignCorners: true)),
        ["ConstantPad1d"] = () => One(new ConstantPad1d([1, 2], 7)),
        ["ConstantPad2d"] = () => One(new ConstantPad2d([1, 2, 0, 3], 7)),
        ["ReflectionPad1d"] = () => One(new ReflectionPad1d(1, 2)),
        ["ReflectionPad2d"] = () => One(new ReflectionPad2d(1, 2, 0, 3)),
        ["ReplicationPad1d"] = () => One(new ReplicationPad1d(1, 2)),
        ["ReplicationPad2d"] = () => One(new ReplicationPad2d(1, 2, 0, 3)),
        ["BatchNorm1d"] = () => One(new BatchNorm1d(4)),
        ["BatchNorm2d"] = () => One(new BatchNorm2d(4)),
        ["BatchNorm3d"] = () => One(new BatchNorm3d(4)),
        ["InstanceNorm1d"] = () => One(new InstanceNorm1d(4, affine: true, trackRunningStats: true)),
        ["InstanceNorm2d"] = () => One(new InstanceNorm2d(4, affine: true, trackRunningStats: true)),
        ["InstanceNorm3d"] = () => One(new InstanceNorm3d(4, affine: true, trackRunningStats: true)),
        ["LayerNorm"] = () => One(new LayerNorm([5, 6])),
        ["GroupNorm"] = () => One(new GroupNorm(2, 4)),
        ["ReLU"] = () => One(new ReLU()),
        ["ReLU6"] = () => One(new ReLU6()),
        ["Tanh"] = () => One(new Nn.Tanh()),
        ["Sigmoid"] = () => One(new Nn.Sigmoid()),
        ["LogSigmoid"] = () => One(new LogSigmoid()),
        ["SiLU"] = () => One(new SiLU()),
        ["Mish"] = () => One(new Mish()),
        ["Softsign"] = () => One(new Softsign()),
        ["Tanhshrink"] = () => One(new Tanhshrink()),
        ["Hardsigmoid"] = () => One(new Hardsigmoid()),
        ["Hardswish"] = () => One(new Hardswish()),
        ["SELU"] = () => One(new SELU()),
        ["ELU"] = () => One(new ELU(0.7)),
        ["CELU"] = () => One(new CELU(0.7)),
        ["GELU"] = () => One(new GELU()),
        ["LeakyReLU"] = () => One(new LeakyReLU(0.2)),
        ["Softplus"] = () => One(new Nn.Softplus(2, 3)),
        ["Softshrink"] = () => One(new Softshrink(0.3)),
        ["Hardshrink"] = () => One(new Hardshrink(0.3)),
        ["Threshold"] = () => One(new Threshold(0.1, -2)),
        ["GLU"] = () => One(new GLU(1)),
        ["Softmax"] = () => One(new Nn.Softmax(1)),
        ["LogSoftmax"] = () => One(new Nn.LogSoftmax(1)),
        ["Softmin"] = () => One(new Softmin(1)),
        ["PReLU"] = () => One(new PReLU(4)),
        ["RNN"] = () => Case(new RNN(4, 2, 2, bidirectional: true), (m, v) => m.Call(v[0], v[1]) is var (y, h)
            ? [y, h] : []),
        ["LSTM"] = () => Case(new LSTM(4, 2, 2, batchFirst: true, bidirectional: true), (m, v) =>
            m.Call(v[0], (v[1], v[2])) is var (y, (h, c)) ? [y, h, c] : []),
        ["GRU"] = () => Case(new GRU(4, 2, 2, bidirectional: true), (m, v) => m.Call(v[0], v[1]) is var (y, h)
            ? [y, h] : []),
        ["RNNCell"] = () => Case(new RNNCell(4, 2), (m, v) => [m.Call(v[0], v[1])]),
        ["LSTMCell"] = () => Case(new LSTMCell(4, 2), (m, v) => m.Call(v[0], (v[1], v[2])) is var (h, c) ? [h, c] : []),
        ["GRUCell"] = () => Case(new GRUCell(4, 2), (m, v) => [m.Call(v[0], v[1])]),
        ["scaled dot-product attention"] = () => (null, v => F.ScaledDotProductAttention(v[0], v[1], v[2])),
        ["scaled dot-product attention, causal"] = () =>
            (null, v => F.ScaledDotProductAttention(v[0], v[1], v[2], isCausal: true)),
        ["scaled dot-product attention, blind"] = () => (null, v => F.ScaledDotProductAttention(v[0], v[1], v[2],
            Tensor.From(new[,] { { true, true, false }, { false, false, false } }))),
        ["MultiheadAttention"] = () => Case(new MultiheadAttention(4, 2), (m, v) => m.Call(v[0], v[1], v[1])
            is var (y, w) ? [y, w!] : []),
        ["TransformerEncoderLayer"] = () => One(new TransformerEncoderLayer(4, 2, 6, 0)),
        ["TransformerEncoderLayer, gelu"] = () => One(new TransformerEncoderLayer(4, 2, 6, 0, gelu: true)),
        ["ConvTranspose3d"] = () => One(new ConvTranspose3d(4, 2, 2, stride: 2, outputPadding: 1)),
        ["MaxPool3d"] = () => One(new MaxPool3d(3, 2, 1)),
        ["AvgPool3d"] = () => One(new AvgPool3d(2, 1)),
        ["PixelShuffle"] = () => One(new PixelShuffle(2)),
        ["PixelUnshuffle"] = () => One(new PixelUnshuffle(2)),
        ["Bilinear"] = () => Case(new Bilinear(3, 4, 2), (m, v) => [m.Call(v[0], v[1])]),
        ["EmbeddingBag, sum"] = () => Bag(BagMode.Sum),
        ["EmbeddingBag, mean"] = () => Bag(BagMode.Mean),
        ["EmbeddingBag, max"] = () => Bag(BagMode.Max),
        ["TransformerDecoderLayer"] = () => Case(new TransformerDecoderLayer(4, 2, 6, 0), (m, v) =>
            [m.Call(v[0], v[1])]),
    };

    static readonly Dictionary<string, Reduction> reductions = new()
    {
        ["none"] = Reduction.None,
        ["mean"] = Reduction.Mean,
        ["sum"] = Reduction.Sum,
    };

    static readonly Tensor weight = Tensor.From([0.5, 1, 1.5, 2]), classes = Tensor.From([1L, -100, 3]),
        signs = Tensor.From([1.0, -1, 1]);

    static readonly Dictionary<string, Func<Variable[], Reduction, Variable>> losses = new()
    {
        ["MSELoss"] = (v, r) => new MSELoss(r).Call(v[0], v[1]),
        ["L1Loss"] = (v, r) => new L1Loss(r).Call(v[0], v[1]),
        ["SmoothL1Loss"] = (v, r) => new SmoothL1Loss(r, 0.5).Call(v[0], v[1]),
        ["HuberLoss"] = (v, r) => new HuberLoss(r, 0.5).Call(v[0], v[1]),
        ["BCELoss"] = (v, r) => new BCELoss(weight, r).Call(v[0].Sigmoid(), v[1].Sigmoid()),
        ["BCEWithLogitsLoss"] = (v, r) => new BCEWithLogitsLoss(weight, r, weight).Call(v[0], v[1]),
        ["KLDivLoss"] = (v, r) => new KLDivLoss(r).Call(v[0], v[1].Exp()),
        ["KLDivLoss, logarithms"] = (v, r) => new KLDivLoss(r, logTarget: true).Call(v[0], v[1]),
        ["HingeEmbeddingLoss"] = (v, r) => new HingeEmbeddingLoss(0.7, r).Call(v[0].Select(1, 0), signs),
        ["MarginRankingLoss"] = (v, r) =>
            new MarginRankingLoss(0.3, r).Call(v[0].Select(1, 0), v[0].Select(1, 1), signs),
        ["CosineEmbeddingLoss"] = (v, r) => new CosineEmbeddingLoss(0.1, r).Call(v[0], v[1], signs),
        ["TripletMarginLoss"] = (v, r) => new TripletMarginLoss(1.5, swap: true, reduction: r).Call(v[0], v[1], v[2]),
        ["CrossEntropyLoss"] = (v, r) => new CrossEntropyLoss(reduction: r).Call(v[0], classes),
        ["CrossEntropyLoss, weighted"] = (v, r) => new CrossEntropyLoss(weight, r).Call(v[0], classes),
        ["CrossEntropyLoss, smoothed"] = (v, r) =>
            new CrossEntropyLoss(weight, r, labelSmoothing: 0.2).Call(v[0], classes),
        ["CrossEntropyLoss, images"] = (v, r) =>
            new CrossEntropyLoss(weight, r).Call(v[0].Reshape(1, 4, 3), classes.Reshape(1, 3)),
        ["CrossEntropyLoss, probabilities"] = (v, r) =>
            new CrossEntropyLoss(weight, r, labelSmoothing: 0.1).Call(v[0], v[1].Softmax(1)),
        ["NLLLoss"] = (v, r) => new NLLLoss(weight, r).Call(v[0], classes),
        ["CTCLoss"] = (v, r) => new CTCLoss(reduction: r).Call(v[0].LogSoftmax(2), Tensor.From([1L, 1, 2, 3, 9, 9],
            [2, 3]), Tensor.From([5L, 4]), Tensor.From([3L, 1])),
        ["PoissonNLLLoss"] = (v, r) => new PoissonNLLLoss(full: true, reduction: r).Call(v[0], v[1].Exp()),
        ["PoissonNLLLoss, means"] = (v, r) =>
            new PoissonNLLLoss(logInput: false, eps: 0, reduction: r).Call(v[0].Exp(), v[1].Exp()),
    };
}
