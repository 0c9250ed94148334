namespace Tensorlet;

readonly struct TanFormula : ISmooth // y′ = 1 + y²
{
    [MethodImpl(AggressiveInlining)] V IMap.Apply<V>(V x) => V.Sin(x) / V.Cos(x);
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => V.Of(1) + y * y;
}

/// <summary>
/// Up to |x| = 0.6, the result is x and a quotient of polynomials, which interpolates asin at Chebyshev nodes. Beyond,
/// the magnitude is π/2 − 2·asin √((1 − |x|)/2), with π/2 in two parts.
/// </summary>
readonly struct AsinFormula : ISmooth // y′ = 1/√(1 − x²)
{
    V ISmooth.Slope<V>(V x, V y) => V.Of(1) / V.Sqrt((V.Of(1) - x) * (V.Of(1) + x));
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        V a = V.Abs(x), near = V.Of(0.6), one = V.Of(1);
        var z = V.IfGreater(a, near, (one - a) * V.Of(0.5), a * a);
        var s = V.IfGreater(a, near, V.Sqrt(z), x);
        var p = (V.Of(-7.30681466097041e-5) * z + V.Of(0.011103084169520902)) * z - V.Of(0.1040352521191889);
        p = (p * z + V.Of(0.31885647870559325)) * z - V.Of(0.391327780316879);
        p = p * z + V.Of(0.16666666666666666);
        var q = (V.Of(-0.01828381011765963) * z + V.Of(0.27828196632251123)) * z - V.Of(1.364012849445722);
        q = (q * z + V.Of(2.9043667362315833)) * z - V.Of(2.7979666819012703);
        q = q * z + one;
        var y = s + s * z * p / q;
        var far = V.Of(1.5707963705062866) - (y + y + V.Of(4.371139000186241e-8));
        return V.IfGreater(a, near, V.IfGreater(V.Of(0), x, -far, far), y);
    }
}

readonly struct AcosFormula : ISmooth // y′ = −1/√(1 − x²)
{
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x) => V.Of(2) * V.Call(new AtanFormula(), V.Sqrt((V.Of(1) - x) / (V.Of(1) + x)));
    V ISmooth.Slope<V>(V x, V y) => V.Of(-1) / V.Sqrt((V.Of(1) - x) * (V.Of(1) + x));
}

/// <summary>
/// Reduces the magnitude of the argument to at most 0.66, where a quotient of polynomials is accurate
/// (Moshier, Cephes, atan).
/// </summary>
readonly struct AtanFormula : ISmooth // y′ = 1/(1 + x²)
{
    [MethodImpl(AggressiveInlining)]
    V ISmooth.Slope<V>(V x, V y)
    {
        var (far, r) = (V.Abs(x), V.Of(1) / x);
        return V.IfGreater(far, V.Of(1), r * r / (V.Of(1) + r * r), V.Of(1) / (V.Of(1) + x * x));
    }
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        var (a, one) = (V.Abs(x), V.Of(1));
        V far = V.Of(2.414213562373095), middle = V.Of(0.66);
        var start = V.IfGreater(a, far, V.Of(Math.PI / 2), V.IfGreater(a, middle, V.Of(Math.PI / 4), V.Of(0)));
        a = V.IfGreater(a, far, -one / a, V.IfGreater(a, middle, (a - one) / (a + one), a));
        var z = a * a;
        var p = (V.Of(-0.8750608600031904) * z - V.Of(16.157537187333652)) * z - V.Of(75.00855792314705);
        p = (p * z - V.Of(122.88666844901361)) * z - V.Of(64.85021904942025);
        var q = ((z + V.Of(24.858464901423063)) * z + V.Of(165.02700983169885)) * z + V.Of(432.88106049129027);
        q = (q * z + V.Of(485.3903996359137)) * z + V.Of(194.55065714826139);
        var y = start + (a + a * z * p / q);
        return V.IfGreater(V.Of(0), x, -y, V.IfEqual(x, V.Of(0), x, y));      // atan −0 is −0
    }
}

/// <summary>
/// Computes the angle of the point (|x|, |y|), which is in the first quadrant, and then moves this angle to the
/// quadrant of the point (x, y). The sign of a 0 is found by computing 1/0, which is ∞ or −∞.
/// </summary>
readonly struct Atan2Formula : IZip
{
    [MethodImpl(AggressiveOptimization)]
    V IZip.Apply<V>(V y, V x)
    {
        V zero = V.Of(0), a = V.Abs(y), b = V.Abs(x);
        var angle = V.Call(new AtanFormula(), V.IfEqual(a, zero, zero, V.IfEqual(a, b, V.Of(1), a / b)));
        angle = V.IfGreater(zero, V.IfEqual(x, zero, V.Of(1) / x, x), V.Of(Math.PI) - angle, angle);
        angle = V.IfGreater(zero, V.IfEqual(y, zero, V.Of(1) / y, y), -angle, angle);
        return V.IfEqual(x, x, angle, x);
    }
}

/// <summary>
/// For input 0, the gradient with respect to y, which is x·w/(x² + y²). For input 1, the gradient with respect to x,
/// which is −y·w/(x² + y²). Here, w is the incoming gradient. The gradient is computed from the quotient of x and y
/// in which the number of larger magnitude is the divisor. At the origin, the gradient is 0.
/// </summary>
readonly struct Atan2Slope(int input) : IZip3
{
    [MethodImpl(AggressiveOptimization)]
    V IZip3.Apply<V>(V y, V x, V w)
    {
        V a = V.Abs(y), b = V.Abs(x), one = V.Of(1), large = V.IfGreater(a, b, y, x), small = V.IfGreater(a, b, x, y);
        var r = small / large;
        var share = input == 0 ? V.IfGreater(a, b, r, one) : V.IfGreater(a, b, -one, -r);
        return V.IfEqual(large, V.Of(0), small * V.Of(0), share / (one + r * r) / large * w);
    }
}

sealed class Atan2 : Function // c = the angle of the point (b, a)     da = b·dc/(a² + b²)     db = −a·dc/(a² + b²)
{
    protected override Tensor Forward() { Save(A, B); return Tensor.Zip(new Atan2Formula(), A.Data, B.Data, "Atan2"); }
    public override Variable?[] Backward(Variable dc) =>
        [Variable.Zip(new Atan2Slope(0), A, B, dc), Variable.Zip(new Atan2Slope(1), A, B, dc)];
}

public partial class Variable
{
    /// <summary>tan x, where x is in radians.</summary>
    public Variable Tan() => Smooth(new TanFormula());
    /// <summary>The angle in [−π/2, π/2] whose sine is x; NaN if x is outside [−1, 1].</summary>
    public Variable Asin() => Smooth(new AsinFormula());
    /// <summary>The angle in [0, π] whose cosine is x; NaN if x is outside [−1, 1].</summary>
    public Variable Acos() => Smooth(new AcosFormula());
    /// <summary>The angle in [−π/2, π/2] whose tangent is x.</summary>
    public Variable Atan() => Smooth(new AtanFormula());
    /// <summary>
    /// The angle between the positive x-axis and the line from the origin to the point (x, y). It is in radians, in the
    /// interval [−π, π]. The operands are broadcast to a common shape. At the origin, the gradient is 0.
    /// </summary>
    public static Variable Atan2(Variable y, Variable x) =>
        Alike("Atan2", [y.Given(), x.Given()]) is [var a, var b] ? Apply<Atan2>("Atan2", a, b) : y;
}
