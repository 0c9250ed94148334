namespace Tensorlet;

// Pooling and interpolation to a given size, one axis after the other.
public static partial class F
{
    /// <summary>
    /// The mean of each of OH·OW parts of images: (…, H, W) to (…, OH, OW). Part i of H goes from ⌊i·H/OH⌋ to ⌈(i +
    /// 1)·H/OH⌉.
    /// </summary>
    /// <exception cref="ShapeException">Fewer than two axes, or a size that is not positive.</exception>
    public static Variable AdaptiveAvgPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveAvgPool2d", x, outputSize, (part, axis) => part.Mean(axis));

    /// <summary>
    /// The largest of each of OH·OW parts of images, as <see cref="AdaptiveAvgPool2d"/> cuts them; the first of equal
    /// ones gets the gradient.
    /// </summary>
    public static Variable AdaptiveMaxPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveMaxPool2d", x, outputSize, (part, axis) => part.Max(axis).Values);

    static Variable InParts(string operation, Variable x, Pair size, Func<Variable, int, Variable> fold) =>
        AlongBoth(operation, x, size, (v, axis, n, o) => Variable.Stack([.. Enumerable.Range(0, o).Select(i =>
        {
            int start = i * n / o, end = ((i + 1) * n + o - 1) / o;
            return fold(v.Narrow(axis, start, end - start), axis);
        })], axis));

    /// <summary>
    /// Images of another size, (…, H, W) to (…, OH, OW). Pixel i is x[⌊i·H/OH⌋]; or between four, weighted by distance,
    /// at (i + ½)·H/OH − ½, or where the corners are aligned at i·(H − 1)/(OH − 1).
    /// </summary>
    public static Variable Interpolate(Variable x, Pair size, Interpolation mode = Interpolation.Nearest,
        bool alignCorners = false) => AlongBoth("Interpolate", x, size, (v, axis, n, o) =>
        {
            double[] at = [.. Enumerable.Range(0, o).Select(i => mode == Interpolation.Nearest ? i * n / o
                : alignCorners ? o == 1 ? 0 : i * (n - 1.0) / (o - 1) : Math.Max(0, (i + 0.5) * n / o - 0.5))];
            var first = Picked(i => Math.Min((long)at[i], n - 1));
            if (mode == Interpolation.Nearest) return first;
            var weights = Tensor.From([.. at.Select(p => p - Math.Floor(p))], axis == -2 ? [o, 1] : [o]);
            return first.Lerp(Picked(i => Math.Min((long)at[i] + 1, n - 1)), weights.To(v.DType).To(v.Device));

            Variable Picked(Func<int, long> place) => v.IndexSelect(axis,
                Tensor.From<long>([.. Enumerable.Range(0, o).Select(place)], device: v.Device));
        });

    static Variable AlongBoth(string operation, Variable x, Pair size, Func<Variable, int, int, int, Variable> resize)
    {
        x.Data.OnlyFloat(operation);
        if (x.Rank < 2 || size.Least < 1 || x.Numel == 0)
            throw new ShapeException($"{operation}: shape {x.Data.Layout} to {size}: images have at least two axes, " +
                "(…, H, W), and every size is positive.");
        x = resize(x, -2, x.Size(-2), size.H);
        return resize(x, -1, x.Size(-1), size.W);
    }

    /// <summary>The windows of images as columns (im2col): (N, C, H, W) to (N, C·KH·KW, OH·OW).</summary>
    /// <exception cref="ShapeException">Not four axes, or the window is larger than the padded image.</exception>
    public static Variable Unfold(Variable x, Pair kernel, Pair? dilation = null, Pair? padding = null,
        Pair? stride = null)
    {
        var (around, apart, step) = (padding ?? 0, dilation ?? 1, stride ?? 1);
        if (x.Rank != 4) throw new ShapeException($"Unfold: images have four axes (N, C, H, W), not {x.Data.Layout}.");
        var windows = x.Framed(around.Both, around.Both, 0).Windows(2, kernel.H, step.H, apart.H)
            .Windows(3, kernel.W, step.W, apart.W);
        return windows.Permute(0, 1, 4, 5, 2, 3).Reshape(x.Size(0), x.Size(1) * kernel.H * kernel.W, -1);
    }

    /// <summary>
    /// Columns added up in their windows' places (col2im), the adjoint of <see cref="Unfold"/>: (N, C·KH·KW, OH·OW) to
    /// (N, C, H, W).
    /// </summary>
    /// <exception cref="ShapeException">The columns are not those of windows of such images.</exception>
    public static Variable Fold(Variable x, Pair outputSize, Pair kernel, Pair? dilation = null, Pair? padding = null,
        Pair? stride = null)
    {
        var (around, apart, step) = (padding ?? 0, dilation ?? 1, stride ?? 1);
        int h = outputSize.H + 2 * around.H, w = outputSize.W + 2 * around.W, window = kernel.H * kernel.W;
        int oh = (h - apart.H * (kernel.H - 1) - 1) / step.H + 1, ow = (w - apart.W * (kernel.W - 1) - 1) / step.W + 1;
        if (x.Rank != 3 || x.Size(1) % window != 0 || x.Size(2) != oh * ow)
            throw new ShapeException($"Fold: shape {x.Data.Layout} is not (N, C·{window}, {oh}·{ow}), the windows of " +
                $"{kernel} in images of {outputSize}.");
        var columns = x.Reshape(x.Size(0), x.Size(1) / window, kernel.H, kernel.W, oh, ow).Permute(0, 1, 4, 5, 2, 3);
        var sums = columns.AddInto(y => y.Windows(2, kernel.H, step.H, apart.H).Windows(3, kernel.W, step.W, apart.W),
            [x.Size(0), x.Size(1) / window, h, w], "Windows");
        return sums.Narrow(2, around.H, outputSize.H).Narrow(3, around.W, outputSize.W);
    }
}

/// <summary>How pixels between pixels are found.</summary>
public enum Interpolation
{
    /// <summary>The nearest one.</summary>
    Nearest,
    /// <summary>Between four, weighted by distance.</summary>
    Bilinear,
}
