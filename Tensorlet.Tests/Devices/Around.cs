namespace Tensorlet.Tests.Devices;

/// <summary>
/// Sizes and shapes around a threshold: one below it, equal to it, one above it, and several times as large with a
/// remainder, with axes of size 1 anywhere.
/// </summary>
static class Around
{
    /// <summary>A size around a threshold, up to some factors larger.</summary>
    public static int Size(Random random, int threshold, int most)
    {
        var size = random.Next(5) switch
        {
            0 => threshold - 1,
            1 => threshold,
            2 => threshold + 1,
            3 => 2 * threshold + random.Next(-1, 2),
            _ => (long)threshold * random.Next(2, 6) + random.Next(threshold),
        };
        return size <= most ? (int)Math.Max(1, size) : threshold + random.Next(-1, 2);
    }

    /// <summary>A shape in which one axis, or some axes together, or all of them, are around the threshold.</summary>
    public static int[] Shape(Random random, int threshold, int most)
    {
        var size = Size(random, threshold, most);
        if (random.Next(3) == 0) return WithOnes(random, random.Next(2) == 0 ? [size] : [1, size]);
        List<int> shape = [.. Split(random, size)];
        for (var left = most / size; left > 1 && random.Next(3) > 0;)
        {
            var more = random.Next(1, 1 + (int)Math.Min(left, random.Next(3) == 0 ? 40 : 4));
            shape.Insert(random.Next(shape.Count + 1), more);
            left /= more;
        }
        return WithOnes(random, shape);
    }

    /// <summary>
    /// The axes of batch, rows, columns and sum of a product: one group around the threshold, or two, three or four
    /// groups whose product is around it.
    /// </summary>
    public static int[][] Groups(Random random, int threshold, int most)
    {
        var sizes = Enumerable.Range(0, 4).Select(g =>
            g == 0 ? random.Next(1, 4) : random.Next(1, random.Next(3) == 0 ? 70 : 12)).ToArray();
        var (group, size) = (random.Next(1, 4), Size(random, threshold, most));
        var others = sizes.Where((_, g) => g > 0 && g != group).Aggregate((a, b) => a * b);
        sizes[group] = random.Next(2) == 0 ? size : Math.Max(1, (size + random.Next(others)) / others);
        while (sizes.Aggregate(1L, (n, s) => n * s) > 4L * most)       // the reference has no time for more
        {
            var (largest, g) = sizes.Select((s, g) => (g == group ? 0 : s, g)).Max();
            if (largest > 1) sizes[g] = (largest + 1) / 2;
            else break;
        }
        return [.. sizes.Select((s, g) => WithOnes(random, s == 1 ? [] : g == 0 ? [s] : [.. Split(random, s)]))];
    }

    /// <summary>A size as one axis, or as two whose product it is.</summary>
    static int[] Split(Random random, int size)
    {
        int[] divisors = [.. Enumerable.Range(2, 62).Where(d => size % d == 0 && d < size)];
        if (divisors.Length == 0 || random.Next(2) == 0) return [size];
        var divisor = divisors[random.Next(divisors.Length)];
        return random.Next(2) == 0 ? [divisor, size / divisor] : [size / divisor, divisor];
    }

    static int[] WithOnes(Random random, IEnumerable<int> shape)
    {
        List<int> result = [.. shape];
        while (random.Next(2) == 0 && result.Count < 6) result.Insert(random.Next(result.Count + 1), 1);
        return [.. result];
    }
}
