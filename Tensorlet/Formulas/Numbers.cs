using ILGPU;

namespace Tensorlet;

/// <summary>
/// A number with which kernels and plain loops can compute. It can be converted to and from double.
/// </summary>
public interface IScalar<V> : INumeric<V> where V : unmanaged, IScalar<V>
{
    /// <summary>Returns this number as a double.</summary>
    double ToDouble();
    /// <summary>
    /// Adds x to <paramref name="place"/>. Any number of threads can safely do this at the same time.
    /// </summary>
    static abstract void AddAtomically(ref V place, V x);
}

/// <summary>
/// A float that implements <see cref="IScalar{V}"/>, so that kernels and plain loops can compute with it.
/// </summary>
/// <param name="value">The float.</param>
public readonly struct F32(float value) : IScalar<F32>
{
    /// <summary>The float.</summary>
    public readonly float Value = value;
    /// <inheritdoc/>
    public static bool HasSlope => false;
    /// <inheritdoc/>
    public static F32 operator +(F32 a, F32 b) => new(a.Value + b.Value);
    /// <inheritdoc/>
    public static F32 operator -(F32 a, F32 b) => new(a.Value - b.Value);
    /// <inheritdoc/>
    public static F32 operator *(F32 a, F32 b) => new(a.Value * b.Value);
    /// <inheritdoc/>
    public static F32 operator /(F32 a, F32 b) => new(a.Value / b.Value);
    /// <inheritdoc/>
    public static F32 operator %(F32 a, F32 b) => new((float)(new F64(a.Value) % new F64(b.Value)).Value);
    /// <inheritdoc/>
    public static F32 operator -(F32 a) => new(-a.Value);
    /// <inheritdoc/>
    public static F32 Of(double constant) => new((float)constant);
    /// <inheritdoc/>
    public static F32 IfGreater(F32 a, F32 b, F32 then, F32 otherwise) => a.Value > b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static F32 IfEqual(F32 a, F32 b, F32 then, F32 otherwise) => a.Value == b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static F32 Abs(F32 a) => new(MathF.Abs(a.Value));
    /// <inheritdoc/>
    public static F32 Sqrt(F32 a) => new(MathF.Sqrt(a.Value));
    /// <inheritdoc/>
    public static F32 Exp(F32 a) => new(MathF.Exp(a.Value));
    /// <inheritdoc/>
    public static F32 Log(F32 a) => new(MathF.Log(a.Value));
    /// <inheritdoc/>
    public static F32 Sin(F32 a) => new(MathF.Sin(a.Value));
    /// <inheritdoc/>
    public static F32 Cos(F32 a) => new(MathF.Cos(a.Value));
    /// <inheritdoc/>
    public static F32 Pow(F32 a, F32 b) => new(MathF.Pow(a.Value, b.Value));
    /// <inheritdoc/>
    public static F32 Floor(F32 a) => new(MathF.Floor(a.Value));
    /// <inheritdoc/>
    public static F32 Call<F>(F f, F32 a) where F : struct, ISmooth => f.Apply(a);
    /// <inheritdoc/>
    public double ToDouble() => Value;
    /// <inheritdoc/>
    public static void AddAtomically(ref F32 place, F32 x) => Atomic.Add(ref Unsafe.As<F32, float>(ref place), x.Value);
}

