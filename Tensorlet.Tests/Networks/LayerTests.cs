using Tensorlet.Nn;

namespace Tensorlet.Tests.Networks;

public class LayerTests
{
    static Variable X(params int[] shape) => Tensor.Randn(shape, generator: new Generator(3));

    [Fact]
    public void Buffers_are_saved_moved_and_not_trained()
    {
        var net = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(2));
        Assert.Equal(["1.running_mean", "1.running_var", "1.num_batches_tracked"],
            net.NamedBuffers().Select(b => b.Name));
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
            "1.num_batches_tracked"], net.StateDict().Keys);
        Assert.Equal(4, net.Parameters().Count);
        net.To(DType.Float64, Device.Reference);
        Assert.Equal((DType.Float64, Device.Reference), (net.StateDict()["1.running_var"].DType,
            net.StateDict()["1.running_var"].Device));
        Assert.Equal(DType.Int64, net.StateDict()["1.num_batches_tracked"].DType);
    }

    [Fact]
    public void Batch_norm_gathers_statistics_while_training_and_uses_them_afterwards()
    {
        var (norm, x) = (new BatchNorm1d(2, momentum: 0.5), Tensor.From(new[,] { { 1f, 2 }, { 3, 6 } }));
        Assert.Equal([-1, -1, 1, 1], norm.Call(x).Data.ToArray<double>().Select(v => Math.Round(v, 4)));
        Assert.Equal([1, 2], norm.RunningMean!.ToArray<double>());
        Assert.Equal([1.5, 4.5], norm.RunningVar!.ToArray<double>());       // unbiased: half of 1, half of 2 and 8
        norm.Eval();
        var y = norm.Call(x).Data.ToArray<double>();
        Assert.Equal((3 - 1) / Math.Sqrt(1.5 + 1e-5), y[2], 1e-6);
        Assert.Equal([1, 2], norm.RunningMean!.ToArray<double>());
    }

    [Fact]
    public void Without_momentum_the_statistics_are_means_of_all_batches()
    {
        var norm = new BatchNorm1d(1, momentum: null);
        foreach (var mean in (float[])[1, 2, 6]) norm.Call(Tensor.From([mean - 1, mean + 1], [2, 1]));
        Assert.Equal(3, norm.RunningMean!.Item(), 1e-6);
    }

    [Fact]
    public void One_value_per_channel_is_no_statistic()
    {
        Assert.Contains("(1, 3)", Assert.Throws<ShapeException>(() => new BatchNorm1d(3).Call(X(1, 3))).Message);
        new BatchNorm1d(3).Eval().Call(X(1, 3));
        Assert.Throws<ShapeException>(() => new InstanceNorm2d(3).Call(X(2, 3, 1, 1)));
        Assert.Contains("(2, 3)", Assert.Throws<ShapeException>(() => new BatchNorm2d(3).Call(X(2, 3))).Message);
        Assert.Contains("3 channels", Assert.Throws<ShapeException>(() => new BatchNorm1d(4).Call(X(2, 3))).Message);
    }

    [Fact]
    public void Hooks_see_and_change_what_goes_in_comes_out_and_comes_back()
    {
        var (layer, x) = (new Identity(), new Variable(Tensor.Ones(2), requiresGrad: true));
        var seen = new List<string>();
        using (layer.RegisterForwardPreHook((_, v) => { seen.Add("before"); return v * 2; }))
        using (layer.RegisterForwardHook((_, _, y) => { seen.Add($"after {y.Data[0].Item()}"); return y * 3; }))
        using (layer.RegisterBackwardHook((m, g) => { seen.Add($"{m} {g.Data[0].Item()}"); return g * 10; }))
            layer.Call(x).Sum().Backward();
        Assert.Equal(["before", "after 2", "Identity() 1"], seen);
        Assert.Equal([60, 60], x.Grad!.Data.ToArray<double>());
        Assert.Equal(1, layer.Call(x).Data[0].Item());
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void A_recurrent_network_runs_hooks_and_gives_its_states()
    {
        var (lstm, calls) = (new LSTM(3, 4, 2, bidirectional: true, batchFirst: true), 0);
        lstm.RegisterForwardHook((_, _, _) => { calls++; return null; });
        var (y, (h, c)) = lstm.Call(X(5, 7, 3));
        Assert.Equal([5, 7, 8], y.Size());
        Assert.Equal([4, 5, 4], h.Size());
        Assert.Equal([4, 5, 4], c.Size());
        Assert.Equal(1, calls);
        Assert.Equal(y.Data.ToArray<float>(), lstm.Call(X(5, 7, 3)).Output.Data.ToArray<float>());
    }

    [Fact]
    public void A_shorter_sequence_in_a_batch_is_as_it_is_alone()
    {
        var (gru, x) = (new GRU(3, 4, 2, bidirectional: true), X(6, 2, 3));
        var (y, h) = gru.Call(x, null, Tensor.From([4L, 6]));
        var (alone, last) = gru.Call(x.Narrow(0, 0, 4).Narrow(1, 0, 1));
        Close(alone.Data, y.Data.Narrow(0, 0, 4).Narrow(1, 0, 1));
        Close(last.Data, h.Data.Narrow(1, 0, 1));
        Assert.Equal(0, y.Data.Narrow(0, 4, 2).Narrow(1, 0, 1).Sum().Item());
    }

    static void Close(Tensor a, Tensor b) => Assert.All(a.ToArray<double>().Zip(b.ToArray<double>()), p =>
        Assert.Equal(p.First, p.Second, 1e-6));

    [Fact]
    public void Wrong_sequences_are_refused_with_shapes()
    {
        Assert.Contains("(5, 3)", Assert.Throws<ShapeException>(() => new RNN(3, 4).Call(X(5, 3))).Message);
        Assert.Contains("(2, 2, 4)", Assert.Throws<ShapeException>(() => new RNN(3, 4).Call(X(5, 2, 3), X(2, 2, 4)))
            .Message);
        Assert.Contains("lengths", Assert.Throws<ShapeException>(() =>
            new RNN(3, 4).Call(X(5, 2, 3), null, Tensor.From([1L]))).Message);
        Assert.Contains("(3, 5)", Assert.Throws<ShapeException>(() => new LSTMCell(4, 2).Call(X(3, 5))).Message);
        Assert.Contains("heads", Assert.Throws<ShapeException>(() => new MultiheadAttention(5, 2)).Message);
        Assert.Contains("(5, 2, 3)", Assert.Throws<ShapeException>(() => new MultiheadAttention(4, 2).Call(X(5, 2, 3)))
            .Message);
    }

    [Fact]
    public void Dropout2d_drops_channels()
    {
        var y = new Dropout2d(0.4).Call(Tensor.Ones(50, 40, 3, 3)).Data;
        var sums = y.Sum([2, 3]).ToArray<double>();
        Assert.All(sums, sum => Assert.True(sum == 0 || Math.Abs(sum - 9 / 0.6) < 1e-4));
        Assert.InRange(sums.Count(sum => sum == 0), 700, 900);
    }

    [Fact]
    public void Containers_find_what_they_hold()
    {
        var net = new Held();
        Assert.Equal(["scales.0", "scales.1", "parts.left.weight", "parts.left.bias"],
            net.NamedParameters().Select(p => p.Name));
        Assert.Throws<TensorletException>(() => new ModuleDict().Call(X(1)));
        Assert.Throws<TensorletException>(() => new ParameterList().Call(X(1)));
        Assert.Equal(2, new Sequential { new ReLU(), new Nn.Tanh() }.Count);
    }

    sealed class Held : Module
    {
        readonly ParameterList scales = new(new Variable(Tensor.Ones(1), true), new Variable(Tensor.Ones(2), true));
        readonly ModuleDict parts = new() { ["left"] = new Nn.Linear(1, 2) };
        public override Variable Forward(Variable x) => parts["left"].Call(x) * scales[1] + scales[0];
    }

    [Fact]
    public void Layers_print_as_PyTorch_prints_them()
    {
        Assert.Equal("Conv1d(4, 6, kernel_size=(3,), stride=(2,), padding=(1,), groups=2)",
            new Conv1d(4, 6, 3, 2, 1, groups: 2).ToString());
        Assert.Equal("Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False, padding_mode=reflect)",
            new Conv2d(1, 2, 3, padding: F.Same, bias: false, paddingMode: PadMode.Reflect).ToString());
        Assert.Equal("ConvTranspose2d(4, 2, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))",
            new ConvTranspose2d(4, 2, 3, 2, outputPadding: 1).ToString());
        Assert.Equal("BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
            new BatchNorm2d(6).ToString());
        Assert.Equal("LayerNorm((5,), eps=1e-05, elementwise_affine=True)", new LayerNorm(5).ToString());
        Assert.Equal("LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)",
            new LSTM(3, 4, 2, batchFirst: true, bidirectional: true).ToString());
        Assert.Equal("ELU(alpha=1.0)", new ELU().ToString());
        Assert.Equal("Softplus(beta=1.0, threshold=20.0)", new Nn.Softplus().ToString());
        Assert.Equal("Embedding(10, 3, padding_idx=9)", new Embedding(10, 3, -1).ToString());
        Assert.Equal("GELU(approximate='none')", new GELU().ToString());
    }

    [Fact]
    public void The_row_for_padding_is_zero_and_stays_so()
    {
        var table = new Embedding(4, 2, paddingIdx: 1);
        Assert.Equal(0, table.Weight[1].Abs().Sum().Item());
        table.Call(Tensor.From([0L, 1, 1])).Sum().Backward();
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 0], table.Weight.Grad!.Data.ToArray<double>());
        Assert.Throws<IndexException>(() => new Embedding(4, 2, paddingIdx: 4));
    }

    [Fact]
    public void A_weight_by_length_and_direction_starts_as_it_was_and_is_learned()
    {
        var layer = new Nn.Linear(3, 2);
        var before = layer.Call(X(4, 3)).Data;
        Utils.WeightNorm(layer);
        Assert.Equal(["bias", "weight_g", "weight_v"], layer.NamedParameters().Select(p => p.Name));
        Close(before, layer.Call(X(4, 3)).Data);
        layer.Call(X(4, 3)).Square().Sum().Backward();
        var parameters = layer.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        parameters["weight_g"].Data.Mul_(2);
        Close(before - parameters["bias"].Data, (layer.Call(X(4, 3)).Data - parameters["bias"].Data) * 0.5);
        Assert.NotNull(parameters["weight_v"].Grad);
        Assert.Contains("weights", Assert.Throws<TensorletException>(() => Utils.WeightNorm(layer, "weights")).Message);
    }

    [Fact]
    public void Gradients_are_clipped_together_or_each()
    {
        Variable[] p = [new(Tensor.Zeros(2), true), new(Tensor.Zeros(1), true), new(Tensor.Zeros(1), true)];
        (p[0].Grad, p[1].Grad) = (Tensor.From([3f, 0]), Tensor.From([4f]));
        Assert.Equal(5, Utils.ClipGradNorm_(p, maxNorm: 10));
        Assert.Equal(3, p[0].Grad!.Data[0].Item());
        Assert.Equal(5, Utils.ClipGradNorm_(p, maxNorm: 1));
        Assert.Equal(0.6, p[0].Grad!.Data[0].Item(), 1e-6);
        Utils.ClipGradValue_(p, 0.7);
        Assert.Equal(0.6, p[0].Grad!.Data[0].Item(), 1e-6);
        Assert.Equal(0.7, p[1].Grad!.Data[0].Item(), 1e-6);
        Assert.Equal(0.7, Utils.ClipGradNorm_(p, 1, double.PositiveInfinity), 1e-6);
    }

    [Fact]
    public void Parameters_go_into_a_vector_and_back()
    {
        var net = new Nn.Linear(2, 3);
        var vector = Utils.ParametersToVector(net.Parameters());
        Assert.Equal([9], vector.Size());
        Utils.VectorToParameters(vector * 2, net.Parameters());
        Close(vector.Data * 2, Utils.ParametersToVector(net.Parameters()).Data);
        Assert.Throws<ShapeException>(() => Utils.VectorToParameters(Tensor.Zeros(8), net.Parameters()));
    }

    [Fact]
    public void Alike_shapes_are_asked_of_losses()
    {
        Assert.Contains("(4)", Assert.Throws<ShapeException>(() => new L1Loss().Call(X(4, 1), X(4))).Message);
        Assert.Throws<ShapeException>(() => new BCELoss().Call(X(4, 1).Sigmoid(), X(4)));
        Assert.Contains("Sigmoid", Assert.Throws<TensorletException>(() => new BCELoss().Call(X(4), X(4))).Message);
        Assert.Contains("(2), but must have (3)", Assert.Throws<ShapeException>(() =>
            F.CrossEntropy(X(2, 3), Tensor.From([0L, 1]), Tensor.Ones(2))).Message);
        Assert.Throws<ShapeException>(() => F.NllLoss(X(2, 3), Tensor.From([0L, 1, 2])));
    }
}
