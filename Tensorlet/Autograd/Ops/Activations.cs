namespace Tensorlet;

/// <summary>
/// A function that is exactly 0 for all numbers below <see cref="Low"/>, and exactly 1 for all numbers above
/// <see cref="High"/>.
/// </summary>
interface IGate : IMap
{
    static abstract double Low { get; }
    static abstract double High { get; }
}

/// <summary>
/// x·g(x), where g is a gate. If x is beyond one of the gate's bounds, g is evaluated at the bound instead of at x, so
/// that g and its slope are never computed for an infinite x.
/// </summary>
readonly struct GatedFormula<G> : IMap where G : struct, IGate
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var z = V.IfGreater(V.Of(G.Low), x, V.Of(G.Low), x);
        return z * default(G).Apply(V.IfGreater(z, V.Of(G.High), V.Of(G.High), z));
    }
}

/// <summary>The distribution function of the standard normal distribution.</summary>
readonly struct NormalGate : IGate
{
    static double IGate.Low => -40;
    static double IGate.High => 40;
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.Of(0.5) * (V.Of(1) + V.Call(new ErfFormula(), x * V.Of(0.7071067811865476)));
}

/// <summary>
/// The distribution function of the standard normal distribution, approximated by a tanh of
/// √(2/π)·(x + 0.044715·x³).
/// </summary>
readonly struct NormalTanhGate : IGate
{
    static double IGate.Low => -40;
    static double IGate.High => 40;
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.Of(0.5) * (V.Of(1)
        + V.Call(new TanhFormula(), (x + x * x * x * V.Of(0.044715)) * V.Of(0.7978845608028654)));
}

/// <summary>
/// The sigmoid as a gate. The errors of x·g(x) are small only compared with x, so g is computed in a shorter way than
/// in <see cref="SigmoidFormula"/> (the benchmark <c>silu</c>).
/// </summary>
readonly struct LogisticGate : IGate
{
    static double IGate.Low => -800;
    static double IGate.High => 800;
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Call(new Formula(), x);

    internal readonly struct Formula : ISmooth // y′ = y·(1 − y)
    {
        [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Of(1) / (V.Of(1) + V.Exp(-x));
        [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => y * (V.Of(1) - y);
    }
}

/// <summary>tanh ln(1 + eˣ), computed as n/(n + 2), where n is eˣ·(eˣ + 2).</summary>
readonly struct TanhOfSoftplusGate : IGate
{
    static double IGate.Low => -800;
    static double IGate.High => 20;
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var e = V.Exp(x);
        var n = e * (e + V.Of(2));
        return n / (n + V.Of(2));
    }
}

/// <summary>0 for x ≤ −3, 1 for x ≥ 3, and linear in between.</summary>
readonly struct HardsigmoidFormula : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => HardtanhFormula.At(x + V.Of(3), 0, 6) / V.Of(6); }

readonly struct HardsigmoidGate : IGate
{
    static double IGate.Low => -3;
    static double IGate.High => 3;
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => HardtanhFormula.At(x + V.Of(3), 0, 6) / V.Of(6);
}

readonly struct LogSigmoidFormula : IMap // above 40, 1 + eˣ is eˣ to the last bit
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var y = V.Call(new SoftplusFormula(40), -x);
        return V.IfEqual(y, V.Of(0), y, -y);
    }
}

readonly struct SoftsignFormula : ISmooth // y′ = 1/(1 + |x|)²
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfEqual(V.Abs(x), V.Of(double.PositiveInfinity),
        V.IfGreater(x, V.Of(0), V.Of(1), V.Of(-1)), x / (V.Of(1) + V.Abs(x)));
    [MethodImpl(AggressiveInlining)]
    V ISmooth.Slope<V>(V x, V y)
    {
        var r = V.Of(1) / (V.Of(1) + V.Abs(x));
        return r * r;
    }
}

readonly struct TanhshrinkFormula : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => x - V.Call(new TanhFormula(), x); }

readonly struct SoftshrinkFormula(double lambda) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(lambda), x - V.Of(lambda),
        V.IfGreater(V.Of(-lambda), x, x + V.Of(lambda), x * V.Of(0)));
}

readonly struct HardshrinkFormula(double lambda) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(lambda), x, V.IfGreater(V.Of(-lambda), x, x, x * V.Of(0)));
}

readonly struct ThresholdFormula(double threshold, double value) : IMap     // NaN remains NaN
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(threshold), x, V.IfEqual(x, x, V.Of(value), x));
}

readonly struct GluFormula : IZip
{ [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V a, V b) => a * V.Call(new SigmoidFormula(), b); }

