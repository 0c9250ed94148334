namespace Tensorlet;

// A function of one number is a formula, from which its derivative follows. The functions below that use OfResult
// have a derivative that is short in terms of the result, so they keep the result and not the input. Sigmoid is
// written out as an example of a Function.

sealed class OfResult<F>(string name, F f, Func<Variable, Variable, Variable> derivative) : Function
    where F : struct, IMap // y = f(x)     dx = derivative(y, dy)
{
    public override string Name => name;
    protected override Tensor Forward() => SaveResult(X.Data.Map(f));
    public override Variable[] Backward(Variable dy) => [derivative(Y, dy)];
}

readonly struct ExpFormula : IMap { V IMap.Apply<V>(V x) => V.Exp(x); }
readonly struct LogFormula : IMap { V IMap.Apply<V>(V x) => V.Log(x); }
readonly struct SqrtFormula : IMap { V IMap.Apply<V>(V x) => V.Sqrt(x); }
readonly struct SinFormula : IMap { V IMap.Apply<V>(V x) => V.Sin(x); }
readonly struct CosFormula : IMap { V IMap.Apply<V>(V x) => V.Cos(x); }
readonly struct AbsFormula : IMap { V IMap.Apply<V>(V x) => V.Abs(x); }

readonly struct SignFormula : IMap
{ V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), V.Of(1), V.IfGreater(V.Of(0), x, V.Of(-1), V.Of(0))); }

readonly struct LeakyReluFormula(double slope) : IMap
{ [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.IfGreater(x, V.Of(0), x, x * V.Of(slope)); }

/// <summary>
/// ln(1 + eˣ), computed as max(x, 0) + ln(1 + e^(−|x|)), which cannot overflow; above the threshold, x itself.
/// </summary>
readonly struct SoftplusFormula(double threshold) : ISmooth
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var y = V.IfGreater(x, V.Of(0), x, V.Of(0)) + Tail(x);
        return V.IfGreater(x, V.Of(threshold), x, y);
    }
    [MethodImpl(AggressiveInlining)]
    V ISmooth.Slope<V>(V x, V y) => V.IfGreater(x, V.Of(threshold), V.Of(1), V.Call(new SigmoidFormula(), x));

    /// <summary>ln(1 + e^(−|x|))</summary>
    [MethodImpl(AggressiveInlining)]
    internal static V Tail<V>(V x) where V : struct, INumeric<V>
    {
        var below = V.IfGreater(V.Of(0), x, x, -x);             // not −|x|, whose slope at 0 is 0
        return V.Call(new Log1pFormula(), V.Exp(below));
    }
}

readonly struct ReluFormula : IMap { V IMap.Apply<V>(V x) => V.IfGreater(V.Of(0), x, V.Of(0), x); }

/// <summary>
/// Near 0, tanh x is computed with a quotient of polynomials (Moshier, Cephes, tanh). Elsewhere, its magnitude is
/// computed as 1 − 2/(e^(2|x|) + 1).
/// </summary>
readonly struct TanhFormula : ISmooth
{
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => V.Of(1) - y * y;
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        V a = V.Abs(x), z = x * x;
        var p = (V.Of(-0.9643991794250522) * z - V.Of(99.28772310019186)) * z - V.Of(1614.6876844170845);
        var q = ((z + V.Of(112.81167849163293)) * z + V.Of(2235.4883906010045)) * z + V.Of(4844.063053251255);
        var beyond = V.Of(1) - V.Of(2) / (V.Exp(a + a) + V.Of(1));
        var near = V.IfEqual(x, V.Of(0), x, x + x * z * p / q);              // tanh −0 is −0
        return V.IfGreater(x, V.Of(0.625), beyond, V.IfGreater(V.Of(-0.625), x, -beyond, near));
    }
}

readonly struct TanhSlope : IZip { V IZip.Apply<V>(V y, V dy) => (V.Of(1) - y * y) * dy; }

/// <summary>
/// Clamps x to the lower bound, and then to the upper bound. NaN is passed through Floor, so it remains NaN, and its
/// slope is 0.
/// </summary>
readonly struct ClampFormula(double low, double high) : IMap
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var above = V.IfGreater(V.Of(low), x, V.Of(low), x);
        return V.IfEqual(x, x, V.IfGreater(above, V.Of(high), V.Of(high), above), V.Floor(x));
    }
}

/// <summary>
/// n/(1 + e), where e is e^(−|x|), which cannot overflow, and n is 1 for positive x, and e otherwise. It is computed as
/// n − n·e/(1 + e), which has smaller rounding errors.
/// </summary>
readonly struct SigmoidFormula : ISmooth // y′ = y·(1 − y)
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        V e = V.Exp(-V.Abs(x)), n = V.IfGreater(x, V.Of(0), V.Of(1), e);
        return n - n * (e / (V.Of(1) + e));
    }
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => y * (V.Of(1) - y);
}

