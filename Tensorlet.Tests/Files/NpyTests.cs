using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tensorlet.Tests.Files;

/// <summary>NumPy's files, read as NumPy wrote them and written as it reads them.</summary>
public sealed class NpyTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-npy-").FullName;
    string In(string name) => Path.Combine(folder, name);
    public void Dispose() => Directory.Delete(folder, recursive: true);

    static string Beside(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, name);

    [Theory]
    [InlineData("arrays.npz")]
    [InlineData("packed.npz")]
    public void NumPys_arrays_are_read(string file)
    {
        var arrays = Npz.Load(Beside(file));
        Assert.Equal(32, arrays.Count);
        foreach (var (name, tensor) in arrays)
        {
            if (name is "scalar" or "empty" or "row") continue;
            Assert.Equal([2, 3], tensor.Size());
            Assert.Equal(name[0] == 'b' && name[1] == '1' ? [0, 1, 0, 1, 0, 1] : (double[])[0, 1, 2, 3, 4, 5],
                tensor.ToArray<double>());
        }
        Assert.Equal((DType.Bool, DType.Int64, DType.Int64, DType.Float32, DType.Float64), (arrays["b1C"].DType,
            arrays["u1F"].DType, arrays["bi2C"].DType, arrays["lf2F"].DType, arrays["lf8C"].DType));
        Assert.Equal((5, 0), (arrays["scalar"].Item(), arrays["scalar"].Rank));
        Assert.Equal([0, 3], arrays["empty"].Size());
        Assert.Equal([0L, 1, 2], arrays["row"].ToArray<long>());
    }

    static Dictionary<string, Tensor> Some() => new()
    {
        ["weights"] = Tensor.Randn([3, 4], generator: new Generator(1)),
        ["view"] = Tensor.Arange(12, DType.Float64).Reshape(3, 4).T[1..],
        ["labels"] = Tensor.From([3L, -1, long.MinValue]),
        ["mask"] = Tensor.From([true, false]),
        ["number"] = Tensor.Scalar(double.NaN, DType.Float64, Device.Cpu),
        ["nothing"] = Tensor.Empty(0, 2),
    };

    static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal((expected.DType, expected.Layout.ToString()), (actual.DType, actual.Layout.ToString()));
        Assert.Equal(expected.ToArray<double>(), actual.ToArray<double>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_is_read(bool compressed)
    {
        Npz.Save(In("some.npz"), Some(), compressed);
        var read = Npz.Load(In("some.npz"));
        Assert.Equal(Some().Keys, read.Keys);
        foreach (var (name, tensor) in Some())
        {
            AssertSame(tensor, read[name]);
            Npy.Save(In("one.npy"), tensor);
            AssertSame(tensor, Npy.Load(In("one.npy")));
            Assert.Equal(0, Encoding.ASCII.GetString(File.ReadAllBytes(In("one.npy"))).IndexOf('\n') % 64 - 63);
        }
    }

    [Fact]
    public void Headers_are_as_NumPy_writes_them()
    {
        foreach (var (shape, tuple) in ((int[], string)[])[([], "()"), ([3], "(3,)"), ([2, 3], "(2, 3)")])
        {
            Npy.Save(In("one.npy"), Tensor.Zeros(shape));
            Assert.Contains($"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple}, }}",
                Encoding.Latin1.GetString(File.ReadAllBytes(In("one.npy"))));
        }
    }

    /// <summary>A file with another header before 24 bytes.</summary>
    string WithHeader(string header, byte version = 1, int? length = null)
    {
        byte[] size = BitConverter.GetBytes(length ?? header.Length);
        File.WriteAllBytes(In("made.npy"), [0x93, .. "NUMPY"u8, version, 0, .. version == 1 ? size[..2] : size,
            .. Encoding.Latin1.GetBytes(header), .. new byte[24]]);
        return In("made.npy");
    }

    [Theory]
    [InlineData("{'shape': (3, 2), 'descr': '<f4', 'fortran_order': False}", 1)]
    [InlineData("{'descr': '<f4' , 'fortran_order':True,'shape':(2,3,),}\n", 2)]
    [InlineData("{'descr': '=f8', 'fortran_order': False, 'shape': (3,), }          \n", 3)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6L,), }", 1)]
    public void Headers_of_other_writers_are_read(string header, byte version) =>
        Assert.Equal(header.Contains("f8") ? 3 : 6, Npy.Load(WithHeader(header, version)).Numel);

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }")]                 // longer than the file
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }")]                 // shorter
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999999999999), }")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'shape': (6,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': 1, 'shape': (6,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}")]
    [InlineData("__import__('os')")]
    public void Wrong_headers_are_refused(string header) =>
        Assert.Contains("made.npy", Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(header))).Message);

    [Fact]
    public void Lengths_are_checked_before_memory_is_taken()
    {
        const string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }";
        Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(good, 4)));
        Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(good, 2, int.MaxValue)));
        Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(good, 2, 9_000)));
        var slow = "{" + new string(' ', 9_000) + "x";              // no pattern that tries again and again
        Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(slow)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Npy.Load(WithHeader(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,), }")));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    string Zip(params (string Name, byte[] Content)[] entries)
    {
        using (var archive = new ZipArchive(File.Create(In("made.npz")), ZipArchiveMode.Create))
            foreach (var (name, content) in entries)
            {
                using var stream = archive.CreateEntry(name).Open();
                stream.Write(content);
            }
        return In("made.npz");
    }

    [Fact]
    public void Archives_that_are_traps_are_refused()
    {
        Npy.Save(In("one.npy"), Tensor.Ones(3));
        var one = File.ReadAllBytes(In("one.npy"));
        Assert.Single(Npz.Load(Zip(("a.npy", one))));
        foreach (var name in (string[])["../a.npy", "/a.npy", "b/../../a.npy", "..\\a.npy", "C:a.npy", "a.txt", ".npy"])
            Assert.Throws<InvalidDataException>(() => Npz.Load(Zip((name, one))));
        Assert.Contains("twice",
            Assert.Throws<InvalidDataException>(() => Npz.Load(Zip(("a.npy", one), ("a.npy", one)))).Message);
        Assert.Throws<InvalidDataException>(() => Npz.Load(Zip(("a.npy", [.. one, 0]))));
        Assert.Throws<InvalidDataException>(() => Npz.Load(Zip(("a.npy", one[..^1]))));
        Assert.Throws<ArgumentException>(() => Npz.Save(In("b.npz"), new Dictionary<string, Tensor>
        { ["../a"] = Tensor.Ones(1) }));

        var zeros = new Dictionary<string, Tensor> { ["zeros"] = Tensor.Zeros(8_000_000) };
        Npz.Save(In("bomb.npz"), zeros, compressed: true);
        Assert.True(new FileInfo(In("bomb.npz")).Length < 1 << 16);
        Assert.Contains("most:", Assert.Throws<InvalidDataException>(() => Npz.Load(In("bomb.npz"))).Message);
        Assert.Equal(8_000_000, Npz.Load(In("bomb.npz"), most: 1 << 26)["zeros"].Numel);
    }
}
