using System.Globalization;
using System.Text.RegularExpressions;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Files;

/// <summary>
/// Everything that is written, read and printed is the same in every culture. The tests run in the invariant culture,
/// so cultures are set here.
/// </summary>
public sealed partial class CultureTests : Folder
{
    static CultureInfo Culture(string name, string point, string group, string minus, string infinity, string not)
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat = new()
        {
            NumberDecimalSeparator = point, NumberGroupSeparator = group, NegativeSign = minus, NaNSymbol = not,
            PositiveInfinitySymbol = infinity, NegativeInfinitySymbol = minus + infinity,
        };
        return name.Length > 0 ? culture : CultureInfo.InvariantCulture;
    }

    static CultureInfo Named(string name) => name switch
    {
        "de-DE" => Culture(name, ",", ".", "-", "∞", "NaN"),
        "tr-TR" => Culture(name, ",", ".", "-", "∞", "NaN"),
        "fa-IR" => Culture(name, "٫", "٬", "\u200e\u2212", "∞", "ناعدد"),
        "ar-SA" => Culture(name, "٫", "٬", "\u061c-", "∞", "ليس رقم"),
        _ => CultureInfo.InvariantCulture,
    };

    static T In<T>(string culture, Func<T> what)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Named(culture);
        try { return what(); }
        finally { CultureInfo.CurrentCulture = before; }
    }

    /// <summary>All texts and files of a small program.</summary>
    List<string> Everything(string culture) => In(culture, () =>
    {
        var net = new Sequential(new Nn.Linear(2, 3), new Nn.Dropout(0.25), new Nn.LeakyReLU(0.01), new BatchNorm1d(3),
            new Nn.Hardtanh(double.NegativeInfinity, double.PositiveInfinity), new Nn.Softmax(-1),
            new Nn.Flatten(1, -1), new Nn.GLU(-1), new Nn.ELU(1.5), new Nn.LayerNorm([3]),
            new Upsample(scaleFactor: 1.5), new ConstantPad1d([-1, 2], -0.5));
        var trained = new Sequential(new Nn.Linear(2, 2));
        foreach (var p in trained.Parameters()) p.Data.Uniform_(-0.5, 0.5, new Generator(3));
        Tensor x = Tensor.Randn([1234, 2], null, null, new Generator(1)) * 1.5, y = (x > 0).To(DType.Int64)[.., 0];
        var progress = new StringWriter { NewLine = "\n" };
        var optimizer = new SGD(trained.Parameters(), 0.125, momentum: 0.9);
        var confusion = new ConfusionMatrix(2);
        new Trainer(trained, new CrossEntropyLoss(), optimizer, [[x, y]], new Meter("accuracy", new Accuracy()),
            new Meter("confusion", confusion), new Schedule(new StepLR(optimizer, 1)), new Progress(progress),
            new CsvLog(In("log.csv")), new LossPicture(In("loss.svg"))).Run(2);
        SafeTensors.Save(In("net.safetensors"), trained.StateDict(), new Dictionary<string, string> { ["ı"] = "İ" });
        Npy.Save(In("a.npy"), x);
        Npz.Save(In("a.npz"), new Dictionary<string, Tensor> { ["ı.İ"] = x, ["i"] = y });
        var table = new Csv("a;b\n-1.5;x\n1e3;y\ninf;i\nNaN;I\n", "text", ';');
        return (List<string>)[net.ToString(), net.Summary(), trained.ToString(), $"{x[..3]}", $"{x * 1e6}",
            $"{Tensor.From([double.NaN, double.NegativeInfinity, -1.5])}", $"{Tensor.From([-3L, 4])}", $"{confusion}",
            progress.ToString(), $"{table.Numbers(["a"])}", string.Join(' ', table.Labels("b").Classes),
            string.Join(' ', Npz.Load(In("a.npz")).Keys), .. Directory.GetFiles(folder).Order(StringComparer.Ordinal)
                .Select(file => Convert.ToHexString(File.ReadAllBytes(file)))];
    });

    [Theory]
    [InlineData("de-DE"), InlineData("tr-TR"), InlineData("fa-IR"), InlineData("ar-SA")]
    public void Everything_is_the_same(string culture)
    {
        var expected = Everything("");
        Assert.Equal(expected, Everything(culture));
        Assert.Contains("Dropout(p=0.25)", expected[0]);
        Assert.Contains("Hardtanh(min_val=-inf, max_val=inf)", expected[0]);
    }

    /// <summary>The messages of wrong calls contain fractions and negative numbers, ours and .NET's own.</summary>
    [Theory]
    [InlineData("de-DE"), InlineData("fa-IR"), InlineData("ar-SA")]
    public void Errors_are_the_same(string culture)
    {
        var data = new TensorDataset(Tensor.Zeros(4, 1));
        Variable[] parameters = [new(Tensor.Zeros(1), requiresGrad: true)];
        var optimizer = new SGD(parameters, 0.5);
        Func<object>[] wrong = [() => new Nn.Dropout(1.5),
            () => new Nn.Dropout(-0.5), () => data.RandomSplit([0.25, 0.5]),
            () => data.RandomSplit([-1, 5]), () => new GRU(2, 3, numLayers: -1), () => Tensor.Zeros(2, -3),
            () => Tensor.Zeros(4).Reshape(-2, 2), () => GradCheck.Run(x => x[0], [], tolerance: -0.5),
            () => new SequentialLR(optimizer, [new StepLR(optimizer, 1)], [-5]),
            () => new ConstantPad1d([-1, 2, -3], 0), () => new Csv("a\n-x\n", "t").Numbers(),
            () => new SGD(parameters, -0.5), () => Tensor.Zeros(4)[-9], () => new Adam(parameters, -0.5),
            () => new Nn.Unflatten(0, -3, 2).Call(Tensor.Zeros(5))];
        string Said(Func<object> wrong) =>
            Record.Exception(wrong) is { } e ? $"{e.GetType().Name} {e.Message}" : "nothing";
        var expected = wrong.Select(Said).ToList();
        Assert.DoesNotContain("nothing", expected);
        Assert.Equal(expected, wrong.Select(action => In(culture, () => Said(action))));
        Assert.Contains("-0.5", expected[1]);
        Assert.Contains("[0.25, 0.5]", expected[2]);
    }

    [GeneratedRegex("""
        \.(StartsWith|EndsWith|IndexOf|LastIndexOf)\(\$?"[^\n]*?"\)|\.To(Lower|Upper)\(\)|string\.Compare\(
        |\.ThrowIf(?!Null|Cancel|Failed)
        """, RegexOptions.IgnorePatternWhitespace)]
    static partial Regex ByCulture { get; }

    /// <summary>Names are compared by their characters, which these methods do only if they are asked to.</summary>
    [Fact]
    public void Texts_are_compared_by_their_characters()
    {
        var library = Path.Combine(Here(), "..", "..", "Tensorlet");
        var files = Directory.GetFiles(library, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(library, file).StartsWith("obj", StringComparison.Ordinal)).ToList();
        Assert.True(files.Count > 50);
        foreach (var file in files)
            Assert.Empty(ByCulture.Matches(File.ReadAllText(file)).Select(found => $"{file}: {found}"));
    }
}