sealed class Sigmoid : Function // y = 1/(1 + e⁻ˣ)     dx = y·(1 − y)·dy
{
    protected override Tensor Forward() => SaveResult(X.Data.Map(new SigmoidFormula()));
    public override Variable[] Backward(Variable dy) => [Y * (1 - Y) * dy];
}

sealed class Gate : Function // c = a where b > 0, else 0     da = dc where b > 0     db = 0
{
    internal readonly struct Formula : IZip
    { V IZip.Apply<V>(V a, V b) => V.IfGreater(b, V.Of(0), a, V.IfEqual(b, b, V.Of(0), a)); }
    protected override Tensor Forward() { Save(B); return Tensor.Zip(new Formula(), A.Data, B.Data); }
    public override Variable?[] Backward(Variable dc) => [new Gate().Apply(dc, B), null];
}

public partial class Variable
{
    /// <summary>y = f(x), with the slope that f provides.</summary>
    Variable Smooth<F>(F f, [CallerMemberName] string name = "") where F : struct, ISmooth =>
        Apply(new Of1<Called<F>>(new(f)), name, this);

    Variable OfResult<F>(F f, Func<Variable, Variable, Variable> derivative, [CallerMemberName] string name = "")
        where F : struct, IMap => new OfResult<F>(name, f, derivative).Apply(this);

    /// <summary>
    /// Computes f in integers if this variable consists of integers. Returns null if it consists of floating-point
    /// numbers.
    /// </summary>
    Variable? OfIntegers<F>(F f, [CallerMemberName] string name = "") where F : struct, IMap => DType.IsFloat() ? null
        : new Variable(Tensor.Apply(name, new Of1<F>(f), Data.NoMask(name)));

    /// <summary>eˣ</summary>
    public Variable Exp() => OfResult(new ExpFormula(), (y, dy) => y * dy);
    /// <summary>The natural logarithm.</summary>
    public Variable Log() => Map(new LogFormula());
    /// <summary>√x</summary>
    public Variable Sqrt() => OfResult(new SqrtFormula(), (y, dy) => dy / (y * 2));
    /// <summary>sin x, where x is in radians.</summary>
    public Variable Sin() => Map(new SinFormula());
    /// <summary>cos x, where x is in radians.</summary>
    public Variable Cos() => Map(new CosFormula());
    /// <summary>|x|. The gradient at 0 is 0.</summary>
    public Variable Abs() => OfIntegers(new AbsFormula()) ?? Map(new AbsFormula());
    /// <summary>The sign of x: −1, 0 or 1. The sign of NaN is 0. The gradient is 0.</summary>
    public Variable Sign() => OfIntegers(new SignFormula()) ?? Stepped(new SignFormula());
    /// <summary>The hyperbolic tangent.</summary>
    public Variable Tanh() => OfResult(new TanhFormula(), static (y, dy) => Zip(new TanhSlope(), y, dy));
    /// <summary>The logistic function 1/(1 + e⁻ˣ).</summary>
    public Variable Sigmoid() => new Sigmoid().Apply(this);
    /// <summary>max(x, 0). The gradient at 0 is 0.</summary>
    public Variable Relu() => OfIntegers(new ReluFormula())
        ?? OfResult(new ReluFormula(), (y, dy) => new Gate().Apply(dy, y.Detach()));
    /// <summary>x where x &gt; 0, and <paramref name="negativeSlope"/>·x elsewhere.</summary>
    public Variable LeakyRelu(double negativeSlope = 0.01) => Map(new LeakyReluFormula(negativeSlope));
    /// <summary>ln(1 + e^(β·x))/β, and x itself where β·x is above the threshold.</summary>
    public Variable Softplus(double beta = 1, double threshold = 20) =>
        beta != 1 ? (this * beta).Softplus(1, threshold) / beta : Smooth(new SoftplusFormula(threshold));
    /// <summary>
    /// Clamps each element to the interval from <paramref name="min"/> to <paramref name="max"/>. If the minimum is
    /// greater than the maximum, the elements are set to the maximum. A bound that is not given does not limit the
    /// elements. At the bounds, the gradient is 1.
    /// </summary>
    public Variable Clamp(Number? min = null, Number? max = null)
    {
        var (from, to) = (min ?? long.MinValue, max ?? long.MaxValue);
        if (!DType.IsFloat() && from.isWhole && to.isWhole)
            return Minimum(Maximum(this, from), to);
        return Map(new ClampFormula(min?.value ?? double.NegativeInfinity, max?.value ?? double.PositiveInfinity));
    }
}
