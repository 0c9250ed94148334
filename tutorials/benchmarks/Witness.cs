using Tensorlet;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Functional = TorchSharp.torch.nn.functional;
using Reduction = TorchSharp.torch.nn.Reduction;
using Torch = TorchSharp.torch.Tensor;

namespace Benchmarks;

/// <summary>
/// Writes what libtorch computes for every layer and loss: inputs, parameters, results and gradients, in float64, for
/// the tests to compare with. A case is a name, a function, the shapes of its inputs, and a module whose parameters are
/// included.
/// </summary>
static class Witness
{
    static readonly Dictionary<string, Tensorlet.Tensor> written = [];

    public static void Write(string path)
    {
        random.manual_seed(1);
        Modules();
        Recurrent();
        Losses();
        Slopes();
        // what came later comes last, so that the numbers of the others stay
        Later();
        SafeTensors.Save(path, written, new Dictionary<string, string> { ["libtorch"] = torch.__version__ });
        Console.WriteLine($"{written.Count} tensors in {path}");
    }

    static void Modules()
    {
        long[] image = [2, 4, 5, 6], sequence = [2, 4, 7], volume = [2, 4, 3, 4, 3], rows = [3, 5];
        One("Linear", Linear(5, 3), rows);
        One("Conv1d", Conv1d(4, 6, 3, stride: 2, padding: 1, groups: 2), sequence);
        One("Conv2d", Conv2d(4, 3, (3, 2), stride: (2, 1), padding: (1, 1), dilation: (1, 2)), image);
        One("Conv2d, reflected", Conv2d(4, 3, 3, padding: 1, padding_mode: PaddingModes.Reflect), image);
        One("Conv3d", Conv3d(4, 2, 2, padding: 1), volume);
        One("ConvTranspose1d", ConvTranspose1d(4, 6, 3, stride: 2, padding: 1, output_padding: 1, groups: 2), sequence);
        One("ConvTranspose2d", ConvTranspose2d(4, 3, (3, 2), stride: (2, 2), output_padding: (1, 1)), image);
        One("MaxPool1d", MaxPool1d(3, 2, 1), sequence);
        One("MaxPool2d", MaxPool2d(3, 2, 1, ceil_mode: true), image);
        One("AvgPool1d", AvgPool1d(3, 2, 1), sequence);
        One("AvgPool2d", AvgPool2d(3, 2, 1, ceil_mode: true), image);
        One("AdaptiveAvgPool2d", AdaptiveAvgPool2d((3, 4)), image);
        One("AdaptiveMaxPool2d", AdaptiveMaxPool2d([3, 4]), image);
        One("Upsample", Upsample(scale_factor: [2, 3]), image);
        One("Upsample, bilinear", Upsample([7, 4], mode: UpsampleMode.Bilinear, align_corners: false), image);
        One("Upsample, aligned", Upsample([7, 4], mode: UpsampleMode.Bilinear, align_corners: true), image);
        One("ConstantPad1d", ConstantPad1d((1, 2), 7), sequence);
        One("ConstantPad2d", ConstantPad2d((1, 2, 0, 3), 7), image);
        One("ReflectionPad1d", ReflectionPad1d((1, 2)), sequence);
        One("ReflectionPad2d", ReflectionPad2d((1, 2, 0, 3)), image);
        One("ReplicationPad1d", ReplicationPad1d((1, 2)), sequence);
        One("ReplicationPad2d", ReplicationPad2d((1, 2, 0, 3)), image);
        One("BatchNorm1d", BatchNorm1d(4), sequence);
        One("BatchNorm2d", BatchNorm2d(4), image);
        One("BatchNorm3d", BatchNorm3d(4), volume);
        One("InstanceNorm1d", InstanceNorm1d(4, affine: true, track_running_stats: true), sequence);
        One("InstanceNorm2d", InstanceNorm2d(4, affine: true, track_running_stats: true), image);
        One("InstanceNorm3d", InstanceNorm3d(4, affine: true, track_running_stats: true), volume);
        One("LayerNorm", LayerNorm([5, 6]), image);
        One("GroupNorm", GroupNorm(2, 4), image);
        One("ReLU", ReLU(), rows);
        One("ReLU6", ReLU6(), rows);
        One("Tanh", Tanh(), rows);
        One("Sigmoid", Sigmoid(), rows);
        One("LogSigmoid", LogSigmoid(), rows);
        One("SiLU", SiLU(), rows);
        One("Mish", Mish(), rows);
        One("Softsign", Softsign(), rows);
        One("Tanhshrink", Tanhshrink(), rows);
        One("Hardsigmoid", Hardsigmoid(), rows);
        One("Hardswish", Hardswish(), rows);
        One("SELU", SELU(), rows);
        One("ELU", ELU(0.7), rows);
        One("CELU", CELU(0.7), rows);
        One("GELU", GELU(), rows);
        One("LeakyReLU", LeakyReLU(0.2), rows);
        One("Softplus", Softplus(2, 3), rows);
        One("Softshrink", Softshrink(0.3), rows);
        One("Hardshrink", Hardshrink(0.3), rows);
        One("Threshold", Threshold(0.1, -2), rows);
        One("GLU", GLU(1), image);
        One("Softmax", Softmax(1), image);
        One("LogSoftmax", LogSoftmax(1), image);
        One("Softmin", Softmin(1), image);
        One("PReLU", PReLU(4), image);
    }

