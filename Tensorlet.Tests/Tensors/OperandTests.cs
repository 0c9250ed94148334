using System.Reflection;
using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tensorlet.Tests.Tensors;

/// <summary>Numbers, axes and sizes in the forms in which users write them.</summary>
public class OperandTests
{
    static readonly Device[] devices = [Device.Cpu, Device.Reference, Device.Simulated];

    /// <summary>Operations with a number as an operand: the result's elements and type.</summary>
    public static TheoryData<string, Func<Device, Tensor>, double[], DType> Numbers => new()
    {
        { "where, number last", d => Tensor.Where(Mask(d), Floats(d), 0), [1, 0, 3], DType.Float32 },
        { "where, number first", d => Variable.Where(Mask(d), 7, Floats(d)).Data, [7, -2, 7], DType.Float32 },
        { "where of integers", d => Tensor.Where(Mask(d), Integers(d), 0), [1, 0, 3], DType.Int64 },
        { "where, integers and a fraction", d => Tensor.Where(Mask(d), Integers(d), 0.5), [1, 0.5, 3], DType.Float32 },
        { "maximum", d => Variable.Maximum(Floats(d), 0).Data, [1, 0, 3], DType.Float32 },
        { "maximum, as a method", d => new Variable(Integers(d)).Maximum(2).Data, [2, 2, 3], DType.Int64 },
        { "minimum of a double", d => Tensor.Minimum(Doubles(d), 0.1), [0.1, -2, 0.1], DType.Float64 },
        { "equal", d => Integers(d).Eq(3), [0, 0, 1], DType.Bool },
        { "not equal", d => Floats(d).Ne(3.0), [1, 1, 0], DType.Bool },
        { "equal to a fraction", d => Integers(d).Eq(2.5), [0, 0, 0], DType.Bool },
        { "above", d => Integers(d) > 1.5, [0, 1, 1], DType.Bool },
        { "a number below", d => 1 < Floats(d), [0, 0, 1], DType.Bool },
        { "lerp", d => new Variable(Floats(d)).Lerp(new Variable(Floats(d)) + 2, 0.5).Data, [2, -1, 4], DType.Float32 },
        { "remainder", d => Integers(d) % 2, [1, 0, 1], DType.Int64 },
        { "remainder of a float", d => Floats(d) % 1.5, [1, 1, 0], DType.Float32 },
        { "quotient", d => Doubles(d) / 10, [0.1, -0.2, 0.3], DType.Float64 },
        { "quotient of a number", d => 6 / Floats(d), [6, -3, 2], DType.Float32 },
        { "power of a number", d => Variable.Pow(2, Floats(d)).Data, [2, 0.25, 8], DType.Float32 },
        { "mask and number", d => Tensor.Add(Mask(d), 1), [2, 1, 2], DType.Int64 },
        { "in place", d => Floats(d).Clone().Div_(2), [0.5, -1, 1.5], DType.Float32 },
        { "an element", d => Written(Floats(d), x => x[1] = 5), [1, 5, 3], DType.Float32 },
        { "masked elements", d => Written(Floats(d), x => x[Mask(d)] = 0), [0, -2, 0], DType.Float32 },
        { "elements of integers", d => Written(Integers(d), x => x[1..] = 9), [1, 9, 9], DType.Int64 },
        { "masked fill", d => Floats(d).MaskedFill(Mask(d), -1), [-1, -2, -1], DType.Float32 },
    };

    static Tensor Floats(Device d) => Tensor.From([1f, -2, 3], device: d);
    static Tensor Doubles(Device d) => Tensor.From([1.0, -2, 3], device: d);
    static Tensor Integers(Device d) => Tensor.From([1, 2, 3], device: d);
    static Tensor Mask(Device d) => Tensor.From([true, false, true], device: d);

    static Tensor Written(Tensor x, Action<Tensor> write)
    {
        write(x);
        return x;
    }

