namespace Tensorlet.Tests.Verification;

/// <summary>Gradients of anything with respect to anything, and what a graph can be asked for.</summary>
public class AutogradTests
{
    static Variable Leaf(params double[] values) => new(Tensor.From(values), requiresGrad: true);
    static Variable Random(params int[] shape) =>
        new(Tensor.Randn(shape, DType.Float64, generator: new Generator(4)), requiresGrad: true);
    static double[] Values(Variable? x) => x!.Data.ToArray<double>();
    static void Near(double[] expected, double[] actual) => Assert.All(expected.Zip(actual), p =>
        Assert.Equal(p.First, p.Second, 1e-9));

    [Fact]
    public void Grad_leaves_Grad_alone_and_takes_variables_that_are_no_leaves()
    {
        var x = Leaf(1, 2);
        var y = x * x;
        var z = (y * 3).Sum();
        var gradients = Autograd.Grad([z], [x, y]);
        Assert.Equal([6, 12], Values(gradients[0]));
        Assert.Equal([3, 3], Values(gradients[1]));
        Assert.Null(x.Grad);
    }

    /// <summary>A scope that is disposed twice, or before one inside it, undoes its own change and no other.</summary>
    [Fact]
    public async Task Scopes_end_in_any_order_and_once()
    {
        Assert.True(Autograd.Enabled);
        var (off, on) = (Autograd.NoGrad(), Autograd.EnableGrad());
        off.Dispose();
        Assert.True(Autograd.Enabled);
        var again = Autograd.NoGrad();
        on.Dispose();
        on.Dispose();
        off.Dispose();
        Assert.False(Autograd.Enabled);
        again.Dispose();
        Assert.True(Autograd.Enabled);
        using (Autograd.NoGrad())
        {
            var anomaly = Autograd.DetectAnomaly();
            using (var profile = Autograd.Profile())
            {
                off.Dispose();
                Assert.False(Autograd.Enabled);
                profile.Dispose();
            }
            Assert.True(Autograd.Mode.Anomaly);
            anomaly.Dispose();
            Assert.False(Autograd.Enabled || Autograd.Mode.Anomaly);
            await Task.Run(() => Assert.False(Autograd.Enabled));
        }
        Assert.True(Autograd.Enabled);
    }

    readonly struct Throwing : IMap
    {
        V IMap.Apply<V>(V x) => throw new NotFiniteNumberException("mine");
    }

    /// <summary>An exception in a formula arrives unchanged, from one thread and from several.</summary>
    [Fact]
    public void An_exception_of_a_formula_arrives_as_it_is()
    {
        foreach (var threads in (int[])[1, 2, 5])
            foreach (var device in new Device[] { new CpuDevice { Threads = threads }, Device.Reference })
                foreach (var count in (int[])[3, 1_000_000])
                    Assert.Equal("mine", Assert.Throws<NotFiniteNumberException>(() =>
                        Tensor.Ones([count], device: device).Map(new Throwing())).Message);
    }

    [Fact]
    public void Grad_is_null_where_nothing_depends()
    {
        var (x, y) = (Leaf(1), Leaf(2));
        Assert.Null(Autograd.Grad((x * 2).Sum(), y));
        Assert.Throws<AutogradException>(() => Autograd.Grad((x * 2).Sum(), new Variable(Tensor.Ones(1))));
    }

    [Fact]
    public void Grad_by_an_inner_variable_goes_no_further()
    {
        var x = Leaf(1, 2);
        var walked = false;
        x.RegisterHook(g => { walked = true; return null; });
        var y = x * 2;
        Autograd.Grad(y.Square().Sum(), y);
        Assert.False(walked);
    }

    [Fact]
    public void Several_roots_add_up()
    {
        var x = Leaf(1, 2);
        Autograd.Backward([(x * 2).Sum(), x * 3], [null, Tensor.From([1.0, 10])]);
        Assert.Equal([5, 32], Values(x.Grad));
    }

    [Fact]
    public void A_hook_on_a_leaf_sees_the_whole_gradient_once()
    {
        var x = Leaf(1);
        List<double> seen = [];
        x.RegisterHook(g => { seen.Add(g.Item()); return null; });
        (x * 2 + x * 3 + x * 4).Sum().Backward();
        Assert.Equal([9], seen);
        Assert.Equal([9], Values(x.Grad));
    }

    [Fact]
    public void A_hook_on_a_leaf_is_called_as_soon_as_its_gradient_is_whole()
    {
        var (early, late, order) = (Leaf(1), Leaf(2), new List<string>());
        early.RegisterHook(g => { order.Add($"early {g.Item()}"); return null; });
        late.RegisterHook(g => { order.Add($"late {g.Item()}"); return null; });
        var begin = late * 3;                           // before all that the other leaf goes into
        var used = begin * early;
        used.GradFn!.RegisterHook((_, _) => { order.Add("used"); return null; });
        begin.GradFn!.RegisterHook((_, _) => { order.Add("begin"); return null; });
        var loss = used + early * late;
        for (var i = 0; i < 2; i++)
        {
            order.Clear();
            loss.Backward(retainGraph: true);
            Assert.Equal(["used", "early 8", "begin", "late 4"], order);
        }
        Assert.Equal([16], Values(early.Grad));
        Assert.Equal([3], Values(Autograd.Grad(loss - early * late, begin)! * 3));
    }

