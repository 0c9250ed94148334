namespace Tensorlet;

/// <summary>
/// What a scalar function may do with a number. One float, one double, one long or a whole register of them implements
/// it, so that a function written once runs in the loops of the CPU, in the reference and as an ILGPU kernel.
/// </summary>
/// <typeparam name="V">The number itself.</typeparam>
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
    /// <summary>A constant as this kind of number.</summary>
    static abstract V Of(double constant);
    /// <summary>
    /// <paramref name="then"/> where a &gt; b, else <paramref name="otherwise"/>, also where either is NaN.
    /// </summary>
    static abstract V IfGreater(V a, V b, V then, V otherwise);
    /// <summary>
    /// <paramref name="then"/> where a = b, else <paramref name="otherwise"/>, also where either is NaN.
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
    /// <summary>The largest whole number that is not above a.</summary>
    static abstract V Floor(V a);
    /// <summary>f(a), with the slope that f says it has.</summary>
    static abstract V Call<F>(F f, V a) where F : struct, ISmooth;
}

/// <summary>
/// A function of one number, y = f(x). Its constants are fields. A public struct: it becomes the body of a kernel.
/// </summary>
public interface IMap
{
    /// <summary>f(x)</summary>
    V Apply<V>(V x) where V : struct, INumeric<V>;
}

/// <summary>
/// A function of one number that knows its slope, because that of its approximation would be slow or lose digits. A
/// formula calls it by <see cref="INumeric{V}.Call"/>.
/// </summary>
public interface ISmooth : IMap
{
    /// <summary>f′(x)</summary>
    /// <param name="x">Where.</param>
    /// <param name="y">f(x), which often says it shortly.</param>
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
/// A sequence of numbers: each from its place alone, so that it can be filled in by any number of threads.
/// </summary>
public interface ISequence
{
    /// <summary>The number at place i, counted from 0.</summary>
    double At(long i);
}

/// <summary>An associative and commutative operation that folds many numbers into one, in double precision.</summary>
public interface IReduction
{
    /// <summary>The neutral element: what folding nothing gives.</summary>
    double Start { get; }
    /// <summary>
    /// What is made of a number before it is folded: itself, or its square; of the neutral element that element.
    /// </summary>
    V Take<V>(V x) where V : struct, INumeric<V>;
    /// <summary>a ∘ b</summary>
    V Apply<V>(V a, V b) where V : struct, INumeric<V>;
    /// <summary>What is made of the whole at the end, before it is rounded: itself, or its root.</summary>
    V Finish<V>(V y) where V : struct, INumeric<V>;
}
