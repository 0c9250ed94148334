using System.Reflection;

namespace Tensorlet.Tests.Devices;

/// <summary>
/// The sizes at which devices switch to another method: every constant of their code, so that a new one is found
/// automatically.
/// </summary>
static class Thresholds
{
    /// <summary>The constants of the types of <c>Tensorlet/Device</c>, and how many numbers registers hold.</summary>
    public static IReadOnlyList<int> All { get; } = [.. typeof(Device).Assembly.GetTypes()
        .Where(type => SourceTests.DeviceSources.Value.Any(text => Declares(text, type)))
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
        .Where(field => field.IsLiteral && field.FieldType == typeof(int))
        .Select(field => (int)field.GetRawConstantValue()!)
        .Concat([Lanes<float>.Count, Lanes<double>.Count, MicroKernel<float>.Rows, MicroKernel<float>.Columns,
            MicroKernel<double>.Columns, Square16.Size])
        .Where(size => size > 1).Distinct().Order()];

    static bool Declares(string text, Type type) => !type.IsEnum &&
        text.Contains($" {type.Name.Split('`')[0]}") && type.Namespace == nameof(Tensorlet);
}
