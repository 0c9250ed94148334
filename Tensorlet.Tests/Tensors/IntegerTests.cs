using System.Numerics;
using Tensorlet.Tests.Verification;

namespace Tensorlet.Tests.Tensors;

/// <summary>
/// Operations on Int64 and Bool, on every device: exact where a double is not, compared with BigInteger, with the types
/// of PyTorch.
/// </summary>
public class IntegerTests
{
    const long Beyond = (1L << 53) + 1;         // the first integer that no double is equal to

    static readonly long[] values = [0, 1, -1, 2, 3, -7, 39, (1 << 24) + 1, Beyond, -Beyond, Beyond + 2,
        4611686018427387905, long.MaxValue - 1, long.MaxValue, long.MinValue + 1, long.MinValue];

    delegate Variable Two(Variable a, Variable b);
    delegate BigInteger Exact(BigInteger a, BigInteger b);

    static BigInteger Floor(BigInteger a, BigInteger b) =>
        BigInteger.DivRem(a, b, out var r) is var q && !r.IsZero && r.Sign != b.Sign ? q - 1 : q;

    static BigInteger Truth(bool x) => x ? 1 : 0;

    /// <summary>What holds for every pair of the values, and which second ones are possible.</summary>
    static readonly Dictionary<string, (Two F, Exact Oracle, DType Type, Func<long, bool>? Takes)> pairs = new()
    {
        ["+"] = ((a, b) => a + b, (a, b) => a + b, DType.Int64, null),
        ["-"] = ((a, b) => a - b, (a, b) => a - b, DType.Int64, null),
        ["*"] = ((a, b) => a * b, (a, b) => a * b, DType.Int64, null),
        ["Maximum"] = (Variable.Maximum, BigInteger.Max, DType.Int64, null),
        ["Minimum"] = (Variable.Minimum, BigInteger.Min, DType.Int64, null),
        ["FloorDivide"] = (Variable.FloorDivide, Floor, DType.Int64, b => b != 0),
        ["Remainder"] = (Variable.Remainder, (a, b) => a - b * Floor(a, b), DType.Int64, b => b != 0),
        ["Fmod"] = (Variable.Fmod, BigInteger.Remainder, DType.Int64, b => b != 0),
        ["Pow"] = (Variable.Pow, (a, b) => BigInteger.Pow(a, (int)b), DType.Int64, b => b is >= 0 and < 70),
        ["&"] = ((a, b) => a.Data & b.Data, (a, b) => a & b, DType.Int64, null),
        ["|"] = ((a, b) => a.Data | b.Data, (a, b) => a | b, DType.Int64, null),
        ["^"] = ((a, b) => a.Data ^ b.Data, (a, b) => a ^ b, DType.Int64, null),
        [">"] = ((a, b) => a > b, (a, b) => Truth(a > b), DType.Bool, null),
        ["<"] = ((a, b) => a < b, (a, b) => Truth(a < b), DType.Bool, null),
        [">="] = ((a, b) => a >= b, (a, b) => Truth(a >= b), DType.Bool, null),
        ["<="] = ((a, b) => a <= b, (a, b) => Truth(a <= b), DType.Bool, null),
        ["Eq"] = ((a, b) => a.Eq(b), (a, b) => Truth(a == b), DType.Bool, null),
        ["Ne"] = ((a, b) => a.Ne(b), (a, b) => Truth(a != b), DType.Bool, null),
        ["Where"] = ((a, b) => Variable.Where(a > b, a, b), BigInteger.Max, DType.Int64, null),
        ["Outer"] = ((a, b) => a.Reshape(-1).Outer(b.Reshape(-1)), (a, b) => a * b, DType.Int64, null),
        ["MatMul"] = ((a, b) => a.MatMul(b), (a, b) => a * b, DType.Int64, null),
        ["Einsum"] = ((a, b) => Variable.Einsum("ij,jk->ik", a, b), (a, b) => a * b, DType.Int64, null),
        ["Clamp by tensors"] = ((a, b) => a.Clamp(b, b), (_, b) => b, DType.Int64, null),
        ["Cat"] = ((a, b) => Variable.Cat([a + b, a], 1).Narrow(1, 0, b.Numel), (a, b) => a + b, DType.Int64, null),
        ["in place"] = ((a, b) => (a + b * 0).Data.Add_(b.Data).Mul_(b.Data).Sub_(a.Data), (a, b) => (a + b) * b - a,
            DType.Int64, null),
        ["add scaled"] = ((a, b) => (a + b * 0).Data.Add_(b.Data, alpha: Beyond), (a, b) => a + Beyond * b,
            DType.Int64, null),
        ["Addmm"] = ((a, b) => (a + b).Addmm(a, b, beta: Beyond, alpha: 3), (a, b) => Beyond * (a + b) + 3 * a * b,
            DType.Int64, null),
        ["Addcmul"] = ((a, b) => a.Addcmul(a, b, 3), (a, b) => a + 3 * a * b, DType.Int64, null),
        ["compared with floats"] = ((a, b) => a > b.To(DType.Float64), (a, b) => Truth(a > (BigInteger)(double)(long)b),
            DType.Bool, b => Math.Abs((double)b) < 1L << 62),
        ["equal to floats"] = ((a, b) => a.Eq(b.To(DType.Float64)), (a, b) => Truth(a == (BigInteger)(double)(long)b),
            DType.Bool, b => Math.Abs((double)b) < 1L << 62),
    };

