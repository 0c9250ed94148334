namespace Tensorlet;

/// <summary>What the padding around an input consists of.</summary>
public enum PadMode
{
    /// <summary>A constant number.</summary>
    Constant,
    /// <summary>The input, mirrored at its edge. The element at the edge is not repeated.</summary>
    Reflect,
    /// <summary>The element at the edge of the input, repeated.</summary>
    Replicate,
    /// <summary>The elements from the opposite end of the input, as if the input were repeated.</summary>
    Circular,
}

public static partial class F
{
    /// <summary>
    /// Pads the last axes of <paramref name="x"/>. <paramref name="padding"/> contains two numbers for each axis:
    /// how many elements are added before the first element of the axis, and how many after the last one. The two
    /// numbers for the last axis come first, then the two numbers for the axis before it, and so on. A negative
    /// number cuts elements off.
    /// </summary>
    /// <exception cref="ShapeException">The length of <paramref name="padding"/> is odd, or is larger than twice the
    /// number of axes; or an axis has too few elements to be padded or cut off in this way.</exception>
    public static Variable Pad(Variable x, int[] padding, PadMode mode = PadMode.Constant, double value = 0)
    {
        var axes = padding.Given().Length / 2;
        if (padding.Length % 2 != 0 || axes > x.Given().Rank) throw new ShapeException($"Pad: {Layout.Show(padding)} " +
            $"must be (before, after) for the last axes of {x.Data.Layout}, the last one first.");
        if (axes == 0) return x;
        for (var a = 1; a <= axes; a++)
        {
            var (n, before, after) = (x.Size(-a), padding[2 * a - 2], padding[2 * a - 1]);
            var most = mode == PadMode.Reflect ? n - 1 : mode == PadMode.Circular ? n
                : mode == PadMode.Replicate && n == 0 ? 0 : int.MaxValue;
            if (Math.Max(before, after) > most || n + (long)Math.Min(0, before) + Math.Min(0, after) < 0)
                throw new ShapeException($"Pad: {before} and {after} are too many elements to add to or cut off axis " +
                    $"{-a} of {x.Data.Layout} ({mode}).");
            if (mode != PadMode.Constant)
                x = x.IndexSelect(-a, Tensor.From(Continued(n, before, after, mode), device: x.Device));
            else if (before < 0 || after < 0) x = x.Slice(-a, Math.Max(0, -before), n + Math.Min(0, after));
        }
        if (mode != PadMode.Constant) return x;
        int[][] around = [.. padding.Select(p => Math.Max(0, p)).Chunk(2).Reverse()];       // the last axis last
        return x.Framed([.. around.Select(side => side[0])], [.. around.Select(side => side[1])], value);
    }

    /// <summary>
    /// Returns, for each element of a padded axis, the position from which the element is copied. Without the
    /// padding, the axis has n elements.
    /// </summary>
    static long[] Continued(int n, int before, int after, PadMode mode) =>
        [.. Enumerable.Range(-before, Layout.Fitting("Pad", (long)before + n + after)).Select(i => mode switch
        {
            PadMode.Reflect => i < 0 ? -i : i >= n ? 2L * (n - 1) - i : i,
            PadMode.Replicate => Math.Clamp(i, 0L, n - 1),
            _ => (i + (long)n) % n,
        })];
}
