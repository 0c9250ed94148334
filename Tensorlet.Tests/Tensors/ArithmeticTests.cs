using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class ArithmeticTests
{
    static Tensor Of(string device, params double[] values) => Tensor.From(values, device: Named(device));

    static void Holds(Tensor x, params double[] values) => Assert.Equal(values, x.ToArray<double>());

    [Theory, Devices]
    public void Four_ways_of_adding(string device)
    {
        var x = Tensor.Arange(12, DType.Float32, Named(device)).Reshape(4, 3);
        var y = x * 10;
        float[] sum = [.. Enumerable.Range(0, 12).Select(i => 11f * i)];
        Assert.Equal(sum, (x + y).ToArray<float>());
        Assert.Equal(sum, Tensor.Add(x, y).ToArray<float>());
        var result = Tensor.Empty([5, 3], device: Named(device));
        Assert.Same(result, Tensor.Add(x, y, destination: result));
        Assert.Equal([4, 3], result.Size());
        Assert.Equal(sum, result.ToArray<float>());
        Assert.Same(y, y.Add_(x));
        Assert.Equal(sum, y.ToArray<float>());
    }

    [Theory, Devices]
    public void Destination_that_is_too_small_gets_new_memory(string device)
    {
        var whole = Tensor.Zeros([6], DType.Float64, Named(device));
        var part = whole[1..3];
        Tensor.Add(Of(device, 1, 2, 3), Of(device, 1, 1, 1), destination: part);
        Holds(part, 2, 3, 4);
        Holds(whole, 0, 0, 0, 0, 0, 0);
        part = whole[2..5];
        Tensor.Add(Of(device, 1, 2), Of(device, 1, 1), destination: part);      // fits where the part lies
        Holds(whole, 0, 0, 2, 3, 0, 0);
        var operand = Of(device, 1, 2);
        Tensor.Add(operand, Of(device, 10, 20).Unsqueeze(1), destination: operand);
        Holds(operand, 11, 12, 21, 22);
    }

    [Theory, Devices]
    public void Results_may_be_written_where_operands_lie(string device)
    {
        var x = Tensor.Arange(100, DType.Float64, Named(device));
        x[1..].Add_(x[..^1]);
        Holds(x, [0, .. Enumerable.Range(1, 99).Select(i => 2.0 * i - 1)]);
        var square = Tensor.Arange(9, DType.Float64, Named(device)).Reshape(3, 3);
        square.Add_(square.T);
        Holds(square, 0, 4, 8, 4, 8, 12, 8, 12, 16);
        square = Tensor.Arange(4, DType.Float64, Named(device)).Reshape(2, 2);
        Tensor.Add(square.T, square[0], destination: square);
        Holds(square, 0, 3, 1, 4);
        x = Of(device, 1, 2, 3);
        x[..2].Copy_(x[1..]);
        Holds(x, 2, 3, 3);
        x.Mul_(x[0]);
        Holds(x, 4, 6, 6);
    }

    [Theory, Devices]
    public void Broadcasting(string device)
    {
        var row = Of(device, 1, 2, 3);
        var column = Of(device, 10, 20).Unsqueeze(1);
        Holds(row + column, 11, 12, 13, 21, 22, 23);
        Assert.Equal([4, 2, 3], (row + column + Tensor.Zeros([4, 1, 1], device: Named(device))).Size());
        Assert.Equal([0, 3], (row + Tensor.Zeros([0, 1], device: Named(device))).Size());
        Assert.Equal([], (row[0] + row[1]).Size());
        Holds(row.Add_(Tensor.Scalar(1, DType.Float64, Named(device))), 2, 3, 4);
    }

    [Theory, Devices]
    public void In_place_operations_write_where_views_see_them(string device)
    {
        var x = Of(device, 1, 2, 3, 4);
        var every = x.Slice(0, 0, 4, 2);
        every.Add_(10).Sub_(1).Mul_(2);
        Holds(x, 20, 2, 24, 4);
        every.Div_(Of(device, 2, 4)).Sub_(Of(device, 1, 1)).Mul_(Of(device, 2, 3)).Add_(Of(device, 1, 1), alpha: 10);
        Holds(x, 28, 2, 25, 4);
        every.Zero_();
        Holds(x.Copy_(x.Flip(0)), 4, 0, 2, 0);
        Holds(x[1..3].Fill_(7), 7, 7);
        Holds(x, 4, 7, 7, 0);
    }

    [Theory, Devices]
    public void Operators(string device)
    {
        var (x, y) = (Of(device, 1, -2, 0), Of(device, 4, 0.5, 0));
        Holds(x + y, 5, -1.5, 0);
        Holds(x - y, -3, -2.5, 0);
        Holds(x * y, 4, -1, 0);
        Holds(x / y, 0.25, -4, double.NaN);
        Holds(-x, -1, 2, -0.0);
        Assert.True(double.IsNegative((-x)[2].Item()));
        Holds(2 - x, 1, 4, 2);
        Holds(x - 2, -1, -4, -2);
        Holds(1 / x, 1, -0.5, double.PositiveInfinity);
        Holds(x / 0, double.PositiveInfinity, double.NegativeInfinity, double.NaN);
    }

    [Theory, Devices]
    public void Integers(string device)
    {
        var x = Tensor.From(new[] { 7L, -7, 1L << 60 }, device: Named(device));
        Assert.Equal([9L, -5, (1L << 60) + 2], (x + 2).ToArray<long>());
        Assert.Equal([14L, -14, 1L << 61], (x + x).ToArray<long>());
        Assert.Equal([49L, 49], (x * x)[..2].ToArray<long>());
        Assert.Equal([3.5f, -3.5f], (x / 2)[..2].ToArray<float>());
        Assert.Equal([10L, -4], x[..2].Add_(3).ToArray<long>());
        Assert.Equal([true, false],
            (Tensor.From(new[] { true, false }, device: Named(device)) * Tensor.From(new[] { true, true },
            device: Named(device))).ToArray<bool>());
    }

    [Theory, Devices]
    public void Types_in_place(string device)
    {
        var x = Tensor.From(new[] { 1f, 2f }, device: Named(device));
        // Float64 is written into Float32, as PyTorch does
        Holds(x.Add_(Of(device, 0.5, 0.5)), 1.5, 2.5);
        Holds(x.Add_(Tensor.From(new[] { 1, 1 }, device: Named(device))), 2.5, 3.5);
        Assert.Equal(DType.Float32, x.DType);
    }

    [Theory, Devices]
    public void Comparisons(string device)
    {
        var x = Of(device, 1, 2, 3, double.NaN, double.NaN);
        var y = Of(device, 2, 2, 2, 2, double.NaN);
        foreach (var (mask, expected) in new[]
        {
            (x > y, new[] { false, false, true, false, false }), (x < y, [true, false, false, false, false]),
            (x >= y, [false, true, true, false, false]), (x <= y, [true, true, false, false, false]),
            (x.Eq(y), [false, true, false, false, false]), (x.Ne(y), [true, false, true, true, true]),
            (x > 2, [false, false, true, false, false]), (x < 2, [true, false, false, false, false]),
            (x >= 2, [false, true, true, false, false]), (x <= 2, [true, true, false, false, false]),
        })
            Assert.Equal(expected, mask.ToArray<bool>());
    }

    [Theory, Devices]
    public void Where(string device)
    {
        var (x, y) = (Of(device, 1, 2, 3), Of(device, double.NaN, -2, -3).Unsqueeze(1));
        Holds(Tensor.Where(x > 1, x, Tensor.Scalar(0, DType.Float64, Named(device))), 0, 2, 3);
        Holds(Tensor.Where(y.Eq(y), x, y), double.NaN, double.NaN, double.NaN, 1, 2, 3, 1, 2, 3);
        var large = Tensor.From(new[] { 1L << 62, 5 }, device: Named(device));
        Assert.Equal([1L << 62, 0], Tensor.Where(large > 10, large, Tensor.ZerosLike(large)).ToArray<long>());
    }

    /// <summary>
    /// Long, odd and strided lengths: whole registers, their padded tails and rows agree with the reference.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(33)]
    [InlineData(100_003)]
    public void Every_length_and_stride(int n)
    {
        var x = Tensor.Rand([2 * n], DType.Float32, generator: new Generator(1));
        foreach (var (a, b) in new[] { (x[..n], x[n..]), (x.Slice(0, 0, 2 * n, 2), x.Slice(0, 1, 2 * n, 2)),
            (x[..n], x[..1].Expand(n)), (x[..n], x.Slice(0, 1, 2 * n, 2)) })
        {
            var (c, d) = (a.To(Device.Reference), b.To(Device.Reference));
            Assert.Equal((c + d).ToArray<float>(), (a + b).ToArray<float>());
            Assert.Equal((c / d).ToArray<float>(), (a / b).ToArray<float>());
            Assert.Equal((c > d).ToArray<bool>(), (a > b).ToArray<bool>());
            Assert.Equal(Tensor.Where(c > d, c, d).ToArray<float>(), Tensor.Where(a > b, a, b).ToArray<float>());
        }
    }

    readonly struct Cube : IMap { V IMap.Apply<V>(V x) => x * x * x; }
    readonly struct Distance : IZip { V IZip.Apply<V>(V a, V b) => V.Abs(a - b); }
    readonly struct Blend : IZip3 { V IZip3.Apply<V>(V a, V b, V c) => a + c * (b - a); }

    [Theory, Devices]
    public void Functions_of_ones_own(string device)
    {
        var (x, y) = (Of(device, 1, -2, 3), Of(device, 4, 5, 6));
        Holds(x.Map(new Cube()), 1, -8, 27);
        Assert.Equal([8f], Tensor.From(new[] { 2 }, device: Named(device)).Map(new Cube()).ToArray<float>());
        var mask = x > 0;
        mask.Device.Map(new Cube(), mask, mask);
        Holds(mask, 1, 0, 1);
        Holds(Tensor.Zip(new Distance(), x, y), 3, 7, 3);
        Holds(x.Clone().Zip_(new Distance(), y), 3, 7, 3);
        Holds(x.Clone().Zip_(new Blend(), y, Of(device, 0, 0.5, 1)), 1, 1.5, 6);
    }
}
