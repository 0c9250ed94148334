namespace Tensorlet;

// These operations are adjoint pairs: each of the two functions of a pair is the backward pass of the other.

/// <summary>
/// A linear function f. Its backward pass is the adjoint function, whose arguments are dy and the shape of the input
/// x.
/// </summary>
sealed class LinearMap(string name, Func<Tensor, Tensor> f, Func<Variable, int[], Variable> adjoint, Tensor? index)
    : Function
{
    public override string Name => name;
    protected override Tensor Forward()
    {
        if (index is not null) Keep(index);
        return f(X.Data);
    }
    public override Variable[] Backward(Variable dy) => [adjoint(dy, shapes[0])];
}

sealed class Cat(int axis) : Function // y = x₁, x₂, … along an axis     dxᵢ = its part of dy
{
    protected override Tensor Forward() => Tensor.Cat(Array.ConvertAll(Inputs, x => x.Data), axis);
    public override Variable[] Backward(Variable dy)
    {
        var end = 0;
        return Array.ConvertAll(shapes, shape => dy.Narrow(axis, (end += shape[axis]) - shape[axis], shape[axis]));
    }
}

// yᵢ = a part of x     dx = all dyᵢ joined
// The parts are not single views: in the backward pass, each view would add its dyᵢ to a tensor of zeros of its own.
sealed class Divided(string name, Func<Tensor, Tensor[]> cut, Func<Variable[], Variable> join) : MultiFunction
{
    public override string Name => name;
    protected override Tensor[] ForwardAll() => cut(X.Data);
    protected override Variable?[] Backward(Variable[] gradients) => [join(gradients)];
}

public partial class Variable
{
    Variable Linear(Func<Tensor, Tensor> f, Func<Variable, int[], Variable> adjoint,
        [CallerMemberName] string name = "", Tensor? index = null) =>
        new LinearMap(name, f, adjoint, index).Apply(this);

    /// <summary>Returns a copy that has memory of its own.</summary>
    public Variable Clone() => Linear(x => x.Clone(), (dy, _) => dy);
    /// <inheritdoc cref="Tensor.Contiguous"/>
    public Variable Contiguous() => Data.IsContiguous ? this : Clone();

    /// <summary>Returns the elements of a view of this variable.</summary>
    // y = x read through a view     dx = zeros, to which dy is added through the view
    Variable Read(Func<Tensor, Tensor> view, [CallerMemberName] string name = "") =>
        Linear(view, (dy, before) => dy.AddInto(view, before, name), name);

    /// <summary>
    /// Adds this variable to zeros of the given shape, through a view of the zeros: the adjoint of
    /// <see cref="Read"/>.
    /// </summary>
    // y = zeros, to which x is added through the view     dx = dy read through the view
    internal Variable AddInto(Func<Tensor, Tensor> view, int[] shape, string name) => Linear(x =>
    {
        var y = x.NewEmpty(shape).SetAll(0);
        x.Device.AddInto(x, view(y));
        return y;
    }, (dy, _) => dy.Read(view, name), $"AddInto{name}");

