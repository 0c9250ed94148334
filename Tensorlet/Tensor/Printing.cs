using System.Globalization;

namespace Tensorlet;

public sealed partial class Tensor
{
    const int MostShown = 1000, Edge = 3, LineWidth = 80;

    /// <summary>
    /// Returns the values in the format in which PyTorch prints them, with the type and the size on a line below:
    /// <code>
    /// [[ 1.0000, -0.5000],
    ///  [ 0.2500, 12.0000]]
    /// [Float32 of size 2x2]
    /// </code>
    /// If there are more than 1,000 elements, only the first three and the last three elements of each axis are
    /// shown.
    /// </summary>
    public override string ToString()
    {
        var size = Rank == 0 ? "()" : string.Join('x', Size());
        return $"{Values()}\n[{DType} of size {size}{(Device == Device.Cpu ? "" : $" on {Device}")}]";
    }

    /// <summary>Returns the values as text, in nested brackets, without the type and the size.</summary>
    internal string Values()
    {
        if (Numel == 0) return "[]";
        var shown = Numel > MostShown ? Edges() : this;
        var (texts, width) = DType switch
        {
            DType.Bool => NumberText.Padded(Array.ConvertAll(shown.ToArray<bool>(), b => $"{b}")),
            DType.Int64 => NumberText.Padded(Array.ConvertAll(shown.ToArray<long>(), i => $"{i}")),
            _ => NumberText.Aligned(shown.ToArray<double>()),
        };
        return Rank == 0 ? texts[0] : Nested(texts, 0);

        // Joins the texts of a part of the tensor. Along all axes before the given axis, the part has a single index.
        string Nested(ReadOnlySpan<string> part, int axis)
        {
            var (count, last) = (shown.Layout.shape[axis], axis == Rank - 1);
            var inner = part.Length / count;
            List<string> items = [];
            for (var i = 0; i < count; i++)
            {
                if (i == Edge && count < Layout.shape[axis]) items.Add(last ? " ..." : "...");
                items.Add(last ? part[i] : Nested(part.Slice(i * inner, inner), axis + 1));
            }
            var margin = new string(' ', axis + 1);
            if (!last) return $"[{string.Join("," + new string('\n', Rank - 1 - axis) + margin, items)}]";
            var perLine = Math.Max(1, (LineWidth - axis) / (width + 2));
            return $"[{string.Join(",\n" + margin, items.Chunk(perLine).Select(line => string.Join(", ", line)))}]";
        }
    }

    /// <summary>
    /// Returns this tensor with only the first three and the last three elements of each axis that has more than six
    /// elements.
    /// </summary>
    Tensor Edges()
    {
        var result = this;
        for (var a = 0; a < Rank; a++)
            if (Layout.shape[a] > 2 * Edge)
                result = Cat([result.Narrow(a, 0, Edge), result.Narrow(a, Layout.shape[a] - Edge, Edge)], a);
        return result;
    }
}

/// <summary>
/// Converts floating-point numbers to text, all in the same notation: as integers, with four decimals, or with an
/// exponent.
/// </summary>
static class NumberText
{
    /// <summary>
    /// Returns the numbers as texts, and the width to which the texts are padded. The width is the length of the
    /// longest text; the texts of 0, NaN and infinite numbers are not counted.
    /// </summary>
    public static (string[] Texts, int Width) Aligned(double[] values)
    {
        // only these numbers determine the notation and the width
        double[] counted = [.. values.Where(v => double.IsFinite(v) && v != 0)], sizes = [.. counted.Select(Math.Abs)];
        var whole = counted.All(v => v == Math.Floor(v));
        var scientific = counted.Length > 0
            && (sizes.Max() / sizes.Min() > 1000 || sizes.Max() > 1e8 || (!whole && sizes.Min() < 1e-4));
        var format = scientific ? "e4" : whole ? "0'.'" : "F4";
        return Padded(Array.ConvertAll(values, v => Text(v, format)),
            counted.Select(v => Text(v, format).Length).DefaultIfEmpty(1).Max());
    }

    /// <summary>
    /// Pads the texts on the left to the given width, or to the length of the longest text if no width is given.
    /// Returns the padded texts and the width.
    /// </summary>
    public static (string[] Texts, int Width) Padded(string[] texts, int? width = null)
    {
        var chosen = width ?? texts.Max(t => t.Length);
        return (Array.ConvertAll(texts, t => t.PadLeft(chosen)), chosen);
    }

    /// <summary>
    /// Converts a number to text. An exponent has at least two digits; .NET would write at least three.
    /// </summary>
    static string Text(double x, string format) =>
        double.IsNaN(x) ? "nan" : double.IsInfinity(x) ? x > 0 ? "inf" : "-inf"
            : x.ToString(format, CultureInfo.InvariantCulture).Replace("e+0", "e+").Replace("e-0", "e-");
}
