namespace Tensorlet;

/// <summary>⌊(i·n + rest)/o⌋, in integers</summary>
readonly struct Quotient(long n, long o, long rest = 0) : ISequence { public double At(long i) => (i * n + rest) / o; }

/// <summary>(i + shift)·n/o − shift, but not below 0</summary>
readonly struct Between(double n, double o, double shift) : ISequence
{ public double At(long i) => Math.Max(0, (i + shift) * n / o - shift); }

// Pooling and interpolation to a given size, one axis after another.
public static partial class F
{
    /// <summary>
    /// The mean of each of OH·OW parts of images: (…, H, W) to (…, OH, OW). Part i of H goes from ⌊i·H/OH⌋ to ⌈(i +
    /// 1)·H/OH⌉.
    /// </summary>
    /// <exception cref="ShapeException">There are fewer than two axes, or a size is not positive.</exception>
    public static Variable AdaptiveAvgPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveAvgPool2d", x, outputSize, (parts, inside, axis) => inside is null ? parts.Mean(axis)
            : Variable.Where(inside, parts, 0).Sum(axis) / inside.Sum([axis]).To(x.DType));

    /// <summary>
    /// The maximum of each of OH·OW parts of images, as <see cref="AdaptiveAvgPool2d"/> divides them; the first of
    /// equal elements gets the gradient.
    /// </summary>
    public static Variable AdaptiveMaxPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveMaxPool2d", x, outputSize, (parts, _, axis) => parts.Max(axis).Values);

    /// <summary>
    /// Reduces parts of both axes. Shorter parts are filled up with their first element, and a mask says what is
    /// inside.
    /// </summary>
    static Variable InParts(string operation, Variable x, Pair size, Func<Variable, Tensor?, int, Variable> fold) =>
        AlongBoth(operation, x, size, (v, axis, n, o) =>
        {
            if (n % o == 0) return fold(v.Unflatten(axis, o, n / o), null, axis);
            // ⌈(i + 1)·n/o⌉ = ⌊(i·n + n + o − 1)/o⌋
            Tensor start = Numbers(v, o, new(n, o)), end = Numbers(v, o, new(n, o, n + (o - 1L)));
            var longest = (int)(end - start).AMax().Item();
            (start, end) = (start.Unsqueeze(1), end.Unsqueeze(1));
            var places = start + Tensor.Arange(longest, DType.Int64, v.Device);
            var inside = places < end;
            places = Tensor.Where(inside, places, start);
            return fold(v.IndexSelect(axis, places.Reshape(-1)).Unflatten(axis, o, longest),
                axis == -2 ? inside.Unsqueeze(2) : inside, axis);
        });

    static Tensor Numbers(Variable x, int count, Quotient each) => Tensor.Fill(each, [count], DType.Int64, x.Device);

    /// <summary>
    /// Images of another size, (…, H, W) to (…, OH, OW). Pixel i is x[⌊i·H/OH⌋]; or, if bilinear, a weighted mean of
    /// the four pixels around (i + ½)·H/OH − ½, or around i·(H − 1)/(OH − 1) if the corners are aligned.
    /// </summary>
    /// <param name="x">The images.</param>
    /// <param name="size">OH and OW; ⌊H·scaleFactor⌋ and ⌊W·scaleFactor⌋ if not given.</param>
    /// <param name="mode">How a pixel is computed.</param>
    /// <param name="alignCorners">Whether the corners keep their values.</param>
    /// <param name="scaleFactor">OH/H and OW/W, if no size is given.</param>
    /// <exception cref="ShapeException">There is neither a size nor a factor, or a size is not positive.</exception>
    public static Variable Interpolate(Variable x, Pair? size = null, Interpolation mode = Interpolation.Nearest,
        bool alignCorners = false, double? scaleFactor = null) => AlongBoth("Interpolate", x,
        size ?? new(Scaled(x, -2, scaleFactor), Scaled(x, -1, scaleFactor)), (v, axis, n, o) =>
        {
            if (mode == Interpolation.Nearest) return v.IndexSelect(axis, Numbers(v, o, new(n, o)));
            var place = alignCorners ? new Between(n - 1, Math.Max(1, o - 1), 0) : new Between(n, o, 0.5);
            Variable at = Tensor.Fill(place, [o], DType.Float64, Device.Cpu);
            var weights = at.Frac().To(v.DType).To(v.Device);
            return Picked(at).Lerp(Picked(at + 1), axis == -2 ? weights.Unsqueeze(1) : weights);

            Variable Picked(Variable at) =>
                v.IndexSelect(axis, at.Clamp(high: n - 1).Data.To(DType.Int64).To(v.Device));
        });

    static int Scaled(Variable x, int axis, double? factor) => Layout.Fitting("Interpolate",
        (long)(x.Given().Data.Layout.Size("Interpolate", axis) * (factor ?? throw new ShapeException(
            $"Interpolate: images of shape {x.Data.Layout} need a size, or a scaleFactor."))));

    static Variable AlongBoth(string operation, Variable x, Pair size, Func<Variable, int, int, int, Variable> resize)
    {
        x.Given().Data.OnlyFloat(operation);
        if (x.Rank < 2 || Math.Min(size.H, size.W) < 1 || x.Shape[^2..].Contains(0))
            throw new ShapeException($"{operation}: shape {x.Data.Layout} to {size}: images must have at least two " +
                "axes, (…, H, W), and every size must be positive.");
        x = resize(x, -2, x.Size(-2), size.H);
        return resize(x, -1, x.Size(-1), size.W);
    }

    /// <summary>The windows of images as columns (im2col): (N, C, H, W) to (N, C·KH·KW, OH·OW).</summary>
    /// <exception cref="ShapeException">There are not four axes, or the window is larger than the padded
    /// image.</exception>
    public static Variable Unfold(Variable x, Pair kernel, Pair? dilation = null, Pair? padding = null,
        Pair? stride = null)
    {
        if (x.Given().Rank != 4)
            throw new ShapeException($"Unfold: images must have four axes (N, C, H, W), not {x.Data.Layout}.");
        var plan = Columns(kernel, dilation, padding, stride);
        var places = plan.Places("Unfold", x.Size());
        return x.Framed(plan.Before, plan.After, 0).Windows(plan.Kernel, plan.Stride, plan.Dilation)
            .Permute(0, 1, 4, 5, 2, 3)
            .Reshape(x.Size(0), Layout.Product([x.Size(1), .. plan.Kernel]), Layout.Product(places));
    }

    static WindowPlan Columns(Pair kernel, Pair? dilation, Pair? padding, Pair? stride) =>
        new(kernel, stride ?? 1, padding ?? 0, padding ?? 0, dilation ?? 1);

    /// <summary>
    /// Adds columns at the positions of their windows (col2im), the adjoint of <see cref="Unfold"/>: (N, C·KH·KW,
    /// OH·OW) to (N, C, H, W).
    /// </summary>
    /// <exception cref="ShapeException">The columns are not those of windows of such images.</exception>
    public static Variable Fold(Variable x, Pair outputSize, Pair kernel, Pair? dilation = null, Pair? padding = null,
        Pair? stride = null)
    {
        var plan = Columns(kernel, dilation, padding, stride);
        var (places, window) = (plan.Places("Fold", outputSize), Layout.Product(plan.Kernel));
        if (x.Given().Rank != 3 || x.Size(1) % window != 0 || x.Size(2) != Layout.Product(places))
            throw new ShapeException($"Fold: shape {x.Data.Layout} is not (N, C·{window}, {places[0]}·{places[1]}), " +
                $"the windows of {kernel} in images of {outputSize}.");
        int[] images = [x.Size(0), x.Size(1) / window], sides = plan.Before;
        int[] framed = [.. images, outputSize.H + 2 * sides[0], outputSize.W + 2 * sides[1]];
        return x.Reshape([.. images, .. plan.Kernel, .. places]).Permute(0, 1, 4, 5, 2, 3)
            .AddInto(y => y.Windows(plan.Kernel, plan.Stride, plan.Dilation), framed, "Windows")
            .Narrow(2, sides[0], outputSize.H).Narrow(3, sides[1], outputSize.W);
    }
}

/// <summary>How values between pixels are found.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,
    /// <summary>The weighted mean of the four pixels around.</summary>
    Bilinear,
}
