using Tensorlet;
using TorchSharp;

namespace Benchmarks;

/// <summary>The same numbers for both systems.</summary>
static class Operands
{
    /// <summary>The sizes of one-operation rows: from only the cost of a call to what leaves the caches.</summary>
    public static readonly (string Name, int Count)[] Sizes =
        [("16", 16), ("1k", 1 << 10), ("64k", 1 << 16), ("1M", 1 << 20), ("4M", 1 << 22)];

    /// <summary>A square matrix of this many elements.</summary>
    public static int[] Square(int count) => [(int)Math.Sqrt(count), (int)Math.Sqrt(count)];

    /// <summary>Normal random numbers, the same on every run.</summary>
    public static (Variable Tensorlet, torch.Tensor Torch) Randn(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++) // Box and Muller
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(Math.Tau * random.NextDouble()));
        }
        return (Tensor.From(values, shape), Torch(values, shape));
    }

    /// <summary>Random classes below a number of them, the same on every run.</summary>
    public static (Tensor Tensorlet, torch.Tensor Torch) Labels(int seed, int count, int classes)
    {
        var random = new Random(seed);
        long[] labels = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(classes))];
        return (Tensor.From(labels), torch.tensor(labels));
    }

    public static torch.Tensor Torch(float[] values, ReadOnlySpan<int> shape) =>
        torch.tensor(values, [.. shape.ToArray().Select(n => (long)n)]);

    /// <summary>A row of one operation, without a tape.</summary>
    public static Sides Operation(Func<Variable> tensorlet, Func<torch.Tensor> theirs) => new(
        () => tensorlet(),
        () => theirs().Dispose(),
        () =>
        {
            using var result = theirs();
            return (tensorlet().Data.ToArray<float>(), result.data<float>().ToArray());
        });
}
