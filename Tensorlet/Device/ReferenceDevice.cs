using MathNet.Numerics.LinearAlgebra;

namespace Tensorlet;

/// <summary>
/// The definition of every verb, made to be read and believed: elements are read in row-major order into an array,
/// worked on by a plain loop or by MathNet, and written back. Sums and products of matrices are in double.
/// </summary>
sealed class ReferenceDevice : Device
{
    public override string Name => "reference";
    public override Storage Allocate(DType type, int count) => HostStorage.Allocate(this, type, count);
    internal override Pool Pool => HostStorage.Pool;
    internal override void UploadCore(ReadOnlySpan<byte> bytes, Storage storage, int offset) =>
        bytes.CopyTo(((HostStorage)storage).Bytes[(offset * storage.DType.Size())..]);
    internal override void DownloadCore(Storage storage, int offset, Span<byte> bytes) =>
        ((HostStorage)storage).Bytes.Slice(offset * storage.DType.Size(), bytes.Length).CopyTo(bytes);

    /// <summary>The elements in row-major order.</summary>
    static V[] Read<V>(Tensor x) where V : unmanaged
    {
        ref var first = ref HostStorage.First<V>(x);
        var offsets = x.Layout.Offsets();
        var values = new V[offsets.Length];
        for (var i = 0; i < values.Length; i++) values[i] = Unsafe.Add(ref first, offsets[i]);
        return values;
    }

    /// <summary>Writes the elements in row-major order.</summary>
    static void Write<V>(Tensor y, Func<int, V> value) where V : unmanaged
    {
        ref var first = ref HostStorage.First<V>(y);
        var offsets = y.Layout.Offsets();
        for (var i = 0; i < offsets.Length; i++) Unsafe.Add(ref first, offsets[i]) = value(i);
    }

    /// <summary>The elements as doubles, whatever their type.</summary>
    static double[] ReadDoubles(Tensor x) => x.DType switch
    {
        DType.Bool => Array.ConvertAll(Read<B8>(x), v => v.ToDouble()),
        DType.Int64 => Array.ConvertAll(Read<I64>(x), v => v.ToDouble()),
        DType.Float32 => Array.ConvertAll(Read<F32>(x), v => v.ToDouble()),
        _ => Read<double>(x),
    };

    static void WriteDoubles(Tensor y, Func<int, double> value)
    {
        switch (y.DType)
        {
            case DType.Bool: Write(y, i => B8.Of(value(i))); break;
            case DType.Int64: Write(y, i => I64.Of(value(i))); break;
            case DType.Float32: Write(y, i => F32.Of(value(i))); break;
            default: Write(y, value); break;
        }
    }

    internal override void CopyCore(Tensor x, Tensor y) => Pick(x, y, i => i);

    /// <summary>y[i] = element from(i) of x: integers as they are, all else in double.</summary>
    static void Pick(Tensor x, Tensor y, Func<int, int> from)
    {
        if (x.DType == DType.Int64 && y.DType == DType.Int64)
        {
            var integers = Read<long>(x);
            Write(y, i => integers[from(i)]);
            return;
        }
        var values = ReadDoubles(x);
        WriteDoubles(y, i => values[from(i)]);
    }

    internal override void FillCore<F>(F f, Tensor y) => WriteDoubles(y, i => f.At(i));

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
        var made = x[0].EmptyLike(y.DType);
        ApplyCore(f, x, made);
        if (y.DType == DType.Int64) Write(y, Fold(Read<I64>(made)));
        else
        {
            var fold = Fold(Array.ConvertAll(ReadDoubles(made), v => new F64(v)));
            WriteDoubles(y, i => fold(i).Value);
        }

        Func<int, V> Fold<V>(V[] values) where V : struct, INumeric<V> => i => r.Finish(values.Skip(i * length)
            .Take(length).Aggregate(V.Of(r.Start), (sum, value) => r.Apply(sum, r.Take(value))));
    }

    internal override void ArgReduceCore(bool largest, Tensor x, Tensor y, bool asOffset) =>
        x.DType.Run(new Searching(new(largest ? 1 : -1), x, y, asOffset));

    readonly struct Searching(Tensor.BetterFormula better, Tensor x, Tensor y, bool asOffset) : IForType
    {
        void IForType.Run<V>()
        {
            var (values, offsets, fold, f) = (Read<V>(x), x.Layout.Offsets(), x.Numel / y.Numel, better);
            var places = asOffset;
            Write<long>(y, i =>
            {
                var best = i * fold;
                for (var j = best + 1; j < (i + 1) * fold; j++)
                    if (f.Apply(values[j], values[best]).ToDouble() != 0) best = j;
                return places ? offsets[best] : best - i * fold;
            });
        }
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
        var (left, right) = (ReadDoubles(a), ReadDoubles(b));
        for (var g = 0; g < batches; g++)
        {
            // MathNet stores columns, so a row-major matrix read by it is the transpose: Cᵀ = Bᵀ·Aᵀ.
            var at = Matrix<double>.Build.Dense(k, m, left[(g * m * k)..((g + 1) * m * k)]);
            var bt = Matrix<double>.Build.Dense(n, k, right[(g * k * n)..((g + 1) * k * n)]);
            (bt * at).AsColumnMajorArray().CopyTo(result, g * m * n);
        }
        WriteDoubles(c, i => result[i]);
    }

    internal override void AddIntoCore(Tensor x, Tensor y)
    {
        var offsets = y.Layout.Offsets();
        AddAt(x, new Tensor(y.Storage, Layout.Contiguous(y.Storage.Count)), i => y.Layout.Offset + offsets[i]);
    }

    internal override void GatherCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        var from = Places("Gather", x, axis, index);
        Pick(x, y, i => from[i]);
    }

    internal override void ScatterAddCore(Tensor x, int axis, Tensor index, Tensor y)
    {
        var to = Places("ScatterAdd", y, axis, index);
        AddAt(x, y, i => to[i]);
    }

    /// <summary>Adds element i of x to element to(i) of y: integers as they are, all else in double.</summary>
    static void AddAt(Tensor x, Tensor y, Func<int, int> to)
    {
        if (x.DType == DType.Int64)
        {
            var (integers, exact) = (Read<long>(x), Read<long>(y));
            for (var i = 0; i < integers.Length; i++) exact[to(i)] += integers[i];
            Write(y, i => exact[i]);
            return;
        }
        var (values, sums) = (ReadDoubles(x), ReadDoubles(y));
        for (var i = 0; i < values.Length; i++) sums[to(i)] += values[i];
        WriteDoubles(y, i => sums[i]);
    }

    /// <summary>For each element of the index, the row-major place in x that it names.</summary>
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
