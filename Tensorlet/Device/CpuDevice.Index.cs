namespace Tensorlet;

public sealed partial class CpuDevice
{
    internal override void AddIntoCore(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) AddInto<float>(x, y);
        else if (x.DType == DType.Float64) AddInto<double>(x, y);
        else if (x.DType == DType.Int64) AddInto<long>(x, y);
        else Reference.AddIntoCore(x, y);
    }

    /// <summary>
    /// Adds x to y row by row. Elements of the same row of y do not overlap if their distance is 1, but elements of
    /// different rows may overlap.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void AddInto<T>(Tensor x, Tensor y) where T : unmanaged
    {
        var walk = LongRows(x, y, new(x.Layout, y.Layout));
        ref T px = ref HostStorage.First<T>(x), py = ref HostStorage.First<T>(y);
        int sx = walk.Step(0), sy = walk.Step(1), nextX = walk.Next(0), nextY = walk.Next(1);
        foreach (var (at, rows) in walk.Stretches(0, walk.Rows, walk.Shape.Length - 2))
        {
            ref T from = ref Unsafe.Add(ref px, at[0]), to = ref Unsafe.Add(ref py, at[1]);
            for (var row = 0; row < rows; row++)
                AddRow(ref Unsafe.Add(ref from, row * nextX), sx, ref Unsafe.Add(ref to, row * nextY), sy, walk.Length);
        }
    }

    /// <summary>
    /// If the rows of a walk through x and y are as short as those of the windows of a pooling, returns a walk whose
    /// rows are along another axis: the one whose elements are nearest to each other in y among those that are long
    /// enough, but not so long that a row does not stay in the cache until the next row. Otherwise, returns the given
    /// walk.
    /// </summary>
    static Walk LongRows(Tensor x, Tensor y, Walk walk)
    {
        if (walk.Length >= Short) return walk;
        int[] axes = [.. Enumerable.Range(0, x.Rank)],
            along = [.. axes.Where(a => x.Shape[a] is >= Short and <= Longest)];
        if (along.Length == 0) return walk;
        var axis = along.MinBy(a => Math.Abs(y.Layout.Strides[a]));
        return new([x.Layout, y.Layout], [.. axes.Where(a => a != axis), axis]);
    }

    /// <summary>Adds a row of numbers to another row, with the given distances between neighbours.</summary>
    [MethodImpl(AggressiveOptimization)]
    static void AddRow<T>(ref T from, int sx, ref T to, int sy, int length) where T : unmanaged
    {
        var i = 0;
        if (sx == 1 && sy == 1)
            for (; i <= length - Lanes<T>.Count; i += Lanes<T>.Count)
                (Vector512.LoadUnsafe(ref from, (nuint)i) + Vector512.LoadUnsafe(ref to, (nuint)i))
                    .StoreUnsafe(ref to, (nuint)i);
        for (; i < length; i++)
            Unsafe.Add(ref to, i * sy) = Add(Unsafe.Add(ref to, i * sy), Unsafe.Add(ref from, i * sx));
    }

    [MethodImpl(AggressiveInlining)]
    internal static T Add<T>(T a, T b) => typeof(T) == typeof(float)
        ? (T)(object)((float)(object)a! + (float)(object)b!) : typeof(T) == typeof(long)
        ? (T)(object)((long)(object)a! + (long)(object)b!) : (T)(object)((double)(object)a! + (double)(object)b!);

    internal override void GatherCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        if (x.DType.Size() == 1) Move<byte>(x, axis, index, y, false);
        else if (x.DType.Size() == 4) Move<float>(x, axis, index, y, false);
        else Move<double>(x, axis, index, y, false);
    }

    internal override void ScatterAddCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        if (x.DType == DType.Float32) Move<float>(y, axis, index, x, true);
        else if (x.DType == DType.Float64) Move<double>(y, axis, index, x, true);
        else if (x.DType == DType.Int64) Move<long>(y, axis, index, x, true);
        else Reference.ScatterAddCore(x, axis, index, y);
    }

    /// <summary>
    /// For each index, copies the element of the table at this index to the item that belongs to the index. If
    /// <paramref name="add"/> is true, adds the item to this element instead.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    static void Move<T>(Tensor table, int axis, Tensor index, Tensor items, bool add) where T : unmanaged
    {
        ref T pt = ref HostStorage.First<T>(table), pi = ref HostStorage.First<T>(items);
        ref var pn = ref HostStorage.First<long>(index);
        var (rows, size, step) = (table.Layout.Rows(axis, index.Layout), table.Shape[axis], table.Layout.Strides[axis]);
        var walk = new Walk(rows, index.Layout, items.Layout);
        int length = walk.Length, st = walk.Step(0), sn = walk.Step(1), si = walk.Step(2);
        int whole = sn == 0 ? Math.Max(1, length) : 1, runs = length / whole;       // an index may stand for a row
        int nextT = walk.Next(0), nextN = walk.Next(1), nextI = walk.Next(2);
        foreach (var (at, count) in walk.Stretches(0, walk.Rows, walk.Shape.Length - 2))    // before the first write
            for (var row = 0; row < count; row++)
                for (var i = 0; i < runs; i++)
                    if (Unsafe.Add(ref pn, at[1] + row * nextN + i * sn) is var n && (ulong)n >= (ulong)size)
                        throw OutOfRange(add ? "ScatterAdd" : "Gather", n, axis, table);
        foreach (var (at, count) in walk.Stretches(0, walk.Rows, walk.Shape.Length - 2))
            for (var row = 0; row < count; row++)
            {
                ref T entries = ref Unsafe.Add(ref pt, at[0] + row * nextT);
                ref T values = ref Unsafe.Add(ref pi, at[2] + row * nextI);
                ref var indices = ref Unsafe.Add(ref pn, at[1] + row * nextN);
                if (whole > 1)
                {
                    entries = ref Unsafe.Add(ref entries, (int)indices * step);
                    if (add) AddRow(ref values, si, ref entries, st, length);
                    else CopyRow(ref entries, st, ref values, si, length);
                    continue;
                }
                for (var i = 0; i < length; i++)
                {
                    ref var entry = ref Unsafe.Add(ref entries, i * st + (int)Unsafe.Add(ref indices, i * sn) * step);
                    ref var item = ref Unsafe.Add(ref values, i * si);
                    if (add) entry = Add(entry, item); else item = entry;
                }
            }
    }
}
