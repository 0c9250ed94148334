namespace Tensorlet;

/// <summary>
/// One part of an index, as in <c>x[.., ^1, 2..5, mask]</c>: an integer, a range, a mask, a list of integers, or a
/// new axis.
/// </summary>
public readonly struct TensorIndex
{
    internal readonly object? part;             // an int, an Index, a Range, a Tensor, or null for a new axis
    internal readonly int step;

    TensorIndex(object? part, int step = 1) => (this.part, this.step) = (part, step);

    /// <summary>A new axis of size 1.</summary>
    public static TensorIndex NewAxis => new(null);
    /// <summary>
    /// Every <paramref name="step"/>-th element of a range, or of the whole axis if no range is given.
    /// </summary>
    public static TensorIndex Every(int step, Range? range = null) => new(range ?? .., step);
    /// <summary>One element along an axis; a negative index counts from the end. The axis is removed.</summary>
    public static implicit operator TensorIndex(int i) => new(i);
    /// <summary>One element along an axis; the index may count from the end. The axis is removed.</summary>
    public static implicit operator TensorIndex(Index i) => new(i);
    /// <summary>A range of elements along an axis.</summary>
    public static implicit operator TensorIndex(Range r) => new(r);
    /// <summary>
    /// A mask or a list of integers. A mask with k axes indexes k axes: the elements where it is true are
    /// picked. Integers are the indices of the elements to pick along one axis.
    /// </summary>
    public static implicit operator TensorIndex(Tensor t) => new(t.Given());
    /// <summary>The indices of the elements to pick along an axis.</summary>
    public static implicit operator TensorIndex(int[] indices) => Tensor.From<long>([.. indices.Given()]);
    /// <summary>A mask along an axis.</summary>
    public static implicit operator TensorIndex(bool[] mask) => Tensor.From(mask.Given());
}

public sealed partial class Tensor
{
    /// <summary>
    /// A part of the tensor, indexed as in NumPy. Integers and ranges give views; masks and lists of integers give
    /// copies. If there are fewer indices than axes, all elements of the remaining axes are taken. An assignment writes
    /// to the tensor, even if reading the same part gives a copy.
    /// </summary>
    /// <exception cref="IndexException">There are more indices than axes, or an integer is outside its axis.
    /// <see cref="TensorIndex.NewAxis"/> does not count as an index, and a mask with k axes counts as k
    /// indices.</exception>
    [IndexerName("Part")]
    public Tensor this[params TensorIndex[] indices]
    {
        get => Named(() => Basic(indices, out var picks).Pick(picks, indices), "Indexing");
        set => Named(() =>
        {
            var part = Basic(indices, out var picks);
            return picks.Count == 0 ? part.Copy_(value.Given())
                : part.Put(part.Spots(picks, indices), value.Given());
        }, "Indexing");
    }

    /// <summary>
    /// Writes values to positions of the storage. If a position occurs more than once, the last value is kept.
    /// </summary>
    Tensor Put(Tensor places, Tensor value)
    {
        if (value.Layout.Expand(places.Layout.shape) is not { } layout)
            throw new ShapeException($"Indexing: values of shape {value.Layout} do not fill {places.Layout}.");
        var values = value.With(layout).To(Device).To(DType).Beside(this).Contiguous();
        Writing("Indexing");
        if (Storage is HostStorage) DType.Run(new Putting(places, values, this));
        else
        {
            var all = new Tensor(Storage, Layout.Contiguous(Storage.Count));
            Device.Copy(Cat([all, values.Reshape(-1)]).Gather(0, all.Sources(places)), all);
        }
        return this;
    }

    readonly struct Putting(Tensor places, Tensor values, Tensor to) : IForType
    {
        void IForType.Run<V>()
        {
            ref var first = ref Unsafe.Subtract(ref HostStorage.First<V>(to), to.Layout.Offset);
            ref var value = ref HostStorage.First<V>(values);
            var host = places.OnHost(DType.Int64);
            foreach (var place in host.HostSpan<long>())
            {
                Unsafe.Add(ref first, (nint)place) = value;
                value = ref Unsafe.Add(ref value, 1);
            }
            GC.KeepAlive((values, to, host));
        }
    }

