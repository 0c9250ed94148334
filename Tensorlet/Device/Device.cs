namespace Tensorlet;

/// <summary>
/// What hardware must do for tensors: a few primitives (called verbs). The caller of a primitive allocates all
/// operands on this device, and the primitive writes its result into one of them. The doc comment of each primitive
/// gives the formula of the result. A new ordinary operation only needs a new scalar function; no device has to be
/// changed.
/// </summary>
/// <remarks>
/// Operands are tensors, because a tensor is a layout with its storage. The operands x, a, b and c are read, and
/// may be any views. The result is y (c in <see cref="Contract"/>), which may be any view whose elements do not
/// overlap; only <see cref="AddInto"/> allows elements of y that overlap. x[i] and y[i] are elements with the same
/// index. Before a primitive writes anything, it refuses operands whose shapes or types do not fit together,
/// operands on another device, and operands that reach beyond their storage. The caller ensures that no operand
/// overlaps another operand.
/// </remarks>
public abstract partial class Device
{
    /// <summary>
    /// The name that is shown in errors and by <see cref="Tensor"/>, such as <c>cpu</c> or <c>cuda:0</c>.
    /// </summary>
    public abstract string Name { get; }

    /// <summary>Returns the name of the device.</summary>
    public sealed override string ToString() => Name;

    /// <summary>Allocates uninitialised memory for <paramref name="count"/> elements.</summary>
    /// <exception cref="ShapeException">The elements take more bytes than one tensor can hold.</exception>
    /// <exception cref="DeviceException">The elements take more bytes than are left of
    /// <see cref="MemoryLimit"/>.</exception>
    public Storage Allocate(DType dtype, int count)
    {
        var bytes = (long)count * dtype.Size() + HostStorage.Beyond;
        return bytes <= Array.MaxLength ? AllocateCore(dtype, count) : throw new ShapeException(
            $"Memory: {count:N0} elements of {dtype} take {bytes:N0} bytes; one tensor can hold {Array.MaxLength:N0}.");
    }

    /// <summary>
    /// How the memory of this device is used. The devices <see cref="Cpu"/> and <see cref="Reference"/> share the
    /// memory of the host; in that memory, tensors of less than 16 KiB are not counted.
    /// </summary>
    public MemoryUse Memory => Pool.Use;

    /// <summary>
    /// The largest number of bytes that the tensors of this device may take together. By default, this is all the
    /// memory of the machine, or of the accelerator. A tensor that does not fit is refused with a
    /// <see cref="DeviceException"/>.
    /// </summary>
    public long MemoryLimit { get => Pool.Limit; set => Pool.Limit = value; }

    /// <summary>Frees the memory that is kept for new tensors.</summary>
    public void EmptyCache() => Pool.GiveBack();

    internal abstract Pool Pool { get; }

    /// <summary>
    /// Copies bytes from the host into a storage, beginning at element <paramref name="offset"/> of the storage.
    /// </summary>
    public void Upload(ReadOnlySpan<byte> bytes, Storage storage, int offset)
    {
        Bounded("Upload", storage, offset, bytes.Length);
        UploadCore(bytes, storage, offset);
        GC.KeepAlive(storage);
    }

    /// <summary>
    /// Copies bytes from a storage to the host, beginning at element <paramref name="offset"/> of the storage.
    /// </summary>
    public void Download(Storage storage, int offset, Span<byte> bytes)
    {
        Bounded("Download", storage, offset, bytes.Length);
        DownloadCore(storage, offset, bytes);
        GC.KeepAlive(storage);
    }

    /// <summary>
    /// Computes y[i] = x[i], converted to the type of y. If y is Bool, y[i] says whether x[i] is not 0.
    /// </summary>
    public void Copy(Tensor x, Tensor y)
    {
        Fit("Copy", x.Given().Layout.SameShape(y.Given().Layout), x, y);
        if (y.Numel > 0) CopyCore(x, y);
        KeepAlive(x, y);
    }

