using Tensorlet.Cluster;
using Tensorlet.Nn;

namespace Tensorlet.Tests.Cluster;

/// <summary>What is averaged, and when.</summary>
public class GradientTests
{
    /// <summary>y = W₂·tanh(W₁·x), and W₃ is used where it is asked for.</summary>
    sealed class Net : Module
    {
        public readonly Linear First = new(2, 3, bias: false), Second = new(3, 2, bias: false), Third = new(3, 2);
        public Variable Hidden = Tensor.Zeros(0);
        public bool UsesThird;
        public Net() => this.To(DType.Float64);
        public override Variable Forward(Variable x)
        {
            var y = Second.Call(Hidden = First.Call(x).Tanh());
            return UsesThird ? y + Third.Call(Hidden) : y;
        }
    }

    static Tensor Input(int rank) => Tensor.Randn([4, 2], DType.Float64, generator: new(rank + 10));

    /// <summary>The gradients of a loss of every rank, computed alone, and their mean.</summary>
    static double[] Mean(Net net, int ranks, Func<Net, Variable> parameter, Func<int, Variable> loss)
    {
        var sum = Tensor.Zeros(parameter(net).Size(), DType.Float64);
        for (var rank = 0; rank < ranks; rank++)
            if (Autograd.Grad(loss(rank), parameter(net)) is { } gradient) sum.Add_(gradient.Data);
        return (sum / ranks).ToArray<double>();
    }

