namespace Tensorlet;

/// <summary>
/// Windows over the last axes of an input, described by a number for each of these axes. S stands for the sizes of the
/// axes, K for those of a window, and O for the numbers of windows along them.
/// </summary>
/// <param name="Kernel">The size of a window.</param>
/// <param name="Stride">The distance between neighbouring windows.</param>
/// <param name="Before">The padding before the input.</param>
/// <param name="After">The padding after it.</param>
/// <param name="Dilation">The distance between the elements of a window.</param>
/// <param name="Groups">The number of groups of channels; each has filters of its own.</param>
sealed record WindowPlan(int[] Kernel, int[] Stride, int[] Before, int[] After, int[] Dilation, int Groups = 1)
{
    public int Axes => Kernel.Length;

    /// <summary>The distance from the first element of a window to its last.</summary>
    public long Reach(int a) => Dilation[a] * (Kernel[a] - 1L);

    /// <summary>The number of windows along each of the last axes of a shape.</summary>
    /// <exception cref="ShapeException">A number is out of its range, or a window is larger than the shape.</exception>
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
    /// The windows of x, (N, C, S…), as a view (groups, C/groups, K…, N, O…) in which elements overlap. Of the places
    /// of a window, O… are asked for, a number for each axis.
    /// </summary>
    public Tensor Windows(Tensor x, int[] places)
    {
        x = Grouped(x).Windows(Kernel, Stride, Dilation).Inside(new int[2 * Axes], [.. places, .. Kernel]);
        return x.Permute([1, 2, .. Enumerable.Range(3 + Axes, Axes), 0, .. Enumerable.Range(3, Axes)]);
    }

    /// <summary>(N, C, S) as (N, groups, C/groups, S).</summary>
    Tensor Grouped(Tensor x) => x.Reshape([x.Size(0), Groups, x.Size(1) / Groups, .. x.Shape[2..]]);

    /// <summary>(N, C, S) as (groups, C/groups, N, S).</summary>
    public Tensor Channels(Tensor x) => Grouped(x).Permute([1, 2, 0, .. Enumerable.Range(3, Axes)]);

    /// <summary>Filters (O, C/groups, K) as (groups, O/groups, C/groups, K).</summary>
    public Tensor Filters(Tensor w) => w.Reshape([Groups, w.Size(0) / Groups, .. w.Shape[1..]]);
}

// A convolution is bilinear, and so are its gradients with respect to the input and to the filters: each of the three
// is the backward of the others.

// y[n,o,i] = Σ w[o,c,k]·x[n,c,i+k]     dx = w ⋆ dy     dw = x ⋆ dy
sealed class Convolution(WindowPlan plan, int[] places) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (x, w) = (A.Data.Framed(plan.Before, plan.After, 0), B.Data);
        var windows = plan.Windows(x, places);
        var y = x.NewEmpty([x.Size(0), w.Size(0), .. places]);
        y.Device.Contract(plan.Filters(w), windows, plan.Channels(y), batch: 1, rows: 1, columns: 1 + plan.Axes);
        return y;
    }
    public override Variable?[] Backward(Variable dy) => [
        Needs(0) ? new ConvolutionInput(plan, shapes[0][2..]).Apply(dy, B) : null,
        Needs(1) ? new ConvolutionFilter(plan).Apply(A, dy) : null];
}

// w[o,c,k] = Σ g[n,o,i]·x[n,c,i+k]     dx = w ⋆ g     dg = conv(x, dw)
sealed class ConvolutionFilter(WindowPlan plan) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (x, g) = (A.Data.Framed(plan.Before, plan.After, 0), B.Data);
        var windows = plan.Windows(x, g.Size()[2..]).Permute(Layout.GroupsSwapped(1, 1 + plan.Axes, 1 + plan.Axes));
        var w = x.NewEmpty([g.Size(1), x.Size(1) / plan.Groups, .. plan.Kernel]);
        w.Device.Contract(plan.Channels(g), windows, plan.Filters(w), batch: 1, rows: 1, columns: 1 + plan.Axes);
        return w;
    }
    public override Variable?[] Backward(Variable dw) => [
        Needs(0) ? new ConvolutionInput(plan, shapes[0][2..]).Apply(B, dw) : null,
        Needs(1) ? new Convolution(plan, shapes[1][2..]).Apply(A, dw) : null];
}

