using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

public sealed partial class CpuDevice
{
    const int SquareSide = 8;      // elements along each side of a square that is transposed

    internal override void CopyCore(Tensor x, Tensor y)
    {
        if (x.DType != y.DType && x.IsContiguous && y.IsContiguous)
            Share(x.Numel, Piece, x.Numel, [x, y], default(Conversion));
        else if (x.DType != y.DType) Apply<Of1<IdentityFormula>, double>(default, [x, y]);
        else if (x.DType.Size() == 1) Copy<byte>(x, y);
        else if (x.DType.Size() == 4) Copy<float>(x, y);
        else Copy<double>(x, y);
    }

    readonly unsafe struct Conversion : IPinned
    {
        void IPinned.Run(Line* lines, int from, int to) =>
            Operands.Convert(lines[0].At(from), lines[1].At(from), to - from);
    }

    void Copy<T>(Tensor x, Tensor y) where T : unmanaged
    {
        var walk = new Walk(x.Layout, y.Layout);
        var along = walk.Strides(0).IndexOf(1);
        if (along >= 0 && along < walk.Shape.Length - 1 && walk.Step(1) == 1 && walk.Shape[along] >= Short
            && walk.Length >= Short)
        {
            CopySquares<T>(x, y, walk, along);
            return;
        }
        if (typeof(T) == typeof(float) && Avx.IsSupported && walk.Length == 2 && walk.Step(1) == 1
            && walk.Next(0) == 1 && walk.Next(1) == 2)
        {
            CopyPairs(x, y, walk);
            return;
        }
        walk = LongRows(x, y, walk);
        if (x.Numel < WorthThreads) CopyRows<T>(x, y, walk, 0, walk.Rows);
        else
            Share(walk.Rows, Math.Max(1, Piece / walk.Length), x.Numel, (from, to) =>
                CopyRows<T>(x, y, walk, from, to));
    }

    [MethodImpl(AggressiveOptimization)]
    static void CopyRows<T>(Tensor x, Tensor y, Walk walk, int from, int to) where T : unmanaged
    {
        ref T source = ref HostStorage.First<T>(x), target = ref HostStorage.First<T>(y);
        int length = walk.Length, sx = walk.Step(0), sy = walk.Step(1);
        int nextX = walk.Next(0), nextY = walk.Next(1);
        foreach (var (at, rows) in walk.Stretches(from, to, walk.Shape.Length - 2))
        {
            ref T first = ref Unsafe.Add(ref source, at[0]), into = ref Unsafe.Add(ref target, at[1]);
            for (var row = 0; row < rows; row++)
            {
                CopyRow(ref first, sx, ref into, sy, length);
                first = ref Unsafe.Add(ref first, nextX);
                into = ref Unsafe.Add(ref into, nextY);
            }
        }
    }

    /// <summary>Copies a row of numbers to another row, with the given distances between neighbours.</summary>
    [MethodImpl(AggressiveInlining)]
    static void CopyRow<T>(ref T from, int sx, ref T to, int sy, int length) where T : unmanaged
    {
        if (sx == 1 && sy == 1 && length >= Short)
        {
            MemoryMarshal.CreateReadOnlySpan(ref from, length).CopyTo(MemoryMarshal.CreateSpan(ref to, length));
            return;
        }
        var i = 0;
        if (sx == 2 && sy == 1 && typeof(T) == typeof(float))
            i = Panels.CopyEverySecond(ref Unsafe.As<T, float>(ref from), ref Unsafe.As<T, float>(ref to), length,
                beyond: false);
        for (; i < length; i++) Unsafe.Add(ref to, i * sy) = Unsafe.Add(ref from, i * sx);
    }

