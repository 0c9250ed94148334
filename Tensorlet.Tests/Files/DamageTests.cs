using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tensorlet.Tests.Files;

/// <summary>
/// 500 damaged files of each format, mutated from sound ones: bytes turned, cut out, put in, doubled, numbers made
/// large. Whatever is read is what was written; where a format has no checksum, it is at least what an independent
/// reader finds in the bytes that are there. All else is an <see cref="InvalidDataException"/>.
/// </summary>
public sealed class DamageTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-damage-").FullName;
    string In(string name) => Path.Combine(folder, name);
    public void Dispose() => Directory.Delete(folder, recursive: true);

    static Dictionary<string, Tensor> Tensors() => new()
    {
        ["weight"] = Tensor.Randn([4, 3], generator: new Generator(1)), ["labels"] = Tensor.From([1L, 2, 3]),
        ["mask"] = Tensor.From([true, false, true]), ["scale"] = Tensor.Scalar(2, DType.Float64, Device.Cpu),
    };

    static byte[] Mutated(byte[] sound, Random random)
    {
        List<byte> bytes = [.. sound];
        for (var times = random.Next(1, 4); times > 0 && bytes.Count > 8; times--)
        {
            int at = random.Next(bytes.Count), count = Math.Min(random.Next(1, 64), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0 or 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes[at] = (byte)random.Next(256); break;
                case 3: bytes.RemoveRange(at, count); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                case 5: bytes.InsertRange(at, bytes.GetRange(at, count)); break;
                case 6: bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), count)); break;
                default: for (var i = at; i < Math.Min(at + 8, bytes.Count); i++) bytes[i] = 0xFF; break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Reads 500 damaged files; what reads is given to a judge with its bytes.</summary>
    void Damage<T>(string file, Func<string, T> read, Action<byte[], T> judge, Func<Exception, bool>? mayThrow = null)
    {
        var (sound, random, refused) = (File.ReadAllBytes(In(file)), new Random(7), 0);
        for (var i = 0; i < 500; i++)
        {
            var bytes = Mutated(sound, random);
            if (bytes.AsSpan().SequenceEqual(sound)) continue;
            File.WriteAllBytes(In("damaged"), bytes);
            try { judge(bytes, read(In("damaged"))); }
            catch (InvalidDataException e) when (e.Message.Contains("damaged")) { refused++; }
            catch (Exception e) when (mayThrow?.Invoke(e) == true) { refused++; }
        }
        Assert.True(refused > 100, $"only {refused} of 500 damaged files were refused");
    }

    static void AssertSame(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, tensor) in expected)
        {
            Assert.Equal((tensor.DType, tensor.Layout.ToString()),
                (actual[name].DType, actual[name].Layout.ToString()));
            Assert.Equal(tensor.ToArray<double>(), actual[name].ToArray<double>());
        }
    }

    /// <summary>The checksum protects all of the file.</summary>
    [Fact]
    public void SafeTensors_with_a_checksum()
    {
        SafeTensors.Save(In("sound"), Tensors());
        Damage("sound", SafeTensors.Load, (_, read) => AssertSame(Tensors(), read));
    }

    /// <summary>Names, types and shapes are those of the header, and data follow it without a gap.</summary>
    [Fact]
    public void SafeTensors_without_one()
    {
        const string header = """
            {"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
            "b":{"dtype":"I16","shape":[4],"data_offsets":[24,32]}}
            """;
        File.WriteAllBytes(In("sound"), [.. BitConverter.GetBytes((long)header.Length),
            .. Encoding.UTF8.GetBytes(header), .. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        Damage("sound", SafeTensors.Load, (bytes, read) =>
        {
            var length = (int)BitConverter.ToInt64(bytes);
            using var json = JsonDocument.Parse(bytes.AsMemory(8, length));
            var entries = json.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__").ToArray();
            Assert.Equal(entries.Select(e => e.Name).Order(), read.Keys.Order());
            var end = 0L;
            foreach (var entry in entries)
            {
                Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt32()),
                    read[entry.Name].Size());
                end = Math.Max(end, entry.Value.GetProperty("data_offsets")[1].GetInt64());
            }
            Assert.Equal(bytes.Length, 8 + length + end);
        });
    }

    /// <summary>The elements are the last bytes of the file.</summary>
    [Fact]
    public void Npy_files()
    {
        Npy.Save(In("sound"), Tensors()["weight"]);
        Damage("sound", Npy.Load, (bytes, read) =>
        {
            var header = Encoding.Latin1.GetString(bytes[..128]);
            var shape = header[header.IndexOf("'shape'", StringComparison.Ordinal)..];
            var sizes = Regex.Matches(shape[..shape.IndexOf(')')], @"\d+").Select(n => int.Parse(n.Value));
            Assert.Equal(sizes, read.Size());
            if (read.DType == DType.Float32 && header.Contains("'<f4'") && header.Contains("False"))
                Assert.Equal(Enumerable.Range(0, read.Numel).Select(i =>
                    BitConverter.ToSingle(bytes, bytes.Length - 4 * (read.Numel - i))), read.ToArray<float>());
        });
    }

    /// <summary>Each entry has a checksum; names have none, so another name may be read.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Npz_files(bool compressed)
    {
        Npz.Save(In("sound"), Tensors(), compressed);
        Damage("sound", path => Npz.Load(path), (_, read) =>
        {
            var expected = Tensors().Values.ToDictionary(t => t.DType);
            foreach (var tensor in read.Values)
                Assert.Equal(expected[tensor.DType].ToArray<double>(), tensor.ToArray<double>());
        });
    }

    /// <summary>A checkpoint that does not load leaves everything as it was.</summary>
    [Fact]
    public void Checkpoints()
    {
        var (net, counter) = (new Nn.Linear(3, 2), new Counter(7));
        Checkpoint.Save(In("sound"), ("net", net), ("epoch", counter));
        var before = net.StateDict().ToDictionary(t => t.Key, t => t.Value.Clone());
        Damage("sound", path =>
        {
            Checkpoint.Load(path, ("net", net), ("epoch", counter));
            return 0;
        }, (_, _) => { }, e => e is TensorletException);
        AssertSame(before, net.StateDict());
        Assert.Equal(7, counter.Value);
    }
}
