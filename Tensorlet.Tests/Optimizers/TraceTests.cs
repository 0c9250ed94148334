using System.Runtime.CompilerServices;
using System.Text.Json;
using Tensorlet.Optim;

namespace Tensorlet.Tests.Optimizers;

/// <summary>
/// Optimizers and schedules compared with PyTorch's, in float64: losses and parameters at ten points within 1,000
/// steps. The numbers were written by traces.py.
/// </summary>
public class TraceTests
{
    sealed record Traces(Dictionary<string, double[][]> Optimizers, Dictionary<string, double[][]> Schedules,
        double[] Plateau);

    static string Here([CallerFilePath] string path = "") => path;

    static readonly Lazy<Traces> stored = new(() => JsonSerializer.Deserialize<Traces>(File.ReadAllText(Path.Combine(
        Path.GetDirectoryName(Here())!, "traces.json")), JsonSerializerOptions.Web)!);

    static Tensor Of(int[] shape, IEnumerable<double> values) => Tensor.From(values.ToArray(), shape);

    static readonly Tensor data = Of([8, 3], from i in Enumerable.Range(0, 8)
                                             from j in Enumerable.Range(0, 3)
                                             select Math.Sin(1 + 3 * i + j)),
        target = Of([8], Enumerable.Range(0, 8).Select(i => Math.Cos(i))),
        scales = Of([6], [1, 3, 10, 30, 100, 0.1]);

