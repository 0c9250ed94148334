using System.Globalization;
using System.Text;

namespace System.Runtime.CompilerServices;

/// <summary>
/// The type with which the compiler builds texts like <c>$"{x}"</c>, in place of .NET's type of this name: numbers in
/// messages and in everything that prints itself are the same in every culture. Each project of the solution compiles
/// it.
/// </summary>
[InterpolatedStringHandler]
struct DefaultInterpolatedStringHandler
{
    readonly StringBuilder text = new();
    StringBuilder.AppendInterpolatedStringHandler holes;

    public DefaultInterpolatedStringHandler(int length, int count) =>
        holes = new(length, count, text, CultureInfo.InvariantCulture);

    public readonly void AppendLiteral(string value) => text.Append(value);
    public readonly void AppendFormatted(string? value) => text.Append(value);
    public void AppendFormatted(object? value) => holes.AppendFormatted(value);
    public void AppendFormatted<T>(T value, int alignment = 0, string? format = null) =>
        holes.AppendFormatted(value, alignment, format);
    public readonly string ToStringAndClear() => text.ToString();
}
