namespace Tensorlet.Tests.Verification;

[CollectionDefinition("alone", DisableParallelization = true)]
public class Alone;

[Collection("alone")]
public class CheckpointTests
{
    static Variable Random(params int[] shape) =>
        new(Tensor.Randn(shape, DType.Float64, generator: new Generator(4)), requiresGrad: true);

    [Fact]
    public void A_checkpoint_gives_the_same_gradients()
    {
        var (x, w) = (Random(3, 3), Random(3, 3));
        Variable Block(Variable[] v) => F.Dropout(v[0].MatMul(w).Tanh(), 0.5) * v[0];
        Generator.ManualSeed(7);
        Block([x]).Sum().Backward();
        var (plainX, plainW) = (Values(x), Values(w));
        (x.Grad, w.Grad) = (null, null);
        Generator.ManualSeed(7);
        Autograd.Checkpoint(Block, x).Sum().Backward();
        Assert.Equal(plainX, Values(x));
        Assert.Equal(plainW, Values(w));
    }

    /// <summary>Also the parameters that f uses: by Backward, recorded or not, and by Grad, which changes no Grad.
    /// </summary>
    [Theory, InlineData(false), InlineData(true)]
    public void What_f_uses_gets_its_gradient(bool inputRequiresGrad)
    {
        var (x, w, bias) = (new Variable(Random(3, 3).Data, inputRequiresGrad), Random(3, 3), Random(3));
        var early = bias.Exp();                                     // a result from outside
        Variable Block(Variable[] v) => v[0].MatMul(w).Tanh() * early + w;
        Variable Plain() => Block([x]).Square().Sum();
        Variable Checked() => Autograd.Checkpoint(z => Autograd.Checkpoint(Block, z[0]), x).Square().Sum();
        var expected = Autograd.Grad(Plain(), [w, bias], retainGraph: true);
        Alike(expected, Autograd.Grad(Checked(), [w, bias], retainGraph: true));
        Assert.True(x.Grad is null && w.Grad is null && bias.Grad is null);
        foreach (var create in (bool[])[false, true])
        {
            Checked().Backward(retainGraph: true, createGraph: create);
            Alike(expected, [w.Grad, bias.Grad]);
            Assert.Equal(inputRequiresGrad, x.Grad is not null);
            (x.Grad, w.Grad, bias.Grad) = (null, null, null);
        }
        var slope = Autograd.Grad(Plain(), [w, bias], createGraph: true);
        var checkedSlope = Autograd.Grad(Checked(), [w, bias], createGraph: true);
        Alike(Autograd.Grad(slope[0]!.Square().Sum(), [w, bias], retainGraph: true),
            Autograd.Grad(checkedSlope[0]!.Square().Sum(), [w, bias]));

        static void Alike(Variable?[] expected, Variable?[] found)
        {
            foreach (var (e, f) in expected.Zip(found)) Assert.True(f is not null && f.Data.AllClose(e!.Data, 1e-12));
        }
    }

    /// <summary>What f uses may depend on what else it uses, or on its inputs; and it may be given twice.</summary>
    static readonly Dictionary<string, Func<Variable, Variable, bool, Variable>> uses = new()
    {
        ["a result and its parameter"] = (x, w, check) => x * w is var h ? Run(z => z[0] * h * w, check, x) : h,
        ["its input, too"] = (x, w, check) => Run(z => z[0] * w + x, check, x),
        ["an input that is a parameter"] = (x, w, check) => Run(z => z[0] * w * z[1], check, x, w),
        ["one input twice"] = (x, w, check) => Run(z => z[0] * z[1] * w, check, x, x),
        ["one after another"] = (x, w, check) => Enumerable.Range(0, 9).Aggregate(x, (h, _) =>
            Run(z => (z[0] * w).Tanh(), check, h)),
        ["one within another"] = (x, w, check) => Run(z => z[0] * w is var inner
            ? Run(v => v[0] * inner * w, check, z[0]) : inner, check, x),
        ["nothing that counts"] = (x, w, check) => x * w + Run(z => (z[0] * w).Detach(), check, x.Detach()),
    };

    public static TheoryData<string> Uses => [.. uses.Keys];

    static Variable Run(Func<Variable[], Variable> f, bool check, params Variable[] x) =>
        check ? Autograd.Checkpoint(f, x) : f(x);