    static void Recurrent()
    {
        long[] x = [5, 3, 4], state = [4, 3, 2];
        var rnn = RNN(4, 2, 2, bidirectional: true);
        Case("RNN", rnn, v => Joined(rnn.call(v[0], v[1])), x, state);
        var lstm = LSTM(4, 2, 2, bidirectional: true, batchFirst: true);
        Case("LSTM", lstm, v => lstm.call(v[0], (v[1], v[2])) is var (y, h, c) ? cat([y.flatten(), h.flatten(),
            c.flatten()]) : null!, [3, 5, 4], state, state);
        var gru = GRU(4, 2, 2, bidirectional: true);
        Case("GRU", gru, v => Joined(gru.call(v[0], v[1])), x, state);
        var rnnCell = RNNCell(4, 2);
        Case("RNNCell", rnnCell, v => rnnCell.call(v[0], v[1]), [3, 4], [3, 2]);
        var lstmCell = LSTMCell(4, 2);
        Case("LSTMCell", lstmCell, v => lstmCell.call(v[0], (v[1], v[2])) is var (h, c) ? cat([h.flatten(),
            c.flatten()]) : null!, [3, 4], [3, 2], [3, 2]);
        var gruCell = GRUCell(4, 2);
        Case("GRUCell", gruCell, v => gruCell.call(v[0], v[1]), [3, 4], [3, 2]);
        Case("scaled dot-product attention", null, v => Functional.scaled_dot_product_attention(v[0], v[1], v[2]),
            [2, 3, 4], [2, 5, 4], [2, 5, 2]);
        Case("scaled dot-product attention, causal", null, v =>
            Functional.scaled_dot_product_attention(v[0], v[1], v[2], is_casual: true), [2, 3, 4], [2, 5, 4],
            [2, 5, 2]);
        var blind = tensor(new[] { true, true, false, false, false, false }, 2, 3);
        Case("scaled dot-product attention, blind", null, v =>
            Functional.scaled_dot_product_attention(v[0], v[1], v[2], blind), [2, 4], [3, 4], [3, 2]);
        var attention = MultiheadAttention(4, 2);
        Case("MultiheadAttention", attention, v => attention.call(v[0], v[1], v[1], null, true, null) is var (y, w)
            ? cat([y.flatten(), w.flatten()]) : null!, [5, 3, 4], [6, 3, 4]);
        var layer = TransformerEncoderLayer(4, 2, 6, 0);
        Case("TransformerEncoderLayer", layer, v => layer.call(v[0], null, null), [5, 3, 4]);
        var gelu = TransformerEncoderLayer(4, 2, 6, 0, Activations.GELU);
        Case("TransformerEncoderLayer, gelu", gelu, v => gelu.call(v[0], null, null), [5, 3, 4]);
    }

    const double Inf = double.PositiveInfinity;

    /// <summary>
    /// The points at which functions are compared: kinks, far out, where they saturate, and infinity.
    /// </summary>
    static readonly double[] far = [-Inf, -1000, -745, -100, -40, -20, -18, -6, -3, -1, -0.5, -1e-3, -0.0, 0, 1e-3, 0.5,
        1, 3, 6, 18, 20, 40, 100, 800, 1000, Inf], near = [-1, -0.999, -0.5, -1e-3, 0, 1e-3, 0.5, 0.999, 1],
        positive = [1e-300, 1e-3, 0.5, 1, 3, 100, 1e300, Inf];

