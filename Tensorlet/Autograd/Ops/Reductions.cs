namespace Tensorlet;

/// <summary>
/// For each element xᵢ, computes the product of all other elements without a division by xᵢ: the product of the
/// elements before xᵢ times the product of the elements after xᵢ.
/// </summary>
sealed class Prod(int axis) : Function // y = Π x along an axis, kept as 1     dxᵢ = dy · Π of the other x
{
    protected override Tensor Forward() { Save(X); return X.Data.Prod([axis], keepdim: true); }
    public override Variable[] Backward(Variable dy) => [Before(X) * Before(X.Flip(axis)).Flip(axis) * dy];

    /// <summary>For each element, the product of all elements before it; 1 for the first element.</summary>
    Variable Before(Variable x)
    {
        var one = Tensor.Ones(Layout.With(x.Data.Layout.shape, axis, 1), x.DType, x.Device);
        return Variable.Cat([one, x.Slice(axis, 0, -1).CumProd(axis)], axis).Narrow(axis, 0, x.Size(axis));
    }
}

// y = max x over some axes, whose size becomes 1     dx = dy, shared evenly by the elements of x that are equal to y
sealed class Extreme(string name, int[] axes, bool largest, bool shareNaN = false) : Function
{
    protected override Tensor Forward()
    {
        Save(X);
        return SaveResult(largest ? X.Data.AMax(axes, keepdim: true) : X.Data.AMin(axes, keepdim: true));
    }
    public override Variable[] Backward(Variable dy)
    {
        var same = X.Data.Eq(Y.Data);                   // NaN equals nothing: there are 0 winners, and 0/0
        var winners = (shareNaN ? same | X.Data.IsNaN() : same).To(dy.DType);
        return [dy * (winners / winners.Sum(axes, keepdim: true))];
    }
    public override string Name => name;
}

/// <summary>e^(x − m)</summary>
readonly struct ExpOfDifference : IZip
{
    static int IZip.OfRow => 0b10;
    [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V m) => V.Exp(x - m);
}

/// <summary>(x − m)·w/r, computed in an order in which nothing overflows or underflows.</summary>
readonly struct WeightedDeviation : IFormula
{
    public static int Inputs => 4;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V x, V m, V r, V w, V e, V f, V g, V h) => (x - m) / r * w;
}

/// <summary>
/// The squares and their sum are computed in double precision. Where the root is 0, the gradient is 0, which is a
/// subgradient.
/// </summary>
// m is the mean over some axes, or 0. The result is y = Σ(x − m)²/n, or its root r.
// dx = (x − m)·2/n·dy for y, and (x − m)/(n·r)·dy for the root
sealed class Spread(string name, int[] axes, double n, bool centered, bool root) : Function
{
    public override string Name => name;
    protected override Tensor Forward()
    {
        Save(X);
        X.Data.OnlyFloat(name);
        var m = centered ? X.Data.Mean(axes, keepdim: true) : Tensor.Like(X.Data, 0);
        return SaveResult(Tensor.Fold(name, new Of2<Tensor.SubtractFormula>(), new Tensor.MeanSquareFormula(n, root),
            axes, X.Data, m));
    }
    public override Variable[] Backward(Variable dy)
    {
        var m = centered ? X.Mean(axes, keepdim: true) : Tensor.Like(X.Data, 0);
        var r = root ? Variable.Where(!Y.Data, double.PositiveInfinity, Y) : Tensor.Like(Y.Data, 1);
        return [Variable.Apply(new WeightedDeviation(), X, m, r, dy * ((root ? 1 : 2) / n))];
    }
}

public partial class Variable
{
    /// <summary>
    /// Applies a function that reduces axes to size 1, and then removes these axes unless
    /// <paramref name="keepdim"/> is true.
    /// </summary>
    Variable Fold(string operation, Axes axes, bool keepdim, Func<int[], Variable> function)
    {
        var over = Data.Layout.Axes(operation, axes);
        return Named(() => function(over).Squeezed(over, keepdim), operation);
    }

    Variable Squeezed(int[] axes, bool keepdim) =>
        keepdim ? this : axes.Length == Rank ? Reshape()
            : Reshape([.. Enumerable.Range(0, Rank).Except(axes).Select(Size)]);

    // y = Σ x over some axes, whose size becomes 1     dx = dy, repeated along these axes
    Variable SumKept(int[] axes) => Linear(x => x.Sum(axes, keepdim: true), (dy, before) => dy.Expand(before), "Sum");

    /// <inheritdoc cref="Tensor.Sum"/>
    public Variable Sum(Axes dim = default, bool keepdim = false) => Fold("Sum", dim, keepdim, SumKept);

    /// <summary>
    /// Sums over the axes along which a tensor of the given shape would be repeated to get the shape of this
    /// variable. This is the adjoint of <see cref="Expand"/>.
    /// </summary>
    internal Variable SumTo(int[] shape)
    {
        var axes = Layout.Repeated(shape, Size());
        return axes.Length == 0 ? this : SumKept(axes).Reshape(shape);
    }

    /// <inheritdoc cref="Tensor.Mean"/>
    // y = Σ x/n over some axes, whose size becomes 1     dx = dy/n, repeated along these axes
    public Variable Mean(Axes dim = default, bool keepdim = false) => Fold("Mean", dim, keepdim, over =>
        Linear(x => x.Mean(over, keepdim: true), (dy, before) =>
            (dy / (Layout.Product(before) / Math.Max(1, dy.Numel))).Expand(before)));


