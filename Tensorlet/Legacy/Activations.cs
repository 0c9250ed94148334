namespace Tensorlet.Legacy;

/// <summary>
/// A layer without weights: its input x and its output y have the relation y = f(x). The gradient dx of the loss
/// with respect to x is computed from y and from the gradient dy of the loss with respect to y: dx = g(y, dy).
/// </summary>
public abstract class Activation(Func<Tensor, Tensor> f, Func<Tensor, Tensor, Tensor> g) : Module
{
    /// <inheritdoc/>
    public sealed override Tensor UpdateOutput(Tensor input) => Output = f(input.Given());
    /// <inheritdoc/>
    public sealed override Tensor UpdateGradInput(Tensor input, Tensor gradOutput) =>
        GradInput = g(Output, gradOutput.Given());

    // the maximum is subtracted first, so that exp does not overflow
    private protected static Tensor Shifted(Tensor x, int dim) => x - x.AMax([dim], keepdim: true);
    private protected static Tensor Exp(Tensor x) => x.Map(new ExpFormula());
}

/// <summary>The hyperbolic tangent of each element.</summary>
public sealed class Tanh() : Activation( // y = tanh x     dx = (1 − y²)·dy
    x => x.Map(new TanhFormula()), (y, dy) => (1 - y * y) * dy);

/// <summary>The logistic function, 1/(1 + e⁻ˣ), of each element x.</summary>
public sealed class Sigmoid() : Activation( // y = 1/(1 + e⁻ˣ)     dx = y·(1 − y)·dy
    x => x.Map(new SigmoidFormula()), (y, dy) => y * (1 - y) * dy);

/// <summary>max(x, 0) for each element x.</summary>
public sealed class ReLU() : Activation( // y = max(x, 0)     dx = dy where y > 0
    x => x.Map(new ReluFormula()), (y, dy) => Tensor.Zip(new Gate.Formula(), dy, y));

/// <summary>
/// eˣ/Σeˣ for each element x, where the sum runs along the axis <paramref name="dim"/>. By default, this is axis 1,
/// the axis of the classes.
/// </summary>
public sealed class SoftMax(int dim = 1) : Activation( // y = eˣ/Σeˣ     dx = y·(dy − Σ dy·y)
    x => Exp(Shifted(x, dim)) * (1 / Exp(Shifted(x, dim)).Sum([dim], keepdim: true)),
    (y, dy) => y * (dy - (dy * y).Sum([dim], keepdim: true)));

/// <summary>The logarithm of <see cref="SoftMax"/>, computed without underflow.</summary>
public sealed class LogSoftMax(int dim = 1) : Activation( // y = x − ln Σeˣ     dx = dy − eʸ·Σ dy
    x => Shifted(x, dim) - Exp(Shifted(x, dim)).Sum([dim], keepdim: true).Map(new LogFormula()),
    (y, dy) => dy - Exp(y) * dy.Sum([dim], keepdim: true));
