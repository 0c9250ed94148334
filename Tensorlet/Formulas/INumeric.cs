namespace Tensorlet;

/// <summary>
/// The operations that a scalar function can apply to a number. This interface is implemented by types that hold one
/// float, one double, one long or one Boolean, by a type that holds a SIMD register of floats or doubles, and by a type
/// that holds a number and its derivative. So a function that is written once runs on the CPU, on the reference device
/// and in an ILGPU kernel, and can also be differentiated.
/// </summary>
/// <typeparam name="V">The type of the number, which is the type that implements this interface.</typeparam>
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
    /// Returns <paramref name="then"/> if a &gt; b, and <paramref name="otherwise"/> if not. If a or b is NaN, the
    /// result is <paramref name="otherwise"/>. In a SIMD register, each element is compared separately.
    /// </summary>
    static abstract V IfGreater(V a, V b, V then, V otherwise);
    /// <summary>
    /// Returns <paramref name="then"/> if a = b, and <paramref name="otherwise"/> if not. If a or b is NaN, the result
    /// is <paramref name="otherwise"/>. In a SIMD register, each element is compared separately.
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
    /// Returns f(a). If the type V also holds the slope (the derivative) of a number, the slope of the result is f′(a)
    /// times the slope of a. The function f itself provides f′; see <see cref="ISmooth.Slope"/>.
    /// </summary>
    static abstract V Call<F>(F f, V a) where F : struct, ISmooth;
}

/// <summary>
/// A function of one number, y = f(x). If the function has constants, they are fields of the type that implements this
/// interface. This type must be a struct, because its code becomes part of a kernel. For an ILGPU device, the type must
/// also be public (or internal, with <c>InternalsVisibleTo</c> for the assembly <c>ILGPURuntime</c>), because the
/// generated kernel must be able to access the type.
/// </summary>
public interface IMap
{
    /// <summary>f(x)</summary>
    V Apply<V>(V x) where V : struct, INumeric<V>;
}

/// <summary>
/// A function of one number, whose value is computed by an approximation. The function also provides its slope (its
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
    /// <inheritdoc cref="IFormula.OfRow"/>
    internal static virtual int OfRow => 0;
    /// <summary>f(a, b)</summary>
    V Apply<V>(V a, V b) where V : struct, INumeric<V>;
}

/// <summary>A function of three numbers, y = f(a, b, c).</summary>
public interface IZip3
{
    /// <inheritdoc cref="IFormula.OfRow"/>
    internal static virtual int OfRow => 0;
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
/// An associative and commutative operation ∘ that reduces many numbers to a single number. Floating-point numbers are
/// reduced in double precision, and integers as 64-bit integers.
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
    /// Transforms y, the result of the reduction, before y is rounded to the type of the tensor. This method is called
    /// once for each result. Most reductions return y itself; others return y divided by a constant, or a root of this
    /// quotient.
    /// </summary>
    V Finish<V>(V y) where V : struct, INumeric<V>;
}
