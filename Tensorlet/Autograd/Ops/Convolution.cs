namespace Tensorlet;

/// <summary>
/// Windows over the last axes of an input. All arrays have one number for each of these axes. In shapes, S… stands
/// for the sizes of these axes. Along each of these axes, K… is the size of a window, and O… is the number of
/// windows. N is the number of samples, C is the number of channels, and O without dots is the number of filters.
/// </summary>
/// <param name="Kernel">The size of a window along each axis.</param>
/// <param name="Stride">The distance between neighbouring windows.</param>
/// <param name="Before">The number of elements that are added before the first element of each axis.</param>
/// <param name="After">The number of elements that are added after the last element of each axis.</param>
/// <param name="Dilation">The distance between neighbouring elements of a window.</param>
/// <param name="Groups">The number of groups of channels; each group has filters of its own.</param>
sealed record WindowPlan(int[] Kernel, int[] Stride, int[] Before, int[] After, int[] Dilation, int Groups = 1)
{
    public int Axes => Kernel.Length;

    /// <summary>
    /// The stride, if a device may compute this convolution by <see cref="Device.Convolve"/>; otherwise 0. A stride
    /// of 2 is possible with 5 or 6 rows and columns: the even and the odd rows and columns of an image form four
    /// smaller images, and those of the filter form four filters of 3 × 3. The convolution is the sum of four
    /// convolutions with a stride of 1.
    /// </summary>
    public int Pace => this switch
    {
        { Stride: [1, 1], Dilation: [1, 1] } => 1,
        { Stride: [2, 2], Dilation: [1, 1], Kernel: [5 or 6, 5 or 6], Groups: 1 } => 2,
        _ => 0,
    };

    /// <summary>
    /// Cuts each filter into the smaller filters that <see cref="Pace"/> describes. With the stride s, filters of the
    /// shape (O, C, k, l) become filters of the shape (O, C·s·s, k/s, l/s). Row q·s + r of a filter becomes row q of
    /// the smaller filter r; columns are treated in the same way.
    /// </summary>
    public Tensor Parted(Tensor w) => Pace == 1 ? w : w.Framed([0, 0], [6 - Kernel[0], 6 - Kernel[1]], 0)
        .Reshape(w.Size(0), w.Size(1), 3, 2, 3, 2).Permute(0, 1, 3, 5, 2, 4).Reshape(w.Size(0), -1, 3, 3);

    /// <summary>The inverse of <see cref="Parted"/>.</summary>
    public Tensor Joined(Tensor parts) => Pace == 1 ? parts : parts.Reshape(parts.Size(0), -1, 2, 2, 3, 3)
        .Permute(0, 1, 4, 2, 5, 3).Reshape(parts.Size(0), -1, 6, 6).Inside([0, 0], Kernel).Contiguous();

    /// <summary>The distance from the first element of a window to the last, along axis <paramref name="a"/>.</summary>
    public long Reach(int a) => Dilation[a] * (Kernel[a] - 1L);

    /// <summary>The number of windows along each of the last axes of an input with the given shape.</summary>
    /// <exception cref="ShapeException">The size, the stride or the dilation of a window is not positive; or the
    /// padding is negative; or a window is larger than the padded input.</exception>
    public int[] Places(string operation, params int[] shape)
    {
        Check(operation);
        return [.. Kernel.Select((_, a) =>
        {
            var size = Layout.Fitting(operation, shape[^(Axes - a)] + (long)Before[a] + After[a]);
            return size > Reach(a) ? (int)((size - Reach(a) - 1) / Stride[a] + 1) : throw new ShapeException(
                $"{operation}: a window of {Layout.Show(Kernel)}, {Layout.Show(Dilation)} apart, is larger than " +
                $"{Layout.Show(shape)} with padding {Layout.Show(Before)}.");
        })];
    }

    public void Check(string operation)
    {
        if (Kernel.Min() < 1 || Stride.Min() < 1 || Dilation.Min() < 1 || Before.Min() < 0)
            throw new ShapeException($"{operation}: window {Layout.Show(Kernel)}, stride {Layout.Show(Stride)} and " +
                $"dilation {Layout.Show(Dilation)} must be positive, padding {Layout.Show(Before)} not negative.");
    }

