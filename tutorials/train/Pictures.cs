using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Tensorlet.Data;

namespace Tutorials;

/// <summary>Pictures of a training: the course of the loss as SVG, and recognised digits as PNG.</summary>
static class Pictures
{
    /// <summary>
    /// Draws the loss of each step, raw and smoothed, and accuracies measured on the way (0 to 1), if there are any.
    /// </summary>
    /// <param name="path">The SVG file to write.</param>
    /// <param name="losses">The loss of step 1, 2, …</param>
    /// <param name="accuracies">After how many steps which share was right.</param>
    public static void LossCurve(
        string path, IReadOnlyList<double> losses, IReadOnlyList<(int Step, double Accuracy)> accuracies)
    {
        var plot = new PlotModel
        { TextColor = Plot.Ink, PlotAreaBorderColor = Plot.Ink, DefaultFont = "sans-serif" };
        plot.Axes.Add(Plot.Scale("step", AxisPosition.Bottom, "step", 0));
        plot.Axes.Add(Plot.Scale("loss", AxisPosition.Left, "loss", 0));
        plot.Legends.Add(Plot.LegendAbove());
        plot.Series.Add(Curve("loss of a step", "loss", OxyColor.FromAColor(130, Plot.Colors[0]), 1, losses));
        plot.Series.Add(Curve("loss, smoothed", "loss", Plot.Colors[0], 2.5, Smoothed(losses)));
        if (accuracies.Count > 0)
        {
            var lowest = Math.Min(90, Math.Floor(accuracies.Min(a => a.Accuracy) * 10) * 10);
            var scale = Plot.Scale("accuracy", AxisPosition.Right, "accuracy, %", lowest);
            scale.Maximum = 100;
            scale.MajorGridlineStyle = LineStyle.None;
            plot.Axes.Add(scale);
            var line = Curve("accuracy", "accuracy", Plot.Colors[1], 2, []);
            (line.MarkerType, line.MarkerSize, line.MarkerFill) = (MarkerType.Circle, 4, Plot.Colors[1]);
            line.Points.AddRange(accuracies.Select(a => new DataPoint(a.Step, 100 * a.Accuracy)));
            plot.Series.Add(line);
        }
        File.WriteAllText(path, Plot.SvgOf(plot, 800, 400));
    }

    static LineSeries Curve(string title, string scale, OxyColor color, double width, IEnumerable<double> values)
    {
        var line = new LineSeries { Title = title, YAxisKey = scale, Color = color, StrokeThickness = width };
        line.Points.AddRange(values.Select((value, i) => new DataPoint(i + 1, value)));
        return line;
    }

    /// <summary>A running mean over a hundredth of the course; at its start, over what there is.</summary>
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
    /// <param name="predicted">What the network says, N.</param>
    /// <param name="actual">What is right, N.</param>
    /// <param name="columns">How many digits a row has.</param>
    /// <exception cref="ArgumentException">The arrays do not hold the same number of digits, or none.</exception>
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
                    (marked ? color : [grey, grey, grey]).CopyTo(sheet.AsSpan(3 * ((top + y) * width + left + x)));
                }
        }
        ImageFile.Write(path, Transform.ToTensor(sheet, height, width));
    }

    // A font of 3 × 5 points, each row an octal digit: 4 is the left point, 1 the right one.
    static readonly string[] Font =
        ["75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717"];

    static bool Inked(int digit, int row, int column) =>
        row is >= 0 and < 5 && column is >= 0 and < 3 && ((Font[digit][row] - '0') >> (2 - column) & 1) == 1;
}
