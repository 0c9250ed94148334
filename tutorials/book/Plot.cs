using System.Globalization;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Tutorials;

/// <summary>
/// A plot with axes, as an SVG that is readable on a light page and on a dark one: its colours are of medium lightness,
/// and it has no background of its own. Text stays text, so that no font is needed to create it.
/// </summary>
sealed class Plot
{
    /// <summary>Lines and text.</summary>
    public static OxyColor Ink { get; } = OxyColor.FromRgb(0x77, 0x77, 0x77);

    /// <summary>The colours of curves, in the order in which they are used.</summary>
    public static IReadOnlyList<OxyColor> Colors { get; } = [OxyColor.FromRgb(0x2E, 0x7F, 0xD0),
        OxyColor.FromRgb(0xD0, 0x6A, 0x1E), OxyColor.FromRgb(0x2E, 0x9E, 0x5B), OxyColor.FromRgb(0xC2, 0x3B, 0x6E),
        OxyColor.FromRgb(0x8A, 0x63, 0xC9), OxyColor.FromRgb(0x9A, 0x8B, 0x1E)];

    /// <summary>The folder to which <see cref="Save"/> writes.</summary>
    public static string Folder { get; set; } = Path.Combine("tutorials", "out");

    /// <summary>Called with the name of each picture that has been written.</summary>
    public static Action<string>? Tell { get; set; }

    readonly PlotModel model = new()
    {
        TextColor = Ink, TitleColor = Ink, PlotAreaBorderColor = Ink, DefaultFont = "sans-serif", TitleFontSize = 15,
        TitleFontWeight = FontWeights.Normal,
    };

    int curves;

    /// <summary>An empty plot.</summary>
    /// <param name="x">What the horizontal axis shows.</param>
    /// <param name="y">What the vertical axis shows.</param>
    /// <param name="title">The text above the plot.</param>
    /// <param name="logX">A logarithmic horizontal axis.</param>
    /// <param name="logY">A logarithmic vertical axis.</param>
    public Plot(string x, string y, string? title = null, bool logX = false, bool logY = false)
    {
        model.Title = title;
        model.Axes.Add(Scale("x", AxisPosition.Bottom, x, logarithmic: logX));
        model.Axes.Add(Scale("y", AxisPosition.Left, y, logarithmic: logY));
    }

    /// <summary>An axis in this style.</summary>
    public static Axis Scale(
        string key, AxisPosition position, string title, double minimum = double.NaN, bool logarithmic = false)
    {
        Axis axis = logarithmic ? new LogarithmicAxis { PowerPadding = false } : new LinearAxis();
        (axis.Key, axis.Position, axis.Title, axis.Minimum) = (key, position, title, minimum);
        (axis.TextColor, axis.TitleColor, axis.TicklineColor) = (Ink, Ink, Ink);
        (axis.MajorGridlineStyle, axis.MajorGridlineColor) = (LineStyle.Solid, OxyColor.FromAColor(70, Ink));
        (axis.MinorTickSize, axis.AxisTitleDistance) = (0, position == AxisPosition.Bottom ? 8 : 16);
        return axis;
    }

    /// <summary>A legend above the axes, in one line.</summary>
    public static Legend LegendAbove() => new()
    {
        LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.TopCenter,
        LegendOrientation = LegendOrientation.Horizontal, LegendItemSpacing = 60, LegendTextColor = Ink,
        LegendPadding = 24, // the font that a reader has may be wider than the one measured here
    };

    /// <summary>Sets the range of an axis; NaN leaves an end to the data.</summary>
    public Plot Range(
        double left = double.NaN, double right = double.NaN, double bottom = double.NaN, double top = double.NaN)
    {
        (model.Axes[0].Minimum, model.Axes[0].Maximum) = (left, right);
        (model.Axes[1].Minimum, model.Axes[1].Maximum) = (bottom, top);
        return this;
    }