    /// <summary>
    /// Returns the windows of x as a view, in which windows may share elements. x has the shape (N, C, S…), where S…
    /// are the sizes of an image. The view has the shape (groups, C/groups, K…, N, O…), where K… are the sizes of a
    /// window. <paramref name="places"/> is O…, the number of windows that are wanted along each axis.
    /// </summary>
    public Tensor Windows(Tensor x, int[] places)
    {
        x = Grouped(x).Windows(Kernel, Stride, Dilation).Inside(new int[2 * Axes], [.. places, .. Kernel]);
        return x.Permute([1, 2, .. Enumerable.Range(3 + Axes, Axes), 0, .. Enumerable.Range(3, Axes)]);
    }

    /// <summary>Returns x, which has the shape (N, C, S…), in the shape (N, groups, C/groups, S…).</summary>
    Tensor Grouped(Tensor x) => x.Reshape([x.Size(0), Groups, x.Size(1) / Groups, .. x.Shape[2..]]);

    /// <summary>Returns x, which has the shape (N, C, S…), in the shape (groups, C/groups, N, S…).</summary>
    public Tensor Channels(Tensor x) => Grouped(x).Permute([1, 2, 0, .. Enumerable.Range(3, Axes)]);

    /// <summary>
    /// Returns the filters w, which have the shape (O, C/groups, K…), in the shape (groups, O/groups, C/groups, K…).
    /// </summary>
    public Tensor Filters(Tensor w) => w.Reshape([Groups, w.Size(0) / Groups, .. w.Shape[1..]]);
}

// A convolution is bilinear, and so are its gradients with respect to the input and to the filters. The backward
// pass of each of these three functions consists of the other two.

// y[n,o,i] = Σ w[o,c,k]·x[n,c,i+k] + b[o]     dx = w ⋆ dy     dw = x ⋆ dy     db[o] = Σ dy[n,o,i]
sealed class Convolution(WindowPlan plan, int[] places) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var y = A.Data.NewEmpty([A.Size(0), B.Size(0), .. places]);
        if (plan.Pace == 0 || !y.Device.Convolve(A.Data, plan.Parted(B.Data), plan.Pace, plan.Before, y))
            Slide(A.Data, B.Data, y);
        return Inputs is [_, _, var bias] ? y.Add_(bias.Data.Reshape([-1, .. Enumerable.Repeat(1, plan.Axes)])) : y;
    }

    void Slide(Tensor x, Tensor w, Tensor y)
    {
        var windows = plan.Windows(x.Framed(plan.Before, plan.After, 0), places);
        y.Device.Contract(plan.Filters(w), windows, plan.Channels(y), batch: 1, rows: 1, columns: 1 + plan.Axes);
    }

    public override Variable?[] Backward(Variable dy)
    {
        var dx = Needs(0) ? new ConvolutionInput(plan, shapes[0][2..]).Apply(dy, B) : null;
        var dw = Needs(1) ? new ConvolutionFilter(plan).Apply(A, dy) : null;
        return shapes.Length == 2 ? [dx, dw]
            : [dx, dw, Needs(2) ? dy.Sum([0, .. Enumerable.Range(2, plan.Axes)]) : null];
    }
}

// w[o,c,k] = Σ g[n,o,i]·x[n,c,i+k]     dx = w ⋆ g     dg = conv(x, dw)
sealed class ConvolutionFilter(WindowPlan plan) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (x, g) = (A.Data, B.Data);
        var w = x.NewEmpty([g.Size(1), x.Size(1) / plan.Groups, .. plan.Kernel]);
        if (plan.Pace > 0)
        {
            var parts = plan.Pace == 1 ? w : w.NewEmpty([w.Size(0), w.Size(1) * 4, 3, 3]);
            if (w.Device.ConvolveFilters(x, g, plan.Pace, plan.Before, parts)) return plan.Joined(parts);
        }
        var windows = plan.Windows(x.Framed(plan.Before, plan.After, 0), g.Size()[2..])
            .Permute(Layout.GroupsSwapped(1, 1 + plan.Axes, 1 + plan.Axes));
        w.Device.Contract(plan.Channels(g), windows, plan.Filters(w), batch: 1, rows: 1, columns: 1 + plan.Axes);
        return w;
    }
    public override Variable?[] Backward(Variable dw) => [
        Needs(0) ? new ConvolutionInput(plan, shapes[0][2..]).Apply(B, dw) : null,
        Needs(1) ? new Convolution(plan, shapes[1][2..]).Apply(A, dw) : null];
}

