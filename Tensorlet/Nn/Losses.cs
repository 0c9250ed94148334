namespace Tensorlet.Nn;

/// <summary>A number that tells how far a result is from its target.</summary>
/// <param name="reduction">How one number is made of many.</param>
public abstract class Loss(Reduction reduction)
{
    /// <summary>How one number is made of many.</summary>
    protected Reduction Reduction => reduction;
    /// <summary>The loss of an input against a target.</summary>
    public abstract Variable Call(Variable input, Variable target);
    /// <summary>The name and arguments, as PyTorch prints them.</summary>
    public override string ToString() => $"{GetType().Name}()";
}

/// <summary>The mean of (x − target)².</summary>
public sealed class MSELoss(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Variable Call(Variable input, Variable target) => F.MseLoss(input, target, Reduction);
}

/// <summary>−ln softmax(scores)[target]: scores (N, C), classes (N) as Int64.</summary>
public sealed class CrossEntropyLoss(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Variable Call(Variable input, Variable target) => F.CrossEntropy(input, target.Data, Reduction);
}

/// <summary>−x[target] of log probabilities (N, C), classes (N) as Int64.</summary>
public sealed class NLLLoss(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Variable Call(Variable input, Variable target) => F.NllLoss(input, target.Data, Reduction);
}
