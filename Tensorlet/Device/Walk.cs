namespace Tensorlet;

/// <summary>
/// Goes through several layouts of the same shape together, row by row. Neighbouring axes are merged first if all
/// layouts can step through them as if they were one axis, so that rows are as long as possible. The offsets advance
/// like the digits of an odometer, without a division for each element.
/// </summary>
sealed class Walk
{
    readonly int[] strides;         // of the first operand, then of the second, …
    readonly int operands;

    /// <summary>The sizes of the axes after merging. There is at least one axis.</summary>
    public int[] Shape { get; }
    /// <summary>The number of rows.</summary>
    public int Rows { get; }
    /// <summary>The number of elements in a row.</summary>
    public int Length => Shape[^1];

    /// <summary>Returns the strides of one operand along the axes after merging.</summary>
    public ReadOnlySpan<int> Strides(int operand) => strides.AsSpan(operand * Shape.Length, Shape.Length);
    /// <summary>Returns the distance between neighbours in a row of one operand.</summary>
    public int Step(int operand) => strides[(operand + 1) * Shape.Length - 1];

    /// <summary>Returns the distance from a row of one operand to the next; 0 if there is a single row.</summary>
    public int Next(int operand) => Shape.Length == 1 ? 0 : strides[(operand + 1) * Shape.Length - 2];

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
        (Shape, operands, before) = (new int[Math.Max(1, count)], layouts.Length, -1);
        strides = new int[operands * Shape.Length];
        Shape[0] = 1;
        foreach (var a in axes)
        {
            if (sizes[a] == 1) continue;
            if (!Joined(layouts, before, a)) Shape[++last] = 1;
            Shape[last] *= sizes[a];
            for (var o = 0; o < operands; o++) strides[o * Shape.Length + last] = layouts[o].strides[a];
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
            var (starts, row) = (new int[Rows * operands], 0);
            foreach (var at in All) at.CopyTo(starts, operands * row++);
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
    public Stretched Stretches(int from, int to, int axis) => new(this, from, to, axis);

    /// <summary>Moves the positions along an axis.</summary>
    [MethodImpl(AggressiveInlining)]
    void Move(int[] at, int axis, int steps)
    {
        for (int o = 0, s = axis; o < at.Length; o++, s += Shape.Length) at[o] += steps * strides[s];
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
            (this.walk, left, place, at) = (walk, to - from, new int[axes], new int[walk.operands]);
            for (var a = axes - 1; a >= 0 && from > 0; a--)
            {
                (from, place[a]) = Math.DivRem(from, walk.Shape[a]);
                walk.Move(at, a, place[a]);
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
                walk.Move(at, a, 1);
                if (++place[a] < walk.Shape[a]) break;
                walk.Move(at, a, -walk.Shape[a]);
                place[a] = 0;
            }
            return true;
        }
    }

    /// <summary>Enumerates what <see cref="Stretches"/> returns.</summary>
    public struct Stretched
    {
        readonly Walk walk;
        readonly int to, axis, size;
        Places places;
        int from, skipped, count;

        public Stretched(Walk walk, int from, int to, int axis)
        {
            (this.walk, this.from, this.to, this.axis) = (walk, from, to, axis);
            size = axis < 0 ? 1 : walk.Shape[axis];
            places = new(walk, from / size, (to - 1) / size + 1, Math.Max(0, axis));
        }

        public readonly Stretched GetEnumerator() => this;
        public readonly (int[] At, int Count) Current => (places.Current, count);

        public bool MoveNext()
        {
            if (skipped > 0) walk.Move(places.Current, axis, -skipped);
            if (!places.MoveNext()) return false;
            skipped = from % size;
            count = Math.Min(size - skipped, to - from);
            if (skipped > 0) walk.Move(places.Current, axis, skipped);
            from += count;
            return true;
        }
    }
}