    static Variable[] Start(string problem) => [.. ((Tensor[])(problem switch
    {
        "quadratic" => [Of([6], [1, -2, 1.5, -0.5, 1, 3])],
        "valley" => [Of([4], [-1.2, 1, -0.5, 0.8])],
        _ => [Of([4, 3], from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 3) select Math.Cos(i * 3 + j)),
            Of([4], [0.5, -0.5, 0.25, 0.75])],
    })).Select(x => new Variable(x, requiresGrad: true))];

    static Variable Loss(string problem, Variable[] p) => problem switch
    {
        "quadratic" => 0.5 * (scales * p[0] * p[0]).Sum(),
        "valley" => (100 * (p[0][1..] - p[0][..^1].Square()).Square() + (1 - p[0][..^1]).Square()).Sum(),
        _ => (((Variable)data).MatMul(p[0].T).Tanh().MatMul(p[1]) - target).Square().Mean(),
    };

    public static TheoryData<string> Names => [.. stored.Value.Optimizers.Keys];

    [Theory, MemberData(nameof(Names))]
    public void An_optimizer_goes_PyTorchs_way(string name)
    {
        var (kind, problem) = (name.Split('/')[0], name.Split('/')[1]);
        var p = Start(problem);
        var optimizer = Make(kind, p);
        var (sign, step) = (kind.EndsWith("maximize") ? -1 : 1, 0);
        foreach (var expected in stored.Value.Optimizers[name])
        {
            var loss = 0.0;
            for (; step < expected[0]; step++)
                loss = optimizer.Step(() =>
                {
                    optimizer.ZeroGrad();
                    var value = sign * Loss(problem, p);
                    value.Backward();
                    return value;
                });
            double[] actual = [loss, .. p.SelectMany(x => x.Data.ToArray<double>())];
            for (var i = 0; i < actual.Length; i++)
                Assert.True(Math.Abs(actual[i] - expected[i + 1]) <= 1e-9 * Math.Max(1, Math.Abs(expected[i + 1])),
                    $"after step {step}, number {i} is {actual[i]:r} and not {expected[i + 1]:r}");
        }
    }

    internal static Optimizer Make(string kind, Variable[] p) => kind switch
    {
        "sgd" => new SGD(p, lr: 0.005),
        "sgd momentum" => new SGD(p, lr: 0.002, momentum: 0.9, dampening: 0.1),
        "sgd nesterov" => new SGD(p, lr: 0.002, momentum: 0.9, nesterov: true, weightDecay: 0.01),
        "sgd maximize" => new SGD(p, lr: 0.005, momentum: 0.5, maximize: true),
        "adam" => new Adam(p, lr: 0.01),
        "adam decay" => new Adam(p, lr: 0.01, betas: (0.8, 0.99), eps: 1e-3, weightDecay: 0.1),
        "adam amsgrad" => new Adam(p, lr: 0.02, amsgrad: true),
        "adam maximize" => new Adam(p, lr: 0.01, maximize: true),
        "adamw" => new AdamW(p, lr: 0.01, weightDecay: 0.05),
        "adamw amsgrad" => new AdamW(p, lr: 0.01, amsgrad: true),
        "adamax" => new Adamax(p, lr: 0.01, weightDecay: 0.01),
        "nadam" => new NAdam(p, lr: 0.01, weightDecay: 0.01, eps: 1e-3),
        "rmsprop" => new RMSprop(p, lr: 0.002, eps: 1e-2),
        "rmsprop momentum" => new RMSprop(p, lr: 0.001, eps: 1e-2, momentum: 0.9, weightDecay: 0.01),
        "rmsprop centered" => new RMSprop(p, lr: 0.001, eps: 1e-2, centered: true, momentum: 0.5),
        "adagrad" => new Adagrad(p, lr: 0.1, lrDecay: 0.01, weightDecay: 0.01, initialAccumulatorValue: 0.1),
        "adadelta" => new Adadelta(p, lr: 1, weightDecay: 0.01),
        "lbfgs" => new LBFGS(p, lr: 0.1, maxIter: 4),
        "lbfgs wolfe" => new LBFGS(p, maxIter: 3, strongWolfe: true),
        "lbfgs short" => new LBFGS(p, maxIter: 2, historySize: 3, strongWolfe: true),
        _ => throw new ArgumentException(kind),
    };

    internal static IEnumerable<string> ScheduleNames => stored.Value.Schedules.Keys;
    public static TheoryData<string> Schedules => [.. ScheduleNames];

    internal static Scheduler Schedule(string kind, Optimizer o) => kind switch
    {
        "lambda" => new LambdaLR(o, e => Math.Pow(0.95, e)),
        "step" => new StepLR(o, 7, 0.5),
        "multistep" => new MultiStepLR(o, [5, 20, 21], 0.3),
        "exponential" => new ExponentialLR(o, 0.97),
        "cosine" => new CosineAnnealingLR(o, 40, 0.01),
        "restarts" => new CosineAnnealingWarmRestarts(o, 7, 2, 0.01),
        "linear" => new LinearLR(o, 0.25, 0.75, 30),
        "polynomial" => new PolynomialLR(o, 60, 1.5),
        "one cycle" => new OneCycleLR(o, 0.5, 101),
        "one cycle, three phases" => new OneCycleLR(o, 0.5, 101, pctStart: 0.4, linear: true, threePhase: true),
        "cyclic" => new CyclicLR(o, 0.1, 0.6, 5, 9),
        "cyclic halving" => new CyclicLR(o, 0.1, 0.6, 8, mode: CyclicMode.Triangular2),
        "cyclic decaying" => new CyclicLR(o, 0.1, 0.6, 8, mode: CyclicMode.ExpRange, gamma: 0.99),
        "sequential" => new SequentialLR(o, [new LinearLR(o, 0.1, 1, 10), new ExponentialLR(o, 0.9)], [10]),
        _ => throw new ArgumentException(kind),
    };

    [Theory, MemberData(nameof(Schedules))]
    public void A_schedule_is_PyTorchs(string name)
    {
        var optimizer = new SGD(Start("quadratic"), lr: 0.4, momentum: 0.9);
        var scheduler = Schedule(name, optimizer);
        foreach (var (expected, e) in stored.Value.Schedules[name].Select((pair, e) => (pair, e)))
        {
            var group = optimizer.ParamGroups[0];
            Assert.True(Math.Abs(expected[0] - group.Lr) < 1e-12,
                $"at {e} the rate is {group.Lr} and not {expected[0]}");
            Assert.True(Math.Abs(expected[1] - group["momentum"]) < 1e-12,
                $"at {e} the momentum is {group["momentum"]} and not {expected[1]}");
            scheduler.Step();
        }
    }

    [Fact]
    public void Rates_fall_on_a_plateau_as_PyTorchs()
    {
        var optimizer = new SGD(Start("quadratic"), lr: 0.4);
        var scheduler = new ReduceLROnPlateau(optimizer, factor: 0.5, patience: 3, cooldown: 2, minLr: 0.02);
        for (var e = 0; e < 100; e++)
        {
            scheduler.Step(e % 17 < 9 ? 1.0 / (1 + e) : 1);
            Assert.Equal(stored.Value.Plateau[e], optimizer.Lr, 1e-12);
        }
    }
}