    /// <summary>Functions of numbers at their edges, with the slopes of the first and the second order.</summary>
    static void Slopes()
    {
        Edge("relu", far, x => Functional.relu(x));
        Edge("relu6", far, x => Functional.relu6(x));
        Edge("leaky relu", far, x => Functional.leaky_relu(x, 0.2));
        Edge("hardsigmoid", far, x => Functional.hardsigmoid(x), second: false);
        Edge("hardswish", far, x => Functional.hardswish(x));
        Edge("hardshrink", far, x => Functional.hardshrink(x, 0.5));
        Edge("softshrink", far, x => Functional.softshrink(x, 0.5));
        Edge("tanhshrink", far, x => Functional.tanhshrink(x));
        Edge("threshold", far, x => Functional.threshold(x, 1, -2));
        Edge("elu", far, x => Functional.elu(x, 1.5));
        Edge("selu", far, x => Functional.selu(x));
        Edge("gelu", far, x => Functional.gelu(x));
        Edge("silu", far, x => Functional.silu(x));
        Edge("mish", far, x => Functional.mish(x));
        Edge("softsign", far, x => Functional.softsign(x));
        Edge("softplus", far, x => Functional.softplus(x, 1, 20));
        Edge("log sigmoid", far, x => Functional.logsigmoid(x));
        Edge("sigmoid", far, x => x.sigmoid());
        Edge("tanh", far, x => x.tanh());
        Edge("exp", far, x => x.exp());
        Edge("expm1", far, x => x.expm1());
        Edge("sinh", far, x => x.sinh());
        Edge("cosh", far, x => x.cosh());
        Edge("atan", far, x => x.atan());
        Edge("erf", far, x => x.erf());
        Edge("asin", near, x => x.asin());
        Edge("acos", near, x => x.acos());
        Edge("erfinv", near, x => x.erfinv());
        Edge("log", positive, x => x.log());
        Edge("log1p", positive, x => x.log1p());
        Edge("sqrt", positive, x => x.sqrt());
        Edge("rsqrt", positive, x => x.rsqrt());
        Edge("atan2", [-Inf, -3, -0.0, 0, 2, Inf], [-Inf, -2, -0.0, 0, 1, Inf], (y, x) => y.atan2(x));
        Edge("mean squared error", [-Inf, -1, 0, 2], [0, 2], (x, t) => Functional.mse_loss(x, t, Reduction.None));
        Edge("L1", [-Inf, -1, 0, 2, Inf], [0, 2], (x, t) => Functional.l1_loss(x, t, Reduction.None));
        Edge("smooth L1", [-Inf, -1, -0.5, 0, 0.5, 1.9, 2, Inf], [0, 2], (x, t) =>
            Functional.smooth_l1_loss(x, t, Reduction.None, 0.5));
        Edge("Huber", [-Inf, -1, -0.5, 0, 0.5, 1.9, 2, Inf], [0, 2], (x, t) =>
            Functional.huber_loss(x, t, 0.5, Reduction.None));
        Edge("binary cross-entropy", [0, 1e-3, 0.5, 0.999, 1], [0, 0.25, 1], (x, t) =>
            Functional.binary_cross_entropy(x, t, reduction: Reduction.None));
        Edge("binary cross-entropy of logits", [-Inf, -1000, -50, -40, -3, 0, 3, 40, 50, 1000, Inf], [0, 0.25, 1],
            (x, t) => Functional.binary_cross_entropy_with_logits(x, t, reduction: Reduction.None));
        Edge("KL divergence", [-Inf, -1000, -3, 0], [0, 0.25, 1], (x, t) =>
            Functional.kl_div(x, t, false, Reduction.None));
        Edge("KL divergence of logarithms", [-Inf, -1000, -3, 0], [-Inf, -1000, -3, 0], (x, t) =>
            Functional.kl_div(x, t, true, Reduction.None));
    }

    static void Edge(string name, double[] places, Func<Torch, Torch> f, bool second = true) =>
        Edge(name, v => f(v[0]), second, places);

