namespace Tensorlet.Legacy;

/// <summary>
/// A loss function, which measures how far an input x is from a target t. It computes a loss L and the gradient of L
/// with respect to x. The loss is the mean or the sum of several terms, for example of one term for each sample.
/// </summary>
public abstract class Criterion(bool sizeAverage, Func<Tensor, Tensor, bool> fits, Func<Tensor, Tensor, Tensor> terms,
    Func<Tensor, Tensor, Tensor> slope)
{
    /// <summary>The result of the last <see cref="Forward"/>.</summary>
    public double Output { get; private set; }

    /// <summary>The result of the last <see cref="Backward"/>; an empty tensor before the first call.</summary>
    public Tensor GradInput { get; private set; } = Tensor.Empty(0);

    /// <summary>Computes the loss L.</summary>
    /// <exception cref="ShapeException">The shapes of the input and the target do not fit together.</exception>
    public double Forward(Tensor input, Tensor target) =>
        Output = Share(input, target) * terms(input, target).Sum().Item();

    /// <summary>Computes dL/dx, the gradient of the loss with respect to the input.</summary>
    /// <exception cref="ShapeException">The shapes of the input and the target do not fit together.</exception>
    public Tensor Backward(Tensor input, Tensor target) => GradInput = Share(input, target) * slope(input, target);

    double Share(Tensor input, Tensor target) => !fits(input.Given(), target.Given()) ? throw new ShapeException(
        $"{GetType().Name}: input of shape {input.Layout} and target of shape {target.Layout} do not fit together.")
        : sizeAverage ? 1.0 / target.Numel : 1;
}

/// <summary>The mean of (x − t)², where the input x and the target t have the same shape.</summary>
/// <param name="sizeAverage">If true, the loss is the mean over the elements. If false, it is the sum.</param>
// L = Σ (x − t)²/n     dx = 2·(x − t)/n
public sealed class MSECriterion(bool sizeAverage = true) : Criterion(sizeAverage,
    (x, t) => x.Layout.SameShape(t.Layout), (x, t) => (x - t) * (x - t), (x, t) => (x - t) * 2);

/// <summary>
/// The mean of −x[i, tᵢ] over the samples i. The input x has the shape (N, C), and contains the log probabilities of C
/// classes for each of N samples. The target t has the shape (N), and contains the class of each sample as an Int64
/// from 0 to C − 1.
/// </summary>
/// <param name="sizeAverage">If true, the loss is the mean over the samples. If false, it is the sum.</param>
// L = −Σ x[i,tᵢ]/n     dx[i,tᵢ] = −1/n
public sealed class ClassNLLCriterion(bool sizeAverage = true) : Criterion(sizeAverage,
    (x, t) => x.Rank == 2 && t.Rank == 1 && x.Size(0) == t.Size(0),
    (x, t) => -x.Gather(1, t.Unsqueeze(1)),
    (x, t) => Tensor.ZerosLike(x).ScatterAdd_(1, t.Unsqueeze(1), Tensor.Full([t.Numel, 1], -1, x.DType, x.Device)));
