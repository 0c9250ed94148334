namespace Tensorlet.Tests.Devices;

/// <summary>
/// Copies and sums of views on the CPU, which has loops of its own for some arrangements of the elements, compared with
/// the reference: short rows, every second element, rows that alternate in the result, and windows.
/// </summary>
public class CopyTests
{
    static readonly int[] lengths = [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 40, 100, 1000];
    const int Long = (1 << 17) + 3;
    static readonly DType[] types = [DType.Float32, DType.Float64, DType.Int64, DType.Bool];

    // a view of a tensor of the given shape, whose size depends on n
    static readonly Dictionary<string, (Func<int, int[]> Shape, Func<Tensor, Tensor> View)> views = new()
    {
        ["every second element"] = (n => [3, 2 * n], x => x[.., TensorIndex.Every(2)]),
        ["every second element but the first"] = (n => [3, 2 * n], x => x[.., TensorIndex.Every(2, 1..)]),
        ["three of ten columns"] = (n => [n, 10], x => x[.., 2..5]),
        ["three of ten columns of a column"] = (n => [n, 2, 10], x => x[.., 1, 2..5]),
        ["two of the rows and of the columns"] = (n => [5, 4, n, 5], x => x[.., ..2, .., 1..3].Permute(3, 0, 2, 1)),
        ["two rows in turn"] = (n => [3, 2, n], x => x.Transpose(1, 2)),
        ["two rows in turn, twice"] = (n => [2, 2, 3, n], x => x.Permute(2, 0, 3, 1)),
        ["three rows in turn"] = (n => [2, 3, n], x => x.Transpose(1, 2)),
    };

    public static IEnumerable<object[]> Names => views.Keys.Select(name => (object[])[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_copy_of_a_view_is_that_of_the_reference(string name)
    {
        var (shape, view) = views[name];
        foreach (var n in (int[])[.. lengths, Long])
            foreach (var type in n == Long ? [DType.Float32] : types)
            {
                var x = Numbers(shape(n), type);
                Same(view(x.To(Device.Reference)).Clone(), view(x).Clone(), $"{n}, {type}");
            }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_copy_writes_to_its_own_elements_only(string name)
    {
        var (shape, view) = views[name];
        foreach (var n in lengths)
        {
            var x = view(Numbers(shape(n), DType.Float32));
            for (var axis = 0; axis < x.Rank; axis++)           // the one along which other elements follow
            {
                int[] size = [.. x.Size()], wider = [.. size];
                wider[axis] += 20;
                var y = Tensor.Full(wider, -1);
                var expected = y.To(Device.Reference);
                Device.Cpu.Copy(x, y.Narrow(axis, 0, size[axis]));
                Device.Reference.Copy(x.To(Device.Reference), expected.Narrow(axis, 0, size[axis]));
                Same(expected, y, $"{n}, axis {axis}");
            }
        }
    }

    [Theory]
    [InlineData(2, 2)]      // windows side by side
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 5)]      // with gaps
    [InlineData(9, 3)]
    public void Added_windows_are_those_of_the_reference(int size, int stride)
    {
        foreach (var n in (int[])[.. lengths, Long])
            foreach (var type in n == Long ? [DType.Float32] : types[..3])
            {
                var room = (n - 1) * stride + size;
                var (x, y) = (Numbers([3, n, size], type), Numbers([3, room + 1], type));
                var expected = y.To(Device.Reference);
                Device.Reference.AddInto(x.To(Device.Reference), Windows(expected));
                Device.Cpu.AddInto(x, Windows(y));
                Same(expected, y, $"{n}, {type}");

                Tensor Windows(Tensor t) => t.Narrow(1, 0, room).Windows(1, size, stride);
            }
    }

    [Fact]
    public void Rows_at_indices_are_those_of_the_reference()
    {
        foreach (var n in lengths)
            foreach (var axis in (int[])[0, 1, 2])
            {
                var table = Numbers([5, 4, n], DType.Float32);
                int[] wanted = [.. table.Size().Select((size, a) => a == axis ? 7 : size)];
                var index = Numbers(wanted, DType.Int64) % (long)table.Size(axis);
                // one index for each element, and one for a whole row
                foreach (var i in (Tensor[])[index, index.Narrow(axis == 2 ? 1 : 2, 0, 1).Expand(wanted)])
                {
                    var items = Numbers(wanted, DType.Float32);
                    Tensor far = table.To(Device.Reference), farIndex = i.To(Device.Reference);
                    Same(far.Gather(axis, farIndex), table.Gather(axis, i), $"{n}, axis {axis}");
                    Same(far.Clone().ScatterAdd_(axis, farIndex, items.To(Device.Reference)),
                        table.Clone().ScatterAdd_(axis, i, items), $"{n}, axis {axis}");
                }
            }
    }

    [Fact]
    public void An_index_that_does_not_exist_is_found_in_every_row_before_anything_is_written()
    {
        foreach (var axis in (int[])[0, 1, 2])
            foreach (var wrong in (long[])[-1, 9])
                for (var place = 0; place < 7 * 4 * 5; place += 3)
                {
                    int[] size = [7, 4, 5], wanted = [.. size];
                    size[axis] = 9;
                    Tensor table = Numbers(size, DType.Float32), before = table.Clone();
                    var index = Tensor.Zeros(wanted, DType.Int64);
                    index.View(-1)[place] = wrong;
                    Assert.Throws<IndexException>(() => table.Device.Gather(table, axis, index,
                        Numbers(wanted, DType.Float32)));
                    Assert.Throws<IndexException>(() => table.Device.ScatterAdd(Numbers(wanted, DType.Float32), axis,
                        index, table));
                    Same(before, table, $"axis {axis}, place {place}");
                }
    }

    // small integers, so that every order of a sum gives the same
    static Tensor Numbers(int[] shape, DType type) =>
        (Tensor.Arange(Layout.Product(shape)) * 7 % 23).Reshape(shape).To(type);

    static void Same(Tensor expected, Tensor actual, string what)
    {
        var (a, b) = (expected.To(DType.Float64).ToArray<double>(), actual.To(DType.Float64).ToArray<double>());
        Assert.True(a.AsSpan().SequenceEqual(b), what);
    }
}
