using Tensorlet.Tests.Devices;

namespace Tensorlet.Tests.Verification;

/// <summary>A formula provides its own derivative: the formulas of the library, and a user's own.</summary>
public class FormulaTests
{
    /// <summary>A user's own formula: x²·sin x/(1 + eˣ) + aˣ.</summary>
    public readonly struct Mine(double a) : IMap
    {
        V IMap.Apply<V>(V x) => x * x * V.Sin(x) / (V.Of(1) + V.Exp(x)) + V.Pow(V.Of(a), x);
    }

    public static TheoryData<string> Devices => [.. Machines.All];

    [Theory, MemberData(nameof(Devices))]
    public void A_formula_of_ones_own_has_gradients_of_higher_orders(string device)
    {
        double[] at = [-1.7, -0.4, 0.3, 1.1, 2.6];
        var x = new Variable(Tensor.From(at).To(Machines.Named(device)), requiresGrad: true);
        var y = x.Map(new Mine(1.5));
        for (var i = 0; i < at.Length; i++) Assert.Equal(Value(at[i]), y.Data.ToArray<double>()[i], 1e-12);
        Variable first = Autograd.Grad([y.Sum()], [x], createGraph: true)[0]!,
            second = Autograd.Grad([first.Sum()], [x], createGraph: true)[0]!,
            third = Autograd.Grad([second.Sum()], [x])[0]!;
        for (var i = 0; i < at.Length; i++)
        {
            Assert.Equal(Slope(Value, at[i]), first.Data.ToArray<double>()[i], 1e-10);
            Assert.Equal(Slope(v => Slope(Value, v), at[i]), second.Data.ToArray<double>()[i], 1e-8);
        }
        Assert.Equal(at.Length, third.Numel);

        static double Value(double v) => v * v * Math.Sin(v) / (1 + Math.Exp(v)) + Math.Pow(1.5, v);
    }

    /// <summary>x²/2 + x³/3, whose slope x + x² is 0 at 0 and −1.</summary>
    public readonly struct Flat : IMap { V IMap.Apply<V>(V x) => x * x * V.Of(0.5) + x * x * x / V.Of(3); }

