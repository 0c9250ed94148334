namespace Tensorlet;

// y[…j…] = x[…index[…j…]…]     dx = 0, with dy added at the indices
sealed class Gather(int axis, Tensor index) : Function
{
    int[] before = [];
    protected override Tensor Forward() { before = X.Data.Layout.shape; return X.Data.Gather(axis, index); }
    public override Variable[] Backward(Variable dy) => [new ScatterAdd(axis, index, before).Apply(dy)];
}

// y = 0, with x added at the indices     dx = dy gathered at the indices
sealed class ScatterAdd(int axis, Tensor index, int[] shape) : Function
{
    protected override Tensor Forward() => X.Data.NewEmpty(shape).SetAll(0).ScatterAdd_(axis, index, X.Data);
    public override Variable[] Backward(Variable dy) => [dy.Gather(axis, index)];
}

public sealed partial class Variable
{
    /// <inheritdoc cref="Tensor.Gather"/>
    public Variable Gather(int axis, Tensor index) => new Gather(axis, index).Apply(this);

    /// <inheritdoc cref="Tensor.IndexSelect"/>
    public Variable IndexSelect(int axis, Tensor index) => Gather(axis, Data.AlongAxis("IndexSelect", ref axis, index));

    /// <summary>
    /// Zeros of a shape, with this added at the indices along an axis: the adjoint of <see cref="Gather"/>.
    /// </summary>
    public Variable ScatterAdd(int axis, Tensor index, params int[] shape) =>
        new ScatterAdd(axis, index, shape).Apply(this);

    /// <summary>
    /// This with alpha times the rows of a source added at indices along an axis; repeated ones add up.
    /// </summary>
    public Variable IndexAdd(int axis, Tensor index, Variable source, double alpha = 1) =>
        this + source.ScatterAdd(axis, Rows("IndexAdd", axis, index), Size()) * alpha;

    /// <summary>
    /// This with the rows of a source in the places of those at indices, which do not repeat, along an axis.
    /// </summary>
    public Variable IndexCopy(int axis, Tensor index, Variable source) =>
        Scatter(axis, Rows("IndexCopy", axis, index), source);

    /// <summary>This with a value in the rows at indices along an axis.</summary>
    public Variable IndexFill(int axis, Tensor index, double value) =>
        MaskedFill(Hit(axis, Rows("IndexFill", axis, index)), value);

    /// <summary>
    /// y[…, index[…, j, …], …] = source[…, j, …] along an axis, this elsewhere; indices do not repeat.
    /// </summary>
    public Variable Scatter(int axis, Tensor index, Variable source) =>
        Where(Hit(axis, index), source.ScatterAdd(axis, index, Size()), this);

    /// <summary>This with a source added: y[…, index[…, j, …], …] += source[…, j, …] along an axis.</summary>
    public Variable ScatterAdd(int axis, Tensor index, Variable source) =>
        this + source.ScatterAdd(axis, index, Size());

    /// <summary>The elements of the flattened variable at these places, of the shape of the indices.</summary>
    public Variable Take(Tensor index) => Reshape(-1).Gather(0, index.Reshape(-1)).Reshape(index.Size());

    /// <summary>The elements where a mask, broadcast, is true, in one row.</summary>
    public Variable MaskedSelect(Tensor mask)
    {
        var shape = Layout.Broadcast("MaskedSelect", Data.Layout, mask.Layout);
        return Expand(shape)[mask.Expand(shape)];
    }

    /// <summary>The places along an axis that an index of rows names, as <see cref="Gather"/> takes them.</summary>
    Tensor Rows(string operation, int axis, Tensor index) => Data.AlongAxis(operation, ref axis, index);

    /// <summary>Where something is put.</summary>
    Tensor Hit(int axis, Tensor index) => Tensor.Zeros(Size(), DType.Int64, Device).ScatterAdd_(axis, index,
        Tensor.Ones(index.Size(), DType.Int64, index.Device)) > 0;

    /// <inheritdoc cref="Tensor.this"/>
    [System.Runtime.CompilerServices.IndexerName("Part")]
    public Variable this[params TensorIndex[] indices]
    {
        get
        {
            Data.Basic(indices, out var picks);
            if (picks.Count == 0) return new ReadView("Index", x => x.Basic(indices, out _)).Apply(this);
            // What would be picked from the elements' own numbers is where to gather from the flattened tensor.
            var places = Tensor.Arange(Numel, DType.Int64).Reshape(Size())[indices].To(Device);
            return Reshape(-1).Gather(0, places.Reshape(-1)).Reshape(places.Size());
        }
    }
}