    static void Near(double[] expected, Variable? actual)
    {
        Assert.NotNull(actual);
        foreach (var (x, y) in expected.Zip(actual.Data.ToArray<double>())) Assert.Equal(x, y, 1e-14);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Gradients_are_the_means_of_all_ranks(int ranks) => Distributed.RunThreads(ranks, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group, bucketCapMb: 1e-5);       // a bucket for each
        wrapped.Call(Input(group.Rank)).Square().Sum().Backward();
        foreach (var of in new Func<Net, Variable>[] { n => n.First.Weight, n => n.Second.Weight })
            Near(Mean(net, ranks, of, rank => net.Call(Input(rank)).Square().Sum()), of(net).Grad);
        Assert.Null(net.Third.Weight.Grad);
        Assert.Null(net.Third.Bias!.Grad);
    });

    [Fact]
    public void A_parameter_that_some_ranks_use_counts_as_zero_on_the_others() => Distributed.RunThreads(3, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group);
        net.UsesThird = group.Rank == 1;
        wrapped.Call(Input(group.Rank)).Square().Sum().Backward();
        Near(Mean(net, 3, n => n.Third.Weight, rank =>
        {
            net.UsesThird = rank == 1;
            var x = net.Call(Input(rank)).Square().Sum();
            return net.UsesThird ? x : x + (net.Third.Weight * 0).Sum();
        }), net.Third.Weight.Grad);
    });

    [Fact]
    public void What_is_used_outside_of_the_network_counts_too() => Distributed.RunThreads(2, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group);
        var before = net.Second.Weight.Square().Sum();          // made before the forward pass
        (before + wrapped.Call(Input(group.Rank)).Square().Sum() + net.First.Weight.Square().Sum()).Backward();
        Variable Loss(int rank) =>
            net.Second.Weight.Square().Sum() + net.Call(Input(rank)).Square().Sum() + net.First.Weight.Square().Sum();
        Near(Mean(net, 2, n => n.First.Weight, Loss), net.First.Weight.Grad);
        Near(Mean(net, 2, n => n.Second.Weight, Loss), net.Second.Weight.Grad);
    });

    [Fact]
    public void Gradients_of_several_passes_add_up() => Distributed.RunThreads(2, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group);
        Tensor one = Input(group.Rank), two = Input(group.Rank + 2);
        (wrapped.Call(one).Square().Sum() + wrapped.Call(two).Square().Sum()).Backward();
        var together = net.First.Weight.Grad!.Data.ToArray<double>();
        net.ZeroGrad();
        wrapped.Call(one).Square().Sum().Backward();
        wrapped.Call(two).Square().Sum().Backward(retainGraph: true);
        Near(together, net.First.Weight.Grad);
        Near(Mean(net, 2, n => n.First.Weight, rank =>
            net.Call(Input(rank)).Square().Sum() + net.Call(Input(rank + 2)).Square().Sum()), net.First.Weight.Grad);
    });

    [Fact]
    public void Frozen_parameters_stay_out_of_it() => Distributed.RunThreads(2, group =>
    {
        var net = new Net();
        net.First.Weight.RequiresGrad_(false);
        var wrapped = new DistributedDataParallel(net, group);
        wrapped.Call(Input(group.Rank)).Square().Sum().Backward();
        Assert.Null(net.First.Weight.Grad);
        Near(Mean(net, 2, n => n.Second.Weight, rank => net.Call(Input(rank)).Square().Sum()), net.Second.Weight.Grad);
    });

    [Fact]
    public void Grad_averages_nothing() => Distributed.RunThreads(2, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group);
        var own = Autograd.Grad(wrapped.Call(Input(group.Rank)).Square().Sum(), net.First.Weight)!;
        Near(Mean(net, 1, n => n.First.Weight, _ => net.Call(Input(group.Rank)).Square().Sum()), own);
        Assert.Null(net.First.Weight.Grad);
    });

    [Fact]
    public void Gradients_leave_while_the_others_are_computed() => Distributed.RunThreads(2, group =>
    {
        var net = new Net { UsesThird = true };
        var wrapped = new DistributedDataParallel(net, group, bucketCapMb: 1e-5);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var (loss, launched) = (wrapped.Call(Input(group.Rank)).Square().Sum(), -1);
            net.Hidden.RegisterHook(_ => { launched = wrapped.Launched; return null; });
            loss.Backward();
            Assert.Equal(3, launched);          // both of the third layer, and the second's
        }
    });

    [Fact]
    public void Weights_and_buffers_are_those_of_rank_0() => Distributed.RunThreads(2, group =>
    {
        var norm = new BatchNorm1d(2);
        norm.Weight!.Data.Fill_(group.Rank + 1);
        norm.RunningMean!.Fill_(group.Rank + 1);
        var wrapped = new DistributedDataParallel(norm, group);
        Assert.Equal([1, 1], norm.Weight.Data.ToArray<double>());
        Assert.Equal([1, 1], norm.RunningMean.ToArray<double>());
        wrapped.Call(Tensor.Randn([4, 2], generator: new(group.Rank)));
        wrapped.Call(Tensor.Randn([4, 2], generator: new(group.Rank)));
        wrapped.Eval();
        var own = norm.RunningMean.ToArray<double>();
        wrapped.Call(Tensor.Randn([4, 2]));
        Assert.Equal(own, norm.RunningMean.ToArray<double>());
        Assert.Equal(["module.weight", "module.bias", "module.running_mean", "module.running_var",
            "module.num_batches_tracked"], wrapped.StateDict().Keys);
    });

    [Fact]
    public void A_backward_that_was_left_is_noticed() => Distributed.RunThreads(1, group =>
    {
        var net = new Net();
        var wrapped = new DistributedDataParallel(net, group);
        var loss = wrapped.Call(Input(0)).Square().Sum();
        net.Hidden.RegisterHook(_ => throw new InvalidDataException("torn page"));
        Assert.Throws<InvalidDataException>(() => loss.Backward());
        Assert.Contains("the last Backward threw",
            Assert.Throws<DistributedException>(() => wrapped.Call(Input(0))).Message);
    });

    [Fact]
    public void Steps_that_one_rank_makes_alone_are_refused()
    {
        var thrown = Assert.Throws<AggregateException>(() => Distributed.RunThreads(2, group =>
        {
            var wrapped = new DistributedDataParallel(new Net(), group);
            for (var step = 0; step < 3 - group.Rank; step++) wrapped.Call(Input(step)).Sum().Backward();
        }));
        Assert.Contains(thrown.InnerExceptions, e => e.Message.Contains("rank 0 calls Backward, whose"));
    }

    [Fact]
    public void Wrong_arguments_are_refused() => Distributed.RunThreads(1, group =>
    {
        Assert.Throws<DistributedException>(() => new DistributedDataParallel(new Tanh(), group));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DistributedDataParallel(new Linear(1, 1), group, 0));
        Assert.Throws<ArgumentNullException>(() => new DistributedDataParallel(null!, group));
        Assert.Throws<ArgumentNullException>(() => new DistributedDataParallel(new Linear(1, 1), null!));
        Assert.Throws<ArgumentNullException>(() => group.AllReduce(null!));
        Assert.Throws<ArgumentNullException>(() => group.AllGather(null!));
        Assert.Throws<ArgumentNullException>(() => group.Broadcast(null!));
        Assert.Throws<ArgumentNullException>(() => new DistributedSampler(null!, group));
    });
}
