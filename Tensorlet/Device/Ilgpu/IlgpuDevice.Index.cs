using ILGPU;

namespace Tensorlet;

/// <summary>y[i] += x[i], where several elements of y may be at the same position in memory</summary>
readonly struct AddIntoKernel<V>(View<V> x, View<V> y) : IKernel where V : unmanaged, IScalar<V>
{ public void At(int i) => V.AddAtomically(ref y[i], x[i]); }

/// <summary>
/// A table in which element i of an index names an entry. For each i, <paramref name="rows"/> gives the start of
/// the row that contains the entry; <paramref name="step"/> is the distance from one entry of a row to the next.
/// </summary>
readonly struct Table<V>(ArrayView<V> memory, KernelAxes rows, int step, View<I64> index) where V : unmanaged
{ public ref V this[int i] => ref memory[rows.Of(i) + (int)index[i].Value * step]; }

/// <summary>y[i] = x[index[i]]</summary>
readonly struct GatherKernel<V>(Table<V> x, View<V> y) : IKernel where V : unmanaged
{ public void At(int i) => y[i] = x[i]; }

/// <summary>y[index[i]] += x[i]</summary>
readonly struct ScatterAddKernel<V>(View<V> x, Table<V> y) : IKernel where V : unmanaged, IScalar<V>
{ public void At(int i) => V.AddAtomically(ref y[i], x[i]); }

/// <summary>
/// Finds the first i for which index[i] is not between 0 and size − 1: found[0] becomes the largest value of count −
/// i over all such i.
/// </summary>
readonly struct OutsideKernel(View<I64> index, int size, int count, ArrayView<int> found) : IKernel
{
    public void At(int i)
    {
        var value = index[i].Value;
        if (value < 0 || value >= size) Atomic.Max(ref found[0], count - i);
    }
}

sealed partial class IlgpuDevice
{
    // the cost of kernels with atomic operations: in host loops, these kernels run on one thread, and so give the
    // same result each time
    const int Atomically = 0;

    internal override void AddIntoCore(Tensor x, Tensor y)
    {
        if (!y.Layout.Overlaps) { Zip(new Tensor.AddFormula(), y, x, y); return; }
        var from = Fit(x);
        if (!KernelAxes.Fit(y.Layout)) for (var i = 0; i < x.Shape[0]; i++) AddInto(x.Select(0, i), y.Select(0, i));
        else x.DType.Run(new Adding(this, from, y));
        GC.KeepAlive(from);
    }

    readonly struct Adding(IlgpuDevice device, Tensor x, Tensor y) : IForType
    { void IForType.Run<V>() => device.Launch(x.Numel, new AddIntoKernel<V>(Of<V>(x), Of<V>(y)), Atomically); }

    internal override void GatherCore(Tensor x, int axis, Tensor index, Tensor y) =>
        Move("Gather", x, axis, index, y, false);

    internal override void ScatterAddCore(Tensor x, int axis, Tensor index, Tensor y) =>
        Move("ScatterAdd", y, axis, index, x, true);

    void Move(string verb, Tensor table, int axis, Tensor index, Tensor items, bool add)
    {
        var (all, indices, some) = (FitTable(table, axis, index), Fit(index), Fit(items));
        Check(verb, indices, axis, table);
        table.DType.Run(new Picking(this, all, axis, indices, some, add));
        KeepAlive(all, indices, some);
        if (add) Finish(all, table);
        else Finish(some, items);
    }

    readonly struct Picking(IlgpuDevice device, Tensor table, int axis, Tensor index, Tensor items, bool add) : IForType
    {
        void IForType.Run<V>()
        {
            var (all, some) = (TableOf<V>(table, axis, index), Of<V>(items));
            if (add) device.Launch(items.Numel, new ScatterAddKernel<V>(some, all), Atomically);
            else device.Launch(items.Numel, new GatherKernel<V>(all, some));
        }
    }

    static Tensor FitTable(Tensor x, int axis, Tensor index) =>
        KernelAxes.Fit(x.Layout.Rows(axis, index.Layout)) ? x : x.Clone();

    static Table<V> TableOf<V>(Tensor x, int axis, Tensor index) where V : unmanaged => new(MemoryOf<V>(x),
        new KernelAxes(x.Layout.Rows(axis, index.Layout), x.Layout.Offset), x.Layout.Strides[axis], Of<I64>(index));

    /// <summary>
    /// Refuses indices outside the axis. With such indices, a kernel would read or write memory that does not belong
    /// to the tensor.
    /// </summary>
    void Check(string operation, Tensor index, int axis, Tensor table)
    {
        var found = Tensor.Zeros([1], DType.Int64, this);
        var kernel = new OutsideKernel(Of<I64>(index), table.Shape[axis], index.Numel, MemoryOf<int>(found));
        Launch(index.Numel, kernel, Atomically);
        var before = (int)found.Item();
        if (before > 0) throw OutOfRange(operation, index.ToArray<long>()[index.Numel - before], axis, table);
    }
}
