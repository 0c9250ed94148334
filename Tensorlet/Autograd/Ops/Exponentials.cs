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
        return V.IfGreater(V.Of(1), V.Abs(x), y + (x - (w - V.Of(1))) / w, y);
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
/// Uses expm1, which is accurate near 0. For |x| above 22, e^(−|x|) is negligible, and the magnitude of sinh x is
/// computed as (e^(|x|/2))²/2.
/// </summary>
readonly struct SinhFormula : ISmooth // y′ = cosh x
{
    V ISmooth.Slope<V>(V x, V y) => V.Call(new CoshFormula(), x);
    V IMap.Apply<V>(V x)
    {
        var (a, h) = (V.Abs(x), V.Exp(V.Abs(x) * V.Of(0.5)));
        var e = V.Call(new Expm1Formula(), a);
        var y = V.IfGreater(a, V.Of(22), h * V.Of(0.5) * h, (e + e / (e + V.Of(1))) * V.Of(0.5));
        return V.IfGreater(V.Of(0), x, -y, y);
    }
}

readonly struct CoshFormula : ISmooth // y′ = sinh x
{
    V ISmooth.Slope<V>(V x, V y) => V.Call(new SinhFormula(), x);
    V IMap.Apply<V>(V x)
    {
        var h = V.Exp(V.Abs(x) * V.Of(0.5));
        return h * V.Of(0.5) * h + V.Of(0.5) / h / h;
    }
}

public partial class Variable
{
    /// <summary>2ˣ</summary>
    public Variable Exp2() => Pow(2.0, this);
    /// <summary>eˣ − 1, computed accurately where x is near 0.</summary>
    public Variable Expm1() => Smooth(new Expm1Formula());
    /// <summary>The logarithm to base 2.</summary>
    public Variable Log2() => Log() / Math.Log(2);
    /// <summary>The logarithm to base 10.</summary>
    public Variable Log10() => Log() / Math.Log(10);
    /// <summary>ln(1 + x), computed accurately where x is near 0.</summary>
    public Variable Log1p() => Smooth(new Log1pFormula());
    /// <summary>1/√x</summary>
    public Variable Rsqrt() => 1 / Sqrt();
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
