using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int ScannedTogether = 4;          // rows; each step of a row waits for the step before

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
            for (int row = from, rows; row < to; row += rows)
            {
                rows = y.DType == DType.Float32 && row + ScannedTogether <= to ? ScannedTogether : 1;
                if (y.DType == DType.Int64) Scan(f, ref Unsafe.Add(ref HostStorage.First<I64>(y), row * n), n);
                else if (rows == 1) Scan(f, ref Unsafe.Add(ref HostStorage.First<float>(y), row * n), n);
                else ScanTogether(f, ref Unsafe.Add(ref HostStorage.First<float>(y), row * n), n);
            }
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
    static void ScanTogether<F>(F f, ref float a, int n) where F : struct, IZip
    {
        ref float b = ref Unsafe.Add(ref a, n), c = ref Unsafe.Add(ref b, n), d = ref Unsafe.Add(ref c, n);
        double sumA = a, sumB = b, sumC = c, sumD = d;
        for (var i = 1; i < n; i++)
        {
            Next(f, ref sumA, ref Unsafe.Add(ref a, i));
            Next(f, ref sumB, ref Unsafe.Add(ref b, i));
            Next(f, ref sumC, ref Unsafe.Add(ref c, i));
            Next(f, ref sumD, ref Unsafe.Add(ref d, i));
        }
    }

    [MethodImpl(AggressiveOptimization)]
    static void Scan<F>(F f, ref float row, int n) where F : struct, IZip
    {
        double sum = row;
        for (var i = 1; i < n; i++) Next(f, ref sum, ref Unsafe.Add(ref row, i));
    }

    /// <summary>
    /// One step of a scan. The instructions that convert a single number wait for the last use of the register that
    /// they write, so numbers are converted as registers of which only the first element counts.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static void Next<F>(F f, ref double sum, ref float x) where F : struct, IZip
    {
        var wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(x)).ToScalar();
        sum = f.Apply(new F64(sum), new F64(wide)).Value;
        x = Sse2.IsSupported ? Sse2.ConvertToVector128Single(Vector128.CreateScalarUnsafe(sum)).ToScalar() : (float)sum;
    }
}
