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
    static void AddInto<T>(Tensor x, Tensor y) where T : unmanaged
    {
        ref T px = ref HostStorage.First<T>(x), py = ref HostStorage.First<T>(y);
        var walk = new Walk(x.Layout, y.Layout);
        int sx = walk.Step(0), sy = walk.Step(1);
        foreach (var at in walk.All)
            AddRow(ref Unsafe.Add(ref px, at[0]), sx, ref Unsafe.Add(ref py, at[1]), sy, walk.Length);
    }

    /// <summary>Adds a row of numbers to another row, with the given distances between neighbours.</summary>
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
    static void Move<T>(Tensor table, int axis, Tensor index, Tensor items, bool add) where T : unmanaged
    {
        ref T pt = ref HostStorage.First<T>(table), pi = ref HostStorage.First<T>(items);
        ref var pn = ref HostStorage.First<long>(index);
        var (rows, size, step) = (table.Layout.Rows(axis, index.Layout), table.Shape[axis], table.Layout.Strides[axis]);
        var walk = new Walk(rows, index.Layout, items.Layout);
        int length = walk.Length, st = walk.Step(0), sn = walk.Step(1), si = walk.Step(2);
        int whole = sn == 0 ? Math.Max(1, length) : 1, runs = length / whole;       // an index may stand for a row
        foreach (var at in walk.All)                            // check all before the first write
            for (var i = 0; i < runs; i++)
                if ((ulong)Unsafe.Add(ref pn, at[1] + i * sn) >= (ulong)size)
                    throw OutOfRange(add ? "ScatterAdd" : "Gather", Unsafe.Add(ref pn, at[1] + i * sn), axis, table);
        foreach (var at in walk.All)
        {
            ref T entries = ref Unsafe.Add(ref pt, at[0]), values = ref Unsafe.Add(ref pi, at[2]);
            ref var indices = ref Unsafe.Add(ref pn, at[1]);
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
