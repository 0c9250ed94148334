using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// Functions that are applied to 8 doubles at once, with errors below one unit in the last place. They replace
/// functions of the runtime, which are compiled without optimisation at first, so that hundreds of calls take up to ten
/// times as long (the benchmark <c>start</c>). No element of a result depends on the other elements.
/// </summary>
static class DoubleFunctions
{
    public const double Ln2 = 0.6931471805599453;
    const double Ln2High = 0.6931471803691238, Ln2Low = 1.9082149292705877e-10;         // ln 2 in two parts

    // π/2 in three parts; the first two are so short that their products with integers up to 2²⁰ are exact
    public const double Quarter1 = 1.5707963267341256;
    const double Quarter2 = 6.077100506303966e-11, Quarter3 = 2.0222662487959506e-21;

    const double MostTurned = 1 << 14;          // for larger x, the error of the third part could be seen
    const double SmallestNormal = 2.2250738585072014e-308;
    const double Units = 3L << 51;              // if an integer is added, the last bits of the sum are its last bits
    const long TwoThirds = 0x3fe5555555555555;                                          // the bits of 2/3
    const long ExponentBits = unchecked((long)0xfff0000000000000);                      // a mask

    /// <summary>
    /// Computes eˣ. First, x is split into n·ln 2 + r, where n is an integer and |r| ≤ (ln 2)/2. Then eˣ = 2ⁿ·Σ rⁱ/i!.
    /// The first two terms of this sum are added without a rounding error.
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        // outside these bounds the result is 0 or infinite, and the last step still gives this result; if x is NaN, it
        // stays NaN, because x is the second argument
        x = Vector512.MaxNative(Vector512.Create(-746.0), Vector512.MinNative(Vector512.Create(710.0), x));
        var n = Vector512.Round(x * (1 / Ln2));
        Vector512<double> high = x - n * Ln2High, low = n * Ln2Low, r = high - low;
        var sum = Vector512<double>.One + high;
        var y = sum + (Vector512<double>.One - sum + high + (r * r * Series(r, 2, 13, 1) - low));
        if (Avx512F.IsSupported) return Avx512F.Scale(y, n);
        // 2ⁿ is split into two factors, so that results below the normal range are rounded only once
        var half = Vector512.Floor(n * 0.5);
        return y * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>Computes 2ⁿ for integers n from −1022 to 1023.</summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<double> PowerOfTwo(Vector512<double> n) =>
        ((n + Vector512.Create(Units + 1023)).AsInt64() << 52).AsDouble();

    /// <summary>
    /// Computes ln x. First, x is split into 2ⁿ·m, where n is an integer and 2/3 ≤ m &lt; 4/3. With f = m − 1 and
    /// s = f/(2 + f), ln m is 2·Σ sⁱ/i over all odd i. This is written as f − (h − s·(h + r)), where h = f²/2 and r is
    /// 2·Σ sⁱ⁻¹/i over all odd i from 3 on. Since f is exact, only the small second part is rounded (FreeBSD's msun,
    /// e_log.c).
    /// </summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // numbers below the normal range are first scaled by 2⁵⁴
        var small = Vector512.LessThan(x, Vector512.Create(SmallestNormal));
        var (n, m) = Split(Vector512.ConditionalSelect(small, x * (1L << 54), x));
        n -= small & Vector512.Create(54.0);
        var f = m - Vector512<double>.One;
        var (s, h) = (f / (f + Vector512.Create(2.0)), 0.5 * f * f);
        var z = s * s;
        var r = Vector512.Create(2.0 / 23);
        for (var i = 21; i > 1; i -= 2) r = Vector512.MultiplyAddEstimate(r, z, Vector512.Create(2.0 / i));
        var y = n * Ln2High - (h - (s * (h + r * z) + n * Ln2Low) - f);
        return FloatFunctions.LogAtEdges(x, y);
    }

    /// <summary>Splits a positive normal number x into 2ⁿ·m, where n is an integer and 2/3 ≤ m &lt; 4/3.</summary>
    [MethodImpl(AggressiveInlining)]
    public static (Vector512<double> N, Vector512<double> M) Split(Vector512<double> x)
    {
        var exponent = (x.AsInt64() - Vector512.Create(TwoThirds)) & Vector512.Create(ExponentBits);
        return (Vector512.ConvertToDouble(exponent >> 52), (x.AsInt64() - exponent).AsDouble());
    }

    /// <summary>Computes sin x. If x is −0, so is the result.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) =>
        Vector512.ConditionalSelect(Vector512.Equals(x, Vector512<double>.Zero), x, SinOfQuarters(x, 0, Math.Sin));
    /// <summary>Computes cos x.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => SinOfQuarters(x, 1, Math.Cos);

    /// <summary>
    /// Computes sin(x + q·π/2). First, x is split into n·π/2 + r, where n is an integer and |r| ≤ π/4. The remainder is
    /// kept as two numbers, r and a rounding error <c>low</c>. Numbers that are too large to be split exactly are
    /// computed one by one, with f.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> SinOfQuarters(Vector512<double> x, long q, Func<double, double> f)
    {
        var ordinary = Vector512.LessThan(Vector512.Abs(x), Vector512.Create(MostTurned));
        var n = Vector512.Round(x * (2 / Math.PI));
        Vector512<double> a = x - n * Quarter1, b = n * Quarter2, c = n * Quarter3;
        var d = a - b;
        var r = d - c;
        var low = a - d - b + (d - r - c);
        var z = r * r;
        var h = Vector512<double>.One - 0.5 * z;
        var sin = r + (low * h - r * z * Series(-z, 3, 17, 2));
        var cos = h + (Vector512<double>.One - h - 0.5 * z + (z * z * Series(-z, 4, 16, 2) - r * low));
        var y = Turned(sin, cos, n, q);
        if (Vector512.EqualsAll(ordinary.AsInt64(), Vector512<long>.AllBitsSet)) return y;
        for (var i = 0; i < Vector512<double>.Count; i++)
            if (ordinary.AsInt64()[i] == 0) y = y.WithElement(i, f(x[i]));
        return y;
    }

    /// <summary>
    /// Computes the sine of r + (n + q)·π/2, where n and q are integers, from the sine and the cosine of r.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<double> Turned(Vector512<double> sin, Vector512<double> cos, Vector512<double> n, long q)
    {
        var quarters = (n + Vector512.Create(Units + q)).AsInt64();
        var odd = Vector512.Equals(quarters & Vector512<long>.One, Vector512<long>.One).AsDouble();
        var sign = (quarters & Vector512.Create(2L)) << 62;
        return (Vector512.ConditionalSelect(odd, cos, sin).AsInt64() ^ sign).AsDouble();
    }

    /// <summary>Computes Σ xᵏ/i! over all i from first to last in equal steps, where k is 0, 1, 2 and so on.</summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<double> Series(Vector512<double> x, int first, int last, int step)
    {
        var y = Vector512.Create(InverseFactorials[last]);
        for (var i = last - step; i >= first; i -= step)
            y = Vector512.MultiplyAddEstimate(y, x, Vector512.Create(InverseFactorials[i]));
        return y;
    }

    static ReadOnlySpan<double> InverseFactorials =>
    [
        1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800,
        1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200, 1.0 / 1307674368000,
        1.0 / 20922789888000, 1.0 / 355687428096000,
    ];
}
