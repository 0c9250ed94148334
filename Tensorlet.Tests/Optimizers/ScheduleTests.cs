using Tensorlet.Nn;
using Tensorlet.Optim;

namespace Tensorlet.Tests.Optimizers;

/// <summary>Schedules that are restored, and several schedules of one optimizer.</summary>
public class ScheduleTests
{
    static SGD New(double lr = 1) => new([new Variable(Tensor.Ones(1), true)], lr, momentum: 0.9);

    static Scheduler Made(string kind, Optimizer o) => kind switch
    {
        "warm up" => new LinearLR(o, 0.1, 1, 10),
        "plateau" => new ReduceLROnPlateau(o, factor: 0.5, patience: 0),
        _ => TraceTests.Schedule(kind, o),
    };

    static void Step(Scheduler schedule)
    {
        if (schedule is ReduceLROnPlateau plateau) plateau.Step(1);
        else schedule.Step();
    }

    public static TheoryData<string> Kinds => ["warm up", "plateau", .. TraceTests.ScheduleNames];

    /// <summary>
    /// Rate and momentum are right at once, and stay right, in whatever order everything is created and loaded.
    /// </summary>
    [Theory, MemberData(nameof(Kinds))]
    public void A_schedule_is_restored_in_any_order(string kind)
    {
        var whole = New();
        var schedule = Made(kind, whole);
        for (var e = 0; e < 5; e++) Step(schedule);
        var (first, second) = (whole.StateDict(), schedule.StateDict());
        (Optimizer, Scheduler)[] restored = [.. Enumerable.Range(0, 4).Select(order =>
        {
            var optimizer = New();
            if (order == 0) optimizer.LoadStateDict(first);
            var other = Made(kind, optimizer);
            if (order == 1) optimizer.LoadStateDict(first);
            other.LoadStateDict(second);
            if (order == 2) optimizer.LoadStateDict(first);             // and once never
            return ((Optimizer)optimizer, other);
        })];
        for (var e = 0; e < 5; e++)
        {
            foreach (var (optimizer, other) in restored)
            {
                Assert.Equal(whole.Lr, optimizer.Lr);
                Assert.Equal(whole.ParamGroups[0]["momentum"], optimizer.ParamGroups[0]["momentum"]);
                Step(other);
            }
            Step(schedule);
        }
    }

    [Fact]
    public void A_rate_that_warms_up_is_right_as_soon_as_it_is_loaded()
    {
        var whole = New();
        var schedule = new LinearLR(whole, 0.1, 1, 10);
        for (var e = 0; e < 5; e++) schedule.Step();
        var optimizer = New();
        optimizer.LoadStateDict(whole.StateDict());
        var loaded = new LinearLR(optimizer, 0.1, 1, 10);
        loaded.LoadStateDict(schedule.StateDict());
        Assert.Equal(0.55, optimizer.Lr, 1e-12);
    }

    /// <summary>Two schedules, and the rates of PyTorch 2.10 when both are stepped, the first one first.</summary>
    static readonly Dictionary<string, (Func<Optimizer, Scheduler[]> Make, double[] Rates)> chains = new()
    {
        ["exponential and step"] = (o => [new ExponentialLR(o, 0.9), new StepLR(o, 3)],
            [1, 0.9, 0.81, 0.0729, 0.06561]),
        ["step and exponential"] = (o => [new StepLR(o, 3), new ExponentialLR(o, 0.9)],
            [1, 0.9, 0.81, 0.0729, 0.06561]),
        ["warm up and milestones"] = (o => [new LinearLR(o, 0.25, 1, 3), new MultiStepLR(o, [2, 4], 0.5)],
            [0.25, 0.5, 0.375, 0.5, 0.25]),
        ["polynomial and exponential"] = (o => [new PolynomialLR(o, 4), new ExponentialLR(o, 0.5)],
            [1, 0.375, 0.125, 0.03125, 0]),
        // PyTorch's recursion: η + (lr − η)·(1 + cos(π·e/T))/(1 + cos(π·(e − 1)/T))
        ["cosine and exponential"] = (o => [new CosineAnnealingLR(o, 4, 0.2), new ExponentialLR(o, 0.5)],
            [1, 0.44142135623730954, 0.17071067811865476, 0.09571067811865475, 0.1]),
        ["plateau and exponential"] = (o => [new ReduceLROnPlateau(o, factor: 0.1, patience: 1),
            new ExponentialLR(o, 0.5)], [1, 0.5, 0.25, 0.0125, 0.00625]),
    };