    /// <summary>
    /// Copies pairs of rows of x, whose elements alternate in y, as after a convolution with stride 2 in its backward
    /// pass.
    /// </summary>
    void CopyPairs(Tensor x, Tensor y, Walk walk)
    {
        var (length, pairs) = (walk.Shape[^2], walk.Rows / walk.Shape[^2]);
        Share(pairs, Math.Max(1, Piece / (2 * length)), x.Numel, [MethodImpl(AggressiveOptimization)] (from, to) =>
        {
            ref float source = ref HostStorage.First<float>(x), target = ref HostStorage.First<float>(y);
            foreach (var at in new Walk.Places(walk, from, to, walk.Shape.Length - 2))
            {
                ref float first = ref Unsafe.Add(ref source, at[0]), into = ref Unsafe.Add(ref target, at[1]);
                ref float second = ref Unsafe.Add(ref first, walk.Step(0));
                var i = 0;
                for (; i <= length - Vector256<float>.Count; i += Vector256<float>.Count)
                {
                    var a = Vector256.LoadUnsafe(ref first, (nuint)i);
                    var b = Vector256.LoadUnsafe(ref second, (nuint)i);
                    Put(Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b), ref Unsafe.Add(ref into, 2 * i),
                        Vector256<float>.Count);
                }
                for (; i < length; i++)
                {
                    Unsafe.Add(ref into, 2 * i) = Unsafe.Add(ref first, i);
                    Unsafe.Add(ref into, 2 * i + 1) = Unsafe.Add(ref second, i);
                }
            }
        });
    }

    /// <summary>
    /// Copies x to y square by square, if neighbours in memory are along one axis in x and along a different axis
    /// in y. In this way, each cache line that is read or written is used completely while it is in the cache.
    /// </summary>
    void CopySquares<T>(Tensor x, Tensor y, Walk walk, int along) where T : unmanaged
    {
        int[] others = [.. Enumerable.Range(0, walk.Shape.Length - 1).Where(a => a != along)];
        int[] fromX = Offsets(0), fromY = Offsets(1);
        var (rows, down, right) = (walk.Shape[along], walk.Strides(1)[along], walk.Step(0));
        var bands = (rows + SquareSide - 1) / SquareSide;
        Share(fromX.Length * bands, Math.Max(1, Piece / (SquareSide * walk.Length)), x.Numel,
            [MethodImpl(AggressiveOptimization)] (from, to) =>
        {
            ref T source = ref HostStorage.First<T>(x), target = ref HostStorage.First<T>(y);
            for (var band = from; band < to; band++)
            {
                var (other, i) = (band / bands, band % bands * SquareSide);
                ref var first = ref Unsafe.Add(ref source, fromX[other] + i);
                ref var into = ref Unsafe.Add(ref target, fromY[other] + i * down);
                for (var j = 0; j < walk.Length; j += SquareSide)
                    CopySquare(ref Unsafe.Add(ref first, j * right), right, ref Unsafe.Add(ref into, j), down,
                        Math.Min(SquareSide, rows - i), Math.Min(SquareSide, walk.Length - j));
            }
        });

        int[] Offsets(int operand) => new Layout([.. others.Select(a => walk.Shape[a])],
            [.. others.Select(a => walk.Strides(operand)[a])], 0).Offsets();
    }

    [MethodImpl(AggressiveOptimization)]
    static void CopySquare<T>(ref T x, int right, ref T y, int down, int rows, int columns)
    {
        if (Unsafe.SizeOf<T>() == sizeof(float) && Avx.IsSupported && rows == SquareSide && columns == SquareSide)
        {
            CopySquare(ref Unsafe.As<T, float>(ref x), right, ref Unsafe.As<T, float>(ref y), down);
            return;
        }
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++) Unsafe.Add(ref y, i * down + j) = Unsafe.Add(ref x, i + j * right);
    }

    /// <summary>
    /// Transposes a square in eight registers of eight floats: first single floats change places, then pairs of
    /// floats, then halves of registers.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static void CopySquare(ref float x, int right, ref float y, int down)
    {
        Pairs(ref x, right, out var a0, out var a1, out var a2, out var a3);
        Pairs(ref Unsafe.Add(ref x, 4 * right), right, out var b0, out var b1, out var b2, out var b3);
        Put(a0, b0, ref y, 4 * down);
        Put(a1, b1, ref Unsafe.Add(ref y, down), 4 * down);
        Put(a2, b2, ref Unsafe.Add(ref y, 2 * down), 4 * down);
        Put(a3, b3, ref Unsafe.Add(ref y, 3 * down), 4 * down);

        // the parts of rows i and i + 4 of the result that come from four rows of x
        [MethodImpl(AggressiveInlining)]
        static void Pairs(ref float x, int right, out Vector256<float> p, out Vector256<float> q,
            out Vector256<float> r, out Vector256<float> s)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref x), b = Vector256.LoadUnsafe(ref x, (nuint)right);
            var c = Vector256.LoadUnsafe(ref x, (nuint)(2 * right));
            var d = Vector256.LoadUnsafe(ref x, (nuint)(3 * right));
            Vector256<float> ab0 = Avx.UnpackLow(a, b), ab1 = Avx.UnpackHigh(a, b);
            Vector256<float> cd0 = Avx.UnpackLow(c, d), cd1 = Avx.UnpackHigh(c, d);
            (p, q) = (Avx.Shuffle(ab0, cd0, 0x44), Avx.Shuffle(ab0, cd0, 0xEE));
            (r, s) = (Avx.Shuffle(ab1, cd1, 0x44), Avx.Shuffle(ab1, cd1, 0xEE));
        }
    }

    /// <summary>
    /// Writes the first halves of two registers, and writes the second halves <paramref name="further"/> floats later.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static void Put(Vector256<float> first, Vector256<float> second, ref float to, int further)
    {
        Avx.Permute2x128(first, second, 0x20).StoreUnsafe(ref to);
        Avx.Permute2x128(first, second, 0x31).StoreUnsafe(ref to, (nuint)further);
    }
}
