namespace Tensorlet.Tests.Verification;

/// <summary>What the gradient check says, in addition to whether a gradient is right.</summary>
public class GradCheckTests
{
    /// <summary>A function of one input whose backward is given from outside.</summary>
    sealed class Given(Func<Tensor, Tensor> forward, Func<Variable, Variable, Variable?> backward) : Function
    {
        protected override Tensor Forward() { Save(X); return forward(X.Data); }
        public override Variable?[] Backward(Variable dy) => [backward(X, dy)];
    }

    static GradReport Check(Func<Tensor, Tensor> forward, Func<Variable, Variable, Variable?> backward,
        params double[] values) =>
        GradCheck.Run(v => new Given(forward, backward).Apply(v[0]), [Tensor.From(values)]);

    /// <summary>
    /// Cases in which the first step is too long and the step of 2⁻¹⁴ too short: its rounding error is as large as what
    /// is allowed.
    /// </summary>
    [Theory, InlineData("qr, R²", 1868439823, 5)]
    public void A_step_in_between_is_tried(string name, int seed, int largest) =>
        OperationCheck.Run(OpTable.Named(name), Device.Cpu, new Spec(seed, largest));

    /// <summary>A case that enlarges half a unit in the last place of its inputs to more than 1e-4.</summary>
    [Theory, InlineData("Transformer", 905244409, 0)]
    public void A_sensitive_case_may_differ_in_Float32(string name, int seed, int largest) =>
        OperationCheck.Run(OpTable.Named(name), Device.Cpu, new Spec(seed, largest));

