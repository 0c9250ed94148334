namespace Tensorlet;

/// <summary>What a two-dimensional convolution is told besides its operands; each pair is (height, width).</summary>
/// <param name="Stride">How far apart neighbouring windows are.</param>
/// <param name="Padding">Zeros put around the input.</param>
/// <param name="Dilation">How far apart the elements of a window are.</param>
/// <param name="Groups">Channels are cut into so many groups, each with filters of its own.</param>
sealed record ConvolutionPlan(Pair Stride, Pair Padding, Pair Dilation, int Groups)
{
    /// <summary>(N, C, H, W) with zeros around it.</summary>
    public Tensor Padded(Tensor x)
    {
        if (Padding == 0) return x;
        var result = x.NewEmpty([x.Size(0), x.Size(1), x.Size(2) + 2 * Padding.H, x.Size(3) + 2 * Padding.W]).SetAll(0);
        x.Device.Copy(x, result.Narrow(2, Padding.H, x.Size(2)).Narrow(3, Padding.W, x.Size(3)));
        return result;
    }

    /// <summary>
    /// The windows of (N, C, H, W) as (groups, C/groups, KH, KW, N, OH, OW): a view, in which elements overlap.
    /// </summary>
    public Tensor Windows(Tensor x, int kh, int kw, Pair stride) => Grouped(x)
        .Windows(3, kh, stride.H, Dilation.H).Windows(4, kw, stride.W, Dilation.W).Permute(1, 2, 5, 6, 0, 3, 4);

    /// <summary>(N, C, H, W) as (N, groups, C/groups, H, W).</summary>
    public Tensor Grouped(Tensor x) => x.Reshape(x.Size(0), Groups, x.Size(1) / Groups, x.Size(2), x.Size(3));

    /// <summary>(N, C, H, W) as (groups, C/groups, N, H, W).</summary>
    public Tensor Channels(Tensor x) => Grouped(x).Permute(1, 2, 0, 3, 4);

    /// <summary>Filters (O, C/groups, KH, KW) as (groups, O/groups, C/groups, KH, KW).</summary>
    public Tensor Filters(Tensor w) => w.Reshape(Groups, w.Size(0) / Groups, w.Size(1), w.Size(2), w.Size(3));
}

// A convolution is bilinear, and so are the gradients by its input and by its filters: each of the three is the
// backward of the others.

// y[n,o,i,j] = Σ w[o,c,k,l]·x[n,c,i+k,j+l]     dx = w ⋆ dy     dw = x ⋆ dy
sealed class Convolution(ConvolutionPlan plan) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (x, w) = (plan.Padded(A.Data), B.Data);
        var windows = plan.Windows(x, w.Size(2), w.Size(3), plan.Stride);
        var y = x.NewEmpty([x.Size(0), w.Size(0), windows.Size(5), windows.Size(6)]);
        y.Device.Contract(plan.Filters(w), windows, plan.Channels(y), batch: 1, rows: 1, columns: 3);
        return y;
    }
    public override Variable?[] Backward(Variable dy) =>
    [
        Needs(0) ? new ConvolutionInput(plan, A.Size(2), A.Size(3)).Apply(dy, B) : null,
        Needs(1) ? new ConvolutionFilter(plan, B.Size(2), B.Size(3)).Apply(A, dy) : null,
    ];
}

// w[o,c,k,l] = Σ g[n,o,i,j]·x[n,c,i+k,j+l]     dx = w ⋆ g     dg = conv(x, dw)
sealed class ConvolutionFilter(ConvolutionPlan plan, int kh, int kw) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (x, g) = (plan.Padded(A.Data), B.Data);
        var windows = plan.Windows(x, kh, kw, plan.Stride).Narrow(5, 0, g.Size(2)).Narrow(6, 0, g.Size(3));
        var w = x.NewEmpty([g.Size(1), x.Size(1) / plan.Groups, kh, kw]);
        w.Device.Contract(plan.Channels(g), windows.Permute(0, 4, 5, 6, 1, 2, 3), plan.Filters(w), 1, 1, 3);
        return w;
    }
    public override Variable?[] Backward(Variable dw) =>
    [
        Needs(0) ? new ConvolutionInput(plan, A.Size(2), A.Size(3)).Apply(B, dw) : null,
        Needs(1) ? new Convolution(plan).Apply(A, dw) : null,
    ];
}

