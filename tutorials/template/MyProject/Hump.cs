using Tensorlet;

namespace MyProject;

/// <summary>
/// An operation of your own: its value is computed with tensors, and its gradient with variables, so that the gradient
/// can be differentiated again.
/// </summary>
public sealed class Hump : Function // y = x/(1 + x²)     dx = (1 − x²)/(1 + x²)²·dy
{
    /// <inheritdoc/>
    protected override Tensor Forward()
    {
        Save(X);
        return X.Data / (X.Data * X.Data + 1);
    }

    /// <inheritdoc/>
    public override Variable[] Backward(Variable dy)
    {
        var square = X.Square();
        return [(1 - square) / (1 + square).Square() * dy];
    }
}
