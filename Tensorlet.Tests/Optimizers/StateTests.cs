using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tensorlet.Tests.Optimizers;

/// <summary>Groups, states and errors of optimizers and schedules.</summary>
public class StateTests
{
    static readonly Tensor x = Tensor.Randn([6, 3], generator: new Generator(1)),
        y = Tensor.Randn([6, 2], generator: new Generator(2));

    static (Module Net, Optimizer Optimizer) New(string kind)
    {
        var net = new Sequential(new Nn.Linear(3, 4), new Nn.Tanh(), new Nn.Linear(4, 2));
        var generator = new Generator(5);
        foreach (var p in net.Parameters()) p.Data.Uniform_(-0.5, 0.5, generator);
        return (net, TraceTests.Make(kind, [.. net.Parameters()]));
    }

    static void Steps(Module net, Optimizer optimizer, int count)
    {
        for (var i = 0; i < count; i++)
            optimizer.Step(() =>
            {
                optimizer.ZeroGrad();
                var loss = F.MseLoss(net.Call(x), y);
                loss.Backward();
                return loss;
            });
    }

    public static TheoryData<string> Kinds => ["sgd", "sgd momentum", "sgd nesterov", "adam", "adam amsgrad", "adamw",
        "adamax", "nadam", "rmsprop", "rmsprop momentum", "rmsprop centered", "adagrad", "adadelta", "lbfgs",
        "lbfgs wolfe", "lbfgs short"];

