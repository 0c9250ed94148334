using System.IO.Compression;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Files;

/// <summary>
/// A file that was written can be read again, whoever else writes at the same time; otherwise the old file stays.
/// </summary>
public sealed class WriterTests : Folder
{
    static readonly Dictionary<string, Tensor> one = new() { ["a"] = Tensor.Arange(300) };

    static readonly Dictionary<string, (Action<string, IReadOnlyDictionary<string, Tensor>> Save, Action<string> Load)>
        formats = new()
        {
            ["safetensors"] = ((path, tensors) => SafeTensors.Save(path, tensors), path => SafeTensors.Load(path)),
            ["npz"] = ((path, tensors) => Npz.Save(path, tensors), path => Npz.Load(path)),
            ["npz, compressed"] = ((path, tensors) => Npz.Save(path, tensors, true), path => Npz.Load(path)),
            ["npy"] = ((path, tensors) => Npy.Save(path, tensors["a"]), path => Npy.Load(path)),
            ["checkpoint"] = ((path, _) => Checkpoint.Save(path, ("a", new Counter(3))),
                path => Checkpoint.Load(path, ("a", new Counter()))),
            ["picture"] = ((path, _) => Picture(path), path => Assert.EndsWith("</svg>", File.ReadAllText(path))),
        };

    static void Picture(string path)
    {
        var net = new Sequential(new Nn.Linear(1, 1));
        new Trainer(net, new MSELoss(), new SGD(net.Parameters()), [[Tensor.Ones(1, 1), Tensor.Ones(1, 1)]],
            new LossPicture(path)).Run(1);
    }

    public static TheoryData<string> Formats => [.. formats.Keys];

    [Theory, MemberData(nameof(Formats))]
    public void Many_write_one_file_at_the_same_time(string format)
    {
        var (save, load) = formats[format];
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (var i = 0; i < 60; i++) save(In("file"), one);
        });
        load(In("file"));
        Assert.Equal(In("file"), Assert.Single(Directory.GetFiles(folder)));
    }

    [Theory]
    [InlineData("safetensors"), InlineData("npz"), InlineData("npz, compressed")]
    public void What_could_not_be_read_again_is_not_written(string format)
    {
        foreach (var name in (string[])["\ud800", "\udc00", "a\ud800b", "null"])
        {
            var tensors = new Dictionary<string, Tensor> { [name] = name == "null" ? null! : Tensor.Ones(1) };
            var (save, _) = formats[format];
            save(In("file"), one);
            var before = File.ReadAllBytes(In("file"));
            Assert.ThrowsAny<ArgumentException>(() => save(In("file"), tensors));
            Assert.ThrowsAny<ArgumentException>(() =>
                save(In("file"), new Dictionary<string, Tensor>(tensors) { ["\udbff"] = Tensor.Ones(2) }));
            Assert.Equal(before, File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder))));
        }
    }

    [Fact]
    public void Notes_that_could_not_be_read_again_or_are_the_formats_own_are_not_written()
    {
        SafeTensors.Save(In("file"), one);
        var before = File.ReadAllBytes(In("file"));
        foreach (var (key, text) in (ReadOnlySpan<(string, string?)>)[("a", null), ("\ud800", "a"), ("a", "\udc00"),
            ("tensorlet.sha256", "mine")])
            Assert.Throws<ArgumentException>(() =>
                SafeTensors.Save(In("file"), one, new Dictionary<string, string> { [key] = text! }));
        Assert.Equal(before, File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder))));
    }

    /// <summary>Every name that is written is read again, or is refused.</summary>
    [Fact]
    public void Names_come_back()
    {
        string[] names = ["\0", "\u007f", "\n", " ", "é", "\u00a0", "\ufeff", "\ufffd", "\ufffe", "😀", "é\u0301", "C:",
            "a.npy", ".", "...", "a/", "con", new('x', 60_000), new('é', 32_765), "\"'", "İı"];
        foreach (var format in (string[])["safetensors", "npz"])
            foreach (var name in names)
            {
                formats[format].Save(In(format), new Dictionary<string, Tensor> { [name] = Tensor.Ones(1) });
                Assert.Equal(name, Assert.Single(format == "npz" ? Npz.Load(In(format)) : SafeTensors.Load(In(format)))
                    .Key);
            }
        Assert.Throws<ArgumentException>(() => formats["npz"].Save(In("npz"),
            new Dictionary<string, Tensor> { [new('x', 70_000)] = Tensor.Ones(1) }));
    }

    /// <summary>
    /// 20 MB of zeros in 20 kB are not an attack; a file that is refused gets a message that says how to allow it.
    /// </summary>
    [Fact]
    public void What_was_written_compressed_is_read()
    {
        const int count = 5_000_000;
        Npz.Save(In("zeros"), new Dictionary<string, Tensor> { ["a"] = Tensor.Zeros(count) }, compressed: true);
        Assert.InRange(new FileInfo(In("zeros")).Length, 0, count / 100);
        Assert.Equal(count, Npz.Load(In("zeros"))["a"].Numel);
        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(In("zeros"), expansion: count));
        Assert.Contains("Npz.Load(path, expansion: bytes)", error.Message);
    }

    /// <summary>Quadratic code would take minutes, or gigabytes, for what takes a second.</summary>
    [Theory]
    [InlineData("safetensors"), InlineData("npz"), InlineData("csv columns"), InlineData("csv rows")]
    [InlineData("csv names"), InlineData("csv a quote left open"), InlineData("vocabulary")]
    public void A_hundred_thousand_take_linear_time(string what)
    {
        const int count = 100_000, most = 2_000_000_000;
        var numbers = Enumerable.Range(0, count).Select(i => $"{i}").ToArray();
        var tensors = what is "npz" or "safetensors" ? numbers.ToDictionary(i => i, _ => one["a"][1..1]) : [];
        var (watch, before) = (System.Diagnostics.Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(count, what switch
        {
            "safetensors" or "npz" => Read(),
            "csv columns" => new Csv(string.Join(',', numbers) + '\n' + string.Join(',', numbers), "t").Numbers().Numel,
            "csv rows" => new Csv(string.Join('\n', numbers), "t", header: false).Numbers().Numel,
            "csv names" => new Csv(string.Join('\n', numbers), "t", header: false).Labels("0").Classes.Length,
            "vocabulary" => new Vocabulary(string.Concat(Enumerable.Range(0x10000, count)
                .Select(char.ConvertFromUtf32))).Count,
            _ => Assert.Throws<InvalidDataException>(() => new Csv($"{string.Join('\n', numbers)}\n\"a", "t",
                header: false)).Message.Contains("closing quote") ? count : 0,
        });
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));

        int Read()
        {
            formats[what].Save(In("many"), tensors);
            return what == "npz" ? Npz.Load(In("many")).Count : SafeTensors.Load(In("many")).Count;
        }
    }
}
