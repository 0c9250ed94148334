namespace Tensorlet;

/// <summary>What layers compute, as functions with all their arguments.</summary>
public static partial class F
{
    /// <summary>x·Wᵀ + b: (…, in) with weights (out, in) and bias (out) gives (…, out).</summary>
    public static Variable Linear(Variable x, Variable weight, Variable? bias = null)
    {
        if (x.Rank == 0 || weight.Rank != 2 || x.Size(-1) != weight.Size(1))
            throw new ShapeException($"Linear: inputs {x.Data.Layout} and weights {weight.Data.Layout} do not fit: " +
                $"{x.Shape.ToArray().LastOrDefault()} features against {weight.Shape.ToArray().LastOrDefault()}.");
        var y = x.MatMul(weight.T);
        return bias is null ? y : y + bias;
    }

    /// <summary>
    /// While training, sets each number to 0 with probability p and divides the others by 1 − p; else nothing
    /// (Srivastava et al. 2014).
    /// </summary>
    public static Variable Dropout(Variable x, double p = 0.5, bool training = true, Generator? generator = null)
    {
        if (p is < 0 or > 1) throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: p is a probability.");
        if (!training || p == 0) return x;
        if (p == 1) return x * 0;
        var keep = Tensor.Rand(x.Size(), x.DType, x.Device, generator) >= p;
        return x * (keep.To(x.DType) * (1 / (1 - p)));
    }

    /// <summary>The mean (or sum, or each) of (x − target)².</summary>
    /// <exception cref="ShapeException">Broadcasting would enlarge both.</exception>
    public static Variable MseLoss(Variable x, Variable target, Reduction reduction = Reduction.Mean)
    {
        // Broadcasting that would make every input meet every target is a mistake that trains quietly and wrongly.
        var common = Layout.Product(Layout.Broadcast("MSELoss", x.Data.Layout, target.Data.Layout));
        if (x.Numel != target.Numel || common > x.Numel)
            throw new ShapeException($"MSELoss: inputs of shape {x.Data.Layout} and targets of shape " +
                $"{target.Data.Layout} would spread over one another. Reshape one to the shape of the other.");
        var difference = x - target;
        return Reduced(difference * difference, reduction);
    }

    /// <summary>The negative log likelihood: −x[i, target[i]] of log probabilities (N, C) and classes (N).</summary>
    /// <exception cref="ShapeException">Not (N, C) and (N).</exception>
    /// <exception cref="IndexException">A target is no class.</exception>
    public static Variable NllLoss(Variable x, Tensor target, Reduction reduction = Reduction.Mean,
        string operation = "NLLLoss")
    {
        if (x.Rank != 2 || target.Rank != 1 || x.Size(0) != target.Size(0))
            throw new ShapeException(
                $"{operation}: scores {x.Data.Layout} and targets {target.Layout} are not (N, C) and (N).");
        target.OnlyType($"{operation}: the targets", DType.Int64);
        try { return Reduced(-x.Gather(1, target.Unsqueeze(1)).Reshape(-1), reduction); }
        catch (IndexException e) { throw new IndexException($"{operation}: a target is no class. {e.Message}"); }
    }

    /// <summary>−ln softmax(x)[i, target[i]] of scores (N, C) and classes (N).</summary>
    public static Variable CrossEntropy(Variable x, Tensor target, Reduction reduction = Reduction.Mean)
    {
        if (x.Rank != 2) throw new ShapeException($"CrossEntropy: scores are (N, C), not {x.Data.Layout}.");
        return NllLoss(x.LogSoftmax(1), target, reduction, "CrossEntropy");
    }

    static Variable Reduced(Variable x, Reduction reduction) =>
        reduction switch { Reduction.None => x, Reduction.Sum => x.Sum(), _ => x.Mean() };
}

/// <summary>How a loss makes one number of many.</summary>
public enum Reduction
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>The mean.</summary>
    Mean,
    /// <summary>The sum.</summary>
    Sum,
}