    sealed record One(Func<Variable, Variable> F, Func<BigInteger, BigInteger> Oracle, DType Type);

    /// <summary>Functions of one integer, as PyTorch types them.</summary>
    static readonly Dictionary<string, One> ones = new()
    {
        ["-x"] = new(x => -x, x => -x, DType.Int64),
        ["-x of tensors"] = new(x => -x.Data, x => -x, DType.Int64),
        ["Abs"] = new(x => x.Abs(), BigInteger.Abs, DType.Int64),
        ["Sign"] = new(x => x.Sign(), x => x.Sign, DType.Int64),
        ["Relu"] = new(x => x.Relu(), x => BigInteger.Max(x, 0), DType.Int64),
        ["Clamp"] = new(x => x.Clamp(0, 2), x => BigInteger.Min(BigInteger.Max(x, 0), 2), DType.Int64),
        ["Clamp, exact"] = new(x => x.Clamp(max: Beyond), x => BigInteger.Min(x, Beyond), DType.Int64),
        ["Square"] = new(x => x.Square(), x => x * x, DType.Int64),
        ["Pow(2)"] = new(x => x.Pow(2), x => x * x, DType.Int64),
        ["Pow(39)"] = new(x => x.Pow(39), x => BigInteger.Pow(x, 39), DType.Int64),
        ["Pow(3, x)"] = new(x => Variable.Pow(3, x.Clamp(0, 39)), x =>
            BigInteger.Pow(3, (int)BigInteger.Min(BigInteger.Max(x, 0), 39)), DType.Int64),
        ["x + n"] = new(x => x + Beyond, x => x + Beyond, DType.Int64),
        ["n - x"] = new(x => Beyond - x, x => Beyond - x, DType.Int64),
        ["x - n"] = new(x => x.Data - Beyond, x => x - Beyond, DType.Int64),
        ["x * n"] = new(x => x * Beyond, x => x * Beyond, DType.Int64),
        ["in place with numbers"] = new(x => x.Data.Clone().Add_(Beyond).Mul_(Beyond).Sub_(1), x =>
            (x + Beyond) * Beyond - 1, DType.Int64),
        ["Floor, Ceil, Round, Trunc"] = new(x => x.Floor() + x.Ceil() + x.Round() + x.Trunc(), x => 4 * x, DType.Int64),
        ["x > 16777216.5"] = new(x => x > 16777216.5, x => Truth(2 * x > 33554433), DType.Bool),
        ["x <= 16777216.5"] = new(x => x <= 16777216.5, x => Truth(2 * x <= 33554433), DType.Bool),
        ["x < n"] = new(x => x < Beyond, x => Truth(x < Beyond), DType.Bool),
        ["x >= n"] = new(x => x >= Beyond, x => Truth(x >= Beyond), DType.Bool),
        ["x < ∞"] = new(x => x < double.PositiveInfinity, _ => 1, DType.Bool),
        ["IsFinite"] = new(x => x.Data.IsFinite(), _ => 1, DType.Bool),
        ["!x"] = new(x => !x.Data, x => Truth(x.IsZero), DType.Bool),
        ["to Bool"] = new(x => x.To(DType.Bool), x => Truth(!x.IsZero), DType.Bool),
        ["Arange"] = new(x => x * 0 + Tensor.Arange(Beyond, Beyond + x.Numel, device: x.Device) - Tensor.Arange(x.Numel,
            device: x.Device), _ => Beyond, DType.Int64),
        ["Arange down"] = new(x => x * 0
            + Tensor.Arange(long.MinValue + 2 * x.Numel, long.MinValue, -2, device: x.Device)
            - Tensor.Arange(2 * x.Numel, 0, -2, device: x.Device), _ => long.MinValue, DType.Int64),
        ["Fill_"] = new(x => x.Data.Clone().Fill_(Beyond), _ => Beyond, DType.Int64),
        ["Full"] = new(x => x * 0 + Tensor.Full([x.Numel], long.MaxValue, DType.Int64, x.Device), _ => long.MaxValue,
            DType.Int64),
        ["IndexFill"] = new(x => x.IndexFill(0, Tensor.Arange(x.Numel, device: x.Device), Beyond), _ => Beyond,
            DType.Int64),
        ["MaskedFill"] = new(x => x.MaskedFill(x > 5, Beyond), x => x > 5 ? Beyond : x, DType.Int64),
        ["Threshold"] = new(x => x.Threshold(1, Beyond), x => x > 1 ? x : Beyond, DType.Int64),
        ["Hardtanh"] = new(x => x.Hardtanh(-2, Beyond), x => BigInteger.Min(BigInteger.Max(x, -2), Beyond),
            DType.Int64),
        ["Relu6"] = new(x => x.Relu6(), x => BigInteger.Min(BigInteger.Max(x, 0), 6), DType.Int64),
        ["twice flipped"] = new(x => x.Flip(0).Reshape(-1).Flip(0), x => x, DType.Int64),
        ["Gather"] = new(x => x.IndexSelect(0, Tensor.Arange(x.Size(0), DType.Int64, x.Device)), x => x, DType.Int64),
        ["ScatterAdd"] = new(x => x.IndexAdd(0, Tensor.Arange(x.Size(0), DType.Int64, x.Device), x, 3), x => 4 * x,
            DType.Int64),
        ["Stack"] = new(x => Variable.Stack([x, x], 1).Select(1, 1), x => x, DType.Int64),
        ["Repeat"] = new(x => x.Repeat(2).Narrow(0, x.Numel, x.Numel), x => x, DType.Int64),
        ["Roll"] = new(x => x.Roll(3, 0).Roll(-3, 0), x => x, DType.Int64),
        ["Windows"] = new(x => x.Windows(0, 1).Sum(-1), x => x, DType.Int64),
        ["Sum of a pair"] = new(x => Variable.Stack([x, x + 1]).Sum(0), x => 2 * x + 1, DType.Int64),
        ["Prod of a pair"] = new(x => Variable.Stack([x, x + 1]).Prod(0), x => x * (Wrapped(x + 1)), DType.Int64),
        ["AMax of a pair"] = new(x => Variable.Stack([x, x - 1]).AMax([0]), x => BigInteger.Max(x, Wrapped(x - 1)),
            DType.Int64),
        ["AMin of a pair"] = new(x => Variable.Stack([x, x - 1]).AMin([0]), x => BigInteger.Min(x, Wrapped(x - 1)),
            DType.Int64),
        ["Max of a pair"] = new(x => Variable.Stack([x - 1, x]).Max(0).Values, x => BigInteger.Max(x, Wrapped(x - 1)),
            DType.Int64),
        ["Min of a pair"] = new(x => Variable.Stack([x, x - 1]).Min(0).Values, x => BigInteger.Min(x, Wrapped(x - 1)),
            DType.Int64),
        ["ArgMax of a pair"] = new(x => Variable.Stack([x - 1, x]).Data.ArgMax(0), x => Truth(x > Wrapped(x - 1)),
            DType.Int64),
        ["ArgMin of a pair"] = new(x => Variable.Stack([x, x - 1]).Data.ArgMin(0), x => Truth(x > Wrapped(x - 1)),
            DType.Int64),
        ["CumSum of a pair"] = new(x => Variable.Stack([x, x]).CumSum(0).Select(0, 1), x => 2 * x, DType.Int64),
        ["CumProd of a pair"] = new(x => Variable.Stack([x, x]).CumProd(0).Select(0, 1), x => x * x, DType.Int64),
        ["CumMax of a pair"] = new(x => Variable.Stack([x, x - 1]).CumMax(0).Values.Select(0, 1), x =>
            BigInteger.Max(x, Wrapped(x - 1)), DType.Int64),
        ["Sort of a pair"] = new(x => Variable.Stack([x, x - 1]).Sort(0).Values.Select(0, 1), x =>
            BigInteger.Max(x, Wrapped(x - 1)), DType.Int64),
        ["Median of three"] = new(x => Variable.Stack([x, x, x - 1]).Median(0).Values, x => x, DType.Int64),
        ["Float32"] = new(x => (x.To(DType.Float32) * 0.5f).To(DType.Int64), x => (BigInteger)((float)(long)x * 0.5f),
            DType.Int64),
    };