    /// <summary>At every pair of places.</summary>
    static void Edge(string name, double[] first, double[] second, Func<Torch, Torch, Torch> f) => Edge(name, v =>
        f(v[0], v[1]), true, [.. first.SelectMany(_ => second, (a, _) => a)], [.. first.SelectMany(_ => second)]);

    /// <summary>Of one order only where libtorch ends the process when it is asked for the second.</summary>
    static void Edge(string name, Func<Torch[], Torch> f, bool twice, params double[][] places)
    {
        Torch[] x = [.. places.Select(at => tensor(at, requires_grad: true))];
        var y = f(x);
        Keep($"edges/{name}/value", y);
        for (var i = 0; i < x.Length; i++) Keep($"edges/{name}/input/{i}", x[i]);
        var slopes = Slopes(y);
        for (var i = 0; i < x.Length; i++)
        {
            Keep($"edges/{name}/slope/{i}", slopes[i]);
            if (!twice) continue;
            var second = Slopes(slopes[i]);
            for (var k = 0; k < x.Length; k++) Keep($"edges/{name}/second/{i}/{k}", second[k]);
        }

        // TorchSharp takes no input that the result does not depend on; so it does, by 0
        Torch[] Slopes(Torch of) => [.. autograd.grad([x.Aggregate(of, (sum, input) => sum + where(
            zeros_like(input, ScalarType.Bool), input, zeros_like(input)))], x, [ones_like(of)], true, true)];
    }

    static void Later()
    {
        long[] volume = [2, 4, 3, 4, 3];
        One("ConvTranspose3d", ConvTranspose3d(4, 2, 2, stride: 2, output_padding: 1), volume);
        One("MaxPool3d", MaxPool3d(3, 2, 1), volume);
        One("AvgPool3d", AvgPool3d(2, 1), volume);
        One("PixelShuffle", PixelShuffle(2), [2, 8, 3, 2]);
        One("PixelUnshuffle", PixelUnshuffle(2), [2, 2, 4, 6]);
        var form = Bilinear(3, 4, 2);
        Case("Bilinear", form, v => form.call(v[0], v[1]), [5, 3], [5, 4]);
        foreach (var mode in Enum.GetValues<EmbeddingBagMode>())
        {
            var bag = EmbeddingBag(6, 3, mode: mode);
            Case($"EmbeddingBag, {$"{mode}".ToLowerInvariant()}", bag, _ => bag.call(
                tensor(new long[] { 1, 5, 1, 0, 4 }), tensor(new long[] { 0, 2, 2 })));
        }
        var layer = TransformerDecoderLayer(4, 2, 6, 0);
        Case("TransformerDecoderLayer", layer, v => layer.call(v[0], v[1], null), [5, 3, 4], [6, 3, 4]);
        foreach (var (name, reduction) in ((string, Reduction)[])[("none", Reduction.None), ("mean", Reduction.Mean),
            ("sum", Reduction.Sum)])
        {
            Torch labels = tensor(new long[] { 1, 1, 2, 3, 9, 9 }, 2, 3), steps = tensor(new long[] { 5, 4 }),
                counts = tensor(new long[] { 3, 1 });
            Case($"CTCLoss, {name}", null, v => Functional.ctc_loss(v[0].log_softmax(2), labels, steps, counts, 0,
                false, reduction), [5, 2, 4]);
            Case($"PoissonNLLLoss, {name}", null, v => Functional.poisson_nll_loss(v[0], v[1].exp(), full: true,
                reduction: reduction), [3, 4], [3, 4]);
            Case($"PoissonNLLLoss, means, {name}", null, v => Functional.poisson_nll_loss(v[0].exp(), v[1].exp(), false,
                eps: 0, reduction: reduction), [3, 4], [3, 4]);
        }
    }

    static Torch Joined((Torch Output, Torch State) pair) => cat([pair.Output.flatten(), pair.State.flatten()]);

