namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// Returns the maximum of each window in each channel of the sequences <paramref name="x"/>, which have the shape
    /// (N, C, L): N samples with C channels and a length L. The result has the shape (N, C, OL), where OL is the
    /// number of windows. See <see cref="MaxPool2d"/>.
    /// </summary>
    public static Variable MaxPool1d(Variable x, int kernelSize, int? stride = null, int padding = 0, int dilation = 1,
        bool ceilMode = false) =>
        MaxPool("MaxPool1d", x, [kernelSize], [stride ?? kernelSize], [padding], [dilation], ceilMode).Values;

    /// <summary>
    /// Returns the maximum of each window in each channel of the images <paramref name="x"/>. The result has the shape
    /// (N, C, OH, OW), where OH and OW are the numbers of windows along the height and the width. The operation picks
    /// one element of each window. If several elements of a window are the maximum, the operation picks the first of
    /// them. Only the elements that are picked get the gradient.
    /// </summary>
    /// <param name="x">The images, in the shape (N, C, H, W): N samples with C channels, a height H and a width
    /// W.</param>
    /// <param name="kernelSize">The size of a window.</param>
    /// <param name="stride">The distance between neighbouring windows. If it is not given, it is the size of a
    /// window.</param>
    /// <param name="padding">The number of rows and columns of −∞ that are added on each side of the image. It is at
    /// most half the size of a window.</param>
    /// <param name="dilation">The distance between neighbouring elements of a window; 1 if it is not given.</param>
    /// <param name="ceilMode">If true, and if elements are left over at the end of an axis, a last window is added,
    /// which reaches beyond the end. If false, these elements are not used.</param>
    /// <exception cref="ShapeException"><paramref name="x"/> does not have four axes, or the window is larger than the
    /// padded image.</exception>
    public static Variable MaxPool2d(Variable x, Pair kernelSize, Pair? stride = null, Pair? padding = null,
        Pair? dilation = null, bool ceilMode = false) =>
        MaxPool("MaxPool2d", x, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, ceilMode).Values;

    /// <summary>
    /// Returns the result of <see cref="MaxPool2d"/>, and the position of each of its values. The position is
    /// counted row by row among the H·W elements of an image with height H and width W. The positions are Int64, and
    /// have the same shape as the values.
    /// </summary>
    public static (Variable Values, Tensor Indices) MaxPool2dWithIndices(Variable x, Pair kernelSize,
        Pair? stride = null, Pair? padding = null, Pair? dilation = null, bool ceilMode = false)
    {
        var (values, places, after) =
            MaxPool("MaxPool2dWithIndices", x, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, ceilMode);
        var numbers = Tensor.Arange(Layout.Product(x.Shape[2..]), device: x.Device).View(x.Size()[2..]);
        numbers = numbers.Expand(x.Size()).Framed(padding ?? 0, after, 0).Reshape(-1);
        return (values, numbers.Gather(0, places.View(-1)).View(places.Size()));
    }

    /// <summary>
    /// Returns the mean of each window in each channel of the sequences <paramref name="x"/>, which have the shape
    /// (N, C, L): N samples with C channels and a length L. The result has the shape (N, C, OL), where OL is the
    /// number of windows. See <see cref="AvgPool2d"/>.
    /// </summary>
    public static Variable AvgPool1d(Variable x, int kernelSize, int? stride = null, int padding = 0,
        bool ceilMode = false, bool countIncludePad = true) =>
        AvgPool("AvgPool1d", x, [kernelSize], [stride ?? kernelSize], [padding], ceilMode, countIncludePad);

    /// <summary>
    /// Returns the mean of each window in each channel of the images <paramref name="x"/>. The result has the shape
    /// (N, C, OH, OW), where OH and OW are the numbers of windows along the height and the width.
    /// </summary>
    /// <param name="x">The images, in the shape (N, C, H, W): N samples with C channels, a height H and a width
    /// W.</param>
    /// <param name="kernelSize">The size of a window.</param>
    /// <param name="stride">The distance between neighbouring windows. If it is not given, it is the size of a
    /// window.</param>
    /// <param name="padding">The number of rows and columns of zeros that are added on each side of the image. It is at
    /// most half the size of a window.</param>
    /// <param name="ceilMode">If true, and if elements are left over at the end of an axis, a last window is added,
    /// which reaches beyond the end. If false, these elements are not used. The part of the last window that is beyond
    /// the padding does not count in the mean.</param>
    /// <param name="countIncludePad">If true, the padding counts in the mean, as zeros. If false, only the elements of
    /// the image count.</param>
    /// <exception cref="ShapeException"><paramref name="x"/> does not have four axes, or the window is larger than the
    /// padded image.</exception>
    public static Variable AvgPool2d(Variable x, Pair kernelSize, Pair? stride = null, Pair? padding = null,
        bool ceilMode = false, bool countIncludePad = true) =>
        AvgPool("AvgPool2d", x, kernelSize, stride ?? kernelSize, padding ?? 0, ceilMode, countIncludePad);

    /// <summary>
    /// Returns the maxima, the positions of the maxima in the flattened padded input, and the number of elements of
    /// padding at the end of each axis.
    /// </summary>
    static (Variable Values, Tensor Places, int[] After) MaxPool(string operation, Variable x, int[] kernel,
        int[] stride, int[] padding, int[] dilation, bool ceilMode)
    {
        var plan = PoolPlan(operation, x, kernel, stride, padding, dilation, ceilMode);
        var framed = x.Framed(padding, plan.After, double.NegativeInfinity);
        var places = Largest(framed.Data.Contiguous());
        if (padding.Max() > 0)
        {
            // If all elements of a window are −∞, as the padding is, the first element inside the image is picked.
            // The position of this element is found with an image of ones, padded with zeros.
            var image = Tensor.Ones([1, 1, .. x.Shape[2..]], x.DType, x.Device).Framed(padding, plan.After, 0);
            var images = Tensor.From<long>([.. Enumerable.Range(0, x.Size(0) * x.Size(1)).Select(i =>
                (long)i * image.Numel)], [x.Size(0), x.Size(1), .. Enumerable.Repeat(1, plan.Axes)], device: x.Device);
            var most = framed.Data.Reshape(-1).Gather(0, places.View(-1)).View(places.Size());
            var lowest = most.Eq(double.NegativeInfinity);
            places = Tensor.Where(lowest, images + Largest(image), places);
        }
        return (framed.Reshape(-1).Gather(0, places.View(-1)).Reshape(places.Size()), places, plan.After);

        Tensor Largest(Tensor whole)
        {
            var windows = whole.Windows(kernel, stride, dilation);
            var at = whole.NewEmpty(windows.Size()[..x.Rank], DType.Int64);
            x.Device.ArgReduce(true, windows, at, asOffset: true);
            return at;
        }
    }

    static Variable AvgPool(string operation, Variable x, int[] kernel, int[] stride, int[] padding, bool ceilMode,
        bool countIncludePad)
    {
        int[] ones = [.. kernel.Select(_ => 1)];
        var after = PoolPlan(operation, x, kernel, stride, padding, ones, ceilMode).After;
        var sums = Windowed(x, padding, after);
        if (countIncludePad && after.SequenceEqual(padding)) return sums / Layout.Product(kernel);
        // the elements that count: the input and, if wanted, its padding, but not the elements beyond the padding
        // that a last window covers
        Variable counted = Tensor.OnesLike(x.Data);
        if (!countIncludePad) return sums / Windowed(counted, padding, after);
        int[] beyond = [.. after.Select((p, a) => p - padding[a])];
        return sums / Windowed(counted.Framed(padding, padding, 1), new int[padding.Length], beyond);

        Variable Windowed(Variable v, int[] before, int[] behind) => v.Framed(before, behind, 0)
            .Windows(kernel, stride, ones).Sum([.. Enumerable.Range(x.Rank, kernel.Length)]);
    }

    /// <summary>Checks the arguments, and computes how far the last windows reach over the end of each axis.</summary>
    static WindowPlan PoolPlan(string operation, Variable x, int[] kernel, int[] stride, int[] padding, int[] dilation,
        bool ceilMode)
    {
        var plan = new WindowPlan(kernel, stride, padding, padding, dilation);
        if (x.Given().Rank != 2 + plan.Axes)
            throw new ShapeException($"{operation}: the input must have {2 + plan.Axes} axes, samples and channels " +
                $"first, not shape {x.Data.Layout}. Give a single sample its batch axis with Unsqueeze(0).");
        x.Data.OnlyFloat(operation);
        plan.Check(operation);
        if (padding.Zip(kernel).Any(p => p.First > p.Second / 2)) throw new ShapeException(
            $"{operation}: padding {Layout.Show(padding)} is more than half the window {Layout.Show(kernel)}.");
        var places = plan.Places(operation, x.Size());
        if (!ceilMode) return plan;
        var after = padding.Select((p, a) =>
        {
            // one more window, if it begins in the input or before the input, and if the last window so far does
            // not reach the end
            long begin = (long)places[a] * stride[a], end = x.Size(2 + a) + (long)p;
            var more = begin + plan.Reach(a) + 1 - end - p;
            return more < stride[a] && begin < end ? Layout.Fitting(operation, p + more) : p;
        });
        return plan with { After = [.. after] };
    }
}
