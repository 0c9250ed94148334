namespace Tensorlet.Nn;

/// <summary>A function of the input, with arguments that are shown.</summary>
public abstract class Simple(Func<Variable, Variable> f, Func<string>? arguments = null) : Module
{
    /// <inheritdoc/>
    public sealed override Variable Forward(Variable x) => f(x.Given());
    /// <inheritdoc/>
    protected sealed override string Arguments => arguments?.Invoke() ?? "";

    private protected static string Pooled(object kernel, object stride, object padding, bool ceilMode) =>
        $"kernel_size={kernel}, stride={stride}, padding={padding}{(ceilMode ? ", ceil_mode=True" : "")}";
}

/// <summary>The largest of each window: (N, C, L) to (N, C, OL).</summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">How far apart neighbouring windows are; their size if not given.</param>
/// <param name="padding">What is put around the input, and is never the largest.</param>
/// <param name="dilation">How far apart the elements of a window are.</param>
/// <param name="ceilMode">Whether a last window may reach beyond the input.</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1,
    bool ceilMode = false)
    : Simple(x => F.MaxPool1d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The largest of each window: (N, C, H, W) to (N, C, OH, OW).</summary>
/// <inheritdoc cref="MaxPool1d"/>
public sealed class MaxPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, Pair? dilation = null,
    bool ceilMode = false)
    : Simple(x => F.MaxPool2d(x, kernelSize, stride, padding, dilation, ceilMode),
        () => Pooled(kernelSize, stride ?? kernelSize, padding, ceilMode));

/// <summary>The mean of each window: (N, C, L) to (N, C, OL).</summary>
/// <param name="kernelSize">The size of a window.</param>
/// <param name="stride">How far apart neighbouring windows are; their size if not given.</param>
/// <param name="padding">Zeros put around the input.</param>
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

/// <summary>The mean of each of (OH, OW) parts that cover the image: (…, H, W) to (…, OH, OW).</summary>
public sealed class AdaptiveAvgPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveAvgPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>The largest of each of (OH, OW) parts that cover the image: (…, H, W) to (…, OH, OW).</summary>
public sealed class AdaptiveMaxPool2d(Pair outputSize)
    : Simple(x => F.AdaptiveMaxPool2d(x, outputSize), () => $"output_size={outputSize}");

/// <summary>Images in another size: (…, H, W) to (…, OH, OW).</summary>
/// <param name="size">(OH, OW); or give the factor.</param>
/// <param name="scaleFactor">How many times as high and wide, rounded down.</param>
/// <param name="mode">How numbers between are found.</param>
/// <param name="alignCorners">Whether the corner elements keep their places, when bilinear.</param>
public sealed class Upsample(Pair? size = null, double scaleFactor = 1, Interpolation mode = Interpolation.Nearest,
    bool alignCorners = false)
    : Simple(x => F.Interpolate(x, size ?? new(Scaled(x, -2, scaleFactor), Scaled(x, -1, scaleFactor)), mode,
        alignCorners), () => (size is { } s ? $"size={s}" : $"scale_factor={Python.Show(scaleFactor)}") +
        $", mode={Python.Show(mode.ToString())}")
{
    static int Scaled(Variable x, int axis, double factor) => Layout.Fitting("Upsample", (long)(x.Size(axis) * factor));
}

/// <summary>
/// Something around the last axes, given as the numbers before and after the last one, the one before it, and so on; or
/// one number for all of them.
/// </summary>
public abstract class Padding(int axes, int[] padding, PadMode mode, double value = 0)
    : Simple(Around(Filled(axes, padding), mode, value), () => Layout.Show(Filled(axes, padding)) +
        (mode == PadMode.Constant && value != 0 ? $", value={Python.Show(value)}" : ""))
{
    static Func<Variable, Variable> Around(int[] padding, PadMode mode, double value) =>
        x => F.Pad(x, padding, mode, value);

    static int[] Filled(int axes, int[] padding) => padding.Given().Length == 2 * axes ? padding
        : padding is [var all] ? [.. Enumerable.Repeat(all, 2 * axes)] : throw new ShapeException(
            $"Padding: {Layout.Show(padding)} is neither one number nor {2 * axes}, before and after an axis.");
}

/// <summary>A number around sequences, (N, C, L).</summary>
public sealed class ConstantPad1d(int[] padding, double value) : Padding(1, padding, PadMode.Constant, value);
/// <summary>A number around images, (N, C, H, W).</summary>
public sealed class ConstantPad2d(int[] padding, double value) : Padding(2, padding, PadMode.Constant, value);
/// <summary>Zeros around images, (N, C, H, W).</summary>
public sealed class ZeroPad2d(params int[] padding) : Padding(2, padding, PadMode.Constant);
/// <summary>Sequences, (N, C, L), continued by their mirror image without the outermost element.</summary>
public sealed class ReflectionPad1d(params int[] padding) : Padding(1, padding, PadMode.Reflect);
/// <summary>Images, (N, C, H, W), continued by their mirror image without the outermost elements.</summary>
public sealed class ReflectionPad2d(params int[] padding) : Padding(2, padding, PadMode.Reflect);
/// <summary>Sequences, (N, C, L), continued by their outermost element.</summary>
public sealed class ReplicationPad1d(params int[] padding) : Padding(1, padding, PadMode.Replicate);
/// <summary>Images, (N, C, H, W), continued by their outermost elements.</summary>
public sealed class ReplicationPad2d(params int[] padding) : Padding(2, padding, PadMode.Replicate);
/// <summary>Sequences, (N, C, L), continued from their other end.</summary>
public sealed class CircularPad1d(params int[] padding) : Padding(1, padding, PadMode.Circular);
/// <summary>Images, (N, C, H, W), continued from their other side.</summary>
public sealed class CircularPad2d(params int[] padding) : Padding(2, padding, PadMode.Circular);
