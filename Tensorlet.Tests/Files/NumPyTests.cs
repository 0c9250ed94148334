using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Tensorlet.Tests.Files;

/// <summary>NumPy's files, those that witness.py has written, and malicious ones.</summary>
public sealed class NumPyTests : Folder
{
    sealed record Held(int[] Shape, char Kind, int Size, double[] Values);
    sealed record Witness(string File, Dictionary<string, Held> Arrays);

    static readonly Lazy<Dictionary<string, Witness>> stored = new(() =>
        JsonSerializer.Deserialize<Dictionary<string, Witness>>(
            File.ReadAllText(Path.Combine(Here(), "witness.json")), JsonSerializerOptions.Web)!);

    public static TheoryData<string> Names => [.. stored.Value.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Files_of_others_are_read(string name)
    {
        var witness = stored.Value[name];
        var path = Written("file", Convert.FromBase64String(witness.File));
        var read = Path.GetExtension(name) switch
        {
            ".npy" => new() { [""] = Npy.Load(path) },
            ".npz" => Npz.Load(path),
            _ => SafeTensors.Load(path),
        };
        Assert.Equal(witness.Arrays.Keys.Order(), read.Keys.Order());
        foreach (var (key, held) in witness.Arrays)
        {
            Assert.Equal(held.Kind switch
            {
                'b' => DType.Bool,
                'f' => held.Size == 8 ? DType.Float64 : DType.Float32,
                _ => DType.Int64,
            }, read[key].DType);
            Assert.Equal(held.Shape, read[key].Size());
            Assert.Equal(held.Values, read[key].ToArray<double>());
        }
    }

    [Fact]
    public void Every_type_and_view_comes_back()
    {
        var tensors = Everything();
        foreach (var tensor in tensors.Values)
        {
            Npy.Save(In("one.npy"), tensor);
            Same(tensor, Npy.Load(In("one.npy")));
            Assert.Equal(0, (new FileInfo(In("one.npy")).Length - tensor.Numel * tensor.DType.Size()) % 64);
        }
        foreach (var compressed in new[] { false, true })
        {
            Npz.Save(In("all.npz"), tensors, compressed);
            Same(tensors, Npz.Load(In("all.npz")));
            var bytes = File.ReadAllBytes(In("all.npz"));
            Npz.Save(In("all.npz"), tensors, compressed);
            Assert.Equal(bytes, File.ReadAllBytes(In("all.npz")));
        }
        Npz.Save(In("all.npz"), new Dictionary<string, Tensor>());
        Assert.Empty(Npz.Load(In("all.npz")));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    /// <summary>Identical to the byte, so NumPy can read them.</summary>
    [Fact]
    public void Files_are_those_of_NumPy()
    {
        foreach (var name in (string[])["|b1.npy", "<i8.npy", "<f4.npy", "<f8.npy", "0-d.npy", "1-d.npy", "empty.npy"])
        {
            var file = Convert.FromBase64String(stored.Value[name].File);
            Npy.Save(In("ours.npy"), Npy.Load(Written("theirs.npy", file)));
            Assert.Equal(file, File.ReadAllBytes(In("ours.npy")));
        }
    }

    static byte[] File10(string header, int data, byte major = 1, byte minor = 0, int? length = null)
    {
        var text = Encoding.Latin1.GetBytes(header);
        var size = BitConverter.GetBytes(length ?? text.Length);
        return [0x93, .. "NUMPY"u8, major, minor, .. size[..(major == 1 ? 2 : 4)], .. text, .. new byte[data]];
    }

    void Refused(byte[] bytes, Func<string, object> load, params string[] words)
    {
        var path = Written("hostile", bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => load(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * bytes.Length + (2 << 20));
        Assert.All([path, .. words], word => Assert.Contains(word, error.Message));
    }

    const string Sound = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

    [Theory]
    [InlineData(Sound)]
    [InlineData("{'shape':(2,3),'descr':'<f4','fortran_order':False}")]
    [InlineData("{ 'fortran_order' : False , 'descr' : '|f4' , 'shape' : ( 2 , 3 , ) }  \n")]
    [InlineData("{'descr': '=f4', 'fortran_order': False, 'shape': (2, 0000000003), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }")]          // NumPy's on Python 2
    [InlineData("{\"descr\": \"<f4\", 'fortran_order': False, \"shape\": (2 , 3L,)}")]
    public void Headers_in_any_order_are_read(string header) =>
        Assert.Equal([2, 3], Npy.Load(Written("sound", File10(header, 24))).Size());

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("{}", "no members")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "no shape")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'shape': (2, 3)}", "descr twice, no order")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'shape': (2, 3)}", "shape twice")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}", "a fourth member")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} 1", "more after it")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", "no end")]
    [InlineData("['descr': '<f4', 'fortran_order': False, 'shape': (2, 3)]", "no dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}", "no truth value")]
    [InlineData("{'descr': '<f4', 'fortran_order': true, 'shape': (2, 3)}", "not Python's")]
    [InlineData("{'descr': 'f4', 'fortran_order': False, 'shape': (2, 3)}", "no order of bytes")]
    [InlineData("{'descr': '<', 'fortran_order': False, 'shape': (2, 3)}", "no type")]
    [InlineData("{'descr': '<U4', 'fortran_order': False, 'shape': (2, 3)}", "texts")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", "complex numbers")]
    [InlineData("{'descr': '<u8', 'fortran_order': False, 'shape': (3,)}", "what Int64 does not hold")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", "pickled objects")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,)}", "structures")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6)}", "a number, no tuple")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6LL,)}", "two of the letters for long numbers")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (L,)}", "a letter, no number")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape\": (6,)}", "two kinds of quotes")]
    [InlineData("{'descr': \"<f4', 'fortran_order': False, 'shape': (6,)}", "two kinds of quotes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [6]}", "a list")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", "only a comma")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", "no comma")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}", "negative")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (6.0,)}", "not whole")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}", "too short")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}", "bytes left over")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)}", "too large for a size")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647)}", "huge")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "product 0 in 64 bits")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (24,)}\u0001", "a control character")]
    [InlineData("{'descr':\u00a0'|b1', 'fortran_order': False, 'shape': (24,)}", "another kind of space")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (24,)}\n\n", "two ends of the line")]
    public void Hostile_headers_are_refused(string header, string why)
    {
        Refused(File10(header, 24), Npy.Load);
        Refused(File10(header, 24, major: 2), Npy.Load);
        Refused(File10(header, 24, major: 3), Npy.Load);
        Assert.NotEmpty(why);
    }

    /// <summary>A parser with backtracking would need hours for this.</summary>
    [Fact]
    public void Long_headers_take_no_longer_than_they_are()
    {
        var start = Sound[..Sound.IndexOf('(')];
        foreach (var part in (string[])[" ", "1,", "1 ,", "((", "'", "{'", ", "])
            Refused(File10(start + "(" + string.Concat(Enumerable.Repeat(part, 65_000 / part.Length)), 24), Npy.Load);
        Refused(File10(start + $"({string.Concat(Enumerable.Repeat("1,", 65))})}}", 4), Npy.Load, "up to 64 sizes");
        Refused(File10(Sound[..^1] + new string(' ', 70_000), 24, major: 2), Npy.Load, "at most 65535 are possible");
        Assert.Equal(6, Npy.Load(Written("long", File10(Sound[..^1] + new string(' ', 65_000), 24))).Numel);
    }

    [Theory]
    [InlineData(0, 0), InlineData(1, 1), InlineData(4, 0), InlineData(255, 255)]
    public void Other_versions_are_refused(byte major, byte minor) =>
        Refused(File10(Sound, 24, major, minor), Npy.Load, "version 1.0, 2.0 or 3.0");

    [Theory]
    [InlineData(1, 65535), InlineData(2, 65535), InlineData(2, int.MaxValue), InlineData(3, -1), InlineData(1, 10)]
    public void Lengths_of_headers_that_lie_are_refused(byte major, int length) =>
        Refused(File10(Sound, 24, major, length: length), Npy.Load);

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var (npy, values) = (File10(Sound, 24), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones(2, 3) });
        for (var length = 0; length < npy.Length; length++) Refused(npy[..length], Npy.Load);
        foreach (var compressed in new[] { false, true })
        {
            Npz.Save(In("whole"), values, compressed);
            var npz = File.ReadAllBytes(In("whole"));
            for (var length = 0; length < npz.Length; length++) Refused(npz[..length], path => Npz.Load(path));
        }
        Refused([.. npy, 0], Npy.Load, "does not take the 25 bytes");
    }

    [Fact]
    public void Truth_values_are_0_or_1()
    {
        var file = File10("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }\n", 2);
        Assert.Equal([0, 0], Npy.Load(Written("sound", file)).ToArray<long>());
        file[^1] = 2;
        Refused(file, Npy.Load, "a Boolean has the value 2");
    }

    byte[] Archive(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
                using (var entry = archive.CreateEntry(name, level).Open()) entry.Write(content);
        return bytes.ToArray();
    }

    /// <summary>The positions of a signature in a file.</summary>
    static int Find(byte[] bytes, uint signature) =>
        bytes.AsSpan().IndexOf(BitConverter.GetBytes(signature));

    const uint Local = 0x04034b50, Central = 0x02014b50;

    [Theory]
    [InlineData("../a.npy"), InlineData("/a.npy"), InlineData("a/../../b.npy"), InlineData("..\\a.npy")]
    [InlineData("C:/a.npy"), InlineData("\\\\host\\a.npy"), InlineData(".."), InlineData(".npy"), InlineData("../.npy")]
    public void Names_that_lead_out_of_the_archive_are_refused(string name)
    {
        Refused(Archive(CompressionLevel.NoCompression, ("b.npy", File10(Sound, 24)), (name, File10(Sound, 24))),
            path => Npz.Load(path), $"'{name}'");
        if (!name.EndsWith(".npy")) name += ".npy";
        Assert.Throws<ArgumentException>(() =>
            Npz.Save(In("ours"), new Dictionary<string, Tensor> { [name[..^4]] = Tensor.Ones(1) }));
        Assert.False(File.Exists(In("ours")));
    }

    [Fact]
    public void Names_are_keys()
    {
        var sound = File10(Sound, 24);
        (string, byte[])[] entries = [("a/b.npy", sound), ("no suffix", sound), ("w:0.npy", sound),
            ("a.npy.npy", sound), ("x..y.npy", sound)];
        Assert.Equal(["a/b", "no suffix", "w:0", "a.npy", "x..y"],
            Npz.Load(Written("sound", Archive(CompressionLevel.Optimal, entries))).Keys);
        foreach (var (a, b) in new[] { ("a.npy", "a.npy"), ("a", "a.npy") })
            Refused(Archive(CompressionLevel.Optimal, (a, sound), (b, sound)), path => Npz.Load(path), "twice");
        Refused(Archive(CompressionLevel.Optimal, ("a.txt", "no array"u8.ToArray())), path => Npz.Load(path), "a.txt");
    }

    [Fact]
    public void Encrypted_and_unknown_entries_are_refused()
    {
        var sound = Archive(CompressionLevel.NoCompression, ("a.npy", File10(Sound, 24)));
        byte[] encrypted = [.. sound], method = [.. sound];
        (encrypted[Find(sound, Local) + 6], encrypted[Find(sound, Central) + 8]) = (1, 1);
        Refused(encrypted, path => Npz.Load(path), "encrypted");
        (method[Find(sound, Local) + 8], method[Find(sound, Central) + 10]) = (12, 12);
        Refused(method, path => Npz.Load(path));
    }

    [Fact]
    public void A_wrong_checksum_is_refused()
    {
        foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Optimal })
        {
            var bytes = Archive(level, ("a.npy", File10(Sound, 24)));
            bytes[Find(bytes, Central) + 16] ^= 1;
            Refused(bytes, path => Npz.Load(path), "CRC-32");
        }
        var stored = Archive(CompressionLevel.NoCompression, ("a.npy", File10(Sound, 24)));
        stored[Find(stored, Central) - 1] ^= 128;          // the last byte of the last number
        Refused(stored, path => Npz.Load(path), "CRC-32");
    }

    /// <summary>100 MB of zeros in about 100 kB: refused before memory is allocated, unless it is allowed.</summary>
    [Fact]
    public void What_inflates_beyond_measure_is_refused()
    {
        const int count = 25_000_000;
        var zeros = File10($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count},), }}\n", 4 * count);
        var bomb = Archive(CompressionLevel.Fastest, ("a.npy", zeros));
        Refused(bomb, path => Npz.Load(path, expansion: 1 << 20), "expansion");
        Refused(bomb, path => Npz.Load(path, expansion: 0), "expansion");
        Assert.Equal(count, Npz.Load(In("hostile"), expansion: 4 * count)["a"].Numel);
    }

    /// <summary>The directory and the shape inside an entry must agree on its length.</summary>
    [Theory]
    [InlineData(100), InlineData(1), InlineData(int.MaxValue)]
    public void A_length_that_lies_is_refused(int more)
    {
        foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Optimal })
        {
            var bytes = Archive(level, ("a.npy", File10(Sound, 24)));
            var at = Find(bytes, Central) + 24;
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)length + (uint)more);
            Refused(bytes, path => Npz.Load(path));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)length - 1);
            Refused(bytes, path => Npz.Load(path));
        }
    }

    /// <summary>
    /// Bytes after the numbers that neither length nor checksum cover; if they are deflated, they are never inflated.
    /// </summary>
    [Fact]
    public void Bytes_that_trail_are_refused()
    {
        var (sound, crc) = (File10(Sound, 24), new Crc32());
        crc.Add(sound);
        var bytes = Archive(CompressionLevel.NoCompression, ("a.npy", [.. sound, 1, 2, 3]));
        var central = bytes.AsSpan(Find(bytes, Central));
        BinaryPrimitives.WriteUInt32LittleEndian(central[16..], crc.Value);
        BinaryPrimitives.WriteInt32LittleEndian(central[24..], sound.Length);
        Refused(bytes, path => Npz.Load(path), "trailing");
    }

    /// <summary>An end of the archive that says there are no entries, although there are some.</summary>
    [Fact]
    public void A_directory_that_is_lost_is_refused()
    {
        var bytes = Archive(CompressionLevel.NoCompression, ("a.npy", File10(Sound, 24)));
        var end = bytes.AsSpan(bytes.Length - 22);
        end[8..12].Clear();                                                         // how many
        BinaryPrimitives.WriteInt32LittleEndian(end[16..], bytes.Length - 22);      // and from where
        Refused(bytes, path => Npz.Load(path), "no entries");
    }

    /// <summary>Many entries that claim the same bytes of the file.</summary>
    [Fact]
    public void Entries_that_overlap_are_refused()
    {
        var one = Archive(CompressionLevel.NoCompression, ("a.npy", File10(
            "{'descr': '|b1', 'fortran_order': False, 'shape': (10000,), }\n", 10000)));
        var central = Find(one, Central);
        var end = one.Length - 22;
        var (entry, bytes) = (one[central..end], one[..central].ToList());
        for (var i = 0; i < 20; i++)
        {
            entry["PK____VV__FFMMTTDDCCCCPPPPLLLLNNEE__________OOOO".Length - 2] = (byte)('a' + i);
            bytes.AddRange(entry);
        }
        var last = one[end..];
        (last[8], last[10]) = (20, 20);
        BinaryPrimitives.WriteInt32LittleEndian(last.AsSpan(12), 20 * entry.Length);
        Refused([.. bytes, .. last], path => Npz.Load(path), "more than the file");
    }

    /// <summary>Tensors with too many axes are refused by everything that writes, and no file is left.</summary>
    [Fact]
    public void Too_many_axes_are_not_written()
    {
        var most = Tensor.Ones([.. Enumerable.Repeat(1, 64)]);
        Npy.Save(In("most.npy"), most);
        Assert.Equal(64, Npy.Load(In("most.npy")).Rank);
        var (more, named) = (most.Unsqueeze(0), new Dictionary<string, Tensor> { ["a"] = most.Unsqueeze(0) });
        Assert.Throws<ShapeException>(() => Npy.Save(In("most.npy"), more));
        Assert.Throws<ShapeException>(() => Npz.Save(In("a.npz"), named));
        Assert.Throws<ShapeException>(() => SafeTensors.Save(In("a.safetensors"), named));
        Assert.Equal(64, Npy.Load(Assert.Single(Directory.GetFiles(folder))).Rank);
    }
}
