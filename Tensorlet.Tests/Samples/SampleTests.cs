using System.IO.Compression;
using System.Text;
using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Samples;

/// <summary>The samples of the tutorials: what is written can be read again, and what is damaged is refused.</summary>
public sealed class SampleTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("samples").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string At(string name) => Path.Combine(folder, name);

    /// <summary>An image (C, H, W) whose values are multiples of 1/255, as in files.</summary>
    static Tensor Bytes(int channels, int height, int width) => Tensor.RandInt(0, 256, [channels, height, width],
        DType.Float32, generator: new Generator(1)) / 255;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 5)]
    [InlineData(40, 64)]
    public void A_PNG_has_the_pixels_that_were_written(int height, int width)
    {
        var image = Bytes(3, height, width);
        ImageFile.Write(At("a.png"), image);
        Assert.Equal([3, height, width], ImageFile.Read(At("a.png")).Size());
        Assert.Equal(image.ToArray<float>(), ImageFile.Read(At("a.png")).ToArray<float>());
        ImageFile.Write(At("grey.png"), image[..1]);
        var grey = ImageFile.Read(At("grey.png"));
        for (var c = 0; c < 3; c++) Assert.Equal(image[0].ToArray<float>(), grey[c].ToArray<float>());
    }

    /// <summary>Off by at most 1.5 of 255 in the mean, and by 25 at the sharpest edges.</summary>
    [Fact]
    public void A_JPEG_is_near_the_pixels_that_were_written()
    {
        var image = Drawn.Sunset();
        ImageFile.Write(At("a.jpg"), image);
        var off = new Variable(ImageFile.Read(At("a.jpg")) - image).Abs().Data * 255;
        Assert.Equal([0xFF, 0xD8, 0xFF], File.ReadAllBytes(At("a.jpg"))[..3]);
        Assert.InRange(off.Mean().Item(), 0.1, 1.5);
        Assert.InRange(off.AMax().Item(), 1, 25);
    }

    [Fact]
    public void Folders_of_images_are_read_by_the_same_function()
    {
        foreach (var (name, value) in new[] { ("b", 1.0), ("a", 0.2) })
        {
            Directory.CreateDirectory(At(name));
            ImageFile.Write(At($"{name}/1.png"), Tensor.Full([3, 4, 6], value));
        }
        var (images, labels) = new DataLoader(new ImageFolder(folder, ImageFile.Read), batchSize: 2).Single();
        Assert.Equal([2, 3, 4, 6], images.Size());
        Assert.Equal([0.2f, 1], images.Mean([1, 2, 3]).ToArray<float>(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0, 1], labels.ToArray<long>());
    }

    void Refused(Action<string> read, string name, byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        Assert.Contains(At(name), Assert.Throws<InvalidDataException>(() => read(At(name))).Message);
    }

    [Theory]
    [InlineData("a.png")]
    [InlineData("a.jpg")]
    public void Images_that_are_cut_off_or_something_else_are_refused(string name)
    {
        ImageFile.Write(At(name), Bytes(3, 20, 30));
        var whole = File.ReadAllBytes(At(name));
        foreach (var length in Enumerable.Range(0, whole.Length).Where(n => n < 700 || n % 50 == 0))
            if (length < whole.Length - 12)         // the last chunk of a PNG has no data
                Refused(path => ImageFile.Read(path), name, whole[..length]);
        Refused(path => ImageFile.Read(path), name, "GIF89a"u8.ToArray());
        Refused(path => ImageFile.Read(path), name, [.. whole[..8], .. new byte[500]]);
    }

    [Fact]
    public void Sizes_that_a_file_cannot_have_are_refused_before_anything_is_allocated()
    {
        ImageFile.Write(At("a.png"), Bytes(3, 20, 30));
        var whole = File.ReadAllBytes(At("a.png"));
        foreach (var at in new[] { 16, 20, 33 })    // width, height, and the length of the second chunk
        {
            byte[] bytes = [.. whole];
            (bytes[at], bytes[at + 1], bytes[at + 2]) = (0, 0x7F, 0xFF);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Refused(path => ImageFile.Read(path), "a.png", bytes);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    /// <summary>
    /// Refuses with a message that has these words, without more than 1 MB of memory beyond the file.
    /// </summary>
    void Refused(Action<string> read, string name, byte[] bytes, params string[] words)
    {
        File.WriteAllBytes(At(name), bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => read(At(name)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (1 << 20) + 4 * bytes.Length);
        Assert.All([At(name), .. words], word => Assert.Contains(word, error.Message));
    }

    /// <summary>
    /// A grey PNG with a number of pixels and bits for each, whose data inflate to a number of zeros.
    /// </summary>
    static byte[] Png(int width, int height, byte bits, long zeros, byte interlaced = 0)
    {
        var data = new MemoryStream();
        using (var packed = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
            for (; zeros > 0; zeros -= 1 << 16) packed.Write(new byte[Math.Min(zeros, 1 << 16)]);
        byte[] header = [.. Big(width), .. Big(height), bits, 0, 0, 0, interlaced];
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data.ToArray()),
            .. Chunk("IEND"u8, [])];

        static byte[] Big(int number) => [.. BitConverter.GetBytes(number).Reverse()];

        static byte[] Chunk(ReadOnlySpan<byte> name, byte[] content) => [.. Big(content.Length), .. name, .. content,
            .. Big((int)System.IO.Hashing.Crc32.HashToUInt32([.. name, .. content]))];
    }

    [Fact]
    public void Images_of_too_many_pixels_are_refused_before_anything_is_allocated()
    {
        Refused(path => ImageFile.Read(path), "a.png", Png(12_000, 12_000, 1, 12_000 * 1501L), "12000 × 12000",
            $"{1 << 24}", "mostPixels");
        foreach (var name in new[] { "a.png", "a.jpg" })
        {
            ImageFile.Write(At(name), Bytes(3, 20, 30));
            Assert.Equal([3, 20, 30], ImageFile.Read(At(name), 600).Size());
            var whole = File.ReadAllBytes(At(name));
            Refused(path => ImageFile.Read(path, 599), name, whole, "20 × 30", "599", "mostPixels");
        }
    }

    /// <summary>The data of a PNG is as long as its lines are, and these have whole bytes.</summary>
    [Theory]
    [InlineData(10, 10, 1, 10 * 3, 0)]
    [InlineData(10, 10, 16, 10 * 21, 0)]
    [InlineData(1, 1, 8, 2, 1)]
    [InlineData(10, 9, 8, 2 * 3 + 2 * 2 + 1 * 4 + 3 * 3 + 2 * 6 + 5 * 6 + 4 * 11, 1)]
    public void The_data_of_a_PNG_is_as_long_as_its_size_says(int width, int height, byte bits, int length, byte laced)
    {
        File.WriteAllBytes(At("a.png"), Png(width, height, bits, length, laced));
        Assert.Equal([3, height, width], ImageFile.Read(At("a.png")).Size());
        Refused(path => ImageFile.Read(path), "a.png", Png(width, height, bits, length - 1, laced), $"{length} bytes");
        foreach (var more in (long[])[1, 100_000_000])
            Refused(path => ImageFile.Read(path), "a.png", Png(width, height, bits, length + more, laced), "more");
    }

    /// <summary>40 × 24 pixels as other encoders write them: grey; in steps; with colours at half the resolution; with
    /// restarts.</summary>
    public static TheoryData<string> Jpegs => [.. File.ReadLines(Path.Combine(Here(), "jpegs.txt"))];

    static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.GetDirectoryName(path)!;

    [Theory, MemberData(nameof(Jpegs))]
    public void The_data_of_a_JPEG_is_as_long_as_its_size_says(string base64)
    {
        var whole = Convert.FromBase64String(base64);
        File.WriteAllBytes(At("a.jpg"), whole);
        Assert.Equal([3, 24, 40], ImageFile.Read(At("a.jpg")).Size());
        var frame = Enumerable.Range(0, whole.Length)
            .First(i => whole[i] == 0xFF && whole[i + 1] is >= 0xC0 and <= 0xC2);
        foreach (var (at, size) in new[] { (5, 8), (5, 48), (5, 5000), (7, 20), (7, 80), (7, 6000) })
        {
            byte[] bytes = [.. whole];
            (bytes[frame + at], bytes[frame + at + 1]) = ((byte)(size >> 8), (byte)size);
            Refused(path => ImageFile.Read(path), "a.jpg", bytes, $"{size}");
        }
    }

    /// <summary>Whatever the bytes are, they are read or refused, and in time.</summary>
    [Theory]
    [InlineData("a.png")]
    [InlineData("a.jpg")]
    public void Damaged_images_are_read_or_refused(string name)
    {
        ImageFile.Write(At(name), Drawn.Sunset(24, 32));
        var (whole, random, refused) = (File.ReadAllBytes(At(name)), new Random(1), 0);
        for (var attempt = 0; attempt < 500; attempt++)
        {
            byte[] bytes = [.. whole];
            for (var i = 0; i < 3; i++) bytes[random.Next(2) == 0 ? random.Next(whole.Length) : random.Next(200)] =
                (byte)random.Next(256);
            File.WriteAllBytes(At(name), bytes);
            try { Assert.Equal(3, ImageFile.Read(At(name)).Size(0)); }
            catch (InvalidDataException) { refused++; }
        }
        Assert.InRange(refused, 50, 500);
    }

    [Fact]
    public void Only_images_are_written()
    {
        Assert.Throws<ShapeException>(() => ImageFile.Write(At("a.png"), Tensor.Ones(2, 4, 4)));
        Assert.Throws<ShapeException>(() => ImageFile.Write(At("a.png"), Tensor.Ones(4, 4)));
        Assert.False(File.Exists(At("a.png")));
    }

    [Fact]
    public void Tokens_decode_to_the_text()
    {
        BytePairs.Learn(At("v"), Drawn.Text, 300);
        var tokenizer = BytePairs.Load(At("v"));
        foreach (var text in new[] { Drawn.Text, "", " ", "tensor  tensor\n\ttensors ", "Größe ∇ 😀", "\0" })
        {
            var numbers = tokenizer.Numbers(text);
            Assert.Equal(DType.Int64, numbers.DType);
            Assert.Equal(text, tokenizer.Text(numbers));
        }
        var learned = tokenizer.Numbers(Drawn.Text);
        Assert.InRange(learned.Numel, 1, Encoding.UTF8.GetByteCount(Drawn.Text) * 2 / 3);
        Assert.InRange(learned.AMax().Item(), 256, 299);
        foreach (var none in (long[])[1L << 40, -1, int.MaxValue + 1L, long.MinValue])
            Assert.Contains($"{none}", Assert.Throws<IndexException>(() =>
                tokenizer.Text(Tensor.From([97, none]))).Message);
    }

    /// <summary>In "ababab cab" the pair ab occurs four times, abab twice, and then nothing twice.</summary>
    [Fact]
    public void The_most_frequent_pair_becomes_a_token()
    {
        BytePairs.Learn(At("v"), "ababab cab", 300);
        var lines = File.ReadAllLines(At("v"));
        Assert.Equal(["YWI= 256", "YWJhYg== 257"], lines[256..]);
        var tokenizer = BytePairs.Load(At("v"));
        Assert.Equal([257, 256, 32, 'c', 256], tokenizer.Numbers("ababab cab").ToArray<long>());
    }

    [Fact]
    public void A_damaged_vocabulary_is_refused()
    {
        BytePairs.Learn(At("v"), Drawn.Text, 270);
        var whole = File.ReadAllText(At("v"));
        foreach (var content in new[] { "", whole[..100], whole[..^2], whole.Replace("Bw==", "Bw="),
            whole.Replace(" 7\n", " 8\n"), whole + "\u0001" })
            Refused(path => BytePairs.Load(path), "v", Encoding.UTF8.GetBytes(content));
    }

    [Fact]
    public void A_sound_has_the_samples_that_were_written()
    {
        var sound = Tensor.RandInt(-32768, 32768, [2, 1001], DType.Float32, generator: new Generator(1)) / 32768;
        Wav.Write(At("a.wav"), sound, 44100);
        var (read, rate) = Wav.Read(At("a.wav"));
        Assert.Equal((44100, 44 + 4004), (rate, (int)new FileInfo(At("a.wav")).Length));
        Assert.Equal([2, 1001], read.Size());
        Assert.Equal(sound.ToArray<float>(), read.ToArray<float>());
        Wav.Write(At("loud.wav"), Tensor.From(new[,] { { 2f, -2f } }), 8000);
        Assert.Equal([32767 / 32768f, -1], Wav.Read(At("loud.wav")).Sound.ToArray<float>());
    }

    [Fact]
    public void Sounds_that_could_not_be_read_again_are_not_written()
    {
        Wav.Write(At("most.wav"), Tensor.Zeros(16_383, 1), 32_000);
        Assert.Equal([16_383, 1], Wav.Read(At("most.wav")).Sound.Size());
        foreach (var channels in (int[])[0, 16_384, 32_768, 65_536, 70_000])
            Assert.Throws<ShapeException>(() => Wav.Write(At("a.wav"), Tensor.Zeros(channels, 1), 8000));
        foreach (var rate in (int[])[0, -1, int.MinValue, int.MaxValue])
            Assert.Throws<ArgumentOutOfRangeException>(() => Wav.Write(At("a.wav"), Tensor.Zeros(2, 1), rate));
        Assert.False(File.Exists(At("a.wav")));
    }

    [Fact]
    public void Chunks_that_nobody_knows_are_passed_over()
    {
        Wav.Write(At("a.wav"), Tensor.Ones(1, 3) / 4, 8000);
        var whole = File.ReadAllBytes(At("a.wav"));
        whole[4] += 12;             // the length of everything after it
        File.WriteAllBytes(At("a.wav"), [.. whole[..12], .. "LIST"u8, 3, 0, 0, 0, 1, 2, 3, 0, .. whole[12..]]);
        Assert.Equal([0.25f, 0.25f, 0.25f], Wav.Read(At("a.wav")).Sound.ToArray<float>());
    }

    [Fact]
    public void Damaged_sounds_are_refused()
    {
        Wav.Write(At("a.wav"), Tensor.Ones(2, 9), 8000);
        var whole = File.ReadAllBytes(At("a.wav"));
        for (var length = 0; length < whole.Length; length++)
            Refused(path => Wav.Read(path), "a.wav", whole[..length]);
        // kind, channels, rate, bits, and the lengths of both chunks
        foreach (var (at, value) in new[] { (20, 3), (22, 0), (22, 5), (27, 0x80), (34, 8), (19, 0xFF), (43, 0xFF) })
        {
            byte[] bytes = [.. whole];
            bytes[at] = (byte)value;
            Refused(path => Wav.Read(path), "a.wav", bytes);
        }
    }

    /// <summary>In each window the loudest frequency is the chirp's in its middle, within a row of 31.25 hertz.
    /// </summary>
    [Fact]
    public void The_spectrogram_follows_the_chirp()
    {
        Wav.Write(At("a.wav"), Drawn.Chirp(500, 6000, 2, 16000), 16000);
        var decibels = Spectrogram.Of(Wav.Read(At("a.wav")).Sound[0]);
        Assert.Equal([257, (32000 - 512) / 128 + 1], decibels.Size());
        var loudest = decibels.ArgMax(0).ToArray<long>();
        for (var t = 0; t < loudest.Length; t++)
        {
            var expected = 500 + 5500 * ((t * 128 + 256) / 32000.0);
            Assert.InRange(loudest[t] * 16000 / 512.0, expected - 31.25, expected + 31.25);
        }
        // half an amplitude of 1 under a window of mean ½ and length 512, half of it at the negative frequency: 64
        var tone = Spectrogram.Of(Drawn.Chirp(1000, 1000, 1, 16000)[0]);
        Assert.Equal(20 * Math.Log10(64), tone[32, 50].Item(), 6);
        Assert.Equal([3, 257, 246], Spectrogram.Picture(decibels)[.., .., ..246].Size());
    }

    [Fact]
    public void Clips_have_their_frames_in_the_order_of_their_numbers()
    {
        for (var i = 0; i < 12; i++) ImageFile.Write(At($"v2-{i}.png"), Tensor.Full([3, 4, 6], i / 20.0));
        var video = new FrameFolder(folder, 4, ImageFile.Read);
        Assert.Equal(9, video.Count);
        Assert.Equal("v2-9.png,v2-10.png", string.Join(',', video.Frames.Skip(9).Take(2).Select(Path.GetFileName)));
        var clip = video[8][0];
        Assert.Equal([4, 3, 4, 6], clip.Size());
        Assert.Equal([8, 9, 10, 11], clip.Mean([1, 2, 3]).ToArray<double>().Select(x => (int)Math.Round(x * 20)));
        Assert.Equal([3, 4, 3, 4, 6], new DataLoader(video, batchSize: 3).First()[0].Size());
        var cropped = new FrameFolder(folder, 4, ImageFile.Read, new CenterCrop(2));
        Assert.Equal([4, 3, 2, 2], cropped[0][0].Size());
        Assert.Equal(0, new FrameFolder(folder, 13, ImageFile.Read).Count);
    }

    [Fact]
    public void Frames_without_a_number_or_with_the_same_are_refused()
    {
        ImageFile.Write(At("3.png"), Tensor.Ones(3, 2, 2));
        Refused(_ => new FrameFolder(folder, 1, ImageFile.Read), "cover.png", []);
        File.Delete(At("cover.png"));
        Refused(_ => new FrameFolder(folder, 1, ImageFile.Read), "a03.png", []);
    }

    [Fact]
    public void A_damaged_frame_is_named()
    {
        ImageFile.Write(At("1.png"), Tensor.Ones(3, 2, 2));
        Refused(_ => new FrameFolder(folder, 2, ImageFile.Read).Sample(0, new(1)), "2.png", [1, 2, 3]);
    }
}
