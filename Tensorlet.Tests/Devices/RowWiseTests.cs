namespace Tensorlet.Tests.Devices;

/// <summary>
/// Softmax and the norms on the CPU, which computes rows while they are in the cache, compared with the reference in
/// double precision: rows of many lengths, rows of several runs, and views.
/// </summary>
public class RowWiseTests
{
    static readonly Dictionary<string, Func<Variable, Variable>> operations = new()
    {
        ["softmax"] = x => x.Softmax(-1),
        ["scaled softmax"] = x => new Softmax(x.Rank - 1, 0.3).Apply(x),
        ["masked softmax"] = x => new Softmax(x.Rank - 1, 0.3, Mask([.. x.Size()], x.Device)).Apply(x),
        ["softmax with one mask"] = x => new Softmax(x.Rank - 1, 0.3, Mask([x.Size(-1)], x.Device)).Apply(x),
        ["log-softmax"] = x => x.LogSoftmax(-1),
        ["softmax down"] = x => x.Softmax(0),
        ["layer norm"] = x => F.LayerNorm(x, [x.Size(-1)], Weights(x, x.Rank - 1), Weights(x, x.Rank - 1) * 2),
        ["layer norm over two axes"] = x => F.LayerNorm(x, [x.Size(-2), x.Size(-1)]),
        ["RMS norm"] = x => F.RmsNorm(x, [x.Size(-1)], Weights(x, x.Rank - 1), 1e-5),
        ["group norm"] = x => F.GroupNorm(x, 2, Weights(x, 1), Weights(x, 1) * 2),
        ["group norm with a part of weights"] = x => F.GroupNorm(x, 2,
            Variable.Cat([Weights(x, 1) * 3, Weights(x, 1)]).Narrow(0, x.Size(1), x.Size(1))),
        ["instance norm"] = x => F.InstanceNorm(x, null, null, Weights(x, 1), Weights(x, 1) * 2),
        ["batch norm"] = x => F.BatchNorm(x, null, null, Weights(x, 1), Weights(x, 1) * 2, training: true),
    };

    static readonly Dictionary<string, Func<Tensor, Tensor>> views = new()
    {
        ["contiguous"] = x => x,
        ["axes in another order"] = x => x.Transpose(0, x.Rank - 1).Contiguous().Transpose(0, x.Rank - 1),
        ["every second element"] = x => Tensor.Stack([x, x], x.Rank).Select(x.Rank, 0),
        ["every second row"] = x => Tensor.Stack([x, x], 1).Select(1, 0),
        ["the same for all"] = x => x.Narrow(0, 0, 1).Expand(x.Size()),
    };

    static readonly int[][] shapes = [[3, 4, 2], [2, 2, 1], [7, 4, 9], [2, 6, 16], [5, 2, 31], [40, 4, 33], [3, 2, 700],
        [2, 2, 5000], [2, 4, 3, 3], [3, 4, 17, 5], [2, 6, 8, 40], [70, 2, 5, 1]];

    public static IEnumerable<object[]> Cases =>
        from operation in operations.Keys
        from shape in shapes
        where operation != "instance norm" || shape[2..].Aggregate(1, (a, b) => a * b) > 1
        select (object[])[operation, shape];

    [Theory, MemberData(nameof(Cases))]
    public void Results_and_gradients_are_those_of_the_reference(string operation, int[] shape)
    {
        var function = operations[operation];
        foreach (var (name, view) in views)
            foreach (var type in (DType[])[DType.Float32, DType.Float64])
            {
                Tensor x = view(Random(shape, 1).To(type)), dy = view(Random(shape, 2).To(type));
                var (actual, expected) = (Both(function, x, dy), Both(function, Exact(x), Exact(dy)));
                for (var i = 0; i < 2; i++)
                {
                    var most = 1 + expected[i].Abs().AMax().Item();
                    var error = (Exact(actual[i]) - expected[i]).Abs().AMax().Item();
                    Assert.True(error <= (type == DType.Float32 ? 1e-5 : 1e-12) * most,
                        $"{name}, {type}, {(i == 0 ? "the result" : "the gradient")}: an error of {error} of {most}");
                }
            }
    }

    [Theory, MemberData(nameof(Names))]
    public void The_bits_do_not_depend_on_the_number_of_threads(string operation)
    {
        Tensor x = Random([90, 4, 300], 1), dy = Random([90, 4, 300], 2);
        Tensor[]? first = null;
        for (var threads = 1; threads <= 4; threads++)
        {
            var device = new CpuDevice { Threads = threads };
            var results = Both(operations[operation], x.To(device), dy.To(device));
            first ??= results;
            for (var i = 0; i < 2; i++) Assert.Equal(first[i].ToArray<float>(), results[i].ToArray<float>());
        }
    }

