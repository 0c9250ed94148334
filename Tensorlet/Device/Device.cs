namespace Tensorlet;

/// <summary>
/// What hardware must do for tensors, in a few primitives (called verbs). A primitive writes into operands that its
/// caller has allocated, all on this device, and its doc comment states its law. Adding an ordinary operation adds a
/// scalar function, and changes no device.
/// </summary>
/// <remarks>
/// Operands are tensors, because a tensor is a layout with its storage. x, a, b, c are read and may be any view; y is
/// written and may be any view whose elements do not overlap (except in <see cref="AddInto"/>). y[i] and x[i] are
/// elements of the same index. Every primitive refuses operands whose shapes or types do not fit together, that are on
/// another device, or that reach beyond their storage, before it writes anything. The caller ensures that operands do
/// not overlap.
/// </remarks>
public abstract partial class Device
{
    /// <summary>The name that errors and <see cref="Tensor"/> show, as in <c>cpu</c> or <c>cuda:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The name of the device.</summary>
    public sealed override string ToString() => Name;

    /// <summary>Uninitialised memory for <paramref name="count"/> elements.</summary>
    /// <exception cref="ShapeException">It is more than one tensor can hold.</exception>
    /// <exception cref="DeviceException">It does not fit into what is left of <see cref="MemoryLimit"/>.</exception>
    public Storage Allocate(DType type, int count)
    {
        var bytes = (long)count * type.Size() + HostStorage.Beyond;
        return bytes <= Array.MaxLength ? AllocateCore(type, count) : throw new ShapeException(
            $"Memory: {count:N0} elements of {type} take {bytes:N0} bytes; one tensor can hold {Array.MaxLength:N0}.");
    }

    /// <summary>
    /// How the memory of this device is used. The devices of the host share theirs, and there, tensors of less than 16
    /// KiB are not counted.
    /// </summary>
    public MemoryUse Memory => Pool.Use;

    /// <summary>
    /// The most bytes that the tensors of this device may take: all that the machine, or the accelerator, has, unless
    /// set. A tensor that does not fit is refused with a <see cref="DeviceException"/>.
    /// </summary>
    public long MemoryLimit { get => Pool.Limit; set => Pool.Limit = value; }

    /// <summary>Gives back memory that is kept for new tensors.</summary>
    public void EmptyCache() => Pool.GiveBack();

    internal abstract Pool Pool { get; }

    /// <summary>Copies bytes from the host into a storage, from element <paramref name="offset"/> on.</summary>
    public void Upload(ReadOnlySpan<byte> bytes, Storage storage, int offset)
    {
        Bounded("Upload", storage, offset, bytes.Length);
        UploadCore(bytes, storage, offset);
        GC.KeepAlive(storage);
    }

    /// <summary>Copies bytes of a storage to the host, from element <paramref name="offset"/> on.</summary>
    public void Download(Storage storage, int offset, Span<byte> bytes)
    {
        Bounded("Download", storage, offset, bytes.Length);
        DownloadCore(storage, offset, bytes);
        GC.KeepAlive(storage);
    }

    /// <summary>y[i] = x[i], converted to the type of y. To Bool: x ≠ 0.</summary>
    public void Copy(Tensor x, Tensor y)
    {
        Fit("Copy", x.Given().Layout.SameShape(y.Given().Layout), x, y);
        if (y.Numel > 0) CopyCore(x, y);
        KeepAlive(x, y);
    }

    /// <summary>y[i] = f(i), where i counts the elements in row-major order.</summary>
    public void Fill<F>(F f, Tensor y) where F : struct, ISequence
    {
        Fit("Fill", true, y);
        if (y.Numel > 0) FillCore(f, y);
        KeepAlive(y);
    }

    /// <summary>y[i] = f(x[i]).</summary>
    public void Map<F>(F f, Tensor x, Tensor y) where F : struct, IMap => Apply(new Of1<F>(f), y, x);

    /// <summary>y[i] = f(a[i], b[i]).</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor y) where F : struct, IZip =>
        Apply(new Of2<F>(f), y, a.Given(), b.Given());

    /// <summary>y[i] = f(a[i], b[i], c[i]).</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor c, Tensor y) where F : struct, IZip3 =>
        Apply(new Of3<F>(f), y, a.Given(), b.Given(), c.Given());

    /// <summary>
    /// y[i] = f(x₀[i], x₁[i], …). The operands have the same type, except for masks among them, which are read as 0 and
    /// 1. y has that type too, or it is Bool: f ≠ 0.
    /// </summary>
    public void Apply<F>(F f, Tensor y, params ReadOnlySpan<Tensor> x) where F : struct, IFormula
    {
        var type = TypeOf(x);
        FitFormula<F>(F.Inputs == 1 ? "Map" : "Zip", type, (y.Given().DType == type || y.DType == DType.Bool)
            && x.Length > 0 && x[0].Layout.SameShape(y.Layout), x, y);
        if (y.Numel > 0) ApplyCore(f, x, y);
        KeepAlive(x);
        KeepAlive(y);
    }

