using System.Net;
using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Tensorlet;
using Tensorlet.Data;
using Tensorlet.Training;

namespace Tutorials;

/// <summary>Pictures of a training run: curves and tables as SVG, images as PNG.</summary>
static class Pictures
{
    /// <summary>
    /// Draws the loss of each step, raw and smoothed, and, if there are any, the losses and the accuracies (0 to 1) on
    /// test data that were measured during training.
    /// </summary>
    /// <param name="path">The SVG file to write.</param>
    /// <param name="losses">The loss of step 1, 2, …</param>
    /// <param name="tests">The loss and the accuracy, each with the step after which they were measured.</param>
    public static void LossCurve(string path, IReadOnlyList<double> losses,
        IReadOnlyList<(int Step, double Loss, double Accuracy)> tests)
    {
        var plot = new PlotModel
        { TextColor = Plot.Ink, PlotAreaBorderColor = Plot.Ink, DefaultFont = "sans-serif" };
        plot.Axes.Add(Plot.Scale("step", AxisPosition.Bottom, "step", 0));
        plot.Axes.Add(Plot.Scale("loss", AxisPosition.Left, "loss", 0));
        plot.Legends.Add(Plot.LegendAbove());
        plot.Series.Add(Curve("loss of a step", "loss", OxyColor.FromAColor(130, Plot.Colors[0]), 1, losses));
        plot.Series.Add(Curve("loss, smoothed", "loss", Plot.Colors[0], 2.5, Smoothed(losses)));
        if (tests.Count > 0)
        {
            var lowest = Math.Min(90, Math.Floor(tests.Min(test => test.Accuracy) * 10) * 10);
            var scale = Plot.Scale("accuracy", AxisPosition.Right, "accuracy, %", lowest);
            scale.Maximum = 100;
            scale.MajorGridlineStyle = LineStyle.None;
            plot.Axes.Add(scale);
            plot.Series.Add(Dotted("test accuracy", "accuracy", Plot.Colors[1],
                tests.Select(t => (t.Step, 100 * t.Accuracy))));
            plot.Series.Add(Dotted("test loss", "loss", Plot.Colors[2], tests.Select(t => (t.Step, t.Loss))));
        }
        File.WriteAllText(path, Plot.SvgOf(plot, 800, 400));
    }

    static LineSeries Curve(string title, string scale, OxyColor color, double width, IEnumerable<double> values)
    {
        var line = new LineSeries { Title = title, YAxisKey = scale, Color = color, StrokeThickness = width };
        line.Points.AddRange(values.Select((value, i) => new DataPoint(i + 1, value)));
        return line;
    }

    static LineSeries Dotted(string title, string scale, OxyColor color, IEnumerable<(int X, double Y)> points)
    {
        var line = Curve(title, scale, color, 2, []);
        (line.MarkerType, line.MarkerSize, line.MarkerFill) = (MarkerType.Circle, 4, color);
        line.Points.AddRange(points.Select(point => new DataPoint(point.X, point.Y)));
        return line;
    }

    /// <summary>A running mean over a hundredth of all steps; at the start, over the steps so far.</summary>
    static IEnumerable<double> Smoothed(IReadOnlyList<double> values)
    {
        var keep = 1 - 1 / Math.Max(1.0, values.Count / 100.0);
        var (sum, weight) = (0.0, 0.0);
        foreach (var value in values)
        {
            (sum, weight) = (keep * sum + value, keep * weight + 1);
            yield return sum / weight;
        }
    }

    /// <summary>
    /// Draws digits in a grid, three times as large, with the predicted one in the corner; wrong ones in a red frame.
    /// </summary>
    /// <param name="path">The PNG file to write.</param>
    /// <param name="images">Grey values, N × 28 × 28.</param>
    /// <param name="predicted">The predictions of the network, N.</param>
    /// <param name="actual">The right digits, N.</param>
    /// <param name="columns">The number of digits in a row.</param>
    /// <exception cref="ArgumentException">The arrays do not have the same number of digits, or they are
    /// empty.</exception>
    public static void DigitSheet(string path, byte[] images, int[] predicted, int[] actual, int columns)
    {
        const int Size = 28, Zoom = 3, Frame = 3, Cell = Size * Zoom + 2 * Frame;
        var count = predicted.Length;
        if (count == 0 || actual.Length != count || images.Length != count * Size * Size || columns < 1)
            throw new ArgumentException($"DigitSheet: {images.Length} pixels, {count} predicted and " +
                $"{actual.Length} actual digits in {columns} columns do not fit together.");
        var (width, height) = (Cell * columns, Cell * ((count + columns - 1) / columns));
        var sheet = new byte[3 * width * height];
        for (var i = 0; i < count; i++)
        {
            var (left, top, right) = (i % columns * Cell, i / columns * Cell, predicted[i] == actual[i]);
            ReadOnlySpan<byte> color = right ? [120, 200, 120] : [240, 60, 60];
            for (var y = 0; y < Cell; y++)
                for (var x = 0; x < Cell; x++)
                {
                    var (row, column) = (y - Frame, x - Frame);
                    var inside = row is >= 0 and < Size * Zoom && column is >= 0 and < Size * Zoom;
                    var grey = inside ? images[(i * Size + row / Zoom) * Size + column / Zoom] : (byte)0;
                    var marked = inside ? Inked(predicted[i], row / 3 - 1, column / 3 - 1) : !right;
                    ReadOnlySpan<byte> shown = marked ? color : new[] { grey, grey, grey };
                    shown.CopyTo(sheet.AsSpan(3 * ((top + y) * width + left + x)));
                }
        }
        ImageFile.Write(path, Transform.ToTensor(sheet, height, width));
    }

