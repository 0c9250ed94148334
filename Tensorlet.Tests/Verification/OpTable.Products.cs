namespace Tensorlet.Tests.Verification;

public static partial class OpTable
{
    /// <summary>Σ over k of a[…, i, k]·b[…, k, j], leading axes broadcast.</summary>
    static double[] MatMul(double[] a, int[] aShape, double[] b, int[] bShape, int[] shape) =>
        [.. Naive.Indices(shape).Select(i =>
    {
        var sum = 0.0;
        for (var k = 0; k < aShape[^1]; k++)
            sum += a[Naive.Broadcast([.. i[..^2], i[^2], k], aShape)] * b[Naive.Broadcast([.. i[..^2], k, i[^1]],
                bShape)];
        return sum;
    })];

    static Case Product(Draw d, int[] leftBatch, int[] rightBatch, bool row = false, bool column = false)
    {
        int m = row ? 1 : d.Int(1, 4), k = d.Int(1, 5), n = column ? 1 : d.Int(1, 4);
        int[] left = [.. leftBatch, m, k], right = [.. rightBatch, k, n];
        var (a, b) = (d.Input(row ? [k] : left), d.Input(column ? [k] : right));
        int[] full = [.. Naive.BroadcastShape(leftBatch, rightBatch), m, n], shape = [.. full[..^2]];
        if (!row) shape = [.. shape, m];
        if (!column) shape = [.. shape, n];
        return new(v => v[0].MatMul(v[1]), [a, b], shape, v => MatMul(v[0], left, v[1], right, full));
    }

    static IEnumerable<Op> Products() =>
    [
        new("products", "matmul", d => Product(d, [], [])),
        new("products", "matmul, batched", d =>
            d.Shape(1, 2, 1) is var batch ? Product(d, d.Operand(batch), batch) : null!),
        new("products", "matmul, batch by matrix", d => Product(d, d.Shape(1, 2, 1), [])),
        new("products", "matrix by vector", d => Product(d, d.Shape(0, 1, 1), [], column: true)),
        new("products", "vector by matrix", d => Product(d, [], d.Shape(0, 1, 1), row: true)),
        new("products", "dot", d => Product(d, [], [], row: true, column: true)),
        new("products", "linear", d =>
        {
            int n = d.Int(1, 4), k = d.Int(1, 5), m = d.Int(1, 4);
            return new(v => F.Linear(v[0], v[1], v[2]), [d.Input([n, k]), d.Input([m, k]), d.Input([m])], [n, m],
                v => [.. Naive.Indices([n, m]).Select(i =>
                    v[2][i[1]] + Enumerable.Range(0, k).Sum(j => v[0][i[0] * k + j] * v[1][i[1] * k + j]))]);
        }),
    ];
}