    [Theory, MemberData(nameof(Devices))]
    public void A_slope_of_0_has_a_slope_itself(string device)
    {
        var x = new Variable(Tensor.From([0.0, -1, 2]).To(Machines.Named(device)), requiresGrad: true);
        var derivative = x.Map(new Flat());
        foreach (var expected in (double[][])[[0, 0, 6], [1, -1, 5], [2, 2, 2]])
        {
            derivative = Autograd.Grad(derivative.Sum(), x, createGraph: true)!;
            Assert.All(derivative.Data.ToArray<double>().Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-12));
        }
    }

    /// <summary>A five-point difference, whose error is h⁴/30 times the fifth derivative.</summary>
    static double Slope(Func<double, double> f, double x, double h = 1.0 / 1024) =>
        (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);

    [Fact]
    public void The_gradient_checker_passes_it_in_both_orders()
    {
        foreach (var device in (Device[])[Device.Cpu, Device.Reference])
        {
            var x = Tensor.Rand([3, 4], DType.Float64, generator: new Generator(1)).To(device);
            var report = GradCheck.Run(v => v[0].Map(new Mine(2)), [x], 1, secondOrder: true);
            Assert.True(report.Passed, report.Text);
        }
    }

    /// <summary>Formulas of two to five numbers: a gate, a product of four, and a weighted sum with a bias.</summary>
    public readonly struct Gate : IZip
    { V IZip.Apply<V>(V a, V b) => a / (V.Of(1) + V.Exp(-b)); }
    public readonly struct Blend : IZip3 { V IZip3.Apply<V>(V a, V b, V w) => a + w * (b - a); }
    public readonly struct Five : IFormula
    {
        public static int Inputs => 5;
        V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => V.Sin(a * b) + c * c * d + V.Exp(e * a);
    }

    [Fact]
    public void Formulas_of_more_inputs_are_differentiable_where_they_broadcast()
    {
        int[][] shapes = [[3, 4], [4], [3, 1], [], [1, 4]];
        Tensor[] x = [.. shapes.Select((shape, i) =>
            Tensor.Rand(shape, DType.Float64, generator: new Generator(i + 1)))];
        Func<Variable[], Variable>[] functions =
        [
            v => Variable.Zip(new Gate(), v[0], v[1]), v => Variable.Zip(new Blend(), v[2], v[4], v[3]),
            v => Variable.Apply(new Five(), v[0], v[1], v[2], v[3], v[4]),
        ];
        foreach (var device in (Device[])[Device.Cpu, Device.Reference, Device.Simulated])
            foreach (var f in functions)
            {
                var report = GradCheck.Run(v => f(v), Array.ConvertAll(x, t => t.To(device)), 1, secondOrder: true);
                Assert.True(report.Passed, report.Text);
            }
    }

    [Fact]
    public void A_formula_of_eight_inputs_has_a_value_and_no_slope()
    {
        var x = new Variable(Tensor.Ones(3), requiresGrad: true);
        var y = Variable.Apply(new Eight(), x, x, x, x, x, x, x, x);
        Assert.Equal([8, 8, 8], y.Data.ToArray<double>());
        Assert.Contains("two formulas", Assert.Throws<AutogradException>(() => y.Sum().Backward()).Message);
    }

    public readonly struct Eight : IFormula
    {
        public static int Inputs => 8;
        V IFormula.Apply<V>(V a, V b, V c, V d, V e, V f, V g, V h) => a + b + c + d + e + f + g + h;
    }

    [Fact]
    public void A_formula_of_one_number_has_seven_derivatives()
    {
        var x = new Variable(Tensor.From([-0.3, 0.7]), requiresGrad: true);
        var y = x.Map(new Growth());
        for (var order = 1; order <= 7; order++)
        {
            y = Autograd.Grad(y.Sum(), x, createGraph: true)!;
            foreach (var (value, at) in y.Data.ToArray<double>().Zip(x.Data.ToArray<double>()))
                Assert.Equal(Math.Pow(2, order) * Math.Exp(2 * at), value, 1e-12 * Math.Pow(2, order));
        }
        Assert.Throws<AutogradException>(() => Autograd.Grad(y.Sum(), x));
    }

    public readonly struct Growth : IMap { V IMap.Apply<V>(V x) => V.Exp(V.Of(2) * x); }

    /// <summary>What does not depend on x has no slope, even where it is infinite.</summary>
    [Fact]
    public void A_slope_of_0_stays_0()
    {
        var infinite = new Dual<F64>(new(double.PositiveInfinity), new(0));
        var x = new Dual<F64>(new(2), new(1));
        Assert.Equal(double.PositiveInfinity, (x * infinite).Slope.Value);
        Assert.Equal(0, (infinite * infinite).Slope.Value);
        Assert.Equal(0, (infinite / infinite).Slope.Value);
        Assert.Equal(0, Dual<F64>.Exp(infinite).Slope.Value);
        Assert.Equal(1, Dual<F64>.IfGreater(x, infinite, infinite * x, x).Slope.Value);
    }

    /// <summary>
    /// Every function of one number in the library, with all constants 1: its slope compared with a difference.
    /// </summary>
    [Fact]
    public void The_slope_of_every_formula_is_its_derivative()
    {
        var tried = 0;
        foreach (var function in ScalarFunctions.Of(typeof(IMap)))
            if (function.GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic
                | System.Reflection.BindingFlags.Public).Length == 0)
            {
                ScalarFunctions.Call(typeof(FormulaTests), nameof(Differenced), function);
                tried++;
            }
        Assert.True(tried >= 20, $"{tried}");
    }

    static void Differenced<F>(F f) where F : struct, IMap
    {
        foreach (var at in (double[])[-1.93, -0.71, -0.2, 0.17, 0.83, 2.3])
        {
            var (slope, expected) = (f.Apply(new Dual<F64>(new(at), new(1))).Slope.Value, Slope(Value, at, 1.0 / 4096));
            if (double.IsNaN(expected)) continue;                       // outside its domain
            Assert.True(Math.Abs(slope - expected) <= 1e-9 * Math.Max(1, Math.Abs(expected)),
                $"{typeof(F)} at {at}: the slope is {slope}, and should be {expected}");
        }

        double Value(double x) => f.Apply(new F64(x)).Value;
    }
}
