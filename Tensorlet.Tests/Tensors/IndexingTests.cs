using static Tensorlet.Tests.Tensors.DevicesAttribute;

namespace Tensorlet.Tests.Tensors;

public class IndexingTests
{
    static Tensor Numbers(string device, params int[] shape) =>
        Tensor.Arange(shape.Aggregate(1, (n, s) => n * s), device: Named(device)).Reshape(shape);

    static void Holds(Tensor x, int[] shape, params long[] values)
    {
        Assert.Equal(shape, x.Size());
        Assert.Equal(values, x.ToArray<long>());
    }

    /// <summary>What is picked of a view of any kind is written where reading finds it, and nothing else.</summary>
    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    [InlineData("simulated")]
    public void Every_part_that_is_read_can_be_written(string name)
    {
        var device = name == "simulated" ? Device.Simulated : Named(name);
        int[] list = [2, 0, -1];
        var mask = Tensor.From([true, false, true, true, false], device: device);
        Func<Tensor, TensorIndex[]>[] parts =
        [
            _ => [list], _ => [0.., list], _ => [0.., 0.., list], _ => [list, 1..], _ => [list, list],
            _ => [list, 0.., list], _ => [0.., list, list], _ => [1, list], _ => [list, 0], _ => [0.., 1, list],
            _ => [TensorIndex.NewAxis, list], x => [x > 5], _ => [0.., 0.., mask], _ => [1.., list, 3],
        ];
        Func<Tensor, Tensor>[] views = [x => x[..3, ..4, ..5], x => x[1..4, 1..5, 2..7],
            x => x.Permute(2, 1, 0)[..3, ..4, ..5], x => x[TensorIndex.Every(2), TensorIndex.Every(2), ..5]];
        foreach (var view in views)
            foreach (var part in parts)
            {
                var whole = Tensor.Arange(7 * 7 * 7, device: device).Reshape(7, 7, 7);
                var x = view(whole);
                var places = x[part(x)];
                var expected = whole.ToArray<long>();
                var values = Tensor.Arange(1000, 1000 + places.Numel, device: device).Reshape(places.Size());
                foreach (var (place, value) in places.ToArray<long>().Zip(values.ToArray<long>()))
                    expected[place] = value;
                x[part(x)] = values;
                Assert.Equal(expected, whole.ToArray<long>());
            }
        var y = Tensor.Arange(4, device: device);
        y[(int[])[0, 1, 0]] = y[1..];                           // values from where is written; the last one stays
        Assert.Equal([3, 2, 2, 3], y.ToArray<long>());
    }

    [Theory, Devices]
    public void Integers_and_ranges_give_views(string device)
    {
        var x = Numbers(device, 3, 4);
        Holds(x[.., 1], [3], 1, 5, 9);
        Holds(x[1], [4], 4, 5, 6, 7);
        Holds(x[^1], [4], 8, 9, 10, 11);
        Holds(x[-1], [4], 8, 9, 10, 11);
        Holds(x[-3, ^4], [], 0);
        Holds(x[1.., 1..3], [2, 2], 5, 6, 9, 10);
        Holds(x[^2..^1, ^1], [1], 7);
        Holds(x[..99, 3..], [3, 1], 3, 7, 11);
        Holds(x[..^99, 0], [0]);
        Holds(x[^99.., 0], [3], 0, 4, 8);
        Holds(x[2..1], [0, 4]);
        Holds(x[0, TensorIndex.Every(2)], [2], 0, 2);
        Holds(x[0, TensorIndex.Every(2, 1..)], [2], 1, 3);
        Holds(x[TensorIndex.NewAxis, 0, TensorIndex.NewAxis, ..2], [1, 1, 2], 0, 1);
        Holds(x[[]], [3, 4], [.. Enumerable.Range(0, 12)]);
        Assert.Same(x.Storage, x[.., 1..].Storage);
        x[.., 1].Fill_(-1);
        Assert.Equal(-3, x[.., 1].Sum().Item());
    }

