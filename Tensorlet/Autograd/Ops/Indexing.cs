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
