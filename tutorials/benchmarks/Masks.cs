using Tensorlet;
using TorchSharp;
using static Benchmarks.Differentiable;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>Comparisons, choices, conversions, and a power, on a million numbers.</summary>
static class Masks
{
    const string Size = "1M";
    static readonly int[] shape = [1 << 20];
    static readonly Scalar zero = 0, three = 3;

    public static IEnumerable<Row> Rows =>
    [
        new("greater", Size, false, () =>
        {
            var (x, tx) = Randn(1, shape);
            var (y, ty) = Randn(2, shape);
            return Operation(() => x > y, () => tx.gt(ty));
        }),
        new("to-bool", Size, false, () =>
        {
            var (x, tx) = Randn(1, shape);
            return Operation(() => x.Data.To(DType.Bool), () => tx.to_type(torch.ScalarType.Bool));
        }),
        .. Rows("to-float64", Size, [shape], v => v[0].To(DType.Float64), v => v[0].to_type(torch.ScalarType.Float64)),
        .. Rows("where", Size, [shape, shape], () =>
        {
            var (mask, torchMask) = Mask();
            return new(v => Variable.Where(mask, v[0], v[1]), v => torch.where(torchMask, v[0], v[1]));
        }),
        .. Rows("masked-fill", Size, [shape], () =>
        {
            var (mask, torchMask) = Mask();
            return new(v => v[0].MaskedFill(mask, 0), v => v[0].masked_fill(torchMask, zero));
        }),
        .. Rows("cube", Size, [shape], v => v[0].Pow(3), v => v[0].pow(three)),
    ];

    static (Tensor, torch.Tensor) Mask()
    {
        var (x, tx) = Randn(9, shape);
        return (x > 0, tx.gt(zero));
    }
}
