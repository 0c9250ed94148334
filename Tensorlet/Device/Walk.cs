namespace Tensorlet;

/// <summary>
/// Several layouts of one shape, walked together row by row. Axes along which all of them can be stepped through as one
/// are joined first, so that rows are as long as possible; the offsets advance like an odometer, without a division per
/// element.
/// </summary>
sealed class Walk
{
    readonly int[] shape;
    readonly int[][] strides;      // [operand][axis]

    /// <summary>The number of rows.</summary>
    public int Rows { get; }
    /// <summary>Elements in a row.</summary>
    public int Length => shape[^1];

    /// <summary>The distance between neighbours in a row of one operand.</summary>
    public int Step(int operand) => strides[operand][^1];

    public Walk(params ReadOnlySpan<Layout> layouts)
    {
        var rank = layouts[0].Rank;
        var (sizes, steps, last) = (new int[rank + 1], new int[layouts.Length][], 0);
        for (var o = 0; o < layouts.Length; o++) steps[o] = new int[rank + 1];
        sizes[0] = 1;
        for (var a = 0; a < rank; a++)
        {
            var size = layouts[0].shape[a];
            if (size == 1) continue;
            var joined = sizes[last] == 1;
            if (!joined)
            {
                joined = true;
                for (var o = 0; o < layouts.Length; o++) joined &= steps[o][last] == layouts[o].strides[a] * size;
            }
            if (!joined) last++;
            sizes[last] = joined ? sizes[last] * size : size;
            for (var o = 0; o < layouts.Length; o++) steps[o][last] = layouts[o].strides[a];
        }
        shape = sizes[..(last + 1)];
        strides = Array.ConvertAll(steps, s => s[..(last + 1)]);
        Rows = Layout.Product(shape.AsSpan(..^1));
    }

    /// <summary>
    /// Where row number <paramref name="row"/> of an operand starts. Divides; used once per thread, then
    /// <see cref="Next"/>.
    /// </summary>
    public void Start(int row, Span<int> place, Span<int> offsets)
    {
        offsets.Clear();
        for (var a = shape.Length - 2; a >= 0; a--)
        {
            (row, place[a]) = Math.DivRem(row, shape[a]);
            for (var o = 0; o < strides.Length; o++) offsets[o] += place[a] * strides[o][a];
        }
    }

    /// <summary>Moves the offsets to the next row.</summary>
    public void Next(Span<int> place, Span<int> offsets)
    {
        for (var a = shape.Length - 2; a >= 0; a--)
        {
            for (var o = 0; o < strides.Length; o++) offsets[o] += strides[o][a];
            if (++place[a] < shape[a]) return;
            for (var o = 0; o < strides.Length; o++) offsets[o] -= strides[o][a] * shape[a];
            place[a] = 0;
        }
    }

    public int Rank => shape.Length;
}
