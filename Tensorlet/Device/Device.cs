namespace Tensorlet;

/// <summary>
/// What hardware must do for tensors, in a few verbs. A verb writes into operands that its caller allocated, all on
/// this device; its doc comment states the law. Adding an ordinary operation adds a scalar function and touches no
/// device.
/// </summary>
/// <remarks>
/// x, a, b, c are read and may be any view; y is written and may be any view whose elements do not overlap (but for
/// <see cref="AddInto"/>). Shapes and types have been checked by the caller; y[i] and x[i] are elements of the same
/// index.
/// </remarks>
public abstract partial class Device
{
    /// <summary>The name that errors and <see cref="Tensor"/> show, as in <c>cpu</c> or <c>cuda:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The name of the device.</summary>
    public sealed override string ToString() => Name;

    /// <summary>Memory for <paramref name="count"/> elements, not initialised.</summary>
    public abstract Storage Allocate(DType type, int count);

    /// <summary>Copies bytes from the host into a storage, from element <paramref name="offset"/> on.</summary>
    public abstract void Upload(ReadOnlySpan<byte> bytes, Storage storage, int offset);

    /// <summary>Copies bytes of a storage to the host, from element <paramref name="offset"/> on.</summary>
    public abstract void Download(Storage storage, int offset, Span<byte> bytes);

    /// <summary>y[i] = x[i], converted to the type of y. To Bool: x ≠ 0.</summary>
    public abstract void Copy(Tensor x, Tensor y);

    /// <summary>y[i] = f(i), where i counts the elements in row-major order.</summary>
    public abstract void Fill<F>(F f, Tensor y) where F : struct, ISequence;

    /// <summary>y[i] = f(x[i]). x and y are of one type.</summary>
    public void Map<F>(F f, Tensor x, Tensor y) where F : struct, IMap => Apply(new Of1<F>(f), x, x, x, y);

    /// <summary>y[i] = f(a[i], b[i]). a and b are of one type; y too, or it is Bool and f gives 0 or 1.</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor y) where F : struct, IZip => Apply(new Of2<F>(f), a, b, b, y);

    /// <summary>y[i] = f(a[i], b[i], c[i]), all of one type.</summary>
    public void Zip<F>(F f, Tensor a, Tensor b, Tensor c, Tensor y) where F : struct, IZip3 =>
        Apply(new Of3<F>(f), a, b, c, y);

    private protected abstract void Apply<E>(E e, Tensor a, Tensor b, Tensor c, Tensor y)
        where E : struct, IElementwise;

    /// <summary>y[i] = r over j of x[i, j]: the leading axes of x are those of y, the others are folded.</summary>
    public abstract void Reduce<R>(R r, Tensor x, Tensor y) where R : struct, IReduction;

    /// <summary>
    /// y[i] = the j at which x[i, j] is largest (or smallest), counted row-major over the folded axes; the first of
    /// equal ones, and the first NaN where there is one. y is Int64.
    /// </summary>
    /// <param name="largest">The largest, or the smallest.</param>
    /// <param name="x">What is searched.</param>
    /// <param name="y">Where the results go.</param>
    /// <param name="asOffset">Give the place in memory, counted from the first element of x, in place of j.</param>
    public abstract void ArgReduce(bool largest, Tensor x, Tensor y, bool asOffset);

    /// <summary>
    /// c[batch, rows, columns] = Σₖ a[batch, rows, k] · b[batch, k, columns], where batch, rows, k and columns each
    /// stand for the number of axes given. A matrix product, a batched one and a convolution over windows are this one
    /// verb.
    /// </summary>
    public abstract void Contract(Tensor a, Tensor b, Tensor c, int batch, int rows, int columns);

    /// <summary>y[i] += x[i], where elements of y may overlap: the adjoint of reading through a view.</summary>
    public abstract void AddInto(Tensor x, Tensor y);

    /// <summary>
    /// y[…, j, …] = x[…, index[…, j, …], …] along one axis; index is Int64, of the shape of y, in 0 … size−1.
    /// </summary>
    /// <exception cref="IndexException">An index outside of the axis of x; y is unchanged or partly
    /// written.</exception>
    public abstract void Gather(Tensor x, int axis, Tensor index, Tensor y);

    /// <summary>y[…, index[…, j, …], …] += x[…, j, …] along one axis: the adjoint of <see cref="Gather"/>.</summary>
    /// <exception cref="IndexException">An index outside of the axis of y.</exception>
    public abstract void ScatterAdd(Tensor x, int axis, Tensor index, Tensor y);

    /// <summary>
    /// Operands stay reachable until here: what is not could be collected, and its memory reused, while a verb still
    /// works on it.
    /// </summary>
    [MethodImpl(NoInlining)]
    private protected static void KeepAlive(params ReadOnlySpan<Tensor> operands) { }

    private protected static IndexException OutOfRange(string operation, long index, int axis, Tensor x) =>
        new($"{operation}: index {index} is not in axis {axis} of shape {x.Layout}; take 0 to {x.Shape[axis] - 1}.");

    /// <summary>Waits until everything asked for has been done.</summary>
    public virtual void Synchronize() { }
}
