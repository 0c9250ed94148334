namespace Tensorlet.Tests.Verification;

/// <summary>What the gradient check says, besides whether a gradient is right.</summary>
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

    [Fact]
    public void A_kink_is_no_error_but_is_told()
    {
        var report = GradCheck.Run(v => v[0].Abs(), [Tensor.From([-1.0, 0, 2])]);
        Assert.True(report.Passed, report.Text);
        Assert.Equal(1, report.Kinks);
        Assert.Contains("1 places are kinks", report.Text);
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
        // right for the incoming gradient that is drawn, and only for it
        var drawn = new GradProblem(v => v[0], [x], new Generator(0)).Incoming;
        var report = GradCheck.Run(v => new Given(t => t * 2, (_, dy) => drawn * dy.Sum() * (2 / drawn.Sum().Item()))
            .Apply(v[0]), [x], jacobian: true);
        Assert.False(report.Passed);
        Assert.Contains("Jacobian by input 0", report.Text);
    }

    [Fact]
    public void A_gradient_of_another_type_is_found() =>
        Assert.Equal(GradFault.Shape, Check(x => x * 3, (x, dy) => (dy * 3).To(DType.Float32), 1, 2).Fault);

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
