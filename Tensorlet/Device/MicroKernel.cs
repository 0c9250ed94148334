namespace Tensorlet;

/// <summary>
/// The heart of the product: a tile of the result held in registers while the summed axis is walked. a is packed as
/// [k][Rows]; of b two registers of columns are read at each of the offsets. 8 rows by two 512-bit registers, or 4 by
/// two of 256 bits, is what the register file holds.
/// </summary>
static class MicroKernel<T> where T : unmanaged
{
    public static int Rows => Vector512.IsHardwareAccelerated ? 8 : 4;
    public static int Columns => Vector512.IsHardwareAccelerated ? 2 * Vector512<T>.Count : 2 * Vector256<T>.Count;

    /// <summary>
    /// tile[i, j] = Σₖ a[k, i] · b[offsets[k] + j], the left half of the columns from one place, the right half from
    /// another.
    /// </summary>
    public static void Run(ref T a, ref T left, ref T right, ReadOnlySpan<int> offsets, ref T tile)
    {
        if (Vector512.IsHardwareAccelerated) Run512(ref a, ref left, ref right, offsets, ref tile);
        else Run256(ref a, ref left, ref right, offsets, ref tile);
    }

    static void Run512(ref T a, ref T left, ref T right, ReadOnlySpan<int> offsets, ref T tile)
    {
        var n = (nuint)Vector512<T>.Count;
        Vector512<T> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default,
            c30 = default, c31 = default;
        Vector512<T> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default,
            c70 = default, c71 = default;
        foreach (var at in offsets)
        {
            Vector512<T> b0 = Vector512.LoadUnsafe(ref left, (nuint)at),
                b1 = Vector512.LoadUnsafe(ref right, (nuint)at);
            var x = Vector512.Create(a); c00 = Fma(x, b0, c00); c01 = Fma(x, b1, c01);
            x = Vector512.Create(Unsafe.Add(ref a, 1)); c10 = Fma(x, b0, c10); c11 = Fma(x, b1, c11);
            x = Vector512.Create(Unsafe.Add(ref a, 2)); c20 = Fma(x, b0, c20); c21 = Fma(x, b1, c21);
            x = Vector512.Create(Unsafe.Add(ref a, 3)); c30 = Fma(x, b0, c30); c31 = Fma(x, b1, c31);
            x = Vector512.Create(Unsafe.Add(ref a, 4)); c40 = Fma(x, b0, c40); c41 = Fma(x, b1, c41);
            x = Vector512.Create(Unsafe.Add(ref a, 5)); c50 = Fma(x, b0, c50); c51 = Fma(x, b1, c51);
            x = Vector512.Create(Unsafe.Add(ref a, 6)); c60 = Fma(x, b0, c60); c61 = Fma(x, b1, c61);
            x = Vector512.Create(Unsafe.Add(ref a, 7)); c70 = Fma(x, b0, c70); c71 = Fma(x, b1, c71);
            a = ref Unsafe.Add(ref a, 8);
        }
        c00.StoreUnsafe(ref tile); c01.StoreUnsafe(ref tile, n); c10.StoreUnsafe(ref tile, 2 * n);
        c11.StoreUnsafe(ref tile, 3 * n);
        c20.StoreUnsafe(ref tile, 4 * n); c21.StoreUnsafe(ref tile, 5 * n); c30.StoreUnsafe(ref tile, 6 * n);
        c31.StoreUnsafe(ref tile, 7 * n);
        c40.StoreUnsafe(ref tile, 8 * n); c41.StoreUnsafe(ref tile, 9 * n); c50.StoreUnsafe(ref tile, 10 * n);
        c51.StoreUnsafe(ref tile, 11 * n);
        c60.StoreUnsafe(ref tile, 12 * n); c61.StoreUnsafe(ref tile, 13 * n); c70.StoreUnsafe(ref tile, 14 * n);
        c71.StoreUnsafe(ref tile, 15 * n);
    }

    static void Run256(ref T a, ref T left, ref T right, ReadOnlySpan<int> offsets, ref T tile)
    {
        var n = (nuint)Vector256<T>.Count;
        Vector256<T> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default,
            c30 = default, c31 = default;
        foreach (var at in offsets)
        {
            Vector256<T> b0 = Vector256.LoadUnsafe(ref left, (nuint)at),
                b1 = Vector256.LoadUnsafe(ref right, (nuint)at);
            var x = Vector256.Create(a); c00 = Fma(x, b0, c00); c01 = Fma(x, b1, c01);
            x = Vector256.Create(Unsafe.Add(ref a, 1)); c10 = Fma(x, b0, c10); c11 = Fma(x, b1, c11);
            x = Vector256.Create(Unsafe.Add(ref a, 2)); c20 = Fma(x, b0, c20); c21 = Fma(x, b1, c21);
            x = Vector256.Create(Unsafe.Add(ref a, 3)); c30 = Fma(x, b0, c30); c31 = Fma(x, b1, c31);
            a = ref Unsafe.Add(ref a, 4);
        }
        c00.StoreUnsafe(ref tile); c01.StoreUnsafe(ref tile, n); c10.StoreUnsafe(ref tile, 2 * n);
        c11.StoreUnsafe(ref tile, 3 * n);
        c20.StoreUnsafe(ref tile, 4 * n); c21.StoreUnsafe(ref tile, 5 * n); c30.StoreUnsafe(ref tile, 6 * n);
        c31.StoreUnsafe(ref tile, 7 * n);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<T> Fma(Vector512<T> x, Vector512<T> y, Vector512<T> z) => typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    static Vector256<T> Fma(Vector256<T> x, Vector256<T> y, Vector256<T> z) => typeof(T) == typeof(float)
        ? Vector256.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector256.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();
}