    /// <summary>Computes y[i] = f(i), where i counts the elements of y in row-major order, from 0.</summary>
    public void Fill<F>(F f, Tensor y) where F : struct, ISequence
    {
        Fit("Fill", true, y);
        if (y.Numel > 0) FillCore(f, y);
        KeepAlive(y);
    }

    /// <summary>Computes y[i] = f(x[i]).</summary>
    public void Map<F>(F f, Tensor x, Tensor y) where F : struct, IMap => Apply(new Of1<F>(f), y, x);

    /// <summary>Computes y[i] = f(a[i], b[i]).</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor y) where F : struct, IZip =>
        Apply(new Of2<F>(f), y, a.Given(), b.Given());

    /// <summary>Computes y[i] = f(a[i], b[i], c[i]).</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor c, Tensor y) where F : struct, IZip3 =>
        Apply(new Of3<F>(f), y, a.Given(), b.Given(), c.Given());

    /// <summary>
    /// Computes y[i] = f(x₀[i], x₁[i], …). The operands x₀, x₁, … have the same type, but some of them may be
    /// masks, whose elements are read as 0 and 1. y has that type too, or y is Bool; then y[i] says whether the
    /// value of f is not 0.
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

    /// <summary>
    /// Reduces the last axes of x: y[i] is the result of r over all x[i, j], where i stands for the leading axes of
    /// x, which are the axes of y, and j stands for the remaining axes of x.
    /// </summary>
    public void Reduce<R>(R r, Tensor x, Tensor y) where R : struct, IReduction =>
        Reduce(default(Of1<IdentityFormula>), r, y, x);

    /// <summary>
    /// Computes a formula and reduces its values, which need not be written to memory: y[i] is the result of r over
    /// all f(x₀[i, j], x₁[i, j], …), where i stands for the axes of y, and j stands for the remaining axes of the
    /// operands.
    /// </summary>
    public void Reduce<F, R>(F f, R r, Tensor y, params ReadOnlySpan<Tensor> x)
        where F : struct, IFormula where R : struct, IReduction
    {
        var type = TypeOf(x);
        FitFormula<F>("Reduce", type, y.Given().DType == type && x.Length > 0
            && x[0].Layout.shape.AsSpan().StartsWith(y.Shape), x, y);
        if (y.Numel > 0) ReduceCore(f, r, x, y);
        KeepAlive(x);
        KeepAlive(y);
    }

