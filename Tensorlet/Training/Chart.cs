using System.Text;

namespace Tensorlet.Training;

/// <summary>Points that are joined.</summary>
readonly record struct Curve(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y);

/// <summary>Curves with axes and ticks as an SVG file, in colours that are readable on light and dark.</summary>
static class Chart
{
    const int Left = 60, Top = 30, Width = 560, Height = 300, Foot = Top + Height;
    static readonly string[] colors = ["#2e7fd0", "#d06a1e"];

    /// <summary>Writes the file. The vertical axis begins at 0 or below.</summary>
    /// <param name="path">The file.</param>
    /// <param name="x">What the horizontal axis shows.</param>
    /// <param name="logX">Powers of ten at equal distances from left to right.</param>
    /// <param name="curves">At most two; one of a single point is a dot.</param>
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

    /// <summary>Some five round numbers from one to another: 1, 2 or 5 times a power of ten apart.</summary>
    static IEnumerable<double> Ticks(double low, double high)
    {
        var ten = Math.Pow(10, Math.Floor(Math.Log10((high - low) / 5)));
        var step = ten * ((high - low) / 5 / ten) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 };
        for (var i = Math.Ceiling(low / step); i * step <= high; i++) yield return i * step;
    }
}
