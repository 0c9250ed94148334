namespace Tensorlet;

// Pooling and interpolation to a given size weigh the elements along each axis by a fixed matrix (OH, H): the result is
// a product with it, axis by axis.
public static partial class F
{
    /// <summary>
    /// The mean of each of OH·OW parts of the images: (N, C, H, W) to (N, C, OH, OW). Part i of H goes from ⌊i·H/OH⌋ to
    /// ⌈(i + 1)·H/OH⌉.
    /// </summary>
    /// <exception cref="ShapeException">Fewer than two axes, or a size that is not positive.</exception>
    public static Variable AdaptiveAvgPool2d(Variable x, Pair outputSize) =>
        Resampled("AdaptiveAvgPool2d", x, outputSize.Both, (o, size, i) =>
        {
            var (start, end) = Part(o, size, i);
            return [.. Enumerable.Range(start, end - start).Select(at => (at, 1.0 / (end - start)))];
        });

    /// <summary>
    /// The largest of each of OH·OW parts of the images, as <see cref="AdaptiveAvgPool2d"/> cuts them; the first of
    /// equal ones gets the gradient.
    /// </summary>
    public static Variable AdaptiveMaxPool2d(Variable x, Pair outputSize)
    {
        CheckResampling("AdaptiveMaxPool2d", x, outputSize.Both);
        foreach (var (axis, o) in ((int, int)[])[(-2, outputSize.H), (-1, outputSize.W)])
            x = Variable.Stack([.. Enumerable.Range(0, o).Select(i =>
            {
                var (start, end) = Part(o, x.Size(axis), i);
                return x.Narrow(axis, start, end - start).Max(axis).Values;
            })], axis);
        return x;
    }

    static (int Start, int End) Part(int parts, int size, int i) =>
        (i * size / parts, ((i + 1) * size + parts - 1) / parts);

    /// <summary>Images of another size, (…, H, W) to (…, OH, OW): each pixel the nearest one, x[⌊i·H/OH⌋].</summary>
    public static Variable InterpolateNearest(Variable x, Pair size)
    {
        CheckResampling("InterpolateNearest", x, size.Both);
        foreach (var (axis, o) in ((int, int)[])[(-2, size.H), (-1, size.W)])
        {
            var n = x.Size(axis);
            long[] nearest = [.. Enumerable.Range(0, o).Select(i => (long)(i * (double)n / o))];
            x = x.IndexSelect(axis, Tensor.From(nearest, device: x.Device));
        }
        return x;
    }

    /// <summary>
    /// Images of another size, (…, H, W) to (…, OH, OW): each pixel between four, weighted by distance. Pixel i is at
    /// (i + ½)·H/OH − ½, or where the corners are aligned at i·(H − 1)/(OH − 1).
    /// </summary>
    public static Variable InterpolateBilinear(Variable x, Pair size, bool alignCorners = false) =>
        Resampled("InterpolateBilinear", x, size.Both, (o, n, i) =>
        {
            var at = alignCorners ? o == 1 ? 0 : i * (n - 1.0) / (o - 1) : Math.Max(0, (i + 0.5) * n / o - 0.5);
            var first = Math.Min((int)at, n - 1);
            return [(first, 1 - (at - first)), (Math.Min(first + 1, n - 1), at - first)];
        });

    /// <summary>Row i of a matrix (o, n), given where it is not 0, along the last axes.</summary>
    static Variable Resampled(string operation, Variable x, int[] sizes, Func<int, int, int, (int, double)[]> row)
    {
        CheckResampling(operation, x, sizes);
        return Weights(sizes[0], x.Size(-2)).MatMul(x).MatMul(Weights(sizes[1], x.Size(-1)).T);

        Variable Weights(int o, int n)
        {
            var weights = new double[o * n];
            for (var i = 0; i < o; i++)
                foreach (var (at, weight) in row(o, n, i)) weights[i * n + at] += weight;
            return Tensor.From(weights, [o, n]).To(x.DType).To(x.Device);
        }
    }

    static void CheckResampling(string operation, Variable x, int[] sizes)
    {
        x.Data.OnlyFloat(operation);
        if (x.Rank < 2 || sizes.Min() < 1 || x.Numel == 0)
            throw new ShapeException($"{operation}: shape {x.Data.Layout} to {Layout.Show(sizes)}: images have at " +
                "least two axes, (…, H, W), and every size is positive.");
    }

    /// <summary>The windows of images as columns (im2col): (N, C, H, W) to (N, C·KH·KW, OH·OW).</summary>
    /// <exception cref="ShapeException">Not four axes, or the window is larger than the padded image.</exception>
    public static Variable Unfold(Variable x, Pair kernel, Pair? dilation = null, Pair? padding = null,
        Pair? stride = null)
    {
        var (around, apart, step) = (padding ?? 0, dilation ?? 1, stride ?? 1);
        if (x.Rank != 4) throw new ShapeException($"Unfold: images have four axes (N, C, H, W), not {x.Data.Layout}.");
        var framed = around == 0 ? x : new Frame(around.Both, around.Both, 0).Apply(x);
        var windows = framed.Windows(2, kernel.H, step.H, apart.H).Windows(3, kernel.W, step.W, apart.W);
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
        var sums = new AddView("Windows", y => y.Windows(2, kernel.H, step.H, apart.H)
            .Windows(3, kernel.W, step.W, apart.W), [x.Size(0), x.Size(1) / window, h, w]).Apply(columns);
        return sums.Narrow(2, around.H, outputSize.H).Narrow(3, around.W, outputSize.W);
    }
}