    // A font of 3 × 5 points, each row an octal digit: 4 is the left point, 1 the right one.
    static readonly string[] Font =
        ["75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717"];

    static bool Inked(int digit, int row, int column) =>
        row is >= 0 and < 5 && column is >= 0 and < 3 && ((Font[digit][row] - '0') >> (2 - column) & 1) == 1;

    /// <summary>
    /// Draws the images of a batch in a grid: the smallest of all its numbers black, the largest white.
    /// </summary>
    /// <param name="path">The PNG file to write.</param>
    /// <param name="images">Grey ones (N, 1, H, W), or ones in colours (N, 3, H, W).</param>
    /// <param name="columns">How many images a row has.</param>
    /// <param name="zoom">How many times as large they are.</param>
    /// <exception cref="ShapeException">They are no such images, or there are none.</exception>
    public static void Batch(string path, Tensor images, int columns, int zoom = 2)
    {
        const int Gap = 2;
        if (images.Size() is not ([> 0 and var count, 1 or 3, > 0 and var h, > 0 and var w] and var shape)
            || columns < 1 || zoom < 1)
            throw new ShapeException($"Batch: images are (N, 1, H, W) or (N, 3, H, W), not {images.Layout}, in one " +
                $"column or more, not {columns}, and once as large or more, not {zoom}.");
        var (low, high) = (((Variable)images).Min().Item(), ((Variable)images).Max().Item());
        var (rows, cellH, cellW) = ((count + columns - 1) / columns, h * zoom + Gap, w * zoom + Gap);
        var sheet = Tensor.Full([shape[1], rows * cellH + Gap, columns * cellW + Gap], 0.5);
        var scaled = ((images.Cpu() - low) / Math.Max(1e-12, high - low)).To(sheet.DType)
            .Unsqueeze(3).Unsqueeze(5).Expand(count, shape[1], h, zoom, w, zoom)
            .Reshape(count, shape[1], h * zoom, w * zoom);
        for (var i = 0; i < count; i++)
            sheet.Narrow(1, i / columns * cellH + Gap, h * zoom).Narrow(2, i % columns * cellW + Gap, w * zoom)
                .Copy_(scaled[i]);
        ImageFile.Write(path, sheet);
    }

    /// <summary>
    /// Draws the filters of a convolution as squares to where pictures go, a row for each; blue from 0 up, orange from
    /// 0 down.
    /// </summary>
    /// <param name="name">The SVG file to write.</param>
    /// <param name="weight">(out, in, height, width).</param>
    /// <param name="most">How many rows at most.</param>
    /// <exception cref="ShapeException">They are no filters of two axes.</exception>
    public static void Filters(string name, Tensor weight, int most = 16)
    {
        if (weight.Size() is not [var filters, var channels, _, _])
            throw new ShapeException($"Filters: filters are (out, in, height, width), not {weight.Layout}.");
        // filters of one channel stand beside one another
        var squares = new Squares(columns: channels == 1 ? 8 : channels);
        for (var i = 0; i < Math.Min(filters, most); i++)
            for (var c = 0; c < channels; c++)
                squares.Add(channels == 1 ? $"filter {i}" : $"{i}, input {c}", weight[i, c]);
        squares.Save(name);
    }

    /// <summary>
    /// Draws a confusion matrix: a row is a class, a column what it was taken for; the stronger a square, the larger
    /// its share of the row, full where it is more than half; off the diagonal in orange.
    /// </summary>
    /// <param name="path">The SVG file to write.</param>
    /// <param name="confusion">How often each class was taken for each.</param>
    /// <param name="names">The names of the classes.</param>
    public static void Confusion(string path, ConfusionMatrix confusion, IReadOnlyList<string> names)
    {
        const int Side = 44, Left = 70, Top = 50;
        var (n, text) = (names.Count, new StringBuilder());
        var size = (Width: Left + n * Side + 10, Height: Top + n * Side + 10);
        void Add(string line) => text.Append(line).Append('\n');
        Add($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{size.Width}" height="{size.Height}"
              viewBox="0 0 {size.Width} {size.Height}" font-family="sans-serif" font-size="12" fill="#777">
            <g text-anchor="middle">
            <text x="{Left + n * Side / 2}" y="16">taken for</text>
            <text transform="translate(16 {Top + n * Side / 2}) rotate(-90)">class</text>
            """);
        for (var row = 0; row < n; row++)
        {
            var name = WebUtility.HtmlEncode(names[row]);
            Add($"""<text x="{Left - 10}" y="{Top + row * Side + 27}" text-anchor="end">{name}</text>""");
            Add($"""<text x="{Left + row * Side + Side / 2}" y="{Top - 10}">{name}</text>""");
            var all = Enumerable.Range(0, n).Sum(column => confusion[row, column]);
            for (var column = 0; column < n; column++)
            {
                var (x, y, count) = (Left + column * Side, Top + row * Side, confusion[row, column]);
                // a single mistake among thousands is still seen, and numbers are readable on light and on dark
                var most = 2 * count > all;
                var strength = most ? 1 : count == 0 ? 0 : 0.1 + 0.35 * Math.Sqrt((double)count / all);
                Add($"""
                    <rect x="{x}" y="{y}" width="{Side}" height="{Side}" stroke="#777" stroke-opacity="0.35"
                      fill="{(row == column ? "#2E7FD0" : "#D06A1E")}" fill-opacity="{strength:0.##}"/>
                    """);
                if (count > 0) Add($"""
                    <text x="{x + Side / 2}" y="{y + 27}"{(most ? " fill=\"#fff\"" : "")}>{count}</text>
                    """);
            }
        }
        Add("</g>\n</svg>");
        File.WriteAllText(path, $"{text}");
    }
}
