namespace Tensorlet.Tests.Devices;

/// <summary>What is checked of a primitive.</summary>
/// <param name="Types">The types it takes.</param>
/// <param name="Case">Generates one case and runs it.</param>
/// <param name="AnySize">Whether the case has the sizes that <see cref="Twins"/> generates, and not sizes of its
/// own.</param>
sealed record Verb(DType[] Types, Action<Twins, DType> Case, bool AnySize = true);

/// <summary>a·b − c·d where the mask is true, else d.</summary>
public readonly struct Masked : IFormula
{
    public static int Inputs => 5;
    V IFormula.Apply<V>(V mask, V a, V b, V c, V d, V f, V g, V h) => V.IfEqual(mask, V.Of(0), d, a * b - c * d);
}

/// <summary>Each primitive of a device, on random operands, compared with the reference.</summary>
static class Verbs
{
    static readonly DType[] all = [DType.Bool, DType.Int64, DType.Float32, DType.Float64],
        floats = [DType.Float32, DType.Float64];

    public static readonly Dictionary<string, Verb> Table = new()
    {
        ["Fill"] = new(all, (t, type) =>
        {
            var y = t.Draw(t.Shape(), type, written: true);
            On(t, d => d.Fill(new Tensor.Line(-2, 0.5), Of(d, y)));
            t.Same(y, "Fill");
            On(t, d => d.Fill(new RandomUniform(7, 100, -1, 1, type), Of(d, y)));
            t.Same(y, "Fill with uniform numbers");
        }),
        ["Copy"] = new(all, (t, type) =>
        {
            foreach (var target in all)
            {
                var shape = t.Shape();
                Twin x = t.Draw(shape, type), y = t.Draw(shape, target, written: true);
                On(t, d => d.Copy(Of(d, x), Of(d, y)));
                t.Same(y, $"Copy to {target}");
            }
        }),
        ["Integers beyond the exact doubles"] = new([DType.Int64], (t, _) =>
        {
            long[] large = [long.MaxValue, long.MinValue, (1L << 53) + 1, -(1L << 53) - 1];
            var x = Tensor.From(large, device: t.Device);
            Assert.Equal(large, x.Clone().ToArray<long>());
            Assert.Equal(large, (x + Tensor.Zeros([4], DType.Int64, t.Device)).ToArray<long>());
            Assert.Equal(large, x.Unsqueeze(1).Sum([1]).ToArray<long>());
            Assert.Equal(large.Sum(), x.Sum().ToArray<long>()[0]);
            Assert.Equal(large, Tensor.MatMul(x.Unsqueeze(1),
                Tensor.Ones([1, 1], DType.Int64, t.Device)).ToArray<long>());
            var (order, zeros) = (Tensor.Arange(4, DType.Int64, t.Device), Tensor.Zeros([4], DType.Int64, t.Device));
            Assert.Equal(large, x.Gather(0, order).ToArray<long>());
            Assert.Equal(large, zeros.Clone().ScatterAdd_(0, order, x).ToArray<long>());
            t.Device.AddInto(x, zeros);
            Assert.Equal(large, zeros.ToArray<long>());
        }, AnySize: false),
        ["Map"] = new([DType.Int64, .. floats], (t, type) =>
        {
            var shape = t.Shape();
            Twin x = t.Draw(shape, type), y = t.Draw(shape, type, written: true);
            On(t, d => d.Map(new Tensor.AffineFormula(3, -2), Of(d, x), Of(d, y)));
            t.Same(y, "Map");
        }),
        ["Zip"] = new(all, (t, type) =>
        {
            var shape = t.Shape();
            Twin a = t.Draw(shape, type), b = t.Draw(shape, type), y = t.Draw(shape, type, written: true),
                mask = t.Draw(shape, DType.Bool, written: true);
            On(t, d => d.Zip(new Tensor.MultiplyFormula(), Of(d, a), Of(d, b), Of(d, y)));
            t.Same(y, "Zip");
            On(t, d => d.Zip(new Tensor.GreaterEqualFormula(), Of(d, a), Of(d, b), Of(d, mask)));
            t.Same(mask, "Zip to a mask");
        }),
        ["Zip3"] = new(all, (t, type) =>
        {
            var shape = t.Shape();
            Twin c = t.Draw(shape, type, value: () => t.Below(2)), a = t.Draw(shape, type), b = t.Draw(shape, type),
                y = t.Draw(shape, type, written: true);
            On(t, d => d.Zip(new Tensor.WhereFormula(), Of(d, c), Of(d, a), Of(d, b), Of(d, y)));
            t.Same(y, "Zip3");
        }),
        ["Formula with a mask"] = new([DType.Int64, .. floats], (t, type) =>
        {
            var shape = t.Shape();
            Twin mask = t.Draw(shape, DType.Bool, value: () => t.Below(2)), y = t.Draw(shape, type, written: true),
                to = t.Draw(shape, DType.Bool, written: true);
            Twin[] x = [.. Enumerable.Range(0, 4).Select(_ => t.Draw(shape, type))];
            On(t, d => d.Apply(new Masked(), Of(d, y), [Of(d, mask), .. x.Select(twin => Of(d, twin))]));
            t.Same(y, "Formula");
            On(t, d => d.Apply(new Masked(), Of(d, to), [Of(d, mask), .. x.Select(twin => Of(d, twin))]));
            t.Same(to, "Formula to a mask");
        }),
        ["Reduce of a formula"] = new(floats, (t, type) =>
        {
            var shape = t.Shape();
            Twin mask = t.Draw(shape, DType.Bool, value: () => t.Below(2)),
                y = t.Draw(shape[..t.Below(shape.Length + 1)], type, written: true);
            Twin[] x = [.. Enumerable.Range(0, 4).Select(_ => t.Draw(shape, type))];
            On(t, d => d.Reduce(new Masked(), new Tensor.AddFormula(), Of(d, y), [Of(d, mask),
                .. x.Select(twin => Of(d, twin))]));
            t.Same(y, $"Sum of a formula of {Layout.Show(shape)}");
            On(t, d => d.Reduce(new Of2<Tensor.SubtractFormula>(), new Tensor.MeanSquareFormula(3, root: true),
                Of(d, y), Of(d, x[0]), Of(d, x[1])));
            t.Same(y, $"Root of the mean of squares of {Layout.Show(shape)}");
        }),
        ["Reduce"] = new(all, (t, type) =>
        {
            var shape = t.Shape();
            Twin x = t.Draw(shape, type), y = t.Draw(shape[..t.Below(shape.Length + 1)], type, written: true);
            On(t, d => d.Reduce(new Tensor.AddFormula(), Of(d, x), Of(d, y)));
            t.Same(y, $"Sum of {Layout.Show(shape)}");
            if (type.IsFloat()) x = t.Draw(shape, type, value: t.Odd);
            On(t, d => d.Reduce(new Tensor.MaxFormula(), Of(d, x), Of(d, y)));
            if (x.Expected.Numel > 0 || type.IsFloat()) t.Same(y, $"Largest of {Layout.Show(shape)}");
            x = t.Draw(shape, type, value: () => 1 - 2 * t.Below(2));
            On(t, d => d.Reduce(new Tensor.MultiplyFormula(), Of(d, x), Of(d, y)));
            t.Same(y, $"Product of {Layout.Show(shape)}");
        }),
        ["Reduce of long rows"] = new(all, (t, type) =>
        {
            int[] shape = t.Small ? [2, 260] : [4, 512];
            Twin x = t.Draw(shape, type), y = t.Draw(shape[..1], type, written: true),
                best = t.Draw(shape[..1], DType.Int64, written: true);
            On(t, d => d.Reduce(new Tensor.AddFormula(), Of(d, x), Of(d, y)));
            t.Same(y, "Sum of long rows");
            On(t, d => d.ArgReduce(true, Of(d, x), Of(d, best), asOffset: false));
            t.Same(best, "ArgMax of long rows");
        }, AnySize: false),
        ["ArgReduce"] = new(all, (t, type) =>
        {
            var shape = t.Shape(empty: false);
            Twin x = t.Draw(shape, type, value: type.IsFloat() ? t.Odd : null),
                y = t.Draw(shape[..t.Below(shape.Length + 1)], DType.Int64, written: true);
            foreach (var largest in (bool[])[true, false])
                foreach (var asOffset in (bool[])[true, false])
                {
                    On(t, d => d.ArgReduce(largest, Of(d, x), Of(d, y), asOffset));
                    t.Same(y, $"ArgReduce({largest}) of {Layout.Show(shape)}, as offset {asOffset}");
                }
        }),
        ["Contract"] = new(all, (t, type) =>
        {
            var groups = t.Groups();
            int[] batch = groups[0], rows = groups[1], columns = groups[2], inner = groups[3];
            Twin a = t.Draw([.. batch, .. rows, .. inner], type), b = t.Draw([.. batch, .. inner, .. columns], type);
            var c = t.Draw([.. batch, .. rows, .. columns], type, written: true);
            On(t, d => d.Contract(Of(d, a), Of(d, b), Of(d, c), batch.Length, rows.Length, columns.Length));
            t.Same(c, $"Contract of {a.Expected.Layout} and {b.Expected.Layout}");
        }),
        ["Contract of matrices"] = new(floats, (t, type) =>
        {
            int m = t.Below(70), n = t.Below(70), k = t.Below(t.Small ? 4 : 700);
            Twin a = t.Draw([2, m, k], type), b = t.Draw([2, k, n], type), c = t.Draw([2, m, n], type, written: true);
            if (t.Small && 2 * m * n > 64) return;
            On(t, d => d.Contract(Of(d, a), Of(d, b), Of(d, c), 1, 1, 1));
            t.Same(c, $"Contract of {a.Expected.Layout} and {b.Expected.Layout}");
        }, AnySize: false),
        ["More axes than a kernel takes"] = new(floats, (t, type) =>
        {
            if (t.Small) return;                    // the same kernels as elsewhere, but hundreds of launches
            int[] shape = [2, 1, 2, 2, 1, 2, 2, 2, 2];
            Twin x = t.Draw(shape, type), y = t.Draw(shape, type, written: true),
                sum = t.Draw([], type, written: true), c = t.Draw([], type, written: true);
            On(t, d => d.Fill(new Tensor.Line(1, 1), Of(d, y)));
            t.Same(y, "Fill");
            On(t, d => d.Zip(new Tensor.AddFormula(), Of(d, x), Of(d, y), Of(d, y)));
            t.Same(y, "Zip");
            On(t, d => d.Reduce(new Tensor.AddFormula(), Of(d, x), Of(d, sum)));
            t.Same(sum, "Reduce");
            On(t, d => d.Contract(Of(d, x), Of(d, y), Of(d, c), 0, 0, 0));
            t.Same(c, "Contract");
            On(t, d => d.AddInto(Of(d, x), Of(d, y)));
            t.Same(y, "AddInto");
        }, AnySize: false),
        ["AddInto"] = new(all, (t, type) =>
        {
            var y = t.Draw(t.Shape(leastRank: 1), type);                // expanded, too
            if (y.Expected.Size(-1) is > 0 and < 700 and var size)
                y = new(y.Expected.Windows(-1, (size + 1) / 2), y.Actual.Windows(-1, (size + 1) / 2));
            var x = t.Draw(y.Expected.Size(), type);
            On(t, d => d.AddInto(Of(d, x), Of(d, y)));
            t.Same(y, "AddInto");
        }),
        ["AddInto one place"] = new(all, (t, type) =>
        {
            var count = t.Small ? 64 : 50_000;
            Twin x = t.Draw([count], type), y = t.Draw([1], type, written: true);
            On(t, d => d.AddInto(Of(d, x), Of(d, y).Expand(count)));
            t.Same(y, "AddInto one place");
        }, AnySize: false),
        ["Gather"] = new(all, (t, type) =>
        {
            var (x, axis, index, y) = Indexed(t, type);
            On(t, d => d.Gather(Of(d, x), axis, Of(d, index), Of(d, y)));
            t.Same(y, $"Gather along {axis} of {x.Expected.Layout}");
        }),
        ["ScatterAdd"] = new(all, (t, type) =>
        {
            var (y, axis, index, x) = Indexed(t, type, written: true);
            On(t, d => d.ScatterAdd(Of(d, x), axis, Of(d, index), Of(d, y)));
            t.Same(y, $"ScatterAdd along {axis}");
        }),
    };

    public static IEnumerable<object[]> Rows(string device) =>
        from verb in Table from type in verb.Value.Types select (object[])[device, verb.Key, type];

    static void On(Twins t, Action<Device> verb)
    {
        verb(Device.Reference);
        verb(t.Device);
    }

    static Tensor Of(Device device, Twin twin) => device == Device.Reference ? twin.Expected : twin.Actual;

    static (Twin Table, int Axis, Twin Index, Twin Items) Indexed(Twins t, DType type, bool written = false)
    {
        var shape = t.Shape(leastRank: 1, empty: false);
        var axis = t.Below(shape.Length);
        int[] picked = [.. shape];
        picked[axis] = shape[axis] > 6 && t.Coin() ? shape[axis] : t.Below(6);
        return (t.Draw(shape, type, written), axis, t.Draw(picked, DType.Int64, value: () => t.Below(shape[axis])),
            t.Draw(picked, type, written: !written));
    }
}
