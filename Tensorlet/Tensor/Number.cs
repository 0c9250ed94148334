namespace Tensorlet;

/// <summary>
/// A number that is an operand in an operation with a tensor. If the tensor consists of integers, the type of a sum, a
/// difference or a product depends on the C# type of the number, and not on the value of the number: with an int or a
/// long, the result is Int64 (<c>x * 2</c>); with a float or a double, the result is floating-point (<c>x * 2.0</c>).
/// If the tensor is floating-point, the result has the type of the tensor, whatever the C# type of the number is.
/// </summary>
public readonly struct Number
{
    internal readonly double value;
    internal readonly long whole;
    internal readonly bool isWhole;

    Number(double value, long whole, bool isWhole) => (this.value, this.whole, this.isWhole) = (value, whole, isWhole);

    /// <summary>The number −0. If it is added to a number, it changes nothing, not even the sign of a zero.</summary>
    internal static Number Nothing => new(-0.0, 0, true);

    /// <summary>Converts an integer. The value remains exact.</summary>
    public static implicit operator Number(long x) => new(x, x, true);
    /// <summary>
    /// Converts a floating-point number. The result counts as floating-point even if its value is an integer.
    /// </summary>
    public static implicit operator Number(double x) => new(x, 0, false);
    /// <summary>Returns the number as text.</summary>
    public override string ToString() => isWhole ? $"{whole}" : $"{value}";
    /// <summary>a + b</summary>
    public static Number operator +(Number a, Number b) =>
        new(a.value + b.value, a.whole + b.whole, a.isWhole && b.isWhole);
    /// <summary>−x</summary>
    public static Number operator -(Number x) => new(-x.value, -x.whole, x.isWhole);
}