    public static TheoryData<string> Chains => [.. chains.Keys];

    [Theory, MemberData(nameof(Chains))]
    public void Two_schedules_of_one_optimizer_work_together(string name)
    {
        var optimizer = New();
        var schedules = chains[name].Make(optimizer);
        foreach (var rate in chains[name].Rates)
        {
            Assert.Equal(rate, optimizer.Lr, 1e-12);
            foreach (var schedule in schedules) Step(schedule);
        }
    }

    [Fact]
    public void Two_schedules_are_restored_together()
    {
        Scheduler[] Both(Optimizer o) => [new LinearLR(o, 0.1, 1, 10), new ExponentialLR(o, 0.9)];
        var (whole, again) = (New(), New());
        var schedules = Both(whole);
        for (var e = 0; e < 4; e++) Array.ForEach(schedules, Step);
        again.LoadStateDict(whole.StateDict());
        var others = Both(again);
        foreach (var (other, schedule) in others.Zip(schedules)) other.LoadStateDict(schedule.StateDict());
        for (var e = 0; e < 4; e++)
        {
            Assert.Equal((0.1 + 0.09 * (4 + e)) * Math.Pow(0.9, 4 + e), whole.Lr, 1e-12);
            Assert.Equal(whole.Lr, again.Lr);
            Array.ForEach(schedules, Step);
            Array.ForEach(others, Step);
        }
    }

    [Fact]
    public void A_group_that_comes_later_has_the_schedule_of_its_own_first_rate()
    {
        var optimizer = New();
        var schedule = new ExponentialLR(optimizer, 0.5);
        schedule.Step();
        optimizer.AddParamGroup([new Variable(Tensor.Ones(1), true)], ("lr", 8));
        schedule.Step();
        Assert.Equal([0.25, 2], schedule.LastLr);
    }

    [Fact]
    public void A_plateau_takes_NaN_for_no_progress()
    {
        var optimizer = New();
        var plateau = new ReduceLROnPlateau(optimizer, factor: 0.5, patience: 1);
        foreach (var metric in (double[])[double.NaN, double.NaN, 1, double.NaN, 0.5]) plateau.Step(metric);
        Assert.Equal((0.5, 0.5), (optimizer.Lr, plateau.Best));
    }

    /// <summary>The mean of squares minus the square of the mean is 0, but rounding makes it negative.</summary>
    [Fact]
    public void Centred_RMSprop_bears_a_constant_gradient()
    {
        foreach (var gradient in (float[])[0.1f, 0.3f, 1e-3f, 7, 1e4f])
        {
            var p = new Variable(Tensor.Zeros(3), true);
            var optimizer = new RMSprop([p], centered: true);
            p.Grad = Tensor.Full([3], gradient);
            for (var t = 0; t < 4000; t++)
            {
                optimizer.Step();
                Assert.True(float.IsFinite((float)p.Data[0].Item()), $"gradient {gradient}, step {t}");
            }
        }
    }

    /// <summary>A step along a direction is too long if it ends where the loss is NaN.</summary>
    [Fact]
    public void A_line_search_comes_back_from_where_the_loss_is_NaN()
    {
        var p = new Variable(Tensor.From([1.1]), true);
        var optimizer = new LBFGS([p], lr: 100, maxIter: 1, strongWolfe: true);
        optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            var loss = (p - 2 * p.Sqrt()).Sum();                    // least at 1, and NaN below 0
            loss.Backward();
            return loss;
        });
        Assert.InRange(p.Item(), 0.95, 1.05);
    }
}
