namespace Tensorlet;

/// <summary>
/// A number x and its slope x′, written together as x + x′ε with ε² = 0. A dual can be used like any other number.
/// A formula that is applied to duals also computes its own derivative. If the formula is applied to duals of
/// duals, it also computes its second derivative.
/// </summary>
/// <remarks>
/// A slope of exactly 0 stays 0 when it is multiplied by any number, even by an infinite number: a term that does
/// not depend on x has the slope 0 even where the term is infinite. At a point where two branches of a formula
/// meet, the slope is the slope of the branch that the formula selects there.
/// </remarks>
readonly struct Dual<V>(V value, V slope) : INumeric<Dual<V>> where V : struct, INumeric<V>
{
    public readonly V Value = value, Slope = slope;

    /// <summary>Returns slope · factor. If the slope is 0, the result is 0 for every factor.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Times(V slope, V factor) => Kept(slope, slope * factor);

    /// <summary>
    /// Returns the computed value <paramref name="made"/>, or the slope itself where the slope is 0. If the slope has a
    /// slope of its own, the slope itself is returned only where the computed value is NaN (0·∞ or 0/0): at x = 0, the
    /// slope of x² is 0, but the slope of this slope is 2.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static V Kept(V slope, V made) => !V.HasSlope ? V.IfEqual(slope, V.Of(0), slope, made)
        : V.IfEqual(made, made, made, V.IfEqual(slope, V.Of(0), slope, made));

    public static bool HasSlope => true;

    [MethodImpl(AggressiveInlining)]
    public static Dual<V> operator +(Dual<V> a, Dual<V> b) => new(a.Value + b.Value, a.Slope + b.Slope);
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> operator -(Dual<V> a, Dual<V> b) => new(a.Value - b.Value, a.Slope - b.Slope);
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> operator *(Dual<V> a, Dual<V> b) => // (ab)′ = a′b + ab′
        new(a.Value * b.Value, Times(a.Slope, b.Value) + Times(b.Slope, a.Value));
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> operator /(Dual<V> a, Dual<V> b) // q′ = (a′ − qb′)/b
    {
        var q = a.Value / b.Value;
        var slope = a.Slope - Times(b.Slope, q);
        return new(q, Kept(slope, slope / b.Value));
    }
    public static Dual<V> operator %(Dual<V> a, Dual<V> b) // r′ = a′ − nb′ with the whole number n = (a − r)/b
    {
        var r = a.Value % b.Value;
        return new(r, a.Slope - Times(b.Slope, V.Floor((a.Value - r) / b.Value + V.Of(0.5))));
    }
    [MethodImpl(AggressiveInlining)] public static Dual<V> operator -(Dual<V> a) => new(-a.Value, -a.Slope);
    [MethodImpl(AggressiveInlining)] public static Dual<V> Of(double constant) => new(V.Of(constant), V.Of(0));

    [MethodImpl(AggressiveInlining)]
    public static Dual<V> IfGreater(Dual<V> a, Dual<V> b, Dual<V> then, Dual<V> otherwise) =>
        new(V.IfGreater(a.Value, b.Value, then.Value, otherwise.Value),
            V.IfGreater(a.Value, b.Value, then.Slope, otherwise.Slope));
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> IfEqual(Dual<V> a, Dual<V> b, Dual<V> then, Dual<V> otherwise) =>
        new(V.IfEqual(a.Value, b.Value, then.Value, otherwise.Value),
            V.IfEqual(a.Value, b.Value, then.Slope, otherwise.Slope));

    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Abs(Dual<V> a) => new(V.Abs(a.Value), V.IfGreater(a.Value, V.Of(0), a.Slope,
        V.IfGreater(V.Of(0), a.Value, -a.Slope, V.Of(0))));
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Sqrt(Dual<V> a) // y′ = a′/2y
    {
        var y = V.Sqrt(a.Value);
        return new(y, Times(a.Slope, V.Of(0.5) / y));
    }
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Exp(Dual<V> a)
    {
        var y = V.Exp(a.Value);
        return new(y, V.IfEqual(y, V.Of(0), y, Times(a.Slope, y)));     // 0 outweighs any slope of a
    }
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Log(Dual<V> a) => new(V.Log(a.Value), Times(a.Slope, V.Of(1) / a.Value));
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Sin(Dual<V> a) => new(V.Sin(a.Value), Times(a.Slope, V.Cos(a.Value)));
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Cos(Dual<V> a) => new(V.Cos(a.Value), Times(a.Slope, -V.Sin(a.Value)));
    [MethodImpl(AggressiveInlining)] public static Dual<V> Floor(Dual<V> a) => new(V.Floor(a.Value), V.Of(0));

    /// <summary>(aᵇ)′ = b·aᵇ⁻¹·a′ + ln a·aᵇ·b′</summary>
    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Pow(Dual<V> a, Dual<V> b)
    {
        var y = V.Pow(a.Value, b.Value);
        var below = V.IfEqual(b.Value, V.Of(0), V.Of(0), b.Value * V.Pow(a.Value, b.Value - V.Of(1)));
        return new(y, Times(a.Slope, below) + Times(b.Slope, V.Log(a.Value) * y));
    }

    [MethodImpl(AggressiveInlining)]
    public static Dual<V> Call<F>(F f, Dual<V> a) where F : struct, ISmooth
    {
        var y = V.Call(f, a.Value);
        return new(y, Times(a.Slope, f.Slope(a.Value, y)));
    }
}
