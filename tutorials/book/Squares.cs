using System.Globalization;
using System.Text;
using Tensorlet;

namespace Tutorials;

/// <summary>
/// Matrices as squares, side by side, as an SVG: the larger a number, the stronger its colour; blue for positive
/// numbers, orange for negative ones. For filters, images, attention, and memory.
/// </summary>
/// <param name="side">The side of a square, in pixels.</param>
/// <param name="columns">The number of matrices in a row.</param>
/// <param name="numbers">Write each number into its square.</param>
/// <param name="grid">Draw the edges of squares; otherwise, draw one frame, and nothing where a number is 0.</param>
sealed class Squares(int side = 12, int columns = 6, bool numbers = false, bool grid = true)
{
    const int Gap = 16, Caption = 22;

    readonly List<(string Caption, Tensor Values)> matrices = [];

    /// <summary>Adds a matrix, with a text above it.</summary>
    /// <exception cref="ArgumentException">It does not have two axes.</exception>
    public Squares Add(string caption, Tensor values)
    {
        if (values.Rank != 2)
            throw new ArgumentException($"Squares: {caption} has shape {values.Layout}, not rows and columns.");
        matrices.Add((caption, values));
        return this;
    }

    /// <summary>The next matrix begins a new row.</summary>
    public Squares NextRow()
    {
        while (matrices.Count % columns != 0) Add("", Tensor.Zeros(1, 0));
        return this;
    }

    /// <summary>Writes the picture to the folder of the pictures.</summary>
    public void Save(string name)
    {
        var (text, top, width) = (new StringBuilder(), 0, 0);
        foreach (var row in matrices.Chunk(columns))
        {
            var left = 0;
            foreach (var (caption, values) in row)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"<text x=\"{left}\" y=\"{top + 15}\" class=\"caption\">{Escaped(caption)}</text>\n");
                Draw(text, values, left, top + Caption);
                left += Math.Max(values.Size(1) * side, 7 * caption.Length) + Gap;
            }
            width = Math.Max(width, left - Gap);
            top += Caption + row.Max(m => m.Values.Size(0)) * side + Gap;
        }
        var (height, font) = (top - Gap, Math.Min(12, side * 0.45));
        Plot.Save(name, string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg"
              width="{{width}}" height="{{height}}" viewBox="0 0 {{width}} {{height}}">
            <style>text { font: {{font:0.#}}px sans-serif; fill: #777; text-anchor: middle }
            .caption { font-size: 12px; text-anchor: start }
            rect{{(grid ? "" : ".frame")}} { stroke: #777; stroke-opacity: 0.35 }</style>
            {{text}}</svg>
            """) + "\n");
    }

    void Draw(StringBuilder text, Tensor values, int left, int top)
    {
        var x = values.ToArray<double>();
        var (rows, columns, most) = (values.Size(0), values.Size(1), x.Append(1e-12).Max(Math.Abs));
        var strongest = numbers ? 0.35 : 1;         // numbers stay readable on their squares
        if (!grid) text.Append(CultureInfo.InvariantCulture, $"<rect class=\"frame\" x=\"{left}\" y=\"{top}\" " +
            $"width=\"{columns * side}\" height=\"{rows * side}\" fill=\"none\"/>\n");
        for (var i = 0; i < x.Length; i++)
        {
            if (!grid && Math.Abs(x[i]) / most < 0.005) continue;
            var (u, v) = (left + i % columns * side, top + i / columns * side);
            text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{u}\" y=\"{v}\" width=\"{side}\" height=\"{side}\" " +
                $"fill=\"{(x[i] < 0 ? "#D06A1E" : "#2E7FD0")}\" " +
                $"fill-opacity=\"{Math.Abs(x[i]) / most * strongest:0.##}\"/>");
            if (numbers) text.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{u + side / 2}\" y=\"{v + side * 0.64:0.#}\">{x[i]:0.##}</text>");
            if ((i + 1) % columns == 0) text.Append('\n');
        }
    }

    static string Escaped(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;");
}