    [Fact]
    public void A_callback_is_called_when_the_backward_ends()
    {
        var (x, order) = (Leaf(1), new List<string>());
        var queued = new List<bool>();
        var y = x * 2;
        y.RegisterHook(g =>
        {
            queued.Add(Autograd.QueueCallback(() => order.Add($"end, {Values(x.Grad)[0]}, {Autograd.Enabled}")));
            order.Add("hook");
            return null;
        });
        y.Backward(retainGraph: true);
        Assert.Equal(["hook", "end, 2, False"], order);
        Autograd.Grad(y, x);
        Assert.Equal([true, false], queued);
        Assert.Equal(3, order.Count);
        Assert.False(Autograd.QueueCallback(() => order.Add("nobody calls this")));
    }

    [Fact]
    public void A_hook_on_a_function_sees_both_sides_and_may_replace()
    {
        var x = Leaf(1, 2);
        var y = x * 3;
        double[]? incoming = null;
        y.GradFn!.RegisterHook((gradients, dy) => { incoming = Values(dy); return [gradients[0]! * 10]; });
        (y * 5).Sum().Backward();
        Assert.Equal([5, 5], incoming!);
        Assert.Equal([150, 150], Values(x.Grad));
    }

    static Variable Curve(Variable x) => (x * x).Sin() + x.Flip(0) * x;

    [Fact]
    public void Jacobian_and_products_with_it_agree()
    {
        var (x, v, u) = (Random(3), Random(3).Detach(), Random(3).Detach() * 2);
        var jacobian = Autograd.Jacobian(Curve, x);
        Assert.Equal([3, 3], jacobian.Size());
        Near(Values(u.MatMul(jacobian)), Values(Autograd.Vjp(Curve, x, u).Product));
        Near(Values(jacobian.MatMul(v)), Values(Autograd.Jvp(Curve, x, v).Product));
        Near(Values(Curve(x)), Values(Autograd.Jvp(Curve, x, v).Y));
    }

    [Fact]
    public void Hessian_and_the_product_with_it_agree()
    {
        static Variable F(Variable x) => (x.Pow(3) * x.Sum()).Sum();
        var (x, v) = (Leaf(1, 2), new Variable(Tensor.From([3.0, -1])));
        var hessian = Autograd.Hessian(F, x);
        // f = (a³ + b³)(a + b): f_aa = 12a² + 6ab, f_ab = 3a² + 3b², f_bb = 12b² + 6ab
        Near([24, 15, 15, 60], Values(hessian));
        Near(Values(hessian.MatMul(v)), Values(Autograd.Hvp(F, x, v)));
    }

    [Fact]
    public void A_Jacobian_of_what_does_not_depend_is_zero()
    {
        Near([0, 0, 0, 0], Values(Autograd.Jacobian(x => Tensor.Ones([2], DType.Float64), Leaf(1, 2))));
        Near([0, 0, 0, 0], Values(Autograd.Hessian(x => x.Sum(), Leaf(1, 2))));
    }

    [Fact]
    public void Anomaly_mode_names_the_line_that_made_the_first_NaN()
    {
        using var _ = Autograd.DetectAnomaly();
        var x = Leaf(0, 1);
        var y = (x.Sqrt() * 0).Sum();           // 0 · 1/(2·√0)
        var error = Assert.Throws<AutogradException>(() => y.Backward());
        Assert.Contains("Sqrt", error.Message);
        Assert.Matches(@"AutogradTests\.cs:\d+", error.Message);
        Assert.Contains("NaN", error.Message);
    }

    [Fact]
    public void In_anomaly_mode_other_errors_name_the_line_too()
    {
        using var _ = Autograd.DetectAnomaly();
        var x = Leaf(1, 2);
        var y = (x * x).Sum();
        x.Data.Add_(1);
        Assert.Matches(@"AutogradTests\.cs:\d+", Assert.Throws<AutogradException>(() => y.Backward()).Message);
    }

    [Fact]
    public void A_profile_counts_what_ran()
    {
        var x = Random(4, 4);
        using var profile = Autograd.Profile();
        x.MatMul(x).Tanh().Sum().Backward();
        var rows = profile.Rows.ToDictionary(r => r.Operation);
        Assert.Equal(1, rows["Tanh"].Count);
        Assert.Equal(128, rows["Tanh"].Bytes);
        Assert.Equal(1, rows["Tanh.Backward"].Count);
        Assert.Equal(3, rows["MatMul"].Count);
        Assert.True(rows["MatMul"].Milliseconds > 0);
        Assert.Contains("MatMul.Backward", profile.ToString());
    }

