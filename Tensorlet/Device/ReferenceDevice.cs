using System.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace Tensorlet;

/// <summary>
/// The definition of every primitive, written to be read and trusted. The elements are read into an array in
/// row-major order, processed by a plain loop or by MathNet, and written back. Sums and matrix products of floats
/// are computed in double.
/// </summary>
sealed class ReferenceDevice : Device
{
    public override string Name => "reference";
    internal override Storage AllocateCore(DType type, int count) => HostStorage.Allocate(this, type, count);
    internal override Pool Pool => HostStorage.Pool;
    internal override void UploadCore(ReadOnlySpan<byte> bytes, Storage storage, int offset) =>
        bytes.CopyTo(((HostStorage)storage).Bytes[(offset * storage.DType.Size())..]);
    internal override void DownloadCore(Storage storage, int offset, Span<byte> bytes) =>
        ((HostStorage)storage).Bytes.Slice(offset * storage.DType.Size(), bytes.Length).CopyTo(bytes);

    /// <summary>Returns the elements of x in row-major order.</summary>
    static V[] Read<V>(Tensor x) where V : unmanaged
    {
        ref var first = ref HostStorage.First<V>(x);
        var offsets = x.Layout.Offsets();
        var values = new V[offsets.Length];
        for (var i = 0; i < values.Length; i++) values[i] = Unsafe.Add(ref first, offsets[i]);
        return values;
    }

    /// <summary>Writes value(i) to element i of y, where i counts the elements in row-major order.</summary>
    static void Write<V>(Tensor y, Func<int, V> value) where V : unmanaged
    {
        ref var first = ref HostStorage.First<V>(y);
        var offsets = y.Layout.Offsets();
        for (var i = 0; i < offsets.Length; i++) Unsafe.Add(ref first, offsets[i]) = value(i);
    }

    /// <summary>
    /// Returns the elements of x in row-major order without rounding: integers as integers, all others as doubles.
    /// </summary>
    static Number[] Read(Tensor x) => x.DType switch
    {
        DType.Bool => Array.ConvertAll(Read<B8>(x), v => (Number)v.ToDouble()),
        DType.Int64 => Array.ConvertAll(Read<long>(x), v => (Number)v),
        DType.Float32 => Array.ConvertAll(Read<float>(x), v => (Number)v),
        _ => Array.ConvertAll(Read<double>(x), v => (Number)v),
    };

    static double[] Doubles(Tensor x) => Array.ConvertAll(Read(x), v => v.value);

    static void Write(Tensor y, Func<int, Number> value)
    {
        switch (y.DType)
        {
            case DType.Bool: Write(y, i => B8.Of(value(i).value)); break;
            case DType.Int64: Write(y, i => value(i) is var n && n.isWhole ? new(n.whole) : I64.Of(n.value)); break;
            case DType.Float32: Write(y, i => F32.Of(value(i).value)); break;
            default: Write(y, i => value(i).value); break;
        }
    }

    internal override void CopyCore(Tensor x, Tensor y)
    {
        var values = Read(x);
        Write(y, i => values[i]);
    }

    internal override void FillCore<F>(F f, Tensor y) => Write(y, i => (Number)f.At(i));

    internal override void ApplyCore<F>(F f, ReadOnlySpan<Tensor> x, Tensor y) =>
        TypeOf(x).Run(new OneByOne<F>(f, Alike(x), y));

    readonly struct OneByOne<F>(F formula, Tensor[] x, Tensor y) : IForType where F : struct, IFormula
    {
        void IForType.Run<V>()
        {
            F f = formula;
            var values = Array.ConvertAll(x, Read<V>);
            if (y.DType == x[0].DType) Write(y, At);
            else Write(y, i => B8.Of(At(i).ToDouble()));

            V At(int i) => f.Apply(values[0][i], Of(1, i), Of(2, i), Of(3, i), Of(4, i), Of(5, i), Of(6, i), Of(7, i));
            V Of(int input, int i) => input < values.Length ? values[input][i] : default;
        }
    }