    [Theory, Devices]
    public void Masks(string device)
    {
        var x = Numbers(device, 3, 4);
        Holds(x[x > 8], [3], 9, 10, 11);
        Holds(x[x > 99], [0]);
        Holds(x[new[] { true, false, true }], [2, 4], 0, 1, 2, 3, 8, 9, 10, 11);
        Holds(x[.., new[] { false, true, true, false }], [3, 2], 1, 2, 5, 6, 9, 10);
        Holds(x[1, x[1] > 5], [2], 6, 7);
        var cube = Numbers(device, 2, 3, 4);
        Holds(cube[.., cube[0] > 9], [2, 2], 10, 11, 22, 23);
        Holds(cube[cube[.., .., 0] > 8], [3, 4], 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
    }

    [Theory, Devices]
    public void Lists_of_integers(string device)
    {
        var x = Numbers(device, 3, 4);
        Holds(x[new[] { 2, 0, -1 }], [3, 4], 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
        Holds(x[.., new[] { 3, 0 }], [3, 2], 3, 0, 7, 4, 11, 8);
        Holds(x[new[] { 0, 1, 2 }, new[] { -1, 0, 1 }], [3], 3, 4, 9);
        Holds(x[Tensor.From(new[,] { { 0 }, { 2 } }, device: Named(device)), new[] { 1, 2 }], [2, 2], 1, 2, 9, 10);
        Holds(x[1.., new[] { 0, 0 }], [2, 2], 4, 4, 8, 8);
        Holds(x[Tensor.Scalar(1, DType.Int64, Named(device))], [4], 4, 5, 6, 7);
        Holds(x[Array.Empty<int>()], [0, 4]);
        Holds(x[new[] { true, false, true }, new[] { 1, 2 }], [2], 1, 10);
        var cube = Numbers(device, 2, 3, 4);
        Holds(cube[.., new[] { 0, 2 }, new[] { 1, 1 }], [2, 2], 1, 9, 13, 21);
        Holds(cube[new[] { 0, 1 }, .., new[] { 1, 2 }], [2, 3], 1, 5, 9, 14, 18, 22);
        Holds(cube[new[] { 1, 0 }, 2], [2, 4], 20, 21, 22, 23, 8, 9, 10, 11);
        Holds(cube[0, .., new[] { 1, 2 }], [2, 3], 1, 5, 9, 2, 6, 10);       // an integer is a list of one
        Holds(cube[new[] { 0, 1 }, .., 3], [2, 3], 3, 7, 11, 15, 19, 23);
        Holds(cube[.., 2, new[] { 1, 3 }], [2, 2], 9, 11, 21, 23);
        Holds(cube[.., new[] { 1, 0 }, 2], [2, 2], 6, 2, 18, 14);
        Holds(cube[1, new[] { 0, 2 }, ..2], [2, 2], 12, 13, 20, 21);
        Holds(cube[.., 1, TensorIndex.NewAxis, new[] { 1, 2 }], [2, 2, 1], 5, 17, 6, 18);
        Holds(cube[0, .., new[] { true, false, false, true }], [2, 3], 0, 4, 8, 3, 7, 11);
        Holds(Numbers(device, 1, 2, 3, 4)[.., new[] { 0, 1 }, .., new[] { 1, 2 }], [2, 1, 3], 1, 5, 9, 14, 18, 22);
        Assert.NotSame(x.Storage, x[new[] { 0 }].Storage);
    }

    [Theory, Devices]
    public void Writing(string device)
    {
        var x = Numbers(device, 3, 4);
        x[1] = Tensor.From(new[] { 9, 9, 9, 9 }, device: Named(device));
        x[.., ^1] = Tensor.Scalar(7, device: Named(device));
        x[..2, 0] = x[1.., 0];
        Holds(x, [3, 4], 9, 1, 2, 7, 8, 9, 9, 7, 8, 9, 10, 7);
        x[TensorIndex.Every(2), 1..3] = Tensor.Zeros([2, 1], device: Named(device));
        Holds(x, [3, 4], 9, 0, 0, 7, 8, 9, 9, 7, 8, 0, 0, 7);
        x[0] += 1;
        Holds(x[0], [4], 10, 1, 1, 8);
        var cube = Numbers(device, 2, 2, 2);
        cube[1, .., new[] { 1, 0 }] = Tensor.From(new[,] { { 20, 21 }, { 22, 23 } }, device: Named(device));
        Holds(cube, [2, 2, 2], 0, 1, 2, 3, 22, 20, 23, 21);
    }

    [Theory, Devices]
    public void Gathering_and_scattering(string device)
    {
        var x = Numbers(device, 2, 3).To(DType.Float64);
        var index = Tensor.From(new[,] { { 2, 2, 0, 1 }, { 0, 0, 0, 1 } }, device: Named(device));
        Holds(x.Gather(1, index), [2, 4], 2, 2, 0, 1, 3, 3, 3, 4);
        Holds(x.T.Gather(0, index.T), [4, 2], 2, 3, 2, 3, 0, 3, 1, 4);
        Holds(x.Gather(-2, Tensor.ZerosLike(index[.., ..3])), [2, 3], 0, 1, 2, 0, 1, 2);
        Holds(Tensor.ZerosLike(x).ScatterAdd_(1, index, Tensor.Ones([2, 4], DType.Float64, Named(device))), [2, 3],
            1, 1, 2, 3, 1, 0);
        Holds(x.IndexSelect(1, Tensor.From(new[] { 2, 0 }, device: Named(device))), [2, 2], 2, 0, 5, 3);
        Holds(x.Gather(1, index[.., ..0]), [2, 0]);
    }

    [Theory, Devices]
    public void Scattering_is_the_adjoint_of_gathering(string device)
    {
        var generator = new Generator(1);
        Tensor Random(params int[] shape) => Tensor.Randn(shape, DType.Float64, Named(device), generator);
        for (var axis = 0; axis < 3; axis++)
        {
            int[] shape = [4, 5, 6], taken = [4, 5, 6];
            taken[axis] = 9;
            var index = Tensor.RandInt(0, shape[axis], taken, device: Named(device), generator: generator);
            var (x, y) = (Random(shape), Random(taken));
            Assert.Equal((x.Gather(axis, index) * y).Sum().Item(),
                (x * Tensor.ZerosLike(x).ScatterAdd_(axis, index, y)).Sum().Item(), 1e-10);
        }
    }
}