/// <summary>
/// Contracts the gradient with the filters, which are rotated by 180°. In the formula, s is the stride, and each
/// position of the input is written i·s + r: it is position r within stride i. Each r uses a part of the filters of
/// its own (Shi et al. 2016). The gradient is spread among zeros only along an axis whose stride and dilation are
/// both larger than 1.
/// </summary>
// x[n,c,i·s+r] = Σ w[o,c,q·s+r]·g[n,o,i−q]     dg = conv(dx, w)     dw = dx ⋆ g
sealed class ConvolutionInput(WindowPlan plan, int[] space) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (g, w) = (A.Data, plan.Filters(B.Data));
        int[] Each(Func<int, int> number) => [.. Enumerable.Range(0, plan.Axes).Select(number)];
        var s = Each(a => plan.Dilation[a] == 1 ? plan.Stride[a] : 1);
        var q = Each(a => (plan.Kernel[a] + s[a] - 1) / s[a]);
        var once = plan with { Kernel = q, Stride = Each(_ => 1) };
        var (reach, gap) = (Each(a => (int)once.Reach(a)), Each(a => plan.Stride[a] / s[a]));
        // the number of strides that cover the input, after the strides before it that contain only padding
        var before = Each(a => plan.Before[a] / s[a]);
        var strides = Each(a => (plan.Before[a] + space[a] - 1) / s[a] + 1 - before[a]);

        w = w.Framed(Each(_ => 0), Each(a => q[a] * s[a] - plan.Kernel[a]), 0);
        w = w.Reshape([.. w.Shape[..3], .. Pairs(q, s)]).Flip(Each(a => 3 + 2 * a))
            .Permute([0, 2, .. Each(a => 4 + 2 * a), 1, .. Each(a => 3 + 2 * a)]);
        var x = g.NewEmpty([g.Size(0), plan.Groups, B.Size(1), .. Pairs(strides, s)]);
        if (plan.Pace == 0 || !Convolve()) Slide();
        return x.Reshape([x.Size(0), plan.Groups * x.Size(2), .. Each(a => strides[a] * s[a])])
            .Inside(Each(a => plan.Before[a] - before[a] * s[a]), space).Contiguous();

        bool Convolve()
        {
            // x has the layout of the result of this method if there is no stride
            int[] shape = [x.Size(0), plan.Groups * B.Size(1) * s[0] * s[1], .. strides];
            var y = plan.Pace == 1 ? x.Reshape(shape) : g.NewEmpty(shape);
            var filters = w.Reshape([y.Size(1), g.Size(1) / plan.Groups, .. q]);
            if (!g.Device.Convolve(g, filters, 1, Each(a => reach[a] - before[a]), y)) return false;
            if (plan.Pace > 1) g.Device.Copy(y.Reshape([x.Size(0), B.Size(1), .. s, .. strides])
                .Permute(0, 1, 4, 2, 5, 3), x.Select(1, 0));
            return true;
        }

        void Slide()
        {
            var spread = g.NewEmpty([.. g.Shape[..2], .. Each(a => Layout.Fitting(Name, Math.Max(
                (long)before[a] + strides[a] + reach[a], (g.Size(2 + a) - 1L) * gap[a] + 1 + reach[a])))]).SetAll(0);
            var places = spread;
            for (var a = 0; a < plan.Axes; a++) places = places.Slice(2 + a, reach[a],
                reach[a] + (g.Size(2 + a) - 1) * gap[a] + 1, gap[a]);
            g.Device.Copy(g, places);
            var windows = once.Windows(spread.Inside(before, Each(a => strides[a] + reach[a])), strides);
            g.Device.Contract(w, windows, x.Permute([1, 2, .. Each(a => 4 + 2 * a), 0, .. Each(a => 3 + 2 * a)]),
                batch: 1, rows: 1 + plan.Axes, columns: 1 + plan.Axes);
        }
    }

    static IEnumerable<int> Pairs(int[] a, int[] b) => a.Zip(b).SelectMany(pair => (int[])[pair.First, pair.Second]);

    public override Variable?[] Backward(Variable dx) => [
        Needs(0) ? new Convolution(plan, shapes[0][2..]).Apply(dx, B) : null,
        Needs(1) ? new ConvolutionFilter(plan).Apply(dx, A) : null];
}

