using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tutorials;

namespace Tensorlet.Tests.Files;

/// <summary>
/// 500 damaged files of each format: bits are flipped, parts are cut out, inserted and swapped, lengths are changed.
/// Each file is refused with an InvalidDataException that names it, without much memory, or it is read correctly. What
/// that means for a format is defined in the test of the format.
/// </summary>
public sealed partial class DamageTests : Folder
{
    const int Count = 500;

    [Theory, InlineData("no folder/x.npy"), InlineData("")]
    public void A_file_that_cannot_be_written_is_named_as_the_user_named_it(string name)
    {
        var path = name == "" ? folder : In(name);              // a folder is not a file
        var said = Assert.ThrowsAny<IOException>(() => Npy.Save(path, Tensor.Ones(1))).Message;
        Assert.StartsWith($"{path} cannot be written: ", said);
        Assert.DoesNotContain(".tmp", said);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    /// <summary>Damages and loads files; returns how many were refused.</summary>
    int Refused<T>(byte[][] sound, Func<string, T> load, Action<byte[], T> right)
    {
        var (random, refused) = (new Random(1), 0);
        foreach (var file in sound) load(Written("damaged", file));       // and whatever is allocated only once
        for (var i = 0; i < Count; i++)
        {
            var bytes = Mutations.Damaged(sound[i % sound.Length], random);
            var path = Written("damaged", bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var read = load(path);
                right(bytes, read);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(path, e.Message);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
                refused++;
            }
            catch (Exception e) { Assert.Fail($"file {i} gives {e}"); }
        }
        return refused;
    }

    byte[] Bytes(Action<string> save)
    {
        save(In("sound"));
        return File.ReadAllBytes(In("sound"));
    }

    static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    static bool IsZipped(byte[] bytes) => bytes is [0x1f, 0x8b, ..];

    /// <summary>The elements in a file as the bits of ours; B is BF16.</summary>
    static IEnumerable<long> Elements(char kind, int size, byte[] data, bool big = false)
    {
        for (var at = 0; at < data.Length; at += size)
        {
            var one = data[at..(at + size)];
            if (!big) Array.Reverse(one);
            var raw = one.Aggregate(0L, (a, b) => a << 8 | b);
            yield return kind switch
            {
                'b' or 'u' or 'U' => raw,
                'i' or 'I' => raw << (64 - 8 * size) >> (64 - 8 * size),
                'B' => (int)(raw << 16),
                _ when size == 2 => BitConverter.SingleToInt32Bits((float)BitConverter.UInt16BitsToHalf((ushort)raw)),
                _ => size == 4 ? (int)raw : raw,
            };
        }
    }

    static DType Ours(char kind, int size) => kind switch
    {
        'b' => DType.Bool,
        'i' or 'u' or 'I' or 'U' => DType.Int64,
        _ => size == 8 ? DType.Float64 : DType.Float32,
    };

    /// <summary>What the header says, according to another JSON reader; and it mentions each byte once.</summary>
    static void AsSaid(byte[] bytes, Dictionary<string, Tensor> read)
    {
        var start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        var entries = header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__").ToList();
        Assert.Equal(entries.Select(e => e.Name).Order(), read.Keys.Order());
        var spoken = new int[bytes.Length - start];
        foreach (var entry in entries)
        {
            var type = entry.Value.GetProperty("dtype").GetString()!;
            var (kind, size) = type switch
            { "BOOL" => ('b', 1), "BF16" => ('B', 2), _ => (type[0], int.Parse(type[1..]) / 8) };
            var place = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt32()).ToList();
            for (var i = place[0]; i < place[1]; i++) spoken[i]++;
            var tensor = read[entry.Name];
            Assert.Equal(Ours(kind, size), tensor.DType);
            Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt32()), tensor.Size());
            Assert.Equal(Elements(kind, size, bytes[(start + place[0])..(start + place[1])]), Bits(tensor));
        }
        Assert.All(spoken, times => Assert.Equal(1, times));
    }

    static readonly Dictionary<string, Tensor> some = Everything().Where(t => t.Value.Numel < 100).ToDictionary();

    /// <summary>
    /// A file with a checksum returns what was saved: names, shapes and bits. Only if the name of the checksum itself
    /// is damaged, it is read like a file from elsewhere.
    /// </summary>
    [Fact]
    public void Safetensors_with_a_checksum()
    {
        var notes = new Dictionary<string, string> { ["made by"] = "a test" };
        var lost = 0;
        var refused = Refused([Bytes(path => SafeTensors.Save(path, some, notes))], path =>
        {
            var tensors = SafeTensors.Load(path, out var read);
            return (tensors, read);
        }, (bytes, read) =>
        {
            if (bytes.AsSpan().IndexOf("tensorlet.sha256"u8) < 0)
            {
                lost++;
                AsSaid(bytes, read.tensors);
                return;
            }
            Same(some, read.tensors);
            Assert.Equal(notes, read.read);
        });
        Assert.InRange(lost, 0, 15);
        Assert.InRange(refused, Count - 20, Count - 1);
    }

    /// <summary>A file without a checksum returns what its header and its bytes say.</summary>
    [Fact]
    public void Safetensors_of_others()
    {
        static byte[] Other(string header, int data)
        {
            var json = Encoding.UTF8.GetBytes(header);
            return [.. BitConverter.GetBytes((long)json.Length), .. json,
                .. Enumerable.Range(0, data).Select(i => (byte)(37 * i))];
        }
        var refused = Refused([
            Other("""{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""", 24),
            Other("""{"a":{"dtype":"I16","shape":[9],"data_offsets":[2,20]},""" +
                """ "b":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"__metadata__":{"format":"pt"}}""", 20),
            Other("""{"a":{"dtype":"BF16","shape":[4,1],"data_offsets":[0,8]},""" +
                """ "b":{"dtype":"U8","shape":[0,3],"data_offsets":[8,8]}}   """, 8),
        ], path => SafeTensors.Load(path), AsSaid);
        Assert.InRange(refused, Count / 3, Count - 1);
    }

    sealed class Net : Module
    {
        readonly Linear first = new(3, 4), second = new(4, 2);
        public override Variable Forward(Variable x) => second.Call(first.Call(x));
    }

    static double[] Numbers(params IStateful[] parts) =>
        [.. parts.SelectMany(part => part.StateDict()).SelectMany(t => t.Value.ToArray<double>())];

    /// <summary>A checkpoint returns what was saved, or it is refused and changes nothing.</summary>
    [Fact]
    public void Checkpoints()
    {
        var (net, epoch, random) = (new Net(), new Counter(7), new Generator(3) { Position = 5 });
        var (other, more) = (new Net(), new Counter(8));
        var (saved, before) = (Numbers(net, epoch), Numbers(other, more));
        var refused = Refused(
            [Bytes(path => Checkpoint.Save(path, ("model", net), ("epoch", epoch), ("random", random)))], path =>
        {
            for (var i = 0; i < 2; i++)
                foreach (var (p, q) in other.Parameters().Zip(net.Parameters()))
                    if (i == 0) p.Data.SetAll(0); else p.Data.Sub_(q.Data);
            more.Value = 8;
            before = Numbers(other, more);
            try { Checkpoint.Load(path, ("epoch", more), ("model", other)); }
            catch { Assert.Equal(before, Numbers(other, more)); throw; }
            return other;
        }, (_, _) => Assert.Equal(saved, Numbers(other, more)));
        Assert.InRange(refused, Count - 20, Count);
    }

    [GeneratedRegex(@"'descr': *'(.)(.)(\d)'")]
    static partial Regex Descr { get; }
    [GeneratedRegex(@"'shape': *\(([\d, \s]*)\)")]
    static partial Regex Sizes { get; }

    /// <summary>There is no checksum: a file returns what its header and its bytes say.</summary>
    [Fact]
    public void Npy_files()
    {
        var fortran = """{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2), }"""u8.ToArray();
        var refused = Refused([.. some.Values.Select(tensor => Bytes(path => Npy.Save(path, tensor))),
            [0x93, .. "NUMPY"u8, 2, 0, (byte)fortran.Length, 0, 0, 0, .. fortran, .. "abcdefghijkl"u8]],
            Npy.Load, (bytes, read) =>
        {
            var start = bytes[6] == 1 ? 10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8))
                : 12 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
            var header = Encoding.Latin1.GetString(bytes[8..start]);
            var descr = Descr.Match(header).Groups;
            var (kind, size) = (descr[2].Value[0], int.Parse(descr[3].Value));
            Assert.Equal(Ours(kind, size), read.DType);
            Assert.Equal(Sizes.Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries |
                StringSplitOptions.RemoveEmptyEntries).Select(int.Parse), read.Size());
            if (header.Contains("True")) read = read.Permute([.. Enumerable.Range(0, read.Rank).Reverse()]);
            Assert.Equal(Elements(kind, size, bytes[start..], descr[1].Value == ">"), Bits(read));
        });
        Assert.InRange(refused, Count / 3, Count - 1);
    }

    /// <summary>
    /// The CRC-32 of an entry protects its shape and its numbers. Nothing protects its name, which is the one in the
    /// directory of the archive.
    /// </summary>
    [Fact]
    public void Npz_files()
    {
        var tensors = some.Where(t => t.Key.All(char.IsAscii)).ToDictionary();
        var refused = Refused([Bytes(path => Npz.Save(path, tensors)), Bytes(path => Npz.Save(path, tensors, true))],
            path => Npz.Load(path), (bytes, read) =>
        {
            Assert.Equal(tensors.Count, read.Count);
            foreach (var ((_, expected), (name, tensor)) in tensors.Zip(read))
            {
                Same(expected, tensor);
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0 || name.Contains('\uFFFD'), name);
            }
        });
        Assert.InRange(refused, Count / 3, Count - 1);
    }

    /// <summary>
    /// IDX has no checksum: shape and elements are those in the file. The checksum of gzip protects its content.
    /// </summary>
    [Fact]
    public void Idx_files()
    {
        byte[] sound = [.. Idx.Header(2, 3, 20), .. Enumerable.Range(0, 120).Select(i => (byte)(i * i / 7))];
        var refused = Refused([sound, Gzip(sound)], Idx.Read, (bytes, read) =>
        {
            if (IsZipped(bytes)) bytes = sound;
            Assert.Equal([0, 0, 8, (byte)read.Shape.Length], bytes[..4]);
            Assert.Equal(read.Shape, Enumerable.Range(1, bytes[3]).Select(axis =>
                BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * axis))));
            Assert.Equal(bytes[(4 + 4 * bytes[3])..], read.Data);
        });
        Assert.InRange(refused, Count / 3, Count - 1);
    }

    /// <summary>The records of CIFAR have no checksum: they are read as they are if all labels are classes.</summary>
    [Fact]
    public void Records_of_CIFAR()
    {
        byte[] sound = [.. Enumerable.Range(0, 2 * 3073).Select(i => (byte)(i % 3073 == 0 ? i / 3073 : i * i / 7))];
        var refused = Refused([sound, Gzip(sound)], CIFAR10.Read, (bytes, read) =>
        {
            if (IsZipped(bytes)) bytes = sound;
            Assert.Equal(bytes.Where((_, i) => i % 3073 == 0), read.Labels);
            Assert.Equal(bytes.Where((_, i) => i % 3073 != 0), read.Images);
            Assert.True(read.Labels.Max() < 10);
        });
        Assert.InRange(refused, Count / 3, Count - 1);
    }

    [GeneratedRegex("(?:\"((?:[^\"]|\"\")*)\"|((?!\")[^,\r\n]*))(,|\r\n?|\n|\\z)")]
    static partial Regex Field { get; }

    /// <summary>A table has no checksum: its fields are those that another grammar finds in the text.</summary>
    [Fact]
    public void Tables()
    {
        var sound = "a,b,\"c \"\"d\"\"\"\n1,2.5,\"x, y\"\n\n-3,\"4\n5\",z\n7,,é\n"u8.ToArray();
        var refused = Refused([sound], path => new Csv(path), (bytes, read) =>
        {
            var text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
            List<string[]> rows = [];
            List<string> fields = [];
            for (var at = 0; at < text.Length || fields.Count > 0;)
            {
                var match = Field.Match(text, at);
                Assert.Equal(at, match.Index);
                at += match.Length;
                fields.Add(match.Groups[1].Success ? match.Groups[1].Value.Replace("\"\"", "\"")
                    : match.Groups[2].Value);
                if (match.Groups[3].Value == ",") continue;
                if (fields is not [""] || match.Groups[1].Success) rows.Add([.. fields]);
                fields = [];
            }
            Assert.Equal(rows[0], read.Columns);
            Assert.Equal(rows.Count - 1, read.Count);
            foreach (var (i, column) in read.Columns.Index())
                Assert.Equal(rows.Skip(1).Select(row => row[i]), read.Text(column));
        });
        Assert.InRange(refused, Count / 5, Count - 1);
    }
}