    static BigInteger Wrapped(BigInteger x) => (long)(ulong)(x & ulong.MaxValue);

    static TheoryData<string, string> OnAll(IEnumerable<string> names)
    {
        var data = new TheoryData<string, string>();
        foreach (var name in names) foreach (var device in Machines.All) data.Add(name, device);
        return data;
    }

    public static TheoryData<string, string> Pairs => OnAll(pairs.Keys);
    public static TheoryData<string, string> Ones => OnAll(ones.Keys);

    static Variable On(string device, params long[] x) => Tensor.From(x, device: Machines.Named(device));

    static void Same(DType type, IEnumerable<BigInteger> expected, Variable y)
    {
        Assert.Equal(type, y.DType);
        Assert.Equal(expected.Select(x => (long)Wrapped(x)), y.Data.ToArray<long>());
    }

    [Theory, MemberData(nameof(Pairs))]
    public void Of_two_is_exact(string name, string device)
    {
        var (f, oracle, type, takes) = pairs[name];
        long[] second = [.. values.Where(takes ?? (_ => true))];
        Same(type, from a in values from b in second select oracle(a, b),
            f(On(device, values).Unsqueeze(1), On(device, second).Unsqueeze(0)));
    }

    [Theory, MemberData(nameof(Ones))]
    public void Of_one_is_exact(string name, string device) =>
        Same(ones[name].Type, values.Select(x => ones[name].Oracle(x)), ones[name].F(On(device, values)));

