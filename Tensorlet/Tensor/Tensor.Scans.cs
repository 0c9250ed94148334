namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>
    /// Returns y with y[…, j, …] = x[…, 0, …] ∘ … ∘ x[…, j, …] along an axis, where x is this tensor, and a ∘ b is
    /// <paramref name="f"/>(a, b), an associative scalar function of your own. Depending on the device and the type of
    /// the elements, the n elements along the axis are combined one after another, or in about 2·log₂ n steps with
    /// fewer than 2·n combinations in all (Brent and Kung 1982). Booleans are converted to Int64.
    /// </summary>
    /// <exception cref="IndexException">The axis does not exist.</exception>
    public Tensor Scan<F>(F f, int dim, string operation = "Scan") where F : struct, IZip
    {
        dim = Layout.Axis(operation.Given(), dim);
        var y = Counted().Clone();
        if (!Device.Scan(f, y, dim)) y.ScanPairs(f, dim);
        return y;
    }

    /// <summary>
    /// Scans this tensor in place. The elements are combined in pairs, and the results are scanned. Then the elements
    /// between two pairs are computed from the scanned results.
    /// </summary>
    void ScanPairs<F>(F f, int axis) where F : struct, IZip
    {
        var n = Layout.shape[axis];
        if (n < 2) return;
        Tensor first = Slice(axis, 0, n - 1, 2), second = Slice(axis, 1, step: 2);
        Device.Zip(f, first, second, second);
        second.ScanPairs(f, axis);
        Tensor before = Slice(axis, 1, n - 1, 2), between = Slice(axis, 2, step: 2);
        Device.Zip(f, before, between, between);
    }
}
