using Tensorlet;
using TorchSharp;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>
/// Reductions of a square matrix: of all elements, of each row (along axis 1), of each column (along axis 0).
/// </summary>
static class Reductions
{
    public static IEnumerable<Row> Rows =>
    [
        .. Fold("sum", x => x.Sum(), x => x.sum()),
        .. Fold("max", x => x.Max(), x => x.max()),
        .. Fold("sum-rows", x => x.Sum(1), x => x.sum(1L)),
        .. Fold("sum-columns", x => x.Sum(0), x => x.sum(0L)), // a plain 0 would be a ScalarType
        new("softmax", "64x1000", false, () =>
        {
            var (x, tx) = Randn(1, 64, 1000);
            return Operation(() => x.Softmax(1), () => tx.softmax(1));
        }),
    ];

    static IEnumerable<Row> Fold(string name, Func<Variable, Variable> ours, Func<torch.Tensor, torch.Tensor> theirs) =>
        from size in Sizes
        select new Row(name, size.Name, false, () =>
        {
            var (x, tx) = Randn(1, Square(size.Count));
            return Operation(() => ours(x), () => theirs(tx));
        });
}