    /// <summary>
    /// Returns, for each element, the position from which it comes if values are written to positions of the
    /// flattened tensor. An element that remains comes from its own position; an element that is replaced by value k
    /// comes from position Numel + k. If a position occurs more than once, the last value is kept.
    /// </summary>
    internal Tensor Sources(Tensor places)
    {
        Tensor host = places.OnHost(DType.Int64), made = Arange(Numel, DType.Int64, Device.Cpu);
        var from = made.HostSpan<long>();
        var k = (long)Numel;
        foreach (var place in host.HostSpan<long>()) from[(int)place] = k++;
        GC.KeepAlive(host);
        return made.To(Device);
    }

    /// <summary>
    /// The position of each element in the flattened tensor, as a tensor with the shape of this tensor.
    /// </summary>
    internal Tensor Places => Arange(Numel, DType.Int64, Device).Reshape(Size());

    /// <summary>
    /// The positions of the elements that are not 0, as Int64. The result has a row for each of these elements, and a
    /// column for each axis.
    /// </summary>
    public Tensor Nonzero() => Rank == 0 ? Empty([Item() != 0 ? 1 : 0, 0], DType.Int64, Device)
        : Stack([.. WhereTrue(To(DType.Bool), this, 0)], 1);

    /// <summary>
    /// Applies the integers, ranges and new axes of an index. The masks and lists of integers are returned for
    /// <see cref="Pick"/>, as pairs of an axis and the integers along this axis.
    /// </summary>
    internal Tensor Basic(TensorIndex[] indices, out List<(int Axis, Tensor Index)> picks)
    {
        picks = [];
        var (result, axis) = (this, 0);
        foreach (var index in indices.Given())
        {
            var mask = index.part is Tensor { DType: DType.Bool } m ? m : null;
            if (axis + (index.part is null ? 0 : mask?.Rank ?? 1) > result.Rank)
                throw new IndexException($"Indexing: {indices.Length} indices are too many for shape {Layout}.");
            var size = axis < result.Rank ? result.Size(axis) : 0;
            result = index.part switch
            {
                null => result.Unsqueeze(axis++),
                int i => result.Selected("Indexing", axis, i),
                Index { IsFromEnd: true, Value: > 0 } i => result.Selected("Indexing", axis, -i.Value),
                Index i => result.Selected("Indexing", axis, i.GetOffset(size)),          // ^0 is one beyond the end
                Range r => result.Slice(axis++, At(r.Start), At(r.End), index.step),
                _ => result,
            };
            if (index.part is not Tensor picked) continue;
            foreach (var integers in mask is null ? [picked] : WhereTrue(mask, result, axis))
            {
                integers.OnlyType("Indexing", DType.Int64);
                picks.Add((axis++, integers));
            }

            int At(Index bound) => Math.Max(0, bound.GetOffset(size));
        }
        return result;
    }

    /// <summary>
    /// Picks elements along several axes. For each of these axes, there is a list of integers; the lists broadcast to
    /// a common shape. In the result, the axes of this common shape replace the picked axes. They come first if, in
    /// the index, a range or a new axis is between two other parts (integers, lists or masks). Otherwise, they are
    /// where the picked axes were.
    /// </summary>
    Tensor Pick(List<(int Axis, Tensor Index)> picks, TensorIndex[] indices)
    {
        if (picks.Count == 0) return this;
        var (lead, picked, rest) = Groups(picks, indices);
        var flat = picks.Select(p => (p.Axis, Index: Wrapped(p.Index, p.Axis))).Aggregate((a, b) =>
            (b.Axis, a.Index * Size(b.Axis) + b.Index)).Index;
        int[] Sizes(int[] axes) => Array.ConvertAll(axes, Size);
        return With(Layout.Permute([.. lead, .. picked, .. rest]))
            .Reshape([.. Sizes(lead), Layout.Product(Sizes(picked)), .. Sizes(rest)])
            .IndexSelect(lead.Length, flat.Reshape(-1)).Reshape([.. Sizes(lead), .. flat.Shape, .. Sizes(rest)]);
    }

