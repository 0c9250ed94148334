namespace Tensorlet.Nn;

/// <summary>A module without parameters, which applies a function to its input.</summary>
/// <param name="f">The function.</param>
/// <param name="arguments">A function that returns the arguments of the module as text. ToString shows this text. If
/// <paramref name="arguments"/> is null, ToString shows no arguments.</param>
public abstract class Simple(Func<Variable, Variable> f, Func<string>? arguments = null) : Module
{
    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => f(x.Given());
    /// <inheritdoc/>
    protected sealed override string Arguments => arguments?.Invoke() ?? "";

    private protected static string Pooled(object kernel, object stride, object padding, bool ceilMode) =>
        $"kernel_size={kernel}, stride={stride}, padding={padding}{(ceilMode ? ", ceil_mode=True" : "")}";
}

/// <summary>
/// Computes the maximum of each window in each channel of a sequence. N sequences with C channels and length L have
/// the shape (N, C, L). The result has the shape (N, C, OL), where OL is the number of windows.
/// </summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">The distance between neighbouring windows. If it is not given, it is the size of a
/// window.</param>
/// <param name="padding">The number of padding elements on each side of the input. A padding element is never the
/// maximum.</param>
/// <param name="dilation">The distance between neighbouring elements of a window.</param>
/// <param name="ceilMode">If true, and if elements are left over at the end of an axis, a last window is added, which
/// reaches beyond the end. If false, these elements are not used.</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1,
    bool ceilMode = false)
    : Simple(x => F.MaxPool1d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Computes the maximum of each window in each channel of an image. N images with C channels, height H and width W
/// have the shape (N, C, H, W). The result has the shape (N, C, OH, OW), where OH and OW are the numbers of windows
/// along the height and the width.
/// </summary>
/// <inheritdoc cref="MaxPool1d"/>
public sealed class MaxPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, Pair? dilation = null,
    bool ceilMode = false)
    : Simple(x => F.MaxPool2d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Computes the maximum of each window in each channel of a volume. N volumes with C channels, depth D, height H and
/// width W have the shape (N, C, D, H, W). The result has the shape (N, C, OD, OH, OW), where OD, OH and OW are the
/// numbers of windows along the depth, the height and the width.
/// </summary>
/// <inheritdoc cref="MaxPool1d"/>
public sealed class MaxPool3d(Triple kernelSize, Triple? stride = null, Triple padding = default,
    Triple? dilation = null, bool ceilMode = false)
    : Simple(x => F.MaxPool3d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Computes the mean of each window in each channel of a sequence. N sequences with C channels and length L have the
/// shape (N, C, L). The result has the shape (N, C, OL), where OL is the number of windows.
/// </summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">The distance between neighbouring windows. If it is not given, it is the size of a
/// window.</param>
/// <param name="padding">The number of zeros on each side of the input.</param>
/// <param name="ceilMode">If true, and if elements are left over at the end of an axis, a last window is added, which
/// reaches beyond the end. If false, these elements are not used.</param>
/// <param name="countIncludePad">If true, the zeros of the padding are included in the mean. If false, only elements
/// of the input are included.</param>
public sealed class AvgPool1d(int kernelSize, int? stride = null, int padding = 0, bool ceilMode = false,
    bool countIncludePad = true)
    : Simple(x => F.AvgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Computes the mean of each window in each channel of an image. N images with C channels, height H and width W have
/// the shape (N, C, H, W). The result has the shape (N, C, OH, OW), where OH and OW are the numbers of windows along
/// the height and the width.
/// </summary>
/// <inheritdoc cref="AvgPool1d"/>
public sealed class AvgPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, bool ceilMode = false,
    bool countIncludePad = true)
    : Simple(x => F.AvgPool2d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Computes the mean of each window in each channel of a volume. N volumes with C channels, depth D, height H and
/// width W have the shape (N, C, D, H, W). The result has the shape (N, C, OD, OH, OW), where OD, OH and OW are the
/// numbers of windows along the depth, the height and the width.
/// </summary>
/// <inheritdoc cref="AvgPool1d"/>
public sealed class AvgPool3d(Triple kernelSize, Triple? stride = null, Triple padding = default,
    bool ceilMode = false, bool countIncludePad = true)
    : Simple(x => F.AvgPool3d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>
/// Divides each channel of an image into OH·OW parts, and returns the mean of each part. The parts may overlap; see
/// <see cref="F.AdaptiveAvgPool2d"/>. Images of shape (…, H, W) give a result of shape (…, OH, OW), where OH and OW are
/// the height and the width in <paramref name="outputSize"/>.
/// </summary>
public sealed class AdaptiveAvgPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveAvgPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>
/// Divides each channel of an image into OH·OW parts, and returns the maximum of each part. The parts may overlap; see
/// <see cref="F.AdaptiveAvgPool2d"/>. Images of shape (…, H, W) give a result of shape (…, OH, OW), where OH and OW are
/// the height and the width in <paramref name="outputSize"/>.
/// </summary>
public sealed class AdaptiveMaxPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveMaxPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>
/// Resizes images from the shape (…, H, W) to the shape (…, OH, OW), where H and OH are heights, and W and OW are
/// widths.
/// </summary>
/// <param name="size">The height OH and the width OW of the result. If they are not given,
/// <paramref name="scaleFactor"/> determines them.</param>
/// <param name="scaleFactor">The factor by which the height and the width are multiplied. The products are rounded
/// down.</param>
/// <param name="mode">How values between pixels are computed.</param>
/// <param name="alignCorners">If true, the centres of the corner pixels of the old and the new image are aligned, so
/// the corner pixels keep their values. If false, the outer edges of the two images are aligned. The argument matters
/// only for <see cref="InterpolateMode.Bilinear"/>.</param>
public sealed class Upsample(Pair? size = null, double scaleFactor = 1, InterpolateMode mode = InterpolateMode.Nearest,
    bool alignCorners = false)
    : Simple(x => F.Interpolate(x, size ?? new(Scaled(x, -2, scaleFactor), Scaled(x, -1, scaleFactor)), mode,
        alignCorners), () => (size is { } s ? $"size={s}" : $"scale_factor={Python.Show(scaleFactor)}") +
        $", mode={Python.Show(mode.ToString())}")
{
    static int Scaled(Variable x, int axis, double factor) => Layout.Fitting("Upsample", (long)(x.Size(axis) * factor));
}

/// <inheritdoc cref="F.PixelShuffle"/>
public sealed class PixelShuffle(int upscaleFactor)
    : Simple(x => F.PixelShuffle(x, upscaleFactor), () => $"upscale_factor={upscaleFactor}");

/// <inheritdoc cref="F.PixelUnshuffle"/>
public sealed class PixelUnshuffle(int downscaleFactor)
    : Simple(x => F.PixelUnshuffle(x, downscaleFactor), () => $"downscale_factor={downscaleFactor}");

/// <summary>
/// Pads the last <paramref name="axes"/> axes of the input. The padding is either a single number for all sides, or two
/// numbers for each axis: how many elements are added at the beginning of the last axis and at its end, then the same
/// for the axis before it, and so on.
/// </summary>
public abstract class Padding(int axes, int[] padding, PadMode mode, double value = 0)
    : Simple(Around(Filled(axes, padding), mode, value), () => Layout.Show(Filled(axes, padding)) +
        (mode == PadMode.Constant && value != 0 ? $", value={Python.Show(value)}" : ""))
{
    static Func<Variable, Variable> Around(int[] padding, PadMode mode, double value) =>
        x => F.Pad(x, padding, mode, value);

    static int[] Filled(int axes, int[] padding) => padding.Given().Length == 2 * axes ? padding
        : padding is [var all] ? [.. Enumerable.Repeat(all, 2 * axes)] : throw new ShapeException(
            $"Padding: {Layout.Show(padding)} must be one number, or {2 * axes}: before and after each axis.");
}

/// <summary>Pads sequences of shape (N, C, L) with the number <paramref name="value"/>.</summary>
public sealed class ConstantPad1d(int[] padding, double value) : Padding(1, padding, PadMode.Constant, value);
/// <summary>Pads images of shape (N, C, H, W) with the number <paramref name="value"/>.</summary>
public sealed class ConstantPad2d(int[] padding, double value) : Padding(2, padding, PadMode.Constant, value);
/// <summary>Pads images of shape (N, C, H, W) with zeros.</summary>
public sealed class ZeroPad2d(params int[] padding) : Padding(2, padding, PadMode.Constant);
/// <summary>
/// Pads sequences of shape (N, C, L) with their mirror image. The outermost element is not repeated.
/// </summary>
public sealed class ReflectionPad1d(params int[] padding) : Padding(1, padding, PadMode.Reflect);
/// <summary>
/// Pads images of shape (N, C, H, W) with their mirror image. The outermost elements are not repeated.
/// </summary>
public sealed class ReflectionPad2d(params int[] padding) : Padding(2, padding, PadMode.Reflect);
/// <summary>Pads sequences of shape (N, C, L) by repeating the outermost element on each side.</summary>
public sealed class ReplicationPad1d(params int[] padding) : Padding(1, padding, PadMode.Replicate);
/// <summary>Pads images of shape (N, C, H, W) by repeating the outermost elements on each side.</summary>
public sealed class ReplicationPad2d(params int[] padding) : Padding(2, padding, PadMode.Replicate);
/// <summary>Pads sequences of shape (N, C, L) at each end with elements from the opposite end.</summary>
public sealed class CircularPad1d(params int[] padding) : Padding(1, padding, PadMode.Circular);
/// <summary>Pads images of shape (N, C, H, W) on each side with elements from the opposite side.</summary>
public sealed class CircularPad2d(params int[] padding) : Padding(2, padding, PadMode.Circular);
