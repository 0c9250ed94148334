namespace Tensorlet;

sealed class Softmax(int axis) : Function // y = eˣ/Σeˣ along an axis     dx = y·(dy − Σ dy·y)
{
    protected override Tensor Forward()
    {
        var e = (X.Data - X.Data.AMax([axis], keepDim: true)).Map(new ExpFormula());
        return SaveResult(e / e.Sum([axis], keepDim: true));
    }
    public override Variable[] Backward(Variable dy) => [Y * (dy - (dy * Y).Sum(axis, keepDim: true))];
}

sealed class LogSoftmax(int axis) : Function // y = x − ln Σeˣ along an axis     dx = dy − eʸ·Σ dy
{
    protected override Tensor Forward()
    {
        var shifted = X.Data - X.Data.AMax([axis], keepDim: true);
        return SaveResult(shifted - shifted.Map(new ExpFormula()).Sum([axis], keepDim: true).Map(new LogFormula()));
    }
    public override Variable[] Backward(Variable dy) => [dy - Y.Exp() * dy.Sum(axis, keepDim: true)];
}

public sealed partial class Variable
{
    /// <summary>eˣ/Σeˣ along an axis: positive numbers that add up to 1.</summary>
    public Variable Softmax(int axis) => new Softmax(Data.Layout.Axis("Softmax", axis)).Apply(this);
    /// <summary>The logarithm of <see cref="Softmax"/>, without underflow.</summary>
    public Variable LogSoftmax(int axis) => new LogSoftmax(Data.Layout.Axis("LogSoftmax", axis)).Apply(this);
}
