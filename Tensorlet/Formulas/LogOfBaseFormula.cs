namespace Tensorlet;

/// <summary>ln x/ln b, the logarithm to the base b. If x is bⁿ for an integer n, the result is n.</summary>
readonly struct LogOfBaseFormula(double b) : ISmooth // y′ = 1/(x·ln b)
{
    public readonly double LnOfBase = Math.Log(b);
    [MethodImpl(AggressiveInlining)] V ISmooth.Slope<V>(V x, V y) => V.Of(1) / (x * V.Of(LnOfBase));
    [MethodImpl(AggressiveOptimization)]
    V IMap.Apply<V>(V x)
    {
        V y = V.Log(x) / V.Of(LnOfBase), n = V.Floor(y + V.Of(0.5));
        return V.IfEqual(V.Pow(V.Of(b), n), x, n, y);
    }
}
