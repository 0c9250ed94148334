namespace Tensorlet.Tests.Devices;

/// <summary>The same tensor twice: on the reference, and on the device that is compared with it.</summary>
sealed record Twin(Tensor Expected, Tensor Actual);

/// <summary>Generates tensors for both devices: the same numbers, in memory with the same unusual layout.</summary>
/// <param name="device">The device that is compared with the reference.</param>
/// <param name="seed">Determines what is generated.</param>
/// <param name="mostElements">The most elements of a shape.</param>
/// <param name="around">A size at which a device switches to another method: shapes are around it. 0 for any
/// shapes.</param>
sealed class Twins(Device device, int seed, int mostElements = 600, int around = 0)
{
    readonly Random random = new(seed);
    static readonly double[] quarters = [.. Enumerable.Range(-20, 41).Select(i => i / 4.0)];

    public Device Device => device;
    public bool Small => mostElements <= 64;
    public bool Coin() => random.Next(2) == 0;
    public int Below(int bound) => random.Next(bound);

    /// <summary>Up to four axes of 0 to 6; sometimes one long axis.</summary>
    public int[] Shape(int leastRank = 0, bool empty = true)
    {
        if (around > 0) return Around.Shape(random, around, mostElements);
        while (true)
        {
            int[] shape = [.. Enumerable.Range(0, random.Next(leastRank, 5)).Select(_ =>
                random.Next(9) == 0 && empty ? 0 : random.Next(1, 7))];
            if (shape.Length > 0 && random.Next(4) == 0) shape[random.Next(shape.Length)] = random.Next(65, 700);
            if (shape.Aggregate(1, (n, s) => n * s) <= mostElements) return shape;
        }
    }

    /// <summary>
    /// The axes of each group of a product (batch, rows, columns, summed): none to three small ones; or, around a size,
    /// one group of that size, or groups whose product is of that size.
    /// </summary>
    public int[][] Groups()
    {
        if (around > 0) return Around.Groups(random, around, mostElements);
        return [.. Enumerable.Range(0, 4).Select(_ => (int[])[.. Enumerable.Range(0, Below(4)).Select(_ =>
            Below(20) == 0 ? 0 : 1 + Below(4))])];
    }

    /// <summary>
    /// A tensor of this shape: contiguous, or permuted, sliced with steps from an offset, and perhaps reversed and
    /// expanded.
    /// </summary>
    public Twin Draw(int[] shape, DType type, bool written = false, Func<double>? value = null)
    {
        value ??= () => quarters[random.Next(quarters.Length)];
        if (Coin()) return Both(shape, t => t);
        var rank = shape.Length;
        int[] order = [.. Enumerable.Range(0, rank)], back = new int[rank],
            lead = [.. order.Select(_ => random.Next(3))], step = [.. order.Select(_ => random.Next(1, 3))];
        random.Shuffle(order);
        for (var a = 0; a < rank; a++) back[order[a]] = a;
        bool[] reversed = [.. order.Select(_ => random.Next(4) == 0)];
        bool[] expanded = [.. order.Select(a => !written && shape[a] > 0 && random.Next(4) == 0)];
        for (var i = 0; around > 0 && i < rank; i++)        // around large shapes, no more memory than they need
            if (Sizes().Aggregate(1L, (n, s) => n * s) > 4L * mostElements) (lead[i], step[i]) = (0, 1);
        var sizes = Sizes();
        return Both(sizes, t =>
        {
            for (var i = 0; i < rank; i++)
                t = expanded[i] ? t.Narrow(i, lead[i], 1) : t.Slice(i, lead[i], sizes[i], step[i]);
            for (var i = 0; i < rank; i++)
                if (reversed[i] && t.Size(i) > 0) t = Reverse(t, i);
            return t.Permute(back).Expand(shape);
        });

        int[] Sizes() => [.. order.Select((a, i) => lead[i] + (expanded[i] ? 1 : shape[a] * step[i]))];

        Twin Both(int[] memory, Func<Tensor, Tensor> view)
        {
            double[] values = [.. Enumerable.Range(0, memory.Aggregate(1, (n, s) => n * s)).Select(_ => value())];
            var expected = Tensor.From(values, memory).To(type).To(Device.Reference);
            return new(view(expected), view(expected.To(device)));
        }
    }

    static Tensor Reverse(Tensor t, int axis)
    {
        int[] strides = [.. t.Layout.Strides];
        strides[axis] *= -1;
        return t.With(new Layout(t.Size(), strides, t.Layout.Offset + (t.Size(axis) - 1) * t.Layout.Strides[axis]));
    }

    /// <summary>NaN, infinities and equal numbers among the others.</summary>
    public double Odd() => random.Next(12) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 =>
        double.NegativeInfinity,
        _ => random.Next(-3, 4)
    };

    /// <summary>Compares the whole memory of two tensors, including what must not have been changed.</summary>
    public void Same(Twin twin, string what)
    {
        double[] expected = Whole(twin.Expected), actual = Whole(twin.Actual);
        var tolerance = twin.Expected.DType switch { DType.Float32 => 1e-5, DType.Float64 => 1e-12, _ => 0 };
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, a) = (expected[i], actual[i]);
            var agree = e.Equals(a) || e == a || Math.Abs(e - a) <= tolerance * (1 + Math.Abs(e));
            if (!agree) Assert.Fail($"{what} on {device}, seed {seed}, shape {twin.Expected.Layout}, strides " +
                $"{Layout.Show(twin.Expected.Layout.Strides)}: element {i} of the memory is {a} and should be {e}.");
        }
    }

    static double[] Whole(Tensor x) => new Tensor(x.Storage, Layout.Contiguous(x.Storage.Count)).ToArray<double>();
}
