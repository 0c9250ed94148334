using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Files;

/// <summary>Safetensors to the byte: what other programs find in our files, and what we find in theirs.</summary>
public sealed class SafeTensorsTests : Folder
{
    static (JsonElement Header, int Start) Header(byte[] bytes)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return (JsonDocument.Parse(bytes.AsMemory(8, length)).RootElement, 8 + length);
    }

    [Fact]
    public void Files_are_laid_out_as_others_read_them()
    {
        var tensors = Everything();
        SafeTensors.Save(In("ours"), tensors, new Dictionary<string, string> { ["format"] = "pt", ["é"] = "\"\n" });
        var bytes = File.ReadAllBytes(In("ours"));
        var (header, start) = Header(bytes);
        Assert.Equal((0, (byte)'{'), (start % 8, bytes[8]));
        var types = new Dictionary<DType, (string Name, int Size)>
        {
            [DType.Bool] = ("BOOL", 1), [DType.Int64] = ("I64", 8), [DType.Float32] = ("F32", 4),
            [DType.Float64] = ("F64", 8),
        };
        foreach (var (name, tensor) in tensors)
        {
            var entry = header.GetProperty(name);
            var (type, size) = types[tensor.DType];
            var place = entry.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt32()).ToArray();
            Assert.Equal(type, entry.GetProperty("dtype").GetString());
            Assert.Equal(tensor.Size(), entry.GetProperty("shape").EnumerateArray().Select(n => n.GetInt32()));
            Assert.Equal((0, size * tensor.Numel), ((start + place[0]) % size, place[1] - place[0]));
        }
        var notes = header.GetProperty("__metadata__");
        var sum = notes.GetProperty("tensorlet.sha256").GetString()!;
        var zeroed = bytes.ToArray();
        zeroed.AsSpan(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(sum)), 64).Fill((byte)'0');
        Assert.Equal(sum, Convert.ToHexStringLower(SHA256.HashData(zeroed)));

        Same(tensors, SafeTensors.Load(In("ours"), out var metadata));
        Assert.Equal([("format", "pt"), ("é", "\"\n")], metadata.Select(m => (m.Key, m.Value)));
        SafeTensors.Save(In("again"), SafeTensors.Load(In("ours")), metadata);
        Assert.Equal(bytes.Length, new FileInfo(In("again")).Length);
    }

    [Fact]
    public void Any_byte_that_changes_is_found()
    {
        var tensors = new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(2), ["b"] = Tensor.From([true]) };
        SafeTensors.Save(In("ours"), tensors, new Dictionary<string, string> { ["k"] = "v" });
        var sound = File.ReadAllBytes(In("ours"));
        var key = sound.AsSpan().IndexOf("tensorlet.sha256"u8);
        for (var at = 0; at < sound.Length; at++)
            foreach (var bit in (int[])[0, 3, 5])
            {
                var bytes = sound.ToArray();
                bytes[at] ^= (byte)(1 << bit);
                var path = Written("damaged", bytes);
                if (at < key || at >= key + "tensorlet.sha256".Length)
                    Assert.Throws<InvalidDataException>(() => SafeTensors.Load(path));
                // without its checksum it is like the files of other programs, but not a checkpoint
                Assert.Throws<InvalidDataException>(() => Checkpoint.Load(path, ("a", new Counter())));
            }
    }

    void Refused(string why, byte[] header, int data = 0)
    {
        var path = Written("hostile", [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[data]]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => SafeTensors.Load(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * header.Length + (2 << 20));
        Assert.True(error.Message.Contains(path) && error.Message.Length < 2000, why);
    }

    [Fact]
    public void Hostile_headers_are_refused()
    {
        static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
        const string a = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";
        string Shaped(string shape, string place) =>
            $$$"""{"a":{"dtype":"F32","shape":{{{shape}}},"data_offsets":{{{place}}} }}""";
        Refused("no UTF-8", [.. Ascii(a[..3]), 0xff, .. Ascii(a[3..] + "}")], 8);
        Refused("half a character", Ascii(a.Replace("\"a\"", "\"\\ud800\"") + "}"), 8);
        Refused("a name twice, in one place", Ascii($"{a},{a[1..]}}}"), 8);
        Refused("metadata twice", Ascii(a + ""","__metadata__":{},"__metadata__":{}}"""), 8);
        Refused("a note twice", Ascii(a + ""","__metadata__":{"a":"b","a":"c"}}"""), 8);
        Refused("a note that is no text", Ascii(a + ""","__metadata__":{"a":1}}"""), 8);
        Refused("a note that is null", Ascii(a + ""","__metadata__":{"a":null}}"""), 8);
        Refused("null for an entry", Ascii("{\"a\":null}"));
        Refused("null for a type", Ascii(a.Replace("\"F32\"", "null") + "}"), 8);
        Refused("null for a shape", Ascii(Shaped("null", "[0,8]")), 8);
        Refused("no shape", Ascii(a.Replace("\"shape\":[2],", "") + "}"), 8);
        Refused("notes that are no object", Ascii(a + ""","__metadata__":"a"}"""), 8);
        Refused("a field more", Ascii(a.Replace("\"shape\"", "\"name\":\"b\",\"shape\"") + "}"), 8);
        Refused("a field twice", Ascii(a.Replace("\"shape\"", "\"dtype\":\"F32\",\"shape\"") + "}"), 8);
        Refused("more after it", Ascii(a + "}{}"), 8);
        Refused("a comma at the end", Ascii(a + ",}"), 8);
        Refused("a comment", Ascii(a + "/* */}"), 8);
        Refused("a number that is not whole", Ascii(Shaped("[2.0]", "[0,8]")), 8);
        Refused("a number beyond 64 bits", Ascii(Shaped("[99999999999999999999]", "[0,8]")), 8);
        Refused("offsets backwards", Ascii(Shaped("[2]", "[8,0]")), 8);
        Refused("an offset below 0", Ascii(Shaped("[2]", "[-8,0]")), 8);
        Refused("the largest offset", Ascii(Shaped("[2]", $"[{long.MaxValue - 8},{long.MaxValue}]")), 8);
        Refused("bytes that overflow", Ascii(Shaped("[2147483647,2]", "[0,8]")), 8);
        Refused("a million axes", Ascii(Shaped($"[{string.Join(',', Enumerable.Repeat(1, 1_000_000))}]", "[0,4]")), 4);
        Refused("a hundred thousand brackets", Ascii("{\"a\":" + new string('[', 100_000)), 0);
        Refused("a checksum that is empty", Ascii(a + ""","__metadata__":{"tensorlet.sha256":""}}"""), 8);
        Refused("a checksum of another", Ascii(a +
            $$$""","__metadata__":{"tensorlet.sha256":"{{{new string('0', 64)}}}"}}"""), 8);
        byte[] sound = [.. BitConverter.GetBytes(a.Length + 1L), .. Ascii(a + "}"), .. new byte[8]];
        Assert.Single(SafeTensors.Load(Written("sound", sound)));
    }

    /// <summary>A file of 8 MB takes as much memory as its tensors, a piece at a time, without a second copy.</summary>
    [Fact]
    public void Reading_takes_no_second_copy()
    {
        const int count = 2_000_000;
        SafeTensors.Save(In("large"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(count) });
        Npy.Save(In("large.npy"), Tensor.Ones(count));
        Func<object>[] loads = [() => SafeTensors.Load(In("large")), () => Npy.Load(In("large.npy"))];
        foreach (var load in loads)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var read = load();
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * count + (2 << 20));
            GC.KeepAlive(read);
        }
    }

    [Fact]
    public void What_cannot_be_written_leaves_the_old_file()
    {
        SafeTensors.Save(In("file"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(1) });
        var before = File.ReadAllBytes(In("file"));
        Assert.Throws<ArgumentException>(() =>
            SafeTensors.Save(In("file"), new Dictionary<string, Tensor> { ["__metadata__"] = Tensor.Ones(1) }));
        Assert.Throws<ArgumentException>(() => SafeTensors.Save(In("file"),
            new Dictionary<string, Tensor> { [new string('a', 100_000_000)] = Tensor.Ones(1) }));
        Assert.Equal(before, File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder))));
    }

    /// <summary>Left by writers that were killed; those of other files, and of writers that are alive, stay.</summary>
    [Fact]
    public void Temporary_files_are_swept_by_the_next_save()
    {
        var name = Guid.NewGuid().ToString("n");
        string[] stay = [$"a.npy.{name}", $"b.npy.{name}.tmp", "a.npy.mine.tmp", $"a.npyx.{name}.tmp"];
        foreach (var file in stay) Written(file, [1]);
        var (left, held) = (Written($"a.npy.{name}.tmp", [1]), In($"a.npy.{Guid.NewGuid():n}.tmp"));
        using (new FileStream(held, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete))
        {
            Npy.Save(In("a.npy"), Tensor.Ones(1));
            Assert.Equal(stay.Select(In).Append(held).Append(In("a.npy")).Order(), Directory.GetFiles(folder).Order());
        }
        Npy.Save(In("a.npy"), Tensor.Ones(1));
        Assert.False(File.Exists(held) || File.Exists(left));
    }

    [Fact]
    public void A_module_saves_its_parameters_and_buffers_and_loads_them()
    {
        Sequential net = new(new Linear(3, 4), new BatchNorm1d(4)), other = new(new Linear(3, 4), new BatchNorm1d(4));
        net.Call(Tensor.Randn(5, 3));           // changes the statistics
        net.Save(In("net.safetensors"));
        Assert.Same(other, other.Load(In("net.safetensors")));
        foreach (var (name, tensor) in net.StateDict())
            Assert.Equal(tensor.ToArray<double>(), other.StateDict()[name].ToArray<double>());
        var refused = Assert.Throws<TensorletException>(() => new Sequential(new Linear(3, 4)).Load(
            In("net.safetensors")));
        Assert.Contains("1.weight", refused.Message, StringComparison.Ordinal);
    }
}