    /// <summary>y[i] = r over j of x[i, j]: the leading axes of x are those of y, the others are reduced.</summary>
    public void Reduce<R>(R r, Tensor x, Tensor y) where R : struct, IReduction =>
        Reduce(default(Of1<IdentityFormula>), r, y, x);

    /// <summary>
    /// y[i] = r over j of f(x₀[i, j], x₁[i, j], …): the values of the formula are reduced, and never written to memory.
    /// </summary>
    public void Reduce<F, R>(F f, R r, Tensor y, params ReadOnlySpan<Tensor> x)
        where F : struct, IFormula where R : struct, IReduction
    {
        var type = TypeOf(x);
        FitFormula<F>("Reduce", type, y.Given().DType == type && x.Length > 0 && x[0].Shape.StartsWith(y.Shape), x, y);
        if (y.Numel > 0) ReduceCore(f, r, x, y);
        KeepAlive(x);
        KeepAlive(y);
    }

    /// <summary>
    /// y[i] = the j at which x[i, j] is largest (or smallest), counted in row-major order over the reduced axes; the
    /// first of equal elements, and the first NaN if there is one. y is Int64.
    /// </summary>
    /// <param name="largest">Whether to find the largest, or the smallest.</param>
    /// <param name="x">The tensor that is searched.</param>
    /// <param name="y">Where the results are written.</param>
    /// <param name="asOffset">Return the position in memory, counted from the first element of x, instead of j.</param>
    public void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        Fit("ArgReduce", y.Given().DType == DType.Int64
            && x.Given().Shape.StartsWith(y.Shape) && (x.Layout.LongCount > 0 || y.Numel == 0), x, y);
        if (y.Numel > 0) ArgReduceCore(largest, x, y, asOffset);
        KeepAlive(x, y);
    }

    /// <summary>How many multiply-adds the products have had that this thread asked for, on all devices.</summary>
    [ThreadStatic] internal static long Products;

    /// <summary>
    /// c[batch, rows, columns] = Σₖ a[batch, rows, k] · b[batch, k, columns], where batch, rows, k and columns each
    /// stand for the given number of axes. A matrix product, a batched one and a convolution over windows are all this
    /// one primitive.
    /// </summary>
    public void Contract(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns)
    {
        int wide = batch + rows, inner = batch + a.Given().Rank - wide;
        Fit("Contract", Math.Min(batch, rows) >= 0 && batch <= inner && columns >= 0
            && b.Given().Rank == inner + columns && c.Given().Rank == wide + columns
            && a.Shape[..batch].SequenceEqual(b.Shape[..batch]) && a.Shape[wide..].SequenceEqual(b.Shape[batch..inner])
            && a.Shape[..wide].SequenceEqual(c.Shape[..wide]) && b.Shape[inner..].SequenceEqual(c.Shape[wide..])
            && a.DType == b.DType && a.DType == c.DType, a, b, c);
        Products += a.Layout.LongCount * Layout.Product(b.Shape[inner..]);
        if (c.Numel > 0 && a.Layout.LongCount > 0) ContractCore(a, b, c, batch, rows, columns);
        else if (c.Numel > 0) FillCore(new Tensor.Line(0, 0), c);
        KeepAlive(a, b, c);
    }

    /// <summary>y[i] += x[i], where elements of y may overlap: the adjoint of reading through a view.</summary>
    public void AddInto(Tensor x, Tensor y)
    {
        Fit("AddInto", Alike(x, y), x, y);
        if (y.Numel > 0) AddIntoCore(x, y);
        KeepAlive(x, y);
    }

    /// <summary>
    /// y[…, j, …] = x[…, index[…, j, …], …] along one axis. The index is Int64, has the shape of y, and its elements
    /// are in 0 … size − 1.
    /// </summary>
    /// <exception cref="IndexException">An index is outside the axis of x; y is unchanged or partly
    /// written.</exception>
    public void Gather(Tensor x, int axis, Tensor index, Tensor y)
    {
        Indexed("Gather", x, axis, index, y);
        if (y.Numel > 0) GatherCore(x, axis, index, y);
        KeepAlive(x, index, y);
    }

    /// <summary>
    /// y[…, index[…, j, …], …] += x[…, j, …] along one axis: the adjoint of <see cref="Gather"/>. If there are many
    /// indices, and more than positions, so that many numbers are added to one, floats are summed in double.
    /// </summary>
    /// <exception cref="IndexException">An index is outside the axis of y.</exception>
    public void ScatterAdd(Tensor x, int axis, Tensor index, Tensor y)
    {
        Indexed("ScatterAdd", y.Given(), axis, index, x.Given());
        if (x.Numel > 0 && y.DType == DType.Float32 && index.Shape[axis] > Math.Max(ManySummands, y.Shape[axis]))
        {
            var sums = y.To(DType.Float64);
            ScatterAddCore(x.To(DType.Float64), axis, index, sums);
            CopyCore(sums, y);
        }
        else if (x.Numel > 0) ScatterAddCore(x, axis, index, y);
        KeepAlive(x, index, y);
    }

    const int ManySummands = 1 << 14;

    // The implementations of the primitives. Their operands fit, and are not empty.
    internal abstract Storage AllocateCore(DType type, int count);
    internal abstract void UploadCore(ReadOnlySpan<byte> bytes, Storage storage, int offset);
    internal abstract void DownloadCore(Storage storage, int offset, Span<byte> bytes);
    internal abstract void CopyCore(Tensor x, Tensor y);
    internal abstract void FillCore<F>(F f, Tensor y) where F : struct, ISequence;
    internal abstract void ApplyCore<F>(F f, ReadOnlySpan<Tensor> x, Tensor y) where F : struct, IFormula;
    internal abstract void ReduceCore<F, R>(F f, R r, ReadOnlySpan<Tensor> x, Tensor y)
        where F : struct, IFormula where R : struct, IReduction;
    internal abstract void ArgReduceCore(bool largest, Tensor x, Tensor y, bool asOffset);
    internal abstract void ContractCore(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns);
    internal abstract void AddIntoCore(Tensor x, Tensor y);
    internal abstract void GatherCore(Tensor x, int axis, Tensor index, Tensor y);
    internal abstract void ScatterAddCore(Tensor x, int axis, Tensor index, Tensor y);

    /// <summary>
    /// Refuses operands that do not fit together, are on another device, or reach beyond their storage.
    /// </summary>
    void Fit(string verb, bool fit, params ReadOnlySpan<Tensor> operands)
    {
        foreach (var x in operands) fit &= x.Given("y").Device == this && x.Layout.IsWithin(x.Storage.Count);
        if (fit) return;
        var shown = operands.ToArray().Select(x => $"{x.DType} {x.Layout} on {x.Device}");
        throw new ShapeException($"{verb} on {this}: the operands {string.Join(", ", shown)} do not fit together, or " +
            "one reaches beyond its storage.");
    }

    void FitFormula<F>(string verb, DType type, bool fit, ReadOnlySpan<Tensor> x, Tensor y) where F : struct, IFormula
    {
        fit &= x.Length == F.Inputs && y.Device == this && y.Layout.IsWithin(y.Storage.Count);
        foreach (var operand in x)
            fit &= (operand.Given(nameof(x)).DType == type || operand.DType == DType.Bool)
                && operand.Layout.SameShape(x[0].Layout) && operand.Device == this
                && operand.Layout.IsWithin(operand.Storage.Count);
        if (!fit) Fit(verb, false, [.. x, y]);
    }

    /// <summary>The type of the operands that are not masks.</summary>
    internal static DType TypeOf(ReadOnlySpan<Tensor> x)
    {
        foreach (var operand in x)
            if (operand.Given(nameof(x)).DType != DType.Bool) return operand.DType;
        return DType.Bool;
    }

    /// <summary>The operands converted to one type, for devices that need this.</summary>
    private protected static Tensor[] Alike(ReadOnlySpan<Tensor> x)
    {
        var type = TypeOf(x);
        return Array.ConvertAll(x.ToArray(), operand => operand.To(type));
    }

    static bool Alike(Tensor x, Tensor y) => x.Given().DType == y.Given().DType && x.Layout.SameShape(y.Layout);

    void Indexed(string verb, Tensor table, int axis, Tensor index, Tensor items)
    {
        var fit = index.Given().DType == DType.Int64 && table.Given("x").DType == items.Given("y").DType
            && index.Layout.SameShape(items.Layout)
            && table.Rank == index.Rank && axis >= 0 && axis < table.Rank;
        for (var a = 0; fit && a < table.Rank; a++) fit = a == axis || table.Shape[a] == index.Shape[a];
        Fit(verb, fit, table, index, items);
    }

    void Bounded(string verb, Storage storage, int offset, int bytes)
    {
        if (storage.Given().Device == this && offset >= 0
            && (long)offset * storage.DType.Size() + bytes <= (long)storage.Count * storage.DType.Size()) return;
        throw new ShapeException($"{verb}: {bytes:N0} bytes from element {offset:N0} on are not within " +
            $"{storage.Count:N0} elements of {storage.DType} on {storage.Device}.");
    }

    /// <summary>
    /// Operands stay reachable until here. Otherwise, they could be collected, and their memory reused, while a
    /// primitive still works on it.
    /// </summary>
    [MethodImpl(NoInlining)]
    private protected static void KeepAlive(params ReadOnlySpan<Tensor> operands) { }

    private protected static IndexException OutOfRange(string operation, long index, int axis, Tensor x) =>
        new($"{operation}: index {index} is not in axis {axis} of shape {x.Layout}" +
            (x.Shape[axis] == 0 ? ", which is empty." : $"; take 0 to {x.Shape[axis] - 1}."));

    /// <summary>
    /// Runs what can be done separately for items from … to − 1: all at once or, if there is a cache that is too small
    /// for all of them, in slices that fit.
    /// </summary>
    internal virtual void Slices(int count, int elements, Action<int, int> part) => part(0, count);

    /// <summary>Scans a contiguous tensor in place, if a device has a shorter way than primitives for pairs.</summary>
    internal virtual bool Scan<F>(F f, Tensor y, int axis) where F : struct, IZip => false;

    /// <summary>Waits until all work has been done.</summary>
    public virtual void Synchronize() { }
}
