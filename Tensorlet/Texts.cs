using System.Globalization;
using System.Text;

namespace System.Runtime.CompilerServices;

/// <summary>
/// The type with which the compiler builds interpolated strings like <c>$"{x}"</c>. It replaces the type of this
/// name in .NET, so that every culture writes numbers in the same way, in messages and in the texts of objects
/// that print themselves. Each project of the solution compiles this file.
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
