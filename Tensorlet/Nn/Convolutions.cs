namespace Tensorlet.Nn;

/// <summary>
/// The base class of convolutions over inputs of shape (N, C, …), where N is the number of samples and C is the
/// number of channels. Initially, filters and bias are sampled uniformly from [−1/√n, 1/√n], as in PyTorch. Here, n
/// is (C/groups)·K, or (O/groups)·K for a transposed convolution, where <c>groups</c> is the number of groups of
/// channels, O is the number of output channels, and K is the number of elements that a filter has in one channel.
/// </summary>
public abstract class Convolutional : Module
{
    readonly int[] stride, padding, outputPadding, dilation;
    readonly int inChannels, outChannels, groups;
    readonly PadMode mode;
    readonly bool transposed;

    private protected Convolutional(int inChannels, int outChannels, int[] kernel, int[] stride, int[] padding,
        int[] dilation, int groups, bool bias, PadMode mode, int[]? outputPadding = null)
    {
        if (groups < 1 || inChannels < 1 || outChannels < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ShapeException($"{GetType().Name}: channels ({inChannels}, {outChannels}), in and out, are not " +
                $"divisible by {groups} groups.");
        new WindowPlan(kernel, stride, Array.ConvertAll(padding, p => p == F.Same ? 0 : p), padding, dilation)
            .Check(GetType().Name);
        (this.inChannels, this.outChannels, this.groups) = (inChannels, outChannels, groups);
        (this.stride, this.padding, this.dilation) = (stride, padding, dilation);
        (transposed, this.outputPadding, this.mode) = (outputPadding is not null, outputPadding ?? [], mode);
        int[] filters = transposed ? [inChannels, outChannels / groups, .. kernel]
            : [outChannels, inChannels / groups, .. kernel];
        var fanIn = Layout.Product(filters[1..]);
        Weight = Uniform(fanIn, filters);
        if (bias) Bias = Uniform(fanIn, outChannels);
    }

    /// <summary>
    /// The filters. They have the shape (O, C/groups, …), or (C, O/groups, …) for a transposed convolution. Here, C is
    /// the number of input channels, O is the number of output channels, <c>groups</c> is the number of groups of
    /// channels, and … stands for the sizes of the kernel.
    /// </summary>
    public Variable Weight { get; }
    /// <summary>The bias: one number for each output channel. It is null if there is no bias.</summary>
    public Variable? Bias { get; }

    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x)
    {
        var name = GetType().Name;
        return transposed ? F.Spread(name, x, Weight, Bias, stride, padding, outputPadding, dilation, groups)
            : F.Convolve(name, x, Weight, Bias, stride, padding, dilation, groups, mode);
    }

    /// <inheritdoc/>
    protected override string Arguments => $"{inChannels}, {outChannels}, " +
        $"kernel_size={Python.Show(Weight.Size()[2..])}, stride={Python.Show(stride)}" +
        (padding.All(p => p == F.Same) ? ", padding=same" : Shown("padding", padding, 0)) +
        Shown("output_padding", outputPadding, 0) + Shown("dilation", dilation, 1) +
        (groups == 1 ? "" : $", groups={groups}") + (Bias is null ? ", bias=False" : "") +
        (mode == PadMode.Constant ? "" : $", padding_mode={mode.ToString().ToLowerInvariant()}");

    static string Shown(string name, int[] sizes, int usual) =>
        sizes.All(size => size == usual) ? "" : $", {name}={Python.Show(sizes)}";
}

/// <summary>
/// A convolution of sequences. N sequences of length L have the shape (N, C, L). The result has the shape (N, O, OL),
/// where OL is the number of windows. A window consists of the elements of the input that a filter reads for one
/// element of the result.
/// </summary>
/// <param name="inChannels">C, the number of channels of the input.</param>
/// <param name="outChannels">O, the number of filters.</param>
/// <param name="kernelSize">The size of a filter.</param>
/// <param name="stride">The distance between neighbouring windows.</param>
/// <param name="padding">The number of padding elements on each side of the input, or <see cref="F.Same"/>.</param>
/// <param name="dilation">The distance between neighbouring elements of a window.</param>
/// <param name="groups">The number of groups into which the input channels and the output channels are divided. Each
/// group of output channels is computed from one group of input channels only.</param>
/// <param name="bias">Whether a learned number is added to each output channel.</param>
/// <param name="paddingMode">What the padding elements are; <see cref="PadMode.Constant"/> means zeros.</param>
/// <exception cref="ShapeException">The number of input or output channels is not divisible by the number of
/// groups.</exception>
public sealed class Conv1d(int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0,
    int dilation = 1, int groups = 1, bool bias = true, PadMode paddingMode = PadMode.Constant)
    : Convolutional(inChannels, outChannels, [kernelSize], [stride], [padding], [dilation], groups, bias, paddingMode);

