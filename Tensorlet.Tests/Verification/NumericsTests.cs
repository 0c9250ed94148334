using System.Numerics;
using System.Reflection;
using Xunit.Sdk;

namespace Tensorlet.Tests.Verification;

/// <summary>
/// Where mathematics leaves a choice: values and gradients (of the sum) at edges and kinks, on every device, both
/// precisions.
/// </summary>
public class NumericsTests
{
    const double NaN = double.NaN;

    sealed class EdgesAttribute : DataAttribute
    {
        public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
            from edge in Edges.All
            from device in Machines.All
            from type in new[] { DType.Float64,
                DType.Float32 }
            select new object[] { edge.Name, device, type };
    }

    [Theory, Edges]
    public void Is_as_agreed(string name, string device, DType type) =>
        Edges.Check(Edges.All.Single(e => e.Name == name), Machines.Named(device), type);

    public static TheoryData<string> Devices => [.. Machines.All];

    [Theory, MemberData(nameof(Devices))]
    public void Of_nothing(string device)
    {
        Variable x = Tensor.Empty([0, 2], DType.Float32, Machines.Named(device));
        Assert.True(double.IsNaN(x.Mean().Item()));
        Assert.Equal((0, 1), (x.Sum().Item(), x.Prod().Item()));
        Assert.Equal([0, 0], x.Sum(0).Data.ToArray<double>());
        Assert.Throws<ShapeException>(() => x.Max());
        Assert.Equal([0, 2], x.CumSum(0).Size());
        Assert.Equal([0, 2], x.Softmax(0).Size());
        Assert.Equal([0, 2], x.LogSoftmax(0).Size());
        Assert.Equal([double.NegativeInfinity, double.NegativeInfinity], x.LogSumExp([0]).Data.ToArray<double>());
        foreach (var y in new[] { x.Var([0]), x.Std([0]), x.Var([0], correction: 0), x.Mean(0) })
            Assert.Equal([NaN, NaN], y.Data.ToArray<double>());
        Assert.Equal([0, 0], x.Norm(2, [0]).Data.ToArray<double>());
        Assert.Equal([0, 2], x.Sort(0).Values.Size());
    }

    [Theory, MemberData(nameof(Devices))]
    public void Division_of_integers(string device)
    {
        Variable a = Tensor.From([7L, -7], device: Machines.Named(device)), zero = Tensor.Like(a.Data, 0);
        var two = Tensor.Like(a.Data, 2);
        Assert.Equal([3.5, -3.5], (a / two).Data.ToArray<double>());
        Assert.Equal([3, -4], Variable.FloorDivide(a, two).Data.ToArray<long>());
        Assert.Equal([1, 1], Variable.Remainder(a, two).Data.ToArray<long>());
        Assert.Equal([1, -1], Variable.Fmod(a, two).Data.ToArray<long>());
        Assert.Equal([double.PositiveInfinity, double.NegativeInfinity], (a / zero).Data.ToArray<double>());
        Assert.Contains("divided by 0", Assert.Throws<TensorletException>(() => Variable.FloorDivide(a, zero)).Message);
    }

    /// <summary>a/b as the exact quotient of two integers.</summary>
    static (BigInteger, BigInteger) Ratio(double a, double b)
    {
        var ((m, e), (n, f)) = (Parts(a), Parts(b));
        return (m << Math.Max(0, e - f), n << Math.Max(0, f - e));

        static (BigInteger, int) Parts(double x) => (BigInteger)Math.ScaleB(x, 52 - Math.ILogB(x)) is var whole
            && x != 0 ? (whole, Math.ILogB(x) - 52) : (0, 0);
    }

    /// <summary>Compared with C#'s exact remainder and quotients of integers.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Remainders_are_exact(string device)
    {
        var random = new Random(1);
        List<(double, double)> pairs = [(1e9f, MathF.PI), (2749682432f, 36), (1e308, 0.5), (5, double.PositiveInfinity),
            (1, 0.1), (-1, 0.1), (1e-310, 3e-320), (-5e-324, 2), (1, 3), (6, 3), (-6, 3), (6, -3), (1e308, 3e-300)];
        for (var i = 0; i < 1000; i++)
            pairs.Add((random.Next(-5000, 5000) / 10.0, random.Next(1, 300) / (i % 2 == 0 ? 10.0 : -10.0)));
        for (var i = 0; i < 200; i++)
            pairs.Add((Math.ScaleB(random.NextDouble() - 0.5, random.Next(-40, 40)),
                Math.ScaleB(random.NextDouble() - 0.5, random.Next(-40, 40))));
        foreach (var type in new[] { DType.Float64, DType.Float32 })
        {
            double[] a = [.. pairs.Select(p => type == DType.Float32 ? (float)p.Item1 : p.Item1)];
            double[] b = [.. pairs.Select(p => type == DType.Float32 ? (float)p.Item2 : p.Item2)];
            Variable x = Tensor.From(a).To(type).To(Machines.Named(device));
            Variable y = Tensor.From(b).To(type).To(Machines.Named(device));
            double[] fmod = Variable.Fmod(x, y).Data.ToArray<double>(),
                remainder = Variable.Remainder(x, y).Data.ToArray<double>(),
                quotient = Variable.FloorDivide(x, y).Data.ToArray<double>();
            for (var i = 0; i < a.Length; i++)
            {
                var expected = a[i] % b[i];
                Assert.Equal(expected, fmod[i]);
                var other = expected != 0 && expected < 0 != b[i] < 0 ? expected + b[i] : expected;
                Assert.Equal(type == DType.Float32 ? (float)other : other, remainder[i]);
                if (!double.IsFinite(b[i]) || b[i] == 0 || !double.IsFinite(a[i])) continue;
                var (above, below) = Ratio(a[i], b[i]);
                var q = BigInteger.DivRem(above, below, out var rest);
                if (!rest.IsZero && rest.Sign != below.Sign) q--;
                if (BigInteger.Abs(q) < 1 << 24) Assert.Equal((double)q, quotient[i]);
                else if (BigInteger.Abs(q) > (BigInteger)float.MaxValue) Assert.True(Math.Abs(quotient[i]) > 1e38);
                else Assert.Equal(1, quotient[i] / (double)q, type == DType.Float32 ? 1e-6 : 1e-15);
            }
        }
    }