readonly struct PReluFormula : IZip
{ [MethodImpl(AggressiveInlining)] V IZip.Apply<V>(V x, V w) => V.IfGreater(x, V.Of(0), x, w * x); }

/// <summary>above·x where x &gt; 0, and below·(e^(rate·x) − 1) elsewhere.</summary>
readonly struct ExponentialFormula(double above, double below, double rate) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), x * V.Of(above),
        V.Call(new Expm1Formula(), x * V.Of(rate)) * V.Of(below));
}

/// <summary>x if x is NaN or strictly between the bounds; otherwise the nearer bound.</summary>
readonly struct HardtanhFormula(double low, double high) : IMap
{
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => At(x, low, high);
    [MethodImpl(AggressiveInlining)]
    internal static V At<V>(V x, double low, double high) where V : struct, INumeric<V> => V.IfGreater(x, V.Of(low),
        V.IfGreater(V.Of(high), x, x, V.Of(high)), V.IfEqual(x, x, V.Of(low), x));
}

readonly struct LerpFormula : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V end, V w) => x + w * (end - x); }
readonly struct AddQuotient(double value) : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V a, V b) => x + a / b * V.Of(value); }
readonly struct AddProduct(double value) : IZip3
{ [MethodImpl(AggressiveInlining)] V IZip3.Apply<V>(V x, V a, V b) => x + a * b * V.Of(value); }

// These operations are composed of formulas and of other operations, from which their gradients of every order
// follow. Where a branch is not chosen, its argument is clamped first, so that no infinite value is multiplied by a
// gradient of 0.
public partial class Variable
{
    /// <summary>
    /// Clamps each element to the interval from <paramref name="min"/> to <paramref name="max"/>, with broadcasting.
    /// If an element equals a bound, the gradient goes to the element, and not to the bound.
    /// </summary>
    public Variable Clamp(Variable min, Variable max) => Named(() =>
    {
        var x = Where(this < min.Given(), min, this);
        return Where(x > max.Given(), max, x);
    });

    /// <summary>this + weight·(end − this), with broadcasting.</summary>
    public Variable Lerp(Variable end, Variable weight) => Zip(new LerpFormula(), this, end.Given(), weight.Given());
    /// <summary>this + value·a·b, with broadcasting; value is 1 if it is not given.</summary>
    public Variable Addcmul(Variable a, Variable b, Number? value = null) => DType.IsFloat()
        ? Apply(new Of3<AddProduct>(new(value?.value ?? 1)), "Addcmul", this, a.Given(), b.Given())
        : Named(() => this + a * b * (value ?? 1));
    /// <summary>this + value·a/b, with broadcasting.</summary>
    public Variable Addcdiv(Variable a, Variable b, double value = 1) => DType.IsFloat()
        ? Apply(new Of3<AddQuotient>(new(value)), "Addcdiv", this, a.Given(), b.Given())
        : Named(() => this + a / b * value);
    /// <summary>
    /// Returns <paramref name="value"/> where the mask is true, and the elements of this variable elsewhere.
    /// </summary>
    public Variable MaskedFill(Tensor mask, Number value) =>
        Named(() => Where(mask.Given(), value, this));

    /// <summary>ln σ(x) = −ln(1 + e⁻ˣ), where σ is the sigmoid.</summary>
    public Variable LogSigmoid() => Map(new LogSigmoidFormula());
    /// <summary>
    /// Clamps each element to the interval from <paramref name="minVal"/> to <paramref name="maxVal"/>, which are −1
    /// and 1 if they are not given. At the bounds, the gradient is 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minVal"/> is greater than
    /// <paramref name="maxVal"/>.</exception>
    public Variable Hardtanh(Number? minVal = null, Number? maxVal = null)
    {
        var (from, to) = (minVal ?? -1, maxVal ?? 1);
        from.value.In("Hardtanh", double.NegativeInfinity, to.value, nameof(minVal));
        return DType.IsFloat() ? Map(new HardtanhFormula(from.value, to.value)) : Clamp(from, to);
    }
    /// <summary>Clamps each element to the interval from 0 to 6. At the bounds, the gradient is 0.</summary>
    public Variable Relu6() => Hardtanh(0, 6);
    /// <summary>
    /// x where x &gt; 0, and w·x elsewhere. <paramref name="weight"/> contains either one number w, or one number w
    /// for each channel (axis 1).
    /// </summary>
    /// <exception cref="ShapeException">The number of weights is neither 1 nor the number of channels.</exception>
    public Variable PRelu(Variable weight)
    {
        if (weight.Given().Numel != 1 && (Rank < 2 || weight.Rank != 1 || weight.Numel != Size(1)))
            throw new ShapeException($"PRelu: weights {weight.Data.Layout} must have one element, or as many as the " +
                $"channels (axis 1) of {Data.Layout}.");
        return Zip(new PReluFormula(), this,
            weight.Numel == 1 ? weight.Reshape() : weight.Reshape([-1, .. Enumerable.Repeat(1, Rank - 2)]));
    }