public static partial class F
{
    /// <summary>
    /// A value for the padding of a convolution: it adds as many zeros as are needed to give the result the same
    /// size as the input. The stride must be 1.
    /// </summary>
    public const int Same = int.MinValue;

    /// <summary>
    /// Slides filters along sequences. The input <paramref name="x"/> has the shape (N, C, L): N samples with C
    /// channels and a length L. <paramref name="weight"/> contains O filters of size K in the shape
    /// (O, C/groups, K). The result has the shape (N, O, OL), where OL is the number of windows. See
    /// <see cref="Conv2d"/>.
    /// </summary>
    /// <inheritdoc cref="Conv2d"/>
    public static Variable Conv1d(Variable x, Variable weight, Variable? bias = null, int stride = 1, int padding = 0,
        int dilation = 1, int groups = 1) =>
        Convolve("Conv1d", x, weight, bias, [stride], [padding], [dilation], groups);

    /// <summary>
    /// Slides O filters over N images. The result has the shape (N, O, OH, OW). If the images have the height H and the
    /// filters have the height KH, OH is ⌊(H + 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1. OW is computed from the
    /// widths in the same way. For each element of the result, a filter is multiplied element by element with a window,
    /// which consists of the elements of the padded image under the filter. The products are summed, and the bias is
    /// added. The filters are not flipped, so this is a cross-correlation.
    /// </summary>
    /// <param name="x">The images, in the shape (N, C, H, W): N samples with C channels, a height H and a width
    /// W.</param>
    /// <param name="weight">The filters, in the shape (O, C/groups, KH, KW): O filters with a height KH and a width
    /// KW.</param>
    /// <param name="bias">One number for each of the O output channels, or null.</param>
    /// <param name="stride">The distance between neighbouring windows.</param>
    /// <param name="padding">The number of zeros on each side of the images, or <see cref="Same"/>.</param>
    /// <param name="dilation">The distance between neighbouring elements of a window.</param>
    /// <param name="groups">The number of groups of channels; each group has filters of its own.</param>
    /// <exception cref="ShapeException">The number of channels does not fit the filters, or a window is larger than the
    /// padded image.</exception>
    public static Variable Conv2d(Variable x, Variable weight, Variable? bias = null, Pair? stride = null,
        Pair? padding = null, Pair? dilation = null, int groups = 1) =>
        Convolve("Conv2d", x, weight, bias, stride ?? 1, padding ?? 0, dilation ?? 1, groups);

    /// <summary>
    /// Slides filters through volumes. The input <paramref name="x"/> has the shape (N, C, D, H, W): N samples with
    /// C channels, a depth D, a height H and a width W. <paramref name="weight"/> contains O filters in the shape
    /// (O, C/groups, KD, KH, KW). The result has the shape (N, O, OD, OH, OW), where OD, OH and OW are the numbers
    /// of windows along the depth, the height and the width. See <see cref="Conv2d"/>.
    /// </summary>
    /// <inheritdoc cref="Conv2d"/>
    public static Variable Conv3d(Variable x, Variable weight, Variable? bias = null, Triple? stride = null,
        Triple? padding = null, Triple? dilation = null, int groups = 1) =>
        Convolve("Conv3d", x, weight, bias, stride ?? 1, padding ?? 0, dilation ?? 1, groups);

    /// <summary>
    /// Does for sequences what <see cref="ConvTranspose2d"/> does for images. The input <paramref name="x"/> has the
    /// shape (N, C, L): N samples with C channels and a length L. <paramref name="weight"/> has the shape (C, O/groups,
    /// K), where O is the number of output channels and K is the size of a filter. The result has the shape (N, O, OL),
    /// where OL is (L − 1)·stride − 2·padding + dilation·(K − 1) + outputPadding + 1.
    /// </summary>
    public static Variable ConvTranspose1d(Variable x, Variable weight, Variable? bias = null, int stride = 1,
        int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1) =>
        Spread("ConvTranspose1d", x, weight, bias, [stride], [padding], [outputPadding], [dilation], groups);