    /// <summary>What Chrome's format asks of an event, and that parts lie within what they are part of.</summary>
    [Fact]
    public void A_profile_is_a_time_line()
    {
        var x = Random(4, 4);
        using var profile = Autograd.Profile();
        x.MatMul(x).Tanh().Sum().Backward();
        using var trace = System.Text.Json.JsonDocument.Parse(profile.ToChromeTrace());
        var events = trace.RootElement.GetProperty("traceEvents").EnumerateArray().Select(e => (
            Name: e.GetProperty("name").GetString()!, From: e.GetProperty("ts").GetDouble(),
            To: e.GetProperty("ts").GetDouble() + e.GetProperty("dur").GetDouble())).ToList();
        Assert.All(trace.RootElement.GetProperty("traceEvents").EnumerateArray(), e => Assert.Equal(("X", 1),
            (e.GetProperty("ph").GetString(), e.GetProperty("pid").GetInt32())));
        Assert.Equal(profile.Rows.Sum(row => row.Count), events.Count);
        var outer = Assert.Single(events, e => e.Name == "MatMul.Backward");
        var inner = events.Where(e => e.Name == "MatMul").Skip(1).ToList();
        Assert.Equal(2, inner.Count);
        Assert.All(inner, e => Assert.True(e.From >= outer.From - 0.001 && e.To <= outer.To + 0.001));
        Assert.True(events[0].To <= outer.From);
        Assert.Equal(profile.Rows.Sum(row => row.Milliseconds), events.Sum(e => e.To - e.From) / 1e3, 1);
        Assert.Equal(128, trace.RootElement.GetProperty("traceEvents").EnumerateArray()
            .Single(e => e.GetProperty("name").GetString() == "Tanh").GetProperty("args").GetProperty("bytes")
            .GetInt64());
    }

    [Fact]
    public void A_checkpoint_has_a_gradient_of_the_gradient()
    {
        var report = GradCheck.Run(v => Autograd.Checkpoint(z => (z[0] * z[1]).Sin(), v[0], v[1]),
            [Random(3).Data, Random(3).Data], secondOrder: true);
        Assert.True(report.Passed, report.Text);
    }

    sealed class MinMax : MultiFunction
    {
        protected override Tensor[] ForwardAll() { Save(); return [X.Data * X.Data, X.Data * 3, X.Data + 1]; }
        protected override Variable?[] Backward(Variable[] dy) => [2 * X * dy[0] + dy[1] * 3 + dy[2]];
    }

    [Fact]
    public void A_function_may_have_several_results()
    {
        var x = Leaf(1, 2);
        var y = new MinMax().Apply(x);
        (y[0] * y[2].Detach() + y[1]).Sum().Backward();
        Assert.Equal([2 * 2 + 3, 4 * 3 + 3], Values(x.Grad));
        foreach (var part in (int[])[0, 1, 2])
        {
            var report = GradCheck.Run(v => new MinMax().Apply(v[0])[part], [Random(3).Data], secondOrder: true);
            Assert.True(report.Passed, report.Text);
        }
        var all = GradCheck.Run(v => new MinMax().Apply(v[0]) is var z ? z[0] * z[1] * z[2] : null!, [Random(3).Data],
            secondOrder: true);
        Assert.True(all.Passed, all.Text);
        Assert.False(new MinMax().Apply(new Variable(Tensor.Ones(2)))[0].RequiresGrad);
    }

    sealed class Once : OnceDifferentiable
    {
        protected override Tensor Forward() { Save(); return X.Data * X.Data; }
        protected override Tensor?[] Backward(Tensor dy) => [X.Data * dy * 2];
    }

    [Fact]
    public void A_function_that_is_differentiable_once_says_so_when_asked_twice()
    {
        var x = Leaf(3);
        new Once().Apply(x).Sum().Backward();
        Assert.Equal([6], Values(x.Grad));
        var gradient = Autograd.Grad(new Once().Apply(x).Sum(), x, createGraph: true)!;
        Assert.Equal([6], Values(gradient));
        Assert.Contains("Once can be differentiated only once", Assert.Throws<AutogradException>(() =>
            gradient.Sum().Backward()).Message);
    }

    [Fact]
    public void Graphs_that_fork_and_join_in_parallel_are_right()
    {
        var x = Leaf(1, 2, 3);
        var results = new double[64][];
        Parallel.For(0, 64, i =>
        {
            var own = Leaf(i, 1);
            var y = own * own;
            var z = y.Sin() * 0 + y * y + (y + own).Square();
            (z.Sum() + x.Sum()).Backward();
            results[i] = Values(own.Grad);
        });
        // z = a⁴ + (a² + a)²: 4a³ + 2(a² + a)(2a + 1)
        for (var i = 0; i < 64; i++)
            Near([4.0 * i * i * i + 2.0 * (i * i + i) * (2 * i + 1), 16], [results[i][0], results[i][1]]);
        Assert.Equal([64, 64, 64], Values(x.Grad));
    }
}

/// <summary>Alone, because no other test may use the default generator at the same time.</summary>
