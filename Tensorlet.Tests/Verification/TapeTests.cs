namespace Tensorlet.Tests.Verification;

/// <summary>What the tape promises in addition to right derivatives.</summary>
public class TapeTests
{
    static Variable Leaf(params double[] values) => new(Tensor.From(values), requiresGrad: true);
    static double[] Grad(Variable x) => x.Grad!.Data.ToArray<double>();

    [Fact]
    public void Gradients_accumulate_until_they_are_forgotten()
    {
        var x = Leaf(1, 2);
        (x * 3).Sum().Backward();
        (x * 4).Sum().Backward();
        Assert.Equal([7, 7], Grad(x));
        x.Grad = null;
        (x * 4).Sum().Backward();
        Assert.Equal([4, 4], Grad(x));
    }

    [Fact]
    public void Gradients_of_two_leaves_do_not_share_memory()
    {
        var (x, y) = (Leaf(1, 2), Leaf(3, 4));
        (x + y).Sum().Backward();
        x.Grad!.Data.Mul_(10);
        Assert.Equal([1, 1], Grad(y));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void No_two_owners_of_gradients_share_memory(bool createGraph)
    {
        var (p, q, seed) = (Leaf(1, 2), Leaf(3, 4), new Variable(Tensor.From([1.0, 1])));
        Variable a = p.View(2), b = q.View(2), y = a + b;
        foreach (var inner in new[] { a, b, y }) inner.RetainGrad();
        a.RegisterHook(gradient => gradient);
        var handed = Autograd.Grad([y], [a, b, y, p, p, q], [seed], retainGraph: true, createGraph: createGraph);
        y.Backward(seed, createGraph: createGraph);
        Variable[] all = [.. handed!, seed, .. new[] { p, q, a, b, y }.Select(v => v.Grad!)];
        Assert.Equal(all.Length, all.Select(g => g.Data.Storage).Distinct().Count());
        Assert.All(all, g => Assert.False(g.Data.Layout.Overlaps));
    }

    [Fact]
    public void Clipping_scales_a_gradient_of_a_recorded_backward_once()
    {
        var (p, q) = (Leaf(3), Leaf(4));
        (p + q).Square().Sum().Backward(createGraph: true);
        Nn.Utils.ClipGradNorm_([p, q], 1);
        Assert.Equal(Math.Sqrt(0.5), Grad(p)[0], 4);
        Assert.Equal(Math.Sqrt(0.5), Grad(q)[0], 4);
    }

    [Fact]
    public void A_graph_is_gone_through_once_unless_it_is_retained()
    {
        var x = Leaf(2);
        var y = (x * x).Sum();
        y.Backward(retainGraph: true);
        y.Backward();
        Assert.Equal([8], Grad(x));
        var error = Assert.Throws<AutogradException>(() => y.Backward());
        Assert.Contains("retainGraph", error.Message);
    }

    [Fact]
    public void Gradients_of_gradients()
    {
        var x = Leaf(2);
        x.Pow(4).Sum().Backward(createGraph: true);
        var first = x.Grad!;
        x.Grad = null;
        first.Sum().Backward();
        Assert.Equal([48], Grad(x));
    }

    [Fact]
    public async Task NoGrad_flows_through_await_and_into_parallel_loops()
    {
        var x = Leaf(1);
        using (Autograd.NoGrad())
        {
            Assert.False((x * 2).RequiresGrad);
            await Task.Yield();
            Assert.False((x * 2).RequiresGrad);
            Parallel.For(0, 8, _ => Assert.False((x * 2).RequiresGrad));
            using (Autograd.EnableGrad()) Assert.True((x * 2).RequiresGrad);
        }
        Assert.True((x * 2).RequiresGrad);
    }

    [Fact]
    public void Detach_cuts_and_shares_memory()
    {
        var x = Leaf(3);
        (x * x.Detach()).Sum().Backward();
        Assert.Equal([3], Grad(x));
        Assert.Same(x.Data.Storage, x.Detach().Data.Storage);
    }

    [Fact]
    public void Hooks_see_gradients_and_may_replace_them()
    {
        var x = Leaf(1, 2);
        var y = x * 2;
        double[]? seen = null;
        y.RegisterHook(g => { seen = g.Data.ToArray<double>(); return g * 10; });
        y.RetainGrad();
        y.Sum().Backward();
        Assert.Equal([1, 1], seen!);
        Assert.Equal([20, 20], Grad(x));
        Assert.Equal([10, 10], Grad(y));
    }

    [Fact]
    public void A_hook_on_a_leaf_sees_the_whole_gradient_once()
    {
        var x = Leaf(1);
        List<double> seen = [];
        var y = (x * 2 + x * 3 + x * 4).Sum();
        x.RegisterHook(g => { seen.Add(g.Item()); return null; });
        y.Backward();
        Assert.Equal([9], seen);
        Assert.Equal([9], Grad(x));
    }

    [Fact]
    public void A_function_made_before_its_arguments_comes_before_them_on_the_way_back()
    {
        var x = Leaf(2);
        Cube early = new();
        var y = x * x;
        (early.Apply(y) + y).Sum().Backward();          // x⁶ + x²
        Assert.Equal([6 * 32 + 4], Grad(x));
    }

    public static TheoryData<string> Writes => ["directly", "through Data", "through a view"];

    [Theory, MemberData(nameof(Writes))]
    public void Writing_to_a_saved_value_is_an_error_that_names_both(string how)
    {
        var data = Tensor.From([1.0, 2]);
        var x = new Variable(data, requiresGrad: true);
        var y = (x * x).Sum();
        if (how == "directly") data.Add_(1);
        else if (how == "through Data") x.Data.Add_(1);
        else x.Data[0..1].Add_(1);
        var error = Assert.Throws<AutogradException>(() => y.Backward());
        Assert.Contains("Multiply", error.Message);
        Assert.Contains("Add_", error.Message);
    }

    [Fact]
    public void Writing_to_a_saved_result_is_an_error()
    {
        var y = Leaf(1).Exp();
        y.Data.Mul_(2);
        Assert.Contains("Exp", Assert.Throws<AutogradException>(() => y.Sum().Backward()).Message);
    }

    [Fact]
    public void Writing_to_what_nobody_saved_is_fine()
    {
        var x = Leaf(1, 2);
        var y = (x + 1).Sum();
        x.Data.Add_(5);
        y.Backward();
        Assert.Equal([1, 1], Grad(x));
    }

    [Fact]
    public void Updating_a_parameter_between_backward_and_forward_is_fine()
    {
        var w = Leaf(3);
        for (var i = 0; i < 3; i++)
        {
            w.Grad = null;
            (w * w).Sum().Backward();
            w.Data.Sub_(w.Grad!.Data * 0.1);
        }
        Assert.Equal(3 * 0.8 * 0.8 * 0.8, w.Item(), 12);
    }

    [Fact]
    public void Writing_to_an_expanded_tensor_is_an_error() =>
        Assert.Contains("Clone", Assert.Throws<ShapeException>(() => Tensor.Ones(1, 3).Expand(2, 3).Add_(1)).Message);

    [Fact]
    public void The_graph_can_be_walked_to_its_leaves()
    {
        var x = Leaf(1, 2);
        var names = new List<string>();
        for (var function = (x * x).Exp().Sum().GradFn; function is not null;
            function = function.NextFunctions.Count > 0 ? function.NextFunctions[0] : null) names.Add(function.Name);
        Assert.Equal(["Reshape", "Sum", "Exp", "Multiply", "AccumulateGrad"], names);
    }

    sealed class Cube : Function
    {
        protected override Tensor Forward() { Save(X); return X.Data * X.Data * X.Data; }
        public override Variable[] Backward(Variable dy) => [3 * X * X * dy];
    }

    [Fact]
    public void A_function_of_ones_own_is_a_function_like_any()
    {
        var report = GradCheck.Run(v => new Cube().Apply(v[0]), [Tensor.Randn([4], DType.Float64)], secondOrder: true);
        Assert.True(report.Passed, report.Text);
    }

    public readonly struct Doubled : IMap { V IMap.Apply<V>(V x) => x + x; }

    [Fact]
    public void A_scalar_function_of_ones_own_runs_on_every_device()
    {
        foreach (var device in Machines.All)
            Assert.Equal([2, 4], Tensor.From([1.0, 2],
                device: Machines.Named(device)).Map(new Doubled()).ToArray<double>());
    }

    sealed class Forgetful : Function
    {
        protected override Tensor Forward() => X.Data * 2;
        public override Variable[] Backward(Variable dy) => [X * dy];
    }

    [Fact]
    public void Reading_what_was_not_saved_is_an_error_that_says_so() =>
        Assert.Contains("Save", Assert.Throws<AutogradException>(() =>
            new Forgetful().Apply(Leaf(1)).Backward(Tensor.From([1.0]))).Message);

    [Fact]
    public void Backward_of_what_is_no_scalar_wants_a_gradient_of_its_shape()
    {
        var y = Leaf(1, 2) * 2;
        Assert.Contains("(2)", Assert.Throws<AutogradException>(() => y.Backward()).Message);
        Assert.Contains("(3)", Assert.Throws<ShapeException>(() =>
            y.Backward(Tensor.Ones([3], DType.Float64))).Message);
    }

    [Fact]
    public void Backward_without_a_graph_is_an_error() =>
        Assert.Throws<AutogradException>(() => new Variable(Tensor.Scalar(1)).Backward());

    [Fact]
    public void Sixty_doublings()
    {
        var x = new Variable(Tensor.Scalar(1, DType.Float64), true);
        Variable y = x;
        for (var i = 0; i < 60; i++) y += y;
        y.Backward();
        Assert.Equal(Math.Pow(2, 60), x.Grad!.Item());
    }

    [Fact]
    public void A_million_operations_need_no_stack()
    {
        var gradient = 0.0;
        var thread = new Thread(() =>
        {
            var x = new Variable(Tensor.Scalar(1, DType.Float64), true);
            Variable y = x;
            for (var i = 0; i < 1_000_000; i++) y += 1;
            y.Backward();
            gradient = x.Grad!.Item();
        }, maxStackSize: 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.Equal(1, gradient);
    }

    [Fact]
    public void A_leaf_that_several_threads_share_sums_right()
    {
        var x = Leaf(1);
        Parallel.For(0, 200, _ => (x * 2).Sum().Backward());
        Assert.Equal([400], Grad(x));
    }

    [Fact]
    public void Integers_have_no_gradients() =>
        Assert.Throws<DTypeException>(() => new Variable(Tensor.Arange(3), requiresGrad: true));

    [Fact]
    public void Variables_and_functions_print_themselves()
    {
        var x = Leaf(1);
        Assert.Equal("<Affine>", (x * 2).GradFn!.ToString());
        Assert.Contains("made by <Affine>", (x * 2).ToString());
        Assert.Contains("requires gradient", x.ToString());
    }
}
