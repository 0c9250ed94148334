using Tensorlet;
using TorchSharp;
using static Benchmarks.Operands;

namespace Benchmarks;

/// <summary>How a function is written in the two systems.</summary>
/// <param name="Tensorlet">In Tensorlet.</param>
/// <param name="Torch">In libtorch.</param>
sealed record Definition(Func<Variable[], Variable> Tensorlet, Func<torch.Tensor[], torch.Tensor> Torch);

/// <summary>
/// A function of inputs that require gradients: forward alone, and with backward. Both systems record, and neither adds
/// to existing gradients.
/// </summary>
sealed class Differentiable
{
    readonly Definition definition;
    readonly Variable[] inputs;
    readonly torch.Tensor[] torchInputs;

    Differentiable(int[][] shapes, Definition definition)
    {
        this.definition = definition;
        var both = shapes.Select((shape, i) => Parameter(i + 1, shape)).ToArray();
        inputs = Array.ConvertAll(both, x => x.Tensorlet);
        torchInputs = Array.ConvertAll(both, x => x.Torch);
    }

    /// <summary>Two rows; the family of the second one ends in -back, and it includes the backward pass.</summary>
    /// <param name="family">The name of the function.</param>
    /// <param name="size">The size of the inputs.</param>
    /// <param name="shapes">The shapes of the inputs, which are normal random numbers.</param>
    /// <param name="definition">Creates the function, and everything else that it needs.</param>
    public static IEnumerable<Row> Rows(string family, string size, int[][] shapes, Func<Definition> definition) =>
    [
        new(family, size, true, () => new Differentiable(shapes, definition()).Forward()),
        new($"{family}-back", size, true, () => new Differentiable(shapes, definition()).Backward()),
    ];

    /// <summary>The same for functions that need nothing but their inputs.</summary>
    public static IEnumerable<Row> Rows(string family, string size, int[][] shapes, Func<Variable[], Variable> ours,
        Func<torch.Tensor[], torch.Tensor> theirs) => Rows(family, size, shapes, () => new(ours, theirs));

    Sides Forward() => Operation(() => definition.Tensorlet(inputs), () => definition.Torch(torchInputs));

    Sides Backward()
    {
        var (gradient, torchGradient) = Incoming();
        return new(() => Ours(), () => Dispose(Theirs()), () =>
        {
            var (ours, theirs) = (Ours(), Theirs());
            float[] torchNumbers = [.. theirs.SelectMany(Floats)];
            Dispose(theirs);
            return ([.. ours.SelectMany(x => x!.Data.ToArray<float>())], torchNumbers);
        });

        Variable?[] Ours()
        {
            var y = definition.Tensorlet(inputs);
            return [y, .. Autograd.Grad([y], inputs, [gradient])];
        }

        torch.Tensor[] Theirs()
        {
            var y = definition.Torch(torchInputs);
            return [y, .. torch.autograd.grad([y], torchInputs, [torchGradient])];
        }
    }

    /// <summary>
    /// The gradient with which backward starts: normal random numbers; for a mean over all inputs, as many as there are
    /// inputs, because gradients near 0 would always agree.
    /// </summary>
    (Variable, torch.Tensor) Incoming()
    {
        var y = definition.Tensorlet(inputs);
        using var torchY = definition.Torch(torchInputs);
        float[] values = y.Numel == 1 ? [inputs[0].Numel] : Normal(0, y.Numel);
        return (new Variable(Tensor.From(values, y.Size()).To(y.DType)),
            Torch(values, y.Shape).to_type(torchY.dtype));
    }

    static void Dispose(torch.Tensor[] results)
    {
        foreach (var result in results) result.Dispose();
    }
}
