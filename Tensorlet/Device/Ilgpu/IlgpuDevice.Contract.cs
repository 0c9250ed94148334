namespace Tensorlet;

sealed partial class IlgpuDevice
{
    const int GroupSize = 16 * 16, ManyGroups = 256, ShortestSegment = 256;

    public override void Contract(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        if (c.Numel == 0) return;
        if (a.Numel == 0) { Fill(new Tensor.Line(0, 0), c); return; }
        var (left, right, to) = (Fit(a, batch, batch + rows), Fit(b, batch, b.Rank - columns), Fit(c));
        switch (a.DType)
        {
            case DType.Bool: Flat<B8, F64, ByDouble<B8, F64>, ByDouble<F64, B8>>(left, right, to, batch, rows); break;
            case DType.Int64: Flat<I64, I64, Same<I64>, Same<I64>>(left, right, to, batch, rows); break;
            case DType.Float32 when WorthTiles(left, to, batch, rows):
                Tiled<F32, Square16,
                Strip16>(left, right, to, batch, rows); break;
            case DType.Float64 when WorthTiles(left, to, batch, rows):
                Tiled<F64, Square16,
                Strip16>(left, right, to, batch, rows); break;
            case DType.Float32:
                Flat<F32, F64, ByDouble<F32, F64>, ByDouble<F64, F32>>(left, right, to, batch, rows);
                break;
            default: Flat<F64, F64, Same<F64>, Same<F64>>(left, right, to, batch, rows); break;
        }
        KeepAlive(left, right);
        Finish(to, c);
    }

    /// <summary>The sizes of a product: how many batches, rows, columns and summed elements.</summary>
    static (int Batches, int Rows, int Columns, int Inner) Sizes(Tensor a, Tensor c, int batch, int rows) => (
        Layout.Product(c.Shape[..batch]), Layout.Product(c.Shape[batch..(batch + rows)]),
        Layout.Product(c.Shape[(batch + rows)..]), Layout.Product(a.Shape[(batch + rows)..]));

    bool WorthTiles(Tensor a, Tensor c, int batch, int rows)
    {
        if (inHostLoops || accelerator.MaxNumThreadsPerGroup < GroupSize) return false;
        var (_, m, n, k) = Sizes(a, c, batch, rows);
        return Math.Min(m, n) >= 4 && (long)m * n * k >= 1 << 14;
    }

    /// <summary>The two operands as matrices: a [batch, wide, inner], b [batch, inner, wide].</summary>
    static (Side<V>, Side<V>) Sides<V>(Tensor a, Tensor b, int batch, int rows) where V : unmanaged
    {
        int wide = batch + rows, inner = batch + a.Rank - wide;
        return (new(Memory<V>(a), Axes.Of(a.Layout, 0, batch, a.Layout.Offset), Axes.Of(a.Layout, batch, wide),
            Axes.Of(a.Layout, wide, a.Rank)),
            new(Memory<V>(b), Axes.Of(b.Layout, 0, batch, b.Layout.Offset), Axes.Of(b.Layout, inner, b.Rank),
                Axes.Of(b.Layout, batch, inner)));
    }

    void Flat<V, S, In, Out>(Tensor a, Tensor b, Tensor c, int batch, int rows)
        where V : unmanaged where S : unmanaged, IScalar<S> where In : struct, ICast<V, S> where Out
            : struct, ICast<S, V>
    {
        var (_, m, n, k) = Sizes(a, c, batch, rows);
        var (left, right) = Sides<V>(a, b, batch, rows);
        Launch(c.Numel, new ProductKernel<V, S, In, Out>(left, right, Strided<V>(c), m, n, k), k);
    }

    /// <summary>
    /// The product in tiles, transposed if it has fewer columns than rows. Where that gives few groups and sums are
    /// long, these are cut into segments.
    /// </summary>
    internal void Tiled<V, Square,
        Strip>(Tensor a, Tensor b, Tensor c, int batch, int rows, int manyGroups = ManyGroups,
        int shortest = ShortestSegment)
        where V : unmanaged, IScalar<V> where Square : struct, ITile where Strip : struct, ITile
    {
        var (batches, m, n, k) = Sizes(a, c, batch, rows);
        var (left, right) = Sides<V>(a, b, batch, rows);
        if (n < m)
        {
            ((left, m), (right, n)) = ((right, n), (left, m));
            int[] axes = [.. Enumerable.Range(0, c.Rank)];
            c = c.Permute([.. axes[..batch], .. axes[(batch + rows)..], .. axes[batch..(batch + rows)]]);
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
            new TiledProduct<V, T>(a, b, Strided<V>(result), batches, m, n, k, segment));
        if (segments > 1) Reduce(new Tensor.SumFormula(), result.Permute([.. Enumerable.Range(1, c.Rank), 0]), c);
        else Finish(result, c);
    }
}