    /// <summary>
    /// The transposed convolution, which is also the function that computes the gradient of <see cref="Conv2d"/> with
    /// respect to its input. Each element of <paramref name="x"/> is multiplied by the filters of its channel, and the
    /// products are added to a window of the result. <paramref name="x"/> has the shape (N, C, H, W): N samples with C
    /// channels, a height H and a width W. <paramref name="weight"/> has the shape (C, O/groups, KH, KW), where O is
    /// the number of output channels, and KH and KW are the height and the width of a filter. The result has the shape
    /// (N, O, OH, OW), where OH is (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding + 1, and OW is
    /// computed from the widths in the same way.
    /// </summary>
    /// <exception cref="ShapeException">The number of channels does not fit the filters; or the output padding is not
    /// between 0 and m − 1, where m is the larger of the stride and the dilation; or a size of the result would not be
    /// positive.</exception>
    public static Variable ConvTranspose2d(Variable x, Variable weight, Variable? bias = null, Pair? stride = null,
        Pair? padding = null, Pair? outputPadding = null, Pair? dilation = null, int groups = 1) =>
        Spread("ConvTranspose2d", x, weight, bias, stride ?? 1, padding ?? 0, outputPadding ?? 0, dilation ?? 1,
            groups);

    internal static Variable Convolve(string operation, Variable x, Variable w, Variable? bias, int[] stride,
        int[] padding, int[] dilation, int groups, PadMode mode = PadMode.Constant)
    {
        CheckChannels(operation, x, w, bias, stride.Length, groups, transposed: false);
        if (padding.Contains(Same) && stride.Max() > 1)
            throw new ShapeException($"{operation}: padding Same needs stride 1, not {Layout.Show(stride)}.");
        var plan = new WindowPlan(w.Size()[2..], stride, padding, padding, dilation, groups);
        plan = plan with { Before = Around(0), After = Around(1) };
        if (mode != PadMode.Constant)
        {
            x = Pad(x, [.. plan.Before.Zip(plan.After, (b, e) => (int[])[b, e]).Reverse().SelectMany(p => p)], mode);
            plan = plan with { Before = new int[plan.Axes], After = new int[plan.Axes] };
        }
        var convolution = new Convolution(plan, plan.Places(operation, x.Size()));
        return bias is null ? convolution.Apply(x, w) : convolution.Apply(x, w, bias);

        int[] Around(int more) => [.. padding.Select((p, a) =>
            p == Same ? Layout.Fitting(operation, (plan.Reach(a) + more) / 2) : p)];
    }

    internal static Variable Spread(string operation, Variable x, Variable w, Variable? bias, int[] stride,
        int[] padding, int[] outputPadding, int[] dilation, int groups)
    {
        CheckChannels(operation, x, w, bias, stride.Length, groups, transposed: true);
        var plan = new WindowPlan(w.Size()[2..], stride, padding, padding, dilation, groups);
        plan.Check(operation);
        long[] space = [.. stride.Select((s, a) =>
            (x.Size(2 + a) - 1L) * s - 2L * padding[a] + plan.Reach(a) + outputPadding[a] + 1)];
        if (outputPadding.Where((p, a) => p < 0 || p >= Math.Max(stride[a], dilation[a])).Any())
            throw new ShapeException($"{operation}: output padding {Layout.Show(outputPadding)} must be at least 0, " +
                $"and below stride {Layout.Show(stride)} or dilation {Layout.Show(dilation)}, whichever is larger.");
        if (space.Min() < 1 || x.Shape[2..].Contains(0))
            throw new ShapeException($"{operation}: input {x.Data.Layout}, stride {Layout.Show(stride)}, padding " +
                $"{Layout.Show(padding)} and output padding {Layout.Show(outputPadding)} leave nothing: the " +
                $"result is {string.Join(" by ", space.Select(n => $"{n}"))}.");
        int[] sizes = Array.ConvertAll(space, size => Layout.Fitting(operation, size));
        var y = new ConvolutionInput(plan, sizes).Apply(x, w);
        return bias is null ? y : y + bias.Reshape([-1, .. Enumerable.Repeat(1, y.Rank - 2)]);
    }

    /// <summary>
    /// Throws an exception if the weights or the bias have a different type than the input, or are on a different
    /// device.
    /// </summary>
    internal static void FitsWeights(string operation, Variable x, Variable weight, Variable? bias)
    {
        x.Data.SameDevice(operation, weight.Data);
        x.Data.SameDevice(operation, (bias ?? x).Data);
        if (x.DType != weight.DType)
            throw new DTypeException($"{operation}: the input is {x.DType} of shape {x.Data.Layout}, but the weights " +
                $"are {weight.DType}. Convert the input with .To(DType.{weight.DType}).");
        bias?.Data.OnlyType($"{operation}: the bias", x.DType);
    }

