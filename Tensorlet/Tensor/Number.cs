namespace Tensorlet;

/// <summary>
/// A number in an operation with a tensor. Its C# type, and not its value, decides what an integer tensor becomes: with
/// int and long it stays Int64 (<c>x * 2</c>), with float and double it becomes floating-point (<c>x * 2.0</c>). A
/// floating-point tensor keeps its type with all of them.
/// </summary>
public readonly struct Number
{
    internal readonly double value;
    internal readonly long whole;
    internal readonly bool isWhole;

    Number(double value, long whole, bool isWhole) => (this.value, this.whole, this.isWhole) = (value, whole, isWhole);

    /// <summary>The number that changes nothing when it is added, not even the sign of a zero.</summary>
    internal static Number Nothing => new(-0.0, 0, true);

    /// <summary>An integer, exact.</summary>
    public static implicit operator Number(long x) => new(x, x, true);
    /// <summary>A floating-point number, whether it is an integer or not.</summary>
    public static implicit operator Number(double x) => new(x, 0, false);
    /// <summary>The number.</summary>
    public override string ToString() => isWhole ? $"{whole}" : $"{value}";
    /// <summary>a + b</summary>
    public static Number operator +(Number a, Number b) =>
        new(a.value + b.value, a.whole + b.whole, a.isWhole && b.isWhole);
    /// <summary>−x</summary>
    public static Number operator -(Number x) => new(-x.value, -x.whole, x.isWhole);
}
