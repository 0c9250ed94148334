using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>Products of matrices: square ones, those of layers, and batches of small ones.</summary>
static class Products
{
    public static IEnumerable<Row> Rows =>
    [
        .. from n in new[] { 8, 16, 32, 64, 128, 256, 512, 1024, 2048 } select MatMul(n),
        .. from s in new[] { (32, 128, 512), (1024, 64, 192), (1024, 128, 512), (64, 784, 256) }
           from row in Layer(s.Item1, s.Item2, s.Item3) select row,
        Batched("scores", 128, [32, 16], [32, 16], true), Batched("mix", 128, [32, 32], [32, 16], false),
        Batched("scores", 64, [64, 32], [64, 32], true), Batched("mix", 64, [64, 64], [64, 32], false),
        Batched("tiny", 1000, [4, 4], [4, 4], false),
    ];

    /// <summary>C = A·B, square.</summary>
    static Row MatMul(int n) => new("matmul", $"{n}", false, () =>
    {
        var (a, ta) = Randn(1, n, n);
        var (b, tb) = Randn(2, n, n);
        return Operation(() => a.MatMul(b), () => ta.matmul(tb));
    });

    /// <summary>The three products of a layer of n samples: x·Wᵀ, dy·W and dyᵀ·x.</summary>
    static IEnumerable<Row> Layer(int n, int from, int to)
    {
        var size = $"{n}x{from}x{to}";
        yield return new("product-xW", size, false, () =>
        {
            var ((x, tx), (w, tw)) = (Randn(1, n, from), Randn(2, to, from));
            return Operation(() => x.MatMul(w.Transpose(0, 1)), () => tx.matmul(tw.t()));
        });
        yield return new("product-dyW", size, false, () =>
        {
            var ((dy, tdy), (w, tw)) = (Randn(1, n, to), Randn(2, to, from));
            return Operation(() => dy.MatMul(w), () => tdy.matmul(tw));
        });
        yield return new("product-dyx", size, false, () =>
        {
            var ((dy, tdy), (x, tx)) = (Randn(1, n, to), Randn(2, n, from));
            return Operation(() => dy.Transpose(0, 1).MatMul(x), () => tdy.t().matmul(tx));
        });
    }

    /// <summary>A batch of small products, b transposed or not.</summary>
    static Row Batched(string name, int batch, int[] left, int[] right, bool transposed) =>
        new($"batched-{name}", $"{batch}x{left[0]}x{left[1]}", false, () =>
        {
            var (a, ta) = Randn(1, [batch, .. left]);
            var (b, tb) = Randn(2, [batch, .. right]);
            return transposed ? Operation(() => a.MatMul(b.Transpose(1, 2)), () => ta.matmul(tb.transpose(1, 2)))
                : Operation(() => a.MatMul(b), () => ta.matmul(tb));
        });
}
