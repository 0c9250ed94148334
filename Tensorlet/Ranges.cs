namespace Tensorlet;

/// <summary>
/// Checks that arguments are not null. Also checks that numbers are within their ranges, for example the arguments
/// of optimizers, schedules, samplers and transforms.
/// </summary>
static class Ranges
{
    /// <summary>The largest double below 1. It is the upper limit of ranges that exclude 1.</summary>
    public const double Below1 = 1 - 1.0 / (1L << 53);

    /// <summary>Returns the argument if it is not null.</summary>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    [MethodImpl(AggressiveInlining)]
    public static T Given<T>(this T? argument, [CallerArgumentExpression(nameof(argument))] string name = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument, name);
        return argument;
    }

    /// <summary>
    /// Returns the value if it is at least <paramref name="low"/> and at most <paramref name="high"/>. Each limit
    /// may be infinite. By default, the limits are the smallest and the largest finite number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is NaN or outside its range.</exception>
    public static double In(this double value, string operation, double low = double.MinValue,
        double high = double.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value >= low && value <= high) return value;
        var from = low == double.Epsilon ? " and above 0" : low > double.MinValue ? $" and at least {low}" : "";
        var to = high == Below1 ? " and below 1" : high < double.MaxValue ? $" and at most {high}" : "";
        var kind = double.IsInfinity(low) || double.IsInfinity(high) ? "a number" : "finite";
        throw new ArgumentOutOfRangeException(name, $"{value}", $"{operation}: {name} must be {kind}{from}{to}.");
    }

    /// <summary>
    /// Returns the value if it is at least <paramref name="low"/> and at most <paramref name="high"/>.
    /// </summary>
    /// <inheritdoc cref="In(double, string, double, double, string)"/>
    public static int In(this int value, string operation, int low, int high = int.MaxValue,
        [CallerArgumentExpression(nameof(value))] string name = "") =>
        (int)((double)value).In(operation, low, high, name);

    /// <summary>
    /// Returns the range if its minimum is at least <paramref name="low"/>, its maximum is at most
    /// <paramref name="high"/>, and its minimum is not above its maximum.
    /// </summary>
    /// <inheritdoc cref="In(double, string, double, double, string)"/>
    public static (double Min, double Max) In(this (double Min, double Max) range, string operation, double low,
        double high, string name) =>
        (range.Min.In(operation, low, high, name), range.Max.In(operation, range.Min, high, name));
}
