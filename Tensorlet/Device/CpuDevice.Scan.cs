namespace Tensorlet;

public sealed partial class CpuDevice
{
    /// <summary>
    /// Scans rows element by element if the elements of a row are neighbours in memory. Floats are computed in
    /// double. This takes fewer steps than combining pairs of elements, and its rounding errors are smaller.
    /// </summary>
    internal override bool Scan<F>(F f, Tensor y, int axis)
    {
        var n = y.Shape[axis];
        if (y.DType == DType.Float64 || n < 2 || y.Layout.Strides[axis] != 1 || y.Numel == 0) return false;
        Share(y.Numel / n, Math.Max(1, Piece / n), y.Numel, (from, to) =>
        {
            for (var row = from; row < to; row++)
                if (y.DType == DType.Int64) Scan(f, ref Unsafe.Add(ref HostStorage.First<I64>(y), row * n), n);
                else Scan(f, ref Unsafe.Add(ref HostStorage.First<float>(y), row * n), n);
        });
        KeepAlive(y);
        return true;
    }

    [MethodImpl(AggressiveOptimization)]
    static void Scan<F>(F f, ref I64 row, int n) where F : struct, IZip
    {
        var sum = row;
        for (var i = 1; i < n; i++) Unsafe.Add(ref row, i) = sum = f.Apply(sum, Unsafe.Add(ref row, i));
    }

    [MethodImpl(AggressiveOptimization)]
    static void Scan<F>(F f, ref float row, int n) where F : struct, IZip
    {
        var sum = new F64(row);
        for (var i = 1; i < n; i++)
        {
            sum = f.Apply(sum, new F64(Unsafe.Add(ref row, i)));
            Unsafe.Add(ref row, i) = (float)sum.Value;
        }
    }
}
