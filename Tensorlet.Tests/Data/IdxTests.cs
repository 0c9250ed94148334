using System.IO.Compression;
using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests;

public sealed class IdxTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-idx-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Shape [2, 3, 200], and elements that neither repeat early nor pack into nothing.
    static readonly byte[] Elements = [.. Enumerable.Range(0, 1200).Select(i => (byte)(i * i / 7))];
    static readonly byte[] Good = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 200, .. Elements];

    static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return packed.ToArray();
    }

    string Written(byte[] bytes, string name = "some-idx3-ubyte")
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    void Refused(byte[] bytes, params string[] words)
    {
        var path = Written(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => Idx.Read(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.All([path, "expected", "found", .. words], word => Assert.Contains(word, error.Message));
    }

    static byte[] With(byte[] bytes, int at, params byte[] values)
    {
        byte[] changed = [.. bytes];
        values.CopyTo(changed, at);
        return changed;
    }

    [Theory]
    [InlineData("plain", false)]
    [InlineData("packed.gz", true)]
    [InlineData("plain-in-spite-of-its-name.gz", false)]
    [InlineData("packed-in-spite-of-its-name", true)]
    public void Reads_what_was_written(string name, bool zipped)
    {
        var (data, shape) = Idx.Read(Written(zipped ? Gzip(Good) : Good, name));
        Assert.Equal([2, 3, 200], shape);
        Assert.Equal(Elements, data);
    }

    [Fact]
    public void Reads_a_file_without_elements()
    {
        var (data, shape) = Idx.Read(Written([0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 28]));
        Assert.Equal([0, 28], shape);
        Assert.Empty(data);
    }

    [Fact]
    public void Headers_are_written_as_they_are_read() => Assert.Equal(Good[..16], Idx.Header(2, 3, 200));

    [Theory]
    [InlineData(0), InlineData(1), InlineData(3), InlineData(4), InlineData(9)]
    [InlineData(15), InlineData(16), InlineData(1215)]
    public void Refuses_a_truncated_file(int length)
    {
        Refused(Good[..length], "truncated");
        Refused(Gzip(Good[..length]), "truncated");
    }

    [Fact]
    public void Refuses_a_file_with_trailing_bytes()
    {
        Refused([.. Good, 0], "1216", "1217", "trailing");
        Refused(Gzip([.. Good, 0]), "1216", "1217", "trailing");
    }

    [Theory]
    [InlineData(0, 1), InlineData(1, 1), InlineData(2, 9), InlineData(2, 0x0d), InlineData(3, 0), InlineData(3, 9)]
    public void Refuses_a_wrong_magic_number(int at, byte value)
    {
        Refused(With(Good, at, value), "00-00-08", BitConverter.ToString(With(Good, at, value)[..4]));
        Refused(Gzip(With(Good, at, value)), "00-00-08");
    }

    [Theory]
    [InlineData(0x7f, 0xff, 0xff, 0xff), InlineData(0xff, 0xff, 0xff, 0xff)]
    [InlineData(0x10, 0, 0, 0), InlineData(0, 1, 0, 0)]
    public void Refuses_hostile_sizes_without_allocating_them(byte a, byte b, byte c, byte d)
    {
        foreach (var axis in new[] { 4, 8, 12 })
        {
            Refused(With(Good, axis, a, b, c, d));
            Refused(Gzip(With(Good, axis, a, b, c, d)));
        }
        Refused([0, 0, 8, 1, a, b, c, d]);
    }

    /// <summary>Longer than what is inflated at a time, so the header is read before the trailer.</summary>
    [Fact]
    public void Refuses_a_hostile_size_that_the_gzip_trailer_confirms()
    {
        var noise = new byte[100_000];
        new Random(1).NextBytes(noise);
        var packed = Gzip([0, 0, 8, 1, 0x10, 0, 0, 0, .. noise]);
        Refused(With(packed, packed.Length - 4, BitConverter.GetBytes(0x10000000 + 8)), "trailer");
    }

    /// <summary>200 kB could inflate to 201,326,592 elements, but do not.</summary>
    [Fact]
    public void Takes_memory_as_the_bytes_arrive()
    {
        var noise = new byte[200_000];
        new Random(1).NextBytes(noise);
        var packed = Gzip([0, 0, 8, 1, 0xC, 0, 0, 0, .. noise]);
        Refused(With(packed, packed.Length - 4, BitConverter.GetBytes(0xC000000 + 8)), "does not inflate");
    }

    [Fact]
    public void Refuses_what_inflates_to_more_than_is_allowed()
    {
        var path = Written(Gzip(Good));
        Assert.Equal(Elements, Idx.Read(path, Good.Length).Data);
        var error = Assert.Throws<InvalidDataException>(() => Idx.Read(path, Good.Length - 1));
        Assert.All([path, "at most 1215", "1216", "allow more"], word => Assert.Contains(word, error.Message));
        Refused(Gzip([0, 0, 8, 1, 0x11, 0, 0, 0, .. new byte[0x11000000]]), $"at most {1 << 28}", "285212680");
    }

    [Fact]
    public void Refuses_sizes_whose_product_overflows() =>
        Refused([0, 0, 8, 4, 0x7f, 0, 0, 0, 0x7f, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0]);

    [Fact]
    public void Refuses_a_gzip_file_cut_anywhere()
    {
        var packed = Gzip(Good);
        for (var length = 2; length < packed.Length; length++) Refused(packed[..length]);
    }

    /// <summary>Bytes 3 to 9 (flags, time, system) say nothing about the content, and may have any value.</summary>
    [Fact]
    public void Refuses_a_gzip_file_with_any_bit_flipped()
    {
        var (packed, harmless) = (Gzip(Good), 0);
        foreach (var at in Enumerable.Range(10, packed.Length - 10).Prepend(2))
            for (var bit = 0; bit < 8; bit++)
            {
                var path = Written(With(packed, at, (byte)(packed[at] ^ (1 << bit))));
                if (Record.Exception(() => Assert.Equal(Elements, Idx.Read(path).Data)) is not { } error) harmless++;
                else Assert.Contains(path, Assert.IsType<InvalidDataException>(error).Message);
            }
        // Only the bits that fill up the last byte of the compressed data have no meaning.
        Assert.InRange(harmless, 0, 7);
    }

    [Fact]
    public void Refuses_what_follows_a_gzip_file()
    {
        Refused([.. Gzip(Good), 0]);
        Refused([.. Gzip(Good[..600]), .. Gzip(Good[600..])]);
        Refused([.. Gzip(Good), .. Gzip(Good)]);
        Refused([.. Gzip(Good), 1, 2, 3, 4, .. BitConverter.GetBytes(Good.Length)], "checksum 04030201");
    }

    [Fact]
    public void The_checksum_is_that_of_the_standard()
    {
        var crc = new Crc32();
        crc.Add("12345"u8);
        crc.Add("6789"u8);
        Assert.Equal(0xCBF43926u, crc.Value);
    }
}
