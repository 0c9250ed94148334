namespace Tensorlet;

/// <summary>
/// What a scalar function can do with a number. It is implemented by one float, one double, one long and by a register
/// full of them, so that a function that is written once runs in the loops of the CPU, in the reference and as an ILGPU
/// kernel.
/// </summary>
/// <typeparam name="V">The type of the number.</typeparam>
public interface INumeric<V> where V : struct, INumeric<V>
{
    /// <summary>a + b</summary>
    static abstract V operator +(V a, V b);
    /// <summary>a − b</summary>
    static abstract V operator -(V a, V b);
    /// <summary>a · b</summary>
    static abstract V operator *(V a, V b);
    /// <summary>a / b</summary>
    static abstract V operator /(V a, V b);
    /// <summary>The remainder of a/b with the sign of a, exact: C's fmod.</summary>
    static abstract V operator %(V a, V b);
    /// <summary>−a</summary>
    static abstract V operator -(V a);
    /// <summary>A constant as a number of this type.</summary>
    static abstract V Of(double constant);
    /// <summary>
    /// <paramref name="then"/> where a &gt; b, <paramref name="otherwise"/> elsewhere, also where either is NaN.
    /// </summary>
    static abstract V IfGreater(V a, V b, V then, V otherwise);
    /// <summary>
    /// <paramref name="then"/> where a = b, <paramref name="otherwise"/> elsewhere, also where either is NaN.
    /// </summary>
    static abstract V IfEqual(V a, V b, V then, V otherwise);
    /// <summary>|a|</summary>
    static abstract V Abs(V a);
    /// <summary>√a</summary>
    static abstract V Sqrt(V a);
    /// <summary>eᵃ</summary>
    static abstract V Exp(V a);
    /// <summary>ln a</summary>
    static abstract V Log(V a);
    /// <summary>sin a, a in radians</summary>
    static abstract V Sin(V a);
    /// <summary>cos a, a in radians</summary>
    static abstract V Cos(V a);
    /// <summary>aᵇ</summary>
    static abstract V Pow(V a, V b);
    /// <summary>The largest integer that is not above a.</summary>
    static abstract V Floor(V a);
    /// <summary>f(a), with the slope that f provides.</summary>
    static abstract V Call<F>(F f, V a) where F : struct, ISmooth;
}

/// <summary>
/// A function of one number, y = f(x). Its constants are fields. It is a public struct, because it becomes part of a
/// kernel.
/// </summary>
public interface IMap
{
    /// <summary>f(x)</summary>
    V Apply<V>(V x) where V : struct, INumeric<V>;
}

/// <summary>
/// A function of one number that provides its own slope, because the derivative of its approximation would be slow or
/// inaccurate. A formula calls it through <see cref="INumeric{V}.Call"/>.
/// </summary>
public interface ISmooth : IMap
{
    /// <summary>f′(x)</summary>
    /// <param name="x">The point.</param>
    /// <param name="y">f(x), from which the slope is often short to compute.</param>
    V Slope<V>(V x, V y) where V : struct, INumeric<V>;
}

/// <summary>A function of two numbers, y = f(a, b).</summary>
public interface IZip
{
    /// <summary>f(a, b)</summary>
    V Apply<V>(V a, V b) where V : struct, INumeric<V>;
}

/// <summary>A function of three numbers, y = f(a, b, c).</summary>
public interface IZip3
{
    /// <summary>f(a, b, c)</summary>
    V Apply<V>(V a, V b, V c) where V : struct, INumeric<V>;
}

/// <summary>
/// A sequence of numbers, each computed from its position alone, so that any number of threads can fill it in.
/// </summary>
public interface ISequence
{
    /// <summary>The number at position i, counted from 0.</summary>
    double At(long i);
}

/// <summary>An associative and commutative operation that reduces many numbers to one, in double precision.</summary>
public interface IReduction
{
    /// <summary>The neutral element: the result for no numbers.</summary>
    double Start { get; }
    /// <summary>
    /// What is applied to a number before it is reduced: nothing, or a square. The neutral element stays as it is.
    /// </summary>
    V Take<V>(V x) where V : struct, INumeric<V>;
    /// <summary>a ∘ b</summary>
    V Apply<V>(V a, V b) where V : struct, INumeric<V>;
    /// <summary>What is applied to the result at the end, before it is rounded: nothing, or a root.</summary>
    V Finish<V>(V y) where V : struct, INumeric<V>;
}
