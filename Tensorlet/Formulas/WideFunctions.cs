namespace Tensorlet;

/// <summary>
/// Functions of 16 pairs of floats that are computed in double. The plain versions, which compute the pairs one by one,
/// are in <see cref="F32"/>. These versions are faster in the benchmarks <c>pow</c> and <c>fmod</c>. Pairs for which
/// the double computation would not be right, such as those with an infinite number, are still computed one by one. No
/// element of a result depends on the other elements.
/// </summary>
static class WideFunctions
{
    // up to this quotient n of floats x and y, n·y is exact in double, because n and y have at most 52 bits together
    const float MostExact = 1 << 28;
    const double Beyond = 200;              // e^200 is infinite as a float, and e^−200 is 0

    /// <summary>
    /// Computes aᵇ as e^(b·ln|a|), whose error is far below the rounding to float. If a is negative, the sign of the
    /// result depends on whether b is odd, and the result is NaN if b is not an integer.
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

        static Vector512<double> Power(Vector512<double> a, Vector512<double> b) =>
            RuntimeFunctions.Exp(Vector512.Clamp(b * RuntimeFunctions.Log(a), Vector512.Create(-Beyond),
                Vector512.Create(Beyond)));
    }

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

        static Vector512<double> Rest(Vector512<double> x, Vector512<double> y)
        {
            var r = x - Vector512.Floor(x / y) * y;                     // the rounded quotient can be 1 too large
            return Vector512.ConditionalSelect(Vector512.LessThan(r, Vector512<double>.Zero), r + y, r);
        }
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
