using Tensorlet;
using Tensorlet.Nn;
using Tensorlet.Optim;
using TorchSharp;
using static Benchmarks.Operands;
using Functional = TorchSharp.torch.nn.functional;
using Peer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Benchmarks;

/// <summary>What a network learns.</summary>
enum Goal
{
    /// <summary>To predict the class of each sample: the loss is the cross-entropy.</summary>
    Classes,
    /// <summary>To reproduce its input: the loss is the mean of the squared differences.</summary>
    Input,
    /// <summary>To return small numbers: the loss is their mean.</summary>
    Least,
}

/// <summary>A network in both systems, and the data with which it is trained.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Network">Creates the network in Tensorlet.</param>
/// <param name="Peer">Creates the same network for libtorch, with its parameters in the same order.</param>
/// <param name="Batch">The shape of the input.</param>
/// <param name="Goal">What the network learns.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="Vocabulary">If given, the input consists of integers below this number, each of which has a class;
/// otherwise the input is normal random numbers, and each sample has a class.</param>
/// <param name="Sgd">The learning rate of plain gradient descent; if not given, Adam with its default rate.</param>
sealed record Lesson(string Name, Func<Module> Network, Func<Peer> Peer, int[] Batch, Goal Goal = Goal.Classes,
    int Classes = 10, int? Vocabulary = null, double? Sgd = null)
{
    public const double AdamRate = 1e-3;

    int Count => Batch.Aggregate(1, (a, b) => a * b);

    /// <summary>The input, if it is integers.</summary>
    public long[] Tokens => Below(1, Count, Vocabulary!.Value);
    /// <summary>The input, if it is floating-point numbers.</summary>
    public float[] Numbers => Normal(1, Count);
    /// <summary>The class of each sample, or of each integer.</summary>
    public long[] Labels => Below(2, Vocabulary is null ? Batch[0] : Count, Classes);
}

/// <summary>A network that is trained in Tensorlet.</summary>
sealed class TensorletLearner
{
    readonly Goal goal;
    readonly Module network;
    readonly Optimizer optimizer;
    readonly Variable x, labels;

    public TensorletLearner(Lesson lesson)
    {
        (goal, network) = (lesson.Goal, lesson.Network());
        optimizer = lesson.Sgd is { } rate ? new SGD(network.Parameters(), rate)
            : new Adam(network.Parameters(), Lesson.AdamRate);
        x = lesson.Vocabulary is null ? Tensor.From(lesson.Numbers, lesson.Batch)
            : Tensor.From(lesson.Tokens, lesson.Batch);
        labels = Tensor.From(lesson.Labels);
    }

    public IReadOnlyList<Variable> Parameters => network.Parameters();

    /// <summary>One training step; returns its loss.</summary>
    public Variable Step()
    {
        optimizer.ZeroGrad();
        var loss = Loss(network.Call(x));
        loss.Backward();
        optimizer.Step();
        return loss;
    }

    Variable Loss(Variable y) => goal switch
    {
        Goal.Classes => F.CrossEntropy(y, labels),
        Goal.Input => F.MseLoss(y, x),
        _ => y.Mean(),
    };
}

/// <summary>The same network in libtorch.</summary>
sealed class TorchLearner
{
    readonly Goal goal;
    readonly Peer network;
    readonly torch.optim.Optimizer optimizer;
    readonly torch.Tensor x, labels;

    public TorchLearner(Lesson lesson)
    {
        (goal, network) = (lesson.Goal, lesson.Peer());
        optimizer = lesson.Sgd is { } rate ? torch.optim.SGD(network.parameters(), rate)
            : torch.optim.Adam(network.parameters(), Lesson.AdamRate);
        x = lesson.Vocabulary is null ? Torch(lesson.Numbers, lesson.Batch) : Torch(lesson.Tokens, lesson.Batch);
        labels = torch.tensor(lesson.Labels);
    }

    public IEnumerable<torch.Tensor> Parameters => network.parameters();

    /// <summary>One training step.</summary>
    public void Step() => Step(read: false);

    /// <summary>One training step; returns its loss if it is needed.</summary>
    public float Step(bool read)
    {
        using var scope = torch.NewDisposeScope();
        optimizer.zero_grad();
        var loss = Loss(network.forward(x));
        loss.backward();
        optimizer.step();
        return read ? loss.item<float>() : 0;
    }

    torch.Tensor Loss(torch.Tensor y) => goal switch
    {
        Goal.Classes => Functional.cross_entropy(y, labels),
        Goal.Input => Functional.mse_loss(y, x),
        _ => y.mean(),
    };
}
