using Tensorlet;
using TorchSharp;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>y[i] = f(x[i]) and c[i] = f(a[i], b[i]).</summary>
static class Elementwise
{
    public static IEnumerable<Row> Rows =>
    [
        .. Map("relu", x => x.Relu(), x => x.relu()),
        .. Map("exp", x => x.Exp(), x => x.exp()),
        .. Map("log", x => x.Abs().Log(), x => x.abs().log()),
        .. Map("log2", x => x.Abs().Log2(), x => x.abs().log2()),
        .. Map("sin", x => x.Sin(), x => x.sin()),
        .. Map("sigmoid", x => x.Sigmoid(), x => x.sigmoid()),
        .. Map("tanh", x => x.Tanh(), x => x.tanh()),
        .. Zip("add", (a, b) => a + b, (a, b) => a + b),
        .. Zip("mul", (a, b) => a * b, (a, b) => a * b),
        .. Zip("pow", (a, b) => Variable.Pow(a.Abs(), b), (a, b) => torch.pow(a.abs(), b)),
        .. Zip("fmod", Variable.Fmod, (a, b) => torch.fmod(a, b)),
    ];

    static IEnumerable<Row> Map(string name, Func<Variable, Variable> ours, Func<torch.Tensor, torch.Tensor> theirs) =>
        from size in Sizes
        select new Row(name, size.Name, false, () =>
        {
            var (x, tx) = Randn(1, size.Count);
            return Operation(() => ours(x), () => theirs(tx));
        });

    static IEnumerable<Row> Zip(string name, Func<Variable, Variable, Variable> ours,
        Func<torch.Tensor, torch.Tensor, torch.Tensor> theirs) =>
        from size in Sizes
        select new Row(name, size.Name, false, () =>
        {
            var (a, ta) = Randn(1, size.Count);
            var (b, tb) = Randn(2, size.Count);
            return Operation(() => ours(a, b), () => theirs(ta, tb));
        });
}
