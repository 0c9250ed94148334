using ILGPU;

namespace Tensorlet;

/// <summary>
/// The shape of a tile of the result: the number of threads along each side of the tile (<see cref="Size"/>), and
/// the number of rows that each thread computes (<see cref="Down"/>). Each thread computes four columns.
/// </summary>
interface ITile
{
    static abstract int Size { get; }

    /// <summary>The number of rows for each thread: four, or one if the result has few rows.</summary>
    static abstract int Down { get; }
}

/// <summary>A tile of 64 rows and 64 columns.</summary>
readonly struct Square16 : ITile
{
    public static int Size => 16;
    public static int Down => 4;
}

/// <summary>A tile of 16 rows and 64 columns.</summary>
readonly struct Strip16 : ITile
{
    public static int Size => 16;
    public static int Down => 1;
}

/// <summary>
/// The matrix product c = a·b on a GPU. A group of S×S threads, where S is the size of the tile
/// <typeparamref name="T"/>, computes 4S×4S elements of c, and each thread computes 4×4 of these elements. If c has
/// few rows, a group computes S×4S elements, and each thread computes 1×4 of them. The summed axis is divided into
/// slabs of S elements, which are read one after another. Each slab is read through the layouts once, into memory
/// that the group shares. From there, each number is used up to 4S times. The offsets of rows and columns are
/// computed before the loop. The offsets along the summed axis are computed once for each slab.
/// </summary>
/// <remarks>
/// If the sum is long and the result is small, the sum is cut into segments, each with a result of its own: c has
/// the shape [segments, batch, rows, columns], and is summed over the segments afterwards.
/// </remarks>
readonly struct TiledProduct<V, T>(
    Side<V> a, Side<V> b, View<V> c, int batches, int rows, int columns, int inner, int segment) : IGroupKernel
    where V : unmanaged, IScalar<V> where T : struct, ITile
{
    const int Across = 4;                       // columns for each thread

    static int Height => T.Down * T.Size;
    static int Width => Across * T.Size;

    public static int Groups(int segments, int batches, int rows, int columns) =>
        segments * batches * Cover(rows, Height) * Cover(columns, Width);

    static int Cover(int size, int tile) => (size + tile - 1) / tile;

    public void Run()
    {
        var tileA = SharedMemory.Allocate<V>(T.Size * T.Down * T.Size);     // [k, row]
        var tileB = SharedMemory.Allocate<V>(T.Size * Across * T.Size);     // [k, column]
        int x = Group.IdxX % T.Size, y = Group.IdxX / T.Size, down = Cover(rows, Height),
            across = Cover(columns, Width);
        int column = Grid.IdxX % across * Width, row = Grid.IdxX / across % down * Height;
        int part = Grid.IdxX / across / down, batch = part % batches, from = part / batches * segment,
            to = IntrinsicMath.Min(from + segment, inner);

        // While loading, neighbouring threads (which differ in x) go along the axis on which elements are
        // neighbours in memory.
        int rowA = a.AlongInner ? y : x, kA = a.AlongInner ? x : y;
        int columnB = b.AlongInner ? y : x, kB = b.AlongInner ? x : y;
        var placesA = new Places(a, batch, row + rowA, rows);
        var placesB = new Places(b, batch, column + columnB, columns);

        Four<V> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (var k = from; k < to; k += T.Size)
        {
            placesA.Load(a, k + kA, to, tileA, kA * Height + rowA, T.Down);
            placesB.Load(b, k + kB, to, tileB, kB * Width + columnB, Across);
            Group.Barrier();
            for (var q = 0; q < T.Size; q++)
            {
                var right = new Four<V>(tileB, q * Width + x, T.Size);
                var left = q * Height + y;
                sum0 = sum0.Plus(tileA[left], right);
                if (T.Down == 1) continue;
                sum1 = sum1.Plus(tileA[left + T.Size], right);
                sum2 = sum2.Plus(tileA[left + 2 * T.Size], right);
                sum3 = sum3.Plus(tileA[left + 3 * T.Size], right);
            }
            Group.Barrier();
        }
        Store(sum0, part, row + y, column + x);
        if (T.Down == 1) return;
        Store(sum1, part, row + y + T.Size, column + x);
        Store(sum2, part, row + y + 2 * T.Size, column + x);
        Store(sum3, part, row + y + 3 * T.Size, column + x);
    }

    void Store(Four<V> sum, int part, int row, int column)
    {
        if (row >= rows) return;
        var first = (part * rows + row) * columns;
        if (column < columns) c[first + column] = sum.V0;
        if (column + T.Size < columns) c[first + column + T.Size] = sum.V1;
        if (column + 2 * T.Size < columns) c[first + column + 2 * T.Size] = sum.V2;
        if (column + 3 * T.Size < columns) c[first + column + 3 * T.Size] = sum.V3;
    }

    /// <summary>
    /// The offsets of the four rows (or columns) that a thread loads; −1 for a row (or column) that does not exist.
    /// </summary>
    readonly struct Places(Side<V> side, int batch, int first, int count)
    {
        readonly int p0 = Place(side, batch, first, count), p1 = Place(side, batch, first + T.Size, count);
        readonly int p2 = Place(side, batch, first + 2 * T.Size, count),
            p3 = Place(side, batch, first + 3 * T.Size, count);

        static int Place(Side<V> side, int batch, int i, int count) =>
            i < count ? side.Batch(batch) + side.Wide(i) : -1;

        public void Load(Side<V> side, int k, int end, ArrayView<V> tile, int to, int each)
        {
            var inside = k < end;
            var at = inside ? side.Inner(k) : 0;
            tile[to] = inside && p0 >= 0 ? side[p0 + at] : V.Of(0);
            if (each == 1) return;
            tile[to + T.Size] = inside && p1 >= 0 ? side[p1 + at] : V.Of(0);
            tile[to + 2 * T.Size] = inside && p2 >= 0 ? side[p2 + at] : V.Of(0);
            tile[to + 3 * T.Size] = inside && p3 >= 0 ? side[p3 + at] : V.Of(0);
        }
    }
}

/// <summary>Four numbers in registers.</summary>
readonly struct Four<V>(V v0, V v1, V v2, V v3) where V : unmanaged, IScalar<V>
{
    public readonly V V0 = v0, V1 = v1, V2 = v2, V3 = v3;

    /// <summary>Reads four elements of a tile, at a distance of <paramref name="step"/> from one to the next.</summary>
    public Four(ArrayView<V> tile, int first, int step)
        : this(tile[first], tile[first + step], tile[first + 2 * step], tile[first + 3 * step]) { }

    /// <summary>Returns this + a·b.</summary>
    public Four<V> Plus(V a, Four<V> b) => new(V0 + a * b.V0, V1 + a * b.V1, V2 + a * b.V2, V3 + a * b.V3);
}
