using System.Text.RegularExpressions;
using Tensorlet.Data;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Verification;

/// <summary>Wrong calls: a typed exception that names the operation and the numbers, and nothing has changed.</summary>
public class WrongCallTests
{
    public static TheoryData<string> All => [.. OpTable.All.Select(op => op.Name)];

    [Theory, MemberData(nameof(All))]
    public void Operands_on_two_devices_are_refused(string name)
    {
        var c = OpTable.Named(name).Draw(new Draw(3, 4));
        // these read one operand
        if (c.Inputs.Length < 2 || name is "cross-entropy" or "negative log likelihood") return;
        Tensor[] inputs = [.. c.Inputs.Select((input, i) =>
            Tensor.From(input.Values, input.Shape, device: i == 0 ? Device.Cpu : Device.Reference))];
        var error = Assert.Throws<DeviceException>(() => c.F([.. inputs.Select(x => new Variable(x, true))]));
        Assert.Contains("cpu", error.Message);
        Assert.Contains("reference", error.Message);
        for (var i = 0; i < inputs.Length; i++) Assert.Equal(c.Inputs[i].Values, inputs[i].ToArray<double>());
    }

    static Variable V(params int[] shape) => new(Tensor.Ones(shape), requiresGrad: true);
    static readonly Tensor integers = Tensor.Zeros([2], DType.Int64);

