using Tensorlet;
using TorchSharp;
using static Benchmarks.Differentiable;
using Functional = TorchSharp.torch.nn.functional;

namespace Benchmarks;

/// <summary>Activations, probabilities and losses of rows of 256 numbers.</summary>
static class Functions
{
    public static IEnumerable<Row> Rows =>
    [
        .. Each("gelu", x => x.Gelu(), x => x.gelu()),
        .. Each("silu", x => x.Silu(), x => x.silu()),
        .. Each("softmax", x => x.Softmax(1), x => x.softmax(1)),
        .. Each("log-softmax", x => x.LogSoftmax(1), x => x.log_softmax(1)),
        .. Each("variance", x => x.Var([1]), x => x.var(1L)),
        .. Against("mse", (x, t) => F.MseLoss(x, t), (x, t) => Functional.mse_loss(x, t)),
        .. Against("huber", (x, t) => F.HuberLoss(x, t), (x, t) => Functional.huber_loss(x, t)),
        .. Against("bce-logits", (x, t) => F.BinaryCrossEntropyWithLogits(x, t),
            (x, t) => Functional.binary_cross_entropy_with_logits(x, t)),
        .. CrossEntropy(64, 1000),
        .. CrossEntropy(4096, 10),
    ];

    static IEnumerable<Row> Each(string name, Func<Variable, Variable> ours,
        Func<torch.Tensor, torch.Tensor> theirs) =>
        from size in Layers.Sizes
        from row in Rows(name, size.Name, [size.Shape], v => ours(v[0]), v => theirs(v[0]))
        select row;

    /// <summary>Losses with targets between 0 and 1.</summary>
    static IEnumerable<Row> Against(string name, Func<Variable, Variable, Variable> ours,
        Func<torch.Tensor, torch.Tensor, torch.Tensor> theirs) =>
        from size in Layers.Sizes
        from row in Rows(name, size.Name, [size.Shape], () =>
        {
            var (target, torchTarget) = Operands.Randn(9, size.Shape);
            (target, torchTarget) = (target.Sigmoid(), torchTarget.sigmoid());
            return new(v => ours(v[0], target), v => theirs(v[0], torchTarget));
        })
        select row;

    static IEnumerable<Row> CrossEntropy(int samples, int classes) =>
        Rows("cross-entropy", $"{samples}x{classes}", [[samples, classes]], () =>
        {
            var (labels, torchLabels) = Operands.Labels(9, samples, classes);
            return new(v => F.CrossEntropy(v[0], labels), v => Functional.cross_entropy(v[0], torchLabels));
        });
}
