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
            Tensor.From(input.Values, input.Shape, i == 0 ? Device.Cpu : Device.Reference))];
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
            ["mask", "(3)", "(2, 3)", "3 against 2"]),
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
        ["cross-entropy: shapes"] = (() => F.CrossEntropy(V(4, 3), Tensor.Zeros([5], DType.Int64)),
            typeof(ShapeException), ["CrossEntropy", "(4, 3)", "(5)"]),
        ["cross-entropy: types"] = (() =>
            F.CrossEntropy(V(4, 3), Tensor.Zeros(4)), typeof(ShapeException), ["CrossEntropy", "(4)", "(4, 3)",
            "Int64"]),
        ["beyond int"] = (() => V(1, 1).Expand(1 << 20, 1 << 20), typeof(ShapeException), ["1048576"]),
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
            ["MaskedScatter", "(2)", "(3)", "takes 3"]),
        ["masked select"] = (() => V(2).MaskedSelect(integers), typeof(DTypeException), ["MaskedSelect", "Int64"]),
        ["take"] = (() => V(2).Take(Tensor.From([-3L])), typeof(IndexException), ["-3", "(2)", "-2 to 1"]),
        ["item"] = (() => V(2).Item(), typeof(ShapeException), ["Item", "(2)"]),
    };

    public static TheoryData<string> Calls => [.. calls.Keys];

    [Theory, MemberData(nameof(Calls))]
    public void Says_what_is_wrong(string name)
    {
        var (call, type, says) = calls[name];
        var error = Assert.Throws(type, call);
        foreach (var words in says) Assert.Contains(words, error.Message);
    }
}
