using System.Globalization;
using System.Text;
using Tensorlet;
using Tensorlet.Nn;

namespace MyProject;

/// <summary>What a network says in each place of the square [−1, 1]², with points on it, as an SVG file.</summary>
public static class Picture
{
    const int Size = 400, Cells = 80, Cell = Size / Cells;
    static readonly string[] colors = ["#2e7fd0", "#d06a1e", "#2e9e5b"];

    /// <summary>Writes the file.</summary>
    public static void Save(string path, Network net, Tensor points, Tensor labels)
    {
        var text = new StringBuilder($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Size} {Size}\">\n");
        var places = Tensor.From([.. Enumerable.Range(0, Cells * Cells).SelectMany(i => new[]
            { (i % Cells + 0.5f) * 2 / Cells - 1, (i / Cells + 0.5f) * 2 / Cells - 1 })], [Cells * Cells, 2]);
        foreach (var (i, said) in Answers(net, places).Index())
            text.Append($"<path fill=\"{colors[said]}\" fill-opacity=\"0.3\" ")
                .Append($"d=\"M{i % Cells * Cell} {i / Cells * Cell}h{Cell}v{Cell}h-{Cell}z\"/>\n");
        foreach (var (xy, label) in points.ToArray<float>().Chunk(2).Zip(labels.ToArray<long>()))
            text.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{(xy[0] + 1) * Size / 2:0.#}\" ")
                .Append(CultureInfo.InvariantCulture, $"cy=\"{(xy[1] + 1) * Size / 2:0.#}\" r=\"3\" ")
                .Append($"fill=\"{colors[label]}\"/>\n");
        File.WriteAllText(path, text.Append("</svg>\n").ToString());
    }

    /// <summary>The class that the network says of each point.</summary>
    static long[] Answers(Network net, Tensor points)
    {
        using var _ = Autograd.NoGrad();
        return net.Call(points).Data.ArgMax(1).ToArray<long>();
    }
}
