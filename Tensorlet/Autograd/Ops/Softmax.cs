namespace Tensorlet;

/// <summary>x·scale, the scores whose softmax is computed</summary>
readonly struct ScaledFormula(double scale) : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => x * V.Of(scale); }

/// <summary>x·scale where the mask is true, and −∞ elsewhere</summary>
readonly struct SeenFormula(double scale) : IZip
{
    [MethodImpl(AggressiveInlining)]
    V IZip.Apply<V>(V x, V mask) => V.IfEqual(mask, V.Of(0), V.Of(double.NegativeInfinity), x * V.Of(scale));
}

/// <summary>e^(x·scale − m), where m is the maximum of the scores</summary>
readonly struct ShiftedExpFormula(double scale) : IZip
{
    static int IZip.OfRow => 0b10;
    [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V m) => V.Exp(x * V.Of(scale) - m);
}

/// <summary>
/// e^(x·scale − m) where the mask is true, and 0 elsewhere. m is the maximum of the scores, or −∞ if the mask is
/// false everywhere.
/// </summary>
readonly struct SeenExpFormula(double scale) : IZip3
{
    static int IZip3.OfRow => 0b100;
    [MethodImpl(AggressiveInlining)]
    V IZip3.Apply<V>(V x, V mask, V m) => V.IfEqual(mask, V.Of(0), V.Of(0), V.Exp(x * V.Of(scale) - m));
}

/// <summary>1/sum; 0 if the sum is 0 because all scores are masked.</summary>
readonly struct ShareFormula : IMap { V IMap.Apply<V>(V sum) => V.IfEqual(sum, V.Of(0), V.Of(0), V.Of(1) / sum); }

/// <summary>e·share</summary>
readonly struct SharedFormula : IZip3
{
    static int IZip3.OfRow => 0b110;
    [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V e, V m, V share) => e * share;
}

/// <summary>e·share, if there is a mask</summary>
readonly struct SeenSharedFormula : IFormula
{
    public static int Inputs => 4;
    static int IFormula.OfRow => 0b1100;
    [MethodImpl(AggressiveInlining)]
    V IFormula.Apply<V>(V e, V mask, V m, V share, V f, V g, V h, V i) => e * share;
}

/// <summary>y·(dy − t)·scale with t = Σ dy·y</summary>
readonly struct SoftmaxSlope(double scale) : IZip3
{
    static int IZip3.OfRow => 0b100;
    [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V y, V dy, V t) => y * (dy - t) * V.Of(scale);
}

/// <summary>x − m − s, with s = ln Σ e^(x − m)</summary>
readonly struct LogSoftmaxFormula : IZip3
{
    static int IZip3.OfRow => 0b110;
    [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V m, V s) => x - m - s;
}

/// <summary>dy − eʸ·t with t = Σ dy</summary>
readonly struct LogSoftmaxSlope : IZip3
{
    static int IZip3.OfRow => 0b100;
    [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V dy, V y, V t) => dy - V.Exp(y) * t;
}

// With z = x·scale where the mask is true, else −∞: y = eᶻ/Σeᶻ along an axis     dx = y·(dy − Σ dy·y)·scale
sealed class Softmax(int axis, double scale = 1, Tensor? mask = null) : Function
{
    protected override Tensor Forward()
    {
        var x = X.Data.OnlyFloat(Name);
        if (mask is null)
            return SaveResult(Tensor.RowWise(Name, [axis], new Of1<ScaledFormula>(new(scale)), new Tensor.MaxFormula(),
                new Of2<ShiftedExpFormula>(new(scale)), new Tensor.AddFormula(), new ShareFormula(),
                new Of3<SharedFormula>(), keep: true, [x]).Y);
        var seen = mask.Numel < x.Numel ? mask.To(x.DType) : mask;      // a mask of many rows is converted once
        return SaveResult(Tensor.RowWise(Name, [axis], new Of2<SeenFormula>(new(scale)), new Tensor.MaxFormula(),
            new Of3<SeenExpFormula>(new(scale)), new Tensor.AddFormula(), new ShareFormula(), new SeenSharedFormula(),
            keep: true, [x, seen]).Y);
    }

    public override Variable[] Backward(Variable dy)
    {
        if (!Autograd.Enabled)
            return [Tensor.RowWise($"{Name}′", [axis], new Of2<Tensor.MultiplyFormula>(), new Tensor.AddFormula(),
                new Of3<SoftmaxSlope>(new(scale)), Y.Data, dy.Data)];
        var t = Variable.Total(new Of2<Tensor.MultiplyFormula>(), Name, [axis], dy, Y);
        return [Variable.Apply(new Of3<SoftmaxSlope>(new(scale)), $"{Name}′", Y, dy, t)];
    }

    /// <summary>The maximum m along an axis, and Σ e^(x − m).</summary>
    internal static (Tensor Largest, Tensor Sum) Sums(Tensor x, int axis)
    {
        var m = Tensor.Fold("Softmax", new Of1<IdentityFormula>(), new Tensor.MaxFormula(), [axis], x);
        return (m, Tensor.Fold("Softmax", new Of2<ExpOfDifference>(), new Tensor.AddFormula(), [axis], x, m));
    }
}

sealed class LogSoftmax(int axis) : Function // y = x − ln Σeˣ along an axis     dx = dy − eʸ·Σ dy
{
    protected override Tensor Forward() => SaveResult(Tensor.RowWise(Name, [axis],
        new Of1<IdentityFormula>(), new Tensor.MaxFormula(),                            // m, the largest x of each row
        new Of2<ExpOfDifference>(), new Tensor.AddFormula(),                            // Σ e^(x − m)
        new LogFormula(), new Of3<LogSoftmaxFormula>(),                                 // its logarithm s; x − m − s
        keep: false, [X.Data.OnlyFloat(Name)]).Y);

    public override Variable[] Backward(Variable dy) => Autograd.Enabled
        ? [Variable.Zip(new LogSoftmaxSlope(), dy, Y, dy.Sum(axis, keepdim: true))]
        : [Tensor.RowWise($"{Name}′", [axis], new Of1<IdentityFormula>(), new Tensor.AddFormula(),
            new Of3<LogSoftmaxSlope>(), dy.Data, Y.Data)];
}

public partial class Variable
{
    /// <summary>eˣ/Σeˣ along an axis: positive numbers that add up to 1.</summary>
    public Variable Softmax(int dim) => new Softmax(Data.Layout.Axis("Softmax", dim)).Apply(this);
    /// <summary>The logarithm of <see cref="Softmax"/>, computed without underflow.</summary>
    public Variable LogSoftmax(int dim) => new LogSoftmax(Data.Layout.Axis("LogSoftmax", dim)).Apply(this);
}
