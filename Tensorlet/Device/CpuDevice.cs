using System.Runtime.ExceptionServices;

namespace Tensorlet;

/// <summary>
/// The primitives on the processor, written for speed. How a sum is divided depends on the size of the work, but
/// never on the number of threads. Each loop adds to a fixed number of partial sums. Therefore, any number of
/// threads gives the same bits.
/// </summary>
public sealed partial class CpuDevice : Device
{
    const int WorthThreads = 1 << 16;           // the number of elements from which it pays to wake other threads
    const int Parts = 16;                       // rows are divided into this many parts, or fewer
    const int Short = 8;                        // a row shorter than this is copied element by element
    const int Longest = 1 << 17;                // the longest row that is copied or added instead of shorter ones

    /// <summary>
    /// The number of threads among which a large operation is divided. By default, there is one thread for each
    /// processor.
    /// </summary>
    public int Threads { get; set => field = Math.Max(1, value); } = Environment.ProcessorCount;

    /// <inheritdoc/>
    public override string Name => "cpu";
    /// <inheritdoc/>
    internal override Storage AllocateCore(DType type, int count) => HostStorage.Allocate(this, type, count);
    internal override Pool Pool => HostStorage.Pool;
    internal override void UploadCore(ReadOnlySpan<byte> bytes, Storage storage, int offset) =>
        Reference.UploadCore(bytes, storage, offset);
    internal override void DownloadCore(Storage storage, int offset, Span<byte> bytes) =>
        Reference.DownloadCore(storage, offset, bytes);

    /// <summary>
    /// Divides the numbers 0, …, count − 1 into pieces of length <paramref name="piece"/>, and calls part(from, to)
    /// for each piece, which consists of the numbers <c>from</c> to <c>to − 1</c>. Several threads are used if
    /// <paramref name="work"/>, the number of elements in all pieces, is large enough.
    /// </summary>
    void Share(int count, int piece, long work, Action<int, int> part)
    {
        var parts = (count + piece - 1) / piece;
        if (Threads == 1 || apart || parts == 1 || work < WorthThreads) for (var p = 0; p < parts; p++) Run(p);
        else OnThreads(parts, Threads, Run);

        void Run(int p) => part(p * piece, Math.Min(count, (p + 1) * piece));
    }

    /// <summary>
    /// Does work that consists of <paramref name="count"/> items. If it is divided among threads, a thread takes
    /// <paramref name="piece"/> items at a time. <paramref name="elements"/> is the number of elements of all items.
    /// </summary>
    void Share<B>(int count, int piece, long elements, Tensor[] operands, B work) where B : struct, IPinned
    {
        if (Threads == 1 || apart || count <= piece || elements < WorthThreads) Operands.Pin(operands, work, 0, count);
        else Shared(count, piece, elements, operands, work);
    }

    // a method of its own, because a method with a closure creates it even if it is not used
    void Shared<B>(int count, int piece, long elements, Tensor[] operands, B work) where B : struct, IPinned =>
        Share(count, piece, elements, (from, to) => Operands.Pin(operands, work, from, to));

    /// <summary>
    /// Calls part(0), …, part(parts − 1) on several threads. If a call throws an exception, this method throws the
    /// same exception, as a loop would, and not an AggregateException.
    /// </summary>
    internal static void OnThreads(int parts, int threads, Action<int> part)
    {
        try { Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = threads }, part); }
        catch (AggregateException e) { ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); }
    }

    /// <summary>
    /// Does work that can be done separately for each of <paramref name="count"/> items. Each item has
    /// <paramref name="elements"/> elements. The call part(from, to) does the work for the items <c>from</c> to
    /// <c>to − 1</c>, which fit into the cache together.
    /// </summary>
    internal void Slices(int count, int elements, Action<int, int> part) =>
        Share(count, Math.Max(1, Piece / Math.Max(1, elements)), (long)count * elements, part);

    [ThreadStatic] static bool apart;       // this thread works in Apart, so it does not divide its work again

    internal override void Apart(int count, int least, Action<int, int> part)
    {
        var (parts, products) = (Math.Min(Threads, count / least), 0L);
        if (parts < 2 || apart) part(0, count);
        else OnThreads(parts, parts, p =>
        {
            var before = Products;
            apart = true;
            try { part((int)((long)count * p / parts), (int)((long)count * (p + 1) / parts)); }
            finally
            {
                apart = false;
                Interlocked.Add(ref products, Products - before);
                Products = before;
            }
        });
        Products += products;
    }

    internal override void FillCore<F>(F f, Tensor y)
    {
        if (f is RandomUniform uniform) Draw(uniform, y);
        else if (f is RandomNormal normal) Draw(normal, y);
        else y.DType.Run(new Sequence<F>(f, y));
    }

    readonly struct Sequence<F>(F f, Tensor y) : IForType where F : struct, ISequence
    {
        void IForType.Run<V>()
        {
            ref var target = ref HostStorage.First<V>(y);
            if (y.IsContiguous && f is Tensor.Line { IsConstant: true } line)
            {
                MemoryMarshal.CreateSpan(ref target, y.Numel).Fill(V.Of(line.At(0)));
                return;
            }
            var walk = new Walk(y.Layout);
            long count = 0;
            foreach (var at in walk.All)
                for (var i = 0; i < walk.Length; i++)
                    Unsafe.Add(ref target, at[0] + i * walk.Step(0)) = V.Of(f.At(count++));
        }
    }
}