    /// <summary>Results within the range of Float32 are found, although their squares or sums are beyond it.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Ranges_of_Float32(string device)
    {
        var d = Machines.Named(device);
        var standard = Tensor.Randn([1000], DType.Float64, generator: new Generator(1));
        foreach (var (scale, shift) in new[] { (1e19, 1e20), (1e-30, 0.0), (1e37, 0), (1e-35, 0) })
        {
            var exact = new Variable((standard * scale + shift).To(DType.Float32).To(DType.Float64), true);
            var x = new Variable(exact.Data.To(DType.Float32).To(d), true);
            foreach (var f in new Func<Variable, Variable>[] { v => v.Std(), v => v.Mean(), v => v.Norm() })
            {
                exact.Grad = x.Grad = null;
                var (expected, y) = (f(exact), f(x));
                Assert.Equal(1, y.Item() / expected.Item(), 1e-6);
                expected.Backward();
                y.Backward();
                Assert.True((x.Grad!.Data.To(DType.Float64).Cpu() - exact.Grad!.Data).AMax().Item()
                    <= 1e-5 * ((Variable)exact.Grad.Data).Abs().Max().Item());
            }
        }
        Variable large = Tensor.From([3e20f, 4e20f], device: d), huge = Tensor.From([3e38f, 3e38f, 3e38f], device: d);
        Assert.Equal([0.6f, 0.8f], F.Normalize(large, dim: 0).Data.ToArray<float>());
        Assert.Equal([0.6f, 0.8f], F.Normalize(large * 1e-20f * 1e-20f, dim: 0, eps: 0).Data.ToArray<float>());
        Assert.Equal(3e38f, (float)huge.Mean().Item());
        var uniform = Tensor.Empty([10_000], DType.Float32, d).Uniform_(1000, 1001, new Generator(1)).ToArray<float>();
        Assert.All(uniform, v => Assert.InRange(v, 1000, MathF.BitDecrement(1001)));
        var sum = Tensor.Full([1], 1 << 24, DType.Float32, d);
        sum.ScatterAdd_(0, Tensor.Zeros([20_000], DType.Int64, d), Tensor.Ones([20_000], DType.Float32, d));
        Assert.Equal((1 << 24) + 20_000, sum.Item());
    }

    [Theory, MemberData(nameof(Devices))]
    public void NaN_in_NaN_out(string device)
    {
        Variable x = Tensor.From([NaN], device: Machines.Named(device));
        var methods = typeof(Variable).GetMethods().Where(m => m.ReturnType == typeof(Variable) && !m.IsStatic
            && m.GetParameters().All(p => p.HasDefaultValue && p.ParameterType != typeof(int[]))
            && m.DeclaringType == typeof(Variable) && !m.IsSpecialName);
        var tried = 0;
        foreach (var method in methods)
        {
            if (method.Name is "Sign" or "Detach" or "Diagonal" or "Diag" or "Glu" or "Tril" or "Triu" or "Unbind"
                or "Inverse" or "Det" or "Cholesky" or "Trace" or "Transpose" or "Cuda" or "Std" or "Var") continue;
            var y = (Variable)method.Invoke(x, [.. method.GetParameters().Select(p => p.DefaultValue)])!;
            Assert.True(y.Data.ToArray<double>().All(double.IsNaN), $"{method.Name} of NaN is {y}");
            tried++;
        }
        Assert.True(tried > 45, $"{tried}");
    }

    [Fact]
    public void Cross_entropy_refuses_a_target_that_is_no_class()
    {
        var error = Assert.Throws<IndexException>(() => F.CrossEntropy(Tensor.Zeros(2, 3), Tensor.From([0L, 3])));
        Assert.StartsWith("CrossEntropy: a target is not a class: index 3", error.Message);
    }
}
