using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Tensorlet;

/// <summary>
/// Functions that are applied to 16 floats at once, and that compute in float. These functions replace two
/// functions of the runtime: the runtime's exp computes in double, which takes twice as long, and the runtime's log
/// has errors of two units in the last place.
/// </summary>
static class FloatFunctions
{
    const float Log2OfE = 1.44269504f, Ln2High = 6.93145752e-1f, Ln2Low = 1.42860677e-6f;   // ln 2 in two parts

    const float SmallestNormal = 1.17549435e-38f;
    const int TwoThirds = 0x3f2aaaab, ExponentBits = unchecked((int)0xff800000);           // the bits of 2/3; a mask

    /// <summary>
    /// Computes eˣ to within a unit in the last place. First, x is split into n·ln 2 + r, where n is an integer
    /// and |r| ≤ (ln 2)/2. Then eˣ = 2ⁿ·eʳ, where eʳ is a polynomial of r. The coefficients are those of N. Juffa.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // outside these bounds the result is 0 or infinite, and the last step still gives this result; if x is NaN, it
        // stays NaN, because x is the second argument
        x = Vector512.MaxNative(Vector512.Create(-104f), Vector512.MinNative(Vector512.Create(89f), x));
        var n = Vector512.Round(x * Log2OfE);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        var p = Of(r, 1.37805939e-3f, 8.37312452e-3f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.16695364e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.66664720e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.99999851e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        if (Avx512F.IsSupported) return Avx512F.Scale(p, n);
        // 2ⁿ is split into two factors, so that results below the normal range are rounded only once
        var whole = Vector512.ConvertToInt32(n);
        var half = whole >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo(whole - half);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<float> PowerOfTwo(Vector512<int> n) => ((n + Vector512.Create(127)) << 23).AsSingle();

    /// <summary>
    /// Computes ln x to within a unit in the last place. First, x is split into 2ⁿ·m, where n is an integer and
    /// 2/3 ≤ m &lt; 4/3. Then ln x = n·ln 2 + ln m, where ln m is a polynomial of m − 1. The coefficients are
    /// those of N. Juffa.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x)
    {
        // numbers below the normal range are first scaled by 2²³
        var small = Vector512.LessThan(x, Vector512.Create(SmallestNormal));
        var bits = Vector512.ConditionalSelect(small, x * Vector512.Create(8388608f), x).AsInt32();
        var exponent = (bits - Vector512.Create(TwoThirds)) & Vector512.Create(ExponentBits);
        var n = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(exponent), Vector512.Create(1.1920929e-7f),
            Vector512.ConditionalSelect(small, Vector512.Create(-23f), Vector512<float>.Zero));
        var m = (bits - exponent).AsSingle() - Vector512<float>.One;
        var s = m * m;
        var r = Vector512.FusedMultiplyAdd(s, Vector512.Create(-0.130310059f), Vector512.Create(-0.121483512f));
        var t = Vector512.FusedMultiplyAdd(s, Vector512.Create(0.140869141f), Vector512.Create(0.139814854f));
        r = Vector512.FusedMultiplyAdd(r, s, Vector512.Create(-0.166846126f));
        t = Vector512.FusedMultiplyAdd(t, s, Vector512.Create(0.200120345f));
        r = Vector512.FusedMultiplyAdd(r, s, Vector512.Create(-0.249996200f));
        r = Vector512.FusedMultiplyAdd(t, m, r);
        r = Vector512.FusedMultiplyAdd(r, m, Vector512.Create(0.333331972f));
        r = Vector512.FusedMultiplyAdd(r, m, Vector512.Create(-0.5f));
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(0.693147182f), Vector512.FusedMultiplyAdd(r, s, m));
        return LogAtEdges(x, r);
    }

    /// <summary>Replaces y by ln x where x is 0, negative, infinite or NaN.</summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<T> LogAtEdges<T>(Vector512<T> x, Vector512<T> y) where T : IFloatingPointIeee754<T>
    {
        y = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(T.PositiveInfinity)), y, x);
        var zero = Vector512.Equals(x, Vector512<T>.Zero);
        y = Vector512.ConditionalSelect(zero, Vector512.Create(T.NegativeInfinity), y);
        var negative = Vector512.LessThan(x, Vector512<T>.Zero);
        return Vector512.ConditionalSelect(negative, Vector512.Create(T.NaN), y);
    }

    /// <summary>
    /// Computes the error function to within a unit in the last place. Up to |x| = 1, the result is an odd polynomial
    /// of x. Beyond, the result is 1 − 2^p(|x|) with the sign of x, where p is a polynomial. All polynomials are
    /// minimax polynomials, found by Remez' algorithm. The terms of p, and of the polynomial that gives 2^p, are
    /// combined in pairs, because most of the time is spent in chains of operations that wait for each other.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x)
    {
        var z = x * x;
        var near = Of(z, 7.8538611504e-5f, -8.0101935587e-4f);
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(5.1883276773e-3f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-0.02685381193f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(0.11283585148f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-0.37612625824f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(0.12837916573f));
        near = Vector512.FusedMultiplyAdd(near, x, x);

        var a = Vector512.MinNative(Vector512.Create(4f), Vector512.Abs(x));    // NaN stays NaN
        var b = a * a;
        // p is computed without its last −2, because a number near 0 has a smaller rounding error
        var p = Of(a, -0.0042409569705f, 0.031458424865f);
        p = Vector512.FusedMultiplyAdd(b, Vector512.Create(2.677267164e-4f), p);
        p = Vector512.FusedMultiplyAdd(p, b, Of(a, -0.14865150122f, -0.92076501942f));
        p = Vector512.FusedMultiplyAdd(p, b, Of(a, -1.6259750708f, 1.99948969f));
        var n = Vector512.Round(p);
        var r = p - n;
        var s = r * r;
        var y = Of(r, 1.534580518e-4f, 1.339993114e-3f);
        y = Vector512.FusedMultiplyAdd(y, s, Of(r, 9.618488986e-3f, 5.550328778e-2f));
        y = Vector512.FusedMultiplyAdd(y, s, Of(r, 0.2402264689f, 0.6931472057f));
        y = Vector512.FusedMultiplyAdd(y, r, Vector512<float>.One);
        y = Avx512F.IsSupported ? Avx512F.Scale(y, n) : y * PowerOfTwo(Vector512.ConvertToInt32(n));
        y = Vector512.FusedMultiplyAdd(y, Vector512.Create(-0.25f), Vector512<float>.One);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512<float>.One), Vector512.CopySign(y, x),
            near);
    }

    /// <summary>slope·x + start</summary>
    [MethodImpl(AggressiveInlining)]
    static Vector512<float> Of(Vector512<float> x, float slope, float start) =>
        Vector512.FusedMultiplyAdd(x, Vector512.Create(slope), Vector512.Create(start));
}
