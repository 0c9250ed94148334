using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Spectre.Console;
using Tensorlet.Data;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;
using Tutorials;

namespace Tensorlet.Tests.Book;

/// <summary>The page that shows a training, the bar on a terminal, and the pictures.</summary>
[Collection("alone")]        // the default generator is one for all, and pictures go to one folder
public sealed class LiveTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-live-").FullName;
    readonly string pictures = Plot.Folder;

    public void Dispose()
    {
        Plot.Folder = pictures;
        Directory.Delete(folder, recursive: true);
    }

    string In(string file) => Path.Combine(folder, file);

    static DigitData Digits(int count)
    {
        var (images, labels) = Tutorials.Digits.Generate(count, seed: 3);
        return new("generated digits", images, labels);
    }

    /// <summary>A training of 2 epochs of 6 steps that is tested after steps 4, 6, 8, 12, 16, … of all.</summary>
    static (Trainer Trainer, TrainingLog Log, Module Net) Training(DigitData digits, params Plugin[] more)
    {
        Generator.ManualSeed(1);
        var net = new Sequential(new Nn.Flatten(), new Nn.Linear(1024, 8), new ReLU(), new Nn.Linear(8, 10));
        var loader = new DataLoader(digits.Dataset(), 10);
        var pace = new Pace(2, loader.Count);
        var log = new TrainingLog(pace, digits.First(30), digits.First(3), every: 4, live: true);
        return (new Trainer(net, new CrossEntropyLoss(), new SGD(net.Parameters(), 0.05), loader,
            [pace, log, .. more]), log, net);
    }

    [Fact]
    public async Task The_page_shows_what_happened()
    {
        var digits = Digits(60);
        List<double> losses = [], norms = [], tests = [];
        var (trainer, log, net) = Training(digits, new Note(t => losses.Add(t.Loss), t =>
            norms.Add(Norm(t.Model.Children().Last()))));
        using var page = new LivePage(log, "<svg xmlns='http://www.w3.org/2000/svg'/>", port: 0);
        using var client = new HttpClient { BaseAddress = page.Address };
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(page.Address.Host)));

        var state = await client.GetFromJsonAsync<JsonElement>("state");
        Assert.True(state.GetProperty("running").GetBoolean());
        Assert.Empty(state.GetProperty("losses").EnumerateArray());
        Assert.Empty(state.GetProperty("predictions").EnumerateArray());

        trainer.Run(2);
        log.Finish();
        state = await client.GetFromJsonAsync<JsonElement>("state");
        Assert.False(state.GetProperty("running").GetBoolean());
        Assert.Equal((2, 2, 1.0), (state.GetProperty("epoch").GetInt32(), state.GetProperty("epochs").GetInt32(),
            state.GetProperty("done").GetDouble()));
        Assert.Equal(losses, Numbers(state.GetProperty("losses")));
        Assert.Equal([4, 6, 8, 12], state.GetProperty("tests").EnumerateArray().Select(t => Numbers(t)[0]));
        var accuracy = new Accuracy();
        var last = trainer.Evaluate(new DataLoader(digits.First(30).Dataset(), 30), accuracy);
        var told = Numbers(state.GetProperty("tests")[3]);
        Assert.Equal(last, told[1], 5);
        Assert.Equal(accuracy.Value, told[2]);

        Assert.Equal(["1", "3"], state.GetProperty("layers").EnumerateArray().Select(l => l.GetString()));
        var measured = state.GetProperty("norms").EnumerateArray().Select(n => Numbers(n)).ToList();
        Assert.Equal([1, 7], measured.Select(n => n[0]));
        Assert.Equal(norms[0], measured[0][2], 6);
        Assert.Equal(norms[6], measured[1][2], 6);

        var scores = net.Eval().Call(digits.First(3).Dataset().Tensors[0]).Softmax(1).Data;
        foreach (var (i, p) in state.GetProperty("predictions").EnumerateArray().Index())
            Assert.Equal((scores[i].ArgMax().Item(), scores[i].ToArray<float>().Max()),
                (Numbers(p)[0], (float)Numbers(p)[1]));

        // only what the page does not have yet
        var rest = await client.GetFromJsonAsync<JsonElement>("state?losses=10&tests=3&norms=5");
        Assert.Equal(losses[10..], Numbers(rest.GetProperty("losses")));
        Assert.Equal(1, rest.GetProperty("tests").GetArrayLength());
        Assert.Equal(0, rest.GetProperty("norms").GetArrayLength());
        foreach (var wrong in (string[])["state?losses=-3", "state?losses=x&tests=", "state?losses=99999999999"])
            Assert.Equal(12,
                (await client.GetFromJsonAsync<JsonElement>(wrong)).GetProperty("losses").GetArrayLength());

        var shown = await client.GetFromJsonAsync<JsonElement>("shown");
        Assert.Equal(digits.Images[784..1568], shown.GetProperty("images")[1].GetBytesFromBase64());
        Assert.Equal(digits.Labels[..3].Select(label => (double)label), Numbers(shown.GetProperty("labels")));
        Assert.Contains("<svg", await client.GetStringAsync("graph"));

        static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(n => n.GetDouble())];
    }

    static double Norm(Module layer) => Math.Sqrt(layer.Parameters()
        .Sum(p => p.Grad!.Data.ToArray<double>().Sum(g => g * g)));

    sealed class Note(Action<Trainer> step, Action<Trainer> stepping) : Plugin
    {
        public override void BatchEnded(Trainer trainer) => step(trainer);
        public override void Stepping(Trainer trainer) => stepping(trainer);
    }

    /// <summary>The page has all that it uses, and asks nobody else.</summary>
    [Fact]
    public async Task The_page_stands_alone()
    {
        var (_, log, _) = Training(Digits(60));
        using var page = new LivePage(log, "<svg/>", port: 0);
        using var client = new HttpClient { BaseAddress = page.Address };
        var texts = new Dictionary<string, string>();
        foreach (var (path, type) in (Dictionary<string, string>)new()
        {
            [""] = "text/html", ["page.css"] = "text/css", ["page.js"] = "text/javascript",
            ["graph"] = "image/svg+xml", ["shown"] = "application/json", ["state"] = "application/json",
        })
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(type, answer.Content.Headers.ContentType!.MediaType);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'", policy);
            Assert.DoesNotContain("unsafe", policy);
            texts[path] = await answer.Content.ReadAsStringAsync();
        }
        var (html, css, script) = (texts[""], texts["page.css"], texts["page.js"]);
        foreach (var text in (string[])[html, css, script.Replace("'http://www.w3.org/2000/svg'", "")])
            Assert.DoesNotMatch("//[a-z0-9]|@import|url\\(", text.Replace("\n//", "").Replace("  //", ""));
        Assert.Equal(["data:,", "page.css", "page.js"],
            Regex.Matches(html, "(?:href|src)=\"(.*?)\"").Select(m => m.Groups[1].Value));
        // what the script looks for is in the page, and every colour is there for light and for dark
        foreach (Match id in Regex.Matches(script, @"\$\('(\w+)'\)"))
            Assert.Contains($"id=\"{id.Groups[1].Value}\"", html);
        var (light, dark) = (Colors(css[..css.IndexOf("@media", StringComparison.Ordinal)]),
            Colors(css[css.IndexOf("prefers-color-scheme: dark", StringComparison.Ordinal)..]));
        Assert.Equal(light, dark);
        Assert.All(Regex.Matches(css + script, @"var\(--(\w+)\)"), m => Assert.Contains(m.Groups[1].Value,
            light.Append("own")));

        using var foreign = new HttpRequestMessage(HttpMethod.Get, "state");
        foreign.Headers.Host = "elsewhere.example";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await client.SendAsync(foreign)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("other")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync("state", null)).StatusCode);

        static string[] Colors(string css) =>
            [.. Regex.Matches(css, @"--(\w+):").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void A_port_that_is_taken_is_refused_in_words()
    {
        var (_, log, _) = Training(Digits(60));
        using var first = new LivePage(log, "", port: 0);
        var error = Assert.Throws<UsageException>(() => new LivePage(log, "", first.Address.Port));
        Assert.Contains($"--port {first.Address.Port}", error.Message);
        foreach (var arguments in (string[][])[["--port", "-1"], ["--port", "65536"], ["--port", "x"], ["--port"]])
        {
            using var errors = new StringWriter();
            Assert.Equal(2, CommandLine.Run(["train", .. arguments], errors: errors));
            Assert.Contains("port", errors.ToString());
        }
    }

    static (IAnsiConsole Console, StringWriter Text) Terminal(bool isTerminal)
    {
        var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new()
        {
            Out = new Screen(text, isTerminal), ColorSystem = ColorSystemSupport.NoColors,
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        });
        return (console, text);
    }

    sealed class Screen(TextWriter writer, bool isTerminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;
        public bool IsTerminal => isTerminal;
        public int Width => 120;
        public int Height => 40;
        public void SetEncoding(System.Text.Encoding encoding) { }
    }

    /// <summary>Progress on a terminal and elsewhere, with what is left of two epochs of six steps.</summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public void Progress_has_rate_loss_and_the_time_left(bool terminal)
    {
        var (console, text) = Terminal(terminal);
        var pace = new Pace(2, 6);
        var (trainer, _, net) = Training(Digits(60));
        using (var progress = new TerminalProgress(pace, console))
            new Trainer(net, new CrossEntropyLoss(), trainer.Optimizer, new DataLoader(Digits(60).Dataset(), 10),
                pace, progress).Run(2);
        Assert.Equal((1.0, TimeSpan.Zero, 12), (pace.Done, pace.Left, pace.Steps));
        var lines = Regex.Replace($"{text}", @"\x1b\[[\d;?]*[A-Za-z]", "").Split('\n')
            .Where(line => line.Contains("epoch ")).ToList();
        const string loss = @"loss \d\.\d{4}", rest = @"accuracy \d+\.\d\d %  [\d,]+ images/s  \d+:\d\d left\s*$";
        foreach (var epoch in (int[])[1, 2])
            Assert.Contains(lines, line => Regex.IsMatch(line,
                $@"epoch {epoch}/2  {(terminal ? "" : "100 %  ")}{loss}  {rest}"));
        Assert.Equal(terminal, text.ToString().Contains('\x1b'));
        if (terminal) Assert.Contains("100%", text.ToString());
        else Assert.Equal(2, lines.Count);
    }

    /// <summary>The time left is that of the steps so far; a training that was resumed counts from there.</summary>
    [Fact]
    public void The_pace_counts_from_where_it_began()
    {
        var pace = new Pace(2, 6);
        var (trainer, _, _) = Training(Digits(60), pace, new Note(t => { if (t.Batch == 4) t.Stop(); }, _ => { }));
        trainer.Run(2);
        Assert.Equal((4, 4 / 12.0, 4 / 6.0, false), (pace.Steps, pace.Done, pace.Part, pace.EpochIsComplete));
        Assert.InRange(pace.Left.TotalSeconds / pace.Seconds, 0.1, 2);          // 8 steps, and time goes on
        var second = new Pace(2, 6);
        var path = In("half.st");
        trainer.Save(path);
        var (resumed, _, _) = Training(Digits(60), second, new Note(t => t.Stop(), _ => { }));
        resumed.Resume(path);
        resumed.Run(2);
        Assert.Equal((5, 5 / 12.0), (second.Steps, second.Done));
    }

    [Fact]
    public void Images_of_a_batch_stand_in_a_grid()
    {
        var images = Tensor.Arange(3 * 4).Reshape(3, 1, 2, 2);
        Pictures.Batch(In("batch.png"), images, columns: 2, zoom: 3);
        var picture = ImageFile.Read(In("batch.png"));
        Assert.Equal([3, 2 * (6 + 2) + 2, 2 * (6 + 2) + 2], picture.Size());
        double At(int y, int x) => picture[0, y, x].Item();
        for (var i = 0; i < 3; i++)
            for (var y = 0; y < 6; y++)
                for (var x = 0; x < 6; x++)
                    Assert.Equal((4 * i + 2 * (y / 3) + x / 3) / 11.0, At(2 + i / 2 * 8 + y, 2 + i % 2 * 8 + x), 2);
        Assert.Equal(0.5, At(0, 0), 2);
        Pictures.Batch(In("colours.png"), Tensor.Rand(2, 3, 4, 4), columns: 1, zoom: 1);
        Assert.Equal([3, 14, 8], ImageFile.Read(In("colours.png")).Size());
        foreach (var wrong in (int[][])[[0, 1, 2, 2], [1, 2, 2, 2], [3, 2, 2]])
            Assert.Throws<ShapeException>(() => Pictures.Batch(In("no.png"), Tensor.Zeros(wrong), 2));
        Assert.False(File.Exists(In("no.png")));
    }

    [Fact]
    public void A_digit_sheet_has_the_pixels_and_frames_the_wrong_ones()
    {
        var digits = Digits(3);
        Pictures.DigitSheet(In("sheet.png"), digits.Images,
            [digits.Labels[0], digits.Labels[1], (digits.Labels[2] + 1) % 10],
            [.. digits.Labels.Select(label => (int)label)], columns: 2);
        var sheet = ImageFile.Read(In("sheet.png"));
        Assert.Equal([3, 180, 180], sheet.Size());
        Assert.Equal((0, 240), (Red(0, 45), Red(90, 45)));                      // frames above the first and the third
        for (var y = 10; y < 28; y++)                                           // below the predicted digit
            for (var x = 0; x < 28; x++)
                Assert.Equal(digits.Images[y * 28 + x], Red(3 + 3 * y, 3 + 3 * x));

        int Red(int y, int x) => (int)Math.Round(255 * sheet[0, y, x].Item());
    }

    [Fact]
    public void A_confusion_matrix_is_drawn_square_by_square()
    {
        var confusion = new ConfusionMatrix(3);
        confusion.Add(Tensor.From([0L, 0, 0, 1, 2, 2, 2]), Tensor.From([0L, 0, 0, 0, 1, 2, 2]));
        Pictures.Confusion(In("confusion.svg"), confusion, ["a", "b & c", "d"]);
        var all = XDocument.Load(In("confusion.svg")).Descendants().ToList();
        var squares = all.Where(e => e.Name.LocalName == "rect").ToList();
        Assert.Equal(9, squares.Count);
        string[] fills = [.. squares.Select(e => e.Attribute("fill")!.Value)],
            strengths = [.. squares.Select(e => e.Attribute("fill-opacity")!.Value)];
        Assert.Equal([0, 4, 8], fills.Index().Where(f => f.Item == "#2E7FD0").Select(f => f.Index));
        Assert.Equal(["1", "0.28", "0", "0", "0", "1", "0", "0", "1"], strengths);     // 0.1 + 0.35·√¼
        var texts = all.Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToList();
        Assert.Equal(["taken for", "class", "a", "a", "3", "1", "b & c", "b & c", "1", "d", "d", "2"], texts);
    }

    [Fact]
    public void Curves_have_axes_and_what_was_measured_on_the_way()
    {
        Pictures.LossCurve(In("loss.svg"), [3, 2, 1], [(1, 2.5, 0.5), (3, 1.5, 0.75)]);
        var texts = XDocument.Load(In("loss.svg")).Descendants().Where(e => e.Name.LocalName == "text")
            .Select(e => e.Value.Trim()).ToList();
        foreach (var text in (string[])["step", "loss", "accuracy, %", "loss, smoothed", "test loss", "test accuracy"])
            Assert.Contains(text, texts);
        Assert.Contains("100", texts);
        Plot.Folder = folder;
        Pictures.Filters("filters.svg", Tensor.Ones(20, 2, 3, 3), most: 4);
        var squares = XDocument.Load(In("filters.svg")).Descendants();
        Assert.Equal(4 * 2 * 9, squares.Count(e => e.Name.LocalName == "rect"));
        Assert.Throws<ShapeException>(() => Pictures.Filters("no.svg", Tensor.Ones(2, 3)));
    }
}
