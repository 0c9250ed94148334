namespace Tensorlet;

/// <summary>
/// Hardware, such as a processor or a GPU, that stores tensors and computes with them. A device has to implement only a
/// few primitives (called verbs). The caller of a primitive allocates all operands on the device, and the primitive
/// writes its result into one of them. The doc comment of each primitive gives the formula of the result. Most new
/// operations need only a new scalar function; no device has to be changed.
/// </summary>
/// <remarks>
/// Operands are tensors; a tensor is a layout with its storage. A primitive writes its result to y, or to c in
/// <see cref="Contract"/>. All other operands are only read, and may be any views. The result may be any view whose
/// elements do not overlap; only <see cref="AddInto"/> allows elements of y that overlap. x[i] and y[i] are the
/// elements of x and y with the same index. Before a primitive writes anything, it refuses operands whose shapes or
/// types do not fit together, operands on another device, and operands that reach beyond their storage. The caller
/// ensures that the result overlaps no operand that is read, unless both are the same view.
/// </remarks>
public abstract partial class Device
{
    /// <summary>
    /// The name of the device, such as <c>cpu</c> or <c>cuda:0</c>. Errors and the text of a <see cref="Tensor"/>
    /// show this name.
    /// </summary>
    public abstract string Name { get; }

    /// <summary>Returns the name of the device.</summary>
    public sealed override string ToString() => Name;

    /// <summary>Allocates uninitialised memory for <paramref name="count"/> elements.</summary>
    /// <exception cref="ShapeException">The elements take more bytes than one tensor can hold.</exception>
    /// <exception cref="DeviceException">The elements and the memory in use together would take more bytes than
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

    /// <summary>Frees the memory that no tensor uses any longer and that is kept for new tensors.</summary>
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
    /// Computes y[i] = x[i], converted to the type of y. If y is Bool, y[i] is true where x[i] is not 0.
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
    /// Computes y[i] = f(x₀[i], x₁[i], …). The operands x₀, x₁, … have the same type, except that some of them may
    /// be masks (Bool), whose elements are read as 0 and 1. y has the type of the operands, or is Bool. If y is
    /// Bool, y[i] is true where the value of f is not 0.
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
    /// Reduces the last axes of x: y[i] is the result of the reduction r over x[i, j] for all j. The index i stands for
    /// the leading axes of x, which are the axes of y, and j stands for the remaining axes of x.
    /// </summary>
    public void Reduce<R>(R r, Tensor x, Tensor y) where R : struct, IReduction =>
        Reduce(default(Of1<IdentityFormula>), r, y, x);

