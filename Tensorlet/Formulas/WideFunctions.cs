namespace Tensorlet;

/// <summary>
/// Functions of 16 floats, or of 16 pairs of floats, that are computed in double. The plain versions are in
/// <see cref="F32"/>, or they are the formulas themselves. The versions here are faster in the benchmarks <c>sin</c>,
/// <c>pow</c>, <c>fmod</c> and <c>log2</c>. Where the double computation would not be right, for example for infinite
/// numbers, sines, cosines, powers and remainders are still computed one by one. No element of a result depends on the
/// other elements.
/// </summary>
static class WideFunctions
{
    // If x/y is below this, ⌊x/y⌋ is right although x/y is rounded to a double: for floats x and y, x/y is never so
    // near to the next integer that it is rounded to it. And ⌊x/y⌋·y is exact: it has at most 28 + 24 bits.
    const float MostExact = 1 << 28;
    const double Beyond = 200;              // 2^200 is infinite as a float, and 2^−200 is 0
    const double Ln2 = DoubleFunctions.Ln2;
    const double Quarter = DoubleFunctions.Quarter1, RestOfQuarter = 6.077100506506192e-11;     // π/2 in two parts
    const float MostTurned = 1 << 20;       // up to here, the product of Quarter and an integer is exact

    /// <summary>
    /// Computes aᵇ as 2^(b·log₂|a|). If a is negative, the sign of the result depends on whether b is odd, and the
    /// result is NaN if b is not an integer.
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Pow(Vector512<float> a, Vector512<float> b)
    {
        var (size, half) = (Vector512.Abs(a), b * 0.5f);
        var ordinary = Vector512.GreaterThan(size, Vector512<float>.Zero) & IsFinite(size) & IsFinite(Vector512.Abs(b));
        var (low, high) = Vector512.Widen(Vector512.ConditionalSelect(ordinary, size, Vector512<float>.One));
        var (lowPower, highPower) = Vector512.Widen(b & ordinary);
        var y = Vector512.Narrow(Power(low, lowPower), Power(high, highPower));
        var negative = Vector512.LessThan(a, Vector512<float>.Zero);
        y = Vector512.ConditionalSelect(negative & ~Vector512.Equals(Vector512.Floor(half), half), -y, y);
        y = Vector512.ConditionalSelect(negative & ~Vector512.Equals(Vector512.Floor(b), b),
            Vector512.Create(float.NaN), y);
        return Others(ordinary, y, a, b, MathF.Pow);

        static Vector512<double> Power(Vector512<double> a, Vector512<double> b) => Exp2(Vector512.Clamp(b * Log2(a),
            Vector512.Create(-Beyond), Vector512.Create(Beyond)));
    }

    /// <summary>
    /// Computes the logarithm of x to a base whose natural logarithm is <paramref name="lnOfBase"/>. Before it
    /// is rounded to a float, its error is far below a unit in the last place, so it is exact if it is an integer.
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> LogOfBase(Vector512<float> x, double lnOfBase)
    {
        var ordinary = Vector512.GreaterThan(x, Vector512<float>.Zero) & IsFinite(x);
        var (low, high) = Vector512.Widen(Vector512.ConditionalSelect(ordinary, x, Vector512<float>.One));
        var scale = Ln2 / lnOfBase;
        var y = Vector512.Narrow(Log2(low) * scale, Log2(high) * scale);
        // for any other x, the result is infinite or NaN, whatever the base
        return Vector512.EqualsAll(ordinary.AsInt32(), Vector512<int>.AllBitsSet) ? y
            : Vector512.ConditionalSelect(ordinary, y, FloatFunctions.Log(x));
    }

    /// <summary>
    /// Splits x &gt; 0 into 2ⁿ·m, where n is an integer and 2/3 ≤ m &lt; 4/3. With s = (m − 1)/(m + 1), log₂ x is n +
    /// (2/ln 2)·Σ sⁱ/i over all odd i. Seven terms are summed, which leaves an error below 2⁻³⁷.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Log2(Vector512<double> x)
    {
        var (n, m) = DoubleFunctions.Split(x);
        var s = (m - Vector512<double>.One) / (m + Vector512<double>.One);
        var z = s * s;
        var p = Of(z, 2 / (13 * Ln2), 2 / (11 * Ln2));
        p = Of(z, Of(z, p, 2 / (9 * Ln2)), 2 / (7 * Ln2));
        p = Of(z, Of(z, p, 2 / (5 * Ln2)), 2 / (3 * Ln2));
        return Vector512.FusedMultiplyAdd(s, Of(z, p, 2 / Ln2), n);
    }