    public static IEnumerable<object[]> Names => operations.Keys.Select(name => (object[])[name]);

    [Fact]
    public void Running_statistics_are_those_of_the_reference()
    {
        foreach (var shape in (int[][])[[2, 3, 5], [40, 6, 3], [3, 50, 17], [20, 30, 1200], [4, 3, 20, 40]])
        {
            Tensor[] actual = Statistics(Random(shape, 4)), expected = Statistics(Exact(Random(shape, 4)));
            for (var i = 0; i < actual.Length; i++) Assert.True(Exact(actual[i]).AllClose(expected[i], 1e-5, 1e-6));
        }

        static Tensor[] Statistics(Tensor x)
        {
            var all = Enumerable.Range(0, 4).Select(_ => x.NewZeros(x.Size(1))).ToArray();
            F.InstanceNorm(x, all[0], all[1], momentum: 1);
            F.BatchNorm(x, all[2], all[3], training: true, momentum: 1);
            return all;
        }
    }

    [Fact]
    public void Gradients_of_weights_are_those_of_the_reference()
    {
        foreach (var shape in (int[][])[[3, 5, 1], [2, 33, 16], [70, 2, 33], [9, 7, 100], [50, 4, 40]])
            foreach (var type in (DType[])[DType.Float32, DType.Float64])
            {
                Tensor x = Random(shape, 1).To(type), dy = Random(shape, 2).To(type);
                var relative = type == DType.Float32 ? 1e-6 : 1e-12;
                foreach (var view in views.Values)
                    for (var kind = 0; kind < 3; kind++)
                    {
                        Tensor[] actual = OfWeights(view(x), dy, kind);
                        Tensor[] expected = OfWeights(Exact(view(x)), Exact(dy), kind);
                        for (var i = 0; i < actual.Length; i++)
                            Assert.True(Exact(actual[i]).AllClose(expected[i], relative, 1000 * relative),
                                $"{Layout.Show(shape)} {type} {kind}");
                    }
            }

        static Tensor[] OfWeights(Tensor data, Tensor dy, int kind)
        {
            var (x, size) = (new Variable(data), data.Size(kind == 0 ? 2 : 1));
            var w = new Variable(data.NewOnes(size), requiresGrad: true);
            var b = new Variable(data.NewZeros(size), requiresGrad: true);
            var y = kind == 0 ? F.LayerNorm(x, [size], w, b) : kind == 1 ? F.BatchNorm(x, null, null, w, b, true)
                : F.GroupNorm(x, size, w, b);
            return [.. Autograd.Grad([y], [w, b], [dy]).Select(gradient => gradient!.Data)];
        }
    }

    [Fact]
    public void Infinite_scores_and_rows_that_are_masked_are_those_of_the_reference()
    {
        foreach (var n in (int[])[3, 16, 50])
        {
            var x = Random([12, n], 3);
            x[3] = double.NegativeInfinity;
            x[4, 1] = double.PositiveInfinity;
            x[5, 2] = double.NaN;
            x[6, 0] = double.NegativeInfinity;
            var mask = Tensor.Ones([12, n], DType.Bool);
            mask[7] = 0;
            mask[3] = 0;
            foreach (var seen in (Tensor?[])[null, mask])
            {
                var actual = new Softmax(1, 1, seen).Apply(x).Data;
                var expected = new Softmax(1, 1, seen?.To(Device.Reference)).Apply(Exact(x)).Data;
                Assert.True(Exact(actual).AllClose(expected, 1e-5, 1e-7, equalNan: true), $"{actual}{expected}");
            }
        }
    }

    static Tensor[] Both(Func<Variable, Variable> function, Tensor x, Tensor dy)
    {
        var input = new Variable(x, requiresGrad: true);
        var y = function(input);
        return [y.Data, Autograd.Grad([y], [input], [dy])[0]!.Data];
    }

    static Tensor Random(int[] shape, int seed) => Tensor.Randn(shape, DType.Float32, generator: new Generator(seed));

    static Tensor Exact(Tensor x) => x.To(DType.Float64).To(Device.Reference);

    static Tensor Mask(int[] shape, Device device) => (Random(shape, 5) > -0.5).To(device);

    static Variable Weights(Variable x, int axis) =>
        (Tensor.Arange(x.Size(axis), x.DType) / x.Size(axis) + 0.5).To(x.Device);
}