/// <summary>
/// The gradient is contracted with the filters rotated by 180°. A position of the input is number r within stride
/// number i (Shi et al. 2016: each r has its own part of the filters). Only where the filters are dilated as well is
/// the gradient spread among zeros.
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
        // the strides in which the input lies, of which those before it are padding
        var before = Each(a => plan.Before[a] / s[a]);
        var strides = Each(a => (plan.Before[a] + space[a] - 1) / s[a] + 1 - before[a]);

        var spread = g.NewEmpty([.. g.Shape[..2], .. Each(a => Layout.Fitting(Name, Math.Max(
            (long)before[a] + strides[a] + reach[a], (g.Size(2 + a) - 1L) * gap[a] + 1 + reach[a])))]).SetAll(0);
        var places = spread;
        for (var a = 0; a < plan.Axes; a++) places = places.Slice(2 + a, reach[a],
            reach[a] + (g.Size(2 + a) - 1) * gap[a] + 1, gap[a]);
        g.Device.Copy(g, places);
        var windows = once.Windows(spread.Inside(before, Each(a => strides[a] + reach[a])), strides);
        w = w.Framed(Each(_ => 0), Each(a => q[a] * s[a] - plan.Kernel[a]), 0);
        w = w.Reshape([.. w.Shape[..3], .. Pairs(q, s)]).Flip(Each(a => 3 + 2 * a))
            .Permute([0, 2, .. Each(a => 4 + 2 * a), 1, .. Each(a => 3 + 2 * a)]);
        var x = g.NewEmpty([g.Size(0), plan.Groups, B.Size(1), .. Pairs(strides, s)]);
        g.Device.Contract(w, windows, x.Permute([1, 2, .. Each(a => 4 + 2 * a), 0, .. Each(a => 3 + 2 * a)]), batch: 1,
            rows: 1 + plan.Axes, columns: 1 + plan.Axes);
        return x.Reshape([x.Size(0), plan.Groups * x.Size(2), .. Each(a => strides[a] * s[a])])
            .Inside(Each(a => plan.Before[a] - before[a] * s[a]), space).Contiguous();
    }

    static IEnumerable<int> Pairs(int[] a, int[] b) => a.Zip(b).SelectMany(pair => (int[])[pair.First, pair.Second]);

    public override Variable?[] Backward(Variable dx) => [
        Needs(0) ? new Convolution(plan, shapes[0][2..]).Apply(dx, B) : null,
        Needs(1) ? new ConvolutionFilter(plan).Apply(dx, A) : null];
}

public static partial class F
{
    /// <summary>
    /// Can be given as padding: as many zeros as are needed for a result of the size of the input, with stride 1.
    /// </summary>
    public const int Same = int.MinValue;

    /// <summary>
    /// Slides filters along sequences: (N, C, L) with (O, C/groups, K) gives (N, O, OL); see <see cref="Conv2d"/>.
    /// </summary>
    /// <inheritdoc cref="Conv2d"/>
    public static Variable Conv1d(Variable x, Variable weight, Variable? bias = null, int stride = 1, int padding = 0,
        int dilation = 1, int groups = 1) =>
        Convolve("Conv1d", x, weight, bias, [stride], [padding], [dilation], groups);

    /// <summary>
    /// Slides filters over images: (N, C, H, W) with (O, C/groups, KH, KW) gives (N, O, OH, OW), where OH = ⌊(H +
    /// 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1. It is a contraction over windows, and the filters are not
    /// flipped (cross-correlation).
    /// </summary>
    /// <param name="x">Images, (N, C, H, W).</param>
    /// <param name="weight">Filters, (O, C/groups, KH, KW).</param>
    /// <param name="bias">One number for each of the O output channels, or null.</param>
    /// <param name="stride">The distance between neighbouring windows.</param>
    /// <param name="padding">The zeros around the images, or <see cref="Same"/>.</param>
    /// <param name="dilation">The distance between the elements of a window.</param>
    /// <param name="groups">The number of groups of channels; each has filters of its own.</param>
    /// <exception cref="ShapeException">The channels do not fit, or the window is larger than the padded
    /// image.</exception>
    public static Variable Conv2d(Variable x, Variable weight, Variable? bias = null, Pair? stride = null,
        Pair? padding = null, Pair? dilation = null, int groups = 1) =>
        Convolve("Conv2d", x, weight, bias, stride ?? 1, padding ?? 0, dilation ?? 1, groups);

