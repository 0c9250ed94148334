namespace Tensorlet;

/// <summary>x·scale where the mask is true, and −∞ elsewhere. These are the scores whose softmax is computed.</summary>
readonly struct SeenFormula(double scale) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V mask) => V.IfEqual(mask, V.Of(0), V.Of(double.NegativeInfinity), x * V.Of(scale));
}

/// <summary>
/// e^(x·scale − m) where the mask is true, and 0 elsewhere. m is the maximum of the scores, or −∞ if the mask is
/// false everywhere.
/// </summary>
readonly struct ShiftedExpFormula(double scale) : IZip3
{
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V mask, V m) => V.IfEqual(mask, V.Of(0), V.Of(0), V.Exp(x * V.Of(scale) - m));
}

/// <summary>1/sum; 0 if the sum is 0 because all scores are masked.</summary>
readonly struct ShareFormula : IMap { V IMap.Apply<V>(V sum) => V.IfEqual(sum, V.Of(0), V.Of(0), V.Of(1) / sum); }

/// <summary>y·(dy − t)·scale with t = Σ dy·y</summary>
readonly struct SoftmaxSlope(double scale) : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V y, V dy, V t) => y * (dy - t) * V.Of(scale); }

/// <summary>x − m − s, with s = ln Σ e^(x − m)</summary>
readonly struct LogSoftmaxFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V m, V s) => x - m - s; }

/// <summary>dy − eʸ·t with t = Σ dy</summary>
readonly struct LogSoftmaxSlope : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V y, V t) => dy - V.Exp(y) * t; }

// With z = x·scale where the mask is true, else −∞: y = eᶻ/Σeᶻ along an axis     dx = y·(dy − Σ dy·y)·scale
sealed class Softmax(int axis, double scale = 1, Tensor? mask = null) : Function
{
    protected override Tensor Forward()
    {
        var (x, seen) = (X.Data.OnlyFloat(Name), mask ?? Always(X.Data));
        var y = Tensor.EmptyLike(x);
        x.BySlices(axis, cut =>
        {
            var part = cut(y);
            var m = Largest(cut(x), cut(seen), axis, scale);
            part.Set(new Of3<ShiftedExpFormula>(new(scale)), cut(x), cut(seen), m);
            var share = part.Sum([axis], keepDim: true).Map(new ShareFormula());
            part.Set(new Of2<Tensor.MultiplyFormula>(), part, share);
        });
        return SaveResult(y);
    }

    public override Variable[] Backward(Variable dy)
    {
        var t = Variable.Total(new Of2<Tensor.MultiplyFormula>(), Name, [axis], dy, Y);
        return [Variable.Apply(new Of3<SoftmaxSlope>(new(scale)), $"{Name}′", Y, dy, t)];
    }

    internal static Tensor Always(Tensor x) => Tensor.Like(x, 1);

    internal static Tensor Largest(Tensor x, Tensor seen, int axis, double scale = 1) =>
        Tensor.Fold("Softmax", new Of2<SeenFormula>(new(scale)), new Tensor.MaxFormula(), [axis], x, seen);

    /// <summary>The maximum m along an axis, and Σ e^(x − m).</summary>
    internal static (Tensor Largest, Tensor Sum) Sums(Tensor x, int axis)
    {
        var m = Largest(x, Always(x), axis);
        return (m, Tensor.Fold("Softmax", new Of2<ExpOfDifference>(), new Tensor.AddFormula(), [axis], x, m));
    }
}

sealed class LogSoftmax(int axis) : Function // y = x − ln Σeˣ along an axis     dx = dy − eʸ·Σ dy
{
    protected override Tensor Forward()
    {
        var (m, sum) = Softmax.Sums(X.Data.OnlyFloat(Name), axis);
        return SaveResult(Tensor.Apply(Name, new Of3<LogSoftmaxFormula>(), X.Data, m, sum.Map(new LogFormula())));
    }
    public override Variable[] Backward(Variable dy) =>
        [Variable.Zip(new LogSoftmaxSlope(), dy, Y, dy.Sum(axis, keepDim: true))];
}

public sealed partial class Variable
{
    /// <summary>eˣ/Σeˣ along an axis: positive numbers that add up to 1.</summary>
    public Variable Softmax(int dim) => new Softmax(Data.Layout.Axis("Softmax", dim)).Apply(this);
    /// <summary>The logarithm of <see cref="Softmax"/>, computed without underflow.</summary>
    public Variable LogSoftmax(int dim) => new LogSoftmax(Data.Layout.Axis("LogSoftmax", dim)).Apply(this);
}