    /// <summary>Long sums, with values that cancel, in rows and in columns.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Folds_are_exact(string device)
    {
        var x = Tensor.RandInt(long.MinValue, long.MaxValue, [300, 7], device: Machines.Named(device),
            generator: new Generator(5));
        BigInteger[][] rows = [.. x.ToArray<long>().Chunk(7).Select(row => Array.ConvertAll(row, v => (BigInteger)v))];
        Variable v = x;
        var all = rows.SelectMany(row => row).ToArray();
        Same(DType.Int64, [all.Aggregate(BigInteger.Add)], v.Sum());
        Same(DType.Int64, [all.Aggregate(BigInteger.Multiply)], v.Prod());
        Same(DType.Int64, rows.Select(row => row.Max()), v.AMax([1]));
        Same(DType.Int64, rows.Select(row => (BigInteger)Array.IndexOf(row, row.Min())), x.ArgMin(1));
        Same(DType.Int64, [Array.IndexOf(all, all.Max())], x.ArgMax());
        Same(DType.Int64, all.Order(), v.Reshape(-1).Sort().Values);
        var y = Tensor.RandInt(long.MinValue, long.MaxValue, [7, 5], device: x.Device, generator: new Generator(6));
        BigInteger[] right = [.. y.ToArray<long>()];
        Same(DType.Int64, rows.SelectMany(row => Enumerable.Range(0, 5).Select(j =>
            Enumerable.Range(0, 7).Aggregate(BigInteger.Zero, (s, k) => s + row[k] * right[k * 5 + j]))), v.MatMul(y));
    }

    public static TheoryData<string> Devices => [.. Machines.All];