    /// <summary>Divides the axes into the axes before the picked axes, the picked axes, and all other axes.</summary>
    (int[] Lead, int[] Picked, int[] Others) Groups(List<(int Axis, Tensor Index)> picks, TensorIndex[] indices)
    {
        var isBasic = Array.ConvertAll(indices, index => index.part is null or Range);
        var apart = isBasic.AsSpan().Trim(true).Contains(true);
        int[] picked = [.. picks.Select(p => p.Axis)], lead = [.. Enumerable.Range(0, apart ? 0 : picked[0])];
        return (lead, picked, [.. Enumerable.Range(0, Rank).Except([.. lead, .. picked])]);
    }

    /// <summary>
    /// The positions, in the storage, of the elements that <see cref="Pick"/> picks. The tensor of positions has the
    /// shape of the result of <see cref="Pick"/>.
    /// </summary>
    internal Tensor Spots(List<(int Axis, Tensor Index)> picks, TensorIndex[] indices)
    {
        var (lead, _, rest) = Groups(picks, indices);
        var spots = picks.Select(p => Wrapped(p.Index, p.Axis) * Layout.Strides[p.Axis]).Aggregate((a, b) => a + b);
        if (Layout.Offset > 0) spots += Layout.Offset;
        if (rest.Length > 0) spots = spots.Reshape([.. spots.Shape, .. rest.Select(_ => 1)]) + Offsets(rest);
        if (lead.Length > 0) spots = Offsets(lead).Reshape([.. lead.Select(Size), .. Ones(spots.Size())]) + spots;
        return spots;

        static IEnumerable<int> Ones(int[] shape) => shape.Select(_ => 1);
        Tensor Offsets(int[] axes) => axes.Select(a => Arange(Size(a), DType.Int64, Device) * Layout.Strides[a])
            .Aggregate((a, b) => a.Unsqueeze(-1) + b);
    }

    /// <summary>
    /// Returns the integers of an index along an axis, all counted from 0. Negative integers, which count from the
    /// end, are converted. Integers outside the axis are refused.
    /// </summary>
    internal Tensor Wrapped(Tensor index, int axis)
    {
        var (wrapped, size) = (index.Given().OnHost(DType.Int64).Clone(), Size(axis));
        foreach (ref var i in wrapped.HostSpan<long>())
            if ((ulong)i >= (ulong)size) i = Layout.Index("Indexing", axis, i);
        return wrapped.To(Device);
    }

    static IEnumerable<Tensor> WhereTrue(Tensor mask, Tensor x, int axis)
    {
        for (var a = 0; a < mask.Rank; a++)
            if (mask.Size(a) != x.Size(axis + a)) throw new ShapeException($"Indexing: a mask of shape {mask.Layout} " +
                $"does not fit axis {axis + a} of shape {x.Layout}: {mask.Size(a)} against {x.Size(axis + a)}.");
        var below = Layout.Contiguous(mask.Layout.shape).strides;
        var flat = PlacesWhereTrue(mask);
        for (var a = 0; a < mask.Rank; a++)
            yield return (mask.Rank == 1 ? flat : Along(below[a], mask.Size(a))).To(x.Device);

        Tensor Along(int stride, int size)
        {
            var made = flat.Clone();
            foreach (ref var place in made.HostSpan<long>()) place = place / stride % size;
            return made;
        }
    }

    /// <summary>The positions of the true elements in the flattened mask, as a tensor on the CPU.</summary>
    static Tensor PlacesWhereTrue(Tensor mask)
    {
        var host = mask.OnHost(DType.Bool);
        var values = host.HostSpan<bool>();
        var made = Empty([values.Count(true)], DType.Int64, Device.Cpu);
        var places = made.HostSpan<long>();
        for (var (i, k) = (0, 0); k < places.Length; i++)
            if (values[i]) places[k++] = i;
        GC.KeepAlive(host);
        return made;
    }

    /// <summary>
    /// Picks one element of this tensor for each element of the index: y[…, j, …] = x[…, index[…, j, …], …], where x is
    /// this tensor, y is the result, and j is a position along the axis <paramref name="dim"/>. Only the position along
    /// this axis is taken from the index; the positions along the other axes stay the same.
    /// </summary>
    /// <exception cref="ShapeException">The index and this tensor have different numbers of axes; or, along an axis
    /// other than <paramref name="dim"/>, the size of the index is larger than the size of this tensor.</exception>
    /// <exception cref="IndexException">An element of the index is not a position on the axis <paramref name="dim"/> of
    /// this tensor.</exception>
    public Tensor Gather(int dim, Tensor index)
    {
        var table = Reached("Gather", ref dim, index);
        var result = NewEmpty(index.Layout.shape);
        Device.Gather(table, dim, index, result);
        return result;
    }

