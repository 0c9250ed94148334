using System.Text.RegularExpressions;
using E = System.Func<Tensorlet.Tensor, object?>;

namespace Tensorlet.Tests.Tensors;

/// <summary>
/// Wrong calls: each throws the right type of exception, whose message has what is needed to understand it, and changes
/// nothing.
/// </summary>
public class ErrorTests
{
    static Tensor Zeros(params int[] shape) => Tensor.Zeros(shape);
    static Tensor Whole(params int[] values) => Tensor.From(values);
    static Tensor Elsewhere => Tensor.Zeros([2, 3], device: Device.Reference);
    static E Void(Action<Tensor> act) => x => { act(x); return null; };

    /// <summary>x is a Float32 tensor of shape (2, 3).</summary>
    public static TheoryData<E, string[]> Shapes => new()
    {
        { x => x + Zeros(4), ["Add", "(2, 3)", "(4)", "axis -1", "3 against 4"] },
        { x => Zeros(3, 3) * x, ["Mul", "(3, 3)", "(2, 3)", "axis -2", "3 against 2"] },
        { x => x > Zeros(2), [">", "(2, 3)", "(2)", "3 against 2"] },
        { x => x.Add_(Zeros(4, 2, 3)), ["Add_", "(4, 2, 3)", "(2, 3)", "in place"] },
        { x => x.Copy_(Zeros(2)), ["Copy_", "(2)", "(2, 3)"] },
        { x => Tensor.Where(Tensor.Zeros([5], DType.Bool), x, x), ["Where", "(5)", "(2, 3)"] },
        { x => x.Zip_(new Blend(), x, Zeros(3)), ["Zip_", "(2, 3)", "(3)"] },
        { x => x.View(4), ["View", "6 elements", "(2, 3)", "(4)"] },
        { x => x.View(-1, 4), ["View", "(2, 3)", "(-1, 4)"] },
        { x => x.View(-1, -1), ["View", "(-1, -1)", "one"] },
        { x => x.View(-2, -3), ["View", "(-2, -3)", "negative"] },
        { x => x.Reshape(0, -1), ["Reshape", "(0, -1)", "any number"] },
        { x => x.Reshape(-1, -3), ["Reshape", "(1, -3)", "negative"] },
        { x => x.T.View(6), ["View", "(3, 2)", "(1, 3)", "(6)", "Reshape"] },
        { x => x.Permute(0), ["Permute", "(0)", "2 axes", "(2, 3)"] },
        { x => x.Permute(0, -2), ["Permute", "(0, -2)"] },
        { x => x[0].Diagonal(), ["Diagonal", "(3)"] },
        { x => { x[new[] { 1 }] = x; return x; }, ["Indexing", "(2, 3)", "(1, 3)"] },
        { x => x.Expand(4, 3), ["Expand", "(2, 3)", "(4, 3)"] },
        { x => x.Expand(3), ["Expand", "(2, 3)", "(3)"] },
        { x => x.Expand(-1, 2, 3), ["Expand", "(-1, 2, 3)", "negative"] },
        { x => x.Windows(1, 4), ["Windows", "4", "axis 1", "(2, 3)"] },
        { x => x.Windows(1, 2, dilation: 3), ["Windows", "reach over 4", "axis 1"] },
        { x => x.Windows(1, 0), ["Windows", "size 0"] },
        { x => x.Windows(1, 2, stride: 0), ["Windows", "stride 0"] },
        { x => Tensor.Cat([]), ["Cat"] },
        { x => Tensor.Cat([x, Zeros(2, 4)]), ["Cat", "(2, 3)", "(2, 4)", "axis 0", "axis 1"] },
        { x => Tensor.Cat([x, x[0]]), ["Cat", "(2, 3)", "(3)", "numbers of axes"] },
        { x => Tensor.Stack([]), ["Stack"] },
        { x => Tensor.Stack([x, x.T]), ["Stack", "(2, 3)", "(3, 2)"] },
        { x => x.Split(0), ["Split", "0"] },
        { x => x.Chunk(0), ["Chunk", "0"] },
        { x => x.Item(), ["Item", "(2, 3)", "6"] },
        { x => x[..0].Item(), ["Item", "(0, 3)"] },
        { x => Tensor.MatMul(x, x), ["MatMul", "(2, 3)", "3 columns", "2 rows"] },
        { x => Tensor.MatMul(x, Tensor.Scalar(1)), ["MatMul", "(2, 3)", "()"] },
        { x => Tensor.MatMul(Zeros(4, 1, 2), Zeros(3, 2, 1)), ["MatMul", "4 against 3"] },
        { x => Tensor.Contract(x, x, 0, 1, 1), ["Contract", "(2, 3)"] },
        { x => Tensor.Contract(x, Zeros(3), 0, 1, 1), ["Contract", "(2, 3)", "(3)"] },
        { x => Tensor.Contract(x, x, 1, 2, 1), ["Contract", "(2, 3)", "1 batch"] },
        { x => x[..0].AMax(), ["AMax", "axis 0", "(0, 3)"] },
        { x => x[.., ..0].ArgMin(1), ["ArgMin", "axis 1", "(2, 0)"] },
        { x => x[new[] { true, false, true }], ["Indexing", "(3)", "axis 0", "(2, 3)", "3 against 2"] },
        { x => x.Gather(1, Tensor.Zeros([3, 1], DType.Int64)), ["Gather", "(3, 1)", "(2, 3)", "axis 1", "axis 0"] },
        { x => x.Gather(1, Tensor.Zeros([3], DType.Int64)), ["Gather", "(3)", "(2, 3)", "as many axes"] },
        { x => x.ScatterAdd_(1, Tensor.Zeros([2, 1], DType.Int64), Zeros(2, 2)), ["ScatterAdd_", "(2, 2)", "(2, 1)"] },
        { x => x.IndexSelect(0, Tensor.Zeros([1, 1], DType.Int64)), ["IndexSelect", "(1, 1)"] },
        { x => Tensor.Empty(2, -1), ["Empty", "(2, -1)", "negative"] },
        { x => Tensor.Full([2, -1], 3), ["Full", "(2, -1)", "negative"] },
        { x => Tensor.Zeros(2, -1), ["Zeros", "(2, -1)", "negative"] },
        { x => Tensor.Ones([-2]), ["Ones", "(-2)", "negative"] },
        { x => Tensor.Rand(-2), ["Rand", "(-2)", "negative"] },
        { x => Tensor.Randn(-2), ["Randn", "(-2)", "negative"] },
        { x => Tensor.RandInt(0, 2, [-2]), ["RandInt", "(-2)", "negative"] },
        { x => Tensor.Eye(3, -2), ["Eye", "(3, -2)", "negative"] },
        { x => Tensor.From([1f, 2], [3]), ["From", "2 elements", "(3)"] },
        { x => Tensor.Over(new float[4], 5), ["Over", "4 elements", "(5)"] },
        { x => Tensor.Arange(0, 5, -1), ["Arange", "0", "5", "-1"] },
        { x => Tensor.Arange(0, 5, 0), ["Arange"] },
        { x => Tensor.Arange(0, double.NaN), ["Arange", "NaN"] },
        { x => Tensor.Linspace(0, 1, -1), ["Linspace", "(-1)"] },
        { x => Tensor.Logspace(0, 1, -1), ["Logspace", "(-1)"] },
        { x => Tensor.Normal(0, 1, [-1]), ["Normal", "(-1)"] },
        { x => Tensor.RandInt(3, 3, [1]), ["RandInt", "3"] },
        { x => Tensor.RandPerm(-1), ["RandPerm", "-1"] },
    };