    [Theory, MemberData(nameof(Devices))]
    public void Products_are_exact(string device)
    {
        Variable a = On(device, Beyond, 1), b = On(device, 1, 1);
        Assert.Equal(Beyond + 1, a.Dot(b).Data.Item<long>());
        Assert.Equal([Beyond + 1], a.Unsqueeze(0).Mv(b).Data.ToArray<long>());
        Assert.Equal([Beyond + 1], a.Reshape(1, 1, 2).Bmm(b.Reshape(1, 2, 1)).Data.ToArray<long>());
        Assert.Equal(Beyond + 1, a.Tensordot(b, 1).Data.Item<long>());
    }

    [Theory, MemberData(nameof(Devices))]
    public void Random_integers_stay_in_their_range(string device)
    {
        foreach (var (low, high) in new[] { (long.MinValue, long.MinValue + 2), (long.MaxValue - 2, long.MaxValue),
            (1L << 60, (1L << 60) + 3), (long.MinValue, long.MaxValue) })
        {
            var x = Tensor.RandInt(low, high, [1000], device: Machines.Named(device), generator: new Generator(2));
            Assert.All(x.ToArray<long>(), v => Assert.InRange(v, low, high - 1));
            Assert.Equal(Math.Min(1000, (double)((BigInteger)high - low)), x.Unique().Values.Numel, 0.0);
        }
    }

    [Fact]
    public void Item_is_exact_or_an_error()
    {
        Assert.Equal(Beyond, Tensor.From([Beyond]).Item<long>());
        Assert.Equal(Beyond - 1, Tensor.From([Beyond - 1]).Item());
        Assert.Contains("Item<long>", Assert.Throws<DTypeException>(() => Tensor.From([Beyond]).Item()).Message);
        Assert.Throws<DTypeException>(() => Tensor.From([long.MaxValue]).Item());
        Assert.Throws<ShapeException>(() => Tensor.From([1L, 2]).Item<long>());
    }

    /// <summary>The type does not depend on the value of a number, but on its own.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Numbers_have_types(string device)
    {
        var x = On(device, 3);
        foreach (var number in new[] { 2.0, 2.5, -2.0 })
            foreach (var y in new[] { x + number, number + x, x - number, number - x, x * number, number * x,
                x.Data * number, x.Pow(number), Variable.Pow(number, x), x.Clamp(number), x.MaskedFill(x > 5, number) })
                Assert.Equal(DType.Float32, y.DType);
        foreach (var y in new[] { x + 2, 2 + x, x - 2L, 2 - x, x * 2, 2 * x, x.Data * 2, x.Pow(2), x.Clamp(2),
            x.MaskedFill(x > 5, 2) })
            Assert.Equal(DType.Int64, y.DType);
        Assert.Equal(DType.Float32, Variable.Atan2(x, x).DType);
        Assert.Equal(Math.PI / 4, Variable.Atan2(x, x).Item(), 6);
        Assert.Equal([8f], x.Exp2().Data.ToArray<float>());
        Assert.Equal(1L, On(device, 7).Clamp(0, 2).Data.Item<long>() - 1);
    }