/// <summary>
/// A double that implements <see cref="IScalar{V}"/>, so that kernels and plain loops can compute with it.
/// </summary>
/// <param name="value">The double.</param>
public readonly struct F64(double value) : IScalar<F64>
{
    /// <summary>The double.</summary>
    public readonly double Value = value;
    /// <inheritdoc/>
    public static bool HasSlope => false;
    /// <inheritdoc/>
    public static F64 operator +(F64 a, F64 b) => new(a.Value + b.Value);
    /// <inheritdoc/>
    public static F64 operator -(F64 a, F64 b) => new(a.Value - b.Value);
    /// <inheritdoc/>
    public static F64 operator *(F64 a, F64 b) => new(a.Value * b.Value);
    /// <inheritdoc/>
    public static F64 operator /(F64 a, F64 b) => new(a.Value / b.Value);
    /// <summary>
    /// Computes the remainder of |a|/|b| by subtracting |b|·2ᵏ wherever this is possible, for each k from the largest
    /// down to 0, and gives the result the sign of a. This is also how fmod works in C. The remainder is exact even on
    /// a device that divides only approximately.
    /// </summary>
    public static F64 operator %(F64 a, F64 b)
    {
        double r = Math.Abs(a.Value), y = Math.Abs(b.Value), part = y;
        if (r < y) return a;
        if (!(y > 0 && r < double.PositiveInfinity)) return new(double.NaN);
        while (part <= r * 0.5) part += part;
        for (; part >= y; part *= 0.5)
            if (r >= part) r -= part;
        return new(a.Value < 0 ? -r : r);
    }
    /// <inheritdoc/>
    public static F64 operator -(F64 a) => new(-a.Value);
    /// <inheritdoc/>
    public static F64 Of(double constant) => new(constant);
    /// <inheritdoc/>
    public static F64 IfGreater(F64 a, F64 b, F64 then, F64 otherwise) => a.Value > b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static F64 IfEqual(F64 a, F64 b, F64 then, F64 otherwise) => a.Value == b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static F64 Abs(F64 a) => new(Math.Abs(a.Value));
    /// <inheritdoc/>
    public static F64 Sqrt(F64 a) => new(Math.Sqrt(a.Value));
    /// <inheritdoc/>
    public static F64 Exp(F64 a) => new(Math.Exp(a.Value));
    /// <inheritdoc/>
    public static F64 Log(F64 a) => new(Math.Log(a.Value));
    /// <inheritdoc/>
    public static F64 Sin(F64 a) => new(Math.Sin(a.Value));
    /// <inheritdoc/>
    public static F64 Cos(F64 a) => new(Math.Cos(a.Value));
    /// <inheritdoc/>
    public static F64 Pow(F64 a, F64 b) => new(Math.Pow(a.Value, b.Value));
    /// <inheritdoc/>
    public static F64 Floor(F64 a) => new(Math.Floor(a.Value));
    /// <inheritdoc/>
    public static F64 Call<F>(F f, F64 a) where F : struct, ISmooth => f.Apply(a);
    /// <inheritdoc/>
    public double ToDouble() => Value;
    /// <inheritdoc/>
    public static void AddAtomically(ref F64 place, F64 x) =>
        Atomic.Add(ref Unsafe.As<F64, double>(ref place), x.Value);
}