    /// <summary>A curve through points, in the next colour; a legend distinguishes several.</summary>
    public Plot Line(string name, IEnumerable<double> x, IEnumerable<double> y, bool dots = false, bool dashed = false)
    {
        var line = new LineSeries
        {
            Title = name, Color = Colors[curves++ % Colors.Count], StrokeThickness = 2,
            LineStyle = dashed ? LineStyle.Dash : LineStyle.Solid,
        };
        if (dots) (line.MarkerType, line.MarkerSize, line.MarkerFill) = (MarkerType.Circle, 3, line.Color);
        line.Points.AddRange(x.Zip(y, (a, b) => new DataPoint(a, b)));
        model.Series.Add(line);
        return this;
    }

    /// <summary>A curve of values at 1, 2, 3, …</summary>
    public Plot Line(string name, IReadOnlyList<double> y) =>
        Line(name, Enumerable.Range(1, y.Count).Select(i => (double)i), y);

    /// <summary>Points that are not joined, in the next colour.</summary>
    public Plot Points(string name, IEnumerable<double> x, IEnumerable<double> y, double size = 3)
    {
        var points = new ScatterSeries
        {
            Title = name, MarkerFill = Colors[curves++ % Colors.Count], MarkerType = MarkerType.Circle,
            MarkerSize = size,
        };
        points.Points.AddRange(x.Zip(y, (a, b) => new ScatterPoint(a, b)));
        model.Series.Add(points);
        return this;
    }

    /// <summary>Contour lines of a function of two numbers, as on a map.</summary>
    public Plot Heights(Func<double, double, double> f, double[] x, double[] y, double[] levels)
    {
        var data = new double[x.Length, y.Length];
        for (var i = 0; i < x.Length; i++)
            for (var j = 0; j < y.Length; j++) data[i, j] = f(x[i], y[j]);
        model.Series.Add(new ContourSeries
        {
            ColumnCoordinates = x, RowCoordinates = y, Data = data, ContourLevels = levels, LabelBackground =
            OxyColors.Undefined, Color = OxyColor.FromAColor(120, Ink), StrokeThickness = 1, FontSize = 0,
            LabelStep = int.MaxValue,
        });
        return this;
    }

    /// <summary>Bars above 0, 1, 2, …, in the next colour, with names below them.</summary>
    public Plot Bars(string name, IReadOnlyList<string> below, IReadOnlyList<double> heights)
    {
        var bars = new RectangleBarSeries
        { Title = name, FillColor = Colors[curves++ % Colors.Count], StrokeThickness = 0 };
        for (var i = 0; i < heights.Count; i++) bars.Items.Add(new(i - 0.35, 0, i + 0.35, heights[i]));
        model.Series.Add(bars);
        var axis = new CategoryAxis { Position = AxisPosition.Bottom, Key = "x", Title = model.Axes[0].Title };
        (axis.TextColor, axis.TitleColor, axis.TicklineColor) = (Ink, Ink, Ink);
        axis.Labels.AddRange(below);
        model.Axes[0] = axis;
        return this;
    }

    /// <summary>Writes the plot as SVG, 800 pixels wide unless another width is given.</summary>
    public void Save(string name, int width = 800, int height = 400)
    {
        if (model.Series.Count(s => s.Title is not null) > 1) model.Legends.Add(LegendAbove());
        var svg = SvgOf(model, width, height);
        Save(name, svg);
    }

    /// <summary>Writes any SVG to the folder of the pictures.</summary>
    public static void Save(string name, string svg)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, name), svg.ReplaceLineEndings("\n"));
        Tell?.Invoke(name);
    }

    /// <summary>The SVG of a model.</summary>
    public static string SvgOf(PlotModel model, int width, int height)
    {
        using var stream = new MemoryStream();
        model.Culture = CultureInfo.InvariantCulture;
        new SvgExporter { Width = width, Height = height, UseVerticalTextAlignmentWorkaround = true }
            .Export(model, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
