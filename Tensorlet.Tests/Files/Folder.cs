using System.Runtime.CompilerServices;

namespace Tensorlet.Tests.Files;

/// <summary>Tests that write files, in a folder that is deleted afterwards.</summary>
public abstract class Folder : IDisposable
{
    protected readonly string folder = Directory.CreateTempSubdirectory("tensorlet-files-").FullName;
    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected string In(string name) => Path.Combine(folder, name);

    protected string Written(string name, byte[] bytes)
    {
        File.WriteAllBytes(In(name), bytes);
        return In(name);
    }

    protected static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>The two are the same, bit for bit, also in type and shape.</summary>
    internal static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal((expected.DType, $"{expected.Layout}"), (actual.DType, $"{actual.Layout}"));
        Assert.Equal(Bits(expected), Bits(actual));
    }

    internal static void Same(IReadOnlyDictionary<string, Tensor> expected, IReadOnlyDictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, tensor) in expected) Same(tensor, actual[name]);
    }

    internal static IEnumerable<long> Bits(Tensor x) => x.DType switch
    {
        DType.Float32 => x.ToArray<float>().Select(v => (long)BitConverter.SingleToInt32Bits(v)),
        DType.Float64 => x.ToArray<double>().Select(BitConverter.DoubleToInt64Bits),
        _ => x.ToArray<long>(),
    };

    /// <summary>One of every type, view and extreme number.</summary>
    internal static Dictionary<string, Tensor> Everything() => new()
    {
        ["matrix"] = Tensor.Randn([2, 3], null, null, new Generator(1)),
        ["double"] = Tensor.Randn([3, 2, 2], DType.Float64, null, new Generator(2)),
        ["labels"] = Tensor.From([long.MinValue, -1, 0, 1L << 53, long.MaxValue]),
        ["mask"] = Tensor.From([true, false, true]),
        ["extremes"] = Tensor.From([float.NaN, float.NegativeInfinity, -0f, float.Epsilon, float.MaxValue]),
        ["fine"] = Tensor.From([double.Epsilon, double.MaxValue, -0.0, double.PositiveInfinity]),
        ["transposed"] = Tensor.Randn([3, 4], null, null, new Generator(3)).T,
        ["part"] = Tensor.Arange(20).Reshape(4, 5)[1.., 1..4],
        ["expanded"] = Tensor.From([1f, 2f]).Expand(3, 2),
        ["0-d"] = Tensor.Scalar(7), ["0-d truth"] = Tensor.Scalar(1, DType.Bool),
        ["one"] = Tensor.Ones(1), ["nothing"] = Tensor.Zeros(0, 3), ["no rows"] = Tensor.Zeros([2, 0], DType.Int64),
        ["long/name:0"] = Tensor.Arange(1000), ["é 😀"] = Tensor.Ones(1, 1, 1),
    };
}
