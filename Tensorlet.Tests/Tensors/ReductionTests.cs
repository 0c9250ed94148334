using Tensorlet.Nn;
using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class ReductionTests
{
    const double NaN = double.NaN, Inf = double.PositiveInfinity;

    static Tensor Of(string device, params double[] values) => Tensor.From(values, device: Named(device));

    static void Holds(Tensor x, int[] shape, params double[] values)
    {
        Assert.Equal(shape, x.Size());
        Assert.Equal(values, x.ToArray<double>());
    }

    [Theory, Devices]
    public void Axes_and_kept_axes(string device)
    {
        var x = Tensor.Arange(24, DType.Float64, Named(device)).Reshape(2, 3, 4);
        Holds(x.Sum(), [], 276);
        Holds(x.Sum(keepdim: true), [1, 1, 1], 276);
        Holds(x.Sum([0, 2]), [3], 60, 92, 124);
        Holds(x.Sum([-1, 0]), [3], 60, 92, 124);
        Holds(x.Sum([1], keepdim: true), [2, 1, 4], 12, 15, 18, 21, 48, 51, 54, 57);
        Holds(x.Mean([0]), [3, 4], 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
        Holds((x + 1).Prod([1, 2])[0], [], 479001600);
        Holds(x.AMax([1, 2]), [2], 11, 23);
        Holds(x.AMin([0, 1]), [4], 0, 1, 2, 3);
        Holds(x.ArgMax(), [], 23);
        Holds(x.ArgMin(1), [2, 4], 0, 0, 0, 0, 0, 0, 0, 0);
        Holds(x.ArgMax(-1, keepdim: true), [2, 3, 1], 3, 3, 3, 3, 3, 3);
        Holds(x.Permute(2, 0, 1).ArgMax(), [], 23);
        Holds(x[1].Slice(1, 1, 4, 2).Sum([0]), [2], 51, 57);
        Holds(Tensor.Scalar(3, DType.Float64, Named(device)).Sum(), [], 3);
        Holds(Tensor.Scalar(3, DType.Float64, Named(device)).ArgMax(), [], 0);
    }

    /// <summary>
    /// Short rows are reduced several at a time, rows in memory of the user and long rows one by one: the same bits.
    /// </summary>
    [Theory, InlineData(DType.Float32), InlineData(DType.Float64)]
    public void A_row_has_the_same_sum_alone_and_among_others(DType type)
    {
        foreach (var n in Enumerable.Range(4, 70).Concat([511, 512, 513, 520]))
            foreach (var rows in (int[])[1, 7, 8, 19])
            {
                var x = Tensor.Randn([rows, n], type, generator: new Generator(n));
                var mine = type == DType.Float32 ? Tensor.Over(x.ToArray<float>()) : Tensor.Over(x.ToArray<double>());
                var m = Tensor.Randn([rows, 1], type, generator: new Generator(rows));
                Tensor[] alone = [.. x.Unbind(0).Select(row => row.Sum())];
                Tensor[] spreads = [.. x.Unbind(0).Select(row => row.Var())];
                foreach (var twin in (Tensor[])[x, mine.Reshape(rows, n)])
                {
                    Assert.Equal(Tensor.Stack(alone).ToArray<double>(), twin.Sum(1).ToArray<double>());
                    Assert.Equal(Tensor.Stack(spreads).ToArray<double>(), twin.Var(1).ToArray<double>());
                    Assert.Equal((x - m.Expand(rows, n).Contiguous()).ToArray<double>(), (twin - m).ToArray<double>());
                }
            }
    }

    /// <summary>
    /// Whole registers are read, also beyond the last element. Some functions of the runtime take another path for a
    /// whole register, with other roundings, if one of its elements is extreme.
    /// </summary>
    [Theory, InlineData(DType.Float32), InlineData(DType.Float64)]
    public void What_lies_behind_the_last_element_changes_no_bit(DType type)
    {
        (string Name, Func<Variable, Variable> F)[] functions =
        [
            ("exp", x => x.Exp()), ("sin", x => x.Sin()), ("cos", x => x.Cos()), ("log", x => x.Log()),
            ("sigmoid", x => x.Sigmoid()), ("softmax", x => x.Softmax(-1)), ("down", x => x.LogSoftmax(0)),
            ("shifted", x => (x - x.AMax(-1, keepdim: true)).Exp()), ("sum", x => x.LogSumExp(-1)),
            ("columns", x => x.LogSumExp(0)), ("all", x => x.LogSumExp([0, 1])),
        ];
        foreach (var columns in Enumerable.Range(1, 20))
        {
            var values = Tensor.Rand([3, columns], type, generator: new Generator(columns)) + 0.3;
            foreach (var (name, f) in functions)
            {
                var expected = Bits(f(Behind(values, 0)));
                foreach (var extreme in (double[])[1e30, -1e30, 800, NaN, Inf])
                    Assert.True(expected == Bits(f(Behind(values, extreme))), $"{name} of {columns}, behind {extreme}");
            }
        }

        static Tensor Behind(Tensor values, double what)        // a view, before and between other numbers
        {
            var all = Tensor.Full([4, 60], what, values.DType);
            var view = all.Narrow(0, 0, 3).Narrow(1, 0, values.Size(1));
            view.Copy_(values);
            return view;
        }

        static string Bits(Variable y) =>
            string.Join(" ", y.Data.ToArray<double>().Select(BitConverter.DoubleToInt64Bits));
    }

    [Theory, Devices]
    public void Nothing_to_fold(string device)
    {
        var x = Tensor.Zeros([0, 2], DType.Float64, Named(device));
        Holds(x.Sum(), [], 0);
        Holds(x.Sum([0]), [2], 0, 0);
        Holds(x.Prod([0]), [2], 1, 1);
        Holds(x.Mean([0]), [2], NaN, NaN);
        Holds(x.Sum([1]), [0]);
        Holds(x.AMax([1]), [0]);
        Holds(x.ArgMax(1), [0]);
        Assert.Contains("(0, 2)", Assert.Throws<ShapeException>(() => x.AMax()).Message);
        Assert.Throws<ShapeException>(() => x.AMin([0]));
        Assert.Throws<ShapeException>(() => x.ArgMax());
        Assert.Throws<ShapeException>(() => x.ArgMin(0));
    }

    [Theory, Devices]
    public void NaN_wins_and_the_first_of_equals_is_taken(string device)
    {
        var x = Of(device, 1, NaN, 3, NaN);
        Holds(x.AMax(), [], NaN);
        Holds(x.AMin(), [], NaN);
        Holds(x.ArgMax(), [], 1);
        Holds(x.ArgMin(), [], 1);
        Holds(x.Sum(), [], NaN);
        var ties = Of(device, 1, 3, 3, 1);
        Holds(ties.ArgMax(), [], 1);
        Holds(ties.ArgMin(), [], 0);
        Holds(Of(device, -Inf, -Inf).ArgMax(), [], 0);
        Holds(Of(device, -Inf, -Inf).AMax(), [], -Inf);
        Holds(Of(device, Inf, -Inf).Sum(), [], NaN);
    }

    /// <summary>A NaN at any position of a long row, in whole registers and in the tail, is the maximum.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(130)]
    public void NaN_anywhere(int place)
    {
        var x = Tensor.Rand([131, 131], DType.Float32, generator: new Generator(1));
        x[3, place].Fill_(NaN);
        foreach (var y in new[] { x.AMax([1]), x.AMin([1]), x.T.AMax([0]), x.T.AMin([0]) })
            Assert.Equal(Enumerable.Range(0, 131).Select(i => i == 3), y.ToArray<float>().Select(float.IsNaN));
        Assert.Equal(place, x.ArgMax(1)[3].Item());
        Assert.True(double.IsNaN(x.AMax().Item()));
    }

    /// <summary>
    /// Few values, so that many are equal, and some NaN: registers along rows of every length, and rows in pieces.
    /// </summary>
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Int64)]
    public void Places_of_equals_along_rows(DType type)
    {
        foreach (var n in (int[])[63, 64, 65, 72, 79, 100, 129, 1000, (1 << 15) - 1, 1 << 15, (1 << 15) + 1, 70_000])
        {
            var x = Tensor.RandInt(0, n < 1000 ? 3 : 1 << 20, [3, n + 1], generator: new Generator(n)).To(type);
            if (type.IsFloat()) x[1, TensorIndex.Every(37, (n / 2)..)].Fill_(NaN);
            foreach (var y in (Tensor[])[x, x[.., 1..], x[2], x[1], -x[.., 1..]])
            {
                var z = y.To(Device.Reference);
                Assert.Equal(z.ArgMax(-1).ToArray<long>(), y.ArgMax(-1).ToArray<long>());
                Assert.Equal(z.ArgMin(-1).ToArray<long>(), y.ArgMin(-1).ToArray<long>());
            }
        }
    }

    /// <summary>Over any axes of any view of them, integers give what the reference does.</summary>
    [Fact]
    public void Integers_are_folded_as_they_lie()
    {
        var x = Tensor.RandInt(-9, 9, [6, 7, 10], generator: new Generator(1));
        Tensor[] views = [x, x.Permute(2, 0, 1), x.Permute(1, 2, 0), x[.., TensorIndex.Every(2), 1..],
            x.Select(1, 3).Unsqueeze(1).Expand(6, 4, 10), x[.., ..1], x.Permute(2, 1, 0)[3..]];
        int[][] folded = [[0], [1], [2], [0, 1], [0, 2], [1, 2], []];
        foreach (var y in views)
            foreach (var axes in folded)
            {
                var z = y.To(Device.Reference);
                Assert.Equal(z.Sum(axes).ToArray<long>(), y.Sum(axes).ToArray<long>());
                Assert.Equal(z.Prod(axes).ToArray<long>(), y.Prod(axes).ToArray<long>());
                Assert.Equal(z.AMax(axes).ToArray<long>(), y.AMax(axes).ToArray<long>());
                Assert.Equal(z.AMin(axes).ToArray<long>(), y.AMin(axes).ToArray<long>());
                Assert.Equal(z.CountNonzero(axes).ToArray<long>(), y.CountNonzero(axes).ToArray<long>());
                Assert.Equal(z.To(DType.Bool).All(axes).ToArray<bool>(), y.To(DType.Bool).All(axes).ToArray<bool>());
                if (axes.Length > 1) continue;
                int? axis = axes is [var a] ? a : null;
                Assert.Equal(z.ArgMax(axis).ToArray<long>(), y.ArgMax(axis).ToArray<long>());
                Assert.Equal(z.ArgMin(axis).ToArray<long>(), y.ArgMin(axis).ToArray<long>());
            }
    }

    /// <summary>The largest integers are at the same places in memory as the same numbers in Float64.</summary>
    [Fact]
    public void Integers_are_found_where_they_lie()
    {
        var x = Tensor.RandInt(-9, 9, [6, 7, 10], generator: new Generator(1));
        Func<Tensor, Tensor>[] views = [x => x, x => x.Permute(2, 0, 1), x => x[1.., TensorIndex.Every(2)],
            x => x.Permute(1, 2, 0)[.., ..5]];
        foreach (var view in views)
            for (var kept = 0; kept <= 3; kept++)
                Assert.Equal(Places(view(x.To(DType.Float64)), kept), Places(view(x), kept));

        static long[] Places(Tensor x, int kept)
        {
            var y = Tensor.Empty(x.Size()[..kept], DType.Int64);
            x.Device.ArgReduce(true, x, y, asOffset: true);
            return y.ToArray<long>();
        }
    }

    /// <summary>
    /// Few values, so that many are equal, and some NaN: whole registers of adjacent positions, at every distance.
    /// </summary>
    [Theory]
    [InlineData(DType.Float32, 4)]
    [InlineData(DType.Float64, 4)]
    [InlineData(DType.Float32, 100)]
    public void Places_of_equals_side_by_side(DType type, int folded)
    {
        var x = Tensor.RandInt(0, 3, [folded, 3 * 101], generator: new Generator(1)).To(type);
        x = Tensor.Where(Tensor.Rand([folded, 3 * 101], generator: new Generator(2)) > 0.95, Tensor.Scalar(NaN, type),
            x);
        for (var step = 1; step <= 3; step++)
        {
            var y = x.Slice(1, 0, step * 101, step);
            var z = y.To(Device.Reference);
            Assert.Equal(z.ArgMax(0).ToArray<long>(), y.ArgMax(0).ToArray<long>());
            Assert.Equal(z.ArgMin(0).ToArray<long>(), y.ArgMin(0).ToArray<long>());
            Assert.Equal(z.AMax([0]).ToArray<double>(), y.AMax([0]).ToArray<double>());
            Assert.Equal(z.T.ArgMin(1).ToArray<long>(), y.T.Contiguous().ArgMin(1).ToArray<long>());
        }
    }

    [Theory, Devices]
    public void Integers_and_truth_values(string device)
    {
        var x = Tensor.From(new[,] { { 3, -1 }, { 2, 3 } }, device: Named(device));
        Holds(x.Sum([0]), [2], 5, 2);
        Holds(x.Prod(), [], -18);
        Holds(x.AMax([1]), [2], 3, 3);
        Holds(x.ArgMax(0), [2], 0, 1);
        Assert.Equal((DType.Int64, DType.Int64, DType.Int64), (x.Sum().DType, x.AMin().DType, x.ArgMin().DType));
        Assert.Equal([(1L << 60) + 1], Tensor.From(new[] { 1L << 60, 1 }, device: Named(device)).Sum().ToArray<long>());
        var mask = x > 0;
        Assert.Equal((DType.Int64, 3.0), (mask.Sum().DType, mask.Sum().Item()));
        Assert.Equal((DType.Int64, 0.0), (mask.Prod().DType, mask.Prod().Item()));
        Assert.Equal((DType.Bool, 1.0), (mask.AMax().DType, mask.AMax().Item()));
        Assert.Equal([true, false], mask.AMin([0]).ToArray<bool>());
    }

    [Theory, Devices]
    public void Float32_sum_of_a_million_tenths(string device)
    {
        var x = Tensor.Full([1 << 20], 0.1, device: Named(device));
        var expected = (1 << 20) * (double)0.1f;
        Assert.Equal(expected, x.Sum().Item(), expected * 1e-6);
        Assert.Equal(expected / 4, x.Reshape(-1, 4).Sum([0])[3].Item(), expected * 1e-6);
        Assert.Equal(expected / 4, x.Reshape(4, -1).T.Sum([0])[3].Item(), expected * 1e-6);
        Assert.Equal((double)0.1f, x.Mean().Item(), 1e-7);
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Same_bits_for_any_number_of_threads(DType type)
    {
        CpuDevice one = new() { Threads = 1 }, two = new() { Threads = 2 }, many = new() { Threads = 7 };
        var x = Tensor.Randn([512, 1031], type, generator: new Generator(1));
        foreach (var f in new Func<Tensor, Tensor>[] {
            x => x.Sum(), x => x.Sum([0]), x => x.Sum([1]), x => x.T.Sum(), x => x[.., ..1000].Sum(), x =>
                x[..1, ..].T.Sum([1]),
            x => x.Reshape(8, 64, 1031).Sum([0, 2]), x => x.Reshape(8, 64, 1031).Sum([1]), x => x.Mean(), x =>
                x.Prod([0]), x => x * 3 + x / 7 })
        {
            var expected = f(x.To(one)).ToArray<double>();
            Assert.Equal(expected, f(x.To(two)).ToArray<double>());
            Assert.Equal(expected, f(x.To(many)).ToArray<double>());
        }
    }

    /// <summary>Every layout of the reduced axes in memory gives the result of the reference.</summary>
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Every_layout(DType type)
    {
        var x = Tensor.Randn([3, 5, 7, 70], type, generator: new Generator(2));
        int[][] orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
        int[][] axes = [[], [0], [1], [2], [3], [0, 1], [0, 3], [1, 2], [2, 3], [0, 1, 2], [1, 2, 3]];
        foreach (var order in orders)
            foreach (var folded in axes)
            {
                var y = x.Permute(order);
                var z = y.To(Device.Reference);
                Assert.All(z.Sum(folded).ToArray<double>().Zip(y.Sum(folded).ToArray<double>()), p =>
                    Assert.Equal(p.First, p.Second, 1e-4));
                Assert.Equal(z.AMax(folded).ToArray<double>(), y.AMax(folded).ToArray<double>());
                Assert.Equal(z.AMin(folded).ToArray<double>(), y.AMin(folded).ToArray<double>());
                if (folded.Length == 1) Assert.Equal(z.ArgMax(folded[0]).ToArray<long>(),
                    y.ArgMax(folded[0]).ToArray<long>());
            }
    }

    /// <summary>Sizes at which the elements of a tensor are divided into parts, if an axis of size 1 remains.</summary>
    [Theory]
    [InlineData(65_535), InlineData(65_536), InlineData(65_537), InlineData(200_000)]
    public void A_long_axis_beside_an_axis_of_size_1(int n)
    {
        foreach (var shape in (int[][])[[1, n], [1, 1, n], [n, 1], [1, n, 1]])
        {
            var (x, axis) = (Tensor.Ones(shape), Array.IndexOf(shape, n));
            Assert.Equal(n, x.Sum([axis]).Item());
            Assert.Equal(1, x.Mean([axis]).Item(), 1e-6);
            Assert.Equal(1, x.Prod([axis]).Item());
            Assert.Equal(1, x.AMax([axis]).Item());
            Assert.Equal(1, x.AMin([axis]).Item());
            Variable v = new(x, requiresGrad: true);
            Assert.Equal(1, v.Softmax(axis).Sum().Item(), 1e-5);
            Assert.Equal(1 + Math.Log(n), v.LogSumExp([axis]).Item(), 1e-5);
            Assert.Equal(Math.Sqrt(n), v.Norm(2, [axis]).Item(), 1e-2);
            Assert.Equal(0, v.Var([axis]).Item(), 1e-6);
            v.LogSoftmax(axis).Select(axis, 0).Sum().Backward();
            Assert.Equal(0, v.Grad!.Sum().Item(), 1e-4);
        }
    }

    /// <summary>Positions up to 2²⁴ are counted in registers of floats, where they are exact.</summary>
    [Theory]
    [InlineData(1 << 24), InlineData((1 << 24) + 1), InlineData((1 << 24) + 3)]
    public void The_place_of_the_largest_of_very_many(int n)
    {
        var x = Tensor.Zeros(1, n);
        x.Narrow(1, n - 1, 1).Fill_(1);
        Assert.Equal(n - 1, x.ArgMax(1).Item());
        Assert.Equal(n - 1, x.T.ArgMax(0).Item());
    }

    [Fact]
    public void The_loss_of_one_row_with_many_classes() => Assert.Equal(Math.Log(100_000),
        F.CrossEntropy(Tensor.Zeros(1, 100_000), Tensor.From([7L])).Item(), 1e-4);

    [Fact]
    public void A_global_average_of_a_large_image() => Assert.Equal(3,
        new Nn.AdaptiveAvgPool2d(1).Call(Tensor.Full([1, 1, 256, 256], 3)).Item(), 1e-6);
}
