using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class CreationTests
{
    static void Holds<T>(Tensor x, DType type, int[] shape, params T[] values) where T : unmanaged
    {
        Assert.Equal(type, x.DType);
        Assert.Equal(shape, x.Size());
        Assert.Equal(values, x.ToArray<T>());
    }

    [Theory, Devices]
    public void Constants(string name)
    {
        var device = Named(name);
        Holds(Tensor.Zeros([2, 2], device: device), DType.Float32, [2, 2], 0f, 0f, 0f, 0f);
        Holds(Tensor.Ones([2], DType.Int64, device), DType.Int64, [2], 1L, 1L);
        Holds(Tensor.Full([1, 2], 2.5, DType.Float64, device), DType.Float64, [1, 2], 2.5, 2.5);
        Holds(Tensor.Full([2], 7, DType.Bool, device), DType.Bool, [2], true, true);
        Holds(Tensor.Scalar(-3, device: device), DType.Float32, [], -3f);
        Holds(Tensor.Eye(2, 3, device: device), DType.Float32, [2, 3], 1f, 0f, 0f, 0f, 1f, 0f);
        Holds(Tensor.Eye(2, dtype: DType.Bool, device: device), DType.Bool, [2, 2], true, false, false, true);
        Assert.True(double.IsNegative(Tensor.Full([1], -0.0, device: device).Item()));
        Assert.Equal(double.PositiveInfinity, Tensor.Full([3], double.PositiveInfinity, device: device).Sum().Item());
        Assert.Same(device, Tensor.Empty([4, 3], device: device).Device);
    }

    [Fact]
    public void Sizes_as_arguments()
    {
        Assert.Equal([4, 3], Tensor.Empty(4, 3).Size());
        Assert.Equal([4, 3], Tensor.Zeros(4, 3).Size());
        Assert.Equal([4, 3], Tensor.Ones(4, 3).Size());
        Assert.Equal([4, 3], Tensor.Rand(4, 3).Size());
        Assert.Equal([4, 3], Tensor.Randn(4, 3).Size());
        Assert.Equal([0, 3], Tensor.Zeros(0, 3).Size());
    }

    [Fact]
    public void New_tensors_have_the_type_and_the_device_of_another()
    {
        var other = Tensor.Zeros([1], DType.Float64, Device.Reference);
        foreach (var (x, value) in ((Tensor, double)[])[(other.NewZeros(2, 3), 0), (other.NewOnes(2, 3), 1),
            (other.NewFull([2, 3], 7), 7)])
        {
            Assert.Equal((DType.Float64, Device.Reference), (x.DType, x.Device));
            Assert.Equal([2, 3], x.Size());
            Assert.True(x.Eq(value).All());
        }
    }

    [Fact]
    public void Shape_is_copied_from_the_caller()
    {
        int[] shape = [2, 3];
        var x = Tensor.Zeros(shape, DType.Float32);
        var view = x.View(shape);
        shape[0] = 9;
        Assert.Equal([2, 3], x.Size());
        Assert.Equal([2, 3], view.Size());
    }

    [Theory]
    [InlineData(0, 5, 1, new[] { 0.0, 1, 2, 3, 4 })]
    [InlineData(1, 2, 0.25, new[] { 1, 1.25, 1.5, 1.75 })]
    [InlineData(5, 0, -2, new[] { 5.0, 3, 1 })]
    [InlineData(0, 0.9, 0.3, new[] { 0, 0.3, 0.6 })]
    [InlineData(2, 2, 1, new double[0])]
    public void Arange(double start, double end, double step, double[] expected)
    {
        var x = Tensor.Arange(start, end, step, DType.Float64);
        Assert.Equal(expected.Length, x.Numel);
        Assert.All(expected.Zip(x.ToArray<double>()), p => Assert.Equal(p.First, p.Second, 12));
    }

    [Fact]
    public void Arange_is_whole_where_its_arguments_are()
    {
        Holds(Tensor.Arange(3), DType.Int64, [3], 0L, 1L, 2L);
        Holds(Tensor.Arange(2.5), DType.Float32, [3], 0f, 1f, 2f);
        Holds(Tensor.Arange(1, 3, dtype: DType.Float32), DType.Float32, [2], 1f, 2f);
    }

    [Theory]
    [InlineData(0, 1, 5, new[] { 0, 0.25, 0.5, 0.75, 1 })]
    [InlineData(1, -1, 3, new[] { 1.0, 0, -1 })]
    [InlineData(3, 10, 1, new[] { 3.0 })]
    [InlineData(3, 10, 0, new double[0])]
    public void Linspace(double start, double end, int steps, double[] expected) =>
        Assert.Equal(expected, Tensor.Linspace(start, end, steps, DType.Float64).ToArray<double>());

    [Fact]
    public void Logspace_has_powers_of_its_base()
    {
        Holds(Tensor.Logspace(0, 3, 4), DType.Float32, [4], 1f, 10f, 100f, 1000f);
        Holds(Tensor.Logspace(-1, 2, 4, 2, DType.Float64), DType.Float64, [4], 0.5, 1.0, 2.0, 4.0);
        Holds(Tensor.Logspace(2, 7, 1), DType.Float32, [1], 100f);
    }

    [Fact]
    public void Normal_numbers_have_their_mean_and_standard_deviation()
    {
        var x = Tensor.Normal(3, 0.5, [100, 100], DType.Float64, generator: new Generator(1));
        Assert.InRange(x.Mean().Item(), 3 - 5 * 0.005, 3 + 5 * 0.005);          // 5σ
        Assert.InRange(x.Std().Item(), 0.5 - 5 * 0.0036, 0.5 + 5 * 0.0036);
    }

    [Fact]
    public void Linspace_hits_both_ends_and_is_symmetric()
    {
        var x = Tensor.Linspace(-0.1, 0.1, 1000, DType.Float64).ToArray<double>();
        Assert.Equal((-0.1, 0.1), (x[0], x[^1]));
        for (var i = 0; i < 1000; i++) Assert.Equal(-x[i], x[999 - i]);
    }

    [Fact]
    public void Arrays_of_the_callers()
    {
        Holds(Tensor.From(new[,] { { 1f, 2f }, { 3f, 4f } }), DType.Float32, [2, 2], 1f, 2f, 3f, 4f);
        Holds(Tensor.From(new[] { new[] { 1, 2 }, new[] { 3, 4 } }), DType.Int64, [2, 2], 1L, 2L, 3L, 4L);
        Holds(Tensor.From(new[] { new[,] { { 1.0, 2 } }, new[,] { { 3.0, 4 } } }), DType.Float64, [2, 1, 2], 1.0, 2.0,
            3.0, 4.0);
        Holds(Tensor.From(new Array[] { new[] { 1f, 2f }, new[] { 3.0, 4.0 }, new[] { 5L, 6L } }), DType.Float64,
            [3, 2], 1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
        Holds(Tensor.From(new Array[] { new[] { 1L }, new[] { true }, new[] { 0.5f }, new[] { 2L } }), DType.Float32,
            [4, 1], 1f, 1f, 0.5f, 2f);
        Holds(Tensor.From(new[] { new[] { 1.0 }, new[] { 0.1 } }, DType.Float32), DType.Float32, [2, 1], 1f, 0.1f);
        Holds(Tensor.From(new[] { new[] { new[] { 1f }, new[] { 2f } }, new[] { new[] { 3f }, new[] { 4f } } }),
            DType.Float32, [2, 2, 1], 1f, 2f, 3f, 4f);
        Holds(Tensor.From(new[] { true, false }), DType.Bool, [2], true, false);
        Holds(Tensor.From(new[] { long.MaxValue }), DType.Int64, [1], long.MaxValue);
        Holds(Tensor.From(new[] { 1, 0 }, DType.Bool), DType.Bool, [2], true, false);
        Holds(Tensor.From(new float[0, 3]), DType.Float32, [0, 3], Array.Empty<float>());
        Holds(Tensor.From(Array.Empty<float[]>()), DType.Float32, [0], Array.Empty<float>());
        Holds(Tensor.From([1.0, 2, 3, 4], [2, 2], device: Device.Reference), DType.Float64, [2, 2], 1.0, 2.0, 3.0, 4.0);
    }

    public static TheoryData<Array> Ragged => new()
    {
        new int[][] { [1, 2], [3] },
        new int[][] { [1], [2, 3] },
        new int[]?[] { [1], null },
        new int[][][] { [[1], [2]], [[3], [4, 5]] },
    };

    [Theory]
    [MemberData(nameof(Ragged))]
    public void Ragged_arrays_are_refused(Array array) =>
        Assert.Contains("ragged", Assert.Throws<ShapeException>(() => Tensor.From(array)).Message);

    [Fact]
    public void Arrays_of_other_things_are_refused() =>
        Assert.Contains("Object", Assert.Throws<DTypeException>(() => Tensor.From(new object[] { 1, "2" })).Message);

    [Fact]
    public void Memory_over_an_array_is_shared_both_ways()
    {
        float[] array = [1, 2, 3, 4, 5, 6];
        var x = Tensor.Over(array, 2, 3);
        array[4] = 50;
        Assert.Equal(50, x[1, 1].Item());
        x[0].Fill_(7);
        Assert.Equal([7f, 7, 7, 4, 50, 6], array);
        x.T.Copy_(Tensor.Arange(6).Reshape(3, 2));
        Assert.Equal([0f, 2, 4, 1, 3, 5], array);
    }

    [Fact]
    public void From_copies()
    {
        float[] array = [1, 2];
        var x = Tensor.From(array);
        array[0] = 9;
        Assert.Equal([1f, 2], x.ToArray<float>());
    }

    [Theory, Devices]
    public void Likes(string name)
    {
        var x = Tensor.From(new[,] { { 1L, 2L } }, device: Named(name));
        Holds(Tensor.ZerosLike(x), DType.Int64, [1, 2], 0L, 0L);
        Holds(Tensor.OnesLike(x), DType.Int64, [1, 2], 1L, 1L);
        Assert.Equal(DType.Bool, Tensor.EmptyLike(x, DType.Bool).DType);
        Assert.Same(x.Device, Tensor.ZerosLike(x).Device);
    }

    [Theory, Devices]
    public void Conversions(string name)
    {
        var x = Tensor.From(new[] { -1.7, 0, 2.9, double.NaN }, device: Named(name));
        Holds(x.To(DType.Bool), DType.Bool, [4], true, false, true, true);
        Assert.Equal([-1L, 0, 2], x[..3].To(DType.Int64).ToArray<long>());
        Assert.Equal([-1.7f, 0, 2.9f, float.NaN], x.ToArray<float>());
        Assert.Same(x, x.To(DType.Float64));
        var moved = x[1..3].To(Device.Reference).To(Device.Cpu);
        Assert.Equal([0, 2.9], moved.ToArray<double>());
        Assert.Equal([1.0, 0], Tensor.From(new[] { true, false }, device: Named(name)).ToArray<double>());
        Assert.Equal([(1L << 62) + 1],
            Tensor.From(new[] { (1L << 62) + 1 }, device: Named(name)).Clone().ToArray<long>());
    }

    [Fact]
    public void Default_type_takes_floating_point_only() =>
        Assert.Throws<DTypeException>(() => DTypes.Default = DType.Int64);
}
