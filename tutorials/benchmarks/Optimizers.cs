using Tensorlet;
using Tensorlet.Optim;
using TorchSharp;
using static Benchmarks.Operands;
using TorchParameter = TorchSharp.Modules.Parameter;

namespace Benchmarks;

/// <summary>One step of an optimizer: a million parameters in eight tensors, whose gradients stay the same.</summary>
static class Optimizers
{
    const int Count = 8, StepsCompared = 3;
    static readonly int[] shape = [256, 512];

    public static IEnumerable<Row> Rows =>
    [
        Step("sgd", p => new SGD(p, lr: 1e-3, momentum: 0.9), p => torch.optim.SGD(p, 1e-3, momentum: 0.9)),
        Step("adam", p => new Adam(p, lr: 1e-3), p => torch.optim.Adam(p, 1e-3)),
        Step("adamw", p => new AdamW(p, lr: 1e-3, weightDecay: 0.01),
            p => torch.optim.AdamW(p, 1e-3, weight_decay: 0.01)),
        Step("rmsprop", p => new RMSprop(p, lr: 1e-3), p => torch.optim.RMSProp(p, 1e-3)),
    ];

    static Row Step(string name, Func<Variable[], Optimizer> ours,
        Func<TorchParameter[], torch.optim.Optimizer> theirs) => new("step", name, true, () =>
        {
            var both = Enumerable.Range(1, Count).Select(Parameters).ToArray();
            var (parameters, torchParameters) = (Array.ConvertAll(both, p => p.Ours), Array.ConvertAll(both,
                p => p.Theirs));
            var (optimizer, torchOptimizer) = (ours(parameters), theirs(torchParameters));
            return new(optimizer.Step, () => torchOptimizer.step(), () =>
            {
                for (var i = 0; i < StepsCompared; i++)
                {
                    optimizer.Step();
                    torchOptimizer.step();
                }
                return ([.. parameters.SelectMany(p => p.Data.ToArray<float>())],
                    [.. torchParameters.SelectMany(Floats)]);
            });
        });

    static (Variable Ours, TorchParameter Theirs) Parameters(int number)
    {
        var (p, tp) = Randn(number, shape);
        var (gradient, torchGradient) = Randn(-number, shape);
        return (new(p.Data, requiresGrad: true) { Grad = gradient }, new(tp) { grad = torchGradient });
    }
}
