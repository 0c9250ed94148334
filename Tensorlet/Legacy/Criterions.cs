namespace Tensorlet.Legacy;

/// <summary>
/// How far an input x is from its target t: a loss L, the mean (or sum) of some terms, and its gradient with respect to
/// the input.
/// </summary>
public abstract class Criterion(bool sizeAverage, Func<Tensor, Tensor, bool> fits, Func<Tensor, Tensor, Tensor> terms,
    Func<Tensor, Tensor, Tensor> slope)
{
    /// <summary>The result of the last <see cref="Forward"/>.</summary>
    public double Output { get; private set; }

    /// <summary>The result of the last <see cref="Backward"/>; empty before.</summary>
    public Tensor GradInput { get; private set; } = Tensor.Empty(0);

    /// <summary>L</summary>
    /// <exception cref="ShapeException">Input and target do not fit together.</exception>
    public double Forward(Tensor input, Tensor target) =>
        Output = Share(input, target) * terms(input, target).Sum().Item();

    /// <summary>dL/dx</summary>
    /// <exception cref="ShapeException">Input and target do not fit together.</exception>
    public Tensor Backward(Tensor input, Tensor target) => GradInput = Share(input, target) * slope(input, target);

    double Share(Tensor input, Tensor target) => !fits(input.Given(), target.Given()) ? throw new ShapeException(
        $"{GetType().Name}: input of shape {input.Layout} and target of shape {target.Layout} do not fit together.")
        : sizeAverage ? 1.0 / target.Numel : 1;
}

/// <summary>The mean of (x − t)², for x and t of the same shape.</summary>
/// <param name="sizeAverage">Whether to take the mean over the elements, or the sum.</param>
// L = Σ (x − t)²/n     dx = 2·(x − t)/n
public sealed class MSECriterion(bool sizeAverage = true) : Criterion(sizeAverage,
    (x, t) => x.Layout.SameShape(t.Layout), (x, t) => (x - t) * (x - t), (x, t) => (x - t) * 2);

/// <summary>The mean of −x[i, tᵢ], given log probabilities (N, C) and classes (N) as Int64, counted from 0.</summary>
/// <param name="sizeAverage">Whether to take the mean over the samples, or the sum.</param>
// L = −Σ x[i,tᵢ]/n     dx[i,tᵢ] = −1/n
public sealed class ClassNLLCriterion(bool sizeAverage = true) : Criterion(sizeAverage,
    (x, t) => x.Rank == 2 && t.Rank == 1 && x.Size(0) == t.Size(0),
    (x, t) => -x.Gather(1, t.Unsqueeze(1)),
    (x, t) => x.ZerosLike().ScatterAdd_(1, t.Unsqueeze(1), Tensor.Full([t.Numel, 1], -1, x.DType, x.Device)));
