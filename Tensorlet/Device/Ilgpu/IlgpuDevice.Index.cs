using ILGPU;

namespace Tensorlet;

/// <summary>How several threads add to one place in memory.</summary>
interface IAdder<V>
{
    static abstract void Add(ref V place, V value);
}

readonly struct AddF32 : IAdder<F32>
{
    public static void Add(ref F32 place, F32 value) => Atomic.Add(ref Unsafe.As<F32, float>(ref place), value.Value);
}

readonly struct AddF64 : IAdder<F64>
{
    public static void Add(ref F64 place, F64 value) => Atomic.Add(ref Unsafe.As<F64, double>(ref place), value.Value);
}

readonly struct AddI64 : IAdder<I64>
{
    public static void Add(ref I64 place, I64 value) => Atomic.Add(ref Unsafe.As<I64, long>(ref place), value.Value);
}

/// <summary>Of truth values, or: threads can only write the same.</summary>
readonly struct AddB8 : IAdder<B8>
{
    public static void Add(ref B8 place, B8 value)
    {
        if (value.Value != 0) place = value;
    }
}

/// <summary>y[i] += x[i], where elements of y may be one place</summary>
readonly struct AddIntoKernel<A, V>(View<V, Axes> x, View<V, Axes> y) : IKernel where A : struct, IAdder<V> where V
    : unmanaged
{
    public void At(int i) => A.Add(ref y[i], x[i]);
}

/// <summary>
/// Element i of an index names an element of a table: rows leads to its row, step is from one entry to the next.
/// </summary>
readonly struct Table<V>(ArrayView<V> memory, Axes rows, int step, View<I64, Axes> index) where V : unmanaged
{
    readonly ArrayView<V> memory = memory;
    readonly Axes rows = rows;
    readonly int step = step;
    readonly View<I64, Axes> index = index;
    public ref V this[int i] => ref memory[rows.Of(i) + (int)index[i].Value * step];
}

/// <summary>y[i] = x[index[i]]</summary>
readonly struct GatherKernel<V>(Table<V> x, View<V, Axes> y) : IKernel where V : unmanaged
{
    public void At(int i) => y[i] = x[i];
}

/// <summary>y[index[i]] += x[i]</summary>
readonly struct ScatterAddKernel<A, V>(View<V, Axes> x, Table<V> y) : IKernel where A : struct, IAdder<V> where V
    : unmanaged
{
    public void At(int i) => A.Add(ref y[i], x[i]);
}

/// <summary>
/// found = the most of count − i over all i whose index is outside of 0 … size−1; the first one, therefore.
/// </summary>
readonly struct OutsideKernel(View<I64, Axes> index, int size, int count, ArrayView<int> found) : IKernel
{
    public void At(int i)
    {
        var value = index[i].Value;
        if (value < 0 || value >= size) Atomic.Max(ref found[0], count - i);
    }
}

sealed partial class IlgpuDevice
{
    // in host loops such kernels run on one thread, and give the same each time
    const int Atomically = 0;

    public override void AddInto(Tensor x, Tensor y)
    {
        if (x.Numel == 0) return;
        if (!y.Layout.Overlaps) { Zip(new Tensor.AddFormula(), y, x, y); return; }
        if (!Axes.Fit(y.Layout))
        {
            for (var i = 0; i < x.Layout.shape[0]; i++)
                AddInto(x.With(x.Layout.Slice(0, i, 1, 1).Remove(0)), y.With(y.Layout.Slice(0, i, 1, 1).Remove(0)));
            return;
        }
        var from = Fit(x);
        switch (x.DType)
        {
            case DType.Bool: Add<AddB8, B8>(from, y); break;
            case DType.Int64: Add<AddI64, I64>(from, y); break;
            case DType.Float32: Add<AddF32, F32>(from, y); break;
            default: Add<AddF64, F64>(from, y); break;
        }
        KeepAlive(from, y);
    }

    void Add<A, V>(Tensor x, Tensor y) where A : struct, IAdder<V> where V : unmanaged =>
        Launch(x.Numel, new AddIntoKernel<A, V>(Strided<V>(x), Strided<V>(y)), Atomically);

    public override void Gather(Tensor x, int axis, Tensor index, Tensor y)
    {
        if (y.Numel == 0) return;
        var (indices, to) = (Fit(index), Fit(y));
        Check("Gather", indices, axis, x);
        switch (x.DType)
        {
            case DType.Bool: Gather<B8>(x, axis, indices, to); break;
            case DType.Int64: Gather<I64>(x, axis, indices, to); break;
            case DType.Float32: Gather<F32>(x, axis, indices, to); break;
            default: Gather<F64>(x, axis, indices, to); break;
        }
        GC.KeepAlive(indices);
        Finish(to, y);
    }

    void Gather<V>(Tensor x, int axis, Tensor index, Tensor y) where V : unmanaged
    {
        var table = RowsFit(x, axis, index) ? x : x.Clone();
        Launch(y.Numel, new GatherKernel<V>(TableOf<V>(table, axis, index), Strided<V>(y)));
        GC.KeepAlive(table);
    }

    public override void ScatterAdd(Tensor x, int axis, Tensor index, Tensor y)
    {
        if (x.Numel == 0) return;
        var (from, indices, to) = (Fit(x), Fit(index), RowsFit(y, axis, index) ? y : y.Clone());
        Check("ScatterAdd", indices, axis, y);
        switch (x.DType)
        {
            case DType.Bool: ScatterAdd<AddB8, B8>(from, axis, indices, to); break;
            case DType.Int64: ScatterAdd<AddI64, I64>(from, axis, indices, to); break;
            case DType.Float32: ScatterAdd<AddF32, F32>(from, axis, indices, to); break;
            default: ScatterAdd<AddF64, F64>(from, axis, indices, to); break;
        }
        KeepAlive(from, indices);
        Finish(to, y);
    }

    void ScatterAdd<A, V>(Tensor x, int axis, Tensor index, Tensor y) where A : struct, IAdder<V> where V : unmanaged =>
        Launch(x.Numel, new ScatterAddKernel<A, V>(Strided<V>(x), TableOf<V>(y, axis, index)), Atomically);

    /// <summary>The table's layout in the shape of the index. Along its axis only the index steps.</summary>
    static Layout Rows(Tensor table, int axis, Tensor index)
    {
        var strides = (int[])table.Layout.strides.Clone();
        strides[axis] = 0;
        return new Layout(index.Layout.shape, strides, table.Layout.Offset);
    }

    static bool RowsFit(Tensor table, int axis, Tensor index) => Axes.Fit(Rows(table, axis, index));

    static Table<V> TableOf<V>(Tensor table, int axis, Tensor index) where V : unmanaged =>
        new(Memory<V>(table), Axes.Of(Rows(table, axis, index)), table.Layout.strides[axis], Strided<I64>(index));

    /// <summary>
    /// Refuses indices outside of the axis: in a kernel they would read or write what is not the tensor's.
    /// </summary>
    void Check(string operation, Tensor index, int axis, Tensor table)
    {
        var found = Tensor.Zeros([1], DType.Int64, this);
        Launch(index.Numel, new OutsideKernel(Strided<I64>(index), table.Layout.shape[axis], index.Numel,
            Memory<int>(found)), Atomically);
        var before = (int)found.Item();
        if (before > 0) throw ReferenceDevice.OutOfRange(operation, index.ToArray<long>()[index.Numel - before], axis,
            table);
    }
}