    /// <summary>
    /// Slides filters through volumes: (N, C, D, H, W) with (O, C/groups, KD, KH, KW) gives (N, O, OD, OH, OW); see
    /// <see cref="Conv2d"/>.
    /// </summary>
    /// <inheritdoc cref="Conv2d"/>
    public static Variable Conv3d(Variable x, Variable weight, Variable? bias = null, Triple? stride = null,
        Triple? padding = null, Triple? dilation = null, int groups = 1) =>
        Convolve("Conv3d", x, weight, bias, stride ?? 1, padding ?? 0, dilation ?? 1, groups);

    /// <summary>The adjoint of <see cref="Conv1d"/>; see <see cref="ConvTranspose2d"/>.</summary>
    public static Variable ConvTranspose1d(Variable x, Variable weight, Variable? bias = null, int stride = 1,
        int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1) =>
        Spread("ConvTranspose1d", x, weight, bias, [stride], [padding], [outputPadding], [dilation], groups);

    /// <summary>
    /// The adjoint of <see cref="Conv2d"/> with respect to its input, which spreads each element over a window: (N, C,
    /// H, W) with (C, O/groups, KH, KW) gives (N, O, OH, OW), where OH = (H − 1)·stride − 2·padding + dilation·(KH − 1)
    /// + outputPadding + 1.
    /// </summary>
    /// <exception cref="ShapeException">The channels do not fit, or nothing is left of the result.</exception>
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
        return Biased(new Convolution(plan, plan.Places(operation, x.Size())).Apply(x, w), bias);

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
        return Biased(new ConvolutionInput(plan, sizes).Apply(x, w), bias);
    }

    static Variable Biased(Variable y, Variable? bias) =>
        bias is null ? y : y + bias.Reshape([-1, .. Enumerable.Repeat(1, y.Rank - 2)]);

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

/// <summary>Height and width: one number for both, <c>(2, 3)</c> or <c>[2, 3]</c>.</summary>
/// <param name="H">The height.</param>
/// <param name="W">The width.</param>
[CollectionBuilder(typeof(Pair), nameof(Of))]
public readonly record struct Pair(int H, int W)
{
    /// <summary>Height and width, from a collection expression.</summary>
    /// <exception cref="ShapeException">There are not two numbers.</exception>
    public static Pair Of(ReadOnlySpan<int> pair) => pair is [var h, var w] ? new(h, w)
        : throw new ShapeException($"A pair takes two numbers, height and width, not {Layout.Show(pair)}.");
    /// <summary>Height, then width.</summary>
    public IEnumerator<int> GetEnumerator() => ((int[])this).AsEnumerable().GetEnumerator();
    /// <summary>The same number for both.</summary>
    public static implicit operator Pair(int both) => new(both, both);
    /// <summary>Height and width.</summary>
    public static implicit operator Pair((int H, int W) pair) => new(pair.H, pair.W);
    /// <summary>An array of the height and the width.</summary>
    public static implicit operator int[](Pair pair) => [pair.H, pair.W];
    /// <summary>As PyTorch shows it: <c>(2, 2)</c>.</summary>
    public override string ToString() => $"({H}, {W})";
}

/// <summary>Depth, height and width: one number for all, <c>(2, 3, 3)</c> or <c>[2, 3, 3]</c>.</summary>
/// <param name="D">The depth.</param>
/// <param name="H">The height.</param>
/// <param name="W">The width.</param>
[CollectionBuilder(typeof(Triple), nameof(Of))]
public readonly record struct Triple(int D, int H, int W)
{
    /// <summary>Depth, height and width, from a collection expression.</summary>
    /// <exception cref="ShapeException">There are not three numbers.</exception>
    public static Triple Of(ReadOnlySpan<int> sizes) => sizes is [var d, var h, var w] ? new(d, h, w)
        : throw new ShapeException($"A triple takes depth, height and width, not {Layout.Show(sizes)}.");
    /// <summary>Depth, height, then width.</summary>
    public IEnumerator<int> GetEnumerator() => ((int[])this).AsEnumerable().GetEnumerator();
    /// <summary>The same number for all.</summary>
    public static implicit operator Triple(int all) => new(all, all, all);
    /// <summary>Depth, height and width.</summary>
    public static implicit operator Triple((int D, int H, int W) sizes) => new(sizes.D, sizes.H, sizes.W);
    /// <summary>All in an array.</summary>
    public static implicit operator int[](Triple sizes) => [sizes.D, sizes.H, sizes.W];
    /// <summary>As PyTorch shows it: <c>(2, 2, 2)</c>.</summary>
    public override string ToString() => $"({D}, {H}, {W})";
}
