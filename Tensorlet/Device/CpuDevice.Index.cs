namespace Tensorlet;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void AddInto(Tensor x, Tensor y)
    {
        switch (x.DType)
        {
            case DType.Float32: AddTyped<float>(x, y); break;
            case DType.Float64: AddTyped<double>(x, y); break;
            default: Reference.AddInto(x, y); break;
        }
        KeepAlive(x, y);
    }

    /// <summary>Row by row: elements of one row with distance 1 do not overlap, those of different rows may.</summary>
    static void AddTyped<T>(Tensor x, Tensor y) where T : unmanaged
    {
        if (x.Numel == 0) return;
        ref T px = ref HostStorage.First<T>(x), py = ref HostStorage.First<T>(y);
        var walk = new Walk(x.Layout, y.Layout);
        int sx = walk.Step(0), sy = walk.Step(1);
        Span<int> place = stackalloc int[walk.Rank], at = stackalloc int[2];
        walk.Start(0, place, at);
        for (var row = 0; row < walk.Rows; row++, walk.Next(place, at))
        {
            ref T from = ref Unsafe.Add(ref px, at[0]), to = ref Unsafe.Add(ref py, at[1]);
            var i = 0;
            if (sx == 1 && sy == 1)
                for (; i <= walk.Length - Lanes<T>.Count; i += Lanes<T>.Count)
                    (Vector512.LoadUnsafe(ref from, (nuint)i) + Vector512.LoadUnsafe(ref to,
                        (nuint)i)).StoreUnsafe(ref to, (nuint)i);
            for (; i < walk.Length; i++)
                Unsafe.Add(ref to, i * sy) = Add(Unsafe.Add(ref to, i * sy), Unsafe.Add(ref from, i * sx));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Add<T>(T a, T b) => typeof(T) == typeof(float)
        ? (T)(object)((float)(object)a! + (float)(object)b!) : (T)(object)((double)(object)a! + (double)(object)b!);

    /// <inheritdoc/>
    public override void Gather(Tensor x, int axis, Tensor index, Tensor y)
    {
        switch (x.DType.Size())
        {
            case 1: Move<byte>(x, axis, index, y, false); break;
            case 4: Move<float>(x, axis, index, y, false); break;
            default: Move<double>(x, axis, index, y, false); break;
        }
        KeepAlive(x, index, y);
    }

    /// <inheritdoc/>
    public override void ScatterAdd(Tensor x, int axis, Tensor index, Tensor y)
    {
        switch (x.DType)
        {
            case DType.Float32: Move<float>(y, axis, index, x, true); break;
            case DType.Float64: Move<double>(y, axis, index, x, true); break;
            default: Reference.ScatterAdd(x, axis, index, y); break;
        }
        KeepAlive(x, index, y);
    }

    /// <summary>
    /// The table's element at the index, read into the items or added to from them. Indices are checked as they are
    /// met.
    /// </summary>
    static void Move<T>(Tensor table, int axis, Tensor index, Tensor items, bool add) where T : unmanaged
    {
        if (index.Numel == 0) return;
        ref T pt = ref HostStorage.First<T>(table), pi = ref HostStorage.First<T>(items);
        ref var pn = ref HostStorage.First<long>(index);
        // Along its own axis the table is stepped through by the index alone.
        var strides = (int[])table.Layout.strides.Clone();
        var (size, step) = (table.Layout.shape[axis], strides[axis]);
        strides[axis] = 0;
        var walk = new Walk(new Layout(index.Layout.shape, strides, 0), index.Layout, items.Layout);
        Span<int> place = stackalloc int[walk.Rank], at = stackalloc int[3];
        int length = walk.Length, st = walk.Step(0), sn = walk.Step(1), si = walk.Step(2);
        walk.Start(0, place, at);                           // check all before the first write
        for (var row = 0; row < walk.Rows; row++, walk.Next(place, at))
            for (var i = 0; i < length; i++)
                if ((ulong)Unsafe.Add(ref pn, at[1] + i * sn) >= (ulong)size)
                    throw ReferenceDevice.OutOfRange(add ? "ScatterAdd"
                        : "Gather", Unsafe.Add(ref pn, at[1] + i * sn), axis, table);
        walk.Start(0, place, at);
        for (var row = 0; row < walk.Rows; row++, walk.Next(place, at))
        {
            ref T entries = ref Unsafe.Add(ref pt, at[0]), values = ref Unsafe.Add(ref pi, at[2]);
            ref var indices = ref Unsafe.Add(ref pn, at[1]);
            for (var i = 0; i < length; i++)
            {
                ref var entry = ref Unsafe.Add(ref entries, i * st + (int)Unsafe.Add(ref indices, i * sn) * step);
                ref var item = ref Unsafe.Add(ref values, i * si);
                if (add) entry = Add(entry, item); else item = entry;
            }
        }
    }
}
