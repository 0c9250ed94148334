using Tensorlet.Nn;

namespace Tensorlet.Tests.Networks;

public class ModuleTests
{
    sealed class Shared : Module
    {
        readonly Nn.Linear inProj = new(2, 2);
        readonly Nn.Linear again;
        readonly ModuleList blocks = new(new Nn.Linear(2, 3), new ReLU());
        public Shared() => again = inProj;
        public override Variable Forward(Variable x) =>
            blocks.Aggregate(again.Call(inProj.Call(x)), (value, block) => block.Call(value));
    }

    sealed class Hidden : Module
    {
        readonly List<Module> layers = [new Nn.Linear(2, 2)];
        public override Variable Forward(Variable x) => layers[0].Call(x);
    }

    sealed class Tied : Module
    {
        public readonly Nn.Linear A = new(2, 2, bias: false), B;
        public Tied() => B = A;
        public override Variable Forward(Variable x) => B.Call(A.Call(x));
    }

    [Theory, InlineData("a.weight"), InlineData("b.weight"), InlineData("a.weight b.weight")]
    public void A_tied_weight_is_loaded_under_any_of_its_names(string names)
    {
        var tied = new Tied();
        tied.LoadStateDict(names.Split(' ').ToDictionary(name => name, _ => Tensor.Full([2, 2], 3)));
        Assert.All(tied.B.Weight.Data.ToArray<float>(), w => Assert.Equal(3, w));
        Dictionary<string, Tensor> two = new() { ["a.weight"] = Tensor.Ones(2, 2), ["b.weight"] = Tensor.Zeros(2, 2) };
        var said = Assert.Throws<TensorletException>(() => tied.LoadStateDict(two)).Message;
        Assert.Contains("'a.weight' and 'b.weight', which differ", said);
        Assert.All(tied.A.Weight.Data.ToArray<float>(), w => Assert.Equal(3, w));
    }

    [Fact]
    public void What_a_state_misses_or_has_too_much_is_listed_and_nothing_else()
    {
        var net = new Nn.Linear(2, 2);
        var state = net.StateDict();
        string Said() => Assert.Throws<TensorletException>(() => net.LoadStateDict(state)).Message;
        state["more"] = Tensor.Ones(1);
        Assert.Equal("LoadStateDict: Linear does not know [more]. With strict: false, only the tensors that both " +
            "have are loaded.", Said());
        state.Remove("bias");
        Assert.StartsWith("LoadStateDict: Linear lacks [bias] and does not know [more]. With", Said());
        state.Remove("more");
        Assert.StartsWith("LoadStateDict: Linear lacks [bias]. With", Said());
    }

    [Fact]
    public void Names_are_PyTorchs_and_a_shared_parameter_counts_once() =>
        Assert.Equal(["in_proj.weight", "in_proj.bias", "blocks.0.weight", "blocks.0.bias"],
            new Shared().NamedParameters().Select(p => p.Name));

    [Fact]
    public void Modules_that_would_not_be_found_are_an_error_that_names_the_field()
    {
        var error = Assert.Throws<TensorletException>(() => new Hidden().Parameters());
        Assert.Contains("'layers'", error.Message);
        Assert.Contains("ModuleList", error.Message);
    }

    [Fact]
    public void State_goes_from_one_network_to_another_or_not_at_all()
    {
        var (a, b) = (new Shared(), new Shared());
        b.LoadStateDict(a.StateDict());
        Assert.Equal(a.Parameters()[2].Data.ToArray<float>(), b.Parameters()[2].Data.ToArray<float>());
        var missing = a.StateDict();
        missing.Remove("in_proj.bias");
        Assert.Contains("in_proj.bias", Assert.Throws<TensorletException>(() => b.LoadStateDict(missing)).Message);
        var wrong = new Shared().StateDict();
        wrong["blocks.0.weight"] = Tensor.Zeros(3, 3);
        var before = b.Parameters()[0].Data.ToArray<float>();
        Assert.Contains("(3, 3)", Assert.Throws<ShapeException>(() => b.LoadStateDict(wrong)).Message);
        Assert.Equal(before, b.Parameters()[0].Data.ToArray<float>());
    }