    /// <summary>More elements than an int counts, or more bytes than an array holds.</summary>
    public static TheoryData<E, string[]> Sizes => new()
    {
        { x => Tensor.Zeros(1 << 16, 1 << 16), ["Zeros", "(65536, 65536)", "2,147,483,647"] },
        { x => Tensor.Zeros(int.MaxValue, int.MaxValue, int.MaxValue, 3), ["Zeros", "2,147,483,647"] },
        { x => Tensor.Zeros(int.MaxValue), ["Zeros", "2,147,483,647", "Float32", "8,589,934,"] },
        { x => Tensor.Arange(3e9), ["Arange"] },
        { x => x.Expand(1 << 30, 2, 3), ["Expand", "(1073741824, 2, 3)"] },
        { x => x.Reshape(1 << 16, 1 << 16), ["Reshape", "(65536, 65536)"] },
        { x => x[0].Unsqueeze(1).Expand(3, 1 << 29) + x[0, 0].Expand(9, 1, 1), ["Add", "(9, 3, 536870912)"] },
        { x => Tensor.Cat([x[0, ..1].Expand(int.MaxValue), x[0, ..1].Expand(int.MaxValue)]), ["Cat", "2,147,483,647"] },
        { x => x[0, ..1].Expand(int.MaxValue).Clone(), ["Clone", "2,147,483,647"] },
    };

