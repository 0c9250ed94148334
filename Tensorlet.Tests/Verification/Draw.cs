using Tensorlet.Tests.Devices;

namespace Tensorlet.Tests.Verification;

/// <summary>Where an operation can be differentiated.</summary>
public enum Domain
{
    /// <summary>Anywhere except 0: −2 … 2.</summary>
    Any,
    /// <summary>0.5 … 2.5.</summary>
    Positive,
    /// <summary>No two numbers equal or close: for maxima.</summary>
    Distinct,
    /// <summary>−0.9 … 0.9.</summary>
    Unit,
}

/// <summary>
/// Generates shapes, arguments and values from a seed, with sizes up to a limit, which shrinking lowers.
/// </summary>
/// <param name="seed">Determines what is generated.</param>
/// <param name="largest">The largest size.</param>
/// <param name="around">A size at which devices switch to another method: whole shapes are around it. 0 for small
/// ones.</param>
public sealed class Draw(int seed, int largest, int around = 0)
{
    readonly Random random = new(seed);

    public int Int(int low, int high) => random.Next(low, high + 1);
    public bool Coin() => random.Next(2) == 0;
    public int Size(int least = 0) => Int(least, Math.Max(least, largest));
    public int[] Shape(int leastRank = 0, int mostRank = 4, int leastSize = 0) => around > 0
        ? Around(leastRank, mostRank, leastSize)
        : [.. Enumerable.Range(0, Int(leastRank, mostRank)).Select(_ => Size(leastSize))];

    /// <summary>Whether a size around the given one was generated.</summary>
    public bool IsAround { get; private set; }

    /// <summary>A size around the given one.</summary>
    public int Around()
    {
        IsAround = true;
        return Devices.Around.Size(random, around, 2 * around);
    }

    int[] Around(int leastRank, int mostRank, int leastSize)
    {
        IsAround = true;
        while (true)
        {
            var shape = Devices.Around.Shape(random, around, 2 * around);
            if (shape.Length >= leastRank && shape.Length <= mostRank && shape.All(size => size >= leastSize))
                return shape;
        }
    }

    /// <summary>Short decimals, away from the kinks of functions.</summary>
    public double[] Values(int count, Domain domain = Domain.Any) => domain switch
    {
        Domain.Positive => [.. Enumerable.Range(0, count).Select(_ => Int(50, 250) / 100.0)],
        Domain.Unit => [.. Enumerable.Range(0, count).Select(_ => Int(-90, 90) / 100.0 + 0.003)],
        Domain.Distinct => [.. Order(count).Select(i => (i - count / 2) * 0.04 + 0.013)],
        _ => [.. Enumerable.Range(0, count).Select(_ => (Coin() ? 1 : -1) * (Int(5, 199) / 100.0 + 0.003))],
    };

    public int[] Order(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        random.Shuffle(order);
        return order;
    }

    /// <summary>Some of the axes, possibly none, which stands for all.</summary>
    public int[] Axes(int rank) => [.. Order(rank).Take(Int(0, rank))];

    /// <summary>A shape that broadcasts with this one: axes kept or made 1, leading ones dropped.</summary>
    public int[] Operand(int[] shape) =>
        [.. shape.Select(size => Int(0, 3) == 0 ? 1 : size).Skip(Int(0, shape.Length))];

    public Input Input(int[] shape, Domain domain = Domain.Any) => new(shape, Values(Naive.Count(shape), domain));

    /// <summary>
    /// The input as a tensor with some layout: in order, with axes swapped, or every second element of a larger one.
    /// </summary>
    public Tensor Lay(Input input, Device device)
    {
        var plain = Tensor.From(input.Values, input.Shape, device: device);
        switch (Int(0, 2))
        {
            case 1 when plain.Rank >= 2:
                var order = Order(plain.Rank);
                var back = Enumerable.Range(0, plain.Rank).Select(a => Array.IndexOf(order, a)).ToArray();
                return plain.Permute(order).Clone().Permute(back);
            case 2 when plain.Rank >= 1:
                var axis = Int(0, plain.Rank - 1);
                int[] wide = [.. input.Shape];
                wide[axis] = 2 * wide[axis] + 1;
                var view = Tensor.Full(wide, 99, DType.Float64, device).Slice(axis, 1, step: 2);
                view.Copy_(plain);
                return view;
            default: return plain;
        }
    }
}

/// <summary>An input of a case: its shape and its values in row-major order.</summary>
public sealed record Input(int[] Shape, double[] Values);

/// <summary>One call of an operation: the function, its inputs, and the expected result, from plain arrays.</summary>
public sealed record Case(Func<Variable[], Variable> F, Input[] Inputs, int[] Shape, Func<double[][], double[]> Oracle)
{
    /// <summary>The oracle over numbers with slopes, if it is written over them.</summary>
    public Func<Jet[][], Jet[]>? Slopes { get; private init; }

    /// <summary>A case whose oracle also provides its own slopes.</summary>
    public static Case Smooth(Func<Variable[], Variable> f, Input[] inputs, int[] shape, Func<Jet[][], Jet[]> oracle) =>
        new(f, inputs, shape, values => Array.ConvertAll(oracle(Array.ConvertAll(values, input =>
            Array.ConvertAll(input, x => (Jet)x))), y => y.Value))
        { Slopes = oracle };

    public override string ToString() => string.Join(", ", Inputs.Select(i => $"({string.Join(", ", i.Shape)})"));
}

/// <summary>Row-major arithmetic on plain arrays, index by index; it shares no code with the library.</summary>
static class Naive
{
    public static int Count(int[] shape) => shape.Aggregate(1, (n, size) => n * size);

    public static IEnumerable<int[]> Indices(int[] shape)
    {
        for (var i = 0; i < Count(shape); i++)
        {
            var (index, rest) = (new int[shape.Length], i);
            for (var a = shape.Length - 1; a >= 0; a--) (rest, index[a]) = (rest / shape[a], rest % shape[a]);
            yield return index;
        }
    }

    public static int Place(int[] index, int[] shape)
    {
        var place = 0;
        for (var a = 0; a < shape.Length; a++) place = place * shape[a] + index[a];
        return place;
    }

    /// <summary>The element of an operand that broadcasting uses at an index of the result.</summary>
    public static int Broadcast(int[] index, int[] shape) =>
        Place([.. shape.Select((size, a) => size == 1 ? 0 : index[index.Length - shape.Length + a])], shape);

    public static int[] BroadcastShape(params int[][] shapes)
    {
        var rank = shapes.Max(s => s.Length);
        return [.. Enumerable.Range(0, rank).Select(a =>
            shapes.Select(s => a - (rank - s.Length) is var i && i >= 0 ? s[i] : 1).Aggregate((x, y) =>
            x == 1 ? y : x))];
    }
}