    [Theory, MemberData(nameof(Uses))]
    public void However_f_uses_variables_the_gradients_are_right(string name)
    {
        foreach (var create in (bool[])[false, true])
        {
            var (x, w, seen) = (Random(3, 3), Random(3, 3), 0);
            w.RegisterHook(_ => { seen++; });
            uses[name](x, w, false).Square().Sum().Backward(createGraph: create);
            double[] plain = [.. Values(x), .. Values(w)];
            (x.Grad, w.Grad, seen) = (null, null, 0);
            uses[name](x, w, true).Square().Sum().Backward(createGraph: create);
            foreach (var (expected, found) in plain.Zip([.. Values(x), .. Values(w)]))
                Assert.InRange(found, expected - 1e-12 - 1e-12 * Math.Abs(expected), expected + 1e-12
                    + 1e-12 * Math.Abs(expected));
            Assert.Equal(1, seen);
        }
    }

    [Fact]
    public void A_checkpoint_is_checked_with_the_inputs_that_it_was_given()
    {
        var (x, w) = (Random(3, 3), Random(3, 3));
        Assert.All(TapeCheck.Run(() => Autograd.Checkpoint(z => Variable.Cat(z).MatMul(w), x).Sum()),
            report => Assert.True(report.Report.Passed));
    }

    [Fact]
    public void A_check_of_gradients_leaves_those_of_captured_variables_alone()
    {
        var w = Random(3, 3);
        Assert.True(GradCheck.Run(v => v[0].MatMul(w).Tanh(), [Random(3, 3).Data]).Passed);
        Assert.Null(w.Grad);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Random_numbers_are_drawn_again_from_where_every_generator_stood(bool createGraph)
    {
        var (x, own) = (Random(4, 4), new Generator(3));
        Variable Block(Variable[] v) => F.Dropout(F.Dropout(v[0].Exp(), 0.5), 0.5, generator: own);
        Generator.ManualSeed(7);
        Block([x]).Sum().Backward();
        var (plain, after) = (Values(x), own.NextDouble());
        (x.Grad, own) = (null, new Generator(3));
        Generator.ManualSeed(7);
        var y = Autograd.Checkpoint(z => Autograd.Checkpoint(Block, z), x).Sum();
        var position = Generator.Default.Position;
        y.Backward(createGraph: createGraph);
        Assert.Equal(plain, Values(x));
        Assert.Equal(after, own.NextDouble());
        Assert.Equal(position, Generator.Default.Position);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_batch_is_counted_once_in_running_statistics(bool createGraph)
    {
        var (x, plain, checkpointed) = (Random(8, 3), new Nn.BatchNorm1d(3), new Nn.BatchNorm1d(3));
        foreach (var net in new[] { plain, checkpointed }) net.To(DType.Float64);
        plain.Call(x).Square().Sum().Backward();
        Autograd.Checkpoint(v => checkpointed.Call(v[0]), x).Square().Sum().Backward(createGraph: createGraph);
        foreach (var (name, expected) in plain.StateDict())
            Assert.Equal(expected.ToArray<double>(), checkpointed.StateDict()[name].ToArray<double>());
    }

    /// <summary>
    /// A recurrent network is one function, whose backward pass is composed again to be recorded. Its inputs may
    /// depend on each other.
    /// </summary>
    public static TheoryData<string> Recurrent => ["a state that the same network made", "one variable as both states",
        "two layers"];

    [Theory, MemberData(nameof(Recurrent))]
    public void A_recorded_backward_pass_of_a_recurrent_network_gives_the_same_gradients(string how)
    {
        Generator.ManualSeed(3);
        Nn.GRU gru = new Nn.GRU(3, 3).To(DType.Float64), deep = new Nn.GRU(3, 3, numLayers: 2).To(DType.Float64);
        var lstm = new Nn.LSTM(3, 3).To(DType.Float64);
        var (x, h) = (Random(4, 2, 3), Random(1, 2, 3));
        Variable Loss() => how switch
        {
            "two layers" => deep.Call(x).Output.Square().Sum(),
            "one variable as both states" => lstm.Call(x, (h, h)).Output.Square().Sum(),
            _ => gru.Call(x, gru.Call(x, h).State).Output.Square().Sum(),
        };
        Variable[] leaves = [x, h, .. gru.Parameters(), .. deep.Parameters(), .. lstm.Parameters()];
        var seen = 0;
        foreach (var leaf in leaves) leaf.RegisterHook(_ => { seen++; });
        double[] Gradients(bool create)
        {
            seen = 0;
            foreach (var leaf in leaves) leaf.Grad = null;
            Loss().Backward(createGraph: create);
            return [.. leaves.SelectMany(leaf => leaf.Grad is null ? [] : Values(leaf))];
        }
        var (plain, once) = (Gradients(create: false), seen);
        var recorded = Gradients(create: true);
        Assert.Equal(once, seen);
        Assert.All(plain.Zip(recorded), p => Assert.Equal(p.First, p.Second, 1e-10));
    }

    static double[] Values(Variable leaf) => leaf.Grad!.Data.ToArray<double>();
}
