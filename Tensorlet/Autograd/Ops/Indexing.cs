namespace Tensorlet;

public sealed partial class Variable
{
    /// <inheritdoc cref="Tensor.Gather"/>
    // y[…j…] = x[…index[…j…]…]     dx = 0, with dy added at the indices
    public Variable Gather(int axis, Variable index) => Linear(x => x.Gather(axis, index.Given().Data),
        (dy, before) => dy.ScatterAdd(axis, index.Data, before), index: index.Given().Data);

    /// <inheritdoc cref="Tensor.IndexSelect"/>
    public Variable IndexSelect(int axis, Variable index) =>
        Named(() => Gather(axis, Data.AlongAxis("IndexSelect", axis, index.Given().Data)));

    /// <summary>
    /// Zeros of a shape, to which this variable is added at the indices along an axis: the adjoint of
    /// <see cref="Gather"/>.
    /// </summary>
    // y = 0, with x added at the indices     dx = dy gathered at the indices
    public Variable ScatterAdd(int axis, Tensor index, params int[] shape) => Linear(
        x => x.NewEmpty(shape).SetAll(0).ScatterAdd_(axis, index, x), (dy, _) => dy.Gather(axis, index), index: index);

    /// <summary>
    /// This variable, plus alpha times the rows of a source at indices along an axis; repeated indices add up.
    /// </summary>
    public Variable IndexAdd(int axis, Tensor index, Variable source, Number? alpha = null) =>
        Named(() =>
            this + source.Given().ScatterAdd(axis, Data.AlongAxis("IndexAdd", axis, index), Size()) * (alpha ?? 1));

    /// <summary>
    /// This variable, with the rows at indices along an axis replaced by those of a source. If an index is repeated,
    /// the last row is kept.
    /// </summary>
    public Variable IndexCopy(int axis, Tensor index, Variable source) =>
        Named(() => Scatter(axis, Data.AlongAxis("IndexCopy", axis, index), source));

    /// <summary>This variable, with a value in the rows at indices along an axis.</summary>
    public Variable IndexFill(int axis, Tensor index, Number value) =>
        Named(() => Scatter(axis, Data.AlongAxis("IndexFill", axis, index), value));

    /// <summary>
    /// y[…, index[…, j, …], …] = source[…, j, …] along an axis, and this variable elsewhere. If an index is repeated,
    /// the last element is kept.
    /// </summary>
    /// <exception cref="ShapeException">Source and indices differ in shape, or this variable differs from them in
    /// another axis.</exception>
    /// <exception cref="IndexException">An index is outside the axis.</exception>
    public Variable Scatter(int axis, Tensor index, Variable source)
    {
        Layout.OnlySame("Scatter", source.Given().Data.Layout, index.Given().Layout);
        return Named(() => Put(Data.Places.Gather(axis, index), source));
    }

    /// <summary>y[…, index[…, j, …], …] = value along an axis, and this variable elsewhere.</summary>
    public Variable Scatter(int axis, Tensor index, Number value) =>
        Scatter(axis, index, Tensor.Like(Data, value).Expand(index.Given().Size()));

    /// <summary>
    /// Where the mask is true, the elements of a source, one after another; this variable elsewhere. This variable and
    /// the mask broadcast.
    /// </summary>
    /// <exception cref="ShapeException">The source has too few elements.</exception>
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

    /// <summary>This variable, with a source at positions of the flattened variable.</summary>
    Variable Put(Tensor places, Variable source) =>
        Cat([Reshape(-1), source.Reshape(-1)]).Gather(0, Data.Sources(places)).Reshape(Size());

    /// <summary>This variable, with a source added: y[…, index[…, j, …], …] += source[…, j, …] along an axis.</summary>
    public Variable ScatterAdd(int axis, Tensor index, Variable source) =>
        Named(() => this + source.Given().ScatterAdd(axis, index, Size()));

    /// <summary>
    /// The elements at these positions of the flattened variable, in the shape of the indices; negative ones count from
    /// the end.
    /// </summary>
    public Variable Take(Tensor index) =>
        Named(() => Reshape(-1).Gather(0, Data.Reshape(-1).Wrapped(index, 0).Reshape(-1)).Reshape(index.Size()));

    /// <summary>The elements where a mask is true, in one row. This variable and the mask broadcast.</summary>
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
            // where to gather from, if the elements lay in order
            var part = Data.With(Layout.Contiguous(Data.Layout.shape)).Basic(indices, out var picks);
            if (picks.Count == 0) return Read(x => x.Basic(indices, out _), "Index");
            var places = part.Spots(picks, indices);
            return Reshape(-1).Gather(0, places.Reshape(-1)).Reshape(places.Size());
        }, "Indexing");
    }
}
