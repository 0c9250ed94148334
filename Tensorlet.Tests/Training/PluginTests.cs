using System.Globalization;
using System.Xml.Linq;
using Tensorlet.Nn;
using Tensorlet.Optim;
using Tensorlet.Training;

namespace Tensorlet.Tests.Training;

public class PluginTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("tensorlet-training-").FullName;
    public void Dispose() => Directory.Delete(folder, recursive: true);
    string In(string file) => Path.Combine(folder, file);

    /// <summary>y = w·x with one weight, which each step of rate 1 moves by −1: the loss of batch n is n.</summary>
    sealed class Line : Module
    {
        readonly Variable weight = new(Tensor.From([0.0]), requiresGrad: true);
        public double Weight => weight.Data.Item();
        public override Variable Forward(Variable x) => x * weight;
    }

    static Trainer Training(Line net, int batches, params Plugin[] plugins) => new(net, (output, target) =>
        output.Sum(), new SGD(net.Parameters(), 1),
        Enumerable.Repeat(new[] { Tensor.From([1.0]), Tensor.From([0.0]) }, batches), plugins);

    /// <summary>Measures a number of each epoch that was written down before.</summary>
    sealed class Script(params double[] values) : Plugin
    {
        public override void EpochEnded(Trainer trainer) =>
            trainer.Stats["validation_loss"] = values[trainer.Epoch - 1];
    }

    [Fact]
    public void An_optimizer_of_another_network_is_refused()
    {
        var error = Assert.Throws<TensorletException>(() => new Trainer(new Linear(2, 1), new MSELoss(),
            new SGD(new Linear(2, 1).Parameters(), 0.1), [[Tensor.Ones(1, 2), Tensor.Ones(1, 1)]]));
        Assert.Contains("the optimizer has no parameter of the model", error.Message);
    }

    [Fact]
    public void Meters_and_progress_tell_the_epoch_so_far()
    {
        var text = new StringWriter { NewLine = "\n" };
        Training(new Line(), 3, new Meter("output", new Mean()), new Progress(text, every: 2)).Run(2);
        Assert.Equal("""
            epoch 1, batch 2: loss -0.5  output -0.5
            epoch 1: loss -1  output -1
            epoch 2, batch 2: loss -3.5  output -3.5
            epoch 2: loss -4  output -4

            """.ReplaceLineEndings("\n"), text.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => new Progress(text, every: 0));
    }

    /// <summary>Names quoted according to RFC 4180, and a training that is resumed with them.</summary>
    [Fact]
    public void A_log_of_any_names_is_read_and_goes_on()
    {
        string[] names = ["precision, class \"1\"", "\"", "epoch", "", "é; x"];
        Plugin[] All() => [.. names.Select(name => new Meter(name, new Mean())), new CsvLog(In("log.csv")),
            new Checkpoints(In("log.st"))];
        Training(new Line(), 2, All()).Run(3);
        var whole = File.ReadAllText(In("log.csv"));
        var table = new Tensorlet.Data.Csv(In("log.csv"), header: false);
        Assert.Equal(names.Append("loss").Prepend("epoch").Order(StringComparer.Ordinal),
            table.Columns.Select(column => table.Text(column)[0]).Order(StringComparer.Ordinal));
        File.Delete(In("log.csv"));
        Training(new Line(), 2, All()).Run(1);
        var resumed = Training(new Line(), 2, All());
        resumed.Resume(In("log.st"));
        File.AppendAllText(In("log.csv"), "2,torn");
        resumed.Run(3);
        Assert.Equal(whole, File.ReadAllText(In("log.csv")));
        Assert.Contains("line", Assert.Throws<TensorletException>(() =>
            Training(new Line(), 1, new Meter("a\nb", new Mean()), new CsvLog(In("lines.csv"))).Run(1)).Message);
    }

    [Fact]
    public void Validation_measures_other_batches()
    {
        Tensor[][] batches = [[Tensor.From([2.0]), Tensor.From([1.0])], [Tensor.From([4.0, 6]), Tensor.From([1.0, 1])]];
        var trainer = Training(new Line(), 3, new Validation(batches, ("outputs", new Mean())));
        trainer.Run(1);
        Assert.Equal((2 + 10 * 2) / 3.0 * -3, trainer.Stats["validation_loss"], 12);
        Assert.Equal(-12, trainer.Stats["validation_outputs"], 12);
    }

    [Theory]
    [InlineData(2, false, 4, -6, new[] { 5.0, 3, 4, 3, 9 })]            // 4 and 3 are not better than 3
    [InlineData(1, false, 3, -6, new[] { 5, 3, double.NaN, 1 })]
    [InlineData(3, true, 4, -9, new[] { 1.0, 2, 3, 1 })] // nothing stops it; the best weights are restored
    [InlineData(1, true, 4, -12, new[] { double.NaN, 1, 2, 3 })]
    [InlineData(1, false, 4, -12, new[] { double.NaN, 3, 2, 1 })]
    [InlineData(1, false, 2, -3, new[] { double.NaN, double.NaN, 1 })]  // NaN is not an improvement either
    [InlineData(2, true, 4, -6, new[] { double.NaN, 3, double.NaN, double.NaN, 4 })]
    [InlineData(2, false, 3, -3, new[] { double.PositiveInfinity, double.PositiveInfinity, double.NaN, 1 })]
    public void Early_stopping_waits_and_brings_the_best_weights_back(
        int patience, bool larger, int epochs, double weight, double[] values)
    {
        var net = new Line();
        var trainer = Training(net, 3, new Script(values), new EarlyStopping(patience, larger: larger));
        trainer.Run(values.Length);
        Assert.Equal((epochs, weight), (trainer.Epoch, net.Weight));
    }

    [Fact]
    public void What_is_watched_has_to_be_measured()
    {
        var trainer = Training(new Line(), 1, new EarlyStopping(1, "accuracy"));
        var error = Assert.Throws<TensorletException>(() => trainer.Run(1));
        Assert.Contains("'accuracy'", error.Message);
        Assert.Contains("[loss]", error.Message);
    }

    [Fact]
    public void A_csv_log_has_a_row_for_each_epoch_once()
    {
        var path = In("log.csv");
        File.WriteAllText(path, "left over\n");
        var trainer = Training(new Line(), 2, new Script(0.5, 0.25, 0.125), new CsvLog(path));
        trainer.Run(2);
        Assert.Equal(["epoch,loss,validation_loss", "1,-0.5,0.5", "2,-2.5,0.25"], File.ReadAllLines(path));
        File.AppendAllText(path, "3,run,again\n");
        trainer.Run(3);
        Assert.Equal(["1,-0.5,0.5", "2,-2.5,0.25", "3,-4.5,0.125"], File.ReadAllLines(path)[1..]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(1200, 400)]
    public void The_picture_of_the_loss_is_an_svg_file(int batches, int points)
    {
        var path = In("loss.svg");
        Training(new Line(), batches, new LossPicture(path, every: 5)).Run(1);
        var svg = XDocument.Load(path).Root!;
        Assert.Equal("svg", svg.Name.LocalName);
        var line = svg.Elements().Single(e => e.Name.LocalName == "polyline").Attribute("points")!.Value.Split(' ');
        Assert.Equal(points, line.Length);
        var y = Array.ConvertAll(line, point => double.Parse(point.Split(',')[1], CultureInfo.InvariantCulture));
        Assert.Equal(y.Order(), y);                                      // the loss falls, and y goes down the page
        Assert.Equal(batches switch { 1 => 330, 7 => 30, _ => 30.3 }, y[0]);     // of 1,200 the mean of three
        Assert.True(batches == 1 || y[^1] == 330);
        Assert.Equal(["60", "620"], [line[0].Split(',')[0], batches > 1 ? line[^1].Split(',')[0] : "620"]);
        var texts = svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToArray();
        Assert.Contains($"loss {(batches == 1200 ? -1198 : 1.0 - batches):G4}", texts);      // the mean of three
        Assert.Contains("batch", texts);
        Assert.Equal([path], Directory.GetFiles(folder));
    }

    /// <summary>Every tick of an axis stands where the curve has its number.</summary>
    [Fact]
    public void The_picture_has_ticks_and_the_losses_of_other_batches()
    {
        var path = In("loss.svg");
        Training(new Line(), 6, new Script(-3, -8), new LossPicture(path)).Run(2);
        var all = XDocument.Load(path).Descendants().ToList();
        (string X, string Y, string Text)[] texts = [.. all.Where(e => e.Name.LocalName == "text")
            .Select(e => (e.Attribute("x")!.Value, e.Attribute("y")!.Value, e.Value))];
        var lines = all.Where(e => e.Name.LocalName == "polyline").Select(e => e.Attribute("points")!.Value).ToList();
        Assert.Equal(["loss -11", "validation loss -8"], texts.Where(t => t.Y == "18").Select(t => t.Text));
        double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        var (below, left) = (texts.Where(t => t.Y == "348").ToList(), texts.Where(t => t.X == "54").ToList());
        Assert.Equal(["2", "4", "6", "8", "10", "12"], below.Select(t => t.Text));
        Assert.Equal(["-10", "-8", "-6", "-4", "-2", "0"], left.Select(t => t.Text));
        foreach (var (x, _, text) in below) Assert.Equal(60 + 560 * (Number(text) - 1) / 11, Number(x), 1);
        foreach (var (_, y, text) in left) Assert.Equal(30 + 300 * -Number(text) / 11 + 4, Number(y), 1);
        Assert.Equal(12, lines[0].Split(' ').Length);
        string Point(int batch, int loss) => $"{60 + 560 * (batch - 1) / 11.0:0.#},{30 - 300 * loss / 11.0:0.#}";
        Assert.Equal($"{Point(6, -3)} {Point(12, -8)}", lines[1]);
    }
}
