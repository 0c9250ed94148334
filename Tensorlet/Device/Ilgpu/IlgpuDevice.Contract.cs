namespace Tensorlet;

sealed partial class IlgpuDevice
{
    const int GroupSize = 16 * 16, ManyGroups = 256, ShortestSegment = 256, TiledFrom = 1 << 14;

    internal override void ContractCore(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        var (left, right, to) = (Fit(a, batch, batch + rows), Fit(b, batch, b.Rank - columns), Fit(c));
        var tiles = WorthTiles(left, to, batch, rows);
        if (tiles && a.DType == DType.Float32) Tiled<F32, Square16, Strip16>(left, right, to, batch, rows);
        else if (tiles && a.DType == DType.Float64) Tiled<F64, Square16, Strip16>(left, right, to, batch, rows);
        else a.DType.Run(new Multiplying(this, left, right, to, batch, rows));
        KeepAlive(left, right);
        Finish(to, c);
    }

    readonly struct Multiplying(IlgpuDevice device, Tensor a, Tensor b, Tensor c, int batch, int rows) : IForType
    {
        void IForType.Run<V>()
        {
            if (typeof(V) == typeof(I64)) Flat<I64, I64, Same<I64>, Same<I64>>();
            else Flat<V, F64, ByDouble<V, F64>, ByDouble<F64, V>>();
        }

        void Flat<V, S, In, Out>() where V : unmanaged where S : unmanaged, IScalar<S>
            where In : struct, ICast<V, S> where Out : struct, ICast<S, V>
        {
            var (_, m, n, k) = Sizes(a, c, batch, rows);
            var (left, right) = Sides<V>(a, b, batch, rows);
            device.Launch(c.Numel, new ProductKernel<V, S, In, Out>(left, right, Of<V>(c), m, n, k), k);
        }
    }

    /// <summary>Returns the sizes of a product: the numbers of batches, rows, columns and summed elements.</summary>
    static (int Batches, int Rows, int Columns, int Inner) Sizes(Tensor a, Tensor c, int batch, int rows) => (
        c.Layout[..batch].Count, c.Layout[batch..(batch + rows)].Count,
        c.Layout[(batch + rows)..].Count, a.Layout[(batch + rows)..].Count);

    bool WorthTiles(Tensor a, Tensor c, int batch, int rows)
    {
        var (_, m, n, k) = Sizes(a, c, batch, rows);
        return !inHostLoops && accelerator.MaxNumThreadsPerGroup >= GroupSize
            && Math.Min(m, n) >= 4 && (long)m * n * k >= TiledFrom;
    }

    /// <summary>
    /// Returns the two operands as matrices: a is [batch, wide, inner], and b is [batch, inner, wide].
    /// </summary>
    static (Side<V>, Side<V>) Sides<V>(Tensor a, Tensor b, int batch, int rows) where V : unmanaged
    {
        int wide = batch + rows, inner = batch + a.Rank - wide;
        return (Side(a, batch..wide, wide..), Side(b, inner.., batch..inner));

        Side<V> Side(Tensor x, Range wide, Range inner) =>
            new(MemoryOf<V>(x), new(x.Layout[..batch], x.Layout.Offset), new(x.Layout[wide]), new(x.Layout[inner]));
    }

    /// <summary>
    /// Computes the product in tiles. If the result has fewer columns than rows, the transposed product is
    /// computed. If there are few groups of threads and the sums are long, the sums are cut into segments.
    /// </summary>
    internal void Tiled<V, Square, Strip>(Tensor a, Tensor b, Tensor c, int batch, int rows,
        int manyGroups = ManyGroups, int shortest = ShortestSegment)
        where V : unmanaged, IScalar<V> where Square : struct, ITile where Strip : struct, ITile
    {
        var (batches, m, n, k) = Sizes(a, c, batch, rows);
        var (left, right) = Sides<V>(a, b, batch, rows);
        if (n < m)
        {
            ((left, m), (right, n)) = ((right, n), (left, m));
            c = c.Permute(Layout.GroupsSwapped(batch, rows, c.Rank - batch - rows));
        }
        if (m <= Square.Size) Tiled<V, Strip>(left, right, c, batches, m, n, k, manyGroups, shortest);
        else Tiled<V, Square>(left, right, c, batches, m, n, k, manyGroups, shortest);
    }

    void Tiled<V, T>(Side<V> a, Side<V> b, Tensor c, int batches, int m, int n, int k, int manyGroups, int shortest)
        where V : unmanaged, IScalar<V> where T : struct, ITile
    {
        var segments = Math.Clamp(manyGroups / TiledProduct<V, T>.Groups(1, batches, m, n), 1,
            Math.Max(1, k / shortest));
        var segment = (k + segments - 1) / segments;
        var result = segments == 1 ? Fit(c) : Tensor.Empty([segments, .. c.Shape], c.DType, this);
        LaunchGroups(TiledProduct<V, T>.Groups(segments, batches, m, n), T.Size * T.Size,
            new TiledProduct<V, T>(a, b, Of<V>(result), batches, m, n, k, segment));
        if (segments > 1) Reduce(new Tensor.AddFormula(), result.Permute([.. Enumerable.Range(1, c.Rank), 0]), c);
        else Finish(result, c);
    }
}
