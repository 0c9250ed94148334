namespace Tensorlet;

/// <summary>How the rows of a bag are reduced to one.</summary>
public enum BagMode
{
    /// <summary>Their sum.</summary>
    Sum,
    /// <summary>Their mean.</summary>
    Mean,
    /// <summary>Their maximum, number by number.</summary>
    Max,
}

public static partial class F
{
    /// <summary>
    /// Looks up rows of a table (V, D), and reduces those of each bag of indices to one, (N, D). That of an empty bag
    /// is 0.
    /// </summary>
    /// <param name="index">Integers in 0 … V−1: bags of the same size, (N, B), or all bags one after another, in one
    /// axis.</param>
    /// <param name="weight">The table.</param>
    /// <param name="offsets">The positions at which bags begin, (N), if they are given one after another.</param>
    /// <param name="mode">How rows are reduced.</param>
    /// <param name="paddingIndex">A row that does not count; a negative number counts from the end.</param>
    /// <exception cref="ShapeException">The shapes do not fit, or the offsets do not ascend from 0.</exception>
    /// <exception cref="IndexException">An index, or the padding index, is not a row of the table.</exception>
    public static Variable EmbeddingBag(Tensor index, Variable weight, Tensor? offsets = null,
        BagMode mode = BagMode.Mean, int? paddingIndex = null)
    {
        if (weight.Given().Rank != 2 || index.Given().Rank != (offsets is null ? 2 : 1) || offsets is { Rank: not 1 })
            throw new ShapeException($"EmbeddingBag: a table {weight.Data.Layout} and indices {index.Layout} must be " +
                "(V, D) and (N, B); or, with offsets, indices and offsets have one axis.");
        index.OnlyType("EmbeddingBag: the indices", DType.Int64);
        return Named(() =>
        {
            var absent = Tensor.Zeros(index.Size(), DType.Bool, index.Device);
            if (offsets is not null) (index, absent) = Bags(index.ToArray<long>(), offsets);
            if (paddingIndex is { } row)
                absent |= index.Eq(weight.Data.Layout.Index("EmbeddingBag", 0, row));
            var rows = weight.IndexSelect(0, index.Reshape(-1)).Reshape([.. index.Shape, weight.Size(1)]);
            var outside = absent.Unsqueeze(-1);
            if (mode == BagMode.Max && index.Size(1) > 0)
                return rows.MaskedFill(outside, double.NegativeInfinity).Max(1).Values.MaskedFill(outside.All([1]), 0);
            var sum = rows.MaskedFill(outside, 0).Sum(1);
            return mode == BagMode.Mean ? sum / (!outside).Sum([1]).Clamp(low: 1).To(sum.DType) : sum;
        });

        // a row for each bag, as long as the longest, and what is absent in it
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
