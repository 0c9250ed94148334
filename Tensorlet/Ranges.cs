namespace Tensorlet;

/// <summary>
/// Checks that arguments are not null, and that they are in range: the arguments of optimizers, schedules, samplers and
/// transforms.
/// </summary>
static class Ranges
{
    /// <summary>The largest number below 1: the end of a range that excludes 1.</summary>
    public const double Below1 = 1 - 1.0 / (1L << 53);

    /// <summary>The argument, if it is not null.</summary>
    /// <exception cref="ArgumentNullException">It is null.</exception>
    [MethodImpl(AggressiveInlining)]
    public static T Given<T>(this T? argument, [CallerArgumentExpression(nameof(argument))] string name = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument, name);
        return argument;
    }

    /// <summary>
    /// The value, if it is a number from low to high, which may be infinite; limits that are not given stand for finite
    /// numbers.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not such a number.</exception>
    public static double In(this double value, string operation, double low = double.MinValue,
        double high = double.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value >= low && value <= high) return value;
        var from = low == double.Epsilon ? " and above 0" : low > double.MinValue ? $" and at least {low}" : "";
        var to = high == Below1 ? " and below 1" : high < double.MaxValue ? $" and at most {high}" : "";
        var kind = double.IsInfinity(low) || double.IsInfinity(high) ? "a number" : "finite";
        throw new ArgumentOutOfRangeException(name, $"{value}", $"{operation}: {name} must be {kind}{from}{to}.");
    }

    /// <summary>The value, if it is a number from low to high.</summary>
    /// <inheritdoc cref="In(double, string, double, double, string)"/>
    public static int In(this int value, string operation, int low, int high = int.MaxValue,
        [CallerArgumentExpression(nameof(value))] string name = "") =>
        (int)((double)value).In(operation, low, high, name);

    /// <summary>The range, if it is valid and its limits are numbers from low to high.</summary>
    /// <inheritdoc cref="In(double, string, double, double, string)"/>
    public static (double Min, double Max) In(this (double Min, double Max) range, string operation, double low,
        double high, string name) =>
        (range.Min.In(operation, low, high, name), range.Max.In(operation, range.Min, high, name));
}