    static void Losses()
    {
        long[] shape = [3, 4];
        foreach (var (name, reduction) in ((string, Reduction)[])[("none", Reduction.None), ("mean", Reduction.Mean),
            ("sum", Reduction.Sum)])
        {
            Torch weight = tensor(new double[] { 0.5, 1, 1.5, 2 }), classes = tensor(new long[] { 1, -100, 3 }),
                signs = tensor(new double[] { 1, -1, 1 });
            Pair("MSELoss", v => Functional.mse_loss(v[0], v[1], reduction));
            Pair("L1Loss", v => Functional.l1_loss(v[0], v[1], reduction));
            Pair("SmoothL1Loss", v => Functional.smooth_l1_loss(v[0], v[1], reduction, 0.5));
            Pair("HuberLoss", v => Functional.huber_loss(v[0], v[1], 0.5, reduction));
            Pair("BCELoss", v =>
                Functional.binary_cross_entropy(v[0].sigmoid(), v[1].sigmoid(), weight, reduction));
            Pair("BCEWithLogitsLoss", v => Functional.binary_cross_entropy_with_logits(v[0], v[1], weight, reduction,
                weight));
            Pair("KLDivLoss", v => Functional.kl_div(v[0], v[1].exp(), false, reduction));
            Pair("KLDivLoss, logarithms", v => Functional.kl_div(v[0], v[1], true, reduction));
            Single("HingeEmbeddingLoss", v => Functional.hinge_embedding_loss(v[0].select(1, 0), signs, 0.7,
                reduction));
            Single("MarginRankingLoss", v => Functional.margin_ranking_loss(v[0].select(1, 0), v[0].select(1, 1), signs,
                0.3, reduction));
            Pair("CosineEmbeddingLoss", v => Functional.cosine_embedding_loss(v[0], v[1], signs, 0.1, reduction));
            Case($"TripletMarginLoss, {name}", null, v => Functional.triplet_margin_loss(v[0], v[1], v[2], 1.5,
                swap: true, reduction: reduction), shape, shape, shape);
            Single("CrossEntropyLoss", v => Functional.cross_entropy(v[0], classes, reduction: reduction));
            Single("CrossEntropyLoss, weighted", v => Functional.cross_entropy(v[0], classes, weight, -100, reduction));
            Single("CrossEntropyLoss, smoothed", v => Functional.cross_entropy(v[0], classes, weight, -100, reduction,
                0.2));
            Single("CrossEntropyLoss, images", v => Functional.cross_entropy(v[0].reshape(1, 4, 3),
                classes.reshape(1, 3), weight, -100, reduction));
            Pair("CrossEntropyLoss, probabilities", v => Functional.cross_entropy(v[0], v[1].softmax(1), weight,
                reduction: reduction, label_smoothing: 0.1));
            Single("NLLLoss", v => Functional.nll_loss(v[0], classes, weight, reduction: reduction));

            void Pair(string loss, Func<Torch[], Torch> f) => Case($"{loss}, {name}", null, f, shape, shape);
            void Single(string loss, Func<Torch[], Torch> f) => Case($"{loss}, {name}", null, f, shape);
        }
    }

    static void One(string name, Module<Torch, Torch> module, params long[][] shapes) =>
        Case(name, module, v => module.call(v[0]), shapes);

    static void Case(string name, Module? module, Func<Torch[], Torch> f, params long[][] shapes)
    {
        module?.to(ScalarType.Float64);
        Torch[] inputs = [.. shapes.Select(shape => randn(shape, ScalarType.Float64, requires_grad: true))];
        foreach (var (key, p) in module?.named_parameters() ?? [])
        {
            using (no_grad()) p.copy_(randn(p.shape, ScalarType.Float64));
            Keep($"{name}/parameter/{key}", p);
        }
        foreach (var (key, b) in module?.named_buffers() ?? []) Keep($"{name}/before/{key}", b);
        var y = f(inputs);
        var incoming = randn_like(y);
        y.backward([incoming]);
        for (var i = 0; i < inputs.Length; i++)
        {
            Keep($"{name}/input/{i}", inputs[i]);
            Keep($"{name}/input gradient/{i}", inputs[i].grad!);
        }
        Keep($"{name}/output", y);
        Keep($"{name}/incoming", incoming);
        foreach (var (key, p) in module?.named_parameters() ?? []) Keep($"{name}/gradient/{key}", p.grad!);
        foreach (var (key, b) in module?.named_buffers() ?? []) Keep($"{name}/after/{key}", b);
    }

    static void Keep(string key, Torch x)
    {
        int[] shape = [.. x.shape.Select(size => (int)size)];
        written[key] = x.dtype == ScalarType.Int64 ? Tensorlet.Tensor.From(x.data<long>().ToArray(), shape)
            : Tensorlet.Tensor.From(x.detach().contiguous().data<double>().ToArray(), shape);
    }
}
