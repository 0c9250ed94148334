namespace Tensorlet;

/// <summary>
/// For |x| up to 1, erf x is computed as x·T(x²)/U(x²). For larger |x|, the magnitude of erf x is 1 −
/// e^(−x²)·P(|x|)/Q(|x|), and for |x| above 6, it is exactly 1. T, U, P and Q are polynomials
/// (Moshier, Cephes, ndtr).
/// </summary>
// y = 2/√π ∫₀ˣ e^(−t²) dt     dx = 2/√π·e^(−x²)·dy
readonly struct ErfFormula : ISmooth
{
    [MethodImpl(AggressiveInlining)]
    V ISmooth.Slope<V>(V x, V y) => V.Of(1.1283791670955126) * V.Exp(-(x * x));
    [MethodImpl(AggressiveInlining)]
    V IMap.Apply<V>(V x)
    {
        V a = V.Abs(x), z = x * x;
        var t = (V.Of(9.604973739870516) * z + V.Of(90.02601972038427)) * z + V.Of(2232.005345946843);
        t = (t * z + V.Of(7003.325141128051)) * z + V.Of(55592.30130103949);
        var u = ((z + V.Of(33.56171416475031)) * z + V.Of(521.3579497801527)) * z + V.Of(4594.323829709801);
        u = (u * z + V.Of(22629.000061389095)) * z + V.Of(49267.39426086359);
        var p = (V.Of(2.461969814735305e-10) * a + V.Of(0.5641895648310689)) * a + V.Of(7.463210564422699);
        p = ((p * a + V.Of(48.63719709856814)) * a + V.Of(196.5208329560771)) * a + V.Of(526.4451949954773);
        p = ((p * a + V.Of(934.5285271719576)) * a + V.Of(1027.5518868951572)) * a + V.Of(557.5353353693994);
        var q = ((a + V.Of(13.228195115474499)) * a + V.Of(86.70721408859897)) * a + V.Of(354.9377788878199);
        q = ((q * a + V.Of(975.7085017432055)) * a + V.Of(1823.9091668790973)) * a + V.Of(2246.3376081871098);
        q = (q * a + V.Of(1656.6630919416134)) * a + V.Of(557.5353408177277);
        var beyond = V.IfGreater(a, V.Of(6), V.Of(1), V.Of(1) - V.Exp(-z) * p / q);
        return V.IfGreater(x, V.Of(1), beyond, V.IfGreater(V.Of(-1), x, -beyond, x * t / u));
    }
}