/// <summary>
/// A convolution of images. N images of height H and width W have the shape (N, C, H, W). The result has the shape
/// (N, O, OH, OW), where OH and OW are the numbers of windows along the height and the width.
/// </summary>
/// <inheritdoc cref="Conv1d"/>
public sealed class Conv2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null,
    Pair padding = default, Pair? dilation = null, int groups = 1, bool bias = true,
    PadMode paddingMode = PadMode.Constant)
    : Convolutional(inChannels, outChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, groups, bias,
        paddingMode);

/// <summary>
/// A convolution of volumes. N volumes of depth D, height H and width W have the shape (N, C, D, H, W). The result
/// has the shape (N, O, OD, OH, OW), where OD, OH and OW are the numbers of windows along the depth, the height and
/// the width.
/// </summary>
/// <inheritdoc cref="Conv1d"/>
public sealed class Conv3d(int inChannels, int outChannels, Triple kernelSize, Triple? stride = null,
    Triple padding = default, Triple? dilation = null, int groups = 1, bool bias = true,
    PadMode paddingMode = PadMode.Constant)
    : Convolutional(inChannels, outChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, groups, bias,
        paddingMode);

/// <summary>
/// A transposed convolution of sequences, which is the adjoint of <see cref="Conv1d"/>. Its input has the shape of a
/// result of <see cref="Conv1d"/>, and its result has the shape of an input of <see cref="Conv1d"/>. An input of shape
/// (N, C, L) gives a result of shape (N, O, OL), where N is the number of sequences, L is their length, and OL = (L −
/// 1)·stride − 2·padding + dilation·(kernelSize − 1) + outputPadding + 1.
/// </summary>
/// <param name="inChannels">C, the number of channels of the input.</param>
/// <param name="outChannels">O, the number of channels of the result.</param>
/// <param name="kernelSize">The size of a filter.</param>
/// <param name="stride">Each element of the input is spread over one window of the result. The stride is the distance
/// between the windows of neighbouring elements.</param>
/// <param name="padding">The number of elements that are cut off on each side of the result.</param>
/// <param name="outputPadding">The number of elements by which the result is extended at the end of each axis.</param>
/// <param name="groups">The number of groups into which the input channels and the output channels are divided. Each
/// group of output channels is computed from one group of input channels only.</param>
/// <param name="bias">Whether a learned number is added to each output channel.</param>
/// <param name="dilation">The distance between neighbouring elements of a window.</param>
/// <exception cref="ShapeException">The number of input or output channels is not divisible by the number of
/// groups.</exception>
public sealed class ConvTranspose1d(int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0,
    int outputPadding = 0, int groups = 1, bool bias = true, int dilation = 1)
    : Convolutional(inChannels, outChannels, [kernelSize], [stride], [padding], [dilation], groups, bias,
        PadMode.Constant, [outputPadding]);

/// <summary>
/// The adjoint of <see cref="Conv2d"/>: it takes an input that has the shape of a result of <see cref="Conv2d"/>,
/// and gives a result that has the shape of an input of <see cref="Conv2d"/>.
/// </summary>
/// <inheritdoc cref="ConvTranspose1d"/>
public sealed class ConvTranspose2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null,
    Pair padding = default, Pair outputPadding = default, int groups = 1, bool bias = true, Pair? dilation = null)
    : Convolutional(inChannels, outChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, groups, bias,
        PadMode.Constant, outputPadding);

/// <summary>
/// The adjoint of <see cref="Conv3d"/>: it takes an input that has the shape of a result of <see cref="Conv3d"/>,
/// and gives a result that has the shape of an input of <see cref="Conv3d"/>.
/// </summary>
/// <inheritdoc cref="ConvTranspose1d"/>
public sealed class ConvTranspose3d(int inChannels, int outChannels, Triple kernelSize, Triple? stride = null,
    Triple padding = default, Triple outputPadding = default, int groups = 1, bool bias = true, Triple? dilation = null)
    : Convolutional(inChannels, outChannels, kernelSize, stride ?? 1, padding, dilation ?? 1, groups, bias,
        PadMode.Constant, outputPadding);
