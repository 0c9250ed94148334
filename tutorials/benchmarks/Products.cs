using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>C = A·B, square.</summary>
static class Products
{
    public static IEnumerable<Row> Rows => from n in new[] { 64, 128, 256, 512, 1024 } select MatMul(n);

    static Row MatMul(int n) => new("matmul", $"{n}", false, () =>
    {
        var (a, ta) = Randn(1, n, n);
        var (b, tb) = Randn(2, n, n);
        return Operation(() => a.MatMul(b), () => ta.matmul(tb));
    });
}