    public static TheoryData<E, string[]> Types => new()
    {
        { x => Whole(1, 2).Add_(0.5), ["Add_", "Int64", "(2)", "Float32"] },
        { x => Whole(1, 0).Bernoulli(), ["Bernoulli", "Int64"] },
        { x => Whole(1, 2).Mul_(0.5), ["Mul_", "Int64", "Float32"] },
        { x => Whole(1, 2).Add_(Whole(1, 2), alpha: 0.5), ["Add_", "Int64", "Float32"] },
        { x => Whole(1, 2, 3).Add_(x[0]), ["Add_", "Int64", "Float32"] },
        { x => Whole(1, 2).Div_(Whole(1, 2)), ["Div_", "Int64", "Float32"] },
        { x => (x > 0).Add_(1), ["Add_", "Bool", "Int64"] },
        { x => Tensor.Add(x, x, destination: Whole(1, 2)), ["Add", "destination", "Float32", "Int64"] },
        { x => Tensor.Add(x, x.To(DType.Float64), destination: x), ["Add", "destination", "Float64", "Float32"] },
        { x => x.Zip_(new Blend(), x, x.To(DType.Float64)), ["Zip_", "Float32", "Float64"] },
        { x => Whole(1, 2).Mean(), ["Mean", "Int64", "(2)"] },
        { x => Whole(1, 2).Uniform_(), ["Uniform_", "Int64"] },
        { x => Whole(1, 2).Normal_(), ["Normal_", "Int64"] },
        { x => Tensor.Where(x, x, x), ["Where", "Bool", "Float32", "(2, 3)"] },
        { x => Tensor.MatMul(x, x.T.To(DType.Float64)), ["MatMul", "Float32", "Float64"] },
        { x => x.Gather(0, x), ["Gather", "Int64", "Float32"] },
        { x => x.ScatterAdd_(0, Tensor.Zeros([2, 3], DType.Int64), x.To(DType.Float64)),
            ["ScatterAdd_", "Float32", "Float64"] },
        { x => x[x], ["Indexing", "Int64", "Float32"] },
        { x => x.ToArray<short>(), ["ToArray", "Int16", "float"] },
        { x => Tensor.From([1m]), ["From", "Decimal"] },
    };

