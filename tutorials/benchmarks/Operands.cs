using Tensorlet;
using TorchSharp;

namespace Benchmarks;

/// <summary>The same numbers for both systems.</summary>
static class Operands
{
    /// <summary>
    /// The sizes of the rows of one operation: from small ones, which cost no more than a call, to ones that exceed the
    /// caches.
    /// </summary>
    public static readonly (string Name, int Count)[] Sizes =
        [("16", 16), ("1k", 1 << 10), ("64k", 1 << 16), ("1M", 1 << 20), ("4M", 1 << 22)];

    /// <summary>A square matrix of this many elements.</summary>
    public static int[] Square(int count) => [(int)Math.Sqrt(count), (int)Math.Sqrt(count)];

    /// <summary>Normal random numbers, the same on every run.</summary>
    public static float[] Normal(int seed, int count)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < values.Length; i++) // Box and Muller
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(Math.Tau * random.NextDouble()));
        }
        return values;
    }

    /// <summary>Random integers from 0 on, below a bound, the same on every run.</summary>
    public static long[] Below(int seed, int count, int bound)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(bound))];
    }

    /// <summary>Normal random numbers, for both.</summary>
    public static (Variable Tensorlet, torch.Tensor Torch) Randn(int seed, params int[] shape)
    {
        var values = Normal(seed, shape.Aggregate(1, (a, b) => a * b));
        return (Tensor.From(values, shape), Torch(values, shape));
    }

    /// <summary>The same as a parameter that requires a gradient.</summary>
    public static (Variable Tensorlet, torch.Tensor Torch) Parameter(int seed, params int[] shape)
    {
        var (x, tx) = Randn(seed, shape);
        return (new(x.Data, requiresGrad: true), tx.requires_grad_());
    }

    /// <summary>Random classes below a number of them.</summary>
    public static (Tensor Tensorlet, torch.Tensor Torch) Labels(int seed, int count, int classes)
    {
        var labels = Below(seed, count, classes);
        return (Tensor.From(labels), torch.tensor(labels));
    }

    public static torch.Tensor Torch(float[] values, ReadOnlySpan<int> shape) =>
        torch.tensor(values, Sizes64(shape));
    public static torch.Tensor Torch(long[] values, ReadOnlySpan<int> shape) =>
        torch.tensor(values, Sizes64(shape));

    static long[] Sizes64(ReadOnlySpan<int> shape) => Array.ConvertAll(shape.ToArray(), size => (long)size);

    /// <summary>The numbers of a tensor of any type.</summary>
    public static float[] Floats(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        return x.detach().to_type(torch.ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    /// <summary>A row of one operation, without a tape.</summary>
    public static Sides Operation(Func<Variable> tensorlet, Func<torch.Tensor> theirs) => new(
        () => tensorlet(),
        () => theirs().Dispose(),
        () =>
        {
            using var result = theirs();
            return (tensorlet().Data.ToArray<float>(), Floats(result));
        });
}
