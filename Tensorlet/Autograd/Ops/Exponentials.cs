namespace Tensorlet;

/// <summary>
/// eˣ − 1 = 2x/(c − x), where c = x·coth(x/2). Near 0, where eˣ − 1 would lose digits, c is computed as the series
/// Σ 2·Bₙ·xⁿ/n! over all even n, where Bₙ are the Bernoulli numbers (DLMF 4.19.6).
/// </summary>
readonly struct Expm1Formula : ISmooth
{
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => V.Exp(x);
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var z = x * x;
        var c = z * V.Of(1.0 / 37362124800);
        c = z * (V.Of(691.0 / 653837184000) - c);
        c = z * (V.Of(1.0 / 23950080) - c);
        c = z * (V.Of(1.0 / 604800) - c);
        c = z * (V.Of(1.0 / 15120) - c);
        c = z * (V.Of(1.0 / 360) - c);
        c = z * (V.Of(1.0 / 6) - c);
        var near = (x + x) / (c - x + V.Of(2));     // the first term of c is added last: then little is rounded
        return V.IfGreater(V.Abs(x), V.Of(0.5), V.Exp(x) - V.Of(1), near);
    }
}

readonly struct RsqrtFormula : IMap { V IMap.Apply<V>(V x) => V.Of(1) / V.Sqrt(x); }

/// <summary>
/// ln(1 + x) = ln w + ln((1 + x)/w), where w is 1 + x after rounding. Up to rounding, the second term is
/// (1 + x − w)/w.
/// </summary>
readonly struct Log1pFormula : ISmooth // y′ = 1/(1 + x)
{
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => V.Of(1) / (V.Of(1) + x);
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        var w = V.Of(1) + x;
        var y = V.Log(w);
        var near = V.IfEqual(x, V.Of(0), x, y + (x - (w - V.Of(1))) / w);    // ln(1 + −0) is −0
        return V.IfGreater(V.Of(1), V.Abs(x), near, y);
    }
}

sealed class PowerOf : Function // c = aᵇ     da = b·aᵇ⁻¹·dc     db = ln a·aᵇ·dc
{
    internal readonly struct Formula : IZip { V IZip.Apply<V>(V a, V b) => V.Pow(a, b); }
    protected override Tensor Forward() { Save(A, B); return Tensor.Zip(new Formula(), A.Data, B.Data, "Pow"); }
    public override Variable?[] Backward(Variable dc)
    {
        // The slope of a⁰ with respect to a is 0, and so is the slope of 0ᵇ with respect to b, for b ≥ 0. The
        // formulas would give 0·∞ there.
        var da = Needs(0) ? Variable.Where(B.Data.Eq(0), 0, B * Variable.Pow(A, B - 1) * dc) : null;
        if (!Needs(1)) return [da, null];
        var still = A.Data.Eq(0) & (B.Data >= 0);
        return [da, Variable.Where(still, 0, Variable.Pow(A, B) * A.Log() * dc)];
    }
}

/// <summary>
/// (eˣ − e⁻ˣ)/2. Near 0, where the difference would lose digits, it is the series Σ xⁿ/n! over all odd n.
/// </summary>
readonly struct SinhFormula : ISmooth // y′ = cosh x
{
    V ISmooth.Slope<V>(V x, V y) => V.Call(new CoshFormula(), x);
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        var z = x * x;
        V one = V.Of(1), p = z * V.Of(1.0 / 272) + one;
        p = (p * z * V.Of(1.0 / 210) + one) * z * V.Of(1.0 / 156) + one;
        p = (p * z * V.Of(1.0 / 110) + one) * z * V.Of(1.0 / 72) + one;
        p = (p * z * V.Of(1.0 / 42) + one) * z * V.Of(1.0 / 20) + one;
        var (up, down) = CoshFormula.Halves(V.Abs(x));
        var far = V.IfGreater(V.Of(0), x, down - up, up - down);
        return V.IfGreater(V.Abs(x), one, far, x + x * z * p * V.Of(1.0 / 6));
    }
}

readonly struct CoshFormula : ISmooth // y′ = sinh x
{
    V ISmooth.Slope<V>(V x, V y) => V.Call(new SinhFormula(), x);
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        var (up, down) = Halves(V.Abs(x));
        return up + down;
    }

    /// <summary>
    /// eᵃ/2 and e⁻ᵃ/2, where a ≥ 0. Beyond 45, the first is computed as e⁴⁵/2·eᵃ⁻⁴⁵, since eᵃ could overflow where eᵃ/2
    /// does not. The second is then e⁴⁵⁻ᵃ/2 instead, which is also negligible compared with the first.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    internal static (V, V) Halves<V>(V a) where V : struct, INumeric<V>
    {
        V far = V.Of(45), e = V.Exp(a - V.IfGreater(a, far, far, V.Of(0))), half = V.Of(0.5);
        return (e * V.IfGreater(a, far, V.Of(Math.Exp(45) / 2), half), half / e);
    }
}

public partial class Variable
{
    /// <summary>2ˣ</summary>
    public Variable Exp2() => Pow(2.0, this);
    /// <summary>eˣ − 1, computed accurately where x is near 0.</summary>
    public Variable Expm1() => Smooth(new Expm1Formula());
    /// <summary>The logarithm to base 2.</summary>
    public Variable Log2() => Smooth(new LogOfBaseFormula(2));
    /// <summary>The logarithm to base 10.</summary>
    public Variable Log10() => Smooth(new LogOfBaseFormula(10));
    /// <summary>ln(1 + x), computed accurately where x is near 0.</summary>
    public Variable Log1p() => Smooth(new Log1pFormula());
    /// <summary>1/√x</summary>
    public Variable Rsqrt() => Map(new RsqrtFormula());
    /// <summary>aᵇ, with broadcasting. The result has an integer type if a and b are integers.</summary>
    /// <exception cref="TensorletException">An integer is raised to a negative power.</exception>
    public static Variable Pow(Variable a, Variable b)
    {
        if (b.Given().DType == DType.Bool) a.Given().Data.NoMask("Pow");
        if (!a.Given().DType.IsFloat() && b.DType == DType.Int64 && (b < 0).Any())
            throw new TensorletException($"Pow: integers of shape {a.Data.Layout} to a negative power are not " +
                "integers. Convert them with .To(DType.Float32).");
        return Apply<PowerOf>("Pow", a, b);
    }
    /// <summary>xᵇ for the elements x of this variable, with broadcasting.</summary>
    public Variable Pow(Variable b) => Pow(this, b);
    /// <summary>The hyperbolic sine.</summary>
    public Variable Sinh() => Smooth(new SinhFormula());
    /// <summary>The hyperbolic cosine.</summary>
    public Variable Cosh() => Smooth(new CoshFormula());
}