    [Fact]
    public void A_network_prints_as_a_tree_and_as_a_table()
    {
        var net = new Sequential(new Conv2d(1, 2, 3, padding: 1), new ReLU(),
            new Sequential(new MaxPool2d(2), new Flatten()), new Dropout(0.1));
        Assert.Equal("""
            Sequential(
              (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
              (1): ReLU()
              (2): Sequential(
                (0): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))
                (1): Flatten(start_dim=1, end_dim=-1)
              )
              (3): Dropout(p=0.1)
            )
            """.ReplaceLineEndings("\n"), net.ToString());
        Assert.Contains("0.weight", net.Summary());
        Assert.EndsWith("20", net.Summary());
    }

    /// <summary>A module whose own product stands between those of its children.</summary>
    sealed class Mixed : Module
    {
        readonly Nn.Conv2d conv = new(2, 3, (2, 3));
        readonly Variable weight = new(Tensor.Ones(3, 5), requiresGrad: true);
        readonly Sequential head = new(new BatchNorm1d(5), new Nn.Linear(5, 2));
        public override Variable Forward(Variable x) => head.Call(conv.Call(x).Sum([2, 3]).MatMul(weight));
    }

    [Fact]
    public void A_summary_counts_operations_module_by_module()
    {
        var net = new Mixed();
        var before = net.StateDict().SelectMany(t => t.Value.ToArray<double>()).ToArray();
        string Row(params object[] cells) => string.Join(' ', cells);
        Assert.Equal([
            "module type result parameters multiply-adds",
            Row("Mixed", "(4, 2)", 15, 4 * 3 * 5),
            Row("conv", "Conv2d", "(4, 3, 5, 4)", 3 * 2 * 2 * 3 + 3, 4 * 3 * 5 * 4 * 2 * 2 * 3),
            Row("head", "Sequential", "(4, 2)", 0, 0),
            Row("head.0", "BatchNorm1d", "(4, 5)", 10, 0),
            Row("head.1", "Linear", "(4, 2)", 12, 4 * 5 * 2),
            Row("all", 15 + 39 + 10 + 12, "2,980")],
            net.Summary(Tensor.Randn(4, 2, 6, 6)).Replace(", ", ",_").Split('\n').Select(line =>
                string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Replace(",_", ", ").Replace("2,880", "2880")));
        Assert.Equal(before, net.StateDict().SelectMany(t => t.Value.ToArray<double>()));
        Assert.All(net.Modules(), module => Assert.True(module.Training));
        Assert.Throws<ShapeException>(() => net.Summary(Tensor.Ones(3)));
        Assert.Equal(["", "conv", "head", "head.0", "head.1"], net.NamedModules().Select(m => m.Name));
    }

    [Fact]
    public void Dropout_drops_while_training_only()
    {
        var (net, x) = (new Sequential(new Dropout(0.25)), Tensor.Ones(10_000));
        var y = net.Call(x).Data.ToArray<double>();
        Assert.InRange(y.Count(v => v == 0), 2_300, 2_700);
        Assert.All(y, v => Assert.True(v == 0 || Math.Abs(v - 1 / 0.75) < 1e-6));
        Assert.Equal(x.ToArray<double>(), net.Eval().Call(x).Data.ToArray<double>());
        Assert.False(net[0].Training);
    }

    [Fact]
    public void Weights_start_uniform_in_the_bounds_of_PyTorch()
    {
        var w = new Nn.Linear(100, 200).Weight.Data;
        Assert.InRange(w.AMax().Item(), 0.099, 0.1);
        Assert.InRange(w.AMin().Item(), -0.1, -0.099);
        Assert.InRange(new Conv2d(4, 50, 5).Weight.Data.AMax().Item(), 0.098, 0.1);
    }

    [Fact]
    public void A_network_moves_to_another_type()
    {
        var net = new Nn.Linear(2, 2);
        net.To(DType.Float64);
        Assert.All(net.Parameters(), p => Assert.Equal(DType.Float64, p.DType));
        Assert.Equal(DType.Float64, net.Call(Tensor.Ones([1, 2], DType.Float64)).DType);
        Assert.Throws<DTypeException>(() => net.Call(Tensor.Ones(1, 2)));
    }
}