    /// <summary>
    /// Writes to y[i] the position j at which x[i, j] is largest (or smallest), where i stands for the axes of y,
    /// and j counts the elements along the remaining axes of x in row-major order. If several elements are the
    /// largest (or smallest), j is the position of the first of them; if there is a NaN, j is the position of the
    /// first NaN. y is Int64.
    /// </summary>
    /// <param name="largest">Whether to find the largest element; otherwise, the smallest element is found.</param>
    /// <param name="x">The tensor that is searched.</param>
    /// <param name="y">The tensor to which the positions are written.</param>
    /// <param name="asOffset">Whether to write, instead of j, the position in memory, counted from the first
    /// element of x.</param>
    public void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset)
    {
        Fit("ArgReduce", y.Given().DType == DType.Int64
            && x.Given().Layout.shape.AsSpan().StartsWith(y.Shape) && (x.Layout.LongCount > 0 || y.Numel == 0), x, y);
        if (y.Numel > 0) ArgReduceCore(largest, x, y, asOffset);
        KeepAlive(x, y);
    }

    /// <summary>The number of multiply-adds in all products that this thread has asked for, on all devices.</summary>
    [ThreadStatic] internal static long Products;

    /// <summary>
    /// Computes c[batch, rows, columns] = Σₖ a[batch, rows, k] · b[batch, k, columns]. Each of these four indices
    /// stands for a group of axes: the arguments say how many axes belong to batch, rows and columns, and the
    /// remaining axes of a and b belong to k. A matrix product, a batch of matrix products, and a convolution over
    /// windows are all computed by this one primitive.
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

    /// <summary>
    /// Adds x[i] to y[i] for every i. Several y[i] may be the same element in memory; then all of their x[i] are
    /// added to this element. This is the adjoint of reading through a view.
    /// </summary>
    public void AddInto(Tensor x, Tensor y)
    {
        Fit("AddInto", Alike(x, y), x, y);
        if (y.Numel > 0) AddIntoCore(x, y);
        KeepAlive(x, y);
    }

    /// <summary>
    /// Reads elements of x at given indices along one axis: y[…, j, …] = x[…, index[…, j, …], …]. The index is
    /// Int64 and has the shape of y. Its elements are in 0 … n − 1, where n is the size of x along the axis.
    /// </summary>
    /// <exception cref="IndexException">An index is outside the axis of x. In this case, y is unchanged or partly
    /// written.</exception>
    public void Gather(Tensor x, int dim, Tensor index, Tensor y)
    {
        Indexed("Gather", x, dim, index, y);
        if (y.Numel > 0) GatherCore(x, dim, index, y);
        KeepAlive(x, index, y);
    }

    /// <summary>
    /// Adds the elements of x to elements of y at given indices along one axis:
    /// y[…, index[…, j, …], …] += x[…, j, …]. This is the adjoint of <see cref="Gather"/>. If there are many
    /// indices along the axis, and more indices than y has positions there, many numbers are added to the same
    /// element; in this case, floats are summed in double.
    /// </summary>
    /// <exception cref="IndexException">An index is outside the axis of y.</exception>
    public void ScatterAdd(Tensor x, int dim, Tensor index, Tensor y)
    {
        Indexed("ScatterAdd", y.Given(), dim, index, x.Given());
        if (x.Numel > 0 && y.DType == DType.Float32 && index.Shape[dim] > Math.Max(ManySummands, y.Shape[dim]))
        {
            var sums = y.To(DType.Float64);
            ScatterAddCore(x.To(DType.Float64), dim, index, sums);
            CopyCore(sums, y);
        }
        else if (x.Numel > 0) ScatterAddCore(x, dim, index, y);
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

    /// <summary>Returns the type of the operands that are not masks; Bool if all of them are masks.</summary>
    internal static DType TypeOf(ReadOnlySpan<Tensor> x)
    {
        foreach (var operand in x)
            if (operand.Given(nameof(x)).DType != DType.Bool) return operand.DType;
        return DType.Bool;
    }

    /// <summary>Returns the operands, converted to one type, for devices that need operands of the same type.</summary>
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
    /// Keeps operands reachable until this call. Otherwise, the operands could be collected, and their memory could
    /// be reused, while a primitive still works on this memory.
    /// </summary>
    [MethodImpl(NoInlining)]
    private protected static void KeepAlive(params ReadOnlySpan<Tensor> operands) { }

    private protected static IndexException OutOfRange(string operation, long index, int axis, Tensor x) =>
        new($"{operation}: index {index} is not in axis {axis} of shape {x.Layout}" +
            (x.Shape[axis] == 0 ? ", which is empty." : $"; take 0 to {x.Shape[axis] - 1}."));

    /// <summary>
    /// Does work that can be done separately for each of <paramref name="count"/> items: part(from, to) does the
    /// work for the items from … to − 1. If the device has a cache that is too small for all items,
    /// <paramref name="part"/> is called for slices that fit into the cache; otherwise, <paramref name="part"/> is
    /// called once for all items. Each item has <paramref name="elements"/> elements.
    /// </summary>
    internal virtual void Slices(int count, int elements, Action<int, int> part) => part(0, count);

    /// <summary>
    /// Scans a contiguous tensor in place, if the device can do this in fewer steps than with primitives that
    /// combine pairs of elements. Returns whether the tensor has been scanned.
    /// </summary>
    internal virtual bool Scan<F>(F f, Tensor y, int axis) where F : struct, IZip => false;

    /// <summary>Waits until the device has done all work.</summary>
    public virtual void Synchronize() { }
}
