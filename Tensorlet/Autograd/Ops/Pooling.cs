namespace Tensorlet;

// y = x (…, H, W) with a value around it     dx = the inside of dy
sealed class PadWith(double value, Pair padding) : Function
{
    protected override Tensor Forward()
    {
        var x = X.Data;
        var y = x.NewEmpty([.. x.Shape[..^2], x.Size(-2) + 2 * padding.H, x.Size(-1) + 2 * padding.W]).SetAll(value);
        x.Device.Copy(x, y.Narrow(-2, padding.H, x.Size(-2)).Narrow(-1, padding.W, x.Size(-1)));
        return y;
    }
    public override Variable[] Backward(Variable dy) =>
        [dy.Narrow(-2, padding.H, dy.Size(-2) - 2 * padding.H).Narrow(-1, padding.W, dy.Size(-1) - 2 * padding.W)];
}

public static partial class F
{
    /// <summary>
    /// The largest of each window: (N, C, H, W) to (N, C, OH, OW). A gather: what is picked depends on the data, and
    /// the gradient goes to what was picked, the first of equal ones.
    /// </summary>
    /// <exception cref="ShapeException">Not four axes, or the window is larger than the padded image.</exception>
    public static Variable MaxPool2d(Variable x, Pair kernel, Pair? stride = null, Pair? padding = null)
    {
        var (kh, kw) = kernel;
        var (sh, sw) = stride ?? kernel;
        CheckPool("MaxPool2d", x, kernel, new(sh, sw), padding ?? 0);
        if (padding is { } around && around != 0) x = new PadWith(double.NegativeInfinity, around).Apply(x);
        var windows = x.Data.Contiguous().Windows(2, kh, sh).Windows(3, kw, sw);
        var places = x.Data.NewEmpty(windows.Size()[..4], DType.Int64);
        x.Device.ArgReduce(true, windows, places, asOffset: true);
        return x.Reshape(-1).Gather(0, places.Reshape(-1)).Reshape(places.Size());
    }

    /// <summary>The mean of each window: (N, C, H, W) to (N, C, OH, OW). Padding counts as zeros.</summary>
    /// <exception cref="ShapeException">Not four axes, or the window is larger than the padded image.</exception>
    public static Variable AvgPool2d(Variable x, Pair kernel, Pair? stride = null, Pair? padding = null)
    {
        var step = stride ?? kernel;
        CheckPool("AvgPool2d", x, kernel, step, padding ?? 0);
        if (padding is { } around) x = x.Pad(2, around.H, around.H).Pad(3, around.W, around.W);
        return x.Windows(2, kernel.H, step.H).Windows(3, kernel.W, step.W).Mean([4, 5]);
    }

    static void CheckPool(string operation, Variable x, Pair kernel, Pair stride, Pair padding)
    {
        if (x.Rank != 4)
            throw new ShapeException($"{operation}: images have four axes (N, C, H, W), not shape " +
            $"{x.Data.Layout}. A single image gets its batch axis by Unsqueeze(0).");
        x.Data.OnlyFloat(operation);
        if (kernel.Least < 1 || stride.Least < 1)
            throw new ShapeException($"{operation}: window {kernel} and stride {stride} must be positive.");
        if (padding.Least < 0 || 2 * padding.H > kernel.H || 2 * padding.W > kernel.W)
            throw new ShapeException($"{operation}: padding {padding} must be between 0 and half the window {kernel}.");
        if (kernel.H > x.Size(2) + 2 * padding.H || kernel.W > x.Size(3) + 2 * padding.W)
            throw new ShapeException(
                $"{operation}: a window of {kernel} exceeds images of shape {x.Data.Layout} with padding {padding}.");
    }
}
