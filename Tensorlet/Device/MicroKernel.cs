namespace Tensorlet;

/// <summary>
/// Rows at equal distances, each of which has elements at equal distances: an operand that is read in place, or
/// packed panels.
/// </summary>
/// <param name="first">The first element.</param>
/// <param name="down">The distance from one row to the next.</param>
/// <param name="along">The distance from one element of a row to the next element.</param>
/// <param name="next">The distance from the first panel to the panel that begins at row i, divided by i. For an
/// operand that is read in place, this is the distance from one row to the next.</param>
readonly ref struct Strided<T>(ref T first, nint down, nint along, nint next)
{
    readonly ref T first = ref first;
    public readonly nint Along = along;

    public ref T Row(int i) => ref Unsafe.Add(ref first, i * down);

    /// <summary>Returns the rows from row <paramref name="i"/> on.</summary>
    public Strided<T> From(int i) => new(ref Unsafe.Add(ref first, i * next), down, Along, next);
}

/// <summary>
/// The core of the matrix product c = a·b. A tile of c stays in registers while the loop goes along the summed axis.
/// There is a pointer for each row of a. For each offset along the summed axis, one or two registers of columns of b
/// are read. A tile of 8 rows by two registers of 512 bits, or of 4 rows by two registers of 256 bits, fills the
/// register file.
/// </summary>
static class MicroKernel<T> where T : unmanaged
{
    public static int Rows => Vector512.IsHardwareAccelerated ? 8 : 4;
    public static int Columns => Vector512.IsHardwareAccelerated ? 2 * Vector512<T>.Count : 2 * Vector256<T>.Count;

