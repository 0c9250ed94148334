using System.Globalization;
using System.Text;

namespace System.Runtime.CompilerServices;

/// <summary>
/// The type with which the compiler builds interpolated strings like <c>$"{x}"</c>. It replaces the .NET type of
/// the same name, so that numbers are written in the same way in every culture, both in messages and in the results
/// of <c>ToString</c>. Each project of the solution compiles this file.
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
