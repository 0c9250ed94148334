using System.Text;

namespace Tensorlet.Training;

/// <summary>A curve: points that are joined by lines.</summary>
readonly record struct Curve(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y);

/// <summary>
/// Draws curves with axes and ticks as an SVG file, in colours that are readable on light and dark backgrounds.
/// </summary>
static class Chart
{
    const int Left = 60, Top = 30, Width = 560, Height = 300, Foot = Top + Height;
    static readonly string[] colors = ["#2e7fd0", "#d06a1e"];

    /// <summary>Writes the file. The vertical axis begins at 0, or below 0 if a value is negative.</summary>
    /// <param name="path">The file.</param>
    /// <param name="x">What the horizontal axis shows.</param>
    /// <param name="logX">Whether the horizontal axis is logarithmic, so that powers of ten are at equal
    /// distances.</param>
    /// <param name="curves">At most two curves. A curve with a single point is drawn as a dot.</param>
    public static void Write(string path, string x, bool logX, params Curve[] curves)
    {
        double Place(double x) => logX ? Math.Log10(x) : x;
        var (all, first) = (curves.SelectMany(c => c.Y).ToList(), curves.Min(c => Place(c.X.Min())));
        var last = Math.Max(curves.Max(c => Place(c.X.Max())), first + 1e-9);
        var (low, high) = (Math.Min(0, all.Min()), Math.Max(1e-9, all.Max()));
        double Across(double place) => Left + Width * (place - first) / (last - first);
        double Down(double y) => Top + Height * (high - y) / (high - low);
        string[] lines =
        [
            """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 380" font-family="sans-serif" """,
            """ font-size="12"><g fill="#777">""",
            .. Ticks(low, high).Select(tick => $"""
                <path d="M{Left} {Down(tick):0.#}h{Width}" stroke="#777" stroke-opacity="0.3"/>
                <text x="{Left - 6}" y="{Down(tick) + 4:0.#}" text-anchor="end">{tick:G6}</text>
                """),
            .. Ticks(first, last).Where(tick => !logX || tick == Math.Floor(tick)).Select(tick => $"""
                <path d="M{Across(tick):0.#} {Foot}v5" stroke="#777"/>
                <text x="{Across(tick):0.#}" y="{Foot + 18}" text-anchor="middle">{(logX ? "1e" : "")}{tick:G6}</text>
                """),
            $"""
            <path d="M{Left} {Top}v{Height}h{Width}" fill="none" stroke="#777"/>
            <text x="{Left + Width / 2}" y="{Foot + 38}" text-anchor="middle">{x}</text></g>
            """,
            .. curves.Select((c, i) => $"""
                <polyline points="{string.Join(' ', c.X.Zip(c.Y, (x, y) => $"{Across(Place(x)):0.#},{Down(y):0.#}"))}"
                 fill="none" stroke="{colors[i]}" stroke-width="2" stroke-linecap="round"/>
                <text x="{Left + Width / 2 * i}" y="18" fill="{colors[i]}">{c.Name} {c.Y[^1]:G4}</text>
                """),
            "</svg>",
        ];
        Files.Write(path, file => file.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }

    /// <summary>
    /// Returns about five round numbers between <paramref name="low"/> and <paramref name="high"/>. The distance
    /// between neighbours is 1, 2 or 5 times a power of ten.
    /// </summary>
    static IEnumerable<double> Ticks(double low, double high)
    {
        var ten = Math.Pow(10, Math.Floor(Math.Log10((high - low) / 5)));
        var step = ten * ((high - low) / 5 / ten) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        for (var i = Math.Ceiling(low / step); i * step <= high; i++) yield return i * step;
    }
}