    [Theory, MemberData(nameof(Kinds))]
    public void Resumed_is_as_never_stopped(string kind)
    {
        var (net, optimizer) = New(kind);
        Steps(net, optimizer, 7);
        var expected = net.StateDict().Values.SelectMany(v => v.ToArray<float>()).ToArray();

        var path = Path.GetTempFileName();
        try
        {
            var (first, firstOptimizer) = New(kind);
            Steps(first, firstOptimizer, 4);
            SafeTensors.Save(path, firstOptimizer.StateDict());
            var (second, secondOptimizer) = New(kind);
            Steps(second, secondOptimizer, 2);                      // a different past
            second.LoadStateDict(first.StateDict());
            secondOptimizer.LoadStateDict(SafeTensors.Load(path));
            Steps(second, secondOptimizer, 3);
            Assert.Equal(expected, second.StateDict().Values.SelectMany(v => v.ToArray<float>()));
        }
        finally { File.Delete(path); }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_network_that_moved_is_named_before_anything_changes(string kind)
    {
        var (net, optimizer) = New(kind);
        Steps(net, optimizer, 2);
        var remembers = optimizer.StateDict().Any(s => s.Key.StartsWith("state.") && s.Value.Rank > 0);
        net.To(DType.Float64);
        var before = net.StateDict().Values.SelectMany(v => v.ToArray<double>()).ToArray();
        void Step() => optimizer.Step(() =>
        {
            var loss = F.MseLoss(net.Call(x.To(DType.Float64)), y.To(DType.Float64));
            loss.Backward();
            return loss;
        });
        if (!remembers) { Step(); return; }
        var said = Assert.Throws<AutogradException>(Step).Message;
        Assert.StartsWith($"{optimizer.GetType().Name}: ", said);
        Assert.Contains("is now Float64 on cpu, and what is remembered of it Float32 on cpu", said);
        Assert.Equal(before, net.StateDict().Values.SelectMany(v => v.ToArray<double>()));
        optimizer.LoadStateDict(optimizer.StateDict());
        Step();
    }

    [Fact]
    public void States_of_others_are_refused_and_change_nothing()
    {
        var (net, adam) = New("adam");
        Steps(net, adam, 2);
        var before = adam.StateDict()["state.0.exp_avg"].ToArray<float>();
        foreach (var kind in (string[])["sgd momentum", "rmsprop", "adadelta", "lbfgs", "nadam"])
        {
            var (other, optimizer) = New(kind);
            Steps(other, optimizer, 2);
            Assert.Throws<TensorletException>(() => adam.LoadStateDict(optimizer.StateDict()));
            Assert.Throws<TensorletException>(() => optimizer.LoadStateDict(adam.StateDict()));
        }
        var wrong = adam.StateDict();
        wrong["state.1.exp_avg"] = Tensor.Zeros(3);
        Assert.Contains("'state.1.exp_avg'", Assert.Throws<ShapeException>(() => adam.LoadStateDict(wrong)).Message);
        var unknown = adam.StateDict();
        unknown["state.9.exp_avg"] = Tensor.Zeros(3);
        Assert.Contains("state.9", Assert.Throws<TensorletException>(() => adam.LoadStateDict(unknown)).Message);
        Assert.Equal(before, adam.StateDict()["state.0.exp_avg"].ToArray<float>());
    }

    [Fact]
    public void Groups_have_options_of_their_own()
    {
        Variable a = new(Tensor.Ones(1), true), b = new(Tensor.Ones(1), true);
        var sgd = new SGD([a], lr: 0.1);
        sgd.AddParamGroup([b], ("lr", 0.5), ("weight_decay", 1));
        (a.Grad, b.Grad) = (Tensor.Ones(1), Tensor.Ones(1));
        sgd.Step();
        Assert.Equal(0.9, a.Item(), 1e-6);
        Assert.Equal(0, b.Item(), 1e-6);
        Assert.Equal([0.1, 0.5], sgd.ParamGroups.Select(group => group.Lr));
        var schedule = new ExponentialLR(sgd, 0.5);
        schedule.Step();
        Assert.Equal([0.05, 0.25], schedule.LastLr);
        sgd.Lr = 1;
        Assert.Equal([1, 1], sgd.ParamGroups.Select(group => group.Lr));
    }

    [Fact]
    public void Wrong_parameters_and_options_are_refused()
    {
        Variable a = new(Tensor.Ones(1), true), constant = Tensor.Ones(1);
        Assert.Contains("no parameters", Assert.Throws<AutogradException>(() => new SGD([])).Message);
        Assert.Contains("twice", Assert.Throws<AutogradException>(() => new SGD([a, a])).Message);
        Assert.Contains("requiresGrad: true", Assert.Throws<AutogradException>(() => new SGD([constant])).Message);
        var sgd = new SGD([a]);
        Assert.Throws<AutogradException>(() => sgd.AddParamGroup([a]));
        Assert.Contains("'rho'", Assert.Throws<TensorletException>(() =>
            sgd.AddParamGroup([new Variable(Tensor.Ones(1), true)], ("rho", 1))).Message);
        Assert.Single(sgd.ParamGroups);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SGD([a], lr: -1));
        Assert.Contains("beta2",
            Assert.Throws<ArgumentOutOfRangeException>(() => new Adam([a], betas: (0.9, 1))).Message);
        Assert.Throws<ArgumentException>(() => new SGD([a], nesterov: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StepLR(sgd, 0));
        Assert.Contains("momentum", Assert.Throws<TensorletException>(() => new OneCycleLR(new Adagrad([a]), 1, 10))
            .Message);
        Assert.Throws<ArgumentException>(() => new SequentialLR(sgd, [new StepLR(sgd, 1)], [3]));
        Assert.Contains("closure", Assert.Throws<AutogradException>(() => new LBFGS([a]).Step()).Message);
        Assert.Throws<AutogradException>(() => new LBFGS([a]).AddParamGroup([constant]));
    }

    [Theory]
    [InlineData("one cycle")]
    [InlineData("restarts")]
    [InlineData("sequential")]
    [InlineData("cyclic halving")]
    public void A_schedule_goes_on_where_it_was(string kind)
    {
        Optimizer New() => new SGD([new Variable(Tensor.Ones(1), true)], lr: 0.4, momentum: 0.9);
        var (whole, first, second) = (New(), New(), New());
        Scheduler all = TraceTests.Schedule(kind, whole), one = TraceTests.Schedule(kind, first);
        for (var e = 0; e < 30; e++) all.Step();
        for (var e = 0; e < 13; e++) one.Step();
        var two = TraceTests.Schedule(kind, second);
        second.LoadStateDict(first.StateDict());
        two.LoadStateDict(one.StateDict());
        for (var e = 0; e < 17; e++) two.Step();
        Assert.Equal(whole.Lr, second.Lr);
        Assert.Equal(whole.ParamGroups[0]["momentum"], second.ParamGroups[0]["momentum"]);
    }

    [Fact]
    public void A_plateau_remembers()
    {
        var sgd = new SGD([new Variable(Tensor.Ones(1), true)], lr: 1);
        var schedule = new ReduceLROnPlateau(sgd, max: true, patience: 1, factor: 0.5);
        foreach (var metric in (double[])[1, 2, 2]) schedule.Step(metric);
        var again = new ReduceLROnPlateau(sgd, max: true, patience: 1, factor: 0.5);
        again.LoadStateDict(schedule.StateDict());
        again.Step(2);
        Assert.Equal((0.5, 2), (sgd.Lr, again.Best));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceLROnPlateau(sgd, factor: 1));
    }
}