    /// <summary>What PyTorch refuses, or what has no integer result.</summary>
    public static TheoryData<string, string, string> Refused
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (name, (_, says)) in refused)
                foreach (var device in Machines.All) data.Add(name, device, says);
            return data;
        }
    }

    static readonly Dictionary<string, (Action<Tensor, Tensor> Call, string Says)> refused = new()
    {
        ["minus a mask"] = ((_, mask) => (-mask).Sum(), "−: takes numbers, not the mask of shape (2)"),
        ["minus a mask, a variable"] = ((_, mask) => (-(Variable)mask).Sum(), "!x"),
        ["masks subtracted"] = ((_, mask) => (mask - mask).Sum(), "Sub: takes numbers"),
        ["masks subtracted in place"] = ((_, mask) => mask.Sub_(mask), "Sub_: takes numbers"),
        ["|mask|"] = ((_, mask) => ((Variable)mask).Abs(), "Abs: takes numbers"),
        ["relu of a mask"] = ((_, mask) => ((Variable)mask).Relu(), "Relu: takes numbers"),
        ["a product of masks"] = ((_, mask) => ((Variable)mask).Dot(mask), "Dot: takes numbers"),
        ["a power of masks"] = ((_, mask) => Variable.Pow(mask, mask), "Pow: takes numbers"),
        ["a remainder of masks"] = ((_, mask) => Variable.Remainder(!mask, mask | !mask), "Remainder: takes numbers"),
        ["bits of floats"] = ((x, _) => (x.To(DType.Float32) & x).Sum(), "&: takes Int64"),
        ["a negative power"] = ((x, _) => ((Variable)x).Pow(-1), "Pow: integers of shape (2) to a negative power"),
        ["negative powers"] = ((x, _) => Variable.Pow(2, -x), "Pow: integers"),
        ["a remainder by 0"] = ((x, _) => Variable.Remainder(x, x - x), "Remainder: integers of shape (2)"),
        ["an fmod by 0"] = ((x, _) => Variable.Fmod(x, x - x), "Fmod"),
        ["a quotient by 0"] = ((x, _) => Variable.FloorDivide(x, x - x), "FloorDivide"),
        ["a fraction in place"] = ((x, _) => x.Add_(2.0), "Add_: a Float32 cannot be written into Int64"),
        ["a scaled sum in place"] = ((x, _) => x.Add_(x, alpha: 2.0), "Add_"),
        ["a mean"] = ((x, _) => ((Variable)x).Mean(), "Mean: takes Float32"),
        ["a variance"] = ((x, _) => ((Variable)x).Var(), "takes Float32"),
        ["a norm"] = ((x, _) => ((Variable)x).Norm(), "Norm: takes Float32"),
        ["softmax"] = ((x, _) => ((Variable)x).Softmax(0), "Softmax: takes Float32"),
        ["log softmax"] = ((x, _) => ((Variable)x).LogSoftmax(0), "LogSoftmax: takes Float32"),
    };

    [Theory, MemberData(nameof(Refused))]
    public void Refuses(string name, string device, string says)
    {
        Tensor x = On(device, 3, 5).Data, mask = x > 4;
        var error = Assert.ThrowsAny<TensorletException>(() => refused[name].Call(x, mask));
        Assert.Contains(says, error.Message);
        Assert.Equal([3L, 5], x.ToArray<long>());
        Assert.Equal([false, true], mask.ToArray<bool>());
    }

    [Theory, MemberData(nameof(Devices))]
    public void Masks(string device)
    {
        Tensor a = On(device, 0, 0, 1, 1).Data.To(DType.Bool), b = On(device, 0, 1, 0, 1).Data.To(DType.Bool);
        foreach (var (y, expected) in new (Variable, bool[])[]
        {
            (a & b, [false, false, false, true]), (a | b, [false, true, true, true]),
            (a ^ b, [false, true, true, false]), (!a, [true, true, false, false]), (a + b, [false, true, true, true]),
            (a * b, [false, false, false, true]), (Variable.Maximum(a, b), [false, true, true, true]),
            (Variable.Minimum(a, b), [false, false, false, true]), (a > b, [false, false, true, false]),
            (a.Any([0]), [true]), (a.All([0]), [false]), (a.AMax([0]), [true]),
            (a.IsFinite(), [true, true, true, true]), (((Variable)a.Reshape(2, 2)).Tril(), [false, false, true, true]),
            (((Variable)a).Max(0).Values, [true]), (((Variable)a).Sort().Values, [false, false, true, true]),
            (a.Clone().Mul_(b), [false, false, false, true]),
        })
        {
            Assert.Equal(DType.Bool, y.DType);
            Assert.Equal(expected, y.Data.ToArray<bool>());
        }
        foreach (var (y, expected) in new (Variable, long[])[]
        {
            (a.Sum(), [2]), (((Variable)a).CumSum(0), [0, 0, 1, 2]), (a + 2, [2, 2, 3, 3]), (1 - a, [1, 1, 0, 0]),
            (((Variable)a).Pow(2), [0, 0, 1, 1]), (((Variable)a).Square(), [0, 0, 1, 1]),
            (a.ArgMax(), [2]), (a.CountNonzero(), [2]),
            ((Variable)a * On(device, Beyond, 1, Beyond, 1), [0, 0, Beyond, 1]),
        })
        {
            Assert.Equal(DType.Int64, y.DType);
            Assert.Equal(expected, y.Data.ToArray<long>());
        }
    }
}
