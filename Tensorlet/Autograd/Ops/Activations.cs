namespace Tensorlet;

/// <summary>x·Φ(x), with Φ the normal distribution; below −40 it is 0 to all digits, and at −∞, too.</summary>
readonly struct GeluFormula : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var z = V.IfGreater(V.Of(-40), x, V.Of(-40), x);
        return z * V.Of(0.5) * (V.Of(1) + V.Call(new ErfFormula(), z * V.Of(0.7071067811865476)));
    }
}

/// <summary>Nearly the same by √(2/π)·(x + 0.044715·x³).</summary>
readonly struct GeluTanhFormula : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var z = V.IfGreater(V.Of(-40), x, V.Of(-40), x);
        var inner = (z + z * z * z * V.Of(0.044715)) * V.Of(0.7978845608028654);
        return z * V.Of(0.5) * (V.Of(1) + V.Call(new TanhFormula(), inner));
    }
}

/// <summary>The sigmoid with its slope, for formulas that call it.</summary>
readonly struct LogisticFormula : ISmooth
{
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Of(1) / (V.Of(1) + V.Exp(-x));
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => y * (V.Of(1) - y);
}

/// <summary>x·σ(x); below −800 it is 0, and at −∞, too.</summary>
readonly struct SiluFormula : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var z = V.IfGreater(V.Of(-800), x, V.Of(-800), x);
        return z * V.Call(new LogisticFormula(), z);
    }
}

/// <summary>With e = eˣ and n = e² + 2e, tanh ln(1 + e) is n/(n + 2); from 20 on it is 1.</summary>
readonly struct MishFormula : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        V z = V.IfGreater(V.Of(-800), x, V.Of(-800), x), e = V.Exp(V.IfGreater(z, V.Of(20), V.Of(20), z));
        var n = e * (e + V.Of(2));
        return V.IfGreater(z, V.Of(20), z, z * (n / (n + V.Of(2))));
    }
}

readonly struct SoftsignFormula : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => x / (V.Of(1) + V.Abs(x)); }

readonly struct TanhshrinkFormula : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => x - V.Call(new TanhFormula(), x); }

/// <summary>Where x &gt; 0 above·x, else below·(e^(rate·x) − 1).</summary>
readonly struct ExponentialFormula(double above, double below, double rate) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), x * V.Of(above),
        V.Call(new Expm1Formula(), x * V.Of(rate)) * V.Of(below));
}

/// <summary>x within the bounds, NaN too; a bound where x reaches it.</summary>
readonly struct HardtanhFormula(double low, double high) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(low), V.IfGreater(V.Of(high), x, x, V.Of(high)),
        V.IfEqual(x, x, V.Of(low), x));
}

/// <summary>x·relu6(x + 3)/6; at −3 and 3 the slope of the middle.</summary>
readonly struct HardswishFormula : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(V.Of(-3), x, V.Of(0) * V.IfEqual(x, x, V.Of(1), x),
        V.IfGreater(x, V.Of(3), x, x * (x + V.Of(3)) * V.Of(1 / 6.0)));
}

readonly struct LerpFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V end, V w) => x + w * (end - x); }
readonly struct AddProduct(double value) : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V a, V b) => x + a * b * V.Of(value); }

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
    public Variable Lerp(Variable end, Variable weight) => Zip(new LerpFormula(), this, end, weight);
    /// <summary>x + value·a·b, broadcast.</summary>
    public Variable Addcmul(Variable a, Variable b, Number? value = null) => DType.IsFloat()
        ? Zip(new AddProduct(value?.value ?? 1), this, a, b) : this + a * b * (value ?? 1);
    /// <summary>x + value·a/b, broadcast.</summary>
    public Variable Addcdiv(Variable a, Variable b, double value = 1) => this + a / b * value;
    /// <summary>The value where the mask is true, x elsewhere.</summary>
    public Variable MaskedFill(Tensor mask, Number value) => Where(mask, Tensor.Like(Data, value), this);

    /// <summary>ln σ(x) = −ln(1 + e⁻ˣ), to the last bit: above 40, 1 + eˣ is eˣ.</summary>
    public Variable LogSigmoid() => -(-this).Softplus(threshold: 40);
    /// <summary>x cut to low … high; the gradient at the bounds is 0.</summary>
    public Variable Hardtanh(Number? low = null, Number? high = null)
    {
        var (from, to) = (low ?? -1, high ?? 1);
        return DType.IsFloat() ? Map(new HardtanhFormula(from.value, to.value)) : Clamp(from, to);
    }
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
    Variable Exponential(double above, double below, double rate, [CallerMemberName] string name = "") =>
        Apply(new Of1<ExponentialFormula>(new(above, below, rate)), name, this);

    /// <summary>x·Φ(x), with Φ the normal distribution (Hendrycks and Gimpel 2016); or nearly, by tanh.</summary>
    public Variable Gelu(bool tanh = false) => tanh ? Map(new GeluTanhFormula()) : Map(new GeluFormula());
    /// <summary>x·σ(x)</summary>
    public Variable Silu() => Map(new SiluFormula());
    /// <summary>x·tanh ln(1 + eˣ) (Misra 2019)</summary>
    public Variable Mish() => Map(new MishFormula());
    /// <summary>x/(1 + |x|)</summary>
    public Variable Softsign() => Map(new SoftsignFormula());
    /// <summary>x brought nearer to 0 by λ; 0 within −λ … λ.</summary>
    public Variable Softshrink(double lambda = 0.5) =>
        Where(this > lambda, this - lambda, Where(this < -lambda, this + lambda, this * 0));
    /// <summary>x, but 0 within −λ … λ.</summary>
    public Variable Hardshrink(double lambda = 0.5) => Where(Data > lambda | Data < -lambda, this, this * 0);
    /// <summary>x − tanh x</summary>
    public Variable Tanhshrink() => Map(new TanhshrinkFormula());
    /// <summary>relu6(x + 3)/6</summary>
    public Variable Hardsigmoid() => (this + 3).Relu6() / 6;
    /// <summary>x·relu6(x + 3)/6 (Howard et al. 2019); at −3 and 3 the slope of the middle.</summary>
    public Variable Hardswish() => Map(new HardswishFormula());
    /// <summary>x where it is above the threshold, else the value.</summary>
    public Variable Threshold(Number threshold, Number value) => MaskedFill(this <= threshold, value);

    /// <summary>a·σ(b), with a and b the halves along an axis (Dauphin et al. 2016).</summary>
    /// <exception cref="ShapeException">The axis has no halves.</exception>
    public Variable Glu(int axis = -1)
    {
        var size = Size(axis);
        return size % 2 == 0 ? Narrow(axis, 0, size / 2) * Narrow(axis, size / 2, size / 2).Sigmoid()
            : throw new ShapeException($"Glu: axis {axis} of shape {Data.Layout} has an odd size and no halves.");
    }
}
