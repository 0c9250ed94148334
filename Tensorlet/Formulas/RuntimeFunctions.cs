namespace Tensorlet;

/// <summary>
/// The functions of the runtime that are applied to a whole register. The runtime's code rounds differently when it is
/// compiled without optimisation, because a multiplication and an addition are fused into one instruction only in
/// optimised code. If the compiler did not inline the function in its caller, the first calls would run such code.
/// Here, each function is compiled once, with optimisation, so that every caller gets the same bits.
/// </summary>
static class RuntimeFunctions
{
    const double Ordinary = 700;        // from about 708 on, the runtime takes another path for the whole register

    /// <summary>Computes eˣ; no element of the result depends on the other elements of x.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Exp(Vector512<double> x)
    {
        var ordinary = Vector512.LessThanOrEqual(Vector512.Abs(x), Vector512.Create(Ordinary));
        var y = Vector512.Exp(x & ordinary);
        if (Vector512.EqualsAll(ordinary.AsInt64(), Vector512<long>.AllBitsSet)) return y;
        for (var i = 0; i < Vector512<double>.Count; i++)
            if (ordinary.AsInt64()[i] == 0) y = y.WithElement(i, Math.Exp(x[i]));
        return y;
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Log(Vector512<double> x) => Vector512.Log(x);
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Sin(Vector512<double> x) => Vector512.Sin(x);
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<double> Cos(Vector512<double> x) => Vector512.Cos(x);
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Sin(Vector512<float> x) => Vector512.Sin(x);
    [MethodImpl(NoInlining | AggressiveOptimization)]
    public static Vector512<float> Cos(Vector512<float> x) => Vector512.Cos(x);
}