    static void CheckChannels(string operation, Variable x, Variable w, Variable? bias, int axes, int groups,
        bool transposed)
    {
        var shapes = $"{operation}: input {x.Given().Data.Layout} and filters {w.Given("weight").Data.Layout}";
        if (x.Rank != 2 + axes || w.Rank != 2 + axes) throw new ShapeException($"{shapes}: both need {2 + axes} " +
            "axes, samples and channels first. Give a single sample its batch axis with Unsqueeze(0).");
        w.Data.OnlyFloat($"{operation}: the filters");
        FitsWeights(operation, x, w, bias);
        var (inward, outward) = ((long)w.Size(1) * groups, (long)w.Size(0));
        if (transposed) (inward, outward) = (outward, inward);
        if (groups < 1 || w.Size(0) % groups != 0 || x.Size(1) != inward)
            throw new ShapeException($"{shapes}: axis 1 has {x.Size(1)} channels against {inward} in {groups} groups.");
        if (bias is not null && (bias.Rank != 1 || bias.Numel != outward))
            throw new ShapeException($"{shapes}: a bias of shape {bias.Data.Layout} against {outward} filters.");
    }
}

/// <summary>
/// A height and a width. Give one number for both, or two numbers as <c>(2, 3)</c> or <c>[2, 3]</c>.
/// </summary>
/// <param name="H">The height.</param>
/// <param name="W">The width.</param>
[CollectionBuilder(typeof(Pair), nameof(Of))]
public readonly record struct Pair(int H, int W)
{
    /// <summary>Creates a pair from a collection expression, in which the height comes first.</summary>
    /// <exception cref="ShapeException">The number of elements is not 2.</exception>
    public static Pair Of(ReadOnlySpan<int> pair) => pair is [var h, var w] ? new(h, w)
        : throw new ShapeException($"A pair takes two numbers, height and width, not {Layout.Show(pair)}.");
    /// <summary>Enumerates the height, then the width.</summary>
    public IEnumerator<int> GetEnumerator() => ((int[])this).AsEnumerable().GetEnumerator();
    /// <summary>Creates a pair in which the height and the width are the same number.</summary>
    public static implicit operator Pair(int both) => new(both, both);
    /// <summary>Creates a pair from a tuple of the height and the width.</summary>
    public static implicit operator Pair((int H, int W) pair) => new(pair.H, pair.W);
    /// <summary>Returns an array of the height and the width.</summary>
    public static implicit operator int[](Pair pair) => [pair.H, pair.W];
    /// <summary>Shows the pair in the same way as PyTorch, for example as <c>(2, 2)</c>.</summary>
    public override string ToString() => $"({H}, {W})";
}

/// <summary>
/// A depth, a height and a width. Give one number for all three, or three numbers as <c>(2, 3, 3)</c> or
/// <c>[2, 3, 3]</c>.
/// </summary>
/// <param name="D">The depth.</param>
/// <param name="H">The height.</param>
/// <param name="W">The width.</param>
[CollectionBuilder(typeof(Triple), nameof(Of))]
public readonly record struct Triple(int D, int H, int W)
{
    /// <summary>Creates a triple from a collection expression: the depth, the height, then the width.</summary>
    /// <exception cref="ShapeException">The number of elements is not 3.</exception>
    public static Triple Of(ReadOnlySpan<int> sizes) => sizes is [var d, var h, var w] ? new(d, h, w)
        : throw new ShapeException($"A triple takes depth, height and width, not {Layout.Show(sizes)}.");
    /// <summary>Enumerates the depth, the height, then the width.</summary>
    public IEnumerator<int> GetEnumerator() => ((int[])this).AsEnumerable().GetEnumerator();
    /// <summary>Creates a triple in which all three sizes are the same number.</summary>
    public static implicit operator Triple(int all) => new(all, all, all);
    /// <summary>Creates a triple from a tuple of the depth, the height and the width.</summary>
    public static implicit operator Triple((int D, int H, int W) sizes) => new(sizes.D, sizes.H, sizes.W);
    /// <summary>Returns an array of the depth, the height and the width.</summary>
    public static implicit operator int[](Triple sizes) => [sizes.D, sizes.H, sizes.W];
    /// <summary>Shows the triple in the same way as PyTorch, for example as <c>(2, 2, 2)</c>.</summary>
    public override string ToString() => $"({D}, {H}, {W})";
}