    internal override void ReduceCore<F, R>(F f, R r, ReadOnlySpan<Tensor> x, Tensor y)
    {
        var length = x[0].Numel / y.Numel;
        var made = Tensor.EmptyLike(x[0], y.DType);
        ApplyCore(f, x, made);
        if (y.DType == DType.Int64) Write(y, Fold(Read<I64>(made)));
        else
        {
            var fold = Fold(Array.ConvertAll(Doubles(made), v => new F64(v)));
            Write(y, i => (Number)fold(i).Value);
        }

        Func<int, V> Fold<V>(V[] values) where V : struct, INumeric<V> => i => r.Finish(values.Skip(i * length)
            .Take(length).Aggregate(V.Of(r.Start), (sum, value) => r.Apply(sum, r.Take(value))));
    }

    internal override void ArgReduceCore(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        var (offsets, fold) = (x.Layout.Offsets(), x.Numel / y.Numel);
        Write(y, x.DType == DType.Int64 ? Best(Read<long>(x)) : Best(Doubles(x)));

        Func<int, long> Best<T>(T[] values) where T : struct, INumber<T> => row =>
        {
            var best = row * fold;
            for (var i = best + 1; i < (row + 1) * fold && !T.IsNaN(values[best]); i++)
                if (T.IsNaN(values[i]) || (largest ? values[i] > values[best] : values[i] < values[best])) best = i;
            return asOffset ? offsets[best] : best - row * fold;
        };
    }

    internal override void ContractCore(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        int batches = Layout.Product(a.Shape[..batch]), m = Layout.Product(a.Shape[batch..(batch + rows)]);
        int k = Layout.Product(a.Shape[(batch + rows)..]), n = Layout.Product(b.Shape[^columns..]);
        if (a.DType == DType.Int64)
        {
            var (x, y) = (Read<long>(a), Read<long>(b));
            Write(c, i => Enumerable.Range(0, k).Aggregate(0L, (sum, j) =>
                sum + x[i / n * k + j] * y[(i / (m * n) * k + j) * n + i % n]));
            return;
        }
        var result = new double[batches * m * n];
        var (left, right) = (Doubles(a), Doubles(b));
        for (var g = 0; g < batches; g++)
        {
            // MathNet stores a matrix column by column, so it reads a row-major matrix as its transpose:
            // Cᵀ = Bᵀ·Aᵀ.
            var at = Matrix<double>.Build.Dense(k, m, left[(g * m * k)..((g + 1) * m * k)]);
            var bt = Matrix<double>.Build.Dense(n, k, right[(g * k * n)..((g + 1) * k * n)]);
            (bt * at).AsColumnMajorArray().CopyTo(result, g * m * n);
        }
        Write(c, i => (Number)result[i]);
    }

    internal override void AddIntoCore(Tensor x, Tensor y)
    {
        var offsets = y.Layout.Offsets();
        AddAt(x, new Tensor(y.Storage, Layout.Contiguous(y.Storage.Count)), i => y.Layout.Offset + offsets[i]);
    }

    internal override void GatherCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        var (from, values) = (Places("Gather", x, axis, index), Read(x));
        Write(y, i => values[from[i]]);
    }

    internal override void ScatterAddCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        var to = Places("ScatterAdd", y, axis, index);
        AddAt(x, y, i => to[i]);
    }

    /// <summary>Adds element i of x to element to(i) of y.</summary>
    static void AddAt(Tensor x, Tensor y, Func<int, int> to)
    {
        var (values, sums) = (Read(x), Read(y));
        for (var i = 0; i < values.Length; i++) sums[to(i)] += values[i];
        Write(y, i => sums[i]);
    }

    /// <summary>
    /// Returns one position in x for each element of the index: the position of the element of x to which the index
    /// refers. Positions are counted in row-major order.
    /// </summary>
    static int[] Places(string operation, Tensor x, int axis, Tensor index)
    {
        int inner = Layout.Product(x.Shape[(axis + 1)..]), size = x.Shape[axis], length = index.Shape[axis];
        var indices = Read<long>(index);
        var places = new int[indices.Length];
        for (var i = 0; i < places.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= size) throw OutOfRange(operation, indices[i], axis, x);
            places[i] = (i / (inner * length) * size + (int)indices[i]) * inner + i % inner;
        }
        return places;
    }
}