    [Theory, MemberData(nameof(Numbers))]
    public void A_number_is_an_operand_on_every_device(string name, Func<Device, Tensor> f, double[] expected,
        DType type)
    {
        foreach (var device in devices)
        {
            var y = f(device);
            Assert.Equal((name, device, type), (name, y.Device, y.DType));
            Assert.Equal(expected, y.ToArray<double>().Select(v => type == DType.Float32 ? (float)v : v), (a, b) =>
                type == DType.Float32 ? (float)a == (float)b : a == b);
        }
    }

    [Fact]
    public void A_number_has_no_gradient_and_the_variable_beside_it_has()
    {
        var x = new Variable(Tensor.From([1.0, -2, 3]), requiresGrad: true);
        (x.Maximum(0) / 2 + Variable.Where(x > 0, x, 0)).Sum().Backward();
        Assert.Equal([1.5, 0, 1.5], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void Axes_are_one_several_or_all()
    {
        var x = new Variable(Tensor.Arange(24.0).Reshape(2, 3, 4));
        Assert.Equal([2, 4], x.Var(1).Size());
        Assert.Equal([3], x.AMax([0, -1]).Size());
        Assert.Equal([], x.LogSumExp().Size());
        Assert.Equal([2, 1, 4], x.Norm(2, 1, keepdim: true).Size());
        Assert.Equal([6.0, 22, 38, 54, 70, 86], x.Data.Sum(-1).ToArray<double>());
        Assert.Equal([3, 4], Tensor.Zeros(1, 3, 1, 4).Squeeze([0, 2]).Size());
        Assert.Equal([1, 3, 4], Tensor.Zeros(1, 3, 1, 4).Squeeze(2).Size());
        Assert.Equal(x.Var(1, correction: 0).ToArray<double>(), (x.Var(1) * (2.0 / 3)).ToArray<double>(),
            (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Sizes_are_a_number_a_tuple_or_a_list()
    {
        var (x, w) = (new Variable(Tensor.Ones(1, 1, 4, 4)), new Variable(Tensor.Ones(1, 1, 3, 3)));
        Assert.True(F.Conv2d(x, w, padding: [1, 1]).Equal(F.Conv2d(x, w, padding: (1, 1))));
        Assert.True(F.Conv2d(x, w, padding: 1).Equal(F.Conv2d(x, w, padding: (1, 1))));
        Assert.Equal([1, 1, 8, 8], F.Interpolate(x, scaleFactor: 2).Size());
        Assert.Contains("(1, 2, 3)", Assert.Throws<ShapeException>(() => F.Conv2d(x, w, padding: [1, 2, 3])).Message);
        Triple sizes = [1, 2, 3];
        Assert.Equal(new Triple(1, 2, 3), sizes);
        Assert.Contains("(1, 2)", Assert.Throws<ShapeException>(() => Triple.Of([1, 2])).Message);
        Assert.Contains("scaleFactor", Assert.Throws<ShapeException>(() => F.Interpolate(x)).Message);
    }

    [Fact]
    public void Small_integers_and_halves_become_tensors_and_integers_come_back()
    {
        Assert.Equal((DType.Int64, 3), (Tensor.From([1, 2, 3]).DType, Tensor.From([1, 2, 3]).ToArray<int>()[2]));
        Assert.Equal([255, 0], Tensor.From(new byte[] { 255, 0 }).ToArray<long>());
        Assert.Equal([-7], Tensor.From(new short[] { -7 }).ToArray<long>());
        Assert.Equal([0.5f], Tensor.From(new[] { (Half)0.5 }).ToArray<float>());
        foreach (var array in (Array[])[new byte[,] { { 1 } }, new sbyte[,] { { 1 } }, new short[,] { { 1 } },
            new ushort[,] { { 1 } }, new uint[,] { { 1 } }, new Half[,] { { Half.One } }, new[,] { { true } }])
            Assert.Equal(1, Tensor.From(array, DType.Float64)[0, 0].Item());
        Assert.Equal(DType.Int64, Tensor.From(new int[0, 2]).DType);
        Assert.Contains("Decimal", Assert.Throws<DTypeException>(() => Tensor.From(new[,] { { 1m } })).Message);
        Assert.Equal(DType.Float64, Tensor.From([1, 2], dtype: DType.Float64).DType);
        Assert.Equal([2, 2], Tensor.From(new[,] { { 1, 2 }, { 3, 4 } }).Size());
        Assert.Equal(3.5, (double)Tensor.Scalar(3.5));
        Assert.Throws<OverflowException>(() => Tensor.From([1L << 40]).ToArray<int>());
        var full = Tensor.FullLike(Tensor.From([1, 2]), 2);
        Assert.Equal((2.0, DType.Int64), (full[1].Item(), full.DType));
    }

    [Fact]
    public void Names_of_types_convert_and_a_tilde_negates()
    {
        var x = Tensor.From([1.7f, 0, -2.5f]);
        Assert.Equal([DType.Float32, DType.Float64, DType.Int64, DType.Bool],
            new[] { x.Double().Float(), x.Double(), x.Long(), x.Bool() }.Select(y => y.DType));
        Assert.Equal([1, 0, -2], x.Long().ToArray<long>());
        Assert.Equal([false, true, false], (~x.Bool()).ToArray<bool>());
        Assert.Equal([-2, -1, 1], (~x.Long()).ToArray<long>());
        Assert.Contains("~", Assert.Throws<DTypeException>(() => ~x).Message);
        var v = new Variable(x, requiresGrad: true);
        v.Double().Float().Sum().Backward();
        Assert.Equal((DType.Float32, 3), (v.Grad!.DType, v.Grad.Sum().Item()));
        Assert.Equal(6, Tensor.Einsum("i,i->", Tensor.From([1.0, 2]), Tensor.From([2.0, 2])).Item());
        Assert.Equal((DType.Int64, Device.Simulated), Tensor.ZerosLike(x, DType.Int64, Device.Simulated) is var z
            ? (z.DType, z.Device) : default);
    }

    [Fact]
    public void Hooks_that_only_look_return_nothing()
    {
        List<string> seen = [];
        var layer = new Linear(2, 1);
        layer.RegisterForwardPreHook((_, _) => seen.Add("before"));
        layer.RegisterForwardHook((_, _, _) => seen.Add("after"));
        layer.RegisterBackwardHook((_, _) => seen.Add("backward"));
        var x = new Variable(Tensor.Ones(1, 2), requiresGrad: true);
        x.RegisterHook(_ => seen.Add("x"));
        layer.Call(x).Sum().Backward();
        Assert.Equal(["before", "after", "backward", "x"], seen);
        Assert.Equal(2, Autograd.Grad(layer.Call(x).Sum(), [x, layer.Weight]).Length);
    }

    [Fact]
    public void A_shape_prints_compares_and_is_counted_from_both_ends()
    {
        var shape = Tensor.Zeros(2, 3, 4).Shape;
        Assert.Equal("(2, 3, 4), 2 × 3 × 4, 4 4", $"{shape}, {string.Join(" × ", shape)}, {shape[^1]} {shape[-1]}");
        Assert.True(shape == new Variable(Tensor.Zeros(2, 3, 4)).Shape && shape != Tensor.Zeros(2, 3).Shape
            && shape[1..] == (int[])[3, 4] && shape is [2, .. var rest] && rest.Length == 2
            && shape.Equals((object)shape));
        Assert.Equal(shape.GetHashCode(), Tensor.Ones(2, 3, 4).Shape.GetHashCode());
        Assert.Equal((24, "()"), (shape.Aggregate((a, b) => a * b), $"{default(Shape)}"));
        foreach (var axis in (int[])[3, -4, int.MinValue])
            Assert.Contains("(2, 3, 4)", Assert.Throws<IndexException>(() => shape[axis]).Message);
    }

    [Fact]
    public void Close_and_equal()
    {
        var inf = double.PositiveInfinity;
        Tensor a = Tensor.From([1, inf, double.NaN, 1]), b = Tensor.From([1 + 1e-6, inf, double.NaN, inf]);
        Assert.Equal([true, true, false, false], a.IsClose(b).ToArray<bool>());
        Assert.Equal([true, true, true, false], a.IsClose(b, equalNan: true).ToArray<bool>());
        Assert.True(a[..2].AllClose(b[..2]) && !a[..2].Equal(b[..2]) && a[..2].Equal(a[..2]) && !a.Equal(a));
        Assert.False(Tensor.Zeros(2).Equal(Tensor.Zeros(2, 1)));
    }

    [Fact]
    public void References_are_not_compared_by_mistake()
    {
        foreach (var type in new[] { typeof(Tensor), typeof(Variable) })
            foreach (var name in new[] { "op_Equality", "op_Inequality" })
                Assert.True(type.GetMethod(name)!.GetCustomAttribute<ObsoleteAttribute>()!.IsError);
    }

    [Fact]
    public void Sampled_indices_have_the_frequencies_of_their_weights()
    {
        var weights = Tensor.From(new[,] { { 1f, 0, 3 }, { 0, 2, 0 } });
        var drawn = weights.Multinomial(4000, replacement: true, new Generator(3));
        Assert.Equal([2, 4000], drawn.Size());
        Assert.InRange(drawn[0].Eq(2).Sum().Item(), 3000 - 5 * 27.4, 3000 + 5 * 27.4);       // 5σ
        Assert.Equal((0, 4000), (drawn[0].Eq(1).Sum().Item(), drawn[1].Eq(1).Sum().Item()));
        Assert.Equal([0, 2], weights[0].Multinomial(2).ToArray<long>().Order());
        var refused = Assert.Throws<TensorletException>(() => weights[1].Multinomial(2));
        Assert.Contains("without replacement", refused.Message);
        Assert.Throws<TensorletException>(() => Tensor.From([-1f, 2]).Multinomial(1));
    }

    [Fact]
    public void Zeros_and_ones_are_sampled_with_their_probabilities()
    {
        var ones = Tensor.From([0, 0.25f, 1]).Expand(4000, 3).Bernoulli(new Generator(2));
        Assert.Equal(DType.Float32, ones.DType);
        Assert.True((ones.Eq(0) | ones.Eq(1)).All());
        var sums = ones.Sum(0).ToArray<float>();
        Assert.Equal((0, 4000), (sums[0], sums[2]));
        Assert.InRange(sums[1], 1000 - 5 * 27.4, 1000 + 5 * 27.4);       // 5σ
        var refused = Assert.Throws<TensorletException>(() => Tensor.From([0.5f, 1.5f]).Bernoulli());
        Assert.Contains("from 0.5 to 1.5", refused.Message, StringComparison.Ordinal);
        Assert.Throws<TensorletException>(() => Tensor.From([float.NaN]).Bernoulli());
    }

    [Fact]
    public void Elements_at_indices_are_replaced_in_place()
    {
        var x = Tensor.Zeros(2, 3);
        var row = x[1];
        Assert.Same(x, x.Scatter_(1, Tensor.From(new[,] { { 2, 0 }, { 1, 1 } }), Tensor.From(
            new[,] { { 5f, 6 }, { 7, 8 } })));
        Assert.Equal([6, 0, 5, 0, 8, 0], x.ToArray<float>());
        x.Scatter_(0, Tensor.From(new[,] { { 1, 0, 1 } }), 9);
        Assert.Equal([6, 9, 5, 9, 8, 9], x.ToArray<float>());
        Assert.Equal([9, 8, 9], row.ToArray<float>());
        x.MaskedFill_(x.Eq(9), 0.5).IndexAdd_(1, Tensor.From([2, 2, 0]),
            Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } }));
        Assert.Equal([9, 0.5f, 8, 6.5f, 8, 9.5f], x.ToArray<float>());
        Assert.Equal([6.5f, 8, 9.5f], row.ToArray<float>());
    }

    /// <summary>What has to do with the tape, or is a property of a tensor anyway.</summary>
    static readonly HashSet<string> ofTheTape = ["Backward", "Detach", "RetainGrad", "RegisterHook", "RequiresGrad_",
        "Apply"];

    [Fact]
    public void What_a_variable_computes_a_tensor_computes_too()
    {
        var tensors = typeof(Tensor).GetMethods().Select(m => m.Name).ToHashSet();
        string[] missing = [.. typeof(Variable).GetMethods(BindingFlags.Public | BindingFlags.Instance
            | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(m => !m.IsSpecialName).Select(m => m.Name)
            .Distinct().Except(tensors).Except(ofTheTape)];
        Assert.Empty(missing);
    }

    [Fact]
    public void Methods_are_operators_and_properties_with_other_names()
    {
        Tensor x = Tensor.From(new[,] { { 1.0, -2, 3 }, { 4, 5, -6 } }), y = Tensor.From([2.0, -2, 1]);
        Variable v = x, w = y;
        foreach (var (actual, expected) in new (Tensor, Tensor)[]
        {
            (x.Add(y), x + y), (x.Sub(y), x - y), (x.Mul(y), x * y), (x.Div(y), x / y), (x.Add(1), x + 1),
            (x.Lt(y), x < y), (x.Le(y), x <= y), (x.Gt(y), x > y), (x.Ge(y), x >= y), (x.Gt(0), x > 0),
            (x.T(), x.T), (x.ViewAs(x.T), x.View(3, 2)), (y.ExpandAs(x), y.Expand(2, 3)),
            (v.Add(w).Data, x + y), (v.Sub(w).Data, x - y), (v.Mul(w).Data, x * y), (v.Div(w).Data, x / y),
            (v.Lt(w), x < y), (v.Le(w), x <= y), (v.Gt(w), x > y), (v.Ge(w), x >= y), (v.Mul(2).Data, x * 2),
            (v.T().Data, x.T), (v.ViewAs(v.T).Data, x.View(3, 2)), (w.ExpandAs(v).Data, y.Expand(2, 3)),
            (Tensor.Remainder(x, y), x % y), (Tensor.Fmod(x, y), Variable.Fmod(x, y).Data),
            (Tensor.FloorDivide(x, y), (x / y).Floor()), (Tensor.Atan2(x, y), Variable.Atan2(x, y).Data),
            (x.Add(y, alpha: 2), x + 2 * y), (v.Sub(w, alpha: 2).Data, x - 2 * y),
            (new Tensor(new[] { 2.0, -2, 1 }), y),
            (Tensor.IsNaN(x), x.IsNaN()), (Tensor.IsInf(x), x.IsInf()), (Tensor.IsFinite(x), x.IsFinite()),
            (Tensor.IsClose(x, y, 1), x.IsClose(y, 1)), (Tensor.Tril(x), x.Tril()), (Tensor.Triu(x, 1), x.Triu(1)),
            (Tensor.Diag(y), y.Diag()), (Tensor.Mm(x, x.T), x.Mm(x.T)), (Tensor.Mv(x, y), x.Mv(y)),
            (Tensor.Dot(y, y), y.Dot(y)), (Tensor.Outer(y, y), y.Outer(y)),
            (Tensor.Bmm(x.Unsqueeze(0), x.T.Unsqueeze(0)), x.Mm(x.T).Unsqueeze(0)),
            (Variable.Mm(v, v.T).Data, x.Mm(x.T)), (Variable.Mv(v, w).Data, x.Mv(y)),
            (Variable.Dot(w, w).Data, y.Dot(y)), (Variable.Outer(w, w).Data, y.Outer(y)),
            (Variable.Bmm(v.Unsqueeze(0), v.T.Unsqueeze(0)).Data, x.Mm(x.T).Unsqueeze(0)),
            (new MSELoss().Forward(v, w.Expand(2, 3)).Data, new MSELoss().Call(v, w.Expand(2, 3)).Data),
            (Tensor.Bernoulli(Tensor.Ones(3)), Tensor.Ones(3)), (Tensor.Bernoulli(Tensor.Zeros(3)), Tensor.Zeros(3)),
        })
            Assert.True(actual.Equal(expected) && actual.DType == expected.DType, $"{actual} is not {expected}");
        Assert.Equal((2, 6, true, false), (x.Dim(), x.Numel(), x.IsContiguous(), x.T.IsContiguous()));
        Assert.Equal((2, 6), (v.Dim(), v.Numel()));
        Assert.True(Tensor.Equal(x, x) && !Tensor.Equal(x, x.T));
        Assert.True(Tensor.AllClose(x, x + 1e-9) && !Tensor.AllClose(x, y));
        Assert.All(Tensor.Meshgrid(y, Tensor.From([1.0, 5])), grid => Assert.Equal([3, 2], grid.Shape));
        Assert.Same(x.Storage, x.ViewAs(x.T).Storage);
        int[] sizes = x.Shape;
        sizes[0] = 7;                                       // a copy
        Assert.Equal([2, 3], Tensor.Zeros(x.Shape).Shape);
    }

    [Fact]
    public void A_function_in_place_changes_every_view()
    {
        var x = Tensor.From([4.0, 9, 16]);
        var first = x[..1];
        Assert.Same(x, x.Sqrt_());
        Assert.Equal(2, first.Item());
        Assert.Equal([2.0, 3, 4], x.ToArray<double>());
        Assert.Equal([-2.0, -3, -4], x.Neg_().ToArray<double>());
        Assert.Equal([2.0, 3, 4], x.Abs_().ToArray<double>());
        Assert.Equal([4.0, 9, 16], x.Pow_(2).ToArray<double>());
        Assert.Equal([5.0, 9, 10], x.Clamp_(5, 10).ToArray<double>());
        Assert.Equal([0, 0, 1], x.Sub_(9).Relu_().ToArray<double>());
        Assert.Equal([1, 1, Math.E], x.Exp_().ToArray<double>());
        Assert.Equal([0, 0, 1], x.Log_().ToArray<double>());
        Assert.Equal([2, 2, 3], x.Addcmul_(Tensor.Ones(3), Tensor.From([2.0, 2, 2])).ToArray<double>());
        Assert.Equal([1, 1, 2], x.Addcdiv_(Tensor.Ones(3), Tensor.Ones(3), -1).ToArray<double>());
        Assert.Equal([2, 2, 3.5], x.Lerp_(Tensor.From([3.0, 3, 5]), 0.5).ToArray<double>());
        var whole = Tensor.From([1, 4]);
        Assert.Contains("Sqrt_", Assert.Throws<DTypeException>(() => whole.Sqrt_()).Message, StringComparison.Ordinal);
        Assert.Equal([1L, 4], whole.ToArray<long>());
    }

    [Fact]
    public void A_tensor_computes_what_a_variable_does()
    {
        var x = Tensor.From(new[,] { { 1.0, -2 }, { 0.5, 3 } });
        var v = new Variable(x);
        Assert.True(x.Softmax(1).Equal(v.Softmax(1).Data) && x.Abs().Sqrt().Equal(v.Abs().Sqrt().Data));
        Assert.True(x.Sort(0).Values.Equal(v.Sort(0).Values.Data) && x.Sort(0).Indices.Equal(v.Sort(0).Indices));
        Assert.True(x.Svd().S.AllClose(v.Svd().S.Data) && F.Gelu(v).Equal(v.Gelu()));
    }
}

/// <summary>Parameters that are frozen, hooks that are removed, states that fit in part.</summary>
public class TransferTests
{
    [Fact]
    public void A_frozen_parameter_stays_as_it_is_and_part_of_its_module()
    {
        Generator.ManualSeed(1);
        var net = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1));
        var before = net.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value.Clone());
        foreach (var parameter in net[0].Parameters()) parameter.RequiresGrad_(false);
        var optimizer = new Adam(net.Parameters(), weightDecay: 0.1);
        net.Call(Tensor.Ones(4, 2)).Sum().Backward();
        optimizer.Step();
        Assert.Equal(before.Keys, net.StateDict().Keys);
        Assert.Equal(4, net.Parameters().Count);
        foreach (var (key, value) in net.StateDict()) Assert.Equal(key.StartsWith('0'), value.Equal(before[key]));
        foreach (var parameter in net[0].Parameters()) parameter.RequiresGrad_();
        net.Call(Tensor.Ones(4, 2)).Sum().Backward();
        Assert.NotNull(net[0].Parameters()[0].Grad);
        Assert.Throws<AutogradException>(() => (net[0].Parameters()[0] * 2).RequiresGrad_(false));
        net[0].Parameters()[0].RequiresGrad = false;
        Assert.False(net[0].Parameters()[0].RequiresGrad);
        Assert.Throws<DTypeException>(() => new Variable(Tensor.From([1])).RequiresGrad_());
    }

