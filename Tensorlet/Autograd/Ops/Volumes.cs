namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// The adjoint of <see cref="Conv3d"/>, for an input (N, C, D, H, W) and a weight (C, O/groups, KD, KH, KW);
    /// see <see cref="ConvTranspose2d"/>.
    /// </summary>
    public static Variable ConvTranspose3d(Variable x, Variable weight, Variable? bias = null, Triple? stride = null,
        Triple? padding = null, Triple? outputPadding = null, Triple? dilation = null, int groups = 1) =>
        Spread("ConvTranspose3d", x, weight, bias, stride ?? 1, padding ?? 0, outputPadding ?? 0, dilation ?? 1,
            groups);

    /// <summary>
    /// The maximum of each window: (N, C, D, H, W) to (N, C, OD, OH, OW); see <see cref="MaxPool2d"/>.
    /// </summary>
    public static Variable MaxPool3d(Variable x, Triple kernelSize, Triple? stride = null, Triple? padding = null,
        Triple? dilation = null, bool ceilMode = false) =>
        MaxPool("MaxPool3d", x, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, ceilMode).Values;

    /// <summary>
    /// The mean of each window: (N, C, D, H, W) to (N, C, OD, OH, OW); see <see cref="AvgPool2d"/>.
    /// </summary>
    public static Variable AvgPool3d(Variable x, Triple kernelSize, Triple? stride = null, Triple? padding = null,
        bool ceilMode = false, bool countIncludePad = true) =>
        AvgPool("AvgPool3d", x, kernelSize, stride ?? kernelSize, padding ?? 0, ceilMode, countIncludePad);
}