    static readonly Dictionary<string, (Func<object> Call, Type Error, string[] Says)> calls = new()
    {
        ["+"] = (() => V(2, 3) + V(2, 4), typeof(ShapeException), ["+", "(2, 3)", "(2, 4)", "axis -1", "3 against 4"]),
        ["where"] = (() => Variable.Where(Tensor.Ones(2) > 0, V(3), V(3)), typeof(ShapeException),
            ["Where", "(2)", "(3)"]),
        ["where on numbers"] = (() =>
            Variable.Where(Tensor.Ones(2), V(2), V(2)), typeof(DTypeException), ["Where", "Bool", "Float32"]),
        ["matmul"] = (() => V(2, 3).MatMul(V(4, 2)), typeof(ShapeException),
            ["MatMul", "(2, 3)", "(4, 2)", "3 columns against 4 rows"]),
        ["matmul of a number"] = (() => V().MatMul(V(2)), typeof(ShapeException), ["MatMul", "()", "(2)"]),
        ["matmul of two types"] = (() => V(2, 2).MatMul(Tensor.Ones([2, 2], DType.Float64)), typeof(DTypeException),
            ["MatMul", "Float32", "Float64"]),
        ["reshape"] = (() => V(2, 3).Reshape(4, -1), typeof(ShapeException), ["Reshape", "(2, 3)", "(4, -1)"]),
        ["view"] = (() => V(2, 3).T.View(6), typeof(ShapeException), ["View", "(3, 2)", "Reshape"]),
        ["permute"] = (() => V(2, 3).Permute(0, 0), typeof(ShapeException), ["Permute", "(0, 0)", "(2, 3)"]),
        ["axis"] = (() => V(2, 3).Sum(2), typeof(IndexException), ["Sum", "axis 2", "(2, 3)", "-2 to 1"]),
        ["axis twice"] = (() => V(2, 3).Sum([1, -1]), typeof(IndexException), ["Sum", "axis 1", "twice"]),
        ["expand"] = (() => V(2, 3).Expand(4, 3), typeof(ShapeException), ["Expand", "(2, 3)", "(4, 3)"]),
        ["narrow"] = (() => V(2, 3).Narrow(1, 2, 2), typeof(IndexException), ["Narrow", "axis 1", "(2, 3)"]),
        ["select"] = (() => V(2, 3).Select(0, 5), typeof(IndexException), ["Select", "index 5", "axis 0", "(2, 3)"]),
        ["cat"] = (() => Variable.Cat([V(2, 3), V(3, 3)], 1), typeof(ShapeException),
            ["Cat", "(2, 3)", "(3, 3)", "axis 0"]),
        ["gather"] = (() => V(2, 3).Gather(1, Tensor.Full([2, 1], 3, DType.Int64)), typeof(IndexException),
            ["Gather", "index 3", "axis 1", "(2, 3)"]),
        ["gather by floats"] = (() =>
            V(2, 3).Gather(1, Tensor.Zeros(2, 1)), typeof(DTypeException), ["Gather", "Int64", "Float32"]),
        ["index"] = (() => V(2, 3)[0, 0, 0], typeof(IndexException), ["Indexing", "3", "(2, 3)"]),
        ["mask"] = (() => V(2, 3)[Tensor.Ones(3) > 0], typeof(ShapeException),
            ["Indexing", "mask", "(3)", "(2, 3)", "3 against 2"]),
        ["amax of nothing"] = (() => V(2, 0).AMax([1]), typeof(ShapeException), ["AMax", "axis 1", "(2, 0)"]),
        ["mean of integers"] = (() => ((Variable)integers).Mean(), typeof(DTypeException), ["Mean", "Int64"]),
        ["windows"] = (() => V(4).Windows(0, 5), typeof(ShapeException), ["Windows", "5", "(4)"]),
        ["pad"] = (() => V(4).Pad(0, -1, 0), typeof(ShapeException), ["Pad", "-1"]),
        ["conv2d: channels"] = (() => F.Conv2d(V(1, 3, 8, 8), V(4, 2, 3, 3)), typeof(ShapeException),
            ["Conv2d", "(1, 3, 8, 8)", "(4, 2, 3, 3)", "axis 1", "3 channels against 2"]),
        ["conv2d: no batch"] = (() =>
            F.Conv2d(V(3, 8, 8), V(4, 3, 3, 3)), typeof(ShapeException), ["Conv2d", "(3, 8, 8)", "Unsqueeze(0)"]),
        ["conv2d: window"] = (() =>
            F.Conv2d(V(1, 1, 2, 2), V(1, 1, 3, 3)), typeof(ShapeException), ["Conv2d", "(1, 1, 2, 2)", "larger"]),
        ["conv2d: bias"] = (() =>
            F.Conv2d(V(1, 1, 4, 4), V(2, 1, 3, 3), V(3)), typeof(ShapeException), ["Conv2d", "(3)", "2 filters"]),
        ["max pool"] = (() => F.MaxPool2d(V(1, 1, 2, 2), 3), typeof(ShapeException),
            ["MaxPool2d", "(3, 3)", "(1, 1, 2, 2)"]),
        ["linear"] = (() => F.Linear(V(2, 3), V(5, 4)), typeof(ShapeException),
            ["Linear", "(2, 3)", "(5, 4)", "3 features against 4"]),
        ["mse"] = (() => F.MseLoss(V(4, 1), V(4)), typeof(ShapeException), ["MSELoss", "(4, 1)", "(4)"]),
        ["L1"] = (() => F.L1Loss(V(4, 1), V(4)), typeof(ShapeException), ["L1Loss", "(4, 1)", "(4)"]),
        ["smooth L1"] = (() => F.SmoothL1Loss(V(4, 1), V(4)), typeof(ShapeException),
            ["SmoothL1Loss", "(4, 1)", "(4)"]),
        ["Huber"] = (() => F.HuberLoss(V(4, 1), V(4)), typeof(ShapeException), ["HuberLoss", "(4, 1)", "(4)"]),
        ["binary cross-entropy"] = (() => F.BinaryCrossEntropy(V(4, 1), V(4)), typeof(ShapeException),
            ["BCELoss", "(4, 1)", "(4)"]),
        ["binary cross-entropy: weights"] = (() => F.BinaryCrossEntropy(V(4), V(4), Tensor.Ones(4, 1)),
            typeof(ShapeException), ["BCELoss", "weights (4, 1)", "(4)"]),
        ["binary cross-entropy of logits"] = (() => F.BinaryCrossEntropyWithLogits(V(4, 1), V(4)),
            typeof(ShapeException), ["BCEWithLogitsLoss", "(4, 1)", "(4)"]),
        ["binary cross-entropy of logits: weights"] = (() => F.BinaryCrossEntropyWithLogits(V(4), V(4), posWeight:
            Tensor.Ones(4, 1)), typeof(ShapeException), ["BCEWithLogitsLoss", "weights (4, 1)", "(4)"]),
        ["KL divergence"] = (() => F.KlDiv(V(4, 1), V(4)), typeof(ShapeException), ["KLDivLoss", "(4, 1)", "(4)"]),
        ["hinge embedding"] = (() => F.HingeEmbeddingLoss(V(4, 1), V(4)), typeof(ShapeException),
            ["HingeEmbeddingLoss", "(4, 1)", "(4)"]),
        ["margin ranking"] = (() => F.MarginRankingLoss(V(2, 1), V(2, 1), V(2)), typeof(ShapeException),
            ["MarginRankingLoss", "(2, 1)", "(2)"]),
        ["margin ranking: the second"] = (() => F.MarginRankingLoss(V(2), V(2, 1), V(2)), typeof(ShapeException),
            ["MarginRankingLoss", "(2, 1)", "(2)"]),
        ["cosine embedding"] = (() => F.CosineEmbeddingLoss(V(2, 3), V(1, 3), V(2)), typeof(ShapeException),
            ["CosineEmbeddingLoss", "(2, 3)", "(1, 3)"]),
        ["cosine embedding: targets"] = (() => F.CosineEmbeddingLoss(V(2, 3), V(2, 3), V(2, 1)),
            typeof(ShapeException), ["CosineEmbeddingLoss", "(2, 3)", "(2, 1)"]),
        ["triplet margin"] = (() => F.TripletMarginLoss(V(2, 3), V(2, 3), V(1, 3)), typeof(ShapeException),
            ["TripletMarginLoss", "(2, 3)", "(1, 3)"]),
        ["Huber: negative δ"] = (() => F.HuberLoss(V(2), V(2), delta: -1), typeof(ArgumentOutOfRangeException),
            ["HuberLoss", "delta", "-1"]),
        ["Huber: δ of 0"] = (() => new HuberLoss(delta: 0).Call(V(2), V(2)), typeof(ArgumentOutOfRangeException),
            ["HuberLoss", "delta", "0"]),
        ["smooth L1: negative β"] = (() => new SmoothL1Loss(beta: -1).Call(V(2), V(2)),
            typeof(ArgumentOutOfRangeException), ["SmoothL1Loss", "beta", "-1"]),
        ["cross-entropy: smoothing"] = (() => F.CrossEntropy(V(2, 2), integers, labelSmoothing: 1.5),
            typeof(ArgumentOutOfRangeException), ["CrossEntropy", "labelSmoothing", "1.5"]),
        ["dropout: negative"] = (() => new Dropout(-1), typeof(ArgumentOutOfRangeException), ["Dropout", "p", "-1"]),
        ["dropout: above 1"] = (() => F.Dropout(V(2), 1.5, training: false), typeof(ArgumentOutOfRangeException),
            ["Dropout", "p", "1.5"]),
        ["dropout: NaN"] = (() => new Dropout2d(double.NaN), typeof(ArgumentOutOfRangeException), ["Dropout2d", "p"]),
        ["dropout of attention"] = (() => new MultiheadAttention(4, 2, dropout: 2),
            typeof(ArgumentOutOfRangeException), ["MultiheadAttention", "dropout", "2"]),
        ["dropout of a transformer"] = (() => new TransformerEncoderLayer(4, 2, dropout: -0.1),
            typeof(ArgumentOutOfRangeException), ["TransformerEncoderLayer", "dropout", "-0.1"]),
        ["CTC: shapes"] = (() => F.CtcLoss(V(4, 3), integers, integers, integers), typeof(ShapeException),
            ["CTCLoss", "(4, 3)", "(2)", "(T, N, C)"]),
        ["CTC: input lengths"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.From([1L]), Tensor.From([5L]), Tensor.From([1L])),
            typeof(ShapeException), ["CTCLoss", "input lengths", "[5]", "0 to 4"]),
        ["CTC: target lengths"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.From([1L]), Tensor.From([4L]),
            Tensor.From([-1L])), typeof(ShapeException), ["CTCLoss", "target lengths", "[-1]", "0 to 1"]),
        ["CTC: lengths that do not add up"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.From([1L, 2]), Tensor.From([4L]),
            Tensor.From([1L])), typeof(ShapeException), ["CTCLoss", "(2)", "[1]", "1 samples"]),
        ["CTC: a label that is the blank"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.From([1L, 0]), Tensor.From([4L]),
            Tensor.From([2L])), typeof(IndexException), ["CTCLoss", "label 0", "sample 0", "blank"]),
        ["CTC: no class"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.From([3L]), Tensor.From([4L]), Tensor.From([1L])),
            typeof(IndexException), ["CTCLoss", "label 3", "3 classes"]),
        ["CTC: types"] = (() => F.CtcLoss(V(4, 1, 3), Tensor.Ones(1), Tensor.From([4L]), Tensor.From([1L])),
            typeof(DTypeException), ["CTCLoss", "targets", "Float32"]),
        ["Gaussian: variances"] = (() => F.GaussianNllLoss(V(2, 3), V(2, 3), V(1, 3)), typeof(ShapeException),
            ["GaussianNLLLoss", "(1, 3)", "(2, 3)"]),
        ["Gaussian: negative"] = (() => F.GaussianNllLoss(V(2), V(2), Tensor.From([1f, -1])),
            typeof(TensorletException), ["GaussianNLLLoss", "(2)", "negative"]),
        ["bilinear"] = (() => F.Bilinear(V(2, 3), V(2, 4), V(5, 4, 3)), typeof(ShapeException),
            ["Bilinear", "(2, 3)", "(2, 4)", "(5, 4, 3)"]),
        ["bags: offsets"] = (() => F.EmbeddingBag(integers, V(4, 2), Tensor.From([0L, 2, 1])), typeof(ShapeException),
            ["EmbeddingBag", "[0, 2, 1]", "2 at most"]),
        ["bags without offsets"] = (() => F.EmbeddingBag(integers, V(4, 2)), typeof(ShapeException),
            ["EmbeddingBag", "(4, 2)", "(2)", "offsets"]),
        ["bags: no row"] = (() => F.EmbeddingBag(Tensor.From([5L], [1, 1]), V(4, 2)), typeof(IndexException),
            ["EmbeddingBag", "5", "0 to 3"]),
        ["pixels: channels"] = (() => F.PixelShuffle(V(6, 2, 2), 2), typeof(ShapeException),
            ["PixelShuffle", "(6, 2, 2)", "2·2"]),
        ["pixels: sides"] = (() => F.PixelUnshuffle(V(1, 4, 3), 2), typeof(ShapeException),
            ["PixelUnshuffle", "(1, 4, 3)", "by 2"]),
        ["dropout of a decoder"] = (() => new TransformerDecoderLayer(4, 2, dropout: 2),
            typeof(ArgumentOutOfRangeException), ["TransformerDecoderLayer", "dropout", "2"]),
        ["dropout of a recurrent network"] = (() => new GRU(4, 2, 2, dropout: 1.01),
            typeof(ArgumentOutOfRangeException), ["GRU", "dropout", "1.01"]),
        ["softshrink: negative λ"] = (() => V(2).Softshrink(-1), typeof(ArgumentOutOfRangeException),
            ["Softshrink", "lambda", "-1"]),
        ["celu: α of 0"] = (() => V(2).Celu(0), typeof(ArgumentOutOfRangeException), ["Celu", "alpha", "0"]),
        ["hardtanh: crossed"] = (() => V(2).Hardtanh(1, -1), typeof(ArgumentOutOfRangeException),
            ["Hardtanh", "minVal", "-1"]),
        ["linear: bias"] = (() => F.Linear(V(2, 3), V(4, 3), V(7, 1, 4)), typeof(ShapeException),
            ["Linear", "bias", "(7, 1, 4)", "(4)"]),
        ["layer norm: weight"] = (() => F.LayerNorm(V(5, 3, 2), [3, 2], V(2, 3)), typeof(ShapeException),
            ["LayerNorm", "weight", "(2, 3)", "(3, 2)"]),
        ["layer norm: bias"] = (() => F.LayerNorm(V(5, 3, 2), [3, 2], V(3, 2), V(6)), typeof(ShapeException),
            ["LayerNorm", "bias", "(6)", "(3, 2)"]),
        ["RMS norm: weight"] = (() => F.RmsNorm(V(5, 3, 2), [3, 2], V(2, 3)), typeof(ShapeException),
            ["RMSNorm", "weight", "(2, 3)", "(3, 2)"]),
        ["group norm: weight"] = (() => F.GroupNorm(V(2, 4, 3), 2, V(2, 2)), typeof(ShapeException),
            ["GroupNorm", "weight", "(2, 2)", "(4)"]),
        ["group norm: bias"] = (() => F.GroupNorm(V(2, 4, 3), 2, V(4), V(1, 4)), typeof(ShapeException),
            ["GroupNorm", "bias", "(1, 4)", "(4)"]),
        ["batch norm: weight"] = (() => F.BatchNorm(V(2, 4, 3), null, null, V(4, 1), training: true),
            typeof(ShapeException), ["BatchNorm", "weight", "(4, 1)", "(4)"]),
        ["batch norm: running mean"] = (() => F.BatchNorm(V(2, 4), Tensor.Zeros(2, 2), Tensor.Ones(4)),
            typeof(ShapeException), ["BatchNorm", "running", "4 channels", "(2, 2)", "(4)"]),
        ["batch norm: no statistics"] = (() => F.BatchNorm(V(2, 4), null, null), typeof(TensorletException),
            ["BatchNorm", "running statistics", "(2, 4)"]),
        ["instance norm: half of the statistics"] = (() => F.InstanceNorm(V(2, 4, 3), Tensor.Zeros(4),
            useInputStats: false), typeof(TensorletException), ["InstanceNorm", "running statistics", "(2, 4, 3)"]),
        ["instance norm: bias"] = (() => F.InstanceNorm(V(2, 4, 3), bias: V(2, 2)), typeof(ShapeException),
            ["InstanceNorm", "bias", "(2, 2)", "(4)"]),
        ["lengths: 0"] = (() => new LSTM(3, 2).Call(V(4, 2, 3), null, Tensor.From([4L, 0])), typeof(ShapeException),
            ["LSTM", "[4, 0]", "1 to 4"]),
        ["lengths: negative"] = (() => new GRU(3, 2).Call(V(4, 2, 3), null, Tensor.From([-1L, 4])),
            typeof(ShapeException), ["GRU", "[-1,", "1 to 4"]),
        ["lengths: beyond the steps"] = (() => new RNN(3, 2).Call(V(4, 2, 3), null, Tensor.From([4L, 9])),
            typeof(ShapeException), ["RNN", "[4, 9]", "1 to 4"]),
        ["lengths: numbers"] = (() => new RNN(3, 2).Call(V(4, 2, 3), null, Tensor.Ones(2)), typeof(ShapeException),
            ["RNN", "lengths", "Int64"]),
        ["no steps"] = (() => new RNN(3, 2).Call(V(0, 2, 3)), typeof(ShapeException), ["RNN", "(0, 2, 3)", "step"]),
        ["a state of a cell"] = (() => new GRUCell(3, 2).Call(V(4, 3), V(4, 3)), typeof(ShapeException),
            ["GRUCell", "state", "(4, 3)", "(4, 2)"]),
        ["attention: values"] = (() => F.ScaledDotProductAttention(V(2, 3), V(4, 3), V(5, 3)), typeof(ShapeException),
            ["ScaledDotProductAttention", "(4, 3)", "(5, 3)"]),
        ["cross-entropy: shapes"] = (() => F.CrossEntropy(V(4, 3), Tensor.Zeros([5], DType.Int64)),
            typeof(ShapeException), ["CrossEntropy", "(4, 3)", "(5)"]),
        ["cross-entropy: types"] = (() =>
            F.CrossEntropy(V(4, 3), Tensor.Zeros(4)), typeof(ShapeException), ["CrossEntropy", "(4)", "(4, 3)",
            "Int64"]),
        ["beyond int"] = (() => V(1, 1).Expand(1 << 20, 1 << 20), typeof(ShapeException), ["Expand", "1048576"]),
        ["norm of integers"] = (() => ((Variable)integers).Norm(3), typeof(DTypeException), ["Norm", "Int64"]),
        ["cumsum"] = (() => V(2, 3).CumSum(2), typeof(IndexException), ["CumSum", "axis 2", "(2, 3)"]),
        ["cumprod"] = (() => V(2, 3).CumProd(2), typeof(IndexException), ["CumProd", "axis 2", "(2, 3)"]),
        ["cummax"] = (() => V(2, 3).CumMax(2), typeof(IndexException), ["CumMax", "axis 2", "(2, 3)"]),
        ["roll"] = (() => V(2, 3).Roll([1], [0, 1]), typeof(ShapeException), ["Roll", "(1)", "(0, 1)"]),
        ["unflatten"] = (() => V(2, 3).Unflatten(1, 2, -1), typeof(ShapeException), ["Unflatten", "(3)", "(2, -1)"]),
        ["flatten backwards"] = (() => V(2, 3, 4).Flatten(2, 1), typeof(ShapeException),
            ["Flatten", "axis 2", "axis 1", "(2, 3, 4)"]),
        ["flatten from the end"] = (() => V(2, 3, 4).Flatten(-1, 0), typeof(ShapeException), ["Flatten", "axis 2"]),
        ["split"] = (() => V(2, 3).Split([int.MaxValue, int.MaxValue, 4]), typeof(ShapeException),
            ["Split", "axis 0", "(2, 3)"]),
        ["embedding: padding"] = (() => F.Embedding(integers, V(4, 2), 4), typeof(IndexException),
            ["Embedding", "index 4", "(4, 2)", "-4 to 3"]),
        ["move an axis twice"] = (() => V(2, 3).MoveDim([0, 0], [0, 1]), typeof(ShapeException),
            ["MoveDim", "(0, 0)", "(0, 1)", "(2, 3)"]),
        ["meshgrid"] = (() => Variable.Meshgrid(V(2, 3)), typeof(ShapeException), ["Meshgrid", "(2, 3)"]),
        ["pad: odd"] = (() => F.Pad(V(2, 3), [1]), typeof(ShapeException), ["Pad", "(1)", "(2, 3)"]),
        ["pad: reflect"] = (() => F.Pad(V(2, 3), [3, 0], PadMode.Reflect), typeof(ShapeException),
            ["Pad", "3 and 0", "axis -1", "(2, 3)", "Reflect"]),
        ["pad: cut"] = (() => F.Pad(V(2, 3), [-2, -2]), typeof(ShapeException), ["Pad", "-2 and -2", "(2, 3)"]),
        ["one-hot of numbers"] = (() => F.OneHot(Tensor.Ones(2)), typeof(DTypeException), ["OneHot", "Float32"]),
        ["scatter"] = (() => V(3).Scatter(0, integers, V(3)), typeof(ShapeException), ["Scatter", "(3)", "(2)"]),
        ["masked scatter"] = (() => V(3).MaskedScatter(Tensor.Ones(3) > 0, V(2)), typeof(ShapeException),
            ["MaskedScatter", "(2)", "(3)", "needs 3"]),
        ["masked select"] = (() => V(2).MaskedSelect(integers), typeof(DTypeException), ["MaskedSelect", "Int64"]),
        ["take"] = (() => V(2).Take(Tensor.From([-3L])), typeof(IndexException), ["Take", "-3", "(2)", "-2 to 1"]),
        ["embedding: no row"] = (() => F.Embedding(Tensor.From([5L]), V(4, 2)), typeof(IndexException),
            ["Embedding", "index 5", "(4, 2)", "0 to 3"]),
        ["embedding by numbers"] = (() => F.Embedding(Tensor.Ones(2), V(4, 2)), typeof(DTypeException),
            ["Embedding", "Float32 of shape (2)", "DType.Int64"]),
        ["masked fill"] = (() => V(3).MaskedFill(Tensor.Ones(3), 0), typeof(DTypeException), ["MaskedFill", "Bool"]),
        ["variance of integers"] = (() => ((Variable)integers).Var(), typeof(DTypeException), ["Var", "Int64"]),
        ["remainder by 0"] = (() => Variable.Remainder(integers, integers), typeof(TensorletException),
            ["Remainder", "(2)", "by 0"]),
        ["fold: no window"] = (() => F.Fold(V(1, 1, 1), 2, 0), typeof(ShapeException),
            ["Fold", "window (0, 0)", "positive"]),
        ["linear: the input's type"] = (() => F.Linear(Tensor.Ones([2, 3], DType.Float64), V(5, 3)),
            typeof(DTypeException), ["Linear", "input is Float64", "(2, 3)", "weights are Float32",
            "Convert the input"]),
        ["linear: the bias elsewhere"] = (() => F.Linear(V(2, 3), V(5, 3), Tensor.Ones([5], device: Device.Reference)),
            typeof(DeviceException), ["Linear", "(5) on reference"]),
        ["conv2d: the input's type"] = (() => F.Conv2d(Tensor.Ones([1, 1, 4, 4], DType.Int64), V(2, 1, 3, 3)),
            typeof(DTypeException), ["Conv2d", "input is Int64", "Convert the input", ".To(DType.Float32)"]),
        ["transposed convolution: output padding"] = (() => F.ConvTranspose2d(V(1, 1, 4, 4), V(1, 1, 3, 3),
            stride: 2, outputPadding: 2), typeof(ShapeException),
            ["ConvTranspose2d", "output padding (2, 2)", "below", "stride (2, 2)"]),
        ["transposed convolution: nothing left"] = (() => F.ConvTranspose2d(V(1, 1, 1, 1), V(1, 1, 1, 1), padding: 1),
            typeof(ShapeException), ["ConvTranspose2d", "(1, 1, 1, 1)", "-1 by -1"]),
        ["gradients by nothing"] = (() => Autograd.Grad([V(2).Sum()], []), typeof(AutogradException),
            ["Grad", "no inputs"]),
        ["backward of nothing"] = (() => { Autograd.Backward([]); return 0; }, typeof(AutogradException),
            ["Backward", "0 variables"]),
        ["backward: too few gradients"] = (() => { Autograd.Backward([V(), V()], [null]); return 0; },
            typeof(AutogradException), ["Backward", "2 variables and 1 gradients"]),
        ["a list of parameters"] = (() => new ParameterList(V(2))[40], typeof(ArgumentOutOfRangeException),
            ["ParameterList", "index", "40"]),
        ["a list of modules"] = (() => new Sequential()[0], typeof(ArgumentOutOfRangeException),
            ["Sequential", "index"]),
        ["a dictionary of modules"] = (() => new ModuleDict { ["left"] = new Identity() }["x"],
            typeof(TensorletException), ["ModuleDict", "'x'", "[left]"]),
        ["a sample"] = (() => new TensorDataset(Tensor.Ones(3))[40], typeof(IndexException),
            ["TensorDataset", "index 40", "3 samples"]),
        ["a sample of some"] = (() => new Subset(new TensorDataset(Tensor.Ones(3)), [1])[1],
            typeof(IndexException), ["Subset", "index"]),
        ["a sample of text"] = (() => new TextDataset("abcd", 2)[2], typeof(IndexException),
            ["TextDataset", "index"]),
        ["a cell of a confusion matrix"] = (() => new Tensorlet.Training.ConfusionMatrix(2)[1, 2],
            typeof(ArgumentOutOfRangeException), ["ConfusionMatrix", "predicted"]),
        ["a file without a name"] = (() => Npy.Load(""), typeof(ArgumentException), ["Load", "empty"]),
        ["a file to write without a name"] = (() => { Npy.Save("", Tensor.Ones(1)); return 0; },
            typeof(ArgumentException), ["Save", "empty"]),
        ["a table without a name"] = (() => new Csv(""), typeof(ArgumentException), ["Csv", "empty"]),
        ["a folder without a name"] = (() => new ImageFolder("", _ => Tensor.Ones(1)), typeof(ArgumentException),
            ["ImageFolder", "empty"]),
        ["item"] = (() => V(2).Item(), typeof(ShapeException), ["Item", "(2)"]),
    };

    /// <summary>What a user writes, and the function at the end of the graph.</summary>
    static readonly Dictionary<string, Func<Variable, Variable>> wholes = new()
    {
        ["Sum"] = x => x.Sum(),
        ["Mean"] = x => x.Exp().Mean(),
        ["AMax"] = x => x.AMax(),
        ["Max"] = x => x.Max(),
        ["Var"] = x => x.Var(),
        ["Norm"] = x => x.Norm(3.0),
        ["Prod"] = x => x.Prod([0, 1]),
        ["LogSumExp"] = x => x.LogSumExp(),
        ["MSELoss"] = x => F.MseLoss(x, Tensor.Ones(2, 3)),
        ["CrossEntropy"] = x => F.CrossEntropy(x, integers, Tensor.Ones(3)),
        ["Normalize"] = x => F.Normalize(x)[0, 0],
    };
    public static TheoryData<string> Wholes => [.. wholes.Keys];

    [Theory, MemberData(nameof(Wholes))]
    public void A_freed_graph_names_what_was_called(string name)
    {
        var x = V(2, 3);
        var y = wholes[name](x) is { Rank: 0 } scalar ? scalar : throw new InvalidOperationException();
        Assert.Equal(name == "Normalize" ? "<Indexing>" : $"<{name}>", $"{y.GradFn}");
        y.Backward();
        var gradient = x.Grad!.Data.ToArray<float>();
        var error = Assert.Throws<AutogradException>(() => y.Backward());
        Assert.Contains("freed the graph through", error.Message);
        Assert.Equal(gradient, x.Grad!.Data.ToArray<float>());
        Assert.Equal("<Exp>", $"{V(2).Exp().Roll(0, 0).GradFn}");         // it returned its argument
    }

    public static TheoryData<string> Calls => [.. calls.Keys];

    [Theory, MemberData(nameof(Calls))]
    public void Says_what_is_wrong(string name)
    {
        var (call, type, says) = calls[name];
        var error = Assert.Throws(type, call);
        Assert.Matches($"^{Regex.Escape(says[0])}:", error.Message);
        foreach (var words in says) Assert.Contains(words, error.Message);
    }
}