    [Theory, InlineData(1 + 5e-4), InlineData(double.NaN)]
    public void A_result_that_is_wrong_in_Float32_alone_is_found(double factor)
    {
        var op = new Op("elementwise", "exp", d => new(v =>
            v[0].DType == DType.Float32 ? v[0].Exp() * factor : v[0].Exp(),
            [d.Input([3])], [3], v => [.. v[0].Select(Math.Exp)]));
        var found = Assert.Throws<Disagreement>(() => OperationCheck.Run(op, Device.Reference, new Spec(1, 3)));
        Assert.Contains("in Float32", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kink_is_no_error_but_is_told()
    {
        var report = GradCheck.Run(v => v[0].Abs(), [Tensor.From([-1.0, 0, 2])]);
        Assert.True(report.Passed, report.Text);
        Assert.Equal(1, report.Kinks);
        Assert.Contains("1 points are kinks", report.Text);
    }

    [Fact]
    public void Any_slope_between_the_two_sides_is_right_at_a_kink()
    {
        foreach (var slope in (double[])[0, 0.5, 1])
            Assert.True(Check(x => ((Variable)x).Relu().Data, (x, dy) =>
                Variable.Where(x.Data.Eq(Tensor.Like(x.Data, 0)), dy * slope, Variable.Where(x > 0, dy, dy * 0)),
                -1, 0, 2).Passed);
    }

    [Fact]
    public void What_is_wrong_at_a_kink_alone_is_said_to_be()
    {
        var report = Check(x => ((Variable)x).Relu().Data, (x, dy) =>
            Variable.Where(x.Data.Eq(Tensor.Like(x.Data, 0)), dy * 7, Variable.Where(x > 0, dy, dy * 0)), -1, 0, 2);
        Assert.False(report.Passed);
        Assert.Equal(GradFault.Kink, report.Fault);
        Assert.Contains("slopes", report.Text);
    }

    [Fact]
    public void A_value_left_over_from_another_call_is_found()
    {
        Tensor? left = null;
        var report = Check(x => { left = x.Clone(); return x * x; }, (x, dy) => 2 * (Variable)left! * dy, 1, 2, 3);
        Assert.Equal(GradFault.Stale, report.Fault);
    }

    [Fact]
    public void A_gradient_that_is_no_number_is_told()
    {
        var report = Check(x => x * 3, (x, dy) => dy * 3 / (x - 1) * (x - 1), 1, 2);        // 0/0 at 1
        Assert.False(report.Passed);
        Assert.Equal(GradFault.NotFinite, report.Fault);
        Assert.Contains("divides by 0", report.Text);
    }

    [Fact]
    public void A_factor_is_told_with_its_size()
    {
        var report = Check(x => x * 3, (x, dy) => dy * 4.5, 1, 2);
        Assert.Equal(GradFault.Factor, report.Fault);
        Assert.Contains("1.5 times", report.Text);
        Assert.Contains("yours", report.Text);
        Assert.Contains("numeric", report.Text);
    }

    [Fact]
    public void The_whole_Jacobian_can_be_checked()
    {
        var x = Tensor.Randn([2, 3], DType.Float64);
        Assert.True(GradCheck.Run(v => v[0].Softmax(1), [x], jacobian: true).Passed);
        // right only for the random incoming gradient
        var drawn = new GradProblem(v => v[0], [x], new Generator(0), 1e-6).Incoming;
        var report = GradCheck.Run(v => new Given(t => t * 2, (_, dy) => drawn * dy.Sum() * (2 / drawn.Sum().Item()))
            .Apply(v[0]), [x], jacobian: true);
        Assert.False(report.Passed);
        Assert.Contains("Jacobian with respect to input 0", report.Text);
    }

    [Fact]
    public void A_gradient_of_another_type_is_found() =>
        Assert.Equal(GradFault.Shape, Check(x => x * 3, (x, dy) => (dy * 3).To(DType.Float32), 1, 2).Fault);

    [Fact]
    public void Grad_refuses_a_gradient_of_another_type_as_Backward_does()
    {
        var x = new Variable(Tensor.Ones([2], DType.Float64), requiresGrad: true);
        Variable Y() => new Narrowed().Apply(x).Sum();
        Assert.Contains("Float64", Assert.Throws<DTypeException>(() => Autograd.Grad(Y(), x)).Message);
        Assert.Throws<DTypeException>(() => Y().Backward());
    }

    sealed class Narrowed : Function
    {
        protected override Tensor Forward() => X.Data.Clone();
        public override Variable[] Backward(Variable dy) => [dy.To(DType.Float32)];
    }

    [Fact]
    public void A_report_throws_when_it_is_asked_to()
    {
        Check(x => x * 3, (x, dy) => dy * 3, 1, 2).ThrowIfFailed();
        Assert.Contains("sign", Assert.Throws<AutogradException>(() =>
            Check(x => x * 3, (x, dy) => dy * -3, 1, 2).ThrowIfFailed()).Message);
    }

    [Fact]
    public void Float32_is_refused() => Assert.Contains("Float64", Assert.Throws<DTypeException>(() =>
        GradCheck.Run(v => v[0], [Tensor.Zeros(2)])).Message);

    static GradReport Tanh(Func<Variable, Variable, Variable?> backward, bool secondOrder, params double[] values) =>
        GradCheck.Run(v => new Given(x => ((Variable)x).Tanh().Data, backward).Apply(v[0]), [Tensor.From(values)],
            secondOrder: secondOrder);

    [Theory, InlineData(1.0001, 1e-6), InlineData(0.9991, 1e-6), InlineData(1 + 1e-5, 1e-6), InlineData(1 + 1e-8, 1e-9)]
    public void A_factor_is_found_down_to_the_tolerance(double factor, double tolerance)
    {
        foreach (var scale in (double[])[1, 1e-4, 1e5])
        {
            Func<Variable[], Variable> wrong = v => new Given(x => ((Variable)x).Sin().Data * scale,
                (x, dy) => x.Cos() * dy * (scale * factor)).Apply(v[0]);
            Tensor[] at = [Tensor.From([0.3, 1.1, -2.0])];
            var report = GradCheck.Run(wrong, at, tolerance: tolerance);
            // a slope as small as 1e-4 is compared absolutely
            if (Math.Abs(factor - 1) * scale > tolerance) Assert.Equal(GradFault.Factor, report.Fault);
            Assert.True(GradCheck.Run(wrong, at, tolerance: 2 * Math.Abs(factor - 1)).Passed);
        }
        Assert.False(GradCheck.Run(v => new Given(x => x * 1e-4, (_, dy) => dy * 1.0009e-4).Apply(v[0]),
            [Tensor.From([0.3, 1.1])]).Passed);
    }

    [Fact]
    public void A_tolerance_is_positive() => Assert.All((double[])[0, -1, double.NaN], tolerance =>
        Assert.Throws<ArgumentOutOfRangeException>(() => GradCheck.Run(v => v[0], [Tensor.From([1.0])],
            tolerance: tolerance)));

    public static TheoryData<string> Steep => [.. steep.Keys];

    static readonly Dictionary<string, (Func<Variable, Variable> F, double[] At)> steep = new()
    {
        ["flat to the fourth order"] = (x => x.Pow(5), [0, 0.001, -1]),
        ["near the end of its domain"] = (x => x.Log(), [1e-3, 1e-4, 2]),
        ["near a pole"] = (x => 1 / x, [0.004, -0.02, 3]),
        ["a kink within the step"] = (x => x.Relu(), [1e-3, -3e-5, 4e-6, -1e-5]),
        ["many waves"] = (x => (x * 60).Sin(), [0.1, 0.2, 0.3]),
        ["large values"] = (x => (x * 1e6).Exp(), [1e-5, 2e-6]),
        ["a large constant"] = (x => x * 1e-3 + 1e6, [1, 2]),
        ["a constant"] = (x => x * 0 + 7, [1, 2]),
    };

    [Theory, MemberData(nameof(Steep))]
    public void What_bends_much_passes_where_it_is_right(string name)
    {
        var (f, at) = steep[name];
        var report = GradCheck.Run(v => f(v[0]), [Tensor.From(at)], secondOrder: true);
        Assert.True(report.Passed, report.Text);
        Assert.Equal(0, report.Kinks);
    }

    /// <summary>
    /// |x|³ + 16 near 0: long steps miss the slope of 5.5e-11, and rounding makes short steps measure a slope of 0.
    /// </summary>
    [Fact]
    public void A_slope_that_rounding_hides_passes_where_it_is_right()
    {
        var report = GradCheck.Run(v => v[0].Abs().Pow(3) + 16, [Tensor.From([4.3e-6])], tolerance: 1e-9);
        Assert.True(report.Passed, report.Text);
    }

    [Fact]
    public void A_small_kink_is_one()
    {
        var report = GradCheck.Run(v => v[0] * 5 + v[0].Abs() * 1e-4, [Tensor.From([0.0, 1])]);
        Assert.True(report.Passed, report.Text);
        Assert.Equal(1, report.Kinks);
    }

    public static TheoryData<string> RandomOnes => [.. random.Keys];

    static readonly Dictionary<string, Func<Variable, Variable>> random = new()
    {
        ["dropout"] = x => F.Dropout(x, 0.5),
        ["dropout of one number"] = x => F.Dropout(x.Narrow(0, 0, 1), 0.3),
        ["a network"] = x => new Nn.Dropout(0.2).Call(x) * x,
        ["noise"] = x => x + Tensor.Randn(x.Size(), DType.Float64) * 0.01,
        ["a random gradient"] = x => new Given(v => v * 2, (v, dy) => dy * Tensor.Rand([], DType.Float64)).Apply(x),
    };

    [Theory, MemberData(nameof(RandomOnes))]
    public void Other_values_for_the_same_input_are_told(string name)
    {
        var report = GradCheck.Run(v => random[name](v[0]), [Tensor.From([1.0, 2, 3, 4, 5])]);
        Assert.False(report.Passed);
        Assert.Equal(GradFault.Random, report.Fault);
        Assert.Contains("different values for the same input", report.Text);
        Assert.Contains("Eval()", report.Text);
    }

    [Fact]
    public void A_dropout_that_draws_the_same_passes() => Assert.True(GradCheck.Run(v =>
        F.Dropout(v[0], 0.5, generator: new Generator(4)), [Tensor.From([1.0, 2, 3, 4])], secondOrder: true).Passed);

    /// <summary>For a single number, a wrong formula looks like a multiple of the right one.</summary>
    [Fact]
    public void A_single_number_tells_no_factor()
    {
        static Variable Wrong(Variable x, Variable dy) => (1 - x * x) * dy;
        var one = Tanh(Wrong, false, 0.5);
        Assert.Equal(GradFault.Formula, one.Fault);
        Assert.Contains("two inputs or more", one.Text);
        foreach (var several in (double[][])[[0.5, 0.7], [0.5, 0.5], [0.5, 0.5, 0.5]])
        {
            var report = Tanh(Wrong, false, several);
            Assert.Equal(GradFault.Formula, report.Fault);
            Assert.Contains("looks like no common mistake", report.Text);
        }
        var factor = Tanh((x, dy) => (1 - x.Tanh() * x.Tanh()) * dy * 3, false, 0.5);
        Assert.DoesNotContain("times", factor.Text);
        Assert.Equal(GradFault.Formula, Tanh((x, dy) => (x - 0.5) * dy, false, 0.5).Fault);        // 0 only here
        Assert.Equal(GradFault.Zero, Tanh((x, dy) => dy * 0, false, 0.5).Fault);
    }

    public static TheoryData<string> CutOnes => [.. cut.Keys];

    static readonly Dictionary<string, Func<Variable, Variable, Variable>> cut = new()
    {
        ["the incoming gradient"] = (x, dy) => (1 - x.Tanh().Square()) * dy.Data,
        ["the input"] = (x, dy) => (1 - x.Detach().Tanh().Square()) * dy,
        ["both"] = (x, dy) => (1 - x.Detach().Tanh().Square()) * dy.Detach(),
    };

    [Theory, MemberData(nameof(CutOnes))]
    public void A_backward_that_leaves_the_tape_is_found_in_the_second_order(string what)
    {
        Assert.True(Tanh(cut[what], false, 0.5, -1).Passed);
        var report = Tanh(cut[what], true, 0.5, -1);
        Assert.False(report.Passed);
        Assert.Equal(GradFault.Cut, report.Fault);
        Assert.Contains("gradient of the gradient", report.Text);
        Assert.Contains("Detach", report.Text);
    }

    [Fact]
    public void A_part_of_a_backward_that_leaves_the_tape_is_found()
    {
        var report = Tanh((x, dy) => (1 - x.Tanh() * x.Detach().Tanh()) * dy, true, 0.5, -1);
        Assert.Equal(GradFault.Formula, report.Fault);
        Assert.Contains("a part of Backward", report.Text);
    }

    [Fact]
    public void A_gradient_that_is_null_where_the_input_matters_is_told()
    {
        foreach (var at in (double[][])[[0.5], [0.5, 1]])
        {
            var report = Tanh((_, _) => null, false, at);
            Assert.Equal(GradFault.Missing, report.Fault);
            Assert.Contains("null", report.Text);
        }
        Assert.True(Check(x => x * 0, (_, _) => null, 1, 2).Passed);
    }

    /// <summary>a·b, which asks whether the other input needs a gradient.</summary>
    sealed class Asking(bool wrong) : Function
    {
        protected override Tensor Forward() { Save(); return A.Data * B.Data; }
        public override Variable?[] Backward(Variable dy) =>
            [Needs(wrong ? 1 : 0) ? B * dy : null, Needs(1) ? A * dy : null];
    }

    [Fact]
    public void A_gradient_that_depends_on_who_else_needs_one_is_found()
    {
        Tensor[] at = [Tensor.From([1.0, 2]), Tensor.From([3.0, 4])];
        Assert.True(GradCheck.Run(v => new Asking(false).Apply(v), at, secondOrder: true).Passed);
        var report = GradCheck.Run(v => new Asking(true).Apply(v), at);
        Assert.Equal(GradFault.Alone, report.Fault);
        Assert.Contains("input 0", report.Text);
        Assert.Contains("missing", report.Text);
    }

    [Fact]
    public void The_tape_check_names_the_line()
    {
        var x = new Variable(Tensor.From([1.0, 2]), requiresGrad: true);
        var reports = TapeCheck.Run(() =>
        {
            var y = x.Exp();
            return new Given(v => v * 3, (v, dy) => dy * 4).Apply(y).Sum();
        });
        var guilty = Assert.Single(reports, r => !r.Report.Passed);
        Assert.StartsWith("Given(", guilty.Operation);
        Assert.Matches(@"^GradCheckTests\.cs:\d+$", guilty.Line);
        Assert.Contains(guilty.Line, TapeCheck.Text(reports));
    }
}
