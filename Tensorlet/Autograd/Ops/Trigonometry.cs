namespace Tensorlet;

readonly struct AsinFormula : ISmooth // y′ = 1/√(1 − x²)
{
    V IMap.Apply<V>(V x) => AtanFormula.At(x / V.Sqrt((V.Of(1) - x) * (V.Of(1) + x)));
    V ISmooth.Slope<V>(V x, V y) => V.Of(1) / V.Sqrt(V.Of(1) - x * x);
}

readonly struct AcosFormula : ISmooth // y′ = −1/√(1 − x²)
{
    V IMap.Apply<V>(V x) => V.Of(2) * AtanFormula.At(V.Sqrt((V.Of(1) - x) / (V.Of(1) + x)));
    V ISmooth.Slope<V>(V x, V y) => V.Of(-1) / V.Sqrt(V.Of(1) - x * x);
}

/// <summary>The argument is brought below 0.66, where a quotient of polynomials does (Moshier, Cephes, atan).</summary>
readonly struct AtanFormula : ISmooth // y′ = 1/(1 + x²)
{
    V IMap.Apply<V>(V x) => At(x);
    V ISmooth.Slope<V>(V x, V y) => V.Of(1) / (V.Of(1) + x * x);
    internal static V At<V>(V x) where V : struct, INumeric<V>
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
        return V.IfGreater(V.Of(0), x, -y, y);
    }
}

sealed class Atan2 : Function // c = the angle of the point (b, a)     da = b·dc/(a² + b²)     db = −a·dc/(a² + b²)
{
    internal readonly struct Formula : IZip
    {
        V IZip.Apply<V>(V a, V b)
        {
            V zero = V.Of(0), right = AtanFormula.At(a / b);
            var half = V.IfGreater(zero, a, V.Of(-Math.PI), V.Of(Math.PI));
            var up = V.IfEqual(a, zero, zero, half * V.Of(0.5));
            return V.IfGreater(b, zero, right, V.IfGreater(zero, b, right + half, V.IfEqual(b, zero, up, b)));
        }
    }
    protected override Tensor Forward() { Save(A, B); return Tensor.Zip(new Formula(), A.Data, B.Data, "Atan2"); }
    public override Variable?[] Backward(Variable dc)
    {
        var scaled = dc / (A * A + B * B);
        return [B * scaled, -A * scaled];
    }
}

public sealed partial class Variable
{
    /// <summary>tan x, x in radians</summary>
    public Variable Tan() => Sin() / Cos();
    /// <summary>The angle in −π/2 … π/2 whose sine is x; NaN beyond −1 … 1.</summary>
    public Variable Asin() => Smooth(new AsinFormula());
    /// <summary>The angle in 0 … π whose cosine is x; NaN beyond −1 … 1.</summary>
    public Variable Acos() => Smooth(new AcosFormula());
    /// <summary>The angle in −π/2 … π/2 whose tangent is x.</summary>
    public Variable Atan() => Smooth(new AtanFormula());
    /// <summary>The angle in −π … π of the point (x, y), broadcast.</summary>
    public static Variable Atan2(Variable y, Variable x) => 
        Apply<Atan2>("Atan2", y.DType.IsFloat() || x.DType.IsFloat() ? y : y.To(DTypes.Default), x);
}