    /// <summary>The product over the given axes, or of all elements if no axes are given.</summary>
    public Variable Prod(Axes dim = default, bool keepdim = false) => Fold("Prod", dim, keepdim, over =>
        over.Aggregate(this, (x, axis) => new Prod(axis).Apply(x)));

    /// <summary>
    /// The maximum over the given axes, or of all elements if no axes are given. Elements that are equal to the
    /// maximum share the gradient evenly.
    /// </summary>
    public Variable AMax(Axes dim = default, bool keepdim = false) =>
        Fold("AMax", dim, keepdim, over => new Extreme("AMax", over, largest: true).Apply(this));

    /// <summary>
    /// The minimum over the given axes, or of all elements if no axes are given. Elements that are equal to the
    /// minimum share the gradient evenly.
    /// </summary>
    public Variable AMin(Axes dim = default, bool keepdim = false) =>
        Fold("AMin", dim, keepdim, over => new Extreme("AMin", over, largest: false).Apply(this));

    /// <summary>
    /// The maximum of all elements. Elements that are equal to the maximum share the gradient evenly. If there are
    /// NaNs, the maximum is NaN, and the NaNs share the gradient evenly.
    /// </summary>
    public Variable Max() => Fold("Max", null, false, over => new Extreme("Max", over, true, true).Apply(this));
    /// <summary>
    /// The minimum of all elements. Elements that are equal to the minimum share the gradient evenly. If there are
    /// NaNs, the minimum is NaN, and the NaNs share the gradient evenly.
    /// </summary>
    public Variable Min() => Fold("Min", null, false, over => new Extreme("Min", over, false, true).Apply(this));

    /// <summary>
    /// The maximum along an axis, and its position. If the maximum occurs several times, the position is that of
    /// the first occurrence, and only that element gets the gradient.
    /// </summary>
    public (Variable Values, Tensor Indices) Max(int dim, bool keepdim = false) =>
        Named(() => Picked(dim, Data.ArgMax(dim, keepdim: true), keepdim));
    /// <summary>
    /// The minimum along an axis, and its position. If the minimum occurs several times, the position is that of
    /// the first occurrence, and only that element gets the gradient.
    /// </summary>
    public (Variable Values, Tensor Indices) Min(int dim, bool keepdim = false) =>
        Named(() => Picked(dim, Data.ArgMin(dim, keepdim: true), keepdim));

    (Variable, Tensor) Picked(int axis, Tensor at, bool keepdim) =>
        keepdim ? (Gather(axis, at), at) : (Gather(axis, at).Squeeze(axis), at.Squeeze(axis));

    /// <summary>
    /// ln Σ eˣ over the given axes, or over all elements if no axes are given, computed without overflow.
    /// </summary>
    public Variable LogSumExp(Axes dim = default, bool keepdim = false)
    {
        var over = Data.Layout.Axes("LogSumExp", dim);
        if (!DType.IsFloat()) return To(DTypes.Default).LogSumExp(dim, keepdim);
        // the maximum is subtracted, so that nothing overflows; where the maximum is infinite, 0 is subtracted
        // instead
        var m = Data.CountOver(over) == 0 ? Data.Sum(over, keepdim: true) : Data.AMax(over, keepdim: true);
        m = Tensor.Where((m - m).Eq(0), m, 0);
        return Fold("LogSumExp", dim, keepdim, _ =>
            Total(new Of2<ExpOfDifference>(), "LogSumExp", over, this, m).Log() + m);
    }

    Variable Spread(string name, bool root, Axes axes, double correction, bool keepdim) =>
        Fold(name, axes, keepdim, over => new Spread(name, over,
            Math.Max(0, Data.CountOver(over) - correction), true, root).Apply(this));

    /// <summary>
    /// The variance Σ(x − mean)²/(n − correction) of the n elements along the given axes, or of all n elements if
    /// no axes are given.
    /// </summary>
    public Variable Var(Axes dim = default, double correction = 1, bool keepdim = false) =>
        Spread("Var", false, dim, correction, keepdim);

    /// <summary>
    /// The standard deviation, which is the square root of the variance; see <see cref="Var"/>. If all elements are
    /// equal, the standard deviation and its gradient are 0.
    /// </summary>
    public Variable Std(Axes dim = default, double correction = 1, bool keepdim = false) =>
        Spread("Std", true, dim, correction, keepdim);

    /// <summary>
    /// The p-norm (Σ|x|ᵖ)^(1/p) over the given axes, or of all elements if no axes are given. If p is not given, the
    /// norm is the Euclidean norm √Σx². For p = ∞, the norm is the largest |x|; for p = −∞, it is the smallest |x|; and
    /// for p = 0, it is the number of elements that are not 0. With respect to an element that is 0, the gradient is 0.
    /// </summary>
    public Variable Norm(double p = 2, Axes dim = default, bool keepdim = false) => Named(() =>
    {
        Data.OnlyFloat("Norm");
        if (p == 2)
            return Fold("Norm", dim, keepdim, over => new Spread("Norm", over, 1, false, true).Apply(this));
        if (double.IsInfinity(p)) return p > 0 ? Abs().AMax(dim, keepdim) : Abs().AMin(dim, keepdim);
        var nothing = p < 0 ? double.PositiveInfinity : 0;
        var sum = Abs().MaskedFill(!Data, 1).Pow(p).MaskedFill(!Data, nothing).Sum(dim, keepdim);
        return p == 0 ? sum : sum.MaskedFill(!sum.Data, 1).Pow(1 / p).MaskedFill(!sum.Data, 0);
    });
}
