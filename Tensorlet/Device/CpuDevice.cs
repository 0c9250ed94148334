namespace Tensorlet;

/// <summary>
/// The verbs, fast, on the processor. Work is cut by its size and never by the number of threads, and accumulators have
/// a fixed width: the same bits come out for any number of threads.
/// </summary>
public sealed partial class CpuDevice : Device
{
    /// <summary>How many threads share large work: all processors unless set.</summary>
    public int Threads { get; set => field = Math.Max(1, value); } = Environment.ProcessorCount;

    /// <inheritdoc/>
    public override string Name => "cpu";
    /// <inheritdoc/>
    public override Storage Allocate(DType type, int count) => HostStorage.Allocate(this, type, count);
    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> bytes, Storage storage, int offset) =>
        Reference.Upload(bytes, storage, offset);
    /// <inheritdoc/>
    public override void Download(Storage storage, int offset, Span<byte> bytes) =>
        Reference.Download(storage, offset, bytes);

    /// <summary>Runs parts 0 … count−1, on several threads if the work (in elements, roughly) is worth it.</summary>
    void Share(int count, long work, Action<int> part)
    {
        if (Threads == 1 || count == 1 || work < 1 << 16)
            for (var i = 0; i < count; i++) part(i);
        else Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Threads }, part);
    }

    /// <inheritdoc/>
    public override void Copy(Tensor x, Tensor y)
    {
        if (y.Numel == 0) return;
        if (x.DType != y.DType) { Convert(x, y); return; }
        switch (x.DType.Size())
        {
            case 1: CopyTyped<byte>(x, y); break;
            case 4: CopyTyped<float>(x, y); break;
            default: CopyTyped<double>(x, y); break;
        }
        KeepAlive(x, y);
    }

    static void CopyTyped<T>(Tensor x, Tensor y) where T : unmanaged
    {
        ref T source = ref HostStorage.First<T>(x), target = ref HostStorage.First<T>(y);
        if (x.IsContiguous && y.IsContiguous)
        {
            MemoryMarshal.CreateReadOnlySpan(ref source, x.Numel).CopyTo(MemoryMarshal.CreateSpan(ref target, x.Numel));
            return;
        }
        var walk = new Walk(x.Layout, y.Layout);
        int length = walk.Length, sx = walk.Step(0), sy = walk.Step(1);
        Span<int> place = stackalloc int[walk.Rank], at = stackalloc int[2];
        walk.Start(0, place, at);
        for (var row = 0; row < walk.Rows; row++, walk.Next(place, at))
        {
            ref T from = ref Unsafe.Add(ref source, at[0]), to = ref Unsafe.Add(ref target, at[1]);
            if (sx == 1 && sy == 1 && length >= 8) MemoryMarshal.CreateReadOnlySpan(ref from,
                length).CopyTo(MemoryMarshal.CreateSpan(ref to, length));
            else
                for (var i = 0; i < length; i++) Unsafe.Add(ref to, i * sy) = Unsafe.Add(ref from, i * sx);
        }
    }

    static void Convert(Tensor x, Tensor y)
    {
        switch (x.DType)
        {
            case DType.Bool: ConvertFrom<B8>(x, y); break;
            case DType.Int64: ConvertFrom<I64>(x, y); break;
            case DType.Float32: ConvertFrom<F32>(x, y); break;
            default: ConvertFrom<F64>(x, y); break;
        }
        KeepAlive(x, y);
    }

    static void ConvertFrom<A>(Tensor x, Tensor y) where A : unmanaged, IScalar<A>
    {
        switch (y.DType)
        {
            case DType.Bool: Scalars<Of1<Identity>, A, B8>(default, x, x, x, y); break;
            case DType.Int64: Scalars<Of1<Identity>, A, I64>(default, x, x, x, y); break;
            case DType.Float32: Scalars<Of1<Identity>, A, F32>(default, x, x, x, y); break;
            default: Scalars<Of1<Identity>, A, F64>(default, x, x, x, y); break;
        }
    }

    internal readonly struct Identity : IMap { V IMap.Apply<V>(V x) => x; }

    /// <inheritdoc/>
    public override void Fill<F>(F f, Tensor y)
    {
        switch (y.DType)
        {
            case DType.Bool: Fill<F, B8>(f, y); break;
            case DType.Int64: Fill<F, I64>(f, y); break;
            case DType.Float32: Fill<F, F32>(f, y); break;
            default: Fill<F, F64>(f, y); break;
        }
        GC.KeepAlive(y);
    }

    static void Fill<F, V>(F f, Tensor y) where F : struct, ISequence where V : unmanaged, IScalar<V>
    {
        if (y.Numel == 0) return;
        ref var target = ref HostStorage.First<V>(y);
        if (y.IsContiguous && f is Tensor.Line { IsConstant: true } line)
        {
            MemoryMarshal.CreateSpan(ref target, y.Numel).Fill(V.Of(line.At(0)));
            return;
        }
        var walk = new Walk(y.Layout);
        Span<int> place = stackalloc int[walk.Rank], at = stackalloc int[1];
        walk.Start(0, place, at);
        long count = 0;
        for (var row = 0; row < walk.Rows; row++, walk.Next(place, at))
            for (var i = 0; i < walk.Length; i++)
                Unsafe.Add(ref target, at[0] + i * walk.Step(0)) = V.Of(f.At(count++));
    }
}