    /// <summary>
    /// Computes to[i·step + j] = Σₖ a[i, k] · b[offsets[k] + j]. If <paramref name="add"/> is true, adds this value
    /// to the number that is there already. If <paramref name="two"/> is true, b has two registers of columns: the
    /// left one is read from <paramref name="left"/>, and the right one from <paramref name="right"/>. Otherwise, b
    /// has a single register of columns, which is read from <paramref name="left"/>. If a has fewer rows than a tile,
    /// the last row of a is repeated.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static void Run(Strided<T> a, int rows, ref T left, ref T right, bool two, ReadOnlySpan<int> offsets,
        ref T to, nint step, bool add)
    {
        if (Vector512.IsHardwareAccelerated)
            if (two) Run512<Two>(a, rows, ref left, ref right, offsets, ref to, step, add);
            else Run512<One>(a, rows, ref left, ref right, offsets, ref to, step, add);
        else if (two) Run256<Two>(a, rows, ref left, ref right, offsets, ref to, step, add);
        else Run256<One>(a, rows, ref left, ref right, offsets, ref to, step, add);
    }

    /// <summary>The number of registers of columns that <see cref="RunThin"/> computes.</summary>
    public const int Thin = 4;

    /// <summary>
    /// Computes Σₖ a[0, k] · b[from + offsets[k] + j] for the columns j of four registers, each of which begins at its
    /// own position in b, and writes the four registers to <paramref name="to"/>.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void RunThin(Strided<T> a, ref T b, ReadOnlySpan<int> from, ReadOnlySpan<int> offsets, ref T to)
    {
        ref T x = ref a.Row(0), b0 = ref Unsafe.Add(ref b, from[0]), b1 = ref Unsafe.Add(ref b, from[1]);
        ref T b2 = ref Unsafe.Add(ref b, from[2]), b3 = ref Unsafe.Add(ref b, from[3]);
        Vector512<T> c0 = default, c1 = default, c2 = default, c3 = default;
        foreach (var offset in offsets)
        {
            var (row, at) = (Vector512.Create(x), (nuint)offset);
            c0 = Fma(row, Vector512.LoadUnsafe(ref b0, at), c0);
            c1 = Fma(row, Vector512.LoadUnsafe(ref b1, at), c1);
            c2 = Fma(row, Vector512.LoadUnsafe(ref b2, at), c2);
            c3 = Fma(row, Vector512.LoadUnsafe(ref b3, at), c3);
            x = ref Unsafe.Add(ref x, a.Along);
        }
        var n = (nuint)Vector512<T>.Count;
        c0.StoreUnsafe(ref to);
        c1.StoreUnsafe(ref to, n);
        c2.StoreUnsafe(ref to, 2 * n);
        c3.StoreUnsafe(ref to, 3 * n);
    }

    struct One;
    struct Two;

    [MethodImpl(AggressiveOptimization)]
    static void Run512<W>(Strided<T> a, int rows, ref T left, ref T right, ReadOnlySpan<int> offsets, ref T to,
        nint step, bool add)
    {
        var n = (nuint)Vector512<T>.Count;
        var two = typeof(W) == typeof(Two);
        var at = (nint)0;
        ref T a0 = ref a.Row(0), a1 = ref a.Row(Math.Min(1, rows - 1));
        ref T a2 = ref a.Row(Math.Min(2, rows - 1)), a3 = ref a.Row(Math.Min(3, rows - 1));
        ref T a4 = ref a.Row(Math.Min(4, rows - 1)), a5 = ref a.Row(Math.Min(5, rows - 1));
        ref T a6 = ref a.Row(Math.Min(6, rows - 1)), a7 = ref a.Row(Math.Min(7, rows - 1));
        Vector512<T> c00 = default, c01 = default, c10 = default, c11 = default,
            c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<T> c40 = default, c41 = default, c50 = default, c51 = default,
            c60 = default, c61 = default, c70 = default, c71 = default;
        foreach (var b in offsets)
        {
            Vector512<T> b0 = Vector512.LoadUnsafe(ref left, (nuint)b);
            var b1 = two ? Vector512.LoadUnsafe(ref right, (nuint)b) : default;
            var x = Vector512.Create(Unsafe.Add(ref a0, at)); c00 = Fma(x, b0, c00); if (two) c01 = Fma(x, b1, c01);
            x = Vector512.Create(Unsafe.Add(ref a1, at)); c10 = Fma(x, b0, c10); if (two) c11 = Fma(x, b1, c11);
            x = Vector512.Create(Unsafe.Add(ref a2, at)); c20 = Fma(x, b0, c20); if (two) c21 = Fma(x, b1, c21);
            x = Vector512.Create(Unsafe.Add(ref a3, at)); c30 = Fma(x, b0, c30); if (two) c31 = Fma(x, b1, c31);
            x = Vector512.Create(Unsafe.Add(ref a4, at)); c40 = Fma(x, b0, c40); if (two) c41 = Fma(x, b1, c41);
            x = Vector512.Create(Unsafe.Add(ref a5, at)); c50 = Fma(x, b0, c50); if (two) c51 = Fma(x, b1, c51);
            x = Vector512.Create(Unsafe.Add(ref a6, at)); c60 = Fma(x, b0, c60); if (two) c61 = Fma(x, b1, c61);
            x = Vector512.Create(Unsafe.Add(ref a7, at)); c70 = Fma(x, b0, c70); if (two) c71 = Fma(x, b1, c71);
            at += a.Along;
        }
        Put(c00, ref to, add); if (two) Put(c01, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c10, ref to, add); if (two) Put(c11, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c20, ref to, add); if (two) Put(c21, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c30, ref to, add); if (two) Put(c31, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c40, ref to, add); if (two) Put(c41, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c50, ref to, add); if (two) Put(c51, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c60, ref to, add); if (two) Put(c61, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c70, ref to, add); if (two) Put(c71, ref Unsafe.Add(ref to, n), add);
    }

    [MethodImpl(AggressiveInlining)]
    static void Put(Vector512<T> sum, ref T to, bool add) =>
        (add ? sum + Vector512.LoadUnsafe(ref to) : sum).StoreUnsafe(ref to);

    [MethodImpl(AggressiveOptimization)]
    static void Run256<W>(Strided<T> a, int rows, ref T left, ref T right, ReadOnlySpan<int> offsets, ref T to,
        nint step, bool add)
    {
        var n = (nuint)Vector256<T>.Count;
        var two = typeof(W) == typeof(Two);
        var at = (nint)0;
        ref T a0 = ref a.Row(0), a1 = ref a.Row(Math.Min(1, rows - 1));
        ref T a2 = ref a.Row(Math.Min(2, rows - 1)), a3 = ref a.Row(Math.Min(3, rows - 1));
        Vector256<T> c00 = default, c01 = default, c10 = default, c11 = default,
            c20 = default, c21 = default, c30 = default, c31 = default;
        foreach (var b in offsets)
        {
            Vector256<T> b0 = Vector256.LoadUnsafe(ref left, (nuint)b);
            var b1 = two ? Vector256.LoadUnsafe(ref right, (nuint)b) : default;
            var x = Vector256.Create(Unsafe.Add(ref a0, at)); c00 = Fma(x, b0, c00); if (two) c01 = Fma(x, b1, c01);
            x = Vector256.Create(Unsafe.Add(ref a1, at)); c10 = Fma(x, b0, c10); if (two) c11 = Fma(x, b1, c11);
            x = Vector256.Create(Unsafe.Add(ref a2, at)); c20 = Fma(x, b0, c20); if (two) c21 = Fma(x, b1, c21);
            x = Vector256.Create(Unsafe.Add(ref a3, at)); c30 = Fma(x, b0, c30); if (two) c31 = Fma(x, b1, c31);
            at += a.Along;
        }
        Put(c00, ref to, add); if (two) Put(c01, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c10, ref to, add); if (two) Put(c11, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c20, ref to, add); if (two) Put(c21, ref Unsafe.Add(ref to, n), add); to = ref Unsafe.Add(ref to, step);
        Put(c30, ref to, add); if (two) Put(c31, ref Unsafe.Add(ref to, n), add);
    }

    [MethodImpl(AggressiveInlining)]
    static void Put(Vector256<T> sum, ref T to, bool add) =>
        (add ? sum + Vector256.LoadUnsafe(ref to) : sum).StoreUnsafe(ref to);

    [MethodImpl(AggressiveInlining)]
    static Vector512<T> Fma(Vector512<T> x, Vector512<T> y, Vector512<T> z) => typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    static Vector256<T> Fma(Vector256<T> x, Vector256<T> y, Vector256<T> z) => typeof(T) == typeof(float)
        ? Vector256.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector256.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();
}
