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
        var p = Vector512.FusedMultiplyAdd(r, Vector512.Create(1.37805939e-3f), Vector512.Create(8.37312452e-3f));
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
        r = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(float.PositiveInfinity)), r, x);
        var zero = Vector512.Equals(x, Vector512<float>.Zero);
        r = Vector512.ConditionalSelect(zero, Vector512.Create(float.NegativeInfinity), r);
        var negative = Vector512.LessThan(x, Vector512<float>.Zero);
        return Vector512.ConditionalSelect(negative, Vector512.Create(float.NaN), r);
    }

    /// <summary>
    /// Computes the error function to within a unit in the last place. Near 0, the result is an odd polynomial of
    /// x. Elsewhere, the result is 1 − e^p(|x|) with the sign of x, where p is a polynomial. The coefficients are
    /// those of N. Juffa.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x)
    {
        Vector512<float> a = Vector512.Abs(x), z = x * x;
        var near = Vector512.FusedMultiplyAdd(z, Vector512.Create(-5.96761703e-4f), Vector512.Create(4.99119423e-3f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-2.67681349e-2f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(1.12819925e-1f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-3.76125336e-1f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(1.28379166e-1f));
        near = Vector512.FusedMultiplyAdd(near, x, x);
        var p = Vector512.FusedMultiplyAdd(a, Vector512.Create(-1.72853470e-5f), Vector512.Create(3.83197126e-4f));
        var q = Vector512.FusedMultiplyAdd(a, Vector512.Create(-3.88396438e-3f), Vector512.Create(2.42546219e-2f));
        p = Vector512.FusedMultiplyAdd(p, z, q);
        p = Vector512.FusedMultiplyAdd(p, a, Vector512.Create(-1.06777877e-1f));
        p = Vector512.FusedMultiplyAdd(p, a, Vector512.Create(-6.34846687e-1f));
        p = Vector512.FusedMultiplyAdd(p, a, Vector512.Create(-1.28717512e-1f));
        p = Vector512.FusedMultiplyAdd(p, a, -a);
        // where a is large, p has lost its sign or is NaN, and the result is 1
        p = Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512.Create(4f)), Vector512.Create(-104f), p);
        var beyond = Vector512<float>.One - Exp(p);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(a, Vector512.Create(0.927734375f)),
            Vector512.CopySign(beyond, x), near);
    }
}
