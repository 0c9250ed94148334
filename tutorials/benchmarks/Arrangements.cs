using Tensorlet;
using TorchSharp;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>A matrix of 1024×1024 numbers, copied, summed along its rows, and sorted.</summary>
static class Arrangements
{
    public static IEnumerable<Row> Rows =>
    [
        Row("copy", "contiguous", x => x.Data.Clone(), x => x.clone()),
        Copy("transposed", x => x.T, x => x.transpose(0, 1)),
        Copy("columns", x => x.Slice(1, step: 2), x => x.slice(1, 0, 1024, 2)),
        Row("cumsum", "1024", x => x.CumSum(1), x => x.cumsum(1)),
        Row("sort", "1024", x => x.Sort(1).Values, x =>
        {
            var (values, places) = x.sort(1);
            places.Dispose();
            return values;
        }),
    ];

    static Row Copy(string name, Func<Tensor, Tensor> ours, Func<torch.Tensor, torch.Tensor> theirs) =>
        Row("copy", name, x => ours(x.Data).Clone(), x =>
        {
            using var view = theirs(x);
            return view.contiguous();
        });

    static Row Row(string name, string size, Func<Variable, Variable> ours, Func<torch.Tensor, torch.Tensor> theirs) =>
        new(name, size, false, () =>
        {
            var (x, tx) = Randn(1, 1024, 1024);
            return Operation(() => ours(x), () => theirs(tx));
        });
}
