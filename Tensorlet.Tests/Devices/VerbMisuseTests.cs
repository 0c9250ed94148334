namespace Tensorlet.Tests.Devices;

/// <summary>
/// A primitive that is called wrongly from inside the library throws an exception and has written nothing, on every
/// device: with shapes that do not fit together, types, devices, and layouts that reach beyond their storage.
/// </summary>
public class VerbMisuseTests
{
    public static TheoryData<string> Devices => [.. Verification.Machines.All];

    static readonly Tensor.AddFormula sum = new();
    static readonly Tensor.AddFormula add = new();
    static readonly Tensor.AffineFormula twice = new(2, 0);

    /// <summary>Each primitive with its operands: those that are read, then the one that is written.</summary>
    static readonly (string Name, int[][] Shapes, DType[] Types, Action<Device, Tensor[]> Call)[] verbs =
    [
        ("Copy", [[2, 3], [2, 3]], [], (d, t) => d.Copy(t[0], t[1])),
        ("Fill", [[2, 3]], [], (d, t) => d.Fill(new Tensor.Line(1, 0), t[0])),
        ("Map", [[2, 3], [2, 3]], [], (d, t) => d.Map(twice, t[0], t[1])),
        ("Zip", [[2, 3], [2, 3], [2, 3]], [], (d, t) => d.Zip(add, t[0], t[1], t[2])),
        ("Zip3", [[2, 3], [2, 3], [2, 3], [2, 3]], [], (d, t) => d.Zip(new Tensor.WhereFormula(), t[0], t[1], t[2],
            t[3])),
        ("Reduce", [[2, 3, 4], [2]], [], (d, t) => d.Reduce(sum, t[0], t[1])),
        ("Zip", [[2, 3], [2, 3], [2, 3], [2, 3], [2, 3], [2, 3]], [], (d, t) =>
            d.Apply(new Masked(), t[5], t[..5])),
        ("Reduce2", [[2, 3, 4], [2, 3, 4], [2]], [], (d, t) =>
            d.Reduce(new Of2<Tensor.AddFormula>(), sum, t[2], t[..2])),
        ("ArgReduce", [[2, 3, 4], [2]], [DType.Float32, DType.Int64], (d, t) => d.ArgReduce(true, t[0], t[1], false)),
        ("Contract", [[2, 3, 4], [2, 4, 5], [2, 3, 5]], [], (d, t) => d.Contract(t[0], t[1], t[2], 1, 1, 1)),
        ("AddInto", [[2, 3], [2, 3]], [], (d, t) => d.AddInto(t[0], t[1])),
        ("Gather", [[5, 3], [2, 3], [2, 3]], [DType.Float32, DType.Int64, DType.Float32], (d, t) =>
            d.Gather(t[0], 0, t[1], t[2])),
        ("ScatterAdd", [[2, 3], [2, 3], [5, 3]], [DType.Float32, DType.Int64, DType.Float32], (d, t) =>
            d.ScatterAdd(t[0], 0, t[1], t[2])),
    ];

    static DType TypeOf(DType[] types, int operand) => types.Length == 0 ? DType.Float32 : types[operand];

    static Tensor[] Operands(int[][] shapes, DType[] types, Device device) =>
        [.. shapes.Select((shape, i) => Tensor.Zeros(shape, TypeOf(types, i), device))];

    [Theory, MemberData(nameof(Devices))]
    public void Every_wrong_operand_of_every_verb_is_refused(string name)
    {
        var device = Verification.Machines.Named(name);
        foreach (var (verb, shapes, types, call) in verbs)
        {
            call(device, Operands(shapes, types, device));
            for (var i = 0; i < shapes.Length; i++)
            {
                foreach (var wrong in Wrong(shapes[i], TypeOf(types, i), device, verb, alone: shapes.Length == 1))
                {
                    var operands = Operands(shapes, types, device);
                    operands[i] = wrong;
                    var written = operands[^1];
                    var before = written.Layout.IsWithin(written.Storage.Count) ? written.ToArray<double>() : [];
                    var error = Record.Exception(() => call(device, operands));
                    Assert.True(error is TensorletException && error.Message.StartsWith(verb.TrimEnd('2', '3')),
                        $"{verb}, operand {i}, {wrong.DType} {wrong.Layout}: {error?.ToString() ?? "it was accepted"}");
                    if (before.Length > 0) Assert.Equal(before, written.ToArray<double>());
                }
            }
        }
    }

    /// <summary>What an operand of this shape and type must not be.</summary>
    static IEnumerable<Tensor> Wrong(int[] shape, DType type, Device device, string verb, bool alone)
    {
        var right = Tensor.Ones(shape, type, device);
        if (!alone)
        {
            for (var axis = 0; axis < shape.Length; axis++)
            {
                int[] larger = [.. shape];
                larger[axis] += 7;
                if (!(verb is "Reduce" or "ArgReduce" && axis > 0)                          // any axes may be reduced
                    && !(verb is "Gather" or "ScatterAdd" && axis == 0 && shape[0] == 5))   // or indexed
                    yield return Tensor.Ones(larger, type, device);
            }
            yield return Tensor.Ones([7, .. shape], type, device);
            if (verb != "Copy" && !(verb == "ArgReduce" && shape.Length > 1))                   // which take any type
                yield return Tensor.Ones(shape, DType.Float64, device);
        }
        yield return right.With(new Layout(shape, [.. right.Layout.Strides], 1));           // one element too far
        yield return right.With(new Layout(shape, [.. right.Layout.strides.Select(s => -s)], 0));
        yield return right.With(new Layout(shape, [.. right.Layout.strides.Select(s => s * 2)], 0));
        yield return Tensor.Ones(shape, type, device == Device.Cpu ? Device.Reference : Device.Cpu);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Groups_of_axes_that_are_not_there_are_refused(string name)
    {
        var device = Verification.Machines.Named(name);
        var x = Tensor.Ones([2, 2], device: device);
        (int, int, int)[] groups = [(-1, 1, 1), (0, -1, 1), (0, 1, -1), (3, 1, 1), (0, 3, 1), (1, 1, 1)];
        foreach (var (batch, rows, columns) in groups)
            Assert.Throws<ShapeException>(() => device.Contract(x, x, x.Clone(), batch, rows, columns));
        var indices = Tensor.Zeros([2, 2], DType.Int64, device);
        foreach (var axis in (int[])[-1, 2])
        {
            Assert.Throws<ShapeException>(() => device.Gather(x, axis, indices, x.Clone()));
            Assert.Throws<ShapeException>(() => device.ScatterAdd(x, axis, indices, x.Clone()));
        }
        Assert.Throws<ShapeException>(() => device.ArgReduce(true, Tensor.Ones([2, 0], device: device),
            Tensor.Zeros([2], DType.Int64, device), asOffset: false));
    }

    [Theory, MemberData(nameof(Devices))]
    public void Bytes_beyond_a_storage_are_refused(string name)
    {
        var device = Verification.Machines.Named(name);
        var x = Tensor.Ones([4], device: device);
        foreach (var (offset, bytes) in new[] { (0, 17), (4, 1), (-1, 4), (3, 8) })
        {
            Assert.Throws<ShapeException>(() => device.Upload(new byte[bytes], x.Storage, offset));
            Assert.Throws<ShapeException>(() => device.Download(x.Storage, offset, new byte[bytes]));
        }
        Assert.All(x.ToArray<float>(), v => Assert.Equal(1, v));
    }
}