/// <summary>
/// The gradient is spread to its windows' places among zeros, and contracted with the filters turned by 180°.
/// </summary>
// x[n,c,i,j] = Σ w[o,c,k,l]·g[n,o,i−k,j−l]     dg = conv(dx, w)     dw = dx ⋆ g
sealed class ConvolutionInput(ConvolutionPlan plan, int h, int w) : Function
{
    protected override Tensor Forward()
    {
        Save(A, B);
        var (g, filters) = (A.Data, B.Data);
        int kh = filters.Size(2), kw = filters.Size(3);
        int reachH = plan.Dilation.H * (kh - 1), reachW = plan.Dilation.W * (kw - 1);
        int spreadH = h + 2 * plan.Padding.H + reachH, spreadW = w + 2 * plan.Padding.W + reachW;
        var spread = g.NewEmpty([g.Size(0), g.Size(1), spreadH, spreadW]).SetAll(0);
        g.Device.Copy(g, spread
            .Slice(2, reachH, reachH + (g.Size(2) - 1) * plan.Stride.H + 1, plan.Stride.H)
            .Slice(3, reachW, reachW + (g.Size(3) - 1) * plan.Stride.W + 1, plan.Stride.W));
        spread = spread.Narrow(2, plan.Padding.H, h + reachH).Narrow(3, plan.Padding.W, w + reachW);
        var turned = plan.Filters(filters.Flip(2, 3)).Permute(0, 2, 1, 3, 4);
        var x = g.NewEmpty([g.Size(0), filters.Size(1) * plan.Groups, h, w]);
        x.Device.Contract(turned, plan.Windows(spread, kh, kw, 1), plan.Channels(x), batch: 1, rows: 1, columns: 3);
        return x;
    }
    public override Variable?[] Backward(Variable dx) =>
    [
        Needs(0) ? new Convolution(plan).Apply(dx, B) : null,
        Needs(1) ? new ConvolutionFilter(plan, B.Size(2), B.Size(3)).Apply(dx, A) : null,
    ];
}

public static partial class F
{
    /// <summary>
    /// Slides filters over images: (N, C, H, W) with (O, C/groups, KH, KW) gives (N, O, OH, OW), where OH = ⌊(H +
    /// 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1. A contraction over windows, not flipped (cross-correlation).
    /// </summary>
    /// <param name="x">Images, (N, C, H, W).</param>
    /// <param name="weight">Filters, (O, C/groups, KH, KW).</param>
    /// <param name="bias">One number for each of the O results, or null.</param>
    /// <param name="stride">How far apart neighbouring windows are.</param>
    /// <param name="padding">Zeros put around the images.</param>
    /// <param name="dilation">How far apart the elements of a window are.</param>
    /// <param name="groups">Channels are cut into so many groups, each with filters of its own.</param>
    /// <exception cref="ShapeException">Channels do not fit, or the window is larger than the padded image.</exception>
    public static Variable Conv2d(Variable x, Variable weight, Variable? bias = null, Pair? stride = null,
        Pair? padding = null, Pair? dilation = null, int groups = 1)
    {
        var plan = new ConvolutionPlan(stride ?? 1, padding ?? 0, dilation ?? 1, groups);
        CheckConvolution(x, weight, bias, plan);
        var y = new Convolution(plan).Apply(x, weight);
        return bias is null ? y : y + bias.Reshape(-1, 1, 1);
    }

    static void CheckConvolution(Variable x, Variable weight, Variable? bias, ConvolutionPlan plan)
    {
        string shapes = $"Conv2d: images {x.Data.Layout} and filters {weight.Data.Layout}";
        if (x.Rank != 4 || weight.Rank != 4)
            throw new ShapeException($"{shapes}: both need four axes, (N, C, H, W) and (O, C/groups, KH, KW). " +
                "A single image gets its batch axis by Unsqueeze(0).");
        x.Data.SameDevice("Conv2d", weight.Data);
        x.Data.OnlyFloat("Conv2d");
        weight.Data.OnlyType("Conv2d: the filters", x.DType);
        if (plan.Groups < 1 || weight.Size(0) % plan.Groups != 0 || x.Size(1) != weight.Size(1) * plan.Groups)
            throw new ShapeException(
                $"{shapes}: axis 1 has {x.Size(1)} channels against {weight.Size(1)} · {plan.Groups} groups.");
        if (bias is not null && (bias.Rank != 1 || bias.Numel != weight.Size(0)))
            throw new ShapeException($"{shapes}: a bias of shape {bias.Data.Layout} against {weight.Size(0)} filters.");
        if (plan.Stride.Least < 1 || plan.Dilation.Least < 1 || plan.Padding.Least < 0)
            throw new ShapeException(
                $"{shapes}: stride {plan.Stride}, dilation {plan.Dilation} or padding {plan.Padding} is too small.");
        if (plan.Dilation.H * (weight.Size(2) - 1) >= x.Size(2) + 2 * plan.Padding.H
            || plan.Dilation.W * (weight.Size(3) - 1) >= x.Size(3) + 2 * plan.Padding.W)
            throw new ShapeException(
                $"{shapes}: a window of dilation {plan.Dilation} is larger than an image of padding {plan.Padding}.");
    }
}

/// <summary>Height and width; one number stands for both.</summary>
/// <param name="H">The height.</param>
/// <param name="W">The width.</param>
public readonly record struct Pair(int H, int W)
{
    /// <summary>The same number for both.</summary>
    public static implicit operator Pair(int both) => new(both, both);
    /// <summary>Height and width.</summary>
    public static implicit operator Pair((int H, int W) pair) => new(pair.H, pair.W);
    /// <summary>The smaller of the two.</summary>
    internal int Least => Math.Min(H, W);
    /// <summary>As PyTorch shows it: <c>(2, 2)</c>.</summary>
    public override string ToString() => $"({H}, {W})";
}