    /// <summary>
    /// Splits x into n + r/ln 2, where n is an integer and |r| ≤ (ln 2)/2. Then 2ˣ = 2ⁿ·Σ rⁱ/i!. Nine terms are summed,
    /// which leaves a relative error below 2⁻³¹.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Exp2(Vector512<double> x)
    {
        var n = Vector512.Round(x);
        var r = (x - n) * Ln2;
        var p = Of(r, 1.0 / 40320, 1.0 / 5040);
        p = Of(r, Of(r, p, 1.0 / 720), 1.0 / 120);
        p = Of(r, Of(r, p, 1.0 / 24), 1.0 / 6);
        p = Of(r, Of(r, Of(r, p, 0.5), 1), 1);
        return p * DoubleFunctions.PowerOfTwo(n);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Of(Vector512<double> x, double a, double b) => Of(x, Vector512.Create(a), b);
    /// <summary>a·x + b</summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Of(Vector512<double> x, Vector512<double> a, double b) =>
        Vector512.FusedMultiplyAdd(a, x, Vector512.Create(b));

    /// <summary>Computes the remainder of a/b exactly, with the sign of a.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Remainder(Vector512<float> a, Vector512<float> b)
    {
        var (x, y) = (Vector512.Abs(a), Vector512.Abs(b));
        var ordinary = IsFinite(x) & IsFinite(y) & Vector512.LessThan(x / y, Vector512.Create(MostExact));
        y = Vector512.ConditionalSelect(ordinary, y, Vector512<float>.One);
        var ((x0, x1), (y0, y1)) = (Vector512.Widen(x & ordinary), Vector512.Widen(y));
        var r = Vector512.CopySign(Vector512.Narrow(Rest(x0, y0), Rest(x1, y1)), a);
        return Others(ordinary, r, a, b, static (a, b) => a % b);

        static Vector512<double> Rest(Vector512<double> x, Vector512<double> y) => x - Vector512.Floor(x / y) * y;
    }

    /// <summary>
    /// Computes the formula f in double. This is slower than in float, but the result is almost rounded correctly.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static Vector512<float> Of<F>(F f, Vector512<float> x) where F : struct, IMap
    {
        var (low, high) = Vector512.Widen(x);
        return Vector512.Narrow(f.Apply(new Lanes<double>(low)).Value, f.Apply(new Lanes<double>(high)).Value);
    }

    /// <summary>Computes sin x. If x is −0, so is the result.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Sin(Vector512<float> x) => Vector512.ConditionalSelect(
        Vector512.Equals(x, Vector512<float>.Zero), x, SinOfQuarters(x, 0, static (x, _) => (float)Math.Sin(x)));
    /// <summary>Computes cos x.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Cos(Vector512<float> x) =>
        SinOfQuarters(x, 1, static (x, _) => (float)Math.Cos(x));

    /// <summary>Computes sin(x + q·π/2). Numbers that are too large are computed one by one, with f.</summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<float> SinOfQuarters(Vector512<float> x, long q, Func<float, float, float> f)
    {
        var ordinary = Vector512.LessThan(Vector512.Abs(x), Vector512.Create(MostTurned));
        var (low, high) = Vector512.Widen(x);
        return Others(ordinary, Vector512.Narrow(SinOfQuarters(low, q), SinOfQuarters(high, q)), x, x, f);
    }

    /// <summary>
    /// Computes sin(x + q·π/2). First, x is split into n·π/2 + r, where n is an integer and |r| ≤ π/4. The terms that
    /// are left out of the series of sin r and cos r are below 2⁻³².
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> SinOfQuarters(Vector512<double> x, long q)
    {
        var n = Vector512.Round(x * (2 / Math.PI));
        var r = x - n * Quarter - n * RestOfQuarter;
        var z = r * r;
        var sin = Of(z, -1.0 / 39916800, 1.0 / 362880);
        sin = Of(z, Of(z, sin, -1.0 / 5040), 1.0 / 120);
        sin = Of(z, Of(z, sin, -1.0 / 6), 1) * r;
        var cos = Of(z, -1.0 / 3628800, 1.0 / 40320);
        cos = Of(z, Of(z, cos, -1.0 / 720), 1.0 / 24);
        cos = Of(z, Of(z, cos, -0.5), 1);
        return DoubleFunctions.Turned(sin, cos, n, q);
    }

    static Vector512<float> IsFinite(Vector512<float> size) =>
        Vector512.LessThan(size, Vector512.Create(float.PositiveInfinity));

    /// <summary>Replaces the elements of y that are not <paramref name="ordinary"/> by f(a, b).</summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<float> Others(Vector512<float> ordinary, Vector512<float> y, Vector512<float> a,
        Vector512<float> b, Func<float, float, float> f)
    {
        if (Vector512.EqualsAll(ordinary.AsInt32(), Vector512<int>.AllBitsSet)) return y;
        for (var i = 0; i < Vector512<float>.Count; i++)
            if (ordinary.AsInt32()[i] == 0) y = y.WithElement(i, f(a[i], b[i]));
        return y;
    }
}
