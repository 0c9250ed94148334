using System.Globalization;
using System.Text;

namespace Tutorials.Chapter19;

/// <summary>Years as a line, and dots with names above them.</summary>
static class TimeLine
{
    const int Year = 84, Left = 24, Line = 46;

    /// <summary>Writes the picture to where pictures go.</summary>
    public static void Save(string name, IReadOnlyList<(double Year, string Name)> dots, int from, int to)
    {
        double At(double year) => Left + (year - from) * Year;
        var text = new StringBuilder();
        for (var year = from; year <= to; year++)
            text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{At(year)} {Line} v8\"/>" +
                $"<text x=\"{At(year)}\" y=\"{Line + 24}\">{year}</text>\n");
        foreach (var (year, dot) in dots)
            text.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{At(year):0.#}\" cy=\"{Line}\" r=\"6\"/>" +
                $"<text x=\"{At(year):0.#}\" y=\"{Line - 16}\" class=\"dot\">{dot}</text>\n");
        var width = At(to) + Left;
        Plot.Save(name, string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{{width}}" height="80" viewBox="0 0 {{width}} 80">
            <style>text { font: 13px sans-serif; fill: #777; text-anchor: middle } path { stroke: #777 }
            .dot { font-size: 16px; fill: #2E7FD0 } circle { fill: #2E7FD0 }</style>
            <path d="M{{Left}} {{Line}} H{{width - Left}}"/>
            {{text}}</svg>
            """) + "\n");
    }
}