    public static TheoryData<E, string[]> Machines => new()
    {
        { x => x + Elsewhere, ["Add", "(2, 3) on cpu", "(2, 3) on reference"] },
        { x => Elsewhere < x, ["<", "cpu", "reference"] },
        { x => x.Add_(Elsewhere), ["Add_", "cpu", "reference"] },
        { x => x.Zip_(new Blend(), x, Elsewhere), ["Zip_", "cpu", "reference"] },
        { x => Tensor.Add(x, x, destination: Elsewhere), ["Add", "cpu", "reference"] },
        { x => Tensor.Where(Elsewhere > 0, x, x), ["Where", "cpu", "reference"] },
        { x => Tensor.MatMul(x, Elsewhere.T), ["MatMul", "(2, 3) on cpu", "(3, 2) on reference"] },
        { x => Tensor.Cat([x, Elsewhere]), ["Cat", "cpu", "reference"] },
        { x => x.Gather(0, Elsewhere.To(DType.Int64)), ["Gather", "cpu", "reference"] },
        { x => x.ScatterAdd_(0, Tensor.Zeros([2, 3], DType.Int64), Elsewhere), ["ScatterAdd_", "cpu", "reference"] },
        { x => x.Cuda(99), ["Device", "cuda:99"] },
    };

    public static TheoryData<E, string[]> Indices => new()
    {
        { x => x.Size(2), ["Size", "axis 2", "(2, 3)", "-2 to 1"] },
        { x => x.Scatter_(1, Tensor.From(new[,] { { 3 }, { 0 } }), 1), ["Scatter_", "3", "axis 1", "(2, 3)"] },
        { x => x[0].T, ["Transpose", "axis -2", "(3)"] },
        { x => x.Sum([-3]), ["Sum", "axis -3", "(2, 3)"] },
        { x => x.Sum([1, -1]), ["Sum", "axis 1", "twice", "(1, -1)"] },
        { x => x.ArgMax(2), ["ArgMax", "axis 2", "(2, 3)"] },
        { x => Tensor.Scalar(1).Sum([1]), ["Sum", "axis 1", "()"] },
        { x => Tensor.Scalar(1).Sum([0, -1]), ["Sum", "axis 0", "twice"] },
        { x => x[int.MinValue], ["Indexing", "index -2147483648", "axis 0"] },
        { x => x.Narrow(1, int.MinValue, 1), ["Narrow", "axis 1"] },
        { x => x.Permute(0, 2), ["Permute", "axis 2"] },
        { x => x.Transpose(0, 2), ["Transpose", "axis 2", "(2, 3)"] },
        { x => x.Squeeze(2), ["Squeeze", "axis 2", "(2, 3)"] },
        { x => x.Unsqueeze(3), ["Unsqueeze", "axis 3", "-3 to 2"] },
        { x => x.Flip(2), ["Flip", "axis 2"] },
        { x => x.Chunk(2, 2), ["Chunk", "axis 2", "(2, 3)"] },
        { x => Tensor.Cat([x, x], 2), ["Cat", "axis 2", "(2, 3)"] },
        { x => Tensor.Stack([x, x], 3), ["Stack", "axis 3"] },
        { x => x.Narrow(1, 2, 2), ["Narrow", "2 to 4", "axis 1", "(2, 3)"] },
        { x => x.Narrow(1, -1, 2), ["Narrow", "axis 1"] },
        { x => x.Narrow(1, int.MaxValue, int.MaxValue), ["Narrow", "axis 1"] },
        { x => x.Slice(1, 0, 3, 0), ["Slice", "step", "0", "Flip"] },
        { x => x.Slice(1, 3, 0, -1), ["Slice", "-1"] },
        { x => x.Select(1, 3), ["Select", "index 3", "axis 1", "(2, 3)", "-3 to 2"] },
        { x => x[..0].Select(0, 0), ["Select", "index 0", "empty"] },
        { x => x[2], ["Indexing", "index 2", "axis 0", "(2, 3)"] },
        { x => x[0, -4], ["Indexing", "index -4", "(3)"] },
        { x => x[^3], ["Indexing", "index -3", "axis 0"] },
        { x => x[.., ^0], ["Indexing", "index 3", "axis 1"] },
        { x => x[0, 0, 0], ["Indexing", "3 indices", "(2, 3)"] },
        { x => x[.., .., new[] { 1 }], ["Indexing", "3 indices", "(2, 3)"] },
        { x => x[new[] { 0, 2 }], ["Indexing", "index 2", "axis 0", "(2, 3)", "-2 to 1"] },
        { x => x[.., new[] { -4 }], ["Indexing", "index -4", "axis 1"] },
        { Void(x => x[5] = x), ["Indexing", "index 5"] },
        { x => x.Gather(1, Tensor.Full([2, 1], 3, DType.Int64)), ["Gather", "index 3", "axis 1", "(2, 3)"] },
        { x => x.Gather(1, Tensor.Full([2, 1], -1, DType.Int64)), ["Gather", "index -1"] },
        { x => x.ScatterAdd_(0, Tensor.From(new[,] { { 0L, 0, 0 }, { 0, 0, 2 } }), Tensor.Ones(2, 3)),
            ["ScatterAdd", "index 2", "axis 0"] },
        { x => x[..0].Gather(0, Tensor.Zeros([1, 3], DType.Int64)), ["Gather", "index 0", "(0, 3)", "empty"] },
        { x => x.IndexSelect(1, Whole(0, 3)), ["IndexSelect", "index 3", "axis 1", "(2, 3)"] },
    };