    [Fact]
    public void What_is_in_order_already_is_not_copied()
    {
        var x = new Variable(Tensor.From(new[,] { { 1.0, 2 }, { 3, 4 } }), requiresGrad: true);
        Assert.Same(x, x.Contiguous());
        Assert.True(!x.T.Data.IsContiguous && x.T.Contiguous().Data.IsContiguous);
        (x.T.Contiguous() * Tensor.From(new[,] { { 1.0, 2 }, { 3, 4 } })).Sum().Backward();
        Assert.Equal([1.0, 3, 2, 4], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void A_hook_is_removed()
    {
        var x = new Variable(Tensor.Ones(2), requiresGrad: true);
        using (x.RegisterHook(gradient => gradient * 3)) (x * 1).Sum().Backward();
        Assert.Equal([3, 3], x.Grad!.ToArray<float>());
        x.Grad = null;
        (x * 1).Sum().Backward();
        Assert.Equal([1, 1], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_module_returns_itself_as_what_it_is()
    {
        Sequential net = new Sequential(new Linear(2, 2)).To(DType.Float64).To(Device.Simulated).Eval();
        Assert.Equal((DType.Float64, Device.Simulated, false),
            (net.Parameters()[0].DType, net.Parameters()[0].Device, net.Training));
        var (y, state) = new GRU(2, 3).Call(Tensor.Zeros(4, 1, 2));
        Assert.Equal([4, 1, 3], y.Size());
        Assert.Equal([1, 1, 3], state.Size());
    }

    [Fact]
    public void Of_another_state_what_fits_is_loaded()
    {
        var (net, other) = (new Sequential(new Linear(2, 2), new Linear(2, 1)), new Sequential(new Linear(2, 2)));
        var state = other.StateDict();
        state["extra"] = Tensor.Zeros(1);
        Assert.Throws<TensorletException>(() => net.LoadStateDict(state));
        var (missing, unexpected) = net.LoadStateDict(state, strict: false);
        Assert.Equal(["1.weight", "1.bias"], missing);
        Assert.Equal(["extra"], unexpected);
        Assert.True(net[0].Parameters()[0].Equal(other[0].Parameters()[0]));
        state["0.weight"] = Tensor.Zeros(5);
        Assert.Throws<ShapeException>(() => net.LoadStateDict(state, strict: false));
    }
}