    /// <summary>
    /// Adds the elements of x to elements of this tensor, in place: this[…, index[…, j, …], …] += x[…, j, …], where j
    /// is a position along the axis <paramref name="dim"/>. The backward pass of <see cref="Variable.Gather"/> does
    /// this. If an index is repeated, all elements of x with this index are added.
    /// </summary>
    public Tensor ScatterAdd_(int dim, Tensor index, Tensor x)
    {
        var table = Reached("ScatterAdd_", ref dim, index);
        SameDevice("ScatterAdd_", x);
        x.OnlyType("ScatterAdd_", DType);
        Layout.OnlySame("ScatterAdd_", x.Layout, index.Layout);
        Writable("ScatterAdd_");
        Device.ScatterAdd(x.Beside(this), dim, index, table);          // may still find an index outside the axis
        Storage.Written("ScatterAdd_");
        return this;
    }

    /// <summary>
    /// Replaces elements of this tensor, in place: this[…, index[…, j, …], …] = src[…, j, …], where j is a position
    /// along the axis <paramref name="dim"/>. If several elements of <paramref name="src"/> are written to the same
    /// position, the last of them is kept.
    /// </summary>
    public Tensor Scatter_(int dim, Tensor index, Tensor src) => Named(() => Copy_(Scatter(dim, index, src)));

    /// <summary>Replaces elements of this tensor by a number, in place: this[…, index[…, j, …], …] = value.</summary>
    public Tensor Scatter_(int dim, Tensor index, Number value) => Named(() => Copy_(Scatter(dim, index, value)));

    /// <summary>Does the same as <see cref="IndexAdd"/>, in place.</summary>
    public Tensor IndexAdd_(int dim, Tensor index, Tensor source, Number? alpha = null) =>
        Named(() => Copy_(IndexAdd(dim, index, source, alpha)));

    /// <summary>Replaces the elements at which a mask is true by a number, in place.</summary>
    public Tensor MaskedFill_(Tensor mask, Number value) => Named(() => Copy_(MaskedFill(mask, value)));

    /// <summary>Returns the elements at the given positions along an axis, one after another.</summary>
    public Tensor IndexSelect(int dim, Tensor index) =>
        Named(() => Gather(dim, AlongAxis("IndexSelect", dim, index)));

    /// <summary>
    /// Expands a 1-dimensional index along an axis to all axes of this tensor, because <see cref="Gather"/> needs an
    /// index for every element of its result.
    /// </summary>
    internal Tensor AlongAxis(string operation, int axis, Tensor index)
    {
        axis = Layout.Axis(operation, axis);
        index.Given().OnlyType($"{operation}: the index", DType.Int64);
        if (index.Rank != 1)
            throw new ShapeException($"{operation}: the indices have shape {index.Layout}, but must have one axis.");
        return index.Reshape([index.Numel, .. Enumerable.Repeat(1, Rank - 1 - axis)])
            .Expand(Layout.With(Layout.shape, axis, index.Numel));
    }

    /// <summary>
    /// Returns the part of this tensor that an index can reach. Along each axis other than <paramref name="axis"/>,
    /// this part has the size of the index, which may be smaller than the size of this tensor.
    /// </summary>
    Tensor Reached(string operation, ref int axis, Tensor index)
    {
        axis = Layout.Axis(operation, axis);
        SameDevice(operation, index);
        index.OnlyType(operation, DType.Int64);
        var table = this;
        if (index.Rank != Rank) throw new ShapeException(
            $"{operation}: indices {index.Layout} do not have as many axes as tensor {Layout}.");
        for (var a = 0; a < Rank; a++)
            if (a != axis && index.Layout.shape[a] > Layout.shape[a]) throw new ShapeException(
                $"{operation}: indices {index.Layout} may exceed tensor {Layout} in axis {axis}, not axis {a}.");
            else if (a != axis) table = table.Narrow(a, 0, index.Layout.shape[a]);
        return table;
    }
}
