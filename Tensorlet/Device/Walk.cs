namespace Tensorlet;

/// <summary>
/// Goes through several layouts of the same shape together, row by row. Neighbouring axes are merged first if all
/// layouts can step through them as if they were one axis, so that rows are as long as possible. The offsets advance
/// like the digits of an odometer, without a division for each element.
/// </summary>
sealed class Walk
{
    readonly int[][] strides;      // [operand][axis]

    /// <summary>The sizes of the axes after merging. There is at least one axis.</summary>
    public int[] Shape { get; }
    /// <summary>The number of rows.</summary>
    public int Rows { get; }
    /// <summary>The number of elements in a row.</summary>
    public int Length => Shape[^1];

    /// <summary>Returns the strides of one operand along the axes after merging.</summary>
    public int[] Strides(int operand) => strides[operand];
    /// <summary>Returns the distance between neighbours in a row of one operand.</summary>
    public int Step(int operand) => strides[operand][^1];

    /// <summary>Goes through all axes, in their order.</summary>
    public Walk(params ReadOnlySpan<Layout> layouts) : this(layouts, Layout.AllAxes(layouts[0].Rank)) { }

    /// <summary>
    /// Goes through the given axes, in the given order. The positions do not include the offsets of the layouts.
    /// </summary>
    public Walk(ReadOnlySpan<Layout> layouts, ReadOnlySpan<int> axes)
    {
        var (sizes, last, count, before) = (layouts[0].shape, -1, 0, -1);
        foreach (var a in axes)
        {
            if (sizes[a] == 1) continue;
            if (!Joined(layouts, before, a)) count++;
            before = a;
        }
        (Shape, strides, before) = (new int[Math.Max(1, count)], new int[layouts.Length][], -1);
        for (var o = 0; o < strides.Length; o++) strides[o] = new int[Shape.Length];
        Shape[0] = 1;
        foreach (var a in axes)
        {
            if (sizes[a] == 1) continue;
            if (!Joined(layouts, before, a)) Shape[++last] = 1;
            Shape[last] *= sizes[a];
            for (var o = 0; o < strides.Length; o++) strides[o][last] = layouts[o].strides[a];
            before = a;
        }
        Rows = Layout.Product(Shape.AsSpan(..^1));

        // whether a step along the outer axis is as long as all steps along the inner axis
        static bool Joined(ReadOnlySpan<Layout> layouts, int outer, int inner)
        {
            if (outer < 0) return false;
            foreach (var x in layouts)
                if (x.strides[outer] != x.strides[inner] * x.shape[inner]) return false;
            return true;
        }
    }

    /// <summary>
    /// Enumerates the rows. For each row, returns the positions at which it starts: one position for each operand. The
    /// positions are always in the same array, which is updated from row to row.
    /// </summary>
    public Places All => Part(0, Rows);

    /// <summary>All positions of <see cref="All"/> in one array, row after row.</summary>
    public int[] Starts
    {
        get
        {
            if (field is not null) return field;
            var (starts, row) = (new int[Rows * strides.Length], 0);
            foreach (var at in All) at.CopyTo(starts, strides.Length * row++);
            return field = starts;
        }
    }

    /// <summary>
    /// Returns the same as <see cref="All"/>, but only for the rows <paramref name="from"/> to <paramref name="to"/>
    /// − 1.
    /// </summary>
    public Places Part(int from, int to) => new(this, from, to, Shape.Length - 1);

    /// <summary>
    /// Returns the positions of the elements <paramref name="from"/> to <paramref name="to"/> − 1 in the operands,
    /// one element after another.
    /// </summary>
    public Places Each(int from, int to) => new(this, from, to, Shape.Length);

    /// <summary>
    /// Enumerates the rows <paramref name="from"/> to <paramref name="to"/> − 1, if <paramref name="axis"/> is the last
    /// axis but one, or the elements, if it is the last axis. Those that follow each other along the axis are
    /// returned together: the positions of the first of them, which are always in the same array, and their number. If
    /// there is no such axis, there is a single row.
    /// </summary>
    public IEnumerable<(int[] At, int Count)> Stretches(int from, int to, int axis)
    {
        if (axis < 0)
        {
            yield return (new int[strides.Length], 1);
            yield break;
        }
        var size = Shape[axis];
        foreach (var at in new Places(this, from / size, (to - 1) / size + 1, axis))
        {
            var (first, count) = (from % size, Math.Min(size - from % size, to - from));
            for (var o = 0; o < at.Length; o++) at[o] += first * strides[o][axis];
            yield return (at, count);
            for (var o = 0; o < at.Length; o++) at[o] -= first * strides[o][axis];
            from += count;
        }
    }

    /// <summary>
    /// Enumerates positions in the operands. The first position is computed by divisions. Each further position is
    /// computed from the one before it, without divisions.
    /// </summary>
    public struct Places
    {
        readonly Walk walk;
        readonly int[] place, at;
        int left;
        bool started;

        public Places(Walk walk, int from, int to, int axes)
        {
            (this.walk, left, place, at) = (walk, to - from, new int[axes], new int[walk.strides.Length]);
            for (var a = axes - 1; a >= 0 && from > 0; a--)
            {
                (from, place[a]) = Math.DivRem(from, walk.Shape[a]);
                for (var o = 0; o < at.Length; o++) at[o] += place[a] * walk.strides[o][a];
            }
        }

        public readonly Places GetEnumerator() => this;
        public readonly int[] Current => at;

        public bool MoveNext()
        {
            if (left-- <= 0) return false;
            if (!started) return started = true;
            for (var a = place.Length - 1; a >= 0; a--)
            {
                for (var o = 0; o < at.Length; o++) at[o] += walk.strides[o][a];
                if (++place[a] < walk.Shape[a]) break;
                for (var o = 0; o < at.Length; o++) at[o] -= walk.strides[o][a] * walk.Shape[a];
                place[a] = 0;
            }
            return true;
        }
    }
}
