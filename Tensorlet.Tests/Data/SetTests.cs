using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Tensorlet.Data;
using Tutorials;

namespace Tensorlet.Tests.Data;

public sealed class SetTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-sets-").FullName;
    public void Dispose() => Directory.Delete(folder, recursive: true);

    string In(string name) => Path.Combine(folder, name);

    string Written(string name, byte[] bytes)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>Record i: label i mod 10, every red byte 1, green 2, blue 3, and the first one i.</summary>
    static byte[] Records(int count, int labels = 1) => [.. Enumerable.Range(0, count).SelectMany(i =>
        Enumerable.Repeat((byte)(i % 10), labels).Append((byte)i)
            .Concat(Enumerable.Range(1, 3071).Select(j => (byte)(1 + j / 1024))))];

    [Fact]
    public void Records_of_CIFAR_are_read_plain_and_gzipped()
    {
        foreach (var bytes in new[] { Records(12), Gzip(Records(12)) })
        {
            var (images, labels) = CIFAR10.Read(Written("some.bin", bytes));
            Assert.Equal(Enumerable.Range(0, 12).Select(i => (byte)(i % 10)), labels);
            Assert.Equal((12 * 3072, 11, 3), (images.Length, images[11 * 3072], images[^1]));
        }
        byte[] two = [.. Records(1, labels: 2).Select((b, i) => i == 1 ? (byte)99 : b)];
        var fine = CIFAR100.Read(Written("fine.bin", two));
        Assert.Equal([99], fine.Labels);
    }

    [Theory]
    [InlineData(0, 0, 0, "found 0 bytes")]
    [InlineData(3072, 0, 0, "found 3072 bytes")]
    [InlineData(3074, 0, 0, "found 3074 bytes")]
    [InlineData(6146, 3073, 10, "found 10 in record 1")]
    public void Files_that_are_no_records_are_refused(int length, int at, byte value, string what)
    {
        var bytes = Records(3)[..length];
        if (length > 0) bytes[at] = value;
        foreach (var file in new[] { bytes, Gzip(bytes) })
        {
            var path = Written("bad.bin", file);
            var error = Assert.Throws<InvalidDataException>(() => CIFAR10.Read(path));
            Assert.Contains(path, error.Message);
            Assert.Contains(what, error.Message);
        }
    }

    [Fact]
    public void Damaged_gzipped_records_are_refused()
    {
        var packed = Gzip(Records(3));
        foreach (var length in new[] { 2, 17, packed.Length / 2, packed.Length - 1 })
            Assert.Throws<InvalidDataException>(() => CIFAR10.Read(Written("torn.bin", packed[..length])));
        packed[^5] ^= 1;
        Assert.Throws<InvalidDataException>(() => CIFAR10.Read(Written("torn.bin", packed)));
        Assert.Throws<InvalidDataException>(() => CIFAR10.Read(Written("long.bin", [.. Gzip(Records(1)), 0])));
    }

    /// <summary>A file has no more records than the set, and memory is allocated as its bytes arrive.</summary>
    [Fact]
    public void Too_many_records_are_refused_before_anything_is_allocated()
    {
        Assert.Equal(3, CIFAR10.Read(Written("some.bin", Gzip(Records(3))), 3).Labels.Length);
        foreach (var bytes in new[] { Records(3), Gzip(Records(3)) })
            Assert.Contains("at most 6146 bytes|1 to 2 records".Split('|')[bytes.Length < 9000 ? 0 : 1],
                Assert.Throws<InvalidDataException>(() => CIFAR10.Read(Written("some.bin", bytes), 2)).Message);
        var noise = new byte[3073 * 20];
        new Random(1).NextBytes(noise);
        var lying = Gzip(noise);
        BitConverter.GetBytes(3073 * 10_000).CopyTo(lying, lying.Length - 4);
        foreach (var bytes in new[] { Gzip(new byte[3073 * 10_001]), lying })
        {
            var path = Written("some.bin", bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => CIFAR10.Read(path)).Message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    /// <summary>A header may claim gigabytes, any number of records, a long name or anything else.</summary>
    [Theory]
    [InlineData("cifar-10-batches-bin/test_batch.bin", (byte)'0', "records")]
    [InlineData("cifar-10-batches-bin/test_batch.bin", (byte)'x', "a file")]
    [InlineData("anything", (byte)'L', "a file")]
    public void An_archive_takes_no_memory_for_what_is_not_there(string name, byte kind, string what)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        Encoding.ASCII.GetBytes(Convert.ToString(3073 * 10_000L, 8)).CopyTo(header, 124);
        header[156] = kind;
        Encoding.ASCII.GetBytes("        ").CopyTo(header, 148);
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        var path = Written("cifar-10-binary.tar.gz", Gzip([.. header, .. new byte[5120]]));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidDataException>(() => new CIFAR10(folder, train: false));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.All([path, what, "5120"], word => Assert.Contains(word, error.Message));
    }

    byte[] Archive(params (string Name, byte[] Content)[] files)
    {
        var bytes = new MemoryStream();
        using (var archive = new TarWriter(bytes, leaveOpen: true))
            foreach (var (name, content) in files)
                archive.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                { DataStream = new MemoryStream(content) });
        return Gzip(bytes.ToArray());
    }

    [Fact]
    public void CIFAR_is_read_from_files_or_from_the_archive()
    {
        var thousands = Records(10_000);
        Written("cifar-10-binary.tar.gz", Archive(("../../evil", [1]), ("x/batches.meta.txt", [2]),
            ("cifar-10-batches-bin/test_batch.bin", thousands)));
        var test = new CIFAR10(folder, train: false);
        Assert.Equal(10_000, test.Count);
        var (image, label) = test[9_993];
        Assert.Equal([3, 32, 32], image.Size());
        Assert.Equal((3, 3 / 255f), ((int)label.Item(), (float)image[2, 31, 31].Item()));
        Assert.Single(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
        Assert.Contains("data_batch_1.bin", Assert.Throws<InvalidDataException>(() => new CIFAR10(folder)).Message);
        for (var i = 1; i <= 5; i++) Written($"cifar-10-batches-bin/data_batch_{i}.bin", Records(i));
        Assert.Contains("expected 50000 images, found 15",
            Assert.Throws<InvalidDataException>(() => new CIFAR10(folder)).Message);
        Assert.Contains("cifar-100-binary.tar.gz",
            Assert.Throws<FileNotFoundException>(() => new CIFAR100(folder)).Message);
    }

    [Fact]
    public void A_damaged_archive_is_refused()
    {
        var whole = Archive(("cifar-10-batches-bin/test_batch.bin", Records(20)));
        foreach (var bytes in new[] { whole[..(whole.Length / 2)], whole[..100], [1, 2, 3], [] })
        {
            Written("cifar-10-binary.tar.gz", bytes);
            Assert.Contains("cifar-10-binary.tar.gz",
                Assert.Throws<InvalidDataException>(() => new CIFAR10(folder, train: false)).Message);
        }
    }

    /// <summary>
    /// Whatever the headers of the archive contain, it is refused as damaged, or read as too few images.
    /// </summary>
    [Fact]
    public void Hostile_headers_of_an_archive_are_refused()
    {
        var random = new Random(1);
        using var inflated = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(Archive(("cifar-10-batches-bin/test_batch.bin", Records(1)))),
            CompressionMode.Decompress)) gzip.CopyTo(inflated);
        for (var attempt = 0; attempt < 300; attempt++)
        {
            var bytes = inflated.ToArray();
            for (var changes = 0; changes < 3; changes++) bytes[random.Next(512)] = (byte)random.Next(256);
            // numbers that begin with 0x80 or 0xFF are not octal, and may be larger than a long
            if (attempt < 8) bytes.AsSpan(new[] { 100, 108, 116, 124 }[attempt / 2], 8 + 4 * (attempt / 6))
                    .Fill((byte)(attempt % 2 == 0 ? 0xFF : 0x80));
            // a header's sum, so that what was changed is also looked at
            Encoding.ASCII.GetBytes("        ").CopyTo(bytes, 148);
            var sum = Convert.ToString(bytes[..512].Sum(b => b), 8).PadLeft(6, '0');
            Encoding.ASCII.GetBytes(sum + "\0").CopyTo(bytes, 148);
            Written("cifar-10-binary.tar.gz", Gzip(bytes));
            Assert.Throws<InvalidDataException>(() => new CIFAR10(folder, train: false));
        }
    }

    [SampleFact("cifar10/train_batch_0.bin.gz")]
    public void Real_images_of_CIFAR_are_read()
    {
        var (images, labels) = CIFAR10.Read(SampleFactAttribute.Path("cifar10/train_batch_0.bin.gz"));
        Assert.Equal((1000 * 3072, 1000), (images.Length, labels.Length));
        Assert.Equal(10, labels.Distinct().Count());
        // mean colours of the whole set: 0.491, 0.482, 0.447
        var means = Enumerable.Range(0, 3).Select(c =>
            images.Where((_, i) => i / 1024 % 3 == c).Average(b => b / 255.0));
        Assert.All(means.Zip([0.491, 0.482, 0.447]), m => Assert.Equal(m.Second, m.First, 0.02));
    }

    [DataFact]
    public void MNIST_is_a_dataset()
    {
        var test = new MNIST(MNIST.Folder, train: false, transform: new Normalize([0.1307], [0.3081]));
        var (images, labels) = new DataLoader(test, 100).First();
        Assert.Equal([100, 1, 28, 28], images.Size());
        Assert.Equal([7, 2, 1, 0, 4], labels.ToArray<long>()[..5]);
        Assert.Equal(-0.1307 / 0.3081, images.AMin().Item(), 1e-5);
    }

    [Fact]
    public void Fashion_is_not_taken_for_MNIST()
    {
        Written("t10k-images-idx3-ubyte", [.. Idx.Header(10_000, 28, 28), .. new byte[7_840_000]]);
        Assert.Contains("fashion-mnist", Assert.Throws<FileNotFoundException>(() =>
            new FashionMNIST(folder, train: false)).Message);
        Written("fashion-mnist/t10k-images-idx3-ubyte", [.. Idx.Header(10_000, 28, 28), .. new byte[7_840_000]]);
        Written("fashion-mnist/t10k-labels-idx1-ubyte", [.. Idx.Header(10_000), .. new byte[9_999], 9]);
        var (image, label) = new FashionMNIST(folder, train: false)[9_999];
        Assert.Equal((1, "Ankle boot"), (image.Size(0), FashionMNIST.Classes[(int)label.Item()]));
        Written("fashion-mnist/t10k-labels-idx1-ubyte", [.. Idx.Header(10_000), .. new byte[9_999], 10]);
        Assert.Throws<InvalidDataException>(() => new FashionMNIST(folder, train: false));
    }

    [Fact]
    public void A_folder_for_each_class()
    {
        string[] files = ["b/2.PNG", "b/1.png", "B/1.png", "a/deep/x.jpg", "a/notes.txt"];
        foreach (var file in files) Written(file, [1]);
        var set = new ImageFolder(folder, path => Tensor.Full([3, 2, 2], path.Length - folder.Length),
            new Normalize([1], [1]));
        Assert.Equal(["B", "a", "b"], set.Classes);
        Assert.Equal([("B/1.png", 0), ("a/deep/x.jpg", 1), ("b/1.png", 2), ("b/2.PNG", 2)],
            set.Samples.Select(s => (Path.GetRelativePath(folder, s.Path).Replace('\\', '/'), s.Label)));
        var (image, label) = set[1];
        Assert.Equal((12, 1), ((int)image[0, 0, 0].Item(), (int)label.Item()));
        Directory.CreateDirectory(Path.Combine(folder, "empty"));
        Assert.Contains("empty",
            Assert.Throws<InvalidDataException>(() => new ImageFolder(folder, _ => image)).Message);
        Assert.Throws<InvalidDataException>(() => new ImageFolder(Path.Combine(folder, "empty"), _ => image));
        Assert.Throws<DirectoryNotFoundException>(() => new ImageFolder(Path.Combine(folder, "no"), _ => image));
    }

    /// <summary>Links to images and to the folder of a class are followed; those that lead elsewhere are not.</summary>
    [Fact]
    public void Links_in_a_folder_of_images_do_not_make_other_samples()
    {
        if (OperatingSystem.IsWindows()) return;        // links take a right there
        Directory.CreateDirectory(In("set"));
        foreach (var file in (string[])["set/a/1.png", "set/b/2.png", "other/3.png"]) Written(file, [1]);
        Directory.CreateSymbolicLink(In("set/a/loop"), In("set"));
        Directory.CreateSymbolicLink(In("set/b/self"), In("set/b"));
        File.CreateSymbolicLink(In("set/b/4.png"), In("other/3.png"));
        Directory.CreateSymbolicLink(In("set/c"), In("other"));
        var set = new ImageFolder(In("set"), _ => Tensor.Ones(1, 1, 1));
        Assert.Equal([("a/1.png", 0), ("b/2.png", 1), ("b/4.png", 1), ("c/3.png", 2)],
            set.Samples.Select(s => (Path.GetRelativePath(In("set"), s.Path), s.Label)));
        Assert.Throws<IndexException>(() => set[-1]);
        foreach (var target in (string[])[In("set"), folder])
        {
            Directory.CreateSymbolicLink(In("set/d"), target);
            Assert.Contains("set/d", Assert.Throws<InvalidDataException>(() =>
                new ImageFolder(In("set"), _ => Tensor.Ones(1, 1, 1))).Message);
            Directory.Delete(In("set/d"));
        }
    }

    Csv Table(string text, bool header = true) =>
        new(Written("table.csv", Encoding.UTF8.GetBytes(text)), header: header);

    [Fact]
    public void Tables_are_read_by_the_names_of_their_columns()
    {
        var table = Table("\uFEFFx,name,y\r\n1,\"a, \"\"b\"\"\",-2e3\r\n\r\n 0.5 ,\"two\nlines\",\n7,,3\n");
        Assert.Equal(["x", "name", "y"], table.Columns);
        Assert.Equal(3, table.Count);
        Assert.Equal(["a, \"b\"", "two\nlines", ""], table.Text("name"));
        Assert.Equal([-2000, 1, 9, 0.5f, 3, 7], table.Numbers(["y", "x"], missing: 9).ToArray<float>());
        Assert.Equal([3, 1], table.Numbers(["x"]).Size());
        var (labels, classes) = table.Labels("name", missing: -100);
        Assert.Equal(["a, \"b\"", "two\nlines"], classes);
        Assert.Equal([0, 1, -100], labels.ToArray<long>());
        Assert.Contains("line 6, column 2: 'name': expected a name, found ''",
            Assert.Throws<InvalidDataException>(() => table.Labels("name")).Message);
        Assert.Equal([1, 2, 3, 4], Table("1,2\n3,4", header: false).Numbers().ToArray<float>());
        Assert.Equal(["", ""], Table("a,b\n,").Text("b").Concat(Table("a\n\n\"\"").Text("a")));
        Assert.Contains("'z'", Assert.Throws<IndexException>(() => table.Text("z")).Message);
        // the row with two lines has shifted the line number
        var error = Assert.Throws<InvalidDataException>(() => Table("x\n\"1\n\"\nno\n").Numbers());
        Assert.Contains("line 4, column 1: 'x': expected a number, found 'no'", error.Message);
        Assert.Throws<InvalidDataException>(() => table.Numbers(["x", "name"]));
    }

    [Theory]
    [InlineData("\n"), InlineData("\r\n"), InlineData("\r")]
    public void Lines_of_tables_end_in_any_way(string end)
    {
        var table = Table($"a,b{end}{end}1,\"2\"{end}\"3{end}\",4{end}5,6");
        Assert.Equal(["a", "b"], table.Columns);
        Assert.Equal(["1", $"3{end}", "5"], table.Text("a"));
        Assert.Equal([2, 4, 6], table.Numbers(["b"]).ToArray<double>());
        var error = Assert.Throws<InvalidDataException>(() => Table($"x{end}\"1{end}\"{end}no").Numbers());
        Assert.Contains("line 4, column 1", error.Message);
    }

    /// <summary>As NumPy, pandas and .NET write them.</summary>
    [Fact]
    public void Numbers_of_tables_may_be_infinite_or_none() => Assert.Equal(
        [float.PositiveInfinity, float.NegativeInfinity, float.PositiveInfinity, float.PositiveInfinity,
            float.NegativeInfinity, float.NaN, float.NaN],
        Table("x\ninf\n-inf\n+Inf\nInfinity\n-Infinity\nnan\nNaN\n").Numbers().ToArray<float>());

    [Theory]
    [InlineData('"'), InlineData('\n'), InlineData('\r')]
    public void Separators_are_no_quotes_and_no_lines(char separator) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Csv("a", "table", separator));

    [Theory]
    [InlineData(';'), InlineData('\t'), InlineData('^'), InlineData(']'), InlineData('-'), InlineData('\\')]
    public void Any_other_character_may_separate(char separator) =>
        Assert.Equal(["a", "b"], new Csv($"a{separator}b\n", "table", separator).Columns);

    [Theory]
    [InlineData("a,b\n1,2\n3\n", "line 3, column 2: expected 2 fields, found 1")]
    [InlineData("a,b\n1,2,3\n", "line 2, column 3: expected 2 fields, found 3")]
    [InlineData("a,b\n1,\"2\n3,4\n", "line 2, column 2: expected a closing quote")]
    [InlineData("a,b\n1,\"", "line 2, column 2: expected a closing quote")]
    [InlineData("a,b\n1,\"\"\"", "line 2, column 2: expected a closing quote")]
    [InlineData("a,b\n1,\"2\"x\n", "line 2, column 2: expected the end of a quoted field, found 'x'")]
    [InlineData("a,a\n", "different names")]
    [InlineData("", "expected a row")]
    public void Tables_that_are_torn_are_refused_with_file_line_and_column(string text, string what)
    {
        var error = Assert.Throws<InvalidDataException>(() => Table(text));
        Assert.Contains("table.csv", error.Message);
        Assert.Contains(what, error.Message);
    }

    [SampleFact("tabular/penguins.csv")]
    public void Real_tables_are_read()
    {
        var iris = new Csv(SampleFactAttribute.Path("tabular/iris.csv"));
        Assert.Equal([150, 4], iris.Numbers([.. iris.Columns.Take(4)]).Size());
        Assert.Equal(["setosa", "versicolor", "virginica"], iris.Labels("species").Classes);
        var penguins = new Csv(SampleFactAttribute.Path("tabular/penguins.csv"));
        Assert.Equal(344, penguins.Count);
        Assert.Throws<InvalidDataException>(() => penguins.Numbers(["body_mass_g"]));
        Assert.Equal(2, penguins.Numbers(["body_mass_g"], double.NaN).IsNaN().Sum().Item());
        var digits = new Csv(SampleFactAttribute.Path("tabular/digits.csv.gz"), header: false);
        Assert.Equal([1797, 65], digits.Numbers().Size());
        Assert.InRange(digits.Numbers().AMax().Item(), 16, 16);
    }

    [Fact]
    public void Texts_are_numbers_and_back()
    {
        var vocabulary = new Vocabulary("hello 😀");
        Assert.Equal(6, vocabulary.Count);
        Assert.Equal([3, 4, 1, 5], vocabulary.Encode("loe😀").ToArray<long>());
        Assert.Equal("loe😀", vocabulary.Decode(vocabulary.Encode("loe😀")));
        Assert.Contains("character 1, 'x'", Assert.Throws<IndexException>(() => vocabulary.Encode("hx")).Message);
        Assert.Throws<IndexException>(() => vocabulary.Decode(Tensor.From([6L])));
        Assert.Throws<IndexException>(() => vocabulary.Decode(Tensor.From([-1L])));
        var text = new TextDataset("abcabd", 3);
        Assert.Equal(3, text.Count);
        Assert.Equal(("cab", "abd"), (text.Vocabulary.Decode(text[2][0]), text.Vocabulary.Decode(text[2][1])));
        Assert.Equal(0, new TextDataset("abc", 3).Count);
    }

    [Fact]
    public void Toys_lie_where_they_are_said_to()
    {
        static void Holds(TensorDataset toy, Func<double, double, long, bool> law)
        {
            var (points, classes) = (toy.Tensors[0].ToArray<double>(), toy.Tensors[1].ToArray<long>());
            Assert.All(classes.Index(), c =>
                Assert.True(law(points[2 * c.Index], points[2 * c.Index + 1], c.Item), $"point {c.Index}"));
        }
        static double Radius(double x, double y) => Math.Sqrt(x * x + y * y);
        Holds(Toys.Moons(99, noise: 0), (x, y, k) => k == 0 ? y >= -1e-6 && Math.Abs(Radius(x, y) - 1) < 1e-6
            : y <= 0.5 + 1e-6 && Math.Abs(Radius(x - 1, y - 0.5) - 1) < 1e-6);
        Holds(Toys.Circles(99, noise: 0, factor: 0.25), (x, y, k) =>
            Math.Abs(Radius(x, y) - (k == 0 ? 1 : 0.25)) < 1e-6);
        Holds(Toys.Xor(99), (x, y, k) => x * y < 0 == (k == 1) && Math.Abs(x) <= 1 && Math.Abs(y) <= 1);
        Holds(Toys.Spirals(99, 3, noise: 0), (x, y, k) => Radius(x, y) is var r && r <= 1
            && Math.Abs(Math.IEEERemainder(Math.Atan2(y, x) / (2 * Math.PI) - r - k / 3.0, 1)) < 1e-4);
        Assert.Equal([34, 33, 33], Toys.Blobs(100).Tensors[1].ToArray<long>().CountBy(k => k).Select(k => k.Value));
        var blob = Toys.Blobs(4000, 1, 2, new Generator(1)).Tensors[0][.., 0];
        Assert.Equal(2, Math.Sqrt((blob * blob).Mean().Item() - Math.Pow(blob.Mean().Item(), 2)), 0.15);
        var (x, next) = Toys.SineWaves(5, 8)[3];
        Assert.Equal((8, 1), (x.Size(0), x.Size(1)));
        Assert.Equal(x[1..].ToArray<float>(), next[..7].ToArray<float>());
        // sin(t − f) + sin(t + f) = 2·cos(f)·sin(t), with the same f throughout
        var wave = x.Squeeze().ToArray<double>();
        var cosines = Enumerable.Range(1, 6).Select(t => (wave[t - 1] + wave[t + 1]) / wave[t] / 2).ToList();
        Assert.All(cosines, c => Assert.Equal(cosines[0], c, 1e-3));
        Assert.Equal(Toys.Moons(9, generator: new(3))[8][0].ToArray<float>(),
            Toys.Moons(9, generator: new(3))[8][0].ToArray<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => Toys.Moons(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Toys.Spirals(5, classes: 0));
        Assert.NotEqual(Toys.Moons(9, generator: new(3))[8][0].ToArray<float>(),
            Toys.Moons(9, generator: new(4))[8][0].ToArray<float>());
    }
}
