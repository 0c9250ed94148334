namespace Tensorlet.Nn;

/// <summary>A function of the input, with arguments that are printed.</summary>
public abstract class Simple(Func<Variable, Variable> f, Func<string>? arguments = null) : Module
{
    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => f(x.Given());
    /// <inheritdoc/>
    protected sealed override string Arguments => arguments?.Invoke() ?? "";

    private protected static string Pooled(object kernel, object stride, object padding, bool ceilMode) =>
        $"kernel_size={kernel}, stride={stride}, padding={padding}{(ceilMode ? ", ceil_mode=True" : "")}";
}

/// <summary>The maximum of each window: (N, C, L) to (N, C, OL).</summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">The distance between neighbouring windows; the size of a window if not given.</param>
/// <param name="padding">The padding around the input, which is never the maximum.</param>
/// <param name="dilation">The distance between the elements of a window.</param>
/// <param name="ceilMode">Whether a last window may reach beyond the input.</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1,
    bool ceilMode = false)
    : Simple(x => F.MaxPool1d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The maximum of each window: (N, C, H, W) to (N, C, OH, OW).</summary>
/// <inheritdoc cref="MaxPool1d"/>
public sealed class MaxPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, Pair? dilation = null,
    bool ceilMode = false)
    : Simple(x => F.MaxPool2d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The maximum of each window: (N, C, D, H, W) to (N, C, OD, OH, OW).</summary>
/// <inheritdoc cref="MaxPool1d"/>
public sealed class MaxPool3d(Triple kernelSize, Triple? stride = null, Triple padding = default,
    Triple? dilation = null, bool ceilMode = false)
    : Simple(x => F.MaxPool3d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The mean of each window: (N, C, L) to (N, C, OL).</summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">The distance between neighbouring windows; the size of a window if not given.</param>
/// <param name="padding">The zeros around the input.</param>
/// <param name="ceilMode">Whether a last window may reach beyond the input.</param>
/// <param name="countIncludePad">Whether padding counts in the mean.</param>
public sealed class AvgPool1d(int kernelSize, int? stride = null, int padding = 0, bool ceilMode = false,
    bool countIncludePad = true)
    : Simple(x => F.AvgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The mean of each window: (N, C, H, W) to (N, C, OH, OW).</summary>
/// <inheritdoc cref="AvgPool1d"/>
public sealed class AvgPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, bool ceilMode = false,
    bool countIncludePad = true)
    : Simple(x => F.AvgPool2d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The mean of each window: (N, C, D, H, W) to (N, C, OD, OH, OW).</summary>
/// <inheritdoc cref="AvgPool1d"/>
public sealed class AvgPool3d(Triple kernelSize, Triple? stride = null, Triple padding = default,
    bool ceilMode = false, bool countIncludePad = true)
    : Simple(x => F.AvgPool3d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The mean of each of (OH, OW) parts that cover the image: (…, H, W) to (…, OH, OW).</summary>
public sealed class AdaptiveAvgPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveAvgPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>The maximum of each of (OH, OW) parts that cover the image: (…, H, W) to (…, OH, OW).</summary>
public sealed class AdaptiveMaxPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveMaxPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>Resizes images: (…, H, W) to (…, OH, OW).</summary>
/// <param name="size">(OH, OW), unless the factor is given.</param>
/// <param name="scaleFactor">The factor of height and width; the sizes are rounded down.</param>
/// <param name="mode">How values between pixels are found.</param>
/// <param name="alignCorners">Whether the corner elements keep their positions, if bilinear.</param>
public sealed class Upsample(Pair? size = null, double scaleFactor = 1, Interpolation mode = Interpolation.Nearest,
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
/// Padding around the last axes: the numbers before and after the last axis, then those of the one before it, and so
/// on; or one number for all of them.
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

/// <summary>Pads sequences, (N, C, L), with a number.</summary>
public sealed class ConstantPad1d(int[] padding, double value) : Padding(1, padding, PadMode.Constant, value);
/// <summary>Pads images, (N, C, H, W), with a number.</summary>
public sealed class ConstantPad2d(int[] padding, double value) : Padding(2, padding, PadMode.Constant, value);
/// <summary>Pads images, (N, C, H, W), with zeros.</summary>
public sealed class ZeroPad2d(params int[] padding) : Padding(2, padding, PadMode.Constant);
/// <summary>Pads sequences, (N, C, L), with their mirror image, without the outermost element.</summary>
public sealed class ReflectionPad1d(params int[] padding) : Padding(1, padding, PadMode.Reflect);
/// <summary>Pads images, (N, C, H, W), with their mirror image, without the outermost elements.</summary>
public sealed class ReflectionPad2d(params int[] padding) : Padding(2, padding, PadMode.Reflect);
/// <summary>Pads sequences, (N, C, L), with their outermost element.</summary>
public sealed class ReplicationPad1d(params int[] padding) : Padding(1, padding, PadMode.Replicate);
/// <summary>Pads images, (N, C, H, W), with their outermost elements.</summary>
public sealed class ReplicationPad2d(params int[] padding) : Padding(2, padding, PadMode.Replicate);
/// <summary>Pads sequences, (N, C, L), with elements from their other end.</summary>
public sealed class CircularPad1d(params int[] padding) : Padding(1, padding, PadMode.Circular);
/// <summary>Pads images, (N, C, H, W), with elements from their other side.</summary>
public sealed class CircularPad2d(params int[] padding) : Padding(2, padding, PadMode.Circular);