/// <summary>
/// A 64-bit integer that implements <see cref="IScalar{V}"/>, so that kernels and plain loops can compute with it.
/// Sums, products and powers wrap around on overflow. Quotients are truncated. Roots and exponentials are not computed
/// with this type: tensors of integers are converted to floating-point numbers first.
/// </summary>
/// <param name="value">The integer.</param>
public readonly struct I64(long value) : IScalar<I64>
{
    /// <summary>The integer.</summary>
    public readonly long Value = value;
    /// <inheritdoc/>
    public static bool HasSlope => false;
    /// <inheritdoc/>
    public static I64 operator +(I64 a, I64 b) => new(a.Value + b.Value);
    /// <inheritdoc/>
    public static I64 operator -(I64 a, I64 b) => new(a.Value - b.Value);
    /// <inheritdoc/>
    public static I64 operator *(I64 a, I64 b) => new(a.Value * b.Value);
    /// <inheritdoc/>
    public static I64 operator /(I64 a, I64 b) => new(b.Value == -1 ? -a.Value : a.Value / b.Value);
    /// <inheritdoc/>
    public static I64 operator %(I64 a, I64 b) => new(b.Value == -1 ? 0 : a.Value % b.Value);
    /// <inheritdoc/>
    public static I64 operator -(I64 a) => new(-a.Value);
    /// <inheritdoc/>
    public static I64 Of(double constant) =>
        new(constant <= long.MinValue ? long.MinValue : constant >= long.MaxValue ? long.MaxValue : (long)constant);
    /// <inheritdoc/>
    public static I64 IfGreater(I64 a, I64 b, I64 then, I64 otherwise) => a.Value > b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static I64 IfEqual(I64 a, I64 b, I64 then, I64 otherwise) => a.Value == b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static I64 Abs(I64 a) => new(a.Value < 0 ? -a.Value : a.Value);
    /// <inheritdoc/>
    public static I64 Sqrt(I64 a) => Of(Math.Sqrt(a.Value));
    /// <inheritdoc/>
    public static I64 Exp(I64 a) => Of(Math.Exp(a.Value));
    /// <inheritdoc/>
    public static I64 Log(I64 a) => Of(Math.Log(a.Value));
    /// <inheritdoc/>
    public static I64 Sin(I64 a) => Of(Math.Sin(a.Value));
    /// <inheritdoc/>
    public static I64 Cos(I64 a) => Of(Math.Cos(a.Value));
    /// <summary>Computes aᵇ by repeated squaring. The exponent must not be negative.</summary>
    public static I64 Pow(I64 a, I64 b)
    {
        long y = 1, square = a.Value;
        for (var bits = b.Value; bits > 0; bits >>= 1, square *= square)
            if ((bits & 1) == 1) y *= square;
        return new(y);
    }
    /// <inheritdoc/>
    public static I64 Floor(I64 a) => a;
    /// <inheritdoc/>
    public static I64 Call<F>(F f, I64 a) where F : struct, ISmooth => f.Apply(a);
    /// <inheritdoc/>
    public double ToDouble() => Value;
    /// <inheritdoc/>
    public static void AddAtomically(ref I64 place, I64 x) => Atomic.Add(ref Unsafe.As<I64, long>(ref place), x.Value);
}

/// <summary>
/// A Boolean that implements <see cref="IScalar{V}"/>, so that kernels and plain loops can compute with it. Its value
/// is 0 or 1. Because of this type, the loops that compute with numbers can also read and write tensors of Booleans
/// (masks).
/// </summary>
/// <param name="value">0 or 1.</param>
public readonly struct B8(byte value) : IScalar<B8>
{
    /// <summary>0 or 1.</summary>
    public readonly byte Value = value;
    /// <inheritdoc/>
    public static bool HasSlope => false;
    /// <inheritdoc/>
    public static B8 operator +(B8 a, B8 b) => new((byte)(a.Value | b.Value));
    /// <inheritdoc/>
    public static B8 operator -(B8 a, B8 b) => new((byte)(a.Value ^ b.Value));
    /// <inheritdoc/>
    public static B8 operator *(B8 a, B8 b) => new((byte)(a.Value & b.Value));
    /// <inheritdoc/>
    public static B8 operator /(B8 a, B8 b) => a * b;
    /// <inheritdoc/>
    public static B8 operator %(B8 a, B8 b) => new(0);
    /// <inheritdoc/>
    public static B8 operator -(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Of(double constant) => new(constant != 0 ? (byte)1 : (byte)0);
    /// <inheritdoc/>
    public static B8 IfGreater(B8 a, B8 b, B8 then, B8 otherwise) => a.Value > b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static B8 IfEqual(B8 a, B8 b, B8 then, B8 otherwise) => a.Value == b.Value ? then : otherwise;
    /// <inheritdoc/>
    public static B8 Abs(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Sqrt(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Exp(B8 a) => Of(1);
    /// <inheritdoc/>
    public static B8 Log(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Sin(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Cos(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Pow(B8 a, B8 b) => a + (Of(1) - b);
    /// <inheritdoc/>
    public static B8 Floor(B8 a) => a;
    /// <inheritdoc/>
    public static B8 Call<F>(F f, B8 a) where F : struct, ISmooth => f.Apply(a);
    /// <inheritdoc/>
    public double ToDouble() => Value;
    /// <summary>
    /// Sets <paramref name="place"/> to the logical OR of <paramref name="place"/> and x. Several threads can do this
    /// at the same time, because only the value true is ever written.
    /// </summary>
    public static void AddAtomically(ref B8 place, B8 x)
    {
        if (x.Value != 0) place = x;
    }
}
