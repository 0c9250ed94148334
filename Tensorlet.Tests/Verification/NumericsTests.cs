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
        Assert.Equal([1, -1], Variable.Fmod(a, two).Data.ToArray<double>());
        Assert.Equal([double.PositiveInfinity, double.NegativeInfinity], (a / zero).Data.ToArray<double>());
        Assert.Contains("divided by 0", Assert.Throws<TensorletException>(() => Variable.FloorDivide(a, zero)).Message);
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
        Assert.StartsWith("CrossEntropy: a target is no class. Gather: index 3", error.Message);
    }
}
