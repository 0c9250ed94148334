namespace Tensorlet;

public partial class Variable
{
    /// <inheritdoc cref="Tensor.Gather"/>
    // y[…j…] = x[…index[…j…]…]     dx = zeros, to which dy is added at the indices
    public Variable Gather(int dim, Variable index) => Linear(x => x.Gather(dim, index.Given().Data),
        (dy, before) => dy.ScatterAdd(dim, index.Data, before), index: index.Given().Data);

    /// <inheritdoc cref="Tensor.IndexSelect"/>
    public Variable IndexSelect(int dim, Variable index) =>
        Named(() => Gather(dim, Data.AlongAxis("IndexSelect", dim, index.Given().Data)));

    /// <summary>
    /// Adds the elements of this variable to y, a tensor of zeros that has the given shape, and returns y: y[…,
    /// index[…, j, …], …] += this[…, j, …]. Here, j is a position along the axis <paramref name="dim"/> of this
    /// variable, and <paramref name="index"/> contains positions along the same axis of y. The backward pass of
    /// <see cref="Gather"/> is this operation.
    /// </summary>
    // y = zeros, to which x is added at the indices     dx = dy gathered at the indices
    public Variable ScatterAdd(int dim, Tensor index, params int[] shape) => Linear(
        x => x.NewEmpty(shape.Given()).SetAll(0).ScatterAdd_(dim, index, x), (dy, _) => dy.Gather(dim, index),
        index: index);

    /// <summary>
    /// Returns a copy of this variable, to which the slices of a source, multiplied by alpha, are added. Along the axis
    /// <paramref name="dim"/>, slice k of the source is added to slice <c>index[k]</c> of this variable. If an index is
    /// repeated, all slices with this index are added. Alpha is 1 if it is not given.
    /// </summary>
    public Variable IndexAdd(int dim, Tensor index, Variable source, Number? alpha = null) =>
        Named(() =>
            this + source.Given().ScatterAdd(dim, Data.AlongAxis("IndexAdd", dim, index), Size()) * (alpha ?? 1));

    /// <summary>
    /// Returns a copy of this variable in which some slices are replaced. Along the axis <paramref name="dim"/>, slice
    /// k of the source replaces slice <c>index[k]</c> of this variable. If an index is repeated, the last slice with
    /// this index is kept.
    /// </summary>
    public Variable IndexCopy(int dim, Tensor index, Variable source) =>
        Named(() => Scatter(dim, Data.AlongAxis("IndexCopy", dim, index), source.Given()));

    /// <summary>
    /// Returns a copy of this variable in which some slices are filled with a value: along the axis
    /// <paramref name="dim"/>, the slices whose positions are in <paramref name="index"/>.
    /// </summary>
    public Variable IndexFill(int dim, Tensor index, Number value) =>
        Named(() => Scatter(dim, Data.AlongAxis("IndexFill", dim, index), value));

    /// <summary>
    /// Returns a copy y of this variable, into which a source is written along the axis <paramref name="dim"/>: y[…,
    /// index[…, j, …], …] = src[…, j, …], where j is a position along this axis. If several elements of the source are
    /// written to the same position, the last of them is kept.
    /// </summary>
    /// <exception cref="ShapeException">The source and <paramref name="index"/> differ in shape; or
    /// <paramref name="index"/> and this variable have different numbers of axes; or, along an axis other than
    /// <paramref name="dim"/>, the size of <paramref name="index"/> is greater than the size of this
    /// variable.</exception>
    /// <exception cref="IndexException">An index is outside the axis.</exception>
    public Variable Scatter(int dim, Tensor index, Variable src)
    {
        Layout.OnlySame("Scatter", src.Given().Data.Layout, index.Given().Layout);
        return Named(() => Put(Data.Places.Gather(dim, index), src));
    }

    /// <summary>
    /// Returns a copy y of this variable, into which a value is written along the axis <paramref name="dim"/>: y[…,
    /// index[…, j, …], …] = value, where j is a position along this axis.
    /// </summary>
    public Variable Scatter(int dim, Tensor index, Number value) =>
        Scatter(dim, index, Tensor.Like(Data, value).Expand(index.Given().Size()));

    /// <summary>
    /// Returns a copy of this variable in which the elements where the mask is true are replaced, in order, by the
    /// elements of a source. This variable and the mask are broadcast to one shape.
    /// </summary>
    /// <exception cref="ShapeException">The source has fewer elements than there are elements to replace.</exception>
    public Variable MaskedScatter(Tensor mask, Variable source)
    {
        mask.Given().OnlyType("MaskedScatter: the mask", DType.Bool);
        var shape = Layout.Broadcast("MaskedScatter", Data.Layout, mask.Layout);
        var x = Expand(shape);
        var places = x.Data.Places[mask.Expand(shape)];
        if (places.Numel > source.Given().Numel)
            throw new ShapeException($"MaskedScatter: a source of shape {source.Data.Layout} has {source.Numel} " +
                $"elements, but the mask of shape {mask.Layout} needs {places.Numel}.");
        return Named(() => x.Put(places, source.Reshape(-1).Narrow(0, 0, places.Numel)));
    }

    /// <summary>
    /// Returns a copy of this variable in which a source replaces the elements at the given positions. The positions
    /// are those in the flattened variable.
    /// </summary>
    Variable Put(Tensor places, Variable source) =>
        Cat([Reshape(-1), source.Reshape(-1)]).Gather(0, Data.Sources(places)).Reshape(Size());

    /// <summary>
    /// Returns a copy y of this variable, to which a source is added along the axis <paramref name="dim"/>: y[…,
    /// index[…, j, …], …] += src[…, j, …], where j is a position along this axis.
    /// </summary>
    public Variable ScatterAdd(int dim, Tensor index, Variable src) =>
        Named(() => this + src.Given().ScatterAdd(dim, index, Size()));

    /// <summary>
    /// Flattens this variable, and returns the elements at the given positions. The result has the shape of
    /// <paramref name="index"/>. A negative position is counted from the end.
    /// </summary>
    public Variable Take(Tensor index) =>
        Named(() => Reshape(-1).Gather(0, Data.Reshape(-1).Wrapped(index, 0).Reshape(-1)).Reshape(index.Size()));

    /// <summary>
    /// The elements at which a mask is true, as a vector. This variable and the mask are broadcast to one shape.
    /// </summary>
    public Variable MaskedSelect(Tensor mask)
    {
        mask.Given().OnlyType("MaskedSelect: the mask", DType.Bool);
        var shape = Layout.Broadcast("MaskedSelect", Data.Layout, mask.Layout);
        return Expand(shape)[mask.Expand(shape)];
    }

    /// <inheritdoc cref="Tensor.this"/>
    [IndexerName("Part")]
    public Variable this[params TensorIndex[] indices]
    {
        get => Named(() =>
        {
            // the positions to gather from, if the elements were in row-major order
            var part = Data.With(Layout.Contiguous(Data.Layout.shape)).Basic(indices, out var picks);
            if (picks.Count == 0) return Read(x => x.Basic(indices, out _), "Index");
            var places = part.Spots(picks, indices);
            return Reshape(-1).Gather(0, places.Reshape(-1)).Reshape(places.Size());
        }, "Indexing");
    }
}