    /// <summary>x where x &gt; 0, and α·(eˣ − 1) elsewhere (Clevert et al. 2015).</summary>
    public Variable Elu(double alpha = 1) => Exponential(1, alpha, 1);
    /// <summary>
    /// λ·x where x &gt; 0, and λ·α·(eˣ − 1) elsewhere. The constants λ ≈ 1.0507 and α ≈ 1.6733 keep the mean of the
    /// activations at 0 and their variance at 1 (Klambauer et al. 2017).
    /// </summary>
    public Variable Selu() => Exponential(1.0507009873554805, 1.0507009873554805 * 1.6732632423543772, 1);
    /// <summary>x where x &gt; 0, and α·(e^(x/α) − 1) elsewhere (Barron 2017).</summary>
    /// <exception cref="ArgumentOutOfRangeException">α is 0.</exception>
    public Variable Celu(double alpha = 1) => alpha != 0 ? Exponential(1, alpha, 1 / alpha)
        : throw new ArgumentOutOfRangeException(nameof(alpha), $"{alpha}", "Celu: alpha must not be 0.");
    Variable Exponential(double above, double below, double rate, [CallerMemberName] string name = "") =>
        Apply(new Of1<ExponentialFormula>(new(above, below, rate)), name, this);

    /// <summary>
    /// x·Φ(x), where Φ is the cumulative distribution function of the standard normal distribution (Hendrycks and
    /// Gimpel 2016). If <paramref name="tanh"/> is true, Φ(x) is approximated by ½·(1 + tanh(√(2/π)·(x +
    /// 0.044715·x³))).
    /// </summary>
    public Variable Gelu(bool tanh = false) =>
        tanh ? Gated<NormalTanhGate>() : Gated<NormalGate>();
    /// <summary>x·σ(x), where σ is the sigmoid.</summary>
    public Variable Silu() => Gated<LogisticGate>();
    /// <summary>x·tanh(ln(1 + eˣ)) (Misra 2019)</summary>
    public Variable Mish() => Gated<TanhOfSoftplusGate>();
    /// <summary>x/(1 + |x|)</summary>
    public Variable Softsign() => Smooth(new SoftsignFormula());
    /// <summary>Moves each element x towards 0 by λ. Where x is in [−λ, λ], the result is 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is negative.</exception>
    public Variable Softshrink(double lambda = 0.5) =>
        Map(new SoftshrinkFormula(lambda.In("Softshrink", 0, double.PositiveInfinity)));
    /// <summary>0 where x is in [−λ, λ], and x elsewhere.</summary>
    public Variable Hardshrink(double lambda = 0.5) => Map(new HardshrinkFormula(lambda));
    /// <summary>x − tanh x</summary>
    public Variable Tanhshrink() => Map(new TanhshrinkFormula());
    /// <summary>relu6(x + 3)/6; see <see cref="Relu6"/>.</summary>
    public Variable Hardsigmoid() => Map(new HardsigmoidFormula());
    /// <summary>
    /// x·relu6(x + 3)/6 (Howard et al. 2019); see <see cref="Relu6"/>. The slope is 0 at x = −3, and 1 at x = 3.
    /// </summary>
    public Variable Hardswish() => Gated<HardsigmoidGate>();
    Variable Gated<G>([CallerMemberName] string name = "") where G : struct, IGate =>
        Apply(new Of1<GatedFormula<G>>(new()), name, this);
    /// <summary>
    /// Replaces every element that is less than or equal to <paramref name="threshold"/> with
    /// <paramref name="value"/>.
    /// </summary>
    public Variable Threshold(Number threshold, Number value) => DType.IsFloat()
        ? Map(new ThresholdFormula(threshold.value, value.value)) : Named(() => MaskedFill(this <= threshold, value));

    /// <summary>
    /// a·σ(b), where a and b are the first and the second half of this variable along an axis, and σ is the sigmoid
    /// (Dauphin et al. 2016).
    /// </summary>
    /// <exception cref="ShapeException">The size of the axis is odd.</exception>
    public Variable Glu(int dim = -1)
    {
        var size = Data.Layout.Size("Glu", dim);
        return size % 2 == 0 ? Zip(new GluFormula(), Narrow(dim, 0, size / 2), Narrow(dim, size / 2, size / 2))
            : throw new ShapeException($"Glu: axis {dim} of shape {Data.Layout} has an odd size; it must be even.");
    }
}
