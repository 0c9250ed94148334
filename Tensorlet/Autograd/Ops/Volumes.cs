namespace Tensorlet;

public static partial class F
{
    /// <summary>
    /// Does for volumes what <see cref="ConvTranspose2d"/> does for images. <paramref name="x"/> has the shape (N, C,
    /// D, H, W): N samples with C channels, a depth D, a height H and a width W. <paramref name="weight"/> has the
    /// shape (C, O/groups, KD, KH, KW), where O is the number of output channels, and KD, KH and KW are the depth, the
    /// height and the width of a filter. The result has the shape (N, O, OD, OH, OW), where OD, OH and OW are computed
    /// as in <see cref="ConvTranspose2d"/>.
    /// </summary>
    public static Variable ConvTranspose3d(Variable x, Variable weight, Variable? bias = null, Triple? stride = null,
        Triple? padding = null, Triple? outputPadding = null, Triple? dilation = null, int groups = 1) =>
        Spread("ConvTranspose3d", x, weight, bias, stride ?? 1, padding ?? 0, outputPadding ?? 0, dilation ?? 1,
            groups);

    /// <summary>
    /// Returns the maximum of each window in each channel of the volumes <paramref name="x"/>, which have the shape
    /// (N, C, D, H, W): N samples with C channels, a depth D, a height H and a width W. The result has the shape
    /// (N, C, OD, OH, OW), where OD, OH and OW are the numbers of windows along the depth, the height and the width.
    /// See <see cref="MaxPool2d"/>.
    /// </summary>
    public static Variable MaxPool3d(Variable x, Triple kernelSize, Triple? stride = null, Triple? padding = null,
        Triple? dilation = null, bool ceilMode = false) =>
        MaxPool("MaxPool3d", x, kernelSize, stride ?? kernelSize, padding ?? 0, dilation ?? 1, ceilMode).Values;

    /// <summary>
    /// Returns the mean of each window in each channel of the volumes <paramref name="x"/>, which have the shape
    /// (N, C, D, H, W): N samples with C channels, a depth D, a height H and a width W. The result has the shape
    /// (N, C, OD, OH, OW), where OD, OH and OW are the numbers of windows along the depth, the height and the width.
    /// See <see cref="AvgPool2d"/>.
    /// </summary>
    public static Variable AvgPool3d(Variable x, Triple kernelSize, Triple? stride = null, Triple? padding = null,
        bool ceilMode = false, bool countIncludePad = true) =>
        AvgPool("AvgPool3d", x, kernelSize, stride ?? kernelSize, padding ?? 0, ceilMode, countIncludePad);
}