    /// <summary>
    /// Computes a formula f and reduces its values: y[i] is the result of the reduction r over f(x₀[i, j], x₁[i, j], …)
    /// for all j. A device does not have to write the values of the formula to memory. The index i stands for the axes
    /// of y, and j stands for the remaining axes of the operands.
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
    /// Writes to y[i] the position j at which x[i, j] is largest (or smallest). The index i stands for the axes of
    /// y, and j counts the elements along the remaining axes of x in row-major order. If several elements are the
    /// largest (or smallest), j is the position of the first of them; if there is a NaN, j is the position of the
    /// first NaN. The type of y is Int64.
    /// </summary>
    /// <param name="largest">If true, the largest element is found. If false, the smallest element is found.</param>
    /// <param name="x">The tensor that is searched.</param>
    /// <param name="y">The tensor to which the positions are written.</param>
    /// <param name="asOffset">If false, j is written. If true, the position in memory is written instead; it is
    /// counted from the first element of x.</param>
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
        ReadOnlySpan<int> left = a.Given().Shape, right = b.Given().Shape, result = c.Given().Shape;
        int wide = batch + rows, inner = batch + left.Length - wide;
        Fit("Contract", Math.Min(batch, rows) >= 0 && batch <= inner && columns >= 0
            && right.Length == inner + columns && result.Length == wide + columns
            && left[..batch].SequenceEqual(right[..batch]) && left[wide..].SequenceEqual(right[batch..inner])
            && left[..wide].SequenceEqual(result[..wide]) && right[inner..].SequenceEqual(result[wide..])
            && a.DType == b.DType && a.DType == c.DType, a, b, c);
        Products += a.Layout.LongCount * Layout.Product(right[inner..]);
        if (c.Numel > 0 && a.Layout.LongCount > 0) ContractCore(a, b, c, batch, rows, columns);
        else if (c.Numel > 0) FillCore(new Tensor.Line(0, 0), c);
        KeepAlive(a, b, c);
    }

    /// <summary>
    /// Adds x[i] to y[i] for every i. If y[i] is the same element in memory for several i, the x[i] of all these i are
    /// added to this element. For example, let x be the gradient with respect to a view of a tensor t, and let y be the
    /// same view of a tensor g of zeros. Then g becomes the gradient with respect to t.
    /// </summary>
    public void AddInto(Tensor x, Tensor y)
    {
        Fit("AddInto", Alike(x, y), x, y);
        if (y.Numel > 0) AddIntoCore(x, y);
        KeepAlive(x, y);
    }

    /// <summary>
    /// Reads elements of x at given indices along one axis: y[…, j, …] = x[…, index[…, j, …], …].
    /// <paramref name="index"/> has the type Int64 and the shape of y. Its elements are between 0 and n − 1, where n
    /// is the size of x along the axis.
    /// </summary>
    /// <exception cref="IndexException">An element of <paramref name="index"/> is outside the axis of x. In this
    /// case, y is unchanged or partly written.</exception>
    public void Gather(Tensor x, int dim, Tensor index, Tensor y)
    {
        Indexed("Gather", x, dim, index, y);
        if (y.Numel > 0) GatherCore(x, dim, index, y);
        KeepAlive(x, index, y);
    }

    /// <summary>
    /// Adds the elements of x to elements of y at given indices along one axis: y[…, index[…, j, …], …] += x[…, j, …].
    /// This is the adjoint of <see cref="Gather"/>. Many numbers may be added to the same element of y. Therefore,
    /// Float32 numbers are summed in Float64 if the size of <paramref name="index"/> along the axis is greater than
    /// 16384 and greater than the size of y along this axis.
    /// </summary>
    /// <exception cref="IndexException">An element of <paramref name="index"/> is outside the axis of y.</exception>
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

    // The implementations of the primitives. The operands have been checked, and the result is not empty.
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
    /// Computes y[n, o, i, j] = Σ w[o, c, k, l] · x[n, c, i + k − before₀, j + l − before₁]. Elements outside of x
    /// count as 0. If w has the shape (C, 1, K, L), each of the C channels has a filter of its own: y[n, c, i, j] =
    /// Σ w[c, 0, k, l] · x[n, c, i + k − before₀, j + l − before₁]. If the stride s is above 1, w has s² filters for
    /// each channel, one for each position (a, b) within a stride: y[n, o, i, j] = Σ w[o, c·s² + a·s + b, k, l] ·
    /// x[n, c, (i + k)·s + a − before₀, (j + l)·s + b − before₁]. Returns false if this device has no faster way for
    /// these operands than <see cref="Contract"/>; y is then not defined.
    /// </summary>
    internal virtual bool Convolve(Tensor x, Tensor w, int stride, int[] before, Tensor y) => false;

    /// <summary>
    /// Computes w, the gradient of <see cref="Convolve"/> with respect to the filters, from g, the gradient with
    /// respect to y. Returns false in the same cases.
    /// </summary>
    internal virtual bool ConvolveFilters(Tensor x, Tensor g, int stride, int[] before, Tensor w) => false;

    /// <summary>
    /// Computes rows while they are in the cache. <c>Tensor.RowWise</c> says what is computed.
    /// </summary>
    /// <param name="g">The formula whose values are reduced to a.</param>
    /// <param name="r">The reduction to a.</param>
    /// <param name="h">The formula whose values are reduced to b.</param>
    /// <param name="s">The reduction to b.</param>
    /// <param name="p">The formula of c.</param>
    /// <param name="f">The formula of the result.</param>
    /// <param name="keep">Whether f gets the values of h in place of x₀.</param>
    /// <param name="operands">x₀, x₁, …, a, c, m₀, m₁, … and the result y. All of them have the shape of y. a, c and y
    /// are written.</param>
    /// <param name="before">The number of operands before a.</param>
    /// <param name="axes">All axes. The axes of the rows are the last ones.</param>
    /// <param name="reduced">The number of axes of the rows.</param>
    /// <param name="b">The tensor to which b is written.</param>
    /// <returns>False if this device has no faster way for these operands than one step after another; then nothing has
    /// been computed.</returns>
    internal virtual bool RowWise<G, R, H, S, P, F>(G g, R r, H h, S s, P p, F f, bool keep, Tensor[] operands,
        int before, int[] axes, int reduced, Tensor b)
        where G : struct, IFormula where R : struct, IReduction where H : struct, IFormula where S : struct, IReduction
        where P : struct, IMap where F : struct, IFormula => false;

    /// <summary>
    /// Does work that can be done separately for each of <paramref name="count"/> items. The call part(from, to) does
    /// the work for the items <c>from</c> to <c>to − 1</c>. If the device has several threads, each of them gets some
    /// of the items, but at least <paramref name="least"/> items. No number that is computed for an item may depend
    /// on the other items.
    /// </summary>
    internal virtual void Apart(int count, int least, Action<int, int> part) => part(0, count);

    /// <summary>
    /// Scans a contiguous tensor along an axis in place: combines each element with all elements before it. This is
    /// done only if the device needs fewer steps for it than primitives that combine pairs of elements would need.
    /// Returns true if the tensor has been scanned.
    /// </summary>
    internal virtual bool Scan<F>(F f, Tensor y, int axis) where F : struct, IZip => false;

    /// <summary>Waits until the device has finished all its work.</summary>
    public virtual void Synchronize() { }
}