    /// <summary>Writes through x seen four times.</summary>
    public static TheoryData<E, string[]> Overlaps => new()
    {
        { x => Fourfold(x).Add_(1), ["Add_", "(4, 2, 3)", "Clone"] },
        { x => Fourfold(x).Add_(x), ["Add_", "(4, 2, 3)"] },
        { x => Fourfold(x).Copy_(x), ["Copy_"] },
        { x => Fourfold(x).Fill_(1), ["Fill_"] },
        { x => Fourfold(x).Zero_(), ["Zero_"] },
        { x => Fourfold(x).Uniform_(), ["Uniform_"] },
        { x => Fourfold(x).Normal_(), ["Normal_"] },
        { x => Fourfold(x).Zip_(new Blend(), Zeros(4, 2, 3), Zeros(4, 2, 3)), ["Zip_"] },
        { x => Tensor.Add(Zeros(4, 2, 3), x, destination: Fourfold(x)), ["Add"] },
        { x => x[..1].Expand(3, 3).ScatterAdd_(0, Tensor.Zeros([1, 3], DType.Int64), Zeros(1, 3)), ["ScatterAdd_"] },
        { x => x.Windows(1, 2).Mul_(2), ["Mul_", "(2, 2, 2)", "windows"] },
        { Void(x => Fourfold(x)[1..] = x), ["Indexing"] },
    };

    static Tensor Fourfold(Tensor x) => x.Expand(4, 2, 3);

    readonly struct Blend : IZip3 { V IZip3.Apply<V>(V a, V b, V c) => a + c * (b - a); }

    [Theory, MemberData(nameof(Shapes)), MemberData(nameof(Sizes)), MemberData(nameof(Overlaps))]
    public void Shape(E call, string[] said) => Refuses<ShapeException>(call, said);

    [Theory, MemberData(nameof(Types))]
    public void Type(E call, string[] said) => Refuses<DTypeException>(call, said);

    [Theory, MemberData(nameof(Machines))]
    public void Machine(E call, string[] said) => Refuses<DeviceException>(call, said);

    [Theory, MemberData(nameof(Indices))]
    public void Index(E call, string[] said) => Refuses<IndexException>(call, said);

    static void Refuses<TException>(E call, string[] said) where TException : TensorletException
    {
        var x = Tensor.Arange(6, DType.Float32).Reshape(2, 3);
        var message = Assert.Throws<TException>(() => call(x)).Message;
        Assert.Matches($"^{Regex.Escape(said[0])}_?:", message);
        Assert.All(said, part => Assert.Contains(part, message));
        Assert.Equal([2, 3], x.Size());
        Assert.Equal([0f, 1, 2, 3, 4, 5], x.ToArray<float>());
        Assert.Equal(0, x.Storage.Version);
    }
}
