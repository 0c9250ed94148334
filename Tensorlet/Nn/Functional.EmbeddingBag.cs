namespace Tensorlet;

/// <summary>How the rows of a bag are reduced to a single row.</summary>
public enum BagMode
{
    /// <summary>The sum of the rows.</summary>
    Sum,
    /// <summary>The mean of the rows.</summary>
    Mean,
    /// <summary>The maximum of the rows, element by element.</summary>
    Max,
}

public static partial class F
{
    /// <summary>
    /// Looks up rows of a table by their indices, which are divided into N bags, and reduces the rows of each bag to a
    /// single row. The result has the shape (N, D), where D is the size of a row. For an empty bag, the result is a row
    /// of zeros.
    /// </summary>
    /// <param name="index">The indices, as Int64 from 0 to V − 1. If <paramref name="offsets"/> are not given, the
    /// indices have the shape (N, B), for N bags of B indices each. If <paramref name="offsets"/> are given, the
    /// indices of all bags follow one another along a single axis.</param>
    /// <param name="weight">The table, of shape (V, D), where V is the number of rows and D is the size of a
    /// row.</param>
    /// <param name="offsets">The positions in <paramref name="index"/> at which the bags begin, of shape (N). They are
    /// given only if the indices of all bags follow one another along a single axis.</param>
    /// <param name="mode">How the rows of a bag are reduced.</param>
    /// <param name="paddingIdx">The index of a row that is left out of the reduction. A negative index is counted from
    /// the end of the table.</param>
    /// <exception cref="ShapeException">The shapes do not fit together; or the first offset is not 0; or an offset is
    /// smaller than the previous offset, or larger than the number of indices.</exception>
    /// <exception cref="IndexException">An index or the padding index is not the index of a row of the
    /// table.</exception>
    public static Variable EmbeddingBag(Tensor index, Variable weight, Tensor? offsets = null,
        BagMode mode = BagMode.Mean, int? paddingIdx = null)
    {
        if (weight.Given().Rank != 2 || index.Given().Rank != (offsets is null ? 2 : 1) || offsets is { Rank: not 1 })
            throw new ShapeException($"EmbeddingBag: a table {weight.Data.Layout} and indices {index.Layout} must be " +
                "(V, D) and (N, B); or, with offsets, indices and offsets have one axis.");
        index.OnlyType("EmbeddingBag: the indices", DType.Int64);
        return Named(() =>
        {
            var absent = Tensor.Zeros(index.Size(), DType.Bool, index.Device);
            if (offsets is not null) (index, absent) = Bags(index.ToArray<long>(), offsets);
            if (paddingIdx is { } row)
                absent |= index.Eq(weight.Data.Layout.Index("EmbeddingBag", 0, row));
            var rows = weight.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, weight.Size(1)]);
            var outside = absent.Unsqueeze(-1);
            if (mode == BagMode.Max && index.Size(1) > 0)
                return rows.MaskedFill(outside, double.NegativeInfinity).Max(1).Values.MaskedFill(outside.All([1]), 0);
            var sum = rows.MaskedFill(outside, 0).Sum(1);
            return mode == BagMode.Mean ? sum / (!outside).Sum([1]).Clamp(min: 1).To(sum.DType) : sum;
        });

        // a row of indices for each bag, as long as the longest bag, and a mask of the positions that are not in
        // the bag
        (Tensor, Tensor) Bags(long[] all, Tensor offsets)
        {
            long[] bounds = [.. offsets.OnlyType("EmbeddingBag: the offsets", DType.Int64).ToArray<long>(), all.Length];
            var sizes = bounds.Zip(bounds.Skip(1), (from, to) => to - from).ToArray();
            if (bounds[0] != 0 || sizes.Any(size => size < 0))
                throw new ShapeException($"EmbeddingBag: offsets [{string.Join(", ", bounds[..^1])}] must ascend " +
                    $"from 0 to {all.Length} at most.");
            var most = sizes.Append(0).Max();
            var (rows, absent) = (new long[sizes.Length, most], new bool[sizes.Length, most]);
            for (var i = 0; i < sizes.Length; i++)
                for (var j = 0; j < most; j++) rows[i, j] = (absent[i, j] = j >= sizes[i]) ? 0 : all[bounds[i] + j];
            return (Tensor.From(rows, device: index.Device), Tensor.From(absent, device: index.Device));
        }
    }
}
