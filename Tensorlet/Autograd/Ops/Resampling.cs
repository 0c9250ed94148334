namespace Tensorlet;

/// <summary>⌊(i·n + rest)/o⌋, computed in integers</summary>
readonly struct Quotient(long n, long o, long rest = 0) : ISequence { public double At(long i) => (i * n + rest) / o; }

/// <summary>(i + shift)·n/o − shift, but at least 0</summary>
readonly struct Between(double n, double o, double shift) : ISequence
{ public double At(long i) => Math.Max(0, (i + shift) * n / o - shift); }

// Pooling and interpolation to a given size. The two axes are resized one after the other.
public static partial class F
{
    /// <summary>
    /// Divides each channel of an image into OH by OW parts, and returns the mean of each part. The shape changes
    /// from (…, H, W) to (…, OH, OW), where <paramref name="outputSize"/> contains OH and OW. Part i of the rows
    /// begins at row ⌊i·H/OH⌋ and ends before row ⌈(i + 1)·H/OH⌉. The columns are divided in the same way.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> has fewer than two axes, or a size of
    /// <paramref name="x"/> or of the result is not positive.</exception>
    public static Variable AdaptiveAvgPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveAvgPool2d", x, outputSize, (parts, inside, axis) => inside is null ? parts.Mean(axis)
            : Variable.Where(inside, parts, 0).Sum(axis) / inside.Sum([axis]).To(x.DType));

    /// <summary>
    /// Divides each channel of an image into parts in the same way as <see cref="AdaptiveAvgPool2d"/>, and returns
    /// the maximum of each part. If several elements of a part are the maximum, the gradient goes to the first of
    /// them, counted row by row.
    /// </summary>
    public static Variable AdaptiveMaxPool2d(Variable x, Pair outputSize) =>
        InParts("AdaptiveMaxPool2d", x, outputSize, (parts, _, axis) => parts.Max(axis).Values);

    /// <summary>
    /// Divides the last two axes into parts, and reduces each part. If a part is shorter than the longest part, it
    /// is filled up with its first element. A mask says which elements belong to a part.
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
    /// Resizes images of height H and width W to height OH and width OW. The shape changes from (…, H, W) to (…, OH,
    /// OW). With <see cref="InterpolateMode.Nearest"/>, row i of the result is row ⌊i·H/OH⌋ of the image. With
    /// <see cref="InterpolateMode.Bilinear"/>, each pixel is a weighted mean of the four pixels around a point of the
    /// image. For the pixels of row i, the row coordinate of this point is (i + ½)·H/OH − ½, or i·(H − 1)/(OH − 1) if
    /// the corners are aligned. The column coordinates are computed in the same way. A coordinate outside the image is
    /// replaced by that of the nearest row or column.
    /// </summary>
    /// <param name="x">The images.</param>
    /// <param name="size">The new size, OH and OW. If it is not given, OH is ⌊H·scaleFactor⌋, and OW is
    /// ⌊W·scaleFactor⌋.</param>
    /// <param name="mode">How the value of a pixel is computed.</param>
    /// <param name="alignCorners">If true, the corners are aligned: the pixels in the corners keep their values. If
    /// false, the edges of the old and the new image are aligned. The argument matters only for
    /// <see cref="InterpolateMode.Bilinear"/>.</param>
    /// <param name="scaleFactor">The factor by which the height and the width are multiplied. It is read only if no
    /// size is given.</param>
    /// <exception cref="ShapeException">Neither <paramref name="size"/> nor <paramref name="scaleFactor"/> is given, or
    /// a size is not positive.</exception>
    public static Variable Interpolate(Variable x, Pair? size = null, InterpolateMode mode = InterpolateMode.Nearest,
        bool alignCorners = false, double? scaleFactor = null) => AlongBoth("Interpolate", x,
        size ?? new(Scaled(x, -2, scaleFactor), Scaled(x, -1, scaleFactor)), (v, axis, n, o) =>
        {
            if (mode == InterpolateMode.Nearest) return v.IndexSelect(axis, Numbers(v, o, new(n, o)));
            var place = alignCorners ? new Between(n - 1, Math.Max(1, o - 1), 0) : new Between(n, o, 0.5);
            Variable at = Tensor.Fill(place, [o], DType.Float64, Device.Cpu);
            var weights = at.Frac().To(v.DType).To(v.Device);
            return Picked(at).Lerp(Picked(at + 1), axis == -2 ? weights.Unsqueeze(1) : weights);

            Variable Picked(Variable at) =>
                v.IndexSelect(axis, at.Clamp(max: n - 1).Data.To(DType.Int64).To(v.Device));
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
        x = resize(x, -1, x.Size(-1), size.W);          // first within each row, so that ties are counted row by row
        return resize(x, -2, x.Size(-2), size.H);
    }

    /// <summary>
    /// Turns each window of an image into a column (im2col). The shape changes from (N, C, H, W) to
    /// (N, C·KH·KW, OH·OW), where N is the number of images, C is the number of channels, KH and KW are the height
    /// and the width of a window, and OH and OW are the numbers of windows along the height H and the width W of an
    /// image.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> does not have four axes, or the window is larger than
    /// the padded image.</exception>
    public static Variable Unfold(Variable x, Pair kernelSize, Pair? dilation = null,
        Pair? padding = null, Pair? stride = null)
    {
        if (x.Given().Rank != 4)
            throw new ShapeException($"Unfold: images must have four axes (N, C, H, W), not {x.Data.Layout}.");
        var plan = Columns(kernelSize, dilation, padding, stride);
        var places = plan.Places("Unfold", x.Size());
        return x.Framed(plan.Before, plan.After, 0).Windows(plan.Kernel, plan.Stride, plan.Dilation)
            .Permute(0, 1, 4, 5, 2, 3)
            .Reshape(x.Size(0), Layout.Product([x.Size(1), .. plan.Kernel]), Layout.Product(places));
    }

    static WindowPlan Columns(Pair kernel, Pair? dilation, Pair? padding, Pair? stride) =>
        new(kernel, stride ?? 1, padding ?? 0, padding ?? 0, dilation ?? 1);

    /// <summary>
    /// Turns each column back into a window, and adds each window to an image of zeros, at the position from which
    /// <see cref="Unfold"/> takes that window (col2im). <see cref="Fold"/> and <see cref="Unfold"/> are the backward
    /// passes of each other. The shape changes from (N, C·KH·KW, OH·OW) to (N, C, H, W). The letters have the same
    /// meaning as for <see cref="Unfold"/>.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="x"/> does not have the shape of a result of
    /// <see cref="Unfold"/> for images of the size <paramref name="outputSize"/>.</exception>
    public static Variable Fold(Variable x, Pair outputSize, Pair kernelSize, Pair? dilation = null,
        Pair? padding = null, Pair? stride = null)
    {
        var plan = Columns(kernelSize, dilation, padding, stride);
        var (places, window) = (plan.Places("Fold", outputSize), Layout.Product(plan.Kernel));
        if (x.Given().Rank != 3 || x.Size(1) % window != 0 || x.Size(2) != Layout.Product(places))
            throw new ShapeException($"Fold: shape {x.Data.Layout} is not (N, C·{window}, {places[0]}·{places[1]}), " +
                $"the windows of {kernelSize} in images of {outputSize}.");
        int[] images = [x.Size(0), x.Size(1) / window], sides = plan.Before;
        int[] framed = [.. images, outputSize.H + 2 * sides[0], outputSize.W + 2 * sides[1]];
        return x.Reshape([.. images, .. plan.Kernel, .. places]).Permute(0, 1, 4, 5, 2, 3)
            .AddInto(y => y.Windows(plan.Kernel, plan.Stride, plan.Dilation), framed, "Windows")
            .Narrow(2, sides[0], outputSize.H).Narrow(3, sides[1], outputSize.W);
    }
}

/// <summary>How values between pixels are computed.</summary>
public enum InterpolateMode
{
    /// <summary>The value of the nearest pixel.</summary>
    Nearest,
    /// <summary>The weighted mean of the four surrounding pixels.</summary>
    Bilinear,
}