    /// <inheritdoc cref="Tensor.Expand"/>
    // y = x repeated to a shape     dx = Σ dy over the repeated axes
    public Variable Expand(params int[] shape) => Shape == shape.Given() ? this
        : Linear(x => x.Expand(shape), (dy, before) => dy.SumTo(before));
    /// <inheritdoc cref="Tensor.Reshape"/>
    public Variable Reshape(params int[] shape) => Shape == shape.Given() ? this
        : Linear(x => x.Reshape(shape), (dy, before) => dy.Reshape(before));
    /// <inheritdoc cref="Tensor.View"/>
    public Variable View(params int[] shape) => Linear(x => x.View(shape), (dy, before) => dy.Reshape(before));
    /// <inheritdoc cref="Tensor.Permute"/>
    // y = x with the axes in another order     dx = dy with the axes in the original order
    public Variable Permute(params int[] dims) => Linear(x => x.Permute(dims), (dy, before) => dy.Permute(
        [.. Enumerable.Range(0, dims.Length).OrderBy(a => dims[a] < 0 ? dims[a] + dims.Length : dims[a])]));
    /// <inheritdoc cref="Tensor.Transpose"/>
    public Variable Transpose(int dim0, int dim1) => Permute(Data.Layout.Swapped("Transpose", dim0, dim1));
    /// <inheritdoc cref="Tensor.T"/>
    public Variable T => Transpose(-2, -1);
    /// <inheritdoc cref="Tensor.Squeeze"/>
    public Variable Squeeze(Axes dim = default) => Reshape(Data.Squeeze(dim).Size());
    /// <inheritdoc cref="Tensor.Unsqueeze"/>
    public Variable Unsqueeze(int dim) => Reshape(Data.Unsqueeze(dim).Size());
    /// <summary>
    /// Joins the axes from <paramref name="startDim"/> to <paramref name="endDim"/>, both included, into one axis.
    /// </summary>
    /// <exception cref="ShapeException"><paramref name="endDim"/> comes before <paramref name="startDim"/>.</exception>
    public Variable Flatten(int startDim = 0, int endDim = -1)
    {
        if (Rank == 0) return Reshape(1);
        (startDim, endDim) = (Data.Layout.Axis("Flatten", startDim), Data.Layout.Axis("Flatten", endDim));
        if (startDim > endDim)
            throw new ShapeException($"Flatten: axis {startDim} comes after axis {endDim} of shape {Data.Layout}.");
        return Reshape([.. Shape[..startDim], Layout.Product(Shape[startDim..(endDim + 1)]), .. Shape[(endDim + 1)..]]);
    }
    /// <inheritdoc cref="Tensor.Narrow"/>
    public Variable Narrow(int dim, int start, int length) => Read(x => x.Narrow(dim, start, length));
    /// <inheritdoc cref="Tensor.Select"/>
    public Variable Select(int dim, int index) => Read(x => x.Select(dim, index));
    /// <inheritdoc cref="Tensor.Slice"/>
    public Variable Slice(int dim, int start = 0, int end = int.MaxValue, int step = 1) =>
        Read(x => x.Slice(dim, start, end, step));
    /// <inheritdoc cref="Tensor.Windows(int, int, int, int)"/>
    public Variable Windows(int dim, int size, int stride = 1, int dilation = 1) =>
        Read(x => x.Windows(dim, size, stride, dilation));
    internal Variable Windows(int[] size, int[] stride, int[] dilation) => Read(x => x.Windows(size, stride, dilation));
    /// <inheritdoc cref="Tensor.Diagonal"/>
    public Variable Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1) =>
        Read(x => x.Diagonal(offset, dim1, dim2));
    /// <inheritdoc cref="Tensor.Flip"/>
    public Variable Flip(params int[] dims) => Linear(x => x.Flip(dims), (dy, _) => dy.Flip(dims));
    /// <inheritdoc cref="Tensor.Split(int, int)"/>
    public Variable[] Split(int size, int dim = 0) => Divide(x => x.Split(size, dim), dim);
    /// <inheritdoc cref="Tensor.Split(int[], int)"/>
    public Variable[] Split(int[] sizes, int dim = 0) => Divide(x => x.Split(sizes, dim), dim);
    /// <inheritdoc cref="Tensor.Chunk"/>
    public Variable[] Chunk(int chunks, int dim = 0) => Divide(x => x.Chunk(chunks, dim), dim);

    Variable[] Divide(Func<Tensor, Tensor[]> cut, int axis, [CallerMemberName] string name = "") =>
        new Divided(name, cut, parts => Cat(parts, axis)).Apply(this);

    /// <summary>Pads this variable with a value along the last axes. The adjoint cuts the padding off.</summary>
    internal Variable Framed(int[] before, int[] after, double value) => before.Max() + after.Max() == 0 ? this
        : Linear(x => x.Framed(before, after, value), (dy, sizes) => dy.Read(y => y.Inside(before, sizes), "Inside"));

    /// <summary>
    /// Adds zeros along an axis: <paramref name="before"/> zeros before the first element, and
    /// <paramref name="after"/> zeros after the last element.
    /// </summary>
    public Variable Pad(int dim, int before, int after) => before >= 0 && after >= 0
        ? F.Pad(this, [.. new int[2 * (Rank - 1 - Data.Layout.Axis("Pad", dim))], before, after])
        : throw new ShapeException($"Pad: {before} and {after} must not be negative.");

    /// <inheritdoc cref="Tensor.Cat"/>
    public static Variable Cat(IReadOnlyList<Variable> variables, int dim = 0)
    {
        if (variables.Given().Count == 0) throw new ShapeException("Cat: no variables were given.");
        var type = variables.Max(x => x.Given(nameof(variables)).DType);
        return new Cat(variables[0].Data.Layout.Axis("Cat", dim)).Apply([.. variables.Select(x => x.To(type))]);
    }

    /// <inheritdoc cref="Tensor.Stack"/>
    public static Variable Stack(IReadOnlyList<Variable> variables, int dim = 0)
    {
        Layout.OnlySame("Stack", [.. variables.Given().Select(v => v.Given(nameof(variables)).Data.Layout)]);
        return Named(() => Cat([.. variables.Select(v => v.Unsqueeze(dim))], dim));
    }
}
