namespace Tensorlet;

// Compositions: their gradients, of every order, come from those of their parts. Where a branch is not taken, its
// argument is cut first, so that nothing infinite meets a gradient of 0.
public sealed partial class Variable
{
    /// <summary>x cut to the bounds, broadcast; the gradient at a bound is x's.</summary>
    public Variable Clamp(Variable low, Variable high)
    {
        var x = Where(this < low, low, this);
        return Where(x > high, high, x);
    }

    /// <summary>x + weight·(end − x), broadcast.</summary>
    public Variable Lerp(Variable end, Variable weight) => this + weight * (end - this);
    /// <summary>x + value·a·b, broadcast.</summary>
    public Variable Addcmul(Variable a, Variable b, double value = 1) => this + a * b * value;
    /// <summary>x + value·a/b, broadcast.</summary>
    public Variable Addcdiv(Variable a, Variable b, double value = 1) => this + a / b * value;
    /// <summary>The value where the mask is true, x elsewhere.</summary>
    public Variable MaskedFill(Tensor mask, double value) => Where(mask, Tensor.Like(Data, value), this);

    /// <summary>ln σ(x) = −ln(1 + e⁻ˣ), to the last bit: above 40, 1 + eˣ is eˣ.</summary>
    public Variable LogSigmoid() => -(-this).Softplus(threshold: 40);
    /// <summary>x cut to low … high; the gradient at the bounds is 0.</summary>
    public Variable Hardtanh(double low = -1, double high = 1) =>
        MaskedFill(this <= low, low).MaskedFill(this >= high, high);
    /// <summary>x cut to 0 … 6; the gradient at the bounds is 0.</summary>
    public Variable Relu6() => Hardtanh(0, 6);
    /// <summary>x where x &gt; 0, else w·x, with one w for all, or one for each channel (axis 1).</summary>
    /// <exception cref="ShapeException">The weights are not so many.</exception>
    public Variable PRelu(Variable weight)
    {
        if (weight.Numel != 1 && (Rank < 2 || weight.Rank != 1 || weight.Numel != Size(1)))
            throw new ShapeException($"PRelu: weights {weight.Data.Layout} are not one, nor as many as the channels " +
                $"(axis 1) of {Data.Layout}.");
        var w = weight.Numel == 1 ? weight.Reshape() : weight.Reshape([-1, .. Enumerable.Repeat(1, Rank - 2)]);
        return Where(this > 0, this, w * this);
    }

    /// <summary>x where x &gt; 0, else α·(eˣ − 1) (Clevert et al. 2015).</summary>
    public Variable Elu(double alpha = 1) => Exponential(1, alpha, 1);
    /// <summary>λ·elu(x) with the λ and α that keep means at 0 and variances at 1 (Klambauer et al. 2017).</summary>
    public Variable Selu() => Exponential(1.0507009873554805, 1.0507009873554805 * 1.6732632423543772, 1);
    /// <summary>x where x &gt; 0, else α·(e^(x/α) − 1) (Barron 2017).</summary>
    public Variable Celu(double alpha = 1) => Exponential(1, alpha, 1 / alpha);
    Variable Exponential(double above, double below, double rate) =>
        Where(this > 0, this * above, (Clamp(high: 0) * rate).Expm1() * below);

    /// <summary>x·Φ(x), with Φ the normal distribution (Hendrycks and Gimpel 2016); or nearly, by tanh.</summary>
    public Variable Gelu(bool tanh = false) => this * 0.5 * (1 + (tanh
        ? ((this + Pow(3) * 0.044715) * Math.Sqrt(2 / Math.PI)).Tanh() : (this * Math.Sqrt(0.5)).Erf()));
    /// <summary>x·σ(x)</summary>
    public Variable Silu() => this * Sigmoid();
    /// <summary>x·tanh ln(1 + eˣ) (Misra 2019)</summary>
    public Variable Mish() => this * Softplus().Tanh();
    /// <summary>x/(1 + |x|)</summary>
    public Variable Softsign() => this / (1 + Abs());
    /// <summary>x brought nearer to 0 by λ; 0 within −λ … λ.</summary>
    public Variable Softshrink(double lambda = 0.5) =>
        Where(this > lambda, this - lambda, Where(this < -lambda, this + lambda, this * 0));
    /// <summary>x, but 0 within −λ … λ.</summary>
    public Variable Hardshrink(double lambda = 0.5) => Where(Data > lambda | Data < -lambda, this, this * 0);
    /// <summary>x − tanh x</summary>
    public Variable Tanhshrink() => this - Tanh();
    /// <summary>relu6(x + 3)/6</summary>
    public Variable Hardsigmoid() => (this + 3).Relu6() / 6;
    /// <summary>x·relu6(x + 3)/6 (Howard et al. 2019); at −3 and 3 the slope of the middle.</summary>
    public Variable Hardswish() => this * (this + 3).Clamp(0, 6) / 6;
    /// <summary>x where it is above the threshold, else the value.</summary>
    public Variable Threshold(double threshold, double value) => MaskedFill(this <= threshold, value);

    /// <summary>a·σ(b), with a and b the halves along an axis (Dauphin et al. 2016).</summary>
    /// <exception cref="ShapeException">The axis has no halves.</exception>
    public Variable Glu(int axis = -1)
    {
        var size = Size(axis);
        return size % 2 == 0 ? Narrow(axis, 0, size / 2) * Narrow(axis, size / 2, size / 2).Sigmoid()
            : throw new ShapeException($"Glu: axis {axis} of shape {Data.Layout} has an odd size and no halves.");
    }
}
