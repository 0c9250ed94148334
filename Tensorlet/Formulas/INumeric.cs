namespace Tensorlet;

/// <summary>
/// The operations that a scalar function can apply to a number. This interface is implemented by types that hold
/// one float, one double, one long or one Boolean, and by a type that holds a register full of floats or doubles.
/// So a function that is written once runs in the loops of the CPU, in the reference device and as an ILGPU kernel.
/// </summary>
/// <typeparam name="V">The type of the number.</typeparam>
public interface INumeric<V> where V : struct, INumeric<V>
{
    /// <summary>Whether each number carries its slope (its derivative).</summary>
    static abstract bool HasSlope { get; }
    /// <summary>a + b</summary>
    static abstract V operator +(V a, V b);
    /// <summary>a − b</summary>
    static abstract V operator -(V a, V b);
    /// <summary>a · b</summary>
    static abstract V operator *(V a, V b);
    /// <summary>a / b</summary>
    static abstract V operator /(V a, V b);
    /// <summary>The remainder of a/b, computed exactly. It has the sign of a, like the result of fmod in C.</summary>
    static abstract V operator %(V a, V b);
    /// <summary>−a</summary>
    static abstract V operator -(V a);
    /// <summary>Returns a constant, converted to this type.</summary>
    static abstract V Of(double constant);
    /// <summary>
    /// Returns <paramref name="then"/> where a &gt; b, and <paramref name="otherwise"/> everywhere else, including
    /// where a or b is NaN.
    /// </summary>
    static abstract V IfGreater(V a, V b, V then, V otherwise);
    /// <summary>
    /// Returns <paramref name="then"/> where a = b, and <paramref name="otherwise"/> everywhere else, including
    /// where a or b is NaN.
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
    /// <summary>sin a, where a is in radians</summary>
    static abstract V Sin(V a);
    /// <summary>cos a, where a is in radians</summary>
    static abstract V Cos(V a);
    /// <summary>aᵇ</summary>
    static abstract V Pow(V a, V b);
    /// <summary>The largest integer that is not above a.</summary>
    static abstract V Floor(V a);
    /// <summary>
    /// Returns f(a). If numbers carry their slopes (their derivatives), the slope of the result is f′(a) times the
    /// slope of the argument; f provides f′.
    /// </summary>
    static abstract V Call<F>(F f, V a) where F : struct, ISmooth;
}

/// <summary>
/// A function of one number, y = f(x). If the function has constants, they are fields of the type that implements
/// this interface. This type must be a struct, because its code becomes part of a kernel. It is normally public,
/// because the kernel must be able to access it.
/// </summary>
public interface IMap
{
    /// <summary>f(x)</summary>
    V Apply<V>(V x) where V : struct, INumeric<V>;
}

/// <summary>
/// A function of one number that is computed by an approximation. The function also provides its slope (its
/// derivative), because the derivative of the approximation would be slow or inaccurate. A formula calls such a
/// function through <see cref="INumeric{V}.Call"/>.
/// </summary>
public interface ISmooth : IMap
{
    /// <summary>f′(x)</summary>
    /// <param name="x">The point at which the slope is computed.</param>
    /// <param name="y">f(x). It is often easy to compute the slope from this number.</param>
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
/// A sequence of numbers. Each number is computed from its position alone, so several threads can compute parts of
/// the sequence at the same time.
/// </summary>
public interface ISequence
{
    /// <summary>Returns the number at position i. Positions are counted from 0.</summary>
    double At(long i);
}

/// <summary>
/// An associative and commutative operation ∘ that reduces many numbers to a single number, in double precision.
/// </summary>
public interface IReduction
{
    /// <summary>The neutral element of ∘, which is the result of reducing no numbers.</summary>
    double Start { get; }
    /// <summary>
    /// Transforms a number before it is reduced: returns the number itself, or its square. The neutral element is
    /// not transformed.
    /// </summary>
    V Take<V>(V x) where V : struct, INumeric<V>;
    /// <summary>a ∘ b</summary>
    V Apply<V>(V a, V b) where V : struct, INumeric<V>;
    /// <summary>
    /// Called once after the reduction, with its unrounded result y. Most reductions return y; others return y divided
    /// by a constant, or a root of y.
    /// </summary>
    V Finish<V>(V y) where V : struct, INumeric<V>;
}
